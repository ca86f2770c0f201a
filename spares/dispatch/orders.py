"""Dispatch orders: opened with their promise, reserved in the same transaction, changed and cancelled with a reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.cases.access import must_see
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import ServiceCase
from spares.cases.timeline import check_seen, record
from spares.db import session
from spares.dispatch import cutoff
from spares.dispatch.lifecycle import OPEN_LINES, LineState
from spares.dispatch.models import DeliveryMethod, DispatchLine, DispatchOrder, PromiseChange, Shipment
from spares.dispatch.stock_queue import Turn, kept_back
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory import freed, ledger
from spares.inventory.availability import Offer, choose, family, offers
from spares.inventory.models import Part, Tracking

FARTHEST_PROMISE = timedelta(days=366)
"""How far ahead an administrator may set a promise: more is a slip of the keys."""


@dataclass(frozen=True, kw_only=True)
class ShipTo:
    """Where an order goes, as it will stand on the slip."""

    consignee: str
    phone: str
    address: str
    method: DeliveryMethod = DeliveryMethod.COURIER
    site_name: str = ""
    second_contact: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One requested item. For a serial-tracked part `quantity` is 1: one line, one unit, one faulty serial."""

    part_id: int
    quantity: int = 1
    faulty_part_id: int | None = None
    faulty_serial: str = ""


@dataclass(frozen=True)
class Opened:
    """An order with its lines as they were reserved, and the parts that were asked for or stand in for them, by key."""

    order: DispatchOrder
    lines: list[DispatchLine]
    parts: dict[int, Part]


def promise_for(depot: Depot, confirmed_at: datetime) -> cutoff.Promise:
    """The depot's promise for a fault confirmed at that instant (§2.5), by its own hours and calendar."""
    return cutoff.ships_by(confirmed_at, calendars.depot_calendar(depot), depot.cutoff, depot.morning_by)


def open_order(
    *,
    rma_id: int,
    case: ServiceCase,
    depot_id: int,
    confirmed_at: datetime,
    level: FaultLevel,
    ship_to: ShipTo,
    wanted: Sequence[Wanted],
    actor: Actor,
    now: datetime,
) -> Opened:
    """Promise, and reserve what is there: the exact part, else the best-ranked approved substitute, else a back-order.
    What lines ahead in the queue wait for is not there for this one.

    The caller has locked the case. Every part that may be taken, substitutes too, is locked in key order first, so that
    two requests never wait in a circle, and what is free when it is looked at stays free."""
    if not wanted:
        raise Invalid("lines_missing", field="lines")
    depot, calendar = calendars.depot_and_calendar(depot_id)
    promise = cutoff.ships_by(confirmed_at, calendar, depot.cutoff, depot.morning_by)
    order = DispatchOrder(
        rma_id=rma_id,
        case_id=case.id,
        depot_id=depot.id,
        level=level,
        confirmed_at=confirmed_at,
        promise_kind=promise.kind.value,
        promise_reason=promise.reason.value,
        promise_provisional=promise.provisional,
        first_due_at=promise.due_at,
        due_at=promise.due_at,
        created_at=now,
        method=ship_to.method,
        consignee=needed(ship_to.consignee, "consignee", 80),
        phone=needed(ship_to.phone, "phone", 40),
        address=needed(ship_to.address, "address"),
        site_name=ship_to.site_name.strip(),
        second_contact=ship_to.second_contact.strip(),
        note=ship_to.note.strip(),
    )
    session.add(order)
    session.flush()
    lines = [_new_line(order, number, want) for number, want in enumerate(wanted, start=1)]
    ledger.lock_families([line.requested_part_id for line in lines])
    parts: dict[int, Part] = {}
    turn = Turn(due_at=order.due_at, level=level, order_id=order.id)
    taken = kept_back([line.requested_part_id for line in lines], depot.id, turn)
    for line in sorted(lines, key=lambda line: (line.requested_part_id, line.line_no)):
        available = offers_for(line, depot.id)
        parts |= {offer.part.id: offer.part for offer in available}
        choose_for(line, available, taken)
        if line.state is LineState.RESERVED:
            taken[line.part_id] += line.quantity
    session.add_all(lines)
    session.flush()
    for line in sorted(lines, key=lambda line: (line.requested_part_id, line.line_no)):
        if line.state is LineState.RESERVED:
            hold_for(line, depot.id, actor=actor, now=now)
    return Opened(order, lines, parts)


