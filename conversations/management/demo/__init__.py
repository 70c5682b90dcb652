"""The demo's shop: it sells books and courses, in Chinese, as its customers speak."""

from .answers import ANSWERS
from .past import tell_past
from .people import APPID, NAME, ORIGINAL_ID, PEOPLE, Person
from .rules import ENTRANCES, RULES

__all__ = [
    "ANSWERS",
    "APPID",
    "ENTRANCES",
    "NAME",
    "ORIGINAL_ID",
    "PEOPLE",
    "RULES",
    "Person",
    "tell_past",
]
