from __future__ import annotations

from dataclasses import dataclass

APPID = "wx3f8a61c7d2e94b05"
ORIGINAL_ID = "gh_5c1e7d90b2a4"
NAME = "青禾课堂"


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    password: str
    display_name: str
    supervises: bool = False


# Known to everybody: the demo is on loopback only.
PEOPLE = [
    Person("lin", "kefu-demo-lin", "林晓"),
    Person("chen", "kefu-demo-chen", "陈默"),
    Person("wu", "kefu-demo-wu", "吴桐", supervises=True),
]
