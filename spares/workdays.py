"""Working days and working hours of a place, as arithmetic. The days themselves are an argument.

A `Calendar` says which days a place works and between which local times it is open. When it is made it lays out every
day of the years it covers in two arrays: how many working days come before each day, and which day is the n-th working
day. Every question is then a handful of look-ups, whatever the length of the span.

Instants go in aware, in any zone, and come out aware in UTC, exact to the microsecond. Days are the place's local
dates. A naive datetime is a programmer's error (TypeError or ValueError); a day outside the years covered is refused
with Invalid("date_out_of_range"), facts `value`, `first` and `last`.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from typing import NoReturn
from zoneinfo import ZoneInfo

from spares.errors import Invalid

MONDAY_TO_FRIDAY = frozenset(range(5))
EVERY_WEEKDAY = frozenset(range(7))

_SECOND = 1_000_000


class DayStatus(StrEnum):
    """Why a day is worked or not."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"  # closed by the government, weekend days of a holiday included
    CLOSED = "closed"  # closed by hand: stocktake, flood


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days and opening hours of one place, for the years `first_year` to `last_year`.

    A day is worked if it is in `open_days`, or if its weekday (Monday is 0) is in `working_weekdays` and it is neither
    a holiday nor closed by hand. `provisional_years` are those whose days are still an estimate.

    Opening hours are read as wall-clock time, and so the place's clocks may not change while it is open (ValueError).
    """

    tz: ZoneInfo
    first_year: int
    last_year: int
    holidays: frozenset[date] = frozenset()
    closed_days: frozenset[date] = frozenset()
    open_days: frozenset[date] = frozenset()
    working_weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    provisional_years: frozenset[int] = frozenset()
    opens: time = time(9)
    closes: time = time(17)

    _start: datetime = field(init=False, repr=False, compare=False)  # the first local midnight covered, in UTC
    _fixed: bool = field(init=False, repr=False, compare=False)  # one UTC offset for all of the years covered
    _first: int = field(init=False, repr=False, compare=False)  # ordinal of the first day covered
    _span: int = field(init=False, repr=False, compare=False)  # number of days covered
    _before: list[int] = field(init=False, repr=False, compare=False)  # working days before the day of this index
    _days: list[int] = field(init=False, repr=False, compare=False)  # index of the n-th working day
    _open: int = field(init=False, repr=False, compare=False)  # opening time, microseconds after midnight
    _length: int = field(init=False, repr=False, compare=False)  # microseconds open on a working day
    _provisional: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.first_year > self.last_year or self.opens >= self.closes:
            raise ValueError("a calendar needs at least one year, and opening hours that end after they begin")
        if self.open_days & (self.holidays | self.closed_days):
            raise ValueError("a day cannot be both open and closed")
        first = date(self.first_year, 1, 1).toordinal()
        span = date(self.last_year, 12, 31).toordinal() - first + 1
        worked = _worked_days(self, first, span)
        midnight = datetime(self.first_year, 1, 1, tzinfo=self.tz).astimezone(UTC)
        tables = {
            "_start": midnight,
            "_fixed": _has_one_offset(self.tz, self.first_year, self.last_year, self.opens, self.closes),
            "_first": first,
            "_span": span,
            "_before": list(accumulate(worked, initial=0)),
            "_days": [index for index in range(span) if worked[index]],
            "_open": _microseconds(self.opens),
            "_length": _microseconds(self.closes) - _microseconds(self.opens),
            "_provisional": sorted(self.provisional_years),
        }
        for name, value in tables.items():
            object.__setattr__(self, name, value)

    # Days

    def is_working_day(self, day: date) -> bool:
        index = self._index(day)
        return self._before[index] != self._before[index + 1]

    def status(self, day: date) -> DayStatus:
        """Why the day is worked or not. What was entered by hand outranks a holiday, a holiday outranks a weekend."""
        if self.is_working_day(day):
            return DayStatus.WORKING
        if day in self.closed_days:
            return DayStatus.CLOSED
        return DayStatus.HOLIDAY if day in self.holidays else DayStatus.WEEKEND

    def next_working_day(self, day: date) -> date:
        """The first working day strictly after `day`."""
        return self._nth(self._before[self._index(day) + 1])

    def first_working_day_on_or_after(self, day: date) -> date:
        return self._nth(self._before[self._index(day)])

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after `day` (the next one is the first); before it for n < 0; `day` for 0."""
        index = self._index(day)
        if n == 0:
            return day
        return self._nth(self._before[index + 1] + n - 1 if n > 0 else self._before[index] + n)

    def working_days_between(self, after: date, until: date) -> int:
        """How many working days lie after the first day up to and including the second; negative when it is earlier."""
        return self._before[self._index(until) + 1] - self._before[self._index(after) + 1]

    def is_provisional(self, one: date, other: date) -> bool:
        """Whether a day from one to the other, both included, lies in a year whose days are still an estimate."""
        low, high = (one, other) if one <= other else (other, one)
        return bisect_left(self._provisional, low.year) != bisect_right(self._provisional, high.year)

    # Instants

    def local(self, instant: datetime) -> datetime:
        """The same instant on the place's clocks."""
        self._split(instant)
        return instant.astimezone(self.tz)

    def local_day(self, instant: datetime) -> date:
        """The place's date at that instant."""
        return date.fromordinal(self._first + self._split(instant)[0])

    def at(self, day: date, clock: time) -> datetime:
        """The instant, in UTC, at which the place's clocks show that time of that day."""
        return self._instant(self._index(day), _microseconds(clock))

    def add_working_time(self, instant: datetime, amount: timedelta) -> datetime:
        """The earliest instant at which that much open time has passed since `instant`.

        Eight hours from Monday 09:00 therefore end on Monday at 17:00, not on Tuesday at 09:00. No time at all ends at
        the instant itself, open or closed. A negative amount is a programmer's error (ValueError)."""
        index, clock = self._split(instant)
        wanted = (amount.days * 86_400 + amount.seconds) * _SECOND + amount.microseconds
        if wanted <= 0:
            if wanted < 0:
                raise ValueError("working time is added forwards only")
            return instant.astimezone(UTC)
        days, rest = divmod(self._passed(index, clock) + wanted, self._length)
        if rest == 0:
            days, rest = days - 1, self._length
        if days >= len(self._days):
            self._refuse(instant)
        return self._instant(self._days[days], self._open + rest)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """The open time from one instant to the other; negative when the second is earlier."""
        return timedelta(microseconds=self._passed(*self._split(end)) - self._passed(*self._split(start)))

    # The arrays behind them

    def _passed(self, index: int, clock: int) -> int:
        """Open microseconds from the first day covered to that local moment."""
        worked = self._before[index]
        if worked == self._before[index + 1]:
            return worked * self._length
        return worked * self._length + min(max(clock - self._open, 0), self._length)

    def _split(self, instant: datetime) -> tuple[int, int]:
        """The day's index and the microseconds on the place's clocks since midnight."""
        gone = instant - self._start
        index = gone.days
        if not self._fixed and -2 < index < self._span + 1:
            local = instant.astimezone(self.tz)
            index = local.toordinal() - self._first
            gone = timedelta(microseconds=_microseconds(local.time()))
        if not 0 <= index < self._span:
            self._refuse(instant)
        return index, gone.seconds * _SECOND + gone.microseconds

    def _instant(self, index: int, clock: int) -> datetime:
        if self._fixed:
            return self._start + timedelta(index, 0, clock)
        wall = datetime.combine(date.fromordinal(self._first + index), time()) + timedelta(microseconds=clock)
        return wall.replace(tzinfo=self.tz).astimezone(UTC)

    def _index(self, day: date) -> int:
        index = day.toordinal() - self._first
        if not 0 <= index < self._span:
            self._refuse(day)
        return index

    def _nth(self, number: int) -> date:
        if not 0 <= number < len(self._days):
            self._refuse(None)
        return date.fromordinal(self._first + self._days[number])

    def _refuse(self, value: date | None) -> NoReturn:
        """`value` is the day or instant asked about, or None where the answer itself lies outside."""
        first, last = date(self.first_year, 1, 1), date(self.last_year, 12, 31)
        raise Invalid("date_out_of_range", value=value, first=first, last=last)


