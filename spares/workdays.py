"""Working days and working hours of a place, as arithmetic. The days themselves are an argument.

A `Calendar` says which days a place works and between which local times it is open. When it is made it lays out every
day of the years it covers in a few arrays, such as how many working days come before each day, and the instant at which
the n-th working day opens. Every question is then a handful of look-ups, whatever the length of the span.

Instants go in aware, in any zone, and come out aware in UTC, exact to the microsecond. Days are the place's local
dates. A naive datetime is a programmer's error (TypeError or ValueError); a day outside the years covered is refused
with Invalid("date_out_of_range"), facts `value`, `first` and `last`.
"""

from bisect import bisect_left, bisect_right
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

_NOTHING = timedelta()
_AMOUNTS_KEPT = 1000


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

    _first: int = field(init=False, repr=False, compare=False)  # ordinal of the first day covered
    _before: list[int] = field(init=False, repr=False, compare=False)  # working days before the day of this index
    _days: list[int] = field(init=False, repr=False, compare=False)  # index of the n-th working day
    _provisional: list[int] = field(init=False, repr=False, compare=False)
    _start: datetime = field(init=False, repr=False, compare=False)  # the first local midnight covered, in UTC
    _end: datetime = field(init=False, repr=False, compare=False)  # the local midnight after the last day, in UTC
    _openings: list[datetime] = field(init=False, repr=False, compare=False)  # when the n-th working day opens, in UTC
    _over: list[int] = field(init=False, repr=False, compare=False)  # working days over by n times 24 h from _start
    _length: timedelta = field(init=False, repr=False, compare=False)  # open time of a working day
    _parts: dict[timedelta, tuple[int, timedelta]] = field(init=False, repr=False, compare=False)  # see _part

    def __post_init__(self) -> None:
        if self.first_year > self.last_year or self.opens >= self.closes:
            raise ValueError("a calendar needs at least one year, and opening hours that end after they begin")
        if self.open_days & (self.holidays | self.closed_days):
            raise ValueError("a day cannot be both open and closed")
        first, last = date(self.first_year, 1, 1), date(self.last_year, 12, 31)
        worked = _worked_days(self, first, last)
        numbers = [index for index, works in enumerate(worked) if works]
        openings = _openings(self, first, last, numbers)
        start = datetime.combine(first, time(), self.tz).astimezone(UTC)
        end = (datetime.combine(last, time(), self.tz) + timedelta(days=1)).astimezone(UTC)
        length = datetime.combine(first, self.closes) - datetime.combine(first, self.opens)
        tables = {
            "_first": first.toordinal(),
            "_before": list(accumulate(worked, initial=0)),
            "_days": numbers,
            "_provisional": sorted(self.provisional_years),
            "_start": start,
            "_end": end,
            "_openings": openings,
            "_over": _over(start, end, openings, length),
            "_length": length,
            "_parts": {},
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
        return self._checked(instant).astimezone(self.tz)

    def local_day(self, instant: datetime) -> date:
        """The place's date at that instant."""
        return self.local(instant).date()

    def at(self, day: date, clock: time) -> datetime:
        """The instant, in UTC, at which the place's clocks show that time of that day."""
        self._index(day)
        return datetime.combine(day, clock, self.tz).astimezone(UTC)

    def add_working_time(self, instant: datetime, amount: timedelta) -> datetime:
        """The earliest instant at which that much open time has passed since `instant`.

        Eight hours from Monday 09:00 therefore end on Monday at 17:00, not on Tuesday at 09:00. No time at all ends at
        the instant itself, open or closed. A negative amount is a programmer's error (ValueError)."""
        if instant.tzinfo is not UTC:
            instant = self._in_utc(instant)
        if not amount:
            return self._checked(instant)
        try:
            days, rest = self._parts[amount]
        except KeyError:
            days, rest = self._part(amount)
        since = (instant - self._start).days
        if since < 0:
            self._refuse(instant)
        openings, length = self._openings, self._length
        try:
            number = self._over[since]
            while (passed := instant - openings[number]) > length:
                number += 1
            if passed > _NOTHING:
                rest += passed
                if rest > length:
                    return openings[number + days + 1] + (rest - length)
            return openings[number + days] + rest
        except IndexError:
            self._refuse(instant)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """The open time from one instant to the other; negative when the second is earlier."""
        (from_number, from_passed), (to_number, to_passed) = self._position(start), self._position(end)
        return (to_number - from_number) * self._length + to_passed - from_passed

    # The arrays behind them

    def _position(self, instant: datetime) -> tuple[int, timedelta]:
        """The number of the first working day that is not over at that instant, and how long it has been open."""
        number = self._over[(self._checked(instant) - self._start).days]
        while number < len(self._openings):
            passed = instant - self._openings[number]
            if passed <= self._length:
                return number, passed if passed > _NOTHING else _NOTHING
            number += 1
        return number, _NOTHING

    def _in_utc(self, instant: datetime) -> datetime:
        return self._checked(instant).astimezone(UTC)

    def _checked(self, instant: datetime) -> datetime:
        if not self._start <= instant < self._end:
            self._refuse(instant)
        return instant

    def _part(self, amount: timedelta) -> tuple[int, timedelta]:
        """An amount as whole working days and a rest, which is at most a day, and never nothing.

        Few amounts are ever asked for (72 hours, 8, 24, 1), and so the division is done once for each."""
        if amount < _NOTHING:
            raise ValueError("working time is added forwards only")
        days, rest = divmod(amount, self._length)
        parts = (days, rest) if rest else (days - 1, self._length)
        if len(self._parts) < _AMOUNTS_KEPT:
            self._parts[amount] = parts
        return parts

    def _index(self, day: date) -> int:
        index = day.toordinal() - self._first
        if not 0 <= index < len(self._before) - 1:
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


def _worked_days(calendar: Calendar, first: date, last: date) -> bytearray:
    """One byte a day: 1 for a working day."""
    origin, span = first.toordinal(), (last - first).days + 1
    week = bytes((first.weekday() + offset) % 7 in calendar.working_weekdays for offset in range(7))
    worked = bytearray((week * (span // 7 + 1))[:span])
    for days, status in ((calendar.holidays | calendar.closed_days, 0), (calendar.open_days, 1)):
        for day in days:
            if first <= day <= last:
                worked[day.toordinal() - origin] = status
    return worked


def _openings(calendar: Calendar, first: date, last: date, numbers: list[int]) -> list[datetime]:
    """The opening of each of those days, in UTC."""
    earliest = datetime.combine(first, calendar.opens, calendar.tz).astimezone(UTC)
    if _has_one_offset(calendar.tz, first, last, calendar.opens, calendar.closes):
        return [earliest + timedelta(index) for index in numbers]
    local = (datetime.combine(first + timedelta(index), calendar.opens, calendar.tz) for index in numbers)
    return [opening.astimezone(UTC) for opening in local]


def _over(start: datetime, end: datetime, openings: list[datetime], length: timedelta) -> list[int]:
    """How many working days are over at `start`, 24 hours later, 48 hours later and so on up to `end`.

    Local days are not always 24 hours long, and so this only says where to begin to look."""
    closed = [0] * ((end - start).days + 2)
    for opening in openings:
        closed[(opening + length - start).days + 1] += 1
    return list(accumulate(closed))


@lru_cache(maxsize=32)
def _has_one_offset(tz: ZoneInfo, first: date, last: date, opens: time, closes: time) -> bool:
    """Whether local time is UTC plus the same amount in all those years: so the zone need not be asked daily."""
    offsets = set()
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        opening, closing = (datetime.combine(day, clock, tz).utcoffset() for clock in (opens, closes))
        if opening != closing:
            raise ValueError(f"the clocks of {tz} change during opening hours on {day}")
        offsets.add(opening)
    return len(offsets) == 1
