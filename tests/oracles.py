"""Other ways to count the deadlines, slow and simple, to hold the product's answers against.

Nothing here uses the product. Days are walked one at a time (or minutes, in `minute_walk`), local time in China is UTC
plus eight hours, and whether a day is worked comes from one of two sources: the `holidays` library asked day by day, or
the package `chinesecalendar`, which keeps its own transcription of the State Council's notices (up to 2026).
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from functools import cache

import chinese_calendar
import holidays

Works = Callable[[date], bool]

CHINA = timezone(timedelta(hours=8))
ONE_DAY = timedelta(days=1)

_LIBRARY = holidays.country_holidays("CN", years=range(2017, 2029))


def library_works(makeup: str) -> Works:
    """Worked days according to the `holidays` library."""

    @cache
    def works(day: date) -> bool:
        if day.weekday() >= 5:
            return makeup == "open" and day in _LIBRARY.weekend_workdays
        return day not in _LIBRARY

    return works


def notices_work(makeup: str) -> Works:
    """Worked days according to `chinesecalendar`."""

    @cache
    def works(day: date) -> bool:
        return chinese_calendar.is_workday(day) and (makeup == "open" or day.weekday() < 5)

    return works


def every_day(_day: date) -> bool:
    return True


def hours_walk(at: datetime, hours: int, works: Works) -> datetime:
    """Takes the open part of one day after the other off what is left."""
    here = at.astimezone(CHINA)
    left = timedelta(hours=hours)
    day = here.date()
    while True:
        if works(day):
            begin = max(here, datetime.combine(day, time(9), CHINA))
            end = datetime.combine(day, time(17), CHINA)
            if begin < end:
                if left <= end - begin:
                    return begin + left
                left -= end - begin
        day += ONE_DAY


def minute_walk(at: datetime, hours: int, works: Works) -> datetime:
    """Looks at every minute; only for an `at` that is a whole minute."""
    here = at.astimezone(CHINA)
    left = hours * 60
    while left:
        if 9 <= here.hour < 17 and works(here.date()):
            left -= 1
        here += timedelta(minutes=1)
    return here


def dispatch_walk(at: datetime, works: Works) -> tuple[datetime, str]:
    here = at.astimezone(CHINA)
    if works(here.date()) and here.hour < 14:
        return here.replace(hour=17, minute=0, second=0, microsecond=0), "same_day"
    day = here.date() + ONE_DAY
    while not works(day):
        day += ONE_DAY
    return datetime(day.year, day.month, day.day, 12, tzinfo=CHINA), "next_morning"


def return_walk(at: datetime, works: Works) -> date:
    day = at.astimezone(CHINA).date()
    counted = 0
    while counted < 10:
        day += ONE_DAY
        counted += works(day)
    return day


def expected(kind: str, at: datetime, works: Works) -> tuple[str, str]:
    """The cells `due` and `note` of a re-counted row."""
    if kind == "dispatch":
        due, note = dispatch_walk(at, works)
        return due.isoformat(), note
    if kind == "return10d":
        return return_walk(at, works).isoformat(), ""
    hours = int("".join(letter for letter in kind if letter.isdigit()))
    return hours_walk(at, hours, every_day if kind.startswith("confirm") else works).isoformat(), ""
