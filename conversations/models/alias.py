"""A name for somebody who has none: WeChat tells us no more than an OPENID.

Two words and a colour, made from the OPENID alone, so that the same customer has the same
ones for ever, on every desk and after every restart. The order of the words here is part
of that: add none in between.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import get_language

COLOURS = 12

# Each with what it is called where the desk is in English.
MANNERS = [
    *(("安静", "Quiet"), ("明亮", "Bright"), ("轻快", "Lively"), ("从容", "Calm")),
    *(("温和", "Gentle"), ("清新", "Fresh"), ("勤快", "Eager"), ("机灵", "Clever")),
    *(("远方", "Distant"), ("清晨", "Morning"), ("午后", "Sunny"), ("晚风", "Evening")),
    *(("春日", "Spring"), ("夏夜", "Summer"), ("秋水", "Autumn"), ("冬阳", "Winter")),
    *(("山间", "Mountain"), ("海边", "Seaside"), ("林中", "Forest"), ("湖畔", "Lake")),
    *(("云上", "Cloudy"), ("月下", "Moonlit"), ("雨后", "Rainy"), ("雪中", "Snowy")),
    *(("银色", "Silver"), ("金色", "Golden"), ("翠绿", "Green"), ("湛蓝", "Azure")),
    *(("绯红", "Crimson"), ("淡紫", "Lilac"), ("雪白", "White"), ("暖黄", "Honey")),
]
THINGS = [
    *(("蓝鲸", "Whale"), ("青柠", "Lime"), ("白鹭", "Egret"), ("红枫", "Maple")),
    *(("银杏", "Ginkgo"), ("海棠", "Begonia"), ("松鼠", "Squirrel"), ("云雀", "Lark")),
    *(
        ("石榴", "Garnet"),
        ("山茶", "Camellia"),
        ("紫藤", "Wisteria"),
        ("雪松", "Cedar"),
    ),
    *(("月桂", "Laurel"), ("琥珀", "Amber"), ("珊瑚", "Coral"), ("麦穗", "Wheat")),
    *(("竹笋", "Bamboo"), ("桃花", "Peach"), ("莲子", "Lotus"), ("梧桐", "Sycamore")),
    *(("燕子", "Swallow"), ("鹿角", "Deer"), ("贝壳", "Shell"), ("橘子", "Orange")),
]


@dataclass(frozen=True, slots=True)
class Alias:
    """manner, thing  each as (Chinese, English); colour: 0 to 11"""

    manner: tuple[str, str]
    thing: tuple[str, str]
    colour: int

    @property
    def words(self) -> str:
        """Both words, in the language in use: 安静蓝鲸, Quiet Whale."""
        if _in_chinese():
            return self.manner[0] + self.thing[0]
        return f"{self.manner[1]} {self.thing[1]}"

    @property
    def mark(self) -> str:
        """Two characters for the coloured square: 蓝鲸, QW."""
        if _in_chinese():
            return self.thing[0]
        return self.manner[1][0] + self.thing[1][0]


@lru_cache(maxsize=4096)
def alias_of(openid: str) -> Alias:
    digest = hashlib.sha256(openid.encode()).digest()
    return Alias(
        MANNERS[digest[2] % len(MANNERS)],
        THINGS[digest[0] % len(THINGS)],
        digest[1] % COLOURS,
    )


def _in_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
