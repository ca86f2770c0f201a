"""Packing, dispatch, and what becomes of a shipment: delivered, lost, or brought back undelivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from spares.accounts.access import Actor, Permission
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.dispatch.lifecycle import LineState, LineVerb, ShipmentState, ShipmentVerb, line_after, shipment_after
from spares.dispatch.models import DeliveryMethod, DispatchLine, DispatchOrder, Shipment, ShipmentLine
from spares.dispatch.orders import lines_of, lock_order, lock_shipment, needed, refresh_open
from spares.dispatch.waybills import check_unused, check_waybill
from spares.errors import Conflict, Invalid
from spares.inventory import ledger, places
from spares.inventory.models import Condition, Hold, LocationKind, Move, Part, Posting, PostingKind, Unit, UnitState
from spares.numbers import scan_key

_LONGEST = 60  # characters of a carrier's name or a waybill


@dataclass(frozen=True)
class Departed:
    """A dispatched shipment and its lines, for whoever orchestrates the exchange. `was_lost`: it had been written off, and
    was found again."""

    shipment: Shipment
    order: DispatchOrder
    case: ServiceCase
    lines: list[DispatchLine]
    was_lost: bool = False


def check_packages(packages: int) -> None:
    """Raises Invalid for a number of packages that cannot be."""
    if not 1 <= packages <= 999:
        raise Invalid("packages_out_of_range", field="packages")


def check_weight(weight_grams: int | None) -> None:
    """Raises Invalid for a weight that cannot be; none at all can."""
    if weight_grams is not None and not 1 <= weight_grams <= 5_000_000:
        raise Invalid("weight_out_of_range", field="weight")


def pack(
    order_id: int,
    *,
    packages: int,
    weight_grams: int | None,
    actor: Actor,
    now: datetime,
    line_ids: Sequence[int] | None = None,
) -> Shipment:
    """Close the picked lines (all, or the named ones) into a shipment of so many packages.

    Raises Invalid for no packages or no weight that can be; Conflict when nothing is picked."""
    actor.must(Permission.DISPATCH_WORK)
    check_packages(packages)
    check_weight(weight_grams)
    order, case = lock_order(order_id, actor)
    chosen = [
        line
        for line in lines_of(order)
        if (line.id in line_ids if line_ids is not None else line.state is LineState.PICKED)
    ]
    if not chosen:
        raise Conflict("nothing_picked", number=order.number)
    shipment = Shipment(
        order_id=order.id,
        state=ShipmentState.PACKED,
        packages=packages,
        weight_grams=weight_grams,
        packed_at=now,
        packed_by_id=actor.id,
    )
    session.add(shipment)
    session.flush()
    parts = {part.id: part for part in session.scalars(select(Part).where(Part.id.in_([ln.part_id for ln in chosen])))}
    for line in chosen:
        line.state = line_after(line.state, LineVerb.PACK)
        session.add(
            ShipmentLine(
                shipment_id=shipment.id,
                line_id=line.id,
                quantity=line.quantity,
                unit_id=line.unit_id,
                price_minor=parts[line.part_id].price_minor,
                currency=parts[line.part_id].currency,
            )
        )
    order.version += 1
    record(
        case,
        "packed",
        actor=actor,
        now=now,
        shipment=shipment.number,
        rma=order.rma_number,
        packages=packages,
        lines=[line.line_no for line in chosen],
    )
    session.flush()
    return shipment


def reopen(shipment_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Open a packed shipment again: its lines are picked, the slip printed for it is void."""
    actor.must(Permission.DISPATCH_WORK)
    reason = needed(reason, "reason")
    shipment, order, case = lock_shipment(shipment_id, actor)
    void_packing(shipment, order, case, reason=reason, actor=actor, now=now)


