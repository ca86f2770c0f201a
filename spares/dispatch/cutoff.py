"""The 2 pm rule: by when a spare leaves the depot, counted from the hardware fault's confirmation (specification §2.5).

Confirmed strictly before 14:00:00 on a depot working day, even before the depot opens: the part leaves the same day, by
closing time. Confirmed at 14:00:00 or later, or on any other day: it leaves in the morning, by 12:00, of the next depot
working day after the confirmation's day.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from spares.workdays import Calendar, DayStatus

CUTOFF = time(14)
MORNING_BY = time(12)


class PromiseKind(StrEnum):
    SAME_DAY = "same_day"
    NEXT_MORNING = "next_morning"


class PromiseReason(StrEnum):
    """What decided the promise, to be shown beside it."""

    BEFORE_CUTOFF = "before_cutoff"
    AFTER_CUTOFF = "after_cutoff"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    CLOSED = "closed"  # the depot is closed by hand: stocktake, flood


_REASONS = {
    DayStatus.WEEKEND: PromiseReason.WEEKEND,
    DayStatus.HOLIDAY: PromiseReason.HOLIDAY,
    DayStatus.CLOSED: PromiseReason.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Promise:
    """The instant by which the part must have left (met when it leaves at or before it), and why.

    `confirmed_on`, `confirmed_clock` and `due_on` are the depot's local dates and time. `provisional`: a day counted
    lies in a year without a published holiday notice, so the promise may still move."""

    due_at: datetime
    kind: PromiseKind
    reason: PromiseReason
    provisional: bool
    confirmed_on: date
    confirmed_clock: time
    due_on: date


def ships_by(
    confirmed_at: datetime, calendar: Calendar, cutoff: time = CUTOFF, morning_by: time = MORNING_BY
) -> Promise:
    """The dispatch promise for a fault confirmed at that instant, however late the request itself is filed."""
    local = calendar.local(confirmed_at)
    day, clock = local.date(), local.time()
    status = calendar.status(day)
    if status is DayStatus.WORKING and clock < cutoff:
        due_on, by = day, calendar.closes
        kind, reason = PromiseKind.SAME_DAY, PromiseReason.BEFORE_CUTOFF
    else:
        due_on, by = calendar.next_working_day(day), morning_by
        kind, reason = PromiseKind.NEXT_MORNING, _REASONS.get(status, PromiseReason.AFTER_CUTOFF)
    return Promise(
        due_at=calendar.at(due_on, by),
        kind=kind,
        reason=reason,
        provisional=calendar.is_provisional(day, due_on),
        confirmed_on=day,
        confirmed_clock=clock,
        due_on=due_on,
    )
