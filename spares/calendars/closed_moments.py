"""Why a depot does not work on a day or at an instant that somebody chose by hand: said by name before it is kept."""

from datetime import date, datetime, time

from flask_babel import format_date, get_locale, gettext

from spares.calendars import queries
from spares.calendars.models import Depot
from spares.calendars.year_view import DayKind, DayView, year_view
from spares.errors import Invalid


def why_closed(depot: Depot, chosen: date | datetime | None) -> str:
    """The words for a depot-local day, or instant (naive), at which the depot is closed; nothing while it is open, for
    none, and for a year that no calendar here covers. Closing time itself still belongs to the day."""
    if chosen is None:
        return ""
    day, clock = (chosen.date(), chosen.time()) if isinstance(chosen, datetime) else (chosen, None)
    try:
        works = queries.depot_calendar(depot).is_working_day(day)
        if works:
            return _outside(depot, day, clock)
        found = next(one for one in year_view(depot, day.year).days if one.day == day)
    except Invalid:
        return ""
    return str(gettext("%(day)s (%(name)s) is not a working day of the depot.", day=day.isoformat(), name=_name(found)))


def _outside(depot: Depot, day: date, clock: time | None) -> str:
    if clock is None or depot.opens <= clock <= depot.closes:
        return ""
    return str(
        gettext(
            "At %(clock)s on %(day)s the depot is closed: it works from %(opens)s to %(closes)s.",
            clock=clock.strftime("%H:%M"),
            day=day.isoformat(),
            opens=depot.opens.strftime("%H:%M"),
            closes=depot.closes.strftime("%H:%M"),
        )
    )


def _name(found: DayView) -> str:
    """What the day is called: the reason that was entered, the holiday, or the day of the week."""
    if found.kind is DayKind.CLOSED and found.reason:
        return found.reason
    locale = get_locale()
    named = found.name_zh if locale is not None and locale.language == "zh" else found.name_en
    return named or str(format_date(found.day, "EEEE"))
