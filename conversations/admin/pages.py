from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminImageFieldWidget

from conversations import media
from conversations.models import Page

from .base import OfMiniProgram, OrderedAdmin


class PageForm(forms.ModelForm):
    """A page, and the file its cover is made of."""

    new_cover = forms.FileField(
        label=gettext_lazy("Cover"),
        required=False,
        widget=UnfoldAdminImageFieldWidget(
            attrs={"accept": "image/jpeg,image/png,image/gif,image/webp"}
        ),
        help_text=gettext_lazy(
            "JPEG, PNG, GIF or WebP. Its middle is cut out, 520 × 416."
        ),
    )

    class Meta:
        model = Page
        fields = ["mini_program", "title", "path"]

    def clean_path(self) -> str:
        page_path = self.cleaned_data["path"].strip().removeprefix("/")
        if not page_path or any(sign.isspace() for sign in page_path):
            raise ValidationError(_("A page's path holds no blanks."))
        return page_path

    def clean_new_cover(self) -> None:
        file: UploadedFile | None = self.cleaned_data["new_cover"]
        if file:
            try:
                self.instance.cover = media.keep_cover(file.read())
            except media.Unusable as exc:
                raise ValidationError(str(exc)) from exc


@admin.register(Page)
class PageAdmin(OfMiniProgram, OrderedAdmin):
    """The pages that agents send as cards, or link to, in the order they are offered."""

    form = PageForm
    fields = ["mini_program", "title", "path", "shown_cover", "new_cover"]
    readonly_fields = ["shown_cover"]
    list_display = ["title", "path", "small_cover", "mini_program"]
    list_filter = ["mini_program"]
    list_select_related = ["mini_program"]
    ordering = ["mini_program", "position", "pk"]
    search_fields = ["title", "path"]

    @admin.display(description=gettext_lazy("current cover"))
    def shown_cover(self, page: Page) -> str:
        return _drawn(page, 260, 208)

    @admin.display(description=gettext_lazy("cover"))
    def small_cover(self, page: Page) -> str:
        return _drawn(page, 60, 48)

    def shown(self, form: Any) -> list[str]:
        return [*super().shown(form), "cover"]

    def get_urls(self) -> list[URLPattern]:
        cover = path(
            "<path:object_id>/cover/",
            self.admin_site.admin_view(self.cover_view),
            name="conversations_page_cover",
        )
        return [cover, *super().get_urls()]

    def cover_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        page = get_object_or_404(Page.objects.select_related("cover"), pk=object_id)
        return media.show_thumb(page.cover, "cover")


def _drawn(page: Page, width: int, height: int) -> str:
    if page.cover_id is None:
        return "—"
    # With the picture's own number, so that a new one isn't taken for the old one.
    url = reverse("admin:conversations_page_cover", args=[page.pk])
    return format_html(
        '<img class="cover-preview" src="{}?{}" width="{}" height="{}" alt="">',
        url,
        page.cover_id,
        width,
        height,
    )
