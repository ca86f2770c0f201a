"""The customer's receipt of the good part: it starts the 10 working days in which the faulty one must be sent back."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select, update

from spares import settings
from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.cases.timeline import record
from spares.db import session
from spares.dispatch import shipping
from spares.dispatch.models import DispatchLine, Shipment
from spares.dispatch.orders import lock_shipment
from spares.dispatch.shipping import Departed
from spares.errors import Invalid
from spares.inventory.models import Part
from spares.rma.deadlines import ReturnDue, return_due
from spares.rma.lifecycle import ObligationState, ObligationVerb, obligation_after
from spares.rma.models import REOPENED, Obligation, ObligationEvent
from spares.rma.obligations import log_event
from spares.rma.requests import drop_obligations
from spares.rma.undelivered import shelve


def dispatch_shipment(
    shipment_id: int, *, carrier: str, waybill: str, actor: Actor, now: datetime, shared: bool = False
) -> Departed:
    """Dispatch (see `shipping.dispatch`), and note on each obligation which unit went out at which price."""
    departed = shipping.dispatch(shipment_id, carrier=carrier, waybill=waybill, actor=actor, now=now, shared=shared)
    sent = select(DispatchLine.unit_id).where(DispatchLine.id == Obligation.line_id)
    part = select(Part).join(DispatchLine, DispatchLine.part_id == Part.id).where(DispatchLine.id == Obligation.line_id)
    session.execute(
        update(Obligation)
        .where(Obligation.line_id.in_([line.id for line in departed.lines]), Obligation.came_for_id.is_(None))
        .values(
            dispatched_at=now,
            shipped_unit_id=sent.scalar_subquery(),
            price_minor=part.with_only_columns(Part.price_minor).scalar_subquery(),
            currency=part.with_only_columns(Part.currency).scalar_subquery(),
            version=Obligation.version + 1,
        )
        .execution_options(synchronize_session="fetch")
    )
    return departed


def confirm_receipt(
    shipment_id: int, *, received_on: date, proof: str, actor: Actor, now: datetime
) -> list[Obligation]:
    """The customer has the good part since that depot-local day: day 1 of the return is the next working day (§2.5).

    `proof` says how we know (signature, carrier's page, e-mail). Raises Invalid for a day before the dispatch or in the
    future, Conflict when the receipt was confirmed before. What was written off as lost may have arrived after all."""
    actor.must(Permission.RECEIPT_CONFIRM)
    shipment, order, _ = lock_shipment(shipment_id, actor)
    _depot, calendar = calendars.depot_and_calendar(order.depot_id)
    left_on = calendar.local_day(shipment.dispatched_at) if shipment.dispatched_at is not None else None
    if left_on is not None and received_on < left_on:
        raise Invalid("received_before_dispatch", field="received_on", day=received_on, left_on=left_on)
    today = calendar.local_day(now)
    if received_on > today:
        raise Invalid("date_in_future", field="received_on", day=received_on)
    if not proof.strip():
        raise Invalid("value_missing", field="proof")
    occurred_at = now if received_on == today else calendar.at(received_on, time(12))
    if shipment.dispatched_at is not None:  # fetched in the afternoon, and told on a later day
        occurred_at = max(occurred_at, shipment.dispatched_at)
    departed = shipping.deliver(shipment.id, occurred_at=occurred_at, actor=actor, now=now)
    days = settings.current().return_within_days
    due = return_due(received_on, calendar, days)
    query = (
        select(Obligation)
        .where(Obligation.line_id.in_([line.id for line in departed.lines]), Obligation.came_for_id.is_(None))
        .order_by(Obligation.id)
    )
    started = list(session.scalars(query))
    facts = {"received_on": received_on.isoformat(), "proof": proof.strip(), "days": days}
    for obligation in started:
        _start(obligation, received_on, due, facts, occurred_at=occurred_at, actor=actor, now=now)
    record(
        departed.case,
        "receipt_confirmed",
        actor=actor,
        now=now,
        occurred_at=occurred_at,
        shipment=departed.shipment.number,
        rma=departed.order.rma_number,
        received_on=received_on.isoformat(),
        proof=proof.strip(),
        return_due=due.due_on.isoformat() if started else "",
        was_lost=departed.was_lost,
    )
    session.flush()
    return started


def _start(
    obligation: Obligation,
    received_on: date,
    due: ReturnDue,
    facts: dict[str, Any],
    *,
    occurred_at: datetime,
    actor: Actor,
    now: datetime,
) -> None:
    """Its clock runs, whatever has become of it meanwhile. What was dropped when the shipment was written off, and for which
    nothing lies here, is owed again from now on: the report as of a past day reads that in the events."""
    if obligation.state is ObligationState.CANCELLED:
        obligation.closed_recorded_at = None
        log_event(obligation, REOPENED, actor=actor, now=now, came=obligation.came_quantity, due=due.due_on.isoformat())
    obligation.state = obligation_after(obligation.state, ObligationVerb.START)
    obligation.good_received_on = received_on
    obligation.started_recorded_at = now
    obligation.first_due_on = obligation.due_on = due.due_on
    obligation.due_provisional = due.provisional
    obligation.version += 1
    session.add(
        ObligationEvent(
            obligation_id=obligation.id,
            kind="started",
            recorded_at=now,
            occurred_at=occurred_at,
            actor_id=actor.id,
            facts=facts,
            new_due_on=due.due_on,
        )
    )


def lose_shipment(shipment_id: int, *, reason: str, actor: Actor, now: datetime) -> Shipment:
    """Lost on the way to the customer: the stock is written to the lost, and nothing has to come back for it."""
    departed = shipping.lose(shipment_id, reason=reason, actor=actor, now=now)
    drop_obligations(departed.lines, reason=reason, actor=actor, now=now)
    session.flush()
    return departed.shipment


def take_back_undelivered(shipment_id: int, *, reason: str, actor: Actor, now: datetime) -> Shipment:
    """Refused, undeliverable, or lost and found, and back at the depot, where it stands among the returns to inspect; nothing
    has to come back for it."""
    departed = shipping.return_undelivered(shipment_id, reason=reason, actor=actor, now=now)
    drop_obligations(departed.lines, reason=reason, actor=actor, now=now)
    shelve(departed, reason=reason, actor=actor, now=now)
    session.flush()
    return departed.shipment
