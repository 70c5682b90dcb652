from __future__ import annotations

from uuid import UUID, uuid5

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from conversations import answers
from conversations.forms import PickedReplyForm, ReplyForm, first_error
from conversations.models import Draft, Message
from conversations.models.parts import MOST_PARTS, preview
from conversations.views import pages
from conversations.views.replying import ReplyingView, refusal


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise pages.BadKey(text)
    return int(text)


class MessagesView(ReplyingView):
    """GET: a page of the customer's messages. POST: say something."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with the newest, or those before or after a key, or around one."""
        customer = self.conversation.customer
        around = request.GET.get("around", "")
        try:
            if around:
                theirs = Message.objects.drawn().filter(customer=customer)
                message = get_object_or_404(theirs, pk=_number(around))
                return self.draw_page(pages.thread_around(customer, message))
            before, after = (request.GET.get(key, "") for key in ("before", "after"))
            return self.draw_page(pages.thread_page(customer, before, after))
        except pages.BadKey as exc:
            raise Http404 from exc

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer with the drawn messages, or say in JSON why there are none.

        409: the browser shows an answer that holds no more, or what `reply` says. 422:
        these words can't be sent.
        """
        if "answer" in request.POST:
            return self._pick(request)
        form = ReplyForm(request.POST, self.conversation.customer.mini_program.appid)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        text = form.cleaned_data["text"]
        response = self.reply(
            [{"kind": "text", "text": part} for part in form.parts],
            form.cleaned_data["client_uuid"],
        )
        if response.status_code == 200:
            Draft.objects.filter(
                agent=request.user,
                conversation=self.conversation,
                mode=Draft.Mode.REPLY,
                text__in=[text, ""],
            ).delete()
        return response

    def _pick(self, request: HttpRequest) -> HttpResponse:
        form = PickedReplyForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        picked = form.cleaned_data
        if said := self._already_said(picked["client_uuid"]):
            return self.draw(said)
        try:
            answer = answers.pick(
                request.user,
                picked["answer"],
                picked["version"],
                self.conversation.customer.mini_program_id,
            )
        except answers.Stale as exc:
            return self._stale(exc)
        return self.reply(answer.parts, picked["client_uuid"], typing_first=True)

    def _already_said(self, client_uuid: UUID) -> list[Message]:
        """Return what this very click has sent before: its answer may be stale by now."""
        rest = [uuid5(client_uuid, str(number)) for number in range(1, MOST_PARTS)]
        return list(
            Message.objects.drawn()
            .filter(
                client_uuid__in=[client_uuid, *rest],
                conversation=self.conversation,
                agent=self.request.user,
            )
            .in_order()
        )

    def _stale(self, exc: answers.Stale) -> JsonResponse:
        if exc.answer is None:
            return refusal(
                _("This answer is no longer available. Nothing was sent."),
                status=409,
                stale=True,
            )
        return refusal(
            _("This answer has changed. Nothing was sent; it now says:"),
            status=409,
            stale=True,
            text=preview(exc.answer.parts),
        )