def change_promise(
    order_id: int, due_at: datetime, *, reason: str, actor: Actor, now: datetime, version: str | None = None
) -> None:
    """Set the promise anew. The first promise is never lost; old, new and reason stay on the timeline."""
    actor.must(Permission.PROMISE_CHANGE)
    reason = needed(reason, "reason")
    order, case = lock_order(order_id, actor)
    check_seen(version, order.version, case.id)
    if not order.is_open:
        raise Conflict("order_not_open", number=order.number)
    if due_at <= now:
        raise Invalid("promise_in_past", field="due_at", at=due_at)
    if due_at > now + FARTHEST_PROMISE:
        raise Invalid("promise_too_far", field="due_at", days=FARTHEST_PROMISE.days)
    _set_promise(order, case, due_at, reason=reason, actor=actor, now=now)
    order.promise_changed_by_hand = True
    note_moved(_waited_for([order.id]), now)
    _depot, calendar = calendars.depot_and_calendar(order.depot_id)
    day = calendar.local_day(due_at)
    order.promise_provisional = calendar.is_provisional(day, day)  # by hand nothing is counted: the day itself decides


def recount_promises(depot: Depot | None, first: date, last: date, actor: Actor, now: datetime) -> None:
    """Count open promises again after the days from `first` to `last` changed for the depot (None: for all).

    Promises that an administrator set by hand are left as they are."""
    query = select(DispatchOrder).where(DispatchOrder.is_open, DispatchOrder.promise_changed_by_hand.is_(False))
    if depot is not None:
        query = query.where(DispatchOrder.depot_id == depot.id)
    moved: list[int] = []
    for found in session.scalars(query.order_by(DispatchOrder.case_id, DispatchOrder.id)).all():
        order, case = lock_order(found.id, actor)
        home = calendars.depot(order.depot_id)
        promise = promise_for(home, order.confirmed_at)
        why = (promise.kind.value, promise.reason.value, promise.provisional)
        if promise.due_at != order.due_at:
            _set_promise(order, case, promise.due_at, reason="calendar", actor=actor, now=now)
            moved.append(order.id)
        elif why != (order.promise_kind, order.promise_reason, order.promise_provisional):
            record(
                case,
                "promise_confirmed",
                actor=actor,
                now=now,
                order=order.number,
                rma=order.rma_number,
                due=order.due_at.isoformat(),
                old_reason=order.promise_reason,
                new_reason=promise.reason.value,
                provisional=promise.provisional,
            )
            order.version += 1
        order.promise_kind, order.promise_reason = promise.kind.value, promise.reason.value
        order.promise_provisional = promise.provisional
    note_moved(_waited_for(moved), now)
    session.flush()


def note_moved(part_ids: Collection[int], now: datetime) -> None:
    """Note that lines which wait for these parts have left their place in the queue: what was kept for them, of the parts
    and of their substitutes, is given to whoever is next at the end of the transaction."""
    if part_ids:
        for part_id in session.scalars(family(part_ids)):
            freed.note_part(part_id, now)


def refuse_while_open(case: ServiceCase) -> None:
    """Raises Conflict while an order of the locked case is open: it would go on taking stock."""
    query = select(DispatchOrder).where(DispatchOrder.case_id == case.id, DispatchOrder.is_open)
    order = session.scalars(query.order_by(DispatchOrder.id).limit(1)).first()
    if order is not None:
        raise Conflict("case_has_open_order", number=order.number, rma=order.rma_number)


