"""The fault confirmation clock: how long an opened case may go without a confirmed cause (specification §2.4).

It runs in standard working hours on seven days a week, eight hours a day, public holidays included, from the opening of
the case. A local serious fault may thus be due on a Sunday.
"""

from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from spares.workdays import seven_day_calendar

OPENS, CLOSES = time(9), time(17)
FIRST_YEAR, LAST_YEAR = 2001, 2100  # far beyond any case; a bound so that a mistyped year is refused


class FaultLevel(StrEnum):
    C1 = "C-1"  # the whole network stopped
    C2 = "C-2"  # a local, serious fault
    C3 = "C-3"  # degraded, but working


CONFIRMATION_HOURS = {FaultLevel.C1: 1, FaultLevel.C2: 8, FaultLevel.C3: 24}


def confirmation_mark(
    opened_at: datetime, hours: int, tz: ZoneInfo, opens: time = OPENS, closes: time = CLOSES
) -> datetime:
    """The instant at which the case has been open for that many hours of the clock; the escalation table's marks."""
    calendar = seven_day_calendar(tz, FIRST_YEAR, LAST_YEAR, opens, closes)
    return calendar.add_working_time(opened_at, timedelta(hours=hours))


def confirmation_due(
    opened_at: datetime, level: FaultLevel, tz: ZoneInfo, opens: time = OPENS, closes: time = CLOSES
) -> datetime:
    """By when a fault of that level must be confirmed."""
    return confirmation_mark(opened_at, CONFIRMATION_HOURS[level], tz, opens, closes)
