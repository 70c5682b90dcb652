"""The library of canned answers: who sees what, how it is found, and what is stale."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent
from conversations import answers
from conversations.models import CannedAnswer


def keep(title: str, says: str = "…", **fields: Any) -> CannedAnswer:
    return CannedAnswer.objects.create(
        title=title,
        parts=[{"kind": "text", "text": says}],
        pinyin=answers.pinyin_keys(title),
        **{"position": CannedAnswer.objects.count(), **fields},
    )


def titles(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["title"] for entry in entries]


def found(agent: Agent, query: str) -> list[str]:
    return titles(answers.find(answers.library(agent), query))


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("退款", "tuikuan"),
        ("退款", "tk"),
        ("重置密码", "czmm"),
        ("重置密码", "zzmm"),
        ("银行卡", "yinhangka"),
        ("VIP会员", "viphuiyuan"),
        ("绿色", "lvse"),
        ("１２３课", "123ke"),
    ],
)
def test_a_title_is_found_by_its_pinyin(title: str, key: str) -> None:
    assert key in answers.pinyin_keys(title).split()


def test_a_long_title_full_of_readings_fits_its_column() -> None:
    assert len(answers.pinyin_keys("长行重还调传乐降率差" * 4)) <= 500


@pytest.mark.parametrize(
    "query", ["tk", "/tk", "／tk", "、TK", "ｔｋ", "tuikuan", "退", "/退款", "refund"]
)
def test_the_right_answer_stands_first(lin: Agent, query: str) -> None:
    keep("课程有效期", "长期有效，不影响退款")
    keep("退款多久到账", "refund takes a day")
    keep("怎么申请退款")

    assert found(lin, query)[0] == "退款多久到账"


def test_shortcut_title_pinyin_and_body_come_in_this_order(lin: Agent) -> None:
    keep("正文里提到", "请看 tk 说明")
    keep("怎么申请退款")
    keep("退款")
    keep("说明 tk")
    keep("tk 是什么")
    keep("前缀", shortcut="tks")
    keep("正是", shortcut="tk")

    assert found(lin, "tk") == [
        "正是",
        "前缀",
        "tk 是什么",
        "说明 tk",
        "退款",
        "怎么申请退款",
        "正文里提到",
    ]


def test_every_word_has_to_be_found(lin: Agent) -> None:
    keep("退款多久到账", "一到三天")
    keep("退款条件", "七天内")

    assert found(lin, "退款 七天") == ["退款条件"]
    assert found(lin, "退款 发票") == []


def test_without_a_query_the_library_keeps_its_order(lin: Agent) -> None:
    keep("二", position=2)
    keep("一", position=1)

    assert found(lin, "/") == ["一", "二"]


def test_two_thousand_answers_are_one_query_and_one_for_the_seats(
    lin: Agent, django_assert_num_queries: Any
) -> None:
    CannedAnswer.objects.bulk_create(
        CannedAnswer(title=f"答 {n}", parts=[{"kind": "text", "text": "…"}])
        for n in range(2000)
    )

    with django_assert_num_queries(2):
        assert len(answers.library(lin)) == 2000


def test_chen_does_not_see_lins_personal_answers(lin: Agent, chen: Agent) -> None:
    hers = keep("林晓的", scope="personal", owner=lin)

    assert titles(answers.library(lin)) == ["林晓的"]
    assert answers.library(chen) == []
    with pytest.raises(answers.Stale) as stale:
        answers.pick(chen, hers.pk, hers.version)
    assert stale.value.answer is None


def test_what_is_withdrawn_early_or_late_is_not_offered(lin: Agent) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    gone = [
        keep("撤回", active=False),
        keep("还没到", valid_from=now + hour),
        keep("已过期", valid_to=now - hour),
    ]
    keep("现在", valid_from=now - hour, valid_to=now + hour)

    assert titles(answers.library(lin)) == ["现在"]
    for one in gone:
        with pytest.raises(answers.Stale) as stale:
            answers.pick(lin, one.pk, one.version)
        assert stale.value.answer is None


def test_a_pick_is_counted(lin: Agent) -> None:
    kept = keep("您好")

    assert answers.pick(lin, kept.pk, kept.version) == kept
    answers.pick(lin, kept.pk, kept.version)

    kept.refresh_from_db()
    assert kept.uses == 2


def test_an_older_version_is_stopped_and_the_new_text_handed_back(lin: Agent) -> None:
    kept = keep("运费", "满 59 元包邮", version=2)

    with pytest.raises(answers.Stale) as stale:
        answers.pick(lin, kept.pk, version=1)

    assert stale.value.answer is not None
    assert stale.value.answer.preview == "满 59 元包邮"
    kept.refresh_from_db()
    assert kept.uses == 0