def lock_order(order_id: int, actor: Actor) -> tuple[DispatchOrder, ServiceCase]:
    """The order and its case, both locked and fresh. Raises NotFound, also when the person may not see the case."""
    row = session.execute(
        select(ServiceCase, DispatchOrder)
        .join(DispatchOrder, DispatchOrder.case_id == ServiceCase.id)
        .where(DispatchOrder.id == order_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("not_found")
    must_see(row[0], actor)
    return row[1], row[0]


def lines_of(order: DispatchOrder) -> list[DispatchLine]:
    """The order's lines as they are now, in their order."""
    query = select(DispatchLine).where(DispatchLine.order_id == order.id).order_by(DispatchLine.line_no)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def line_of(order: DispatchOrder, line_id: int) -> DispatchLine:
    """One line of the order. Raises NotFound when it belongs to another one."""
    line = session.get(DispatchLine, line_id, populate_existing=True)
    if line is None or line.order_id != order.id:
        raise NotFound("not_found")
    return line


def lock_shipment(shipment_id: int, actor: Actor) -> tuple[Shipment, DispatchOrder, ServiceCase]:
    """The shipment with its order and case, locked and fresh. Raises NotFound, also when the person may not see the case."""
    row = session.execute(
        select(ServiceCase, DispatchOrder, Shipment)
        .join(DispatchOrder, DispatchOrder.case_id == ServiceCase.id)
        .join(Shipment, Shipment.order_id == DispatchOrder.id)
        .where(Shipment.id == shipment_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("not_found")
    must_see(row[0], actor)
    return row[2], row[1], row[0]


def refresh_open(order: DispatchOrder, lines: Sequence[DispatchLine]) -> None:
    """Note whether the depot still has something to do for the order, and that it has changed. `lines`: all of them."""
    order.is_open = any(line.state in OPEN_LINES for line in lines)
    order.version += 1


def _set_promise(
    order: DispatchOrder, case: ServiceCase, due_at: datetime, *, reason: str, actor: Actor, now: datetime
) -> None:
    change = PromiseChange(
        order_id=order.id, old_due_at=order.due_at, new_due_at=due_at, reason=reason, changed_at=now, actor_id=actor.id
    )
    session.add(change)
    record(
        case,
        "promise_changed",
        actor=actor,
        now=now,
        order=order.number,
        rma=order.rma_number,
        old=order.due_at.isoformat(),
        new=due_at.isoformat(),
        first=order.first_due_at.isoformat(),
        reason=reason,
    )
    order.due_at = due_at
    order.version += 1
    session.flush()


def _waited_for(order_ids: Collection[int]) -> Sequence[int]:
    """The parts that lines of these orders wait for."""
    if not order_ids:
        return []
    query = select(DispatchLine.requested_part_id).distinct()
    return session.scalars(
        query.where(DispatchLine.order_id.in_(order_ids), DispatchLine.state == LineState.BACK_ORDERED)
    ).all()


def _new_line(order: DispatchOrder, number: int, want: Wanted) -> DispatchLine:
    if want.quantity < 1:
        raise Invalid("quantity_not_positive", field="quantity")
    return DispatchLine(
        order_id=order.id,
        line_no=number,
        requested_part_id=want.part_id,
        part_id=want.part_id,
        quantity=want.quantity,
        state=LineState.BACK_ORDERED,
        faulty_part_id=want.faulty_part_id,
        faulty_serial=want.faulty_serial.strip(),
    )


def offers_for(line: DispatchLine, depot_id: int) -> list[Offer]:
    """What could be sent for the line, the best first. Raises NotFound for an unknown part, Invalid for several units."""
    available = offers(line.requested_part_id, depot_id)
    if not available:
        raise NotFound("part_unknown")
    if available[0].part.tracking is Tracking.SERIAL and line.quantity != 1:
        raise Invalid("one_unit_a_line", field="quantity")
    return available


def choose_for(line: DispatchLine, available: list[Offer], taken: Mapping[int, int]) -> None:
    """Give the line the best offer that has enough for it beyond what others have `taken`, by part; it stays back-ordered
    when none has."""
    offer = choose(
        [replace(offer, free=offer.free - taken.get(offer.part.id, 0)) for offer in available], line.quantity
    )
    if offer is not None:
        line.part_id = offer.part.id
        line.state = LineState.RESERVED
        line.substitution_reason = "no_exact_stock" if offer.rank else ""


def hold_for(line: DispatchLine, depot_id: int, *, actor: Actor, now: datetime) -> None:
    """Hold what was chosen for the line under the lock of its part, so that it is there unless the books disagree."""
    if not ledger.hold_available(line.id, line.part_id, depot_id, line.quantity, actor=actor, now=now):
        raise Conflict("stock_caches_differ", part_id=line.part_id)


def needed(text: str, field: str, most: int = 300) -> str:
    """The text without white space around it. Raises Invalid at the field when there is none, or more than fits."""
    cleaned = text.strip()
    if not cleaned:
        raise Invalid("value_missing", field=field)
    if len(cleaned) > most:
        raise Invalid("text_too_long", field=field, limit=most)
    return cleaned
