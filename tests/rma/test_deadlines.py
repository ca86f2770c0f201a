from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from spares.calendars.chinese_holidays import chinese_calendar
from spares.rma.deadlines import (
    AgeingBucket,
    ReturnStanding,
    ReturnState,
    ageing_bucket,
    overdue,
    overdue_from,
    return_due,
    swap_due,
    working_days_overdue,
)
from tests.golden import name_of, rows

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = chinese_calendar(False)
DUE = date(2026, 12, 4)  # a Friday; day 11 is Monday the 7th


@pytest.mark.parametrize("row", rows("return_deadlines.csv"), ids=name_of)
def test_golden_returns(row: dict[str, str]) -> None:
    calendar = chinese_calendar(row["makeup"] == "open")
    due = return_due(date.fromisoformat(row["received_on"]), calendar)
    assert due.due_on.isoformat() == row["due_on"]
    assert due.provisional is (row["provisional"] == "yes")
    assert overdue_from(due.due_on, calendar).isoformat() == row["overdue_from"]


@pytest.mark.parametrize("row", rows("swap_deadlines.csv"), ids=name_of)
def test_golden_swap_repairs(row: dict[str, str]) -> None:
    due = swap_due(datetime.fromisoformat(row["received_at"]), chinese_calendar(row["makeup"] == "open"))
    assert due.due_at.astimezone(SHANGHAI).isoformat() == row["due_at"]
    assert due.due_at.tzinfo is UTC
    assert due.provisional is (row["provisional"] == "yes")


def test_another_contracts_days_and_hours() -> None:
    assert return_due(date(2026, 11, 18), CALENDAR, days=3).due_on == date(2026, 11, 23)
    due = swap_due(datetime(2026, 11, 23, 9, tzinfo=SHANGHAI), CALENDAR, hours=8)
    assert due.due_at == datetime(2026, 11, 23, 17, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        (date(2026, 11, 20), 0),
        (date(2026, 12, 4), 0),
        (date(2026, 12, 5), 0),
        (date(2026, 12, 6), 0),
        (date(2026, 12, 7), 1),
        (date(2026, 12, 8), 2),
        (date(2026, 12, 12), 5),
        (date(2026, 12, 14), 6),
        (date(2027, 1, 1), 19),
        (date(2027, 1, 4), 20),
    ],
)
def test_counts_working_days_overdue(as_of: date, days: int) -> None:
    assert working_days_overdue(DUE, as_of, CALENDAR) == days


@pytest.mark.parametrize(
    ("as_of", "sent_on", "received_on", "state", "days"),
    [
        (date(2026, 12, 4), None, None, ReturnState.RUNNING, 0),
        (date(2026, 12, 6), None, None, ReturnState.RUNNING, 0),
        (date(2026, 12, 7), None, None, ReturnState.NOT_SENT, 1),
        (date(2026, 12, 31), date(2026, 12, 4), None, ReturnState.SENT_IN_TIME, 0),
        (date(2026, 12, 31), date(2026, 12, 6), None, ReturnState.SENT_IN_TIME, 0),
        (date(2026, 12, 7), date(2026, 12, 7), None, ReturnState.LATE_ON_ITS_WAY, 1),
        (date(2026, 12, 9), date(2026, 12, 7), None, ReturnState.LATE_ON_ITS_WAY, 3),
        (date(2026, 12, 8), date(2026, 12, 9), None, ReturnState.NOT_SENT, 2),
        (date(2026, 12, 8), date(2026, 12, 7), date(2026, 12, 9), ReturnState.LATE_ON_ITS_WAY, 2),
        (date(2026, 12, 9), date(2026, 12, 7), date(2026, 12, 9), ReturnState.RECEIVED, 0),
        (date(2026, 12, 9), None, date(2026, 12, 9), ReturnState.RECEIVED, 0),
        (date(2026, 12, 8), None, date(2026, 12, 9), ReturnState.NOT_SENT, 2),
    ],
)
def test_a_return_stands_as_it_did_on_that_day(
    as_of: date, sent_on: date | None, received_on: date | None, state: ReturnState, days: int
) -> None:
    standing = overdue(DUE, as_of, CALENDAR, sent_on=sent_on, received_on=received_on)
    assert standing == ReturnStanding(state, days)
    assert standing.is_overdue is (days > 0)


def test_ageing_buckets() -> None:
    edges = {1: "1-5", 5: "1-5", 6: "6-10", 10: "6-10", 11: "11-30", 30: "11-30", 31: "over_30", 4000: "over_30"}
    assert {days: ageing_bucket(days) for days in edges} == {days: AgeingBucket(name) for days, name in edges.items()}
    with pytest.raises(ValueError, match="only an overdue return"):
        ageing_bucket(0)
