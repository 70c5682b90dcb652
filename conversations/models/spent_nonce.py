from __future__ import annotations

from django.db import models

from .mini_program import MiniProgram


class SpentNonce(models.Model):
    """A nonce that came with a push: no other body may come with it.

    Of pushes whose timestamp alone would let a captured one be used again. Kept for
    longer than such a timestamp is believed; after that it is what refuses them.
    """

    mini_program = models.ForeignKey(
        MiniProgram, models.CASCADE, related_name="+", db_index=False
    )
    nonce = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)  # Forgotten by this

    class Meta:
        constraints = [
            models.UniqueConstraint("mini_program", "nonce", name="one_body_per_nonce")
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
