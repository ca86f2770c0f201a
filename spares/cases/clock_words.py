"""The fault confirmation clock in words: by when the cause had to be confirmed, what is left, or how it went."""

from datetime import datetime
from typing import TypedDict

from flask_babel import gettext

from spares.calendars.time_left import counted, day_words, time_left
from spares.cases.confirmation_clock import (
    CLOSES,
    CONFIRMATION_HOURS,
    FIRST_YEAR,
    LAST_YEAR,
    OPENS,
    FaultLevel,
    confirmation_due,
)
from spares.web import zone
from spares.workdays import seven_day_calendar


class ClockWords(TypedDict):
    """The arguments of the macro `deadline` in chips.html."""

    headline: str
    left: str
    why: str
    tone: str
    provisional: bool


def clock_words(opened_at: datetime, level: FaultLevel, confirmed_at: datetime | None, now: datetime) -> ClockWords:
    """What to show beside a case that was opened then, at its present level, by its first confirmation if there is one."""
    calendar = seven_day_calendar(zone(), FIRST_YEAR, LAST_YEAR, OPENS, CLOSES)
    due_at = confirmation_due(opened_at, level, zone())
    due = calendar.local(due_at)
    by = f"{day_words(due.date(), calendar.local_day(now))} {due.strftime('%H:%M')}"
    why = gettext(
        "%(level)s: within %(hours)s h of opening, counted 09:00 to 17:00 every day",
        level=level.value,
        hours=CONFIRMATION_HOURS[level],
    )
    if confirmed_at is None:
        left = time_left(due_at, now, calendar)
        headline = gettext("Confirm the fault by %(when)s", when=by)
        return ClockWords(headline=headline, left=left.words, why=why, tone=left.tone, provisional=False)
    late = confirmed_at > due_at
    words = gettext("confirmed in time")
    if late:
        words = gettext(
            "confirmed %(time)s late",
            time=counted(calendar.working_time_between(due_at, confirmed_at), confirmed_at - due_at),
        )
    headline = gettext("Fault was to be confirmed by %(when)s", when=by)
    return ClockWords(headline=headline, left=words, why=why, tone="bad" if late else "good", provisional=False)
