"""Spare requests: from a fault confirmation to an RMA with its outgoing and incoming legs, in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from spares import outbox
from spares.accounts.access import Actor, Permission
from spares.accounts.models import Role
from spares.accounts.people import addresses_of
from spares.cases.models import CaseState, FaultConfirmation, ServiceCase
from spares.cases.timeline import lock_case, record
from spares.db import session
from spares.dispatch.cancelling import cancel_lines
from spares.dispatch.lifecycle import OPEN_LINES, LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.orders import ShipTo, Wanted, open_order
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory.models import Part
from spares.numbers import scan_key
from spares.rma.lifecycle import ObligationState, ObligationVerb, obligation_after
from spares.rma.models import Obligation, ObligationEvent, Rma, RmaKind


def request_spares(
    case: ServiceCase,
    confirmation: FaultConfirmation,
    *,
    depot_id: int,
    wanted: Sequence[Wanted],
    ship_to: ShipTo,
    actor: Actor,
    now: datetime,
) -> tuple[Rma, DispatchOrder]:
    """Open the RMA and its dispatch order, reserve stock, and note what must come back. The caller has locked the case.

    A line that names no faulty serial or part of its own is for the unit that was confirmed. Back-ordered lines alert the RMA
    administrators. Raises Conflict for a closed case, Invalid when the confirmation is another case's."""
    actor.must(Permission.SPARES_REQUEST)
    if case.state is not CaseState.OPEN:
        raise Conflict("case_closed", number=case.number)
    if confirmation.case_id != case.id:
        raise Invalid("confirmation_of_another_case")
    rma = Rma(
        case_id=case.id,
        confirmation_id=confirmation.id,
        kind=RmaKind.ADVANCE_REPLACEMENT,
        requested_at=now,
        requested_by_id=actor.id,
    )
    session.add(rma)
    session.flush()
    opened = open_order(
        rma_id=rma.id,
        case=case,
        depot_id=depot_id,
        confirmed_at=confirmation.confirmed_at,
        level=confirmation.level,
        ship_to=ship_to,
        wanted=[_owned(want, confirmation) for want in wanted],
        actor=actor,
        now=now,
    )
    order, lines, parts = opened.order, opened.lines, opened.parts
    session.add_all(
        _obligation(rma, case, order, line, now) for line in lines if parts[line.requested_part_id].return_required
    )
    record(
        case,
        "spares_requested",
        actor=actor,
        now=now,
        rma=rma.number,
        order=order.number,
        due=order.due_at.isoformat(),
        kind=order.promise_kind,
        why=order.promise_reason,
        lines=[
            {
                "line": line.line_no,
                "requested": parts[line.requested_part_id].part_number,
                "part": parts[line.part_id].part_number,
                "quantity": line.quantity,
                "state": line.state.value,
            }
            for line in lines
        ],
    )
    waiting = [line for line in lines if line.state is LineState.BACK_ORDERED]
    if waiting:
        _alert_back_order(case, rma, waiting, parts, now)
    session.flush()
    return rma, order


