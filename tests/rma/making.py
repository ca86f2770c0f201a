"""Plain functions that carry an exchange to where a test begins. Each step is a transaction of its own, as a page's is."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role
from spares.calendars.models import Depot
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Customer, ServiceCase
from spares.cases.timeline import lock_case
from spares.db import session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.models import DispatchOrder, Shipment
from spares.dispatch.orders import ShipTo, Wanted
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, Location, LocationKind, Part, Tracking, Unit, UnitState
from spares.rma import receipts, requests, returns
from spares.rma.models import Obligation, Rma
from tests.conftest import NOON
from tests.factories import make_bin, make_depot, make_part, put_stock

CHIEF = Actor(id=None, name="chief", role=Role.RMA_ADMIN)
SHIP_TO = ShipTo(consignee="李工", phone="13800000000", address="郑州市金水区花园路 1 号")
RECEIVED_ON = date(2026, 11, 18)
DUE_ON = date(2026, 12, 2)
PRICE = 123400
PIECE = 50000


@dataclass
class World:
    """A depot with a bin, a part with stock S1 … S4, another part with stock O1, a customer and an open case."""

    depot: Depot
    bin: Location
    part: Part
    other: Part
    customer: Customer
    case: ServiceCase
    faulty: list[str] = field(default_factory=lambda: ["F9", "F10", "F11", "F12"])


def make_world(code: str = "ZZ") -> World:
    """At Wednesday 2026-11-18 12:00, before anything was asked for; `code` is the depot's."""
    depot = make_depot(code)
    bin_ = make_bin(depot)
    part = make_part("SW-24", price_minor=PRICE)
    other = make_part("SW-48", price_minor=200000)
    put_stock(part, ["S1", "S2", "S3", "S4"], bin_)
    put_stock(other, ["O1"], bin_)
    with transaction():
        customer = cases.add_customer(code="C1", name="某银行", actor=SYSTEM)
        case = cases.open_case(
            customer_id=customer.id, title="核心交换机宕机", level=FaultLevel.C1, actor=SYSTEM, now=NOON
        )
    return World(depot, bin_, part, other, customer, case)


def asked(world: World, count: int = 1) -> tuple[Rma, DispatchOrder]:
    """So many parts are asked for, for the first faulty serials."""
    with transaction():
        case = lock_case(world.case.id, SYSTEM)
        confirmation = cases.confirm_fault(
            case,
            part_id=world.part.id,
            serial=world.faulty[0],
            level=FaultLevel.C1,
            finding="电源板故障",
            confirmed_at=NOON,
            actor=SYSTEM,
            now=NOON,
        )
        wanted = [Wanted(part_id=world.part.id, faulty_serial=serial) for serial in world.faulty[:count]]
        return requests.request_spares(
            case, confirmation, depot_id=world.depot.id, wanted=wanted, ship_to=SHIP_TO, actor=SYSTEM, now=NOON
        )


def dispatched(world: World, count: int = 1) -> tuple[Rma, Shipment, list[Obligation]]:
    """They were picked, packed and dispatched at noon."""
    rma, order = asked(world, count)
    with transaction():
        for serial in ("S1", "S2", "S3", "S4")[:count]:
            picking.pick_scanned(order.id, serial, actor=SYSTEM, now=NOON)
    with transaction():
        shipment = shipping.pack(order.id, packages=1, weight_grams=4200, actor=SYSTEM, now=NOON)
    with transaction():
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill="SF100", actor=SYSTEM, now=NOON, shared=True)
    return rma, shipment, owed(rma)


def running(world: World, count: int = 1) -> list[Obligation]:
    """The customer has had them since that noon: due on 2026-12-02."""
    _rma, shipment, _ = dispatched(world, count)
    with transaction():
        return receipts.confirm_receipt(
            shipment.id, received_on=RECEIVED_ON, proof="签收单", actor=SYSTEM, now=NOON + timedelta(hours=1)
        )


def received(world: World, arrival: returns.Arrival | None = None) -> Obligation:
    """The faulty part is on the returns shelf; as expected unless told otherwise."""
    (obligation,) = running(world)
    with transaction():
        returns.receive_return(obligation.id, arrival or right(world), actor=SYSTEM, now=NOON + timedelta(days=1))
    return fresh(obligation)


def right(world: World) -> returns.Arrival:
    """What is expected."""
    return returns.Arrival(part_id=world.part.id, serial="F9")


def owed(rma: Rma) -> list[Obligation]:
    """The obligations of the exchange."""
    return list(session.scalars(select(Obligation).where(Obligation.rma_id == rma.id).order_by(Obligation.id)))


def modules_running(world: World, count: int = 5) -> Obligation:
    """So many pieces of a counted part are with the customer since that noon: due on 2026-12-02."""
    _module, one, shipment_id = modules_dispatched(world, count)
    with transaction():
        receipts.confirm_receipt(
            shipment_id, received_on=RECEIVED_ON, proof="签收单", actor=SYSTEM, now=NOON + timedelta(hours=1)
        )
    return fresh(one)


def modules_dispatched(world: World, count: int = 5) -> tuple[Part, Obligation, int]:
    """So many pieces of a counted part left at noon: the part, what is owed for them, and the shipment's key."""
    module = make_part("SFP-10G", tracking=Tracking.COUNTED, price_minor=PIECE)
    put_stock(module, 20, world.bin)
    with transaction():
        case = lock_case(world.case.id, SYSTEM)
        confirmation = cases.confirm_fault(
            case,
            part_id=world.part.id,
            serial=world.faulty[0],
            level=FaultLevel.C1,
            finding="光模块故障",
            confirmed_at=NOON,
            actor=SYSTEM,
            now=NOON,
        )
        rma, order = requests.request_spares(
            case,
            confirmation,
            depot_id=world.depot.id,
            wanted=[Wanted(part_id=module.id, quantity=count, faulty_part_id=module.id)],
            ship_to=SHIP_TO,
            actor=SYSTEM,
            now=NOON,
        )
    (one,) = owed(rma)
    with transaction():
        picking.pick_counted(order.id, one.line_id, actor=SYSTEM, now=NOON)
        shipment = shipping.pack(order.id, packages=1, weight_grams=None, actor=SYSTEM, now=NOON)
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill="SF200", actor=SYSTEM, now=NOON, shared=True)
    return module, fresh(one), shipment.id


def came_for(obligation: Obligation) -> list[Obligation]:
    """The rows of the goods that came for it without ending it, as they are in the database now."""
    query = select(Obligation).where(Obligation.came_for_id == obligation.id).order_by(Obligation.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def fresh(obligation: Obligation) -> Obligation:
    """The obligation as it is in the database now."""
    return session.get_one(Obligation, obligation.id, populate_existing=True)


def whereabouts(serial: str) -> tuple[LocationKind, Condition]:
    """Where the ledger's cache has the unit, after the ledger was found whole."""
    assert list(verify()) == []
    kind, condition = session.execute(
        select(Location.kind, UnitState.condition)
        .join(UnitState, UnitState.location_id == Location.id)
        .join(Unit, Unit.id == UnitState.unit_id)
        .where(Unit.serial == serial)
    ).one()
    return kind, condition
