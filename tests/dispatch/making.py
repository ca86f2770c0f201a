"""Exchanges for the tests of dispatch and of what follows it, made by the services as people use them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor
from spares.calendars.models import Depot
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Customer, ServiceCase
from spares.cases.timeline import lock_case
from spares.db import is_writing, session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.board import BoardLine, one
from spares.dispatch.models import DispatchLine, DispatchOrder, Shipment
from spares.dispatch.orders import ShipTo, Wanted
from spares.inventory import services
from spares.inventory.models import Part
from spares.rma import receipts, requests
from spares.rma.models import Rma
from tests.conftest import NOON

_numbers = itertools.count(1)


def in_transaction(act: Callable[[], object]) -> None:
    """In the transaction that is open, else in one of its own."""
    if is_writing():
        act()
        return
    with transaction():
        act()


@dataclass
class Exchange:
    """A request with stock reserved for it where there was some."""

    case: ServiceCase
    rma: Rma
    order: DispatchOrder


def make_customer(name: str = "郑州某银行") -> Customer:
    """A customer with a number of its own."""
    made: list[Customer] = []
    in_transaction(lambda: made.append(cases.add_customer(code=f"C{next(_numbers):04d}", name=name, actor=SYSTEM)))
    return made[0]


def make_exchange(
    depot: Depot,
    *wanted: Part | Wanted,
    confirmed_at: datetime = NOON,
    now: datetime = NOON,
    actor: Actor = SYSTEM,
    customer: Customer | None = None,
    level: FaultLevel = FaultLevel.C1,
    **ship_to: Any,
) -> Exchange:
    """Open a case, confirm the fault and request these parts: the services of the case and the exchange, as they are."""
    lines = [one if isinstance(one, Wanted) else Wanted(part_id=one.id) for one in wanted]
    customer = customer or make_customer()
    address = {"consignee": "李工", "phone": "13800000000", "address": "郑州市金水区某路 1 号"} | ship_to
    made: list[Exchange] = []

    def act() -> None:
        case = cases.open_case(customer_id=customer.id, title="核心交换机宕机", level=level, actor=actor, now=now)
        case = lock_case(case.id, SYSTEM)
        confirmation = cases.confirm_fault(
            case,
            part_id=lines[0].part_id,
            serial=f"F{next(_numbers):05d}",
            level=level,
            finding="电源板故障",
            confirmed_at=confirmed_at,
            actor=actor,
            now=now,
        )
        rma, order = requests.request_spares(
            case,
            confirmation,
            depot_id=depot.id,
            wanted=lines,
            ship_to=ShipTo(**address),
            actor=actor,
            now=now,
        )
        made.append(Exchange(case, rma, order))

    in_transaction(act)
    keep(made[0].case, made[0].rma, made[0].order)
    return made[0]


def keep(*records: object) -> None:
    """Take records out of the session as they are, so that a later transaction does not expire what a test still reads."""
    if is_writing():
        return
    for record in records:
        session.refresh(record)
        session.expunge(record)


def lines_now(order: DispatchOrder) -> list[BoardLine]:
    """The order's lines with their stock, read anew; what was read before stays usable as it was."""
    row = one(order.id)
    assert row is not None
    return row.lines


def pick_all(order: DispatchOrder, *, now: datetime = NOON, actor: Actor = SYSTEM) -> None:
    """Pick every reserved line, each by its reserved serial or as counted pieces."""
    for line in lines_now(order):
        if line.state.value != "reserved":
            continue
        if line.serials:
            in_transaction(lambda s=line.serials[0]: picking.pick_scanned(order.id, s, actor=actor, now=now))  # type: ignore[misc]
        else:
            in_transaction(lambda key=line.id: picking.pick_counted(order.id, key, actor=actor, now=now))  # type: ignore[misc]


def pack_all(order: DispatchOrder, *, now: datetime = NOON, actor: Actor = SYSTEM) -> Shipment:
    """Pick what is reserved and close it into one shipment of one package."""
    pick_all(order, now=now, actor=actor)
    made: list[Shipment] = []
    in_transaction(lambda: made.append(shipping.pack(order.id, packages=1, weight_grams=4200, actor=actor, now=now)))
    keep(made[0])
    return made[0]


def send(order: DispatchOrder, *, waybill: str = "SF1000", now: datetime = NOON, actor: Actor = SYSTEM) -> Shipment:
    """Pick, pack and dispatch what is reserved."""
    shipment_id = pack_all(order, now=now, actor=actor).id
    in_transaction(
        lambda: receipts.dispatch_shipment(
            shipment_id, carrier="顺丰速运", waybill=waybill, actor=actor, now=now, shared=True
        )
    )
    shipment = session.get_one(Shipment, shipment_id)
    keep(shipment)
    return shipment


def state_of(exchange: Exchange) -> str:
    """The states of the exchange's lines, joined."""
    session.rollback()
    query = select(DispatchLine.state).where(DispatchLine.order_id == exchange.order.id)
    return " ".join(state.value for state in session.scalars(query.order_by(DispatchLine.line_no)))


def waiting_in(*exchanges: Exchange) -> list[int]:
    """Which of them, by their place in the call, have nothing yet."""
    return [number for number, one in enumerate(exchanges) if state_of(one) == "back_ordered"]


def substitute(part: Part, other: Part, *, approved: bool) -> int:
    """Let the one stand in for the other, by the key of the record."""
    with transaction():
        row = services.add_substitute(part.id, other.id, 1, actor=SYSTEM, now=NOON)
        if approved:
            services.approve_substitute(row.id, actor=SYSTEM, now=NOON)
    return row.id