def cancel_request(rma_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Cancel everything of the RMA that has not left; its stock is free, and nothing is owed for it any more.

    Raises Conflict when all of it has left or was cancelled already."""
    actor.must(Permission.REQUEST_CANCEL)
    rma, case = lock_rma(rma_id, actor)
    orders = session.scalars(
        select(DispatchOrder).where(DispatchOrder.rma_id == rma.id).order_by(DispatchOrder.id)
    ).all()
    cancelled: list[DispatchLine] = []
    for order in orders:
        if order.is_open:
            cancelled += cancel_lines(order.id, reason=reason, actor=actor, now=now)
    if not cancelled:
        raise Conflict("nothing_to_cancel", number=rma.number)
    drop_obligations(cancelled, reason=reason, actor=actor, now=now)
    _close_if_all_cancelled(rma, case, reason=reason, actor=actor, now=now)


def cancel_line(order_id: int, line_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Cancel one line that has not left: its stock is free, and nothing is owed for it. With the last one the RMA ends.

    Raises NotFound for an unknown order, Conflict when the line is not the order's, has left or was cancelled already."""
    actor.must(Permission.REQUEST_CANCEL)
    rma_id = session.scalar(select(DispatchOrder.rma_id).where(DispatchOrder.id == order_id))
    if rma_id is None:
        raise NotFound("not_found")
    rma, case = lock_rma(rma_id, actor)
    cancelled = cancel_lines(order_id, reason=reason, actor=actor, now=now, line_ids=[line_id])
    drop_obligations(cancelled, reason=reason, actor=actor, now=now)
    _close_if_all_cancelled(rma, case, reason=reason, actor=actor, now=now)


def drop_obligations(lines: Sequence[DispatchLine], *, reason: str, actor: Actor, now: datetime) -> None:
    """Nothing has to come back for lines that never reached the customer (cancelled, lost, undeliverable)."""
    query = select(Obligation).where(
        Obligation.line_id.in_([line.id for line in lines]), Obligation.came_for_id.is_(None)
    )
    for obligation in session.scalars(query.order_by(Obligation.id)):
        if obligation.state is not ObligationState.NOT_STARTED:
            continue
        obligation.state = obligation_after(obligation.state, ObligationVerb.CANCEL)
        obligation.closed_recorded_at = now
        obligation.version += 1
        session.add(
            ObligationEvent(
                obligation_id=obligation.id,
                kind="cancelled",
                recorded_at=now,
                occurred_at=now,
                actor_id=actor.id,
                facts={},
                reason=reason.strip(),
            )
        )


def lock_rma(rma_id: int, actor: Actor) -> tuple[Rma, ServiceCase]:
    """The RMA and its case, both locked and fresh. Raises NotFound, also when the person may not see the case."""
    case_id = session.scalar(select(Rma.case_id).where(Rma.id == rma_id))
    if case_id is None:
        raise NotFound("not_found")
    case = lock_case(case_id, actor)
    return session.get_one(Rma, rma_id, populate_existing=True), case


def _close_if_all_cancelled(rma: Rma, case: ServiceCase, *, reason: str, actor: Actor, now: datetime) -> None:
    open_states = [*OPEN_LINES, LineState.DISPATCHED, LineState.RECEIVED]
    left = (
        select(DispatchLine.id)
        .join(DispatchOrder)
        .where(DispatchOrder.rma_id == rma.id, DispatchLine.state.in_(open_states))
    )
    if session.scalar(left.limit(1)) is None:
        rma.cancelled_at = now
        record(case, "rma_cancelled", actor=actor, now=now, rma=rma.number, reason=reason.strip())
    rma.version += 1
    session.flush()


def _owned(want: Wanted, confirmation: FaultConfirmation) -> Wanted:
    if want.faulty_serial.strip() or want.faulty_part_id is not None:
        return Wanted(
            part_id=want.part_id,
            quantity=want.quantity,
            faulty_serial=want.faulty_serial.strip(),
            faulty_part_id=want.faulty_part_id or want.part_id,
        )
    return Wanted(
        part_id=want.part_id,
        quantity=want.quantity,
        faulty_part_id=confirmation.part_id,
        faulty_serial=confirmation.serial,
    )


def _obligation(rma: Rma, case: ServiceCase, order: DispatchOrder, line: DispatchLine, now: datetime) -> Obligation:
    return Obligation(
        rma_id=rma.id,
        case_id=case.id,
        customer_id=case.customer_id,
        depot_id=order.depot_id,
        line_id=line.id,
        part_id=line.faulty_part_id or line.requested_part_id,
        serial=line.faulty_serial,
        serial_key=scan_key(line.faulty_serial),
        quantity=line.quantity,
        state=ObligationState.NOT_STARTED,
        created_at=now,
    )


def _alert_back_order(
    case: ServiceCase, rma: Rma, waiting: Sequence[DispatchLine], parts: dict[int, Part], now: datetime
) -> None:
    wanted = ", ".join(f"{parts[line.requested_part_id].part_number} × {line.quantity}" for line in waiting)
    for address in addresses_of(Role.RMA_ADMIN):
        outbox.enqueue(
            recipient=address,
            subject=f"缺货待补 Back-order: {rma.number} / {case.number}",
            body=f"{rma.number} ({case.number}) 缺货，待补货：{wanted}\n{rma.number} ({case.number}) waits for stock: {wanted}\n",
            now=now,
            case_id=case.id,
        )
