"""The depot's board: what has to be sent, by promise, with everything a person needs to go and fetch it.

One statement reads a page of orders with their lines, reserved serials and bins, however many orders the depot has."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased, contains_eager

from spares.accounts.access import Actor
from spares.cases.access import visible_cases
from spares.cases.models import ServiceCase
from spares.db import session
from spares.dispatch.lifecycle import OPEN_LINES, LineState, ShipmentState
from spares.dispatch.models import DeliveryMethod, DispatchLine, DispatchOrder, Shipment, ShipmentLine
from spares.inventory.models import Hold, HoldEnd, Location, Part, Tracking, Unit
from spares.numbers import NumberKind, number


class Show(StrEnum):
    """Which open orders the board shows."""

    ALL = "all"
    OVERDUE = "overdue"
    TODAY = "today"
    BACK_ORDERED = "back_ordered"


class NextStep(StrEnum):
    """What the depot does next for an order: the one button that stands out."""

    PICK = "pick"
    PACK = "pack"
    DISPATCH = "dispatch"
    WAIT = "wait"
    NOTHING = "nothing"


@dataclass
class BoardLine:
    """A line with where its stock lies. `bins` and `serials` are of its open holds; once picked, `serials` is the unit
    that was taken. `shipment_id` is the packed shipment that it waits in."""

    id: int
    line_no: int
    state: LineState
    part_id: int
    part_number: str
    description: str
    tracking: Tracking
    quantity: int
    unit_id: int | None
    substitute: bool
    substitution_reason: str
    faulty_serial: str
    bins: list[str] = field(default_factory=list)
    serials: list[str] = field(default_factory=list)
    shipment_id: int | None = None

    @property
    def shipment_number(self) -> str:
        """The number of the packed shipment, or nothing."""
        return number(NumberKind.SHIPMENT, self.shipment_id) if self.shipment_id else ""


@dataclass
class BoardRow:
    """An order (its case and customer loaded) with its lines."""

    order: DispatchOrder
    lines: list[BoardLine]

    @property
    def is_waiting(self) -> bool:
        """Whether a line has no stock, so that the promise is at risk."""
        return any(line.state is LineState.BACK_ORDERED for line in self.lines)

    @property
    def missing(self) -> dict[int, str]:
        """The part numbers that have no stock, by the key of the part."""
        return {line.part_id: line.part_number for line in self.lines if line.state is LineState.BACK_ORDERED}

    @property
    def next_step(self) -> NextStep:
        """What to do next; a packed shipment goes before picking more, since it only waits for its waybill."""
        return next_step(self.lines)


def next_step(lines: list[BoardLine]) -> NextStep:
    """What the depot does next with these lines of an order."""
    states = {line.state for line in lines}
    for state, step in (
        (LineState.PACKED, NextStep.DISPATCH),
        (LineState.RESERVED, NextStep.PICK),
        (LineState.PICKED, NextStep.PACK),
        (LineState.BACK_ORDERED, NextStep.WAIT),
    ):
        if state in states:
            return step
    return NextStep.NOTHING


def board(
    depot_id: int,
    actor: Actor,
    *,
    show: Show,
    method: DeliveryMethod | None,
    now: datetime,
    day_begins: datetime,
    day_ends: datetime,
    page: int,
    size: int,
) -> tuple[list[BoardRow], bool]:
    """A page of the depot's open orders that `actor` may see, the earliest promise first, then by level and age; and whether there are
    more.

    `day_begins` and `day_ends` are the midnights around the depot's day, for `Show.TODAY`. One statement."""
    wanted = (
        select(DispatchOrder.id)
        .join(ServiceCase, ServiceCase.id == DispatchOrder.case_id)
        .where(DispatchOrder.depot_id == depot_id, DispatchOrder.is_open, visible_cases(actor))
        .where(*_filters(show, now, day_begins, day_ends))
        .order_by(DispatchOrder.due_at, DispatchOrder.level, DispatchOrder.id)
        .offset((page - 1) * size)
        .limit(size + 1)
    )
    if method is not None:
        wanted = wanted.where(DispatchOrder.method == method)
    rows = _rows(with_stock(wanted))
    return rows[:size], len(rows) > size


def one(order_id: int) -> BoardRow | None:
    """One order as the board shows it, open or not."""
    rows = _rows(with_stock(select(DispatchOrder.id).where(DispatchOrder.id == order_id)))
    return rows[0] if rows else None


