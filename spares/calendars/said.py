"""What was said of days, by hand or by an imported notice: all of it is kept, the last word counts.

Every word carries the instant it was recorded at, so that the days can be had as they were known at an earlier one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from spares.calendars.models import DayStatus
from spares.workdays import Calendar


@dataclass(frozen=True)
class Word:
    """What counts of a day that somebody entered by hand or that a notice names."""

    status: DayStatus
    reason: str


class SaidOfDay(NamedTuple):
    """One word about one day, for one depot or (None) for all; `notice_id` of the notice that names the day, if one does."""

    depot_id: int | None
    day: date
    status: DayStatus
    reason: str
    notice_id: int | None
    set_at: datetime


class NoticeOfYear(NamedTuple):
    """One import of a year's notice."""

    id: int
    year: int
    imported_at: datetime


@dataclass(frozen=True)
class Said:
    """The words that count. `by_hand` has a mapping for each depot, and one under None for all; `calendars` keeps what
    was made of them."""

    by_hand: Mapping[int | None, Mapping[date, Word]]
    notices: Mapping[int, Mapping[date, Word]]
    calendars: dict[tuple[Any, ...], Calendar] = field(default_factory=dict)

    def words(self, depot_id: int | None) -> Mapping[date, Word]:
        """The days entered by hand that count for the depot, words for all depots included."""
        return {**self.by_hand.get(None, {}), **self.by_hand.get(depot_id, {})}


@dataclass(frozen=True)
class Record:
    """All that was ever said, the oldest first, and what of it counts now."""

    days: Sequence[SaidOfDay]
    notices: Sequence[NoticeOfYear]
    now: Said

    def as_known_at(self, instant: datetime) -> Said:
        """What counted with all that had been recorded by then."""
        days = [one for one in self.days if one.set_at <= instant]
        if len(days) == len(self.days):
            return self.now  # a notice names at least one day
        return what_counts(days, [one for one in self.notices if one.imported_at <= instant])


def what_counts(days: Sequence[SaidOfDay], notices: Sequence[NoticeOfYear]) -> Said:
    """The last word on each day, and of each year the newest notice. `DayStatus.LIBRARY` takes a word by hand back."""
    newest = {one.year: one.id for one in notices}
    year_of = {notice_id: year for year, notice_id in newest.items()}
    by_hand: dict[int | None, dict[date, Word]] = {}
    noticed: dict[int, dict[date, Word]] = {year: {} for year in newest}
    for one in days:
        if one.notice_id is None:
            mine = by_hand.setdefault(one.depot_id, {})
            if one.status is DayStatus.LIBRARY:
                mine.pop(one.day, None)
            else:
                mine[one.day] = Word(one.status, one.reason)
        elif one.notice_id in year_of:
            noticed[year_of[one.notice_id]][one.day] = Word(one.status, one.reason)
    return Said(by_hand, noticed)
