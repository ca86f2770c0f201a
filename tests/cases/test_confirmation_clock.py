from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from spares.cases.confirmation_clock import FaultLevel, confirmation_due, confirmation_mark
from spares.errors import Invalid
from tests.golden import name_of, rows

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("row", rows("confirmation_deadlines.csv"), ids=name_of)
def test_golden_confirmations(row: dict[str, str]) -> None:
    opened_at = datetime.fromisoformat(row["opened_at"])
    for level, column in ((FaultLevel.C1, "c1"), (FaultLevel.C2, "c2"), (FaultLevel.C3, "c3")):
        due_at = confirmation_due(opened_at, level, SHANGHAI)
        assert due_at.astimezone(SHANGHAI).isoformat() == row[column]
        assert due_at.tzinfo is UTC


def test_every_level_has_all_marks_of_the_escalation_table() -> None:
    opened_at = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)
    marks = [confirmation_mark(opened_at, hours, SHANGHAI).astimezone(SHANGHAI) for hours in (1, 8, 24)]
    assert [f"{mark:%d %H}" for mark in marks] == ["23 10", "23 17", "25 17"]


def test_other_hours() -> None:
    due_at = confirmation_due(
        datetime(2026, 11, 23, 19, 30, tzinfo=SHANGHAI), FaultLevel.C1, SHANGHAI, time(8), time(20)
    )
    assert due_at == datetime(2026, 11, 24, 8, 30, tzinfo=SHANGHAI)


def test_refuses_a_mistyped_year() -> None:
    with pytest.raises(Invalid, match="date_out_of_range"):
        confirmation_due(datetime(9999, 12, 31, tzinfo=SHANGHAI), FaultLevel.C1, SHANGHAI)
