"""Five entrances and a dozen rules, in the order in which they are tried."""

from __future__ import annotations

from typing import Any

from .answers import PICTURE

ENTRANCES: list[dict[str, str]] = [
    {"match": "exact", "pattern": "商品详情页", "label": "商品详情页", "colour": "blue"},
    {"match": "prefix", "pattern": "order/", "label": "订单", "colour": "amber"},
    {"match": "exact", "pattern": "训练营", "label": "训练营", "colour": "purple"},
    {"match": "exact", "pattern": "售后退款", "label": "售后退款", "colour": "red"},
    {"match": "exact", "pattern": "首页客服", "label": "首页客服", "colour": "green"},
]  # fmt: skip

_DAY, _HOUR = 24 * 60 * 60, 60 * 60  # s


def _text(*texts: str) -> list[dict[str, str]]:
    return [{"kind": "text", "text": text} for text in texts]


def _welcome(name: str, match: str, session_from: str, *texts: str) -> dict[str, Any]:
    return {
        "name": name,
        "trigger": "enter",
        "session_match": match,
        "session_from": session_from,
        "parts": _text(*texts),
        "cooldown_seconds": _HOUR,
    }


def _keyword(name: str, comparison: str, keywords: str, *texts: str) -> dict[str, Any]:
    return {
        "name": name,
        "trigger": "keyword",
        "comparison": comparison,
        "keywords": keywords,
        "parts": _text(*texts),
    }


RULES: list[dict[str, Any]] = [
    _welcome(
        "欢迎：训练营",
        "exact",
        "训练营",
        "欢迎来到训练营，等您好久啦！",
        "想了解开营时间、费用或课程安排，直接发消息就好。",
    ),
    _welcome(
        "欢迎：订单",
        "prefix",
        "order/",
        "您好，您正在咨询订单问题，请直接说明情况，我们会带上订单一起查。",
    ),
    _welcome(
        "欢迎：售后退款",
        "exact",
        "售后退款",
        "您好，退款和售后请先发一下订单号，客服马上为您处理。",
    ),
    _welcome(
        "欢迎：商品详情页",
        "pattern",
        "商品|goods",
        "您好，想了解这件商品的哪一方面？",
    ),
    _welcome(
        "欢迎：首页", "exact", "首页客服", "您好，欢迎来到青禾课堂，有什么可以帮您？"
    ),
    {
        "name": "训练营报名",
        "trigger": "keyword",
        "comparison": "regex",
        "keywords": "/训练营/i",
        "parts": [
            {
                "kind": "link",
                "title": "欢迎报名小程序开发训练营",
                "description": "从零开始，十天做出自己的小程序",
                "url": "https://cloud.tencent.com/",
                "thumb_url": PICTURE,
            }
        ],
    },
    _keyword(
        "退款说明",
        "contains",
        "退款\n退货\n退钱",
        "退款可以在“我的 - 订单”里申请，24 小时内审核，通过后原路退回。",
    ),
    _keyword(
        "物流查询",
        "contains",
        "物流\n快递\n发货",
        "物流信息在“我的 - 订单 - 查看物流”里，单号生成约 12 小时后开始更新。",
    ),
    _keyword(
        "开发票",
        "regex",
        "(开|要|申请).{0,4}发票",
        "电子发票请在“我的 - 订单 - 申请发票”里填写，1 个工作日内发到邮箱。",
    ),
    _keyword("找人工", "exact", "人工\n转人工\n人工客服", "好的，正在为您安排人工客服，请稍等。"),
    {
        "name": "无人在线",
        "trigger": "nobody_online",
        "parts": _text(
            "客服暂时不在线，您的问题已经记下。人工服务时间为每天 9:00 至 21:00，上班后第一时间回复您。"
        ),
        "cooldown_seconds": _HOUR,
    },
    {
        "name": "久未接待",
        "trigger": "no_answer",
        "after_seconds": 60,
        "parts": _text("让您久等了，咨询的人有点多，客服看到后会尽快回复您。"),
        "cooldown_seconds": 10 * 60,
    },
]  # fmt: skip
