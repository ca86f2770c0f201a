"""Decisions about what is owed: extended, waived, charged, lost; each with a reason, none by editing history."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import contains_eager

from spares import settings
from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.cases.access import must_see
from spares.cases.models import ServiceCase
from spares.cases.timeline import check_seen, record
from spares.db import session
from spares.dispatch.orders import needed
from spares.errors import Conflict, Invalid, NotFound
from spares.numbers import NumberKind, number
from spares.rma.deadlines import return_due
from spares.rma.lifecycle import OWED, ObligationState, ObligationVerb, obligation_after
from spares.rma.models import Obligation, ObligationEvent

FARTHEST_EXTENSION = timedelta(days=366)
"""How far ahead of today an administrator may extend a return: more is a slip of the keys."""


def lock_obligation(obligation_id: int, actor: Actor, version: str | None = None) -> tuple[Obligation, ServiceCase]:
    """The obligation and its case, both locked and fresh. Raises NotFound, also when the person may not see the case;
    Conflict when `version`, the one the page was made from, is no longer in force."""
    rows = _lock(Obligation.id == obligation_id, actor)
    if not rows:
        raise NotFound("not_found")
    ((case, obligation),) = rows
    check_seen(version, obligation.version, case.id)
    return obligation, case


def lock_returns(rma_id: int, actor: Actor) -> tuple[ServiceCase, list[Obligation]]:
    """All obligations of an exchange and its case, locked and fresh. Raises NotFound when the person may not see the case,
    Conflict when nothing has to come back."""
    rows = _lock(Obligation.rma_id == rma_id, actor)
    if not rows:
        raise Conflict("nothing_receivable", number=number(NumberKind.RMA, rma_id))
    return rows[0][0], [obligation for _case, obligation in rows]


def _lock(which: ColumnElement[bool], actor: Actor) -> list[tuple[ServiceCase, Obligation]]:
    """Obligations of one case. The case is named first, so that PostgreSQL locks it before any of them."""
    rows = session.execute(
        select(ServiceCase, Obligation)
        .join(Obligation, Obligation.case_id == ServiceCase.id)
        .join(Obligation.part)
        .where(which)
        .order_by(Obligation.id)
        .options(contains_eager(Obligation.part))
        .with_for_update(key_share=True, of=[ServiceCase, Obligation])
        .execution_options(populate_existing=True)
    ).all()
    for case, _obligation in rows:
        must_see(case, actor)
    return [(case, obligation) for case, obligation in rows]


def extend(
    obligation_id: int, due_on: date, *, reason: str, actor: Actor, now: datetime, version: str | None = None
) -> None:
    """Give the customer until a later depot-local day. The first day stays visible. Raises Invalid for a day that is not
    later than the one in force, or further ahead than FARTHEST_EXTENSION."""
    actor.must(Permission.OBLIGATION_DECIDE)
    reason = needed(reason, "reason")
    obligation, case = lock_obligation(obligation_id, actor, version)
    after = obligation_after(obligation.state, ObligationVerb.EXTEND)
    if obligation.due_on is None or due_on <= obligation.due_on:
        raise Invalid("extension_not_later", field="due_on", day=obligation.due_on)
    _depot, calendar = calendars.depot_and_calendar(obligation.depot_id)
    if due_on > calendar.local_day(now) + FARTHEST_EXTENSION:
        raise Invalid("extension_too_far", field="due_on", days=FARTHEST_EXTENSION.days)
    obligation.state = after
    obligation.due_changed_by_hand = True
    obligation.due_provisional = calendar.is_provisional(due_on, due_on)
    _set_due(obligation, case, due_on, kind="extended", reason=reason, actor=actor, now=now)


def waive(obligation_id: int, *, reason: str, actor: Actor, now: datetime, version: str | None = None) -> None:
    """The part need not come back. It is still taken in when it does."""
    actor.must(Permission.OBLIGATION_DECIDE)
    _close(obligation_id, ObligationVerb.WAIVE, reason, actor, now, version)


def charge(
    obligation_id: int, amount_minor: int, *, reason: str, actor: Actor, now: datetime, version: str | None = None
) -> None:
    """The customer is charged this amount, in the currency of the dispatch, instead of all that is still out. Raises Invalid
    for an amount below 1."""
    actor.must(Permission.OBLIGATION_CHARGE)
    reason = needed(reason, "reason")
    if amount_minor < 1:
        raise Invalid("amount_out_of_range", field="amount")
    obligation, case = lock_obligation(obligation_id, actor, version)
    charge_instead(obligation, case, amount_minor, reason=reason, actor=actor, now=now)


def lose(obligation_id: int, *, reason: str, actor: Actor, now: datetime, version: str | None = None) -> None:
    """Lost on its way back, after it was sent: the customer no longer owes it."""
    actor.must(Permission.OBLIGATION_DECIDE)
    _close(obligation_id, ObligationVerb.LOSE, reason, actor, now, version)


def charged(obligation_id: int) -> tuple[int, str]:
    """What the customer stands charged with instead of it, in minor units of the currency; 0 after a credit. What he was
    charged for accessories beside it is not counted."""
    query = select(ObligationEvent).where(
        ObligationEvent.obligation_id == obligation_id, ObligationEvent.kind.in_(["charged", "credited"])
    )
    total, currency = 0, ""
    for event in session.scalars(query.order_by(ObligationEvent.id)):
        total += event.facts["amount"] if event.kind == "charged" else -event.facts["amount"]
        currency = event.facts["currency"]
    return total, currency


def credit(
    obligation: Obligation,
    case: ServiceCase,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    pieces: int = 1,
    of: int = 1,
) -> None:
    """Take back the charge of a locked obligation, since what was owed has come: the share of so many pieces of those that
    were out, the whole with the last of them; nothing when none stands."""
    standing, currency = charged(obligation.id)
    amount = standing * min(pieces, of) // of
    if amount:
        _log_money(obligation, case, "credited", amount, currency, reason, actor, now)


def charge_instead(
    obligation: Obligation, case: ServiceCase, amount: int, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Charge an amount of the currency of the dispatch instead of what a locked obligation owes, which ends it."""
    _end(
        obligation,
        case,
        ObligationVerb.CHARGE,
        reason=reason,
        actor=actor,
        now=now,
        amount=amount,
        currency=obligation.currency,
    )


