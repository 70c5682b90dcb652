from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .entrance import Entrance


class Tag(models.Model):
    """A word by which agents sort customers."""

    name = models.CharField(_("name"), max_length=20, unique=True)
    colour = models.CharField(
        _("colour"),
        max_length=8,
        choices=Entrance.Colour,
        default=Entrance.Colour.GREY,
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class CustomerTag(models.Model):
    """That a customer bears a tag."""

    customer = models.ForeignKey(
        "conversations.Customer", models.CASCADE, related_name="tagged"
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="tagged")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("customer's tag")
        verbose_name_plural = _("customers' tags")
        constraints = [
            models.UniqueConstraint("customer", "tag", name="one_tag_of_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