@lru_cache(maxsize=32)
def seven_day_calendar(tz: ZoneInfo, first_year: int, last_year: int, opens: time, closes: time) -> Calendar:
    """A place open every day of the year at the same hours, holidays included."""
    return Calendar(tz, first_year, last_year, working_weekdays=EVERY_WEEKDAY, opens=opens, closes=closes)


def _worked_days(calendar: Calendar, first: int, span: int) -> bytearray:
    """One byte a day: 1 for a working day."""
    weekday = date.fromordinal(first).weekday()
    week = bytes((weekday + offset) % 7 in calendar.working_weekdays for offset in range(7))
    worked = bytearray((week * (span // 7 + 1))[:span])
    for days, status in ((calendar.holidays | calendar.closed_days, 0), (calendar.open_days, 1)):
        for day in days:
            if 0 <= day.toordinal() - first < span:
                worked[day.toordinal() - first] = status
    return worked


@lru_cache(maxsize=32)
def _has_one_offset(tz: ZoneInfo, first_year: int, last_year: int, opens: time, closes: time) -> bool:
    """Whether local time is UTC plus the same amount in all those years: then no zone need be asked again."""
    offsets = set()
    for day in _days_from(date(first_year, 1, 1), date(last_year, 12, 31)):
        opening, closing = (datetime.combine(day, clock, tz).utcoffset() for clock in (opens, closes))
        if opening != closing:
            raise ValueError(f"the clocks of {tz} change during opening hours on {day}")
        offsets.add(opening)
    return len(offsets) == 1


def _days_from(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(ordinal) for ordinal in range(first.toordinal(), last.toordinal() + 1))


def _microseconds(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * _SECOND + clock.microsecond
