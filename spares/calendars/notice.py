"""The State Council's notice of a year as rows, and what makes it acceptable. docs/calendar.md describes the file.

A notice names the days off, weekend days among them, and the make-up workdays: weekend days worked in exchange. It may
reach back into the last week of the year before, since the New Year holiday does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from spares.calendars.chinese_holidays import FIRST_YEAR, LAST_YEAR
from spares.errors import Invalid

MOST_ROWS = 120
NAME_LENGTH = 100
FIXED_DAYS_OFF = ((1, 1), (5, 1), (10, 1))
"""Month and day of the statutory holidays that fall on the same date every year."""


class NoticeStatus(StrEnum):
    """What the notice says of a day."""

    OFF = "off"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One row. `line` is its line in the file it came from, 0 if it came from none."""

    day: date
    status: NoticeStatus
    name: str
    line: int = 0


class NoticeRefused(Invalid):
    """The notice cannot be taken; `problems` says of every bad row what is wrong with it."""

    def __init__(self, problems: Sequence[Invalid]) -> None:
        super().__init__("notice_refused", field="file", count=len(problems))
        self.problems = list(problems)


def check_year(year: int) -> None:
    """Raises Invalid("year_out_of_range") for a year that no calendar here covers."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid("year_out_of_range", field="year", first=FIRST_YEAR, last=LAST_YEAR)


def check(year: int, days: Sequence[NoticeDay]) -> None:
    """Raises NoticeRefused with every problem at once, and Invalid for a year out of range."""
    check_year(year)
    if not days:
        raise NoticeRefused([Invalid("notice_empty")])
    if len(days) > MOST_ROWS:
        raise NoticeRefused([Invalid("notice_too_long", limit=MOST_ROWS)])
    problems = list(_problems(year, days))
    if problems:
        raise NoticeRefused(problems)


def unnamed_fixed_days(year: int, days: Sequence[NoticeDay]) -> list[date]:
    """The fixed statutory holidays that the rows do not name as off: a sign that the list is not complete."""
    off = {row.day for row in days if row.status is NoticeStatus.OFF}
    return [day for month, number in FIXED_DAYS_OFF if (day := date(year, month, number)) not in off]


def _problems(year: int, days: Sequence[NoticeDay]) -> Iterator[Invalid]:
    first, last = date(year - 1, 12, 25), date(year, 12, 31)
    seen: dict[date, int] = {}
    for row in days:
        if not first <= row.day <= last:
            yield Invalid("notice_day_outside", line=row.line, day=row.day, first=first, last=last)
        elif row.day in seen:
            yield Invalid("notice_day_repeated", line=row.line, day=row.day, earlier=seen[row.day])
        elif row.status is NoticeStatus.WORK and row.day.weekday() < 5:
            yield Invalid("notice_work_on_weekday", line=row.line, day=row.day)
        elif len(row.name) > NAME_LENGTH:
            yield Invalid("notice_name_too_long", line=row.line, limit=NAME_LENGTH)
        seen.setdefault(row.day, row.line)