def orders_holding(serial_key: str) -> list[int]:
    """The orders that a unit with this serial is reserved for."""
    query = (
        select(DispatchLine.order_id)
        .join(Hold, Hold.line_id == DispatchLine.id)
        .join(Unit, Unit.id == Hold.unit_id)
        .where(Unit.serial_key == serial_key, ~select(HoldEnd.hold_id).where(HoldEnd.hold_id == Hold.id).exists())
        .distinct()
        .order_by(DispatchLine.order_id)
    )
    return list(session.scalars(query))


def with_stock(wanted: Select[Any]) -> Select[Any]:
    """The wanted orders (a query of their keys) joined with their lines, parts, holds, bins, serials and packed
    shipments, by promise; the last column says whether a hold has ended.

    The few orders come first and ended holds are left out by the reader: PostgreSQL plans no more than eight joins at
    once, and would otherwise read every order and every hold there ever was before it looks at which are wanted."""
    few = wanted.subquery()
    packed = (
        select(ShipmentLine.line_id, Shipment.id.label("shipment_id"))
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.state == ShipmentState.PACKED)
        .subquery()
    )
    taken = aliased(Unit)
    columns = (
        Hold,
        Location.code,
        Unit.serial,
        taken.serial.label("taken"),
        packed.c.shipment_id,
        HoldEnd.hold_id.label("ended"),
    )
    return (
        select(DispatchOrder, DispatchLine, Part, *columns)
        .select_from(few)
        .join(DispatchOrder, DispatchOrder.id == few.c.id)
        .join(DispatchOrder.case)
        .join(ServiceCase.customer)
        .join(DispatchLine, DispatchLine.order_id == DispatchOrder.id)
        .join(Part, Part.id == DispatchLine.part_id)
        .outerjoin(Hold, Hold.line_id == DispatchLine.id)
        .outerjoin(HoldEnd, HoldEnd.hold_id == Hold.id)
        .outerjoin(Location, Location.id == Hold.location_id)
        .outerjoin(Unit, Unit.id == Hold.unit_id)
        .outerjoin(taken, taken.id == DispatchLine.unit_id)
        .outerjoin(packed, packed.c.line_id == DispatchLine.id)
        .options(contains_eager(DispatchOrder.case).contains_eager(ServiceCase.customer))
        .order_by(DispatchOrder.due_at, DispatchOrder.level, DispatchOrder.id, DispatchLine.line_no, Hold.id)
    )


def _filters(show: Show, now: datetime, day_begins: datetime, day_ends: datetime) -> list[ColumnElement[bool]]:
    if show is Show.OVERDUE:
        return [DispatchOrder.due_at < now]
    if show is Show.TODAY:
        return [DispatchOrder.due_at >= day_begins, DispatchOrder.due_at < day_ends]
    if show is Show.BACK_ORDERED:
        waiting = select(DispatchLine.id).where(
            DispatchLine.order_id == DispatchOrder.id, DispatchLine.state == LineState.BACK_ORDERED
        )
        return [waiting.exists()]
    return []


def _rows(query: Select[Any]) -> list[BoardRow]:
    rows: dict[int, BoardRow] = {}
    lines: dict[int, BoardLine] = {}
    for order, line, part, hold, bin_code, serial, taken, shipment_id, ended in session.execute(query):
        row = rows.setdefault(order.id, BoardRow(order, []))
        if line.id not in lines:
            lines[line.id] = _line(line, part, shipment_id)
            if taken:
                lines[line.id].serials.append(taken)
            row.lines.append(lines[line.id])
        if hold is not None and ended is None:
            if bin_code not in lines[line.id].bins:
                lines[line.id].bins.append(bin_code)
            if serial and serial not in lines[line.id].serials:
                lines[line.id].serials.append(serial)
    return list(rows.values())


def _line(line: DispatchLine, part: Part, shipment_id: int | None) -> BoardLine:
    return BoardLine(
        id=line.id,
        line_no=line.line_no,
        state=line.state,
        part_id=part.id,
        part_number=part.part_number,
        description=part.description,
        tracking=part.tracking,
        quantity=line.quantity,
        unit_id=line.unit_id,
        substitute=line.part_id != line.requested_part_id,
        substitution_reason=line.substitution_reason,
        faulty_serial=line.faulty_serial,
        shipment_id=shipment_id if line.state in OPEN_LINES else None,
    )
