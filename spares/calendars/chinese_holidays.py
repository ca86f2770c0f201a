"""A Chinese depot's days: the `holidays` library, over it the imported notices, over those what people entered by hand.

The State Council's notice for a year comes out in late autumn of the year before. It names the days off and the
make-up workdays: weekend days worked in exchange (调休). The library has the notices from 2001 on. For a year whose
notice it lacks it estimates the statutory days alone, and so the year is provisional until a notice is imported.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from spares.workdays import Calendar

FIRST_YEAR = 2001  # the first year whose notice the library has; earlier ones are guesses that nobody needs
LAST_YEAR = 2100  # the last year for which the library computes the lunar holidays

SHANGHAI = ZoneInfo("Asia/Shanghai")


def chinese_calendar(
    makeup_open: bool,
    overrides: Mapping[date, bool] | None = None,
    *,
    notices: Mapping[int, Mapping[date, bool]] | None = None,
    published_years_extra: Collection[int] = (),
    tz: ZoneInfo = SHANGHAI,
    opens: time = time(9),
    closes: time = time(17),
) -> Calendar:
    """The calendar of a depot in China. Equal arguments give the same calendar, made once.

    `makeup_open`: whether make-up weekend days are worked. `overrides`: days entered by hand, True for open and False
    for closed; they outrank everything. `notices`: for a year, every day that its notice names, True for a make-up
    workday and False for a day off. A notice replaces all that the library says of its year, may name days of the last
    week of the year before, and makes its year published; `published_years_extra` names years published otherwise.
    """
    return _calendar(
        makeup_open,
        frozenset((overrides or {}).items()),
        tuple(sorted((year, frozenset(days.items())) for year, days in (notices or {}).items())),
        frozenset(published_years_extra),
        (tz, opens, closes),
    )


@dataclass(frozen=True, slots=True)
class _Year:
    off: frozenset[date]
    makeup: frozenset[date]


@lru_cache(maxsize=1)
def _library() -> dict[int, _Year]:
    """What the library says of each year. It repeats some make-up workdays under every year: a year's own count."""
    years = {}
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        days = holidays.country_holidays("CN", years=year, expand=False)
        years[year] = _Year(frozenset(days), frozenset(day for day in days.weekend_workdays if day.year == year))
    return years


@lru_cache(maxsize=1)
def published_years() -> frozenset[int]:
    """The years whose notice the library has. Every notice so far has paid for its long holidays with make-up workdays,
    an estimate never has any: a year counts as published if the library names a make-up workday in it."""
    return frozenset(year for year, days in _library().items() if days.makeup)


@lru_cache(maxsize=64)
def _calendar(
    makeup_open: bool,
    overrides: frozenset[tuple[date, bool]],
    notices: tuple[tuple[int, frozenset[tuple[date, bool]]], ...],
    published_years_extra: frozenset[int],
    place: tuple[ZoneInfo, time, time],
) -> Calendar:
    off: set[date] = set()
    makeup: set[date] = set()
    noticed = {year for year, _ in notices}
    for year, known in _library().items():
        if year not in noticed:
            off |= known.off
            makeup |= known.makeup
    for _, days in notices:
        for day, worked in days:
            (makeup if worked else off).add(day)
            (off if worked else makeup).discard(day)
    opened = {day for day, is_open in overrides if is_open}
    closed = {day for day, is_open in overrides if not is_open}
    published = published_years() | noticed | published_years_extra
    tz, opens, closes = place
    return Calendar(
        tz,
        FIRST_YEAR,
        LAST_YEAR,
        holidays=frozenset(off - opened),
        closed_days=frozenset(closed),
        open_days=frozenset(opened | ((makeup - closed) if makeup_open else set())),
        provisional_years=frozenset(range(FIRST_YEAR, LAST_YEAR + 1)) - published,
        opens=opens,
        closes=closes,
    )
