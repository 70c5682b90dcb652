"""A column whose text can't be read from a stolen database or backup."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class EncryptedTextField(models.TextField):
    """Text, encrypted with `settings.SECRETS_KEYS` (Fernet) on its way to the database.

    The newest key encrypts, all of them decrypt. A value no key opens reads as "", as
    if it had never been set: the owner has to enter it again.
    """

    def from_db_value(self, value: str | None, *args: Any) -> str | None:
        if not value:
            return value
        try:
            return _keys(tuple(settings.SECRETS_KEYS)).decrypt(value.encode()).decode()
        except InvalidToken:
            return ""

    def get_prep_value(self, value: Any) -> str | None:
        if not value:
            return value
        return _keys(tuple(settings.SECRETS_KEYS)).encrypt(str(value).encode()).decode()


@cache
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key.strip()) for key in keys])