def void_packing(
    shipment: Shipment, order: DispatchOrder, case: ServiceCase, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Open a packed shipment whose order and case are locked; for cancelling, which needs no right to dispatch."""
    shipment.state = shipment_after(shipment.state, ShipmentVerb.REOPEN)
    shipment.version += 1
    for line in shipment_lines(shipment):
        line.state = line_after(line.state, LineVerb.UNPACK)
    order.version += 1
    record(case, "reopened", actor=actor, now=now, shipment=shipment.number, rma=order.rma_number, reason=reason)
    session.flush()


def dispatch(
    shipment_id: int, *, carrier: str, waybill: str, actor: Actor, now: datetime, shared: bool = False
) -> Departed:
    """Hand the shipment over: stock leaves the bins, and the promise is met or missed from this instant on.

    A courier needs a carrier and a waybill. Raises Invalid at the field, also for what can be no waybill; Conflict when it
    has left already, and `waybill_used` when another shipment has that waybill of the carrier, unless it is `shared` on
    purpose."""
    actor.must(Permission.DISPATCH_WORK)
    shipment, order, case = lock_shipment(shipment_id, actor)
    after = shipment_after(shipment.state, ShipmentVerb.DISPATCH)
    carrier, waybill, waybill_key = carrier.strip(), waybill.strip(), scan_key(waybill)
    if order.method is DeliveryMethod.COURIER:
        needed(carrier, "carrier")
        needed(waybill_key, "waybill")
    for field, text in (("carrier", carrier), ("waybill", waybill), ("waybill", waybill_key)):
        if len(text) > _LONGEST:
            raise Invalid("text_too_long", field=field, limit=_LONGEST)
    all_lines, lines, holds, serials = _packed(order, shipment)
    check_waybill(waybill, serials, by_courier=order.method is DeliveryMethod.COURIER)
    if not shared:
        check_unused(shipment, carrier, waybill)
    transit = places.outside(LocationKind.IN_TRANSIT)
    steps = [
        ledger.Step(
            part_id=hold.part_id,
            unit_id=hold.unit_id,
            quantity=hold.quantity,
            from_id=hold.location_id,
            from_condition=Condition.GOOD,
            to_id=transit,
            to_condition=Condition.GOOD,
        )
        for hold in holds
    ]
    ledger.post(
        PostingKind.DISPATCH,
        steps,
        request_key=f"dispatch:{shipment.id}",
        occurred_at=now,
        actor=actor,
        now=now,
        reference=shipment.number,
        case_id=case.id,
        holds=holds,
    )
    shipment.state = after
    shipment.carrier, shipment.waybill, shipment.waybill_key = carrier, waybill, waybill_key
    shipment.dispatched_at, shipment.dispatched_by_id = now, actor.id
    shipment.due_at, shipment.promise_met = order.due_at, now <= order.due_at
    shipment.version += 1
    for line in lines:
        line.state = line_after(line.state, LineVerb.DISPATCH)
    refresh_open(order, all_lines)
    record(
        case,
        "dispatched",
        actor=actor,
        now=now,
        shipment=shipment.number,
        rma=order.rma_number,
        carrier=carrier,
        waybill=waybill,
        due=order.due_at.isoformat(),
        met=shipment.promise_met,
    )
    session.flush()
    return Departed(shipment, order, case, lines)


def deliver(shipment_id: int, *, occurred_at: datetime, actor: Actor, now: datetime) -> Departed:
    """The customer has it: stock goes from in transit, or from the lost, to the customer. The clock that this starts is the
    exchange's."""
    actor.must(Permission.RECEIPT_CONFIRM)
    return _end(
        shipment_id,
        ShipmentVerb.CONFIRM_RECEIPT,
        LineVerb.CONFIRM_RECEIPT,
        PostingKind.DELIVER,
        LocationKind.CUSTOMER,
        Condition.GOOD,
        occurred_at=occurred_at,
        actor=actor,
        now=now,
    )


def lose(shipment_id: int, *, reason: str, actor: Actor, now: datetime) -> Departed:
    """Lost in transit, after the carrier's word: stock goes to the lost, and the lines are lost."""
    actor.must(Permission.OBLIGATION_DECIDE)
    reason = needed(reason, "reason")
    departed = _end(
        shipment_id,
        ShipmentVerb.LOSE,
        LineVerb.LOSE,
        PostingKind.LOSE,
        LocationKind.LOST,
        Condition.GOOD,
        occurred_at=now,
        actor=actor,
        now=now,
        reason=reason,
    )
    record(
        departed.case,
        "shipment_lost",
        actor=actor,
        now=now,
        shipment=departed.shipment.number,
        rma=departed.order.rma_number,
        reason=reason,
    )
    return departed


def return_undelivered(shipment_id: int, *, reason: str, actor: Actor, now: datetime) -> Departed:
    """Refused, undeliverable, or written off as lost and found, and back at the depot: to be inspected before it counts as
    available again. Writing off is a decision; taking back what was written off is not: the warehouse takes goods in, and
    need not ask first."""
    actor.must(Permission.DISPATCH_WORK)
    reason = needed(reason, "reason")
    departed = _end(
        shipment_id,
        ShipmentVerb.RETURN_UNDELIVERED,
        LineVerb.RETURN_UNDELIVERED,
        PostingKind.UNDELIVERED,
        LocationKind.RETURNS,
        Condition.TO_INSPECT,
        occurred_at=now,
        actor=actor,
        now=now,
        reason=reason,
    )
    record(
        departed.case,
        "shipment_undelivered",
        actor=actor,
        now=now,
        shipment=departed.shipment.number,
        rma=departed.order.rma_number,
        reason=reason,
        was_lost=departed.was_lost,
    )
    return departed


def _packed(
    order: DispatchOrder, shipment: Shipment
) -> tuple[list[DispatchLine], list[DispatchLine], list[Hold], list[str]]:
    """Every line of the order as it is now; those that are in the shipment; what is held for these, and their serials."""
    query = (
        select(DispatchLine, ShipmentLine.line_id.is_not(None), Hold, Unit.serial)
        .outerjoin(ShipmentLine, and_(ShipmentLine.line_id == DispatchLine.id, ShipmentLine.shipment_id == shipment.id))
        .outerjoin(Hold, and_(Hold.line_id == ShipmentLine.line_id, ledger.hold_is_open()))
        .outerjoin(Unit, Unit.id == ShipmentLine.unit_id)
        .where(DispatchLine.order_id == order.id)
        .order_by(DispatchLine.line_no, Hold.id)
    )
    rows = session.execute(query.execution_options(populate_existing=True)).all()
    every = {row[0].id: row[0] for row in rows}
    packed = {row[0].id: row[0] for row in rows if row[1]}
    holds = [hold for _, _, hold, _ in rows if hold is not None]
    return list(every.values()), list(packed.values()), holds, [serial for *_, serial in rows if serial is not None]


def shipment_lines(shipment: Shipment) -> list[DispatchLine]:
    """The dispatch lines in the shipment, as they are now."""
    query = (
        select(DispatchLine)
        .join(ShipmentLine, ShipmentLine.line_id == DispatchLine.id)
        .where(ShipmentLine.shipment_id == shipment.id)
        .order_by(DispatchLine.line_no)
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _still_lost(shipment: Shipment, lines: list[DispatchLine]) -> list[DispatchLine]:
    """The lines that can be found again: those whose unit has been booked elsewhere since it was written off are left out,
    and stay lost. Raises Conflict when that leaves none."""
    units = [line.unit_id for line in lines if line.unit_id is not None]
    query = (
        select(UnitState.unit_id)
        .join(Move, Move.id == UnitState.last_move_id)
        .join(Posting, Posting.id == Move.posting_id)
        .where(UnitState.unit_id.in_(units), Posting.kind == PostingKind.LOSE, Posting.reference == shipment.number)
    )
    lost = set(session.scalars(query))
    found = [line for line in lines if line.unit_id is None or line.unit_id in lost]
    if not found:
        raise Conflict("nothing_lost", number=shipment.number)
    return found


def _end(
    shipment_id: int,
    verb: ShipmentVerb,
    line_verb: LineVerb,
    posting: PostingKind,
    to: LocationKind,
    condition: Condition,
    *,
    occurred_at: datetime,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> Departed:
    shipment, order, case = lock_shipment(shipment_id, actor)
    was_lost = shipment.state is ShipmentState.LOST
    shipment.state = shipment_after(shipment.state, verb)
    lines = shipment_lines(shipment)
    if was_lost:
        lines = _still_lost(shipment, lines)
    origin = places.outside(LocationKind.LOST if was_lost else LocationKind.IN_TRANSIT)
    target = places.inside(to, order.depot_id) if to is LocationKind.RETURNS else places.outside(to)
    steps = [
        ledger.Step(
            part_id=line.part_id,
            unit_id=line.unit_id,
            quantity=line.quantity,
            from_id=origin,
            from_condition=Condition.GOOD,
            to_id=target,
            to_condition=condition,
        )
        for line in lines
    ]
    ledger.post(
        posting,
        steps,
        request_key=f"{posting.value}:{shipment.id}",
        occurred_at=occurred_at,
        actor=actor,
        now=now,
        reason=reason,
        reference=shipment.number,
        case_id=case.id,
    )
    shipment.ended_at = occurred_at
    shipment.version += 1
    for line in lines:
        line.state = line_after(line.state, line_verb)
    order.version += 1
    session.flush()
    return Departed(shipment, order, case, lines, was_lost)
