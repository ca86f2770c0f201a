"""Depots, and the calendar that each of them works by.

A day is decided by the first of these that says something of it: the newest word for the depot, the newest word for
all depots, the newest imported notice of the year, the holidays library. `DayStatus.LIBRARY` takes back the earlier
words of its own kind alone: after it for a depot, a word for all depots counts again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, or_, select

from spares.calendars.chinese_holidays import FIRST_YEAR, LAST_YEAR, chinese_calendar
from spares.calendars.models import DayOverride, DayStatus, Depot, YearNotice
from spares.db import is_writing, session
from spares.errors import NotFound
from spares.workdays import Calendar, seven_day_calendar

FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)
CONFIRMATION_OPENS, CONFIRMATION_CLOSES = time(9), time(17)  # the specification's 7x8 hours, whatever a depot's are

T = TypeVar("T")
READ = "spares_calendar_reads"

Fingerprint = tuple[int, int, int, int]
"""Which words and notices there are: the newest id of each table, and how many rows it has. Both, since two writers may
commit out of the order of their ids."""


@dataclass(frozen=True)
class Word:
    """What counts of a day that somebody entered by hand or that a notice names."""

    status: DayStatus
    reason: str


@dataclass(frozen=True)
class _Said:
    """All that was said of days, the last word only. `by_hand` has a mapping for each depot, and one under None for all."""

    by_hand: Mapping[int | None, Mapping[date, Word]]
    notices: Mapping[int, Mapping[date, Word]]
    calendars: dict[tuple[Any, ...], Calendar] = field(default_factory=dict)


def depot(depot_id: int) -> Depot:
    """Raises NotFound."""
    found = session.get(Depot, depot_id)
    if found is None:
        raise NotFound("no_such_depot", id=depot_id)
    return found


def depots() -> Sequence[Depot]:
    """Every depot, the first one made first: it is the default."""
    return _read_once("depots", _depots)


def _depots() -> Sequence[Depot]:
    """With them comes the fingerprint of their days, which is nearly always asked for next."""
    rows = session.execute(select(Depot, *_newest_and_counts()).order_by(Depot.id)).all()
    if rows:
        _read_once("fingerprint", lambda: _as_fingerprint(rows[0][1:]))
    return [row[0] for row in rows]


def default_depot() -> Depot:
    """The depot that is meant where none is named. Raises NotFound("no_depot") before the first one is added."""
    known = depots()
    if not known:
        raise NotFound("no_depot")
    return known[0]


def depot_calendar(depot: Depot) -> Calendar:
    """The working days and hours of `depot` as they stand now. One small statement when nothing has changed."""
    said = _said()
    key = (depot.id, depot.makeup_days_open, depot.time_zone, depot.opens, depot.closes)
    found = said.calendars.get(key)
    if found is None:
        found = said.calendars[key] = chinese_calendar(
            depot.makeup_days_open,
            {day: word.status is DayStatus.OPEN for day, word in _words(said, depot.id).items()},
            notices={
                year: {day: word.status is DayStatus.OPEN for day, word in days.items()}
                for year, days in said.notices.items()
            },
            tz=ZoneInfo(depot.time_zone),
            opens=depot.opens,
            closes=depot.closes,
        )
    return found


def seven_day(depot: Depot) -> Calendar:
    """The days of the fault confirmation clock where `depot` is: all seven, 09:00 to 17:00, holidays included."""
    return seven_day_calendar(ZoneInfo(depot.time_zone), FIRST_YEAR, LAST_YEAR, CONFIRMATION_OPENS, CONFIRMATION_CLOSES)


def words(depot_id: int | None) -> Mapping[date, Word]:
    """The days entered by hand that count for the depot, words for all depots included; None: those for all alone."""
    return _words(_said(), depot_id)


def own_words(depot_id: int | None) -> Mapping[date, Word]:
    """The days entered by hand for just this depot, or for all (None): what `DayStatus.LIBRARY` would take back."""
    return _said().by_hand.get(depot_id, {})


def notices() -> Mapping[int, Mapping[date, Word]]:
    """For every year with an imported notice, the days that the newest one names."""
    return _said().notices


def notice_days(year: int) -> Mapping[date, Word] | None:
    """What the newest imported notice of the year names; None if there is none."""
    return _said().notices.get(year)


def history(depot_id: int | None, first: date, last: date) -> Sequence[DayOverride]:
    """Every word entered by hand for those days that concerns the depot (None: words for all depots alone), the newest
    first."""
    mine = or_(DayOverride.depot_id.is_(None), DayOverride.depot_id == depot_id)
    rows = select(DayOverride).where(DayOverride.day.between(first, last), DayOverride.notice_id.is_(None), mine)
    return session.scalars(rows.order_by(DayOverride.id.desc())).all()


def year_notices(year: int) -> Sequence[YearNotice]:
    """The imports of the year's notice, the newest first: that one counts."""
    return session.scalars(select(YearNotice).where(YearNotice.year == year).order_by(YearNotice.id.desc())).all()


