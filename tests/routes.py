"""Every address of the console, and one example of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from agents import links
from agents.models import Agent
from conversations import sending
from conversations.models import (
    AutoReplyRule,
    CannedAnswer,
    Conversation,
    DeskSettings,
    Entrance,
    Page,
    ReceivedPush,
    Tag,
)
from tests.conftest import Xiaoming, new_uuid, text


def patterns() -> Iterator[tuple[str, URLPattern]]:
    """Yield (route, pattern) for each address, as `admin/<path:object_id>/`."""
    yield from _inside(get_resolver(), "")


def _inside(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for one in resolver.url_patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _inside(one, route)
        else:
            yield route, one


def routes() -> list[str]:
    return [route for route, _ in patterns()]


class Examples:
    """An installation in which every address shows something."""

    def __init__(self, xiaoming: Xiaoming, lin: Agent) -> None:
        xiaoming.enters("order/42")
        xiaoming.writes("在吗")
        self.conversation: Conversation = xiaoming.conversation
        [self.message] = sending.reply(self.conversation, lin, text("在的"), new_uuid())
        mini_program = xiaoming.mini_program
        self.rows: dict[str, Any] = {
            "agent": Agent.objects.create_user("colleague"),
            "miniprogram": mini_program,
            "receivedpush": ReceivedPush.objects.latest("pk"),
            "cannedanswer": CannedAnswer.objects.create(
                title="您好", parts=text("您好")
            ),
            "entrance": Entrance.objects.create(
                mini_program=mini_program, pattern="order/42", label="订单"
            ),
            "desksettings": DeskSettings.objects.create(pk=1),
            "page": Page.objects.create(
                mini_program=mini_program, path="pages/index", title="首页"
            ),
            "tag": Tag.objects.create(name="老客户"),
            "autoreplyrule": AutoReplyRule.objects.create(
                mini_program=mini_program,
                name="欢迎",
                trigger="enter",
                parts=text("好"),
            ),
        }
        self.link = links.new_link(Agent.objects.create_user("new")).split("/")[-3:-1]

    def path(self, route: str) -> str:
        """Return an address of this route."""
        if route == "admin/(?P<url>.*)$":
            return "/admin/nothing/"
        model = re.match(r"admin/(?:agents|conversations)/(\w+)/", route)
        filled = {
            "<int:pk>": self.conversation.pk,
            "<int:message_pk>": self.message.pk,
            "<int:page_pk>": 1,
            "<int:line_pk>": 1,
            "<int:view_pk>": 1,
            "<int:tag_pk>": 1,
            "<int:answer_pk>": 1,
            "<int:mini_program_pk>": self.rows["miniprogram"].pk,
            "<path:object_id>": self.rows[model[1]].pk if model else 1,
            "<path:content_type_id>": 1,
            "<str:uidb64>": self.link[0],
            "<str:token>": self.link[1],
            "<str:openid>": "o-1",
            "<str:act>": "text",
            "^(?P<app_label>agents|conversations)/$": "conversations/",
        }
        for placeholder, value in filled.items():
            route = route.replace(placeholder, str(value))
        assert not re.search(r"[<^(]", route), f"fill in {route}"
        return f"/{route}"
