# ruff: noqa: E501 - a table reads better in lines
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale

from spares.calendars.chinese_holidays import chinese_calendar
from spares.dispatch.cutoff import ships_by
from spares.dispatch.promise_words import PromiseWords, promise_words

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = chinese_calendar(False)
MORNING = "，次个工作日上午发出"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def words_of(confirmed: str, now: str, *, by_hand: bool = False, waiting: bool = False) -> PromiseWords:
    promise = ships_by(at(confirmed), CALENDAR)
    return promise_words(
        promise.due_at,
        promise.kind,
        promise.reason,
        at(confirmed),
        promise.provisional,
        at(now),
        CALENDAR,
        by_hand=by_hand,
        waiting=waiting,
    )


@pytest.mark.parametrize(
    ("confirmed", "now", "headline", "left", "why", "tone", "provisional"),
    [
        ("2026-11-20 13:42", "2026-11-20 14:50", "今日 17:00 前发出", "剩余 2 小时 10 分", "13:42 确认，早于 14:00", "good", False),
        ("2026-11-20 08:10", "2026-11-20 08:30", "今日 17:00 前发出", "剩余 8 个工作小时", "08:10 确认，早于 14:00", "good", False),
        ("2026-11-20 14:10", "2026-11-23 11:30", "今日 12:00 前发出", "剩余 30 分", "11-20 周五 14:10 确认，不早于 14:00" + MORNING, "warn", False),
        ("2026-11-20 14:10", "2026-11-24 09:05", "应于 11-23 周一 12:00 前发出", "超时 5 个工作小时 5 分", "11-20 周五 14:10 确认，不早于 14:00" + MORNING, "bad", False),
        ("2026-11-20 13:42", "2026-11-20 15:00", "今日 17:00 前发出", "剩余 2 小时", "13:42 确认，早于 14:00", "warn", False),
        ("2026-11-20 13:42", "2026-11-20 17:00", "今日 17:00 前发出", "剩余 0 分", "13:42 确认，早于 14:00", "warn", False),
        ("2026-11-20 13:42", "2026-11-20 17:01", "应于 11-20 周五 17:00 前发出", "已超时", "13:42 确认，早于 14:00", "bad", False),
        ("2026-11-20 13:42", "2026-11-23 10:30", "应于 11-20 周五 17:00 前发出", "超时 1 个工作小时 30 分", "11-20 周五 13:42 确认，早于 14:00", "bad", False),
        ("2026-11-20 14:00", "2026-11-20 14:00", "11-23 周一 12:00 前发出", "剩余 6 个工作小时", "14:00 确认，不早于 14:00" + MORNING, "good", False),
        ("2026-11-22 10:00", "2026-11-22 10:00", "明日 12:00 前发出", "剩余 3 个工作小时", "10:00 确认，适逢周末" + MORNING, "good", False),
        ("2026-10-01 10:00", "2026-10-01 10:00", "10-08 周四 12:00 前发出", "剩余 3 个工作小时", "10:00 确认，适逢法定节假日" + MORNING, "good", False),
        ("2026-12-31 15:00", "2026-12-31 16:00", "2027-01-04 周一 12:00 前发出", "剩余 4 个工作小时", "15:00 确认，不早于 14:00" + MORNING, "good", True),
    ],
)  # fmt: skip
def test_the_promise_the_time_left_and_why(
    context: Flask, confirmed: str, now: str, headline: str, left: str, why: str, tone: str, provisional: bool
) -> None:
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        found = words_of(confirmed, now)
    shown = {"headline": headline, "left": left, "why": why, "tone": tone, "provisional": provisional}
    assert found == shown | {"risk": ""}


@pytest.mark.parametrize(
    ("now", "tone"),
    [("2026-11-20 13:50", "warn"), ("2026-11-20 16:00", "warn"), ("2026-11-20 17:01", "bad")],
)
def test_a_promise_without_stock_is_at_risk_and_never_good(context: Flask, now: str, tone: str) -> None:
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        kept, risky = words_of("2026-11-20 13:42", now), words_of("2026-11-20 13:42", now, waiting=True)
    assert risky == kept | {"tone": tone, "risk": "缺货，承诺有风险"}


def test_in_english(context: Flask) -> None:
    with context.test_request_context(), force_locale("en"):
        assert words_of("2026-11-20 13:42", "2026-11-20 14:50") == {
            "headline": "Ships today by 17:00",
            "left": "2 h 10 min left",
            "why": "Confirmed 13:42, before 14:00",
            "tone": "good",
            "provisional": False,
            "risk": "",
        }


def test_a_promise_set_by_hand_is_not_explained_by_the_rule(context: Flask) -> None:
    with context.test_request_context(), force_locale("en"):
        found = words_of("2026-11-20 13:42", "2026-11-20 14:50", by_hand=True)
    assert found["why"] == "Confirmed 13:42; the promise was changed by an RMA administrator"