def _words(said: _Said, depot_id: int | None) -> Mapping[date, Word]:
    return {**said.by_hand.get(None, {}), **said.by_hand.get(depot_id, {})}


def _said() -> _Said:
    """The words in force, kept for each process as long as the tables have the same rows. What a transaction sees of its
    own rows is not kept: were it undone, other rows could get the same ids."""
    kept: tuple[Fingerprint, _Said] | None = current_app.extensions.get("spares_days")
    fingerprint = _fingerprint()
    if kept is not None and kept[0] == fingerprint:
        return kept[1]
    said = _load()
    if not is_writing():
        current_app.extensions["spares_days"] = (fingerprint, said)
    return said


def _fingerprint() -> Fingerprint:
    return _read_once("fingerprint", lambda: _as_fingerprint(session.execute(select(*_newest_and_counts())).one()))


def _newest_and_counts() -> list[Any]:
    return [
        select(func.max(DayOverride.id)).scalar_subquery(),
        select(func.count(DayOverride.id)).scalar_subquery(),
        select(func.max(YearNotice.id)).scalar_subquery(),
        select(func.count(YearNotice.id)).scalar_subquery(),
    ]


def _as_fingerprint(row: Sequence[Any]) -> Fingerprint:
    return (row[0] or 0, row[1], row[2] or 0, row[3])


def _read_once(name: str, read: Callable[[], T]) -> T:
    """What `read` finds, asked of the database once in a reading transaction, that is once a page. Inside a
    transaction() it is asked anew each time, since rows may have changed in it."""
    if is_writing():
        return read()
    if name not in _read_so_far():
        found = read()
        _read_so_far()[name] = found
    kept: T = _read_so_far()[name]
    return kept


def _read_so_far() -> dict[str, Any]:
    """Of the session's transaction; what was read in an earlier one is forgotten. Nothing is kept before one has begun."""
    transaction = session().get_transaction()
    kept = session.info.get(READ)
    if kept is None or kept[0] is not transaction:
        kept = session.info[READ] = (transaction, {})
    known: dict[str, Any] = kept[1]
    return known


def _load() -> _Said:
    per_year = select(YearNotice.year, func.max(YearNotice.id)).group_by(YearNotice.year)
    newest = {year: notice for year, notice in session.execute(per_year)}  # noqa: C416 - dict() hides the types
    year_of = {notice: year for year, notice in newest.items()}
    by_hand: dict[int | None, dict[date, Word]] = {}
    notices: dict[int, dict[date, Word]] = {year: {} for year in newest}
    for row in _rows():
        if row.notice_id is None:
            days = by_hand.setdefault(row.depot_id, {})
            if row.status is DayStatus.LIBRARY:
                days.pop(row.day, None)
            else:
                days[row.day] = Word(row.status, row.reason)
        elif row.notice_id in year_of:
            notices[year_of[row.notice_id]][row.day] = Word(row.status, row.reason)
    return _Said(by_hand, notices)


def _rows() -> Iterable[Any]:
    columns = (DayOverride.depot_id, DayOverride.day, DayOverride.status, DayOverride.reason, DayOverride.notice_id)
    return session.execute(select(*columns).order_by(DayOverride.id))
