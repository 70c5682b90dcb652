"""Three conversations from the days before, so that the desk has something to show.

Each stands in our tables and on the simulated phone alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from agents.models import Agent
from conversations import search_index
from conversations.models import (
    AutoReplyRule,
    Conversation,
    Customer,
    Delivery,
    Entrance,
    Message,
    MiniProgram,
)
from conversations.models.conversation import digest_of
from conversations.models.entrance import entrance_for
from conversations.simulator import state

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Story:
    """What was said: (minutes after entering, who, text), where who is the customer,
    a rule by its name, or an agent by their sign-in name."""

    name: str
    session_from: str
    days_ago: int
    hour: int
    held_by: str
    closed: bool
    lines: list[tuple[int, str, str]]


STORIES = [
    Story(
        "周岚", "售后退款", 2, 10, "chen", True,
        [
            (0, "欢迎：售后退款", "您好，退款和售后请先发一下订单号，客服马上为您处理。"),
            (1, CUSTOMER, "订单 20261104-7731，买重了想退一本"),
            (3, "chen", "请您稍等，正在为您查询。"),
            (5, "chen", "已经通过了，退款原路退回微信零钱，今天内到账，请留意。"),
            (6, CUSTOMER, "收到，谢谢"),
            (7, "chen", "感谢您的咨询，祝您学习愉快。"),
        ],
    ),
    Story(
        "阿哲", "训练营", 1, 15, "lin", False,
        [
            (0, "欢迎：训练营", "欢迎来到训练营，等您好久啦！"),
            (0, "欢迎：训练营", "想了解开营时间、费用或课程安排，直接发消息就好。"),
            (2, CUSTOMER, "没学过编程可以跟上吗"),
            (4, "lin", "可以的，第一周专门讲基础，每天大概一个小时，晚上有直播答疑。"),
            (9, CUSTOMER, "那我下个月开营前报名"),
            (10, "lin", "好的，每月 1 日开营，报名后班主任会拉您进班级群。"),
        ],
    ),
    Story(
        "小满", "order/20261120-0416", 1, 19, "chen", False,
        [
            (0, "欢迎：订单", "您好，您正在咨询订单问题，请直接说明情况，我们会带上订单一起查。"),
            (1, CUSTOMER, "地址填错了，还没发货，能改吗"),
            (2, "chen", "可以改，请把姓名、手机号和新地址一起发给我。"),
            (6, CUSTOMER, "已经在订单备注里写好了"),
            (8, "chen", "看到了，已经按备注改好，明天 16:00 前发出。"),
        ],
    ),
]  # fmt: skip


def tell_past(mini_program: MiniProgram, agents: Mapping[str, Agent]) -> None:
    for story in STORIES:
        day = timezone.localtime() - timedelta(days=story.days_ago)
        began = day.replace(hour=story.hour, minute=12, second=0, microsecond=0)
        openid = _on_the_phone(mini_program, story, began)
        _at_our_desk(mini_program, story, began, openid, agents)


def _on_the_phone(mini_program: MiniProgram, story: Story, began: datetime) -> str:
    """Play a story in the simulator's world. Returns the customer's openid."""
    world = state.World(settings.WECHAT_SIMULATOR_STATE)
    try:
        openid = world.add_customer(mini_program.appid, story.name).openid
        world.clock_ahead = (began - timezone.now()).total_seconds()
        world.update_customer(openid, session_from=story.session_from)
        world.grant(openid, "entry")
        for minutes, who, text in story.lines:
            at = began + timedelta(minutes=minutes)
            world.clock_ahead = (at - timezone.now()).total_seconds()
            side = "customer" if who == CUSTOMER else "service"
            accepted = "accepted" if who == CUSTOMER else ""
            world.add_line(openid, side, "text", {"content": text}, state=accepted)
            if who == CUSTOMER:
                world.grant(openid, "message")
            else:
                world.spend(openid)
            world.update_customer(openid, exchanged_at=world.now())
    finally:
        world.close()
    return openid


def _at_our_desk(
    mini_program: MiniProgram,
    story: Story,
    began: datetime,
    openid: str,
    agents: Mapping[str, Agent],
) -> None:
    agent = agents[story.held_by]
    ended = began + timedelta(minutes=story.lines[-1][0])
    answered = [minutes for minutes, who, _ in story.lines if who in agents]
    claimed = began + timedelta(minutes=min(answered))
    speakers = [who for _, who, _ in story.lines]
    last_word = len(speakers) - 1 - speakers[::-1].index(CUSTOMER)
    customer = Customer.objects.create(
        mini_program=mini_program,
        openid=openid,
        session_from=story.session_from,
        entered_at=began,
        spoke_at=ended,
        entry_granted_at=began,
        entry_used=len(speakers) - speakers.count(CUSTOMER),
        message_granted_at=began + timedelta(minutes=story.lines[last_word][0]),
        message_used=len(speakers) - 1 - last_word,
        exchanged_at=ended,
        human_at=None if story.closed else ended,
    )
    search_index.add_customers([customer])
    conversation = Conversation.objects.create(
        customer=customer,
        session_from=story.session_from,
        session_from_digest=digest_of(story.session_from),
        entrance=entrance_for(
            Entrance.objects.filter(mini_program=mini_program), story.session_from
        ),
        status="closed" if story.closed else "open",
        assignee=None if story.closed else agent,
        last_message_at=ended,
    )
    conversation.assignments.create(
        agent=agent,
        by=agent,
        began_at=claimed,
        ended_at=ended if story.closed else None,
    )
    _event(conversation, began, "entered", session_from=story.session_from)
    for minutes, who, text in story.lines:
        at = began + timedelta(minutes=minutes)
        if at == claimed and who in agents:
            _event(conversation, at, "claimed", agent)
        conversation.last_message = _say(conversation, at, who, text, agents.get(who))
    if story.closed:
        _event(conversation, ended, "closed", agent)
    conversation.save(update_fields=["last_message"])


def _say(
    conversation: Conversation, at: datetime, who: str, text: str, agent: Agent | None
) -> Message:
    author, rule, data = Message.Author.CUSTOMER, None, {}
    if agent:
        author = Message.Author.AGENT
    elif who != CUSTOMER:
        author, data = Message.Author.AUTO_REPLY, {"rule": who}
        rule = AutoReplyRule.objects.get(
            mini_program=conversation.customer.mini_program, name=who
        )
    message = Message.objects.create(
        conversation=conversation,
        customer=conversation.customer,
        author=author,
        agent=agent,
        rule=rule,
        text=text,
        data=data,
        said_at=at,
        ordered_at=at,
    )
    search_index.add([message])
    if message.is_ours:
        Delivery.objects.create(
            message=message,
            customer=conversation.customer,
            state=Delivery.State.SENT,
            not_before=at,
            settled_at=at,
        )
    return message


def _event(
    conversation: Conversation,
    at: datetime,
    event: str,
    agent: Agent | None = None,
    **data: str,
) -> None:
    if agent:
        data["agent"] = agent.name
    Message.objects.create(
        conversation=conversation,
        customer=conversation.customer,
        # The customer enters; the rest is ours to note.
        author=Message.Author.SYSTEM if agent else Message.Author.CUSTOMER,
        agent=agent,
        kind=Message.Kind.EVENT,
        data={"event": event, **data},
        said_at=at,
        ordered_at=at,
    )
