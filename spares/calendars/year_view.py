"""A depot's year at a glance: what every day is, whether it is worked, and who says so."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

import holidays

from spares.calendars import queries
from spares.calendars.chinese_holidays import chinese_calendar
from spares.calendars.models import DayStatus, Depot
from spares.calendars.notice import NoticeDay, NoticeStatus, check_year
from spares.calendars.said import Word
from spares.workdays import Calendar

_AMERICAN_DATE = re.compile(r"(\d\d)/(\d\d)/(\d{4})")


class DayKind(StrEnum):
    """Why a day is worked or not. A make-up day is worked where the depot opens them."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class DayView:
    """One day. `name_zh` and `name_en` name the holiday or say what a make-up day makes up for; `reason` is that of the
    word entered by hand."""

    day: date
    kind: DayKind
    works: bool
    name_zh: str = ""
    name_en: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class YearView:
    """Twelve months of days. Provisional: the year's notice is not published, its holidays are an estimate."""

    year: int
    provisional: bool
    months: tuple[tuple[DayView, ...], ...]

    @property
    def days(self) -> tuple[DayView, ...]:
        return tuple(day for month in self.months for day in month)

    @property
    def working_days(self) -> int:
        return sum(day.works for day in self.days)


@dataclass(frozen=True, slots=True)
class Change:
    """A day that a notice would turn from worked to not worked, or the other way round, where make-up days are worked
    and nothing was said by hand."""

    day: date
    will_work: bool
    name: str


def year_view(depot: Depot, year: int) -> YearView:
    """Raises Invalid("year_out_of_range")."""
    check_year(year)
    calendar = queries.depot_calendar(depot)
    by_hand = queries.words(depot.id)
    named = _named(year)
    months = tuple(tuple(_day(day, calendar, by_hand, named) for day in _month(year, month)) for month in range(1, 13))
    return YearView(year, year in calendar.provisional_years, months)


def notice_changes(year: int, days: list[NoticeDay]) -> list[Change]:
    """What of the working days a notice would change, compared with what is known now."""
    known = {
        number: {day: word.status is DayStatus.OPEN for day, word in said.items()}
        for number, said in queries.notices().items()
    }
    coming = known | {year: {row.day: row.status is NoticeStatus.WORK for row in days}}
    before, after = chinese_calendar(True, notices=known), chinese_calendar(True, notices=coming)
    names = {row.day: row.name for row in days}
    touched = [day for month in range(1, 13) for day in _month(year, month)]
    touched = sorted({*touched, *names, *(queries.notice_days(year) or {})})
    return [
        Change(day, after.is_working_day(day), names.get(day, ""))
        for day in touched
        if before.is_working_day(day) != after.is_working_day(day)
    ]


@dataclass(frozen=True, slots=True)
class _Named:
    kind: DayKind
    name_zh: str
    name_en: str


def _day(day: date, calendar: Calendar, by_hand: Mapping[date, Word], named: Mapping[date, _Named]) -> DayView:
    works = calendar.is_working_day(day)
    name = named.get(day)
    zh, en = (name.name_zh, name.name_en) if name else ("", "")
    word = by_hand.get(day)
    if word is not None:
        kind = DayKind.OPENED if word.status is DayStatus.OPEN else DayKind.CLOSED
        return DayView(day, kind, works, zh, en, word.reason)
    if name is not None:
        return DayView(day, name.kind, works, zh, en)
    return DayView(day, DayKind.WEEKEND if day.weekday() > 4 else DayKind.WORKING, works)


def _named(year: int) -> dict[date, _Named]:
    """The year's holidays and make-up days: those of its notice, else the library's; over them those that the next
    year's notice names of its last week."""
    library = _library(year)
    own = queries.notice_days(year)
    found = dict(library) if own is None else {}
    for said in (own or {}, queries.notice_days(year + 1) or {}):
        for day, word in said.items():
            if day.year == year:
                known = library.get(day)
                kind = DayKind.MAKEUP if word.status is DayStatus.OPEN else DayKind.HOLIDAY
                english = known.name_en if known is not None and known.kind is kind else word.reason
                found[day] = _Named(kind, word.reason or (known.name_zh if known else ""), english)
    return found


@lru_cache(maxsize=32)
def _library(year: int) -> Mapping[date, _Named]:
    chinese, english = (
        holidays.country_holidays("CN", years=year, expand=False, language=language) for language in ("zh_CN", "en_US")
    )
    found = {
        day: _Named(DayKind.HOLIDAY, name, _AMERICAN_DATE.sub(r"\3-\1-\2", english[day]))
        for day, name in chinese.items()
    }
    for day in chinese.weekend_workdays:
        if day.year == year:
            found[day] = _Named(DayKind.MAKEUP, "调休上班", "Make-up workday")
    return found


def _month(year: int, month: int) -> list[date]:
    return [date(year, month, number) for number in range(1, monthrange(year, month)[1] + 1)]
