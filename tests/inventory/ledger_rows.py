"""Rows that the stock ledger needs around it: a depot with bins, parts, units, and dispatch lines with all their parents."""

from dataclasses import dataclass, field

from sqlalchemy import func, select

import spares.tables  # noqa: F401
from spares.accounts.access import SYSTEM
from spares.calendars.models import Depot
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Customer, FaultConfirmation, ServiceCase
from spares.db import Base, session, transaction
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DeliveryMethod, DispatchLine, DispatchOrder
from spares.inventory import ledger
from spares.inventory.ledger_check import verify
from spares.inventory.models import (
    Condition,
    Location,
    LocationKind,
    Move,
    Part,
    PostingKind,
    StockBalance,
    Tracking,
    Unit,
    UnitState,
)
from spares.inventory.places import ensure_places, inside, outside
from spares.numbers import scan_key
from spares.rma.models import Rma, RmaKind
from tests.conftest import NOON

GOOD, FAULTY = Condition.GOOD, Condition.FAULTY


@dataclass
class World:
    """Keys of a depot, its places, the places outside, and of an order that lines can be hung on."""

    depot: int
    bins: list[int]
    receiving: int
    returns: int
    supplier: int
    customer: int
    transit: int
    difference: int
    order: int
    case: int
    keys: dict[str, int] = field(default_factory=dict)

    def key(self, prefix: str) -> str:
        """A request key not used before."""
        self.keys[prefix] = self.keys.get(prefix, 0) + 1
        return f"{prefix}:{self.keys[prefix]}"


def build_world(bins: int = 3) -> World:
    """One depot with bins A1, A2 …, all places, and a dispatch order of an RMA of a case."""
    with transaction():
        depot = Depot(code="ZZ", name="郑州备件库")
        session.add(depot)
        session.flush()
        ensure_places(depot.id)
        rows = [
            Location(kind=LocationKind.BIN, code=f"A{n}", code_key=f"A{n}", depot_id=depot.id)
            for n in range(1, bins + 1)
        ]
        session.add_all(rows)
        order = _order(depot.id)
        session.flush()
        return World(
            depot=depot.id,
            bins=[row.id for row in rows],
            receiving=inside(LocationKind.RECEIVING, depot.id),
            returns=inside(LocationKind.RETURNS, depot.id),
            supplier=outside(LocationKind.SUPPLIER),
            customer=outside(LocationKind.CUSTOMER),
            transit=outside(LocationKind.IN_TRANSIT),
            difference=outside(LocationKind.DIFFERENCE),
            order=order.id,
            case=order.case_id,
        )


def _order(depot_id: int) -> DispatchOrder:
    customer = Customer(code="C-1", name="示例客户")
    part = _part("FAULTY-1", Tracking.SERIAL)
    session.add_all([customer, part])
    session.flush()
    case = ServiceCase(
        customer_id=customer.id,
        title="主机故障",
        level=FaultLevel.C1,
        opened_at=NOON,
        opened_by_id=None,
        assigned_to_id=None,
    )
    session.add(case)
    session.flush()
    confirmation = FaultConfirmation(
        case_id=case.id,
        part_id=part.id,
        serial="OLD1",
        serial_key="OLD1",
        level=FaultLevel.C1,
        finding="电源不启动",
        confirmed_at=NOON,
        recorded_at=NOON,
        confirmed_by_id=None,
    )
    session.add(confirmation)
    session.flush()
    rma = Rma(
        case_id=case.id,
        confirmation_id=confirmation.id,
        kind=RmaKind.ADVANCE_REPLACEMENT,
        requested_at=NOON,
        requested_by_id=None,
    )
    session.add(rma)
    session.flush()
    order = DispatchOrder(
        rma_id=rma.id,
        case_id=case.id,
        depot_id=depot_id,
        level=FaultLevel.C1,
        confirmed_at=NOON,
        promise_kind="same_day",
        promise_reason="before_cutoff",
        promise_provisional=False,
        first_due_at=NOON,
        due_at=NOON,
        created_at=NOON,
        method=DeliveryMethod.COURIER,
        consignee="张三",
        phone="000",
        address="某市某路1号",
    )
    session.add(order)
    return order


def _part(number: str, tracking: Tracking) -> Part:
    return Part(
        manufacturer="示例",
        manufacturer_key="示例",
        part_number=number,
        part_number_key=scan_key(number),
        tracking=tracking,
    )


