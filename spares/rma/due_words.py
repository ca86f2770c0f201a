"""When the faulty part must be sent back, how many working days are left or over, and why: the words beside every
return."""

from datetime import datetime
from typing import TypedDict

from flask_babel import gettext

from spares import settings
from spares.rma.deadlines import ReturnState, overdue
from spares.rma.lifecycle import OWED, ObligationState
from spares.rma.models import Obligation
from spares.workdays import Calendar

SOON = 2
"""Working days left from which on a return wants attention."""


class DueWords(TypedDict):
    """The arguments of the macro `deadline` in chips.html."""

    headline: str
    left: str
    why: str
    tone: str
    provisional: bool


def due_words(obligation: Obligation, now: datetime, calendar: Calendar) -> DueWords:
    """The words for a return as it stands now. Whether it is overdue is counted anew each time, never stored."""
    words = DueWords(headline="", left="", why=_why(obligation, calendar), tone="neutral", provisional=False)
    if obligation.state is ObligationState.NOT_STARTED or (
        obligation.state is ObligationState.IN_TRANSIT and obligation.due_on is None
    ):
        words["headline"] = str(gettext("No return date yet"))
    elif obligation.due_on is not None and obligation.state in OWED:
        words["headline"] = str(gettext("Send back by %(day)s", day=obligation.due_on.isoformat()))
        words["provisional"] = obligation.due_provisional
        words["left"], words["tone"] = _left(obligation, now, calendar)
    elif obligation.due_on is not None:
        words["headline"] = str(gettext("Was due %(day)s", day=obligation.due_on.isoformat()))
        words["left"], words["tone"] = _ended(obligation, calendar)
    return words


def _left(obligation: Obligation, now: datetime, calendar: Calendar) -> tuple[str, str]:
    assert obligation.due_on is not None  # noqa: S101
    today = calendar.local_day(now)
    standing = overdue(obligation.due_on, today, calendar, sent_on=obligation.posted_on)
    if standing.state is ReturnState.SENT_IN_TIME:
        return str(gettext("sent in time")), "good"
    if standing.state is ReturnState.LATE_ON_ITS_WAY:
        sent = calendar.working_days_between(obligation.due_on, obligation.posted_on or today)
        return f"{_days('sent late', sent)} · {_days('not here yet', standing.days_overdue)}", "bad"
    if standing.is_overdue:
        return _days("over by", standing.days_overdue), "bad"
    left = calendar.working_days_between(today, obligation.due_on)
    if left <= 0:
        return str(gettext("today is the last day")), "warn"
    return _days("left", left), "good" if left > SOON else "warn"


def _ended(obligation: Obligation, calendar: Calendar) -> tuple[str, str]:
    """How it ended: in time is what was posted, or else arrived, by the end of the due day. The days late are counted to
    that posting or arrival, as they were while it was on its way."""
    ended_on = obligation.posted_on or (calendar.local_day(obligation.received_at) if obligation.received_at else None)
    if ended_on is None or obligation.due_on is None:
        return "", "neutral"
    late = calendar.working_days_between(obligation.due_on, ended_on)
    what = "sent late" if obligation.posted_on else "arrived late"
    return (_days(what, late), "warn") if late > 0 else (str(gettext("in time")), "good")


def _days(what: str, days: int) -> str:
    words = {
        "left": gettext("%(days)s working days left", days=days),
        "over by": gettext("overdue by %(days)s working days", days=days),
        "sent late": gettext("sent %(days)s working days late", days=days),
        "not here yet": gettext("not here yet, overdue by %(days)s working days so far", days=days),
        "arrived late": gettext("arrived %(days)s working days late", days=days),
    }
    return str(words[what])


def _why(obligation: Obligation, calendar: Calendar) -> str:
    if obligation.good_received_on is None or obligation.first_due_on is None:
        return str(
            gettext(
                "Within %(days)s working days after the customer received the good part; the receipt is not confirmed yet",
                days=settings.current().return_within_days,
            )
        )
    received = obligation.good_received_on
    day = received.isoformat()
    if obligation.due_changed_by_hand:
        first = obligation.first_due_on.isoformat()
        return str(gettext("Good part received %(day)s; extended, first due %(first)s", day=day, first=first))
    if obligation.state not in OWED:  # its day is not counted again, so today's calendar may count it otherwise
        return str(gettext("Good part received %(day)s", day=day))
    count = calendar.working_days_between(received, obligation.due_on or obligation.first_due_on)
    return str(
        gettext(
            "Good part received %(day)s; the %(count)sth working day, counted from the next working day",
            day=day,
            count=count,
        )
    )
