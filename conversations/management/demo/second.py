"""A second shop, for whoever wants to see several mini programs in one console."""

from __future__ import annotations

from typing import Any

SECOND_APPID = "wx7c40b9e2a6135fd8"
SECOND_ORIGINAL_ID = "gh_9d27f4e1c083"
SECOND_NAME = "青禾咖啡"

SECOND_ENTRANCES: list[dict[str, str]] = [
    {"match": "exact", "pattern": "首页客服", "label": "门店首页", "colour": "green"},
    {"match": "prefix", "pattern": "order/", "label": "咖啡订单", "colour": "amber"},
]

SECOND_RULES: list[dict[str, Any]] = [
    {
        "name": "欢迎",
        "trigger": "enter",
        "parts": [
            {"kind": "text", "text": "您好，这里是青禾咖啡，门店每天 7:30 开门。"}
        ],
        "cooldown_seconds": 60 * 60,
    },
    {
        "name": "取餐",
        "trigger": "keyword",
        "keywords": "取餐\n取货",
        "parts": [{"kind": "text", "text": "做好后会有取餐提醒，凭取餐码到吧台领取。"}],
    },
]

SECOND_ANSWERS: list[dict[str, Any]] = [
    {
        "use": "quick_reply",
        "title": "马上做",
        "parts": [{"kind": "text", "text": "好的，马上为您做，大约五分钟。"}],
    },
    {
        "use": "common_answer",
        "title": "可换燕麦奶",
        "shortcut": "ymn",
        "parts": [{"kind": "text", "text": "所有奶咖都可以换燕麦奶，不另收费。"}],
    },
]
