"""The demo's shop: it sells books and courses, in Chinese, as its customers speak."""

from .answers import ANSWERS
from .pages import put_up_pages
from .past import tell_past
from .people import APPID, NAME, ORIGINAL_ID, PEOPLE, Person
from .rules import ENTRANCES, RULES
from .second import (
    SECOND_ANSWERS,
    SECOND_APPID,
    SECOND_ENTRANCES,
    SECOND_NAME,
    SECOND_ORIGINAL_ID,
    SECOND_RULES,
)

__all__ = [
    "ANSWERS",
    "APPID",
    "ENTRANCES",
    "NAME",
    "ORIGINAL_ID",
    "PEOPLE",
    "RULES",
    "SECOND_ANSWERS",
    "SECOND_APPID",
    "SECOND_ENTRANCES",
    "SECOND_NAME",
    "SECOND_ORIGINAL_ID",
    "SECOND_RULES",
    "Person",
    "put_up_pages",
    "tell_past",
]
