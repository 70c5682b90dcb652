from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from conversations.forms import LinkForm, errors_by_field, first_error
from conversations.views.replying import ReplyingView, refusal


class LinksView(ReplyingView):
    """POST: send a web page as a card. Answers as POST messages/ does.

    422: one of the fields can't be sent; `fields` says which, and why.
    """

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = LinkForm(request.POST)
        if not form.is_valid():
            return refusal(first_error(form), 422, fields=errors_by_field(form))
        link = dict(form.cleaned_data)
        return self.reply([{"kind": "link", **link}], link.pop("client_uuid"))
