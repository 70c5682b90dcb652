"""Pictures: sent by agents, and shown to whoever sees the conversation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from conversations import media
from conversations.forms import ImageForm, first_error
from conversations.models import Attachment, Message, Page
from conversations.views.conversation import ConversationView
from conversations.views.replying import ReplyingView, refusal


class ImagesView(ReplyingView):
    """POST: send a picture. One file is one message.

    One of more than IMAGE_MAX_BYTES is made to fit; an animation is sent as it is, up
    to the 10 MB that WeChat's documents name in another place.
    """

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer as POST messages/ does. 422: this file can't be sent."""
        form = ImageForm(request.POST, request.FILES)
        if not form.is_valid():
            return refusal(first_error(form), status=422)
        try:
            content = form.cleaned_data["image"].read()
            picture = media.keep(content, settings.IMAGE_MAX_BYTES)
        except media.Unusable as exc:
            return refusal(str(exc), status=422)
        return self.reply(
            [{"kind": "image", "picture": picture.pk}],
            form.cleaned_data["client_uuid"],
        )


class MessagePictureView(ConversationView):
    """One message's picture, of any of the customer's conversations."""

    message: Message

    def find(self, message_pk: int) -> Message:
        theirs = Message.objects.drawn().filter(customer=self.conversation.customer_id)
        return get_object_or_404(theirs, pk=message_pk)


class PictureView(MessagePictureView):
    """GET: the picture. POST: fetch it from WeChat once more.

    POST answers with the message as it then is.
    """

    def get(self, request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
        return media.show(self.find(message_pk).shown_picture, f"{message_pk}")

    def post(self, request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
        attachment = get_object_or_404(
            Attachment.objects.select_related("message"),
            message=message_pk,
            message__customer=self.conversation.customer_id,
        )
        media.fetch_again(attachment)
        return render(
            request,
            "conversations/_message.html",
            {"message": self.find(message_pk)},
        )


class ThumbView(MessagePictureView):
    """GET: its thumbnail."""

    def get(self, request: HttpRequest, pk: int, message_pk: int) -> HttpResponse:
        picture = self.find(message_pk).shown_picture
        return media.show_thumb(picture, f"{message_pk}-small")


class PageCoverView(ConversationView):
    """GET: the cover of a page that an agent may send here as a card."""

    def get(self, request: HttpRequest, pk: int, page_pk: int) -> HttpResponse:
        pages = Page.objects.select_related("cover").filter(
            mini_program=self.conversation.customer.mini_program_id
        )
        return media.show_thumb(get_object_or_404(pages, pk=page_pk).cover, "cover")