def charge_accessories(
    obligation: Obligation, case: ServiceCase, amount: int, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Charge an amount of the currency of the dispatch for accessories that did not come; the part's course goes on."""
    _log_money(obligation, case, "accessories_charged", amount, obligation.currency, reason, actor, now)


def recount_returns(depot: Depot | None, first: date, last: date, actor: Actor, now: datetime) -> None:
    """Count open return dates again after the days from `first` to `last` changed for the depot (None: for all); old and
    new are kept. Dates that an administrator extended by hand are left as they are, and each return keeps the number of
    days that it was started with, whatever the setting says since."""
    states = [ObligationState.RUNNING, ObligationState.IN_TRANSIT]
    query = select(Obligation.id).where(Obligation.state.in_(states), Obligation.due_changed_by_hand.is_(False))
    if depot is not None:
        query = query.where(Obligation.depot_id == depot.id)
    for obligation_id in session.scalars(query.order_by(Obligation.case_id, Obligation.id)).all():
        obligation, case = lock_obligation(obligation_id, actor)
        if obligation.state in OWED:
            recount_return(obligation, case, actor=actor, now=now)
    session.flush()


def recount_return(obligation: Obligation, case: ServiceCase, *, actor: Actor, now: datetime) -> None:
    """Count the due day of a locked obligation again by the calendar as it stands; one that was set by hand, or that has
    not been started, stays."""
    if obligation.good_received_on is None or obligation.due_changed_by_hand:
        return
    _depot, calendar = calendars.depot_and_calendar(obligation.depot_id)
    due = return_due(obligation.good_received_on, calendar, _days_given(obligation.id))
    before, obligation.due_provisional = obligation.due_provisional, due.provisional
    if due.due_on != obligation.due_on:
        _set_due(obligation, case, due.due_on, kind="recounted", reason="calendar", actor=actor, now=now)
    elif before != due.provisional:
        record(
            case,
            "return_confirmed",
            actor=actor,
            now=now,
            rma=number(NumberKind.RMA, obligation.rma_id),
            serial=obligation.serial,
            due=due.due_on.isoformat(),
            provisional=due.provisional,
        )
        obligation.version += 1


def _days_given(obligation_id: int) -> int:
    """The working days that the customer was given when the return was started."""
    started = select(ObligationEvent.facts).where(
        ObligationEvent.obligation_id == obligation_id, ObligationEvent.kind == "started"
    )
    facts = session.scalars(started.order_by(ObligationEvent.id.desc()).limit(1)).first() or {}
    return int(facts.get("days", settings.current().return_within_days))


def log_event(
    obligation: Obligation,
    kind: str,
    *,
    actor: Actor,
    now: datetime,
    occurred_at: datetime | None = None,
    reason: str = "",
    **facts: Any,
) -> None:
    """Append to the obligation's own history; for goods, to that of the obligation that they came for."""
    session.add(
        ObligationEvent(
            obligation_id=obligation.came_for_id or obligation.id,
            kind=kind,
            recorded_at=now,
            occurred_at=occurred_at or now,
            actor_id=actor.id,
            facts=facts,
            reason=reason,
        )
    )


def _set_due(
    obligation: Obligation, case: ServiceCase, due_on: date, *, kind: str, reason: str, actor: Actor, now: datetime
) -> None:
    old, obligation.due_on = obligation.due_on, due_on
    obligation.version += 1
    session.add(
        ObligationEvent(
            obligation_id=obligation.id,
            kind=kind,
            recorded_at=now,
            occurred_at=now,
            actor_id=actor.id,
            facts={},
            reason=reason,
            old_due_on=old,
            new_due_on=due_on,
        )
    )
    record(
        case,
        f"return_{kind}",
        actor=actor,
        now=now,
        rma=number(NumberKind.RMA, obligation.rma_id),
        serial=obligation.serial,
        old=old.isoformat() if old else "",
        new=due_on.isoformat(),
        first=obligation.first_due_on.isoformat() if obligation.first_due_on else "",
        reason=reason,
    )
    session.flush()


def _log_money(
    obligation: Obligation,
    case: ServiceCase,
    kind: str,
    amount: int,
    currency: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    log_event(obligation, kind, actor=actor, now=now, reason=reason, amount=amount, currency=currency)
    obligation.version += 1
    record(
        case,
        f"return_{kind}",
        actor=actor,
        now=now,
        rma=number(NumberKind.RMA, obligation.rma_id),
        serial=obligation.serial,
        reason=reason,
        amount=amount,
        currency=currency,
    )


def _close(
    obligation_id: int, verb: ObligationVerb, reason: str, actor: Actor, now: datetime, version: str | None
) -> None:
    reason = needed(reason, "reason")
    obligation, case = lock_obligation(obligation_id, actor, version)
    _end(obligation, case, verb, reason=reason, actor=actor, now=now)


def _end(
    obligation: Obligation,
    case: ServiceCase,
    verb: ObligationVerb,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    **facts: Any,
) -> None:
    """Nothing is owed any more. The event is named as the state that it leads to."""
    obligation.state = obligation_after(obligation.state, verb)
    kind = obligation.state.value
    obligation.closed_recorded_at = now
    obligation.version += 1
    log_event(obligation, kind, actor=actor, now=now, reason=reason, **facts)
    record(
        case,
        f"return_{kind}",
        actor=actor,
        now=now,
        rma=number(NumberKind.RMA, obligation.rma_id),
        serial=obligation.serial,
        reason=reason,
        **facts,
    )
    session.flush()
