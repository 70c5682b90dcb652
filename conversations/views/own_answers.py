"""The page where agents keep their own answers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.generic import View

from conversations import own_answers
from conversations.forms import OwnAnswerForm, errors_by_field, first_error
from conversations.models import CannedAnswer
from conversations.views.replying import refusal


class OwnAnswersView(View):
    """GET: the page. POST: keep a new one; answers with it, drawn."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "answers": own_answers.of(request.user),
            "most": own_answers.MOST,
            "text_max_bytes": settings.TEXT_MAX_BYTES,
            "csrf_cookie": settings.CSRF_COOKIE_NAME,
        }
        return render(request, "conversations/own_answers.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = _form(request)
        if not form.is_valid():
            return _wrong(form)
        try:
            added = own_answers.add(request.user, **form.cleaned_data)
        except own_answers.TooMany:
            return refusal(
                _("You keep %(most)s already. Delete one first.")
                % {"most": own_answers.MOST},
                status=409,
            )
        return _draw(request, added)


class OwnAnswerView(View):
    """POST: have it say something else; answers with it, drawn. DELETE: remove it."""

    def post(self, request: HttpRequest, answer_pk: int) -> HttpResponse:
        answer = get_object_or_404(own_answers.of(request.user), pk=answer_pk)
        if not answer.is_one_text:
            return refusal(_("A supervisor keeps this one for you."), status=409)
        form = _form(request, answer)
        if not form.is_valid():
            return _wrong(form)
        own_answers.change(answer, **form.cleaned_data)
        return _draw(request, answer)

    def delete(self, request: HttpRequest, answer_pk: int) -> HttpResponse:
        answer = get_object_or_404(own_answers.of(request.user), pk=answer_pk)
        own_answers.remove(answer)
        return HttpResponse(status=204)


class OwnOrderView(View):
    """POST: put them in the order of `ids`, with commas between."""

    def post(self, request: HttpRequest) -> HttpResponse:
        ids = request.POST.get("ids", "").split(",")[: own_answers.MOST]
        if not all(one.isdecimal() and len(one) <= 18 for one in ids):
            return refusal(_("That is no order."), status=422)
        own_answers.put_in_order(request.user, [int(one) for one in ids])
        return HttpResponse(status=204)


def _form(request: HttpRequest, answer: CannedAnswer | None = None) -> OwnAnswerForm:
    others = own_answers.of(request.user)
    if answer:
        others = others.exclude(pk=answer.pk)
    return OwnAnswerForm(request.POST, others.values_list("shortcut", flat=True))


def _wrong(form: OwnAnswerForm) -> HttpResponse:
    return refusal(first_error(form), status=422, fields=errors_by_field(form))


def _draw(request: HttpRequest, answer: CannedAnswer) -> HttpResponse:
    return render(request, "conversations/_own_answer.html", {"answer": answer})
