"""Depots, and the calendar that each of them works by.

A day is decided by the first of these that says something of it: the newest word for the depot, the newest word for
all depots, the newest imported notice of the year, the holidays library. `DayStatus.LIBRARY` takes back the earlier
words of its own kind alone: after it for a depot, a word for all depots counts again."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import func, or_, select

from spares.accounts import audit
from spares.accounts.models import AuditEntry
from spares.calendars.chinese_holidays import FIRST_YEAR, LAST_YEAR, chinese_calendar
from spares.calendars.models import DayOverride, DayStatus, Depot, YearNotice
from spares.calendars.said import NoticeOfYear, Record, SaidOfDay, Word, what_counts
from spares.db import is_writing, session
from spares.errors import NotFound
from spares.workdays import Calendar, seven_day_calendar

FIRST_DAY = date(FIRST_YEAR, 1, 1)
LAST_DAY = date(LAST_YEAR, 12, 31)
CONFIRMATION_OPENS, CONFIRMATION_CLOSES = time(9), time(17)  # the specification's 7x8 hours, whatever a depot's are

DEPOT_CHANGED = "depot_changed"
"""The audit's name for a change of a depot's record; its data has the old and the new value of each field."""

T = TypeVar("T")
READ = "spares_calendar_reads"

Fingerprint = tuple[int, int, int, int]
"""Which words and notices there are: the newest id of each table, and how many rows it has. Both, since two writers may
commit out of the order of their ids."""


def depot(depot_id: int) -> Depot:
    """Raises NotFound."""
    found = session.get(Depot, depot_id)
    if found is None:
        raise NotFound("no_such_depot", id=depot_id)
    return found


def depot_subject(depot: Depot) -> str:
    """The audit's name for the depot."""
    return f"depot {depot.id}"


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


def depot_calendar(depot: Depot, *, known_at: datetime | None = None) -> Calendar:
    """The working days and hours of `depot` as they stand now. One small statement when nothing has changed.

    `known_at`: as they stood at that instant with what had been recorded by then, the depot's settings too. A depot
    that was ever edited takes one statement more, and then once for all of them."""
    return _calendar(depot, _record(), known_at)


def depot_and_calendar(depot_id: int) -> tuple[Depot, Calendar]:
    """Both as they stand now; one statement. Raises NotFound."""
    row = session.execute(
        select(Depot, *_newest_and_counts()).where(Depot.id == depot_id).execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("no_such_depot", id=depot_id)
    return row[0], _calendar(row[0], _record(_as_fingerprint(row[1:])))


def _calendar(depot: Depot, record: Record, known_at: datetime | None = None) -> Calendar:
    said = record.now if known_at is None else record.as_known_at(known_at)
    place = {name: getattr(depot, name) for name in _PLACE}
    if known_at is not None and depot.version > 1:
        place |= _earlier_values(depot, known_at)
    key = (depot.id, *place.values())
    found = said.calendars.get(key)
    if found is None:
        found = said.calendars[key] = chinese_calendar(
            place["makeup_days_open"],
            {day: word.status is DayStatus.OPEN for day, word in said.words(depot.id).items()},
            notices={
                year: {day: word.status is DayStatus.OPEN for day, word in days.items()}
                for year, days in said.notices.items()
            },
            tz=ZoneInfo(place["time_zone"]),
            opens=place["opens"],
            closes=place["closes"],
        )
    return found


_PLACE = ("makeup_days_open", "time_zone", "opens", "closes")
"""What a depot's own record says of its days."""


def _earlier_values(depot: Depot, known_at: datetime) -> dict[str, Any]:
    """Those that were changed after `known_at`, as they stood then: what the first later change found."""
    values: dict[str, Any] = {}
    for change in _read_once("depot_changes", _depot_changes):
        if change.subject == depot_subject(depot) and change.at > known_at:
            for name in change.data.keys() & set(_PLACE) - values.keys():
                old = change.data[name][0]
                values[name] = time.fromisoformat(old) if name in {"opens", "closes"} else old
    return values


def _depot_changes() -> Sequence[AuditEntry]:
    return audit.of(DEPOT_CHANGED, [depot_subject(depot) for depot in depots()])


def seven_day(depot: Depot) -> Calendar:
    """The days of the fault confirmation clock where `depot` is: all seven, 09:00 to 17:00, holidays included."""
    return seven_day_calendar(ZoneInfo(depot.time_zone), FIRST_YEAR, LAST_YEAR, CONFIRMATION_OPENS, CONFIRMATION_CLOSES)


def words(depot_id: int | None) -> Mapping[date, Word]:
    """The days entered by hand that count for the depot, words for all depots included; None: those for all alone."""
    return _record().now.words(depot_id)


def own_words(depot_id: int | None) -> Mapping[date, Word]:
    """The days entered by hand for just this depot, or for all (None): what `DayStatus.LIBRARY` would take back."""
    return _record().now.by_hand.get(depot_id, {})


def notices() -> Mapping[int, Mapping[date, Word]]:
    """For every year with an imported notice, the days that the newest one names."""
    return _record().now.notices


def notice_days(year: int) -> Mapping[date, Word] | None:
    """What the newest imported notice of the year names; None if there is none."""
    return _record().now.notices.get(year)


def history(depot_id: int | None, first: date, last: date) -> Sequence[DayOverride]:
    """Every word entered by hand for those days that concerns the depot (None: words for all depots alone), the newest
    first."""
    mine = or_(DayOverride.depot_id.is_(None), DayOverride.depot_id == depot_id)
    rows = select(DayOverride).where(DayOverride.day.between(first, last), DayOverride.notice_id.is_(None), mine)
    return session.scalars(rows.order_by(DayOverride.id.desc())).all()


def year_notices(year: int) -> Sequence[YearNotice]:
    """The imports of the year's notice, the newest first: that one counts."""
    return session.scalars(select(YearNotice).where(YearNotice.year == year).order_by(YearNotice.id.desc())).all()


def _record(fingerprint: Fingerprint | None = None) -> Record:
    """All that was said, kept for each process as long as the tables have the same rows. What a transaction sees of its
    own rows is not kept: were it undone, other rows could get the same ids. `fingerprint`, where it was just read."""
    kept: tuple[Fingerprint, Record] | None = current_app.extensions.get("spares_days")
    fingerprint = fingerprint or _fingerprint()
    if kept is not None and kept[0] == fingerprint:
        return kept[1]
    record = _load()
    if not is_writing():
        current_app.extensions["spares_days"] = (fingerprint, record)
    return record


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


def _load() -> Record:
    columns = (getattr(DayOverride, name) for name in SaidOfDay._fields)
    days = [SaidOfDay(*row) for row in session.execute(select(*columns).order_by(DayOverride.id))]
    columns = (getattr(YearNotice, name) for name in NoticeOfYear._fields)
    notices = [NoticeOfYear(*row) for row in session.execute(select(*columns).order_by(YearNotice.id))]
    return Record(days, notices, what_counts(days, notices))
