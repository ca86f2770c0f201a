"""What administrators do to depots and to their days. Every change is audited and tells the slices above.

The slices above keep deadlines that were counted with the days as they were. They register with `when_days_change`, and
count their open deadlines again in the transaction that changes the days."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select

from spares.accounts import audit
from spares.accounts.access import Actor, Permission
from spares.calendars import queries
from spares.calendars.chinese_holidays import FIRST_YEAR, LAST_YEAR
from spares.calendars.models import DayOverride, DayStatus, Depot, YearNotice
from spares.calendars.notice import NoticeDay, NoticeStatus, check
from spares.db import session
from spares.errors import Conflict, Invalid
from spares.workdays import seven_day_calendar

MOST_DAYS = 366
Hook = Callable[[Depot | None, date, date, Actor, datetime], None]

recount_hooks: list[Hook] = []
"""Called with the depot (None: all of them), the first and the last day touched, who did it and when."""


def when_days_change(hook: Hook) -> None:
    """Have `hook` called inside every transaction that changes days or hours. Registering it again changes nothing."""
    if hook not in recount_hooks:
        recount_hooks.append(hook)


added_hooks: list[Callable[[Depot], None]] = []
"""Called with a depot that was just added, so that the slices above can give it what they keep for each depot."""


def when_depot_added(hook: Callable[[Depot], None]) -> None:
    """Have `hook` called inside the transaction that adds a depot. Registering it again changes nothing."""
    if hook not in added_hooks:
        added_hooks.append(hook)


@dataclass(frozen=True)
class Span:
    """The days that a change touched, both ends included."""

    first: date
    last: date


ALL_DAYS = Span(queries.FIRST_DAY, queries.LAST_DAY)


@dataclass(frozen=True, kw_only=True)
class DepotValues:
    """What a person says of a depot. The times are local to `time_zone`: a fault confirmed before `cutoff` ships that
    day by `closes`, any other by `morning_by` of the next working day."""

    code: str
    name: str
    name_en: str = ""
    address: str = ""
    phone: str = ""
    attention: str = ""
    time_zone: str = "Asia/Shanghai"
    opens: time = time(9)
    closes: time = time(17)
    cutoff: time = time(14)
    morning_by: time = time(12)
    makeup_days_open: bool = False


_LENGTHS = {"code": 20, "name": 80, "name_en": 80, "address": 300, "phone": 40, "attention": 80}
_COUNTED_WITH = ("time_zone", "opens", "closes", "cutoff", "morning_by", "makeup_days_open")
"""What deadlines are counted with: a change of one of these touches every day."""


def add_depot(values: DepotValues, actor: Actor, now: datetime) -> Depot:
    """Add a depot. Raises Invalid, naming the field, for values that cannot be, a code that is taken among them."""
    actor.must(Permission.SETTINGS_EDIT)
    clean = _checked(values, taken_by=None)
    depot = Depot(**clean)
    session.add(depot)
    session.flush()
    audit.record("depot_added", _subject(depot), _plain(clean), actor=actor, now=now)
    for hook in added_hooks:
        hook(depot)
    return depot


def edit_depot(depot_id: int, values: DepotValues, seen_version: int, actor: Actor, now: datetime) -> Span | None:
    """Change a depot. The span is None if its hours are as they were. Raises NotFound, Invalid, and Conflict when
    somebody else changed it after version `seen_version`."""
    actor.must(Permission.SETTINGS_EDIT)
    depot = queries.depot(depot_id)
    session.refresh(depot, with_for_update=True)
    if depot.version != seen_version:
        raise Conflict("stale_page")
    clean = _checked(values, taken_by=depot)
    old = {key: getattr(depot, key) for key in clean if getattr(depot, key) != clean[key]}
    if not old:
        return None
    for key in old:
        setattr(depot, key, clean[key])
    depot.version += 1
    session.flush()
    changes = {key: [_plain_value(value), _plain_value(clean[key])] for key, value in old.items()}
    audit.record(queries.DEPOT_CHANGED, _subject(depot), changes, actor=actor, now=now)
    if not old.keys() & set(_COUNTED_WITH):
        return None
    _tell(depot, ALL_DAYS, actor, now)
    return ALL_DAYS


def set_day(depot_id: int | None, day: date, status: DayStatus, reason: str, actor: Actor, now: datetime) -> Span:
    """Say by hand what one day is, for one depot or (None) for all; otherwise as `set_days`."""
    return set_days(depot_id, day, day, status, reason, actor, now)


def set_days(
    depot_id: int | None, first: date, last: date, status: DayStatus, reason: str, actor: Actor, now: datetime
) -> Span:
    """Say by hand what the days are, for one depot or (None) for all. Past days may be set too: a flood is entered when
    the water is out. `DayStatus.LIBRARY` takes back what was said of the days for the same depot, or for all.

    Raises NotFound, and Invalid for days outside the calendar, more than 366 of them, no reason, nothing to take back."""
    actor.must(Permission.CALENDAR_EDIT)
    depot = None if depot_id is None else queries.depot(depot_id)
    days = _days(first, last)
    reason = _text("reason", reason, 200)
    if not reason:
        raise Invalid("reason_missing", field="reason")
    if status is DayStatus.LIBRARY:
        said = queries.own_words(depot_id)
        days = [day for day in days if day in said]
        if not days:
            raise Invalid("nothing_to_take_back", field="status")
    for day in days:
        session.add(
            DayOverride(depot_id=depot_id, day=day, status=status, reason=reason, set_at=now, set_by_id=actor.id)
        )
    session.flush()
    span = Span(days[0], days[-1])
    data = {"first": span.first.isoformat(), "last": span.last.isoformat(), "status": status.value, "reason": reason}
    audit.record("days_set", _subject(depot), data, actor=actor, now=now)
    _tell(depot, span, actor, now)
    return span


def import_notice(year: int, days: Sequence[NoticeDay], source: str, actor: Actor, now: datetime) -> Span | None:
    """Take a year's notice; from then on it alone decides the year, and the year is no longer provisional. A corrected
    notice replaces an earlier one as a whole. None, and nothing is written, if it says what the earlier one said.

    Raises NoticeRefused with every bad row, and Invalid for the year or the source."""
    actor.must(Permission.CALENDAR_EDIT)
    check(year, days)
    source = _text("source", source, 200)
    if not source:
        raise Invalid("source_missing", field="source")
    earlier = queries.notice_days(year)
    said = {row.day: (_status(row.status), row.name) for row in days}
    if earlier is not None and {day: (word.status, word.reason) for day, word in earlier.items()} == said:
        return None
    notice = YearNotice(year=year, source=source, imported_at=now, imported_by_id=actor.id)
    session.add(notice)
    session.flush()
    for day, (status, name) in sorted(said.items()):
        session.add(
            DayOverride(
                depot_id=None,
                day=day,
                status=status,
                reason=name,
                set_at=now,
                set_by_id=actor.id,
                notice_id=notice.id,
            )
        )
    session.flush()
    data = {"year": year, "source": source, "days": len(said)}
    audit.record("notice_imported", _subject(None), data, actor=actor, now=now)
    span = Span(min([date(year, 1, 1), *said, *(earlier or {})]), date(year, 12, 31))
    _tell(None, span, actor, now)
    return span


def _status(status: NoticeStatus) -> DayStatus:
    return DayStatus.OPEN if status is NoticeStatus.WORK else DayStatus.CLOSED


def _tell(depot: Depot | None, span: Span, actor: Actor, now: datetime) -> None:
    for hook in recount_hooks:
        hook(depot, span.first, span.last, actor, now)


def _days(first: date, last: date) -> list[date]:
    for field, day in (("first", first), ("last", last)):
        if not queries.FIRST_DAY <= day <= queries.LAST_DAY:
            raise Invalid("date_out_of_range", field=field, value=day, first=queries.FIRST_DAY, last=queries.LAST_DAY)
    count = (last - first).days + 1
    if count < 1:
        raise Invalid("days_backwards", field="last")
    if count > MOST_DAYS:
        raise Invalid("too_many_days", field="last", limit=MOST_DAYS)
    return [first + timedelta(offset) for offset in range(count)]


def _checked(values: DepotValues, taken_by: Depot | None) -> dict[str, Any]:
    clean = asdict(values)
    for key, limit in _LENGTHS.items():
        clean[key] = _text(key, clean[key], limit)
    clean["code"] = unicodedata.normalize("NFKC", clean["code"]).upper()
    if not clean["code"].replace("-", "").isalnum() or not clean["code"].isascii():
        raise Invalid("depot_code_unusable", field="code")
    if not clean["name"]:
        raise Invalid("name_missing", field="name")
    holder = session.scalars(select(Depot).where(Depot.code == clean["code"])).first()
    if holder is not None and holder is not taken_by:
        raise Invalid("depot_code_taken", field="code", taken=clean["code"])
    _check_hours(values)
    return clean


def _check_hours(values: DepotValues) -> None:
    if values.time_zone not in available_timezones():
        raise Invalid("time_zone_unknown", field="time_zone", name=values.time_zone)
    if not values.opens < values.closes:
        raise Invalid("closes_before_opening", field="closes")
    if not values.opens < values.cutoff < values.closes:
        raise Invalid("cutoff_outside_hours", field="cutoff")
    if not values.opens < values.morning_by <= values.closes:
        raise Invalid("morning_outside_hours", field="morning_by")
    try:
        seven_day_calendar(ZoneInfo(values.time_zone), FIRST_YEAR, LAST_YEAR, values.opens, values.closes)
    except ValueError:
        raise Invalid("clocks_change_while_open", field="time_zone") from None


def _text(field: str, value: str, limit: int) -> str:
    """The text on one line, as it will be printed."""
    line = " ".join(value.split())
    if len(line) > limit:
        raise Invalid("text_too_long", field=field, limit=limit)
    if not line.isprintable():
        raise Invalid("text_not_printable", field=field)
    return line


def _subject(depot: Depot | None) -> str:
    return "calendar" if depot is None else queries.depot_subject(depot)


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in values.items()}


def _plain_value(value: Any) -> Any:
    return value.strftime("%H:%M") if isinstance(value, time) else value
