from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from spares.calendars.chinese_holidays import chinese_calendar
from spares.dispatch.cutoff import PromiseKind, PromiseReason, ships_by
from spares.errors import Invalid
from tests.golden import name_of, rows

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("row", rows("dispatch_promises.csv"), ids=name_of)
def test_golden_promises(row: dict[str, str]) -> None:
    promise = ships_by(datetime.fromisoformat(row["confirmed_at"]), chinese_calendar(row["makeup"] == "open"))
    assert promise.due_at.astimezone(SHANGHAI).isoformat() == row["due_at"]
    assert promise.due_at.tzinfo is UTC
    assert (promise.kind, promise.reason) == (row["kind"], row["reason"])
    assert promise.provisional is (row["provisional"] == "yes")


def test_tells_the_depots_own_date_and_time() -> None:
    promise = ships_by(datetime(2026, 11, 19, 23, 30, 1, tzinfo=UTC), chinese_calendar(False))
    assert (promise.confirmed_on, promise.confirmed_clock) == (date(2026, 11, 20), time(7, 30, 1))
    assert promise.due_on == date(2026, 11, 20)


def test_a_day_closed_by_hand_is_the_reason_given() -> None:
    calendar = chinese_calendar(False, {date(2026, 11, 20): False, date(2026, 11, 21): True})
    stocktake = ships_by(datetime(2026, 11, 20, 10, tzinfo=SHANGHAI), calendar)
    assert (stocktake.kind, stocktake.reason) == (PromiseKind.NEXT_MORNING, PromiseReason.CLOSED)
    assert stocktake.due_at == datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
    special = ships_by(datetime(2026, 11, 21, 10, tzinfo=SHANGHAI), calendar)
    assert (special.kind, special.reason) == (PromiseKind.SAME_DAY, PromiseReason.BEFORE_CUTOFF)
    assert special.due_at == datetime(2026, 11, 21, 17, tzinfo=SHANGHAI)


def test_another_depots_cutoff_and_hours() -> None:
    calendar = chinese_calendar(False, opens=time(8), closes=time(20))
    early = ships_by(datetime(2026, 11, 20, 14, 59, tzinfo=SHANGHAI), calendar, cutoff=time(15), morning_by=time(10))
    assert early.due_at == datetime(2026, 11, 20, 20, tzinfo=SHANGHAI)
    late = ships_by(datetime(2026, 11, 20, 15, tzinfo=SHANGHAI), calendar, cutoff=time(15), morning_by=time(10))
    assert late.due_at == datetime(2026, 11, 23, 10, tzinfo=SHANGHAI)


def test_refuses_an_instant_outside_the_calendar() -> None:
    with pytest.raises(Invalid) as refusal:
        ships_by(datetime(9999, 12, 31, 23, tzinfo=UTC), chinese_calendar(False))
    assert refusal.value.code == "date_out_of_range"
    assert refusal.value.facts["last"] == date(2100, 12, 31)


def test_refuses_a_naive_instant() -> None:
    with pytest.raises(TypeError):
        ships_by(datetime(2026, 11, 20, 10), chinese_calendar(False))  # noqa: DTZ001
