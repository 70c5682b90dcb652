from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from conversations import media
from conversations.forms import CardForm, errors_by_field, first_error
from conversations.models import Page, Picture
from conversations.views.replying import ReplyingView, refusal


class CardsView(ReplyingView):
    """POST: send a page of the mini program as a card. Answers as POST messages/ does.

    422: one of the fields can't be sent; `fields` says which, and why.
    """

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = CardForm(request.POST, request.FILES)
        if not form.is_valid():
            return refusal(first_error(form), 422, fields=errors_by_field(form))
        try:
            cover = self._cover(form)
        except media.Unusable as exc:
            return refusal(str(exc), 422, fields={"cover": str(exc)})
        card = {
            "kind": "card",
            "title": form.cleaned_data["title"],
            "page_path": form.cleaned_data["page_path"],
            "picture": cover.pk,
        }
        if appid := form.cleaned_data["appid"]:
            card["appid"] = appid
        return self.reply([card], form.cleaned_data["client_uuid"])

    def _cover(self, form: CardForm) -> Picture:
        """Return the picture that was sent along, or else the page's own."""
        if file := form.cleaned_data["cover"]:
            return media.keep_cover(file.read())
        page = Page.objects.select_related("cover").filter(
            mini_program=self.conversation.customer.mini_program_id,
            pk=form.cleaned_data["page"],
        )
        for found in page:
            if found.cover:
                return found.cover
        raise media.Unusable(form.fields["cover"].error_messages["required"])
