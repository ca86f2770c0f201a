"""What must come back, or be repaired, by when; and what counts as overdue. Pure arithmetic over a depot's calendar.

The faulty part is to be sent back within ten depot working days; the day after the customer's receipt of the good part
is day 1 (specification §2.5). A swap repair is dispatched within 72 depot working hours of the faulty unit's arrival
(§2.5).

A part sent by the end of day 10 is in time, even while it is still on its way; one that is not is overdue from day 11,
the next depot working day. A part posted on a closed day between day 10 and day 11 is therefore no working day late,
and is not overdue either.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from spares.workdays import Calendar

RETURN_DAYS = 10
SWAP_HOURS = 72


@dataclass(frozen=True, slots=True)
class ReturnDue:
    """The last depot-local day on which the faulty part may be sent."""

    due_on: date
    provisional: bool  # a day counted lies in a year without a published holiday notice


@dataclass(frozen=True, slots=True)
class SwapDue:
    """The instant by which the repaired or swapped unit must have been dispatched."""

    due_at: datetime
    provisional: bool  # a day counted lies in a year without a published holiday notice


class ReturnState(StrEnum):
    """How a return stands on a day, from the facts known by the end of it."""

    RUNNING = "running"  # not sent, day 11 has not begun
    SENT_IN_TIME = "sent_in_time"
    RECEIVED = "received"
    NOT_SENT = "not_sent"  # overdue
    LATE_ON_ITS_WAY = "late_on_its_way"  # overdue


class AgeingBucket(StrEnum):
    """How long overdue, in working days."""

    UP_TO_5 = "1-5"
    UP_TO_10 = "6-10"
    UP_TO_30 = "11-30"
    OVER_30 = "over_30"


@dataclass(frozen=True, slots=True)
class ReturnStanding:
    """`days_overdue` counts depot working days after the due day, and is 0 unless the return is overdue."""

    state: ReturnState
    days_overdue: int

    @property
    def is_overdue(self) -> bool:
        return self.state in (ReturnState.NOT_SENT, ReturnState.LATE_ON_ITS_WAY)


def return_due(received_on: date, calendar: Calendar, days: int = RETURN_DAYS) -> ReturnDue:
    """When the faulty part is due, from the depot-local day on which the customer received the good one."""
    due_on = calendar.add_working_days(received_on, days)
    return ReturnDue(due_on, calendar.is_provisional(received_on, due_on))


def overdue_from(due_on: date, calendar: Calendar) -> date:
    """Day 11: a return that is not sent before this day is overdue."""
    return calendar.next_working_day(due_on)


def working_days_overdue(due_on: date, as_of: date, calendar: Calendar) -> int:
    """How many depot working days lie after the due day up to and including `as_of`; 0 up to the eve of day 11."""
    return max(0, calendar.working_days_between(due_on, as_of))


def overdue(
    due_on: date, as_of: date, calendar: Calendar, *, sent_on: date | None = None, received_on: date | None = None
) -> ReturnStanding:
    """How a return stood at the end of `as_of`. Facts of later days are ignored, so a past day gives its past answer.

    `sent_on` is the posting day, `received_on` the day it reached the depot; a part carried back without being
    posted is received all the same. While an overdue part is on its way, its days keep counting to `as_of`."""
    if received_on is not None and received_on <= as_of:
        return ReturnStanding(ReturnState.RECEIVED, 0)
    days = working_days_overdue(due_on, as_of, calendar)
    if sent_on is None or sent_on > as_of:
        return ReturnStanding(ReturnState.NOT_SENT if days else ReturnState.RUNNING, days)
    if working_days_overdue(due_on, sent_on, calendar) == 0:
        return ReturnStanding(ReturnState.SENT_IN_TIME, 0)
    return ReturnStanding(ReturnState.LATE_ON_ITS_WAY, days)


def ageing_bucket(days_overdue: int) -> AgeingBucket:
    """The finance report's bucket for that many working days, at least one (ValueError)."""
    if days_overdue < 1:
        raise ValueError("only an overdue return has an age")
    if days_overdue <= 5:
        return AgeingBucket.UP_TO_5
    if days_overdue <= 10:
        return AgeingBucket.UP_TO_10
    return AgeingBucket.UP_TO_30 if days_overdue <= 30 else AgeingBucket.OVER_30


def swap_due(received_at: datetime, calendar: Calendar, hours: int = SWAP_HOURS) -> SwapDue:
    """When a swap repair is due, from the instant at which the faulty unit reached the swap-repair depot."""
    due_at = calendar.add_working_time(received_at, timedelta(hours=hours))
    days = calendar.local_day(received_at), calendar.local_day(due_at)
    return SwapDue(due_at, calendar.is_provisional(*days))
