"""The panel beside a conversation: who the customer is, and what was before."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.generic import View

from conversations import customer_panel, customers
from conversations.answers import pinyin_keys
from conversations.forms import (
    BlockForm,
    RemarkForm,
    TagForm,
    errors_by_field,
    first_error,
)
from conversations.models import Tag
from conversations.views.conversation import ConversationView
from conversations.views.replying import refusal

MOST_TAGS = 500  # to choose from


class PanelView(ConversationView):
    """GET: what is known of the customer. Whoever changes that is answered with it,
    too, as it then is."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.draw()

    def draw(self) -> HttpResponse:
        panel = customer_panel.panel_of(self.conversation.customer_id)
        return render(
            self.request, "conversations/_customer_panel.html", {"panel": panel}
        )


class EntriesView(ConversationView):
    """GET: older enterings than the one with the id `before`."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = self.conversation.customer
        try:
            entries, more = customer_panel.entries(customer, _before(request))
        except customer_panel.Gone as exc:
            raise Http404 from exc
        context = {"entries": entries, "more": more}
        return render(request, "conversations/_entries.html", context)


class HistoryView(ConversationView):
    """GET: the customer's conversations, the latest first, after the one `before`."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        customer = self.conversation.customer
        try:
            found, more = customer_panel.conversations(customer, _before(request))
        except customer_panel.Gone as exc:
            raise Http404 from exc
        context: dict[str, Any] = {
            "customer": customer,
            "conversations": found,
            "more": more,
        }
        return render(request, "conversations/_history.html", context)


class RemarkView(PanelView):
    """POST: the name by which colleagues know the customer; blank takes it away."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RemarkForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        customers.rename(self.conversation.customer, form.cleaned_data["remark"])
        return self.draw()


class TagsView(PanelView):
    """POST: put a tag on the customer."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = TagForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        chosen = get_object_or_404(Tag, pk=form.cleaned_data["tag"])
        try:
            customers.tag(self.conversation.customer, chosen)
        except customers.TooMany:
            return refusal(
                _("No more than %(most)s tags on one customer.")
                % {"most": customers.MOST_TAGS},
                status=409,
            )
        return self.draw()


class TagView(PanelView):
    """DELETE: take a tag off the customer."""

    http_method_names = ["delete"]

    def delete(self, request: HttpRequest, pk: int, tag_pk: int) -> HttpResponse:
        customers.untag(self.conversation.customer, tag_pk)
        return self.draw()


class BlockView(PanelView):
    """POST: block the customer until a moment, for a reason. DELETE: end that."""

    http_method_names = ["post", "delete"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = BlockForm(request.POST)
        if not form.is_valid():
            errors = errors_by_field(form)
            return refusal(first_error(form), status=422, fields=errors)
        until, reason = form.cleaned_data["until"], form.cleaned_data["reason"]
        customers.block(self.conversation, request.user, until, reason)
        return self.draw()

    def delete(self, request: HttpRequest, pk: int) -> HttpResponse:
        customers.unblock(self.conversation, request.user)
        return self.draw()


class TagListView(View):
    """GET: the tags there are, with what they are found by in Latin letters."""

    def get(self, request: HttpRequest) -> JsonResponse:
        tags = [
            {
                "id": tag.pk,
                "name": tag.name,
                "colour": tag.colour,
                "pinyin": pinyin_keys(tag.name),
            }
            for tag in Tag.objects.all()[:MOST_TAGS]
        ]
        return JsonResponse({"tags": tags})


def _before(request: HttpRequest) -> int | None:
    text = request.GET.get("before", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise Http404
    return int(text)