def add_part(number: str, tracking: Tracking = Tracking.SERIAL) -> int:
    """A part in the catalogue."""
    with transaction():
        part = _part(number, tracking)
        session.add(part)
    return part.id


def add_units(part_id: int, *serials: str) -> list[int]:
    """Units that exist but that the ledger has never seen."""
    with transaction():
        units = [Unit(part_id=part_id, serial=serial, serial_key=scan_key(serial)) for serial in serials]
        session.add_all(units)
    return [unit.id for unit in units]


def new_line(order_id: int, line_no: int, part_id: int, quantity: int = 1) -> int:
    """A line to hold stock for, inside the caller's transaction."""
    line = DispatchLine(
        order_id=order_id,
        line_no=line_no,
        requested_part_id=part_id,
        part_id=part_id,
        quantity=quantity,
        state=LineState.RESERVED,
    )
    session.add(line)
    session.flush()
    return line.id


def add_line(world: World, part_id: int, quantity: int = 1) -> int:
    """A line to hold stock for."""
    with transaction():
        last = session.scalar(select(func.max(DispatchLine.line_no)).where(DispatchLine.order_id == world.order))
        return new_line(world.order, (last or 0) + 1, part_id, quantity)


def step(
    part_id: int,
    from_id: int,
    to_id: int,
    quantity: int = 1,
    unit_id: int | None = None,
    conditions: tuple[Condition, Condition] = (GOOD, GOOD),
) -> ledger.Step:
    """A step, good to good unless told otherwise."""
    return ledger.Step(
        part_id=part_id,
        unit_id=unit_id,
        quantity=quantity,
        from_id=from_id,
        from_condition=conditions[0],
        to_id=to_id,
        to_condition=conditions[1],
    )


def post(world: World, kind: PostingKind, *steps: ledger.Step, **options: object) -> int:
    """Post in a transaction of its own, at noon, by the system, under a new request key."""
    values = {"request_key": world.key(kind.value), "occurred_at": NOON, "actor": SYSTEM, "now": NOON}
    with transaction():
        return ledger.post(kind, steps, **(values | options))  # type: ignore[arg-type]


def stock_units(world: World, part_id: int, location_id: int, *serials: str) -> list[int]:
    """Good units in a place, received from the supplier."""
    units = add_units(part_id, *serials)
    post(world, PostingKind.RECEIVE, *(step(part_id, world.supplier, location_id, unit_id=u) for u in units))
    return units


def stock_pieces(world: World, part_id: int, location_id: int, quantity: int) -> int:
    """Good pieces of a counted part in a place, received from the supplier; the posting."""
    return post(world, PostingKind.RECEIVE, step(part_id, world.supplier, location_id, quantity))


def tables() -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table: what a refusal must leave as it was."""
    session.rollback()
    session.expire_all()
    return {
        table.name: sorted((tuple(row) for row in session.execute(select(table))), key=str)
        for table in Base.metadata.sorted_tables
    }


def balances() -> dict[tuple[int, int, str], tuple[int, int]]:
    """Pieces on hand and held by (part, place, condition), empty balances left out."""
    session.rollback()
    rows = session.execute(select(*StockBalance.__table__.columns)).all()
    return {
        (r.part_id, r.location_id, r.condition.value): (r.on_hand, r.held)
        for r in rows
        if (r.on_hand, r.held) != (0, 0)
    }


def where(unit_id: int) -> tuple[int, str, int | None]:
    """The unit's place, condition and hold."""
    session.rollback()
    row = session.execute(select(*UnitState.__table__.columns).where(UnitState.unit_id == unit_id)).one()
    return row.location_id, row.condition.value, row.hold_id


def moves() -> list[tuple[object, ...]]:
    """Every move as (posting, part, unit, quantity, from, condition, to, condition), oldest first."""
    session.rollback()
    rows = session.execute(select(*Move.__table__.columns).order_by(Move.id))
    return [
        (
            m.posting_id,
            m.part_id,
            m.unit_id,
            m.quantity,
            m.from_location_id,
            m.from_condition.value,
            m.to_location_id,
            m.to_condition.value,
        )
        for m in rows
    ]


def findings() -> list[str]:
    """What the check says, as it is printed."""
    session.rollback()
    session.expire_all()
    found = [str(finding) for finding in verify()]
    session.rollback()
    return found
