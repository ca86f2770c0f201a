"""What was promised, how much time is left, and why: the words beside every dispatch order."""

from datetime import datetime, time
from typing import TypedDict

from flask_babel import gettext

from spares.calendars.time_left import day_words, time_left
from spares.dispatch.cutoff import CUTOFF, PromiseReason
from spares.dispatch.models import DispatchOrder
from spares.workdays import Calendar


class PromiseWords(TypedDict):
    """The arguments of the macro `deadline` in chips.html."""

    headline: str
    left: str
    why: str
    tone: str
    provisional: bool
    risk: str


def order_promise(
    order: DispatchOrder, now: datetime, calendar: Calendar, *, cutoff: time, waiting: bool
) -> PromiseWords:
    """The words for an order that has not left, by its depot's `calendar` and `cutoff`; see `promise_words`."""
    return promise_words(
        order.due_at,
        order.promise_kind,
        order.promise_reason,
        order.confirmed_at,
        order.promise_provisional,
        now,
        calendar,
        cutoff=cutoff,
        by_hand=order.promise_changed_by_hand,
        waiting=waiting,
    )


def promise_words(
    due_at: datetime,
    kind: str,
    reason: str,
    confirmed_at: datetime,
    provisional: bool,
    now: datetime,
    calendar: Calendar,
    *,
    cutoff: time = CUTOFF,
    by_hand: bool = False,
    waiting: bool = False,
) -> PromiseWords:
    """The words for an order that has not left, in the reader's language. `kind` and `reason` are a `PromiseKind` and a
    `PromiseReason`, or their text. `by_hand`: an administrator set the promise, so the rule no longer explains it.

    Time left is counted in the depot's `calendar`. Tones: good, warn from two working hours on, bad when over. `waiting`:
    something of it has no stock. The promise stays as it was counted, but it is at risk and never good."""
    left = time_left(due_at, now, calendar)
    return PromiseWords(
        headline=_headline(due_at, now, calendar, is_over=left.is_over),
        left=left.words,
        why=_why(PromiseReason(reason), confirmed_at, now, calendar, cutoff, by_hand=by_hand),
        tone="warn" if waiting and not left.is_over else left.tone,
        provisional=provisional,
        risk=str(gettext("Out of stock, promise at risk")) if waiting else "",
    )


def _headline(due_at: datetime, now: datetime, calendar: Calendar, *, is_over: bool) -> str:
    due, today = calendar.local(due_at), calendar.local_day(now)
    clock, day = due.strftime("%H:%M"), day_words(due.date(), today)
    if is_over:
        return str(gettext("Was to ship by %(day)s %(clock)s", day=day, clock=clock))
    ahead = (due.date() - today).days
    if ahead == 0:
        return str(gettext("Ships today by %(clock)s", clock=clock))
    if ahead == 1:
        return str(gettext("Ships tomorrow by %(clock)s", clock=clock))
    return str(gettext("Ships by %(day)s %(clock)s", day=day, clock=clock))


def _why(
    reason: PromiseReason, confirmed_at: datetime, now: datetime, calendar: Calendar, cutoff: time, *, by_hand: bool
) -> str:
    confirmed, today = calendar.local(confirmed_at), calendar.local_day(now)
    at = confirmed.strftime("%H:%M")
    if confirmed.date() != today:
        at = f"{day_words(confirmed.date(), today)} {at}"
    if by_hand:
        return str(gettext("Confirmed %(at)s; the promise was changed by an RMA administrator", at=at))
    by = cutoff.strftime("%H:%M")
    match reason:
        case PromiseReason.BEFORE_CUTOFF:
            return str(gettext("Confirmed %(at)s, before %(cutoff)s", at=at, cutoff=by))
        case PromiseReason.AFTER_CUTOFF:
            return str(gettext("Confirmed %(at)s, at or after %(cutoff)s: next working morning", at=at, cutoff=by))
        case PromiseReason.WEEKEND:
            return str(gettext("Confirmed %(at)s, at a weekend: next working morning", at=at))
        case PromiseReason.HOLIDAY:
            return str(gettext("Confirmed %(at)s, on a public holiday: next working morning", at=at))
    return str(gettext("Confirmed %(at)s, while the depot was closed: next working morning", at=at))
