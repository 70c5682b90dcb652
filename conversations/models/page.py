from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .mini_program import MiniProgram
from .picture import Picture


class Page(models.Model):
    """A page of a mini program, for agents to send as a card or to link to."""

    mini_program = models.ForeignKey(
        MiniProgram,
        models.CASCADE,
        related_name="pages",
        verbose_name=_("mini program"),
    )
    path = models.CharField(
        _("path"), max_length=1024, help_text=_("As in app.json; it may bear a query.")
    )
    title = models.CharField(_("title"), max_length=64)
    cover = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+"
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("page")
        verbose_name_plural = _("pages")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title
