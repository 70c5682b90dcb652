from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from conversations.models import Page
from conversations.views.conversation import ConversationView


class PageListView(ConversationView):
    """GET: the pages that agents may send to this customer or link to, as a select."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        pages = Page.objects.filter(
            mini_program=self.conversation.customer.mini_program_id
        )
        return render(
            request,
            "conversations/_page_list.html",
            {"conversation": self.conversation, "pages": pages},
        )
