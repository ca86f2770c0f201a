"""Single exchanges, made by the product's own services: the patterns that `copies` multiplies."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor
from spares.calendars.queries import default_depot, depot_calendar
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Customer, Site
from spares.db import session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.orders import ShipTo, Wanted
from spares.inventory import stock_services
from spares.inventory.models import Location, Part, Unit
from spares.inventory.stock_arrivals import Arriving
from spares.numbers import scan_key
from spares.rma import receipts, requests, returns
from spares.rma.models import Obligation

GOOD, FAULTY, ENGINEER = "PATTERN-GOOD-{}", "PATTERN-FAULTY-{}", "样板工程师"
WAYBILL_OUT, WAYBILL_BACK = "PATTERN0OUT", "PATTERN0BACK"


@dataclass(frozen=True)
class Cast:
    """Who and what takes part in an exchange; a copy has others in these parts."""

    part: Part
    bin: Location
    customer: Customer
    site: Site
    engineer: Actor
    chief: Actor


@dataclass(frozen=True)
class Course:
    """How far an exchange has come: the instants of its steps, None where it has not come so far."""

    asked: datetime
    sent: datetime | None = None
    received: datetime | None = None
    back: datetime | None = None


def play(name: str, cast: Cast, course: Course) -> tuple[str, str]:
    """Walk the exchange as far as the course goes; gives the serials of the good unit and the faulty one."""
    good, faulty = GOOD.format(name.upper()), FAULTY.format(name.upper())
    case_id, order_id = _ask(cast, faulty, course.asked)
    if course.sent is None:
        return good, faulty
    with transaction():
        picking.pick_scanned(order_id, good, actor=cast.chief, now=course.sent)
    with transaction():
        shipment = shipping.pack(order_id, packages=1, weight_grams=4200, actor=cast.chief, now=course.sent)
    with transaction():
        receipts.dispatch_shipment(
            shipment.id, carrier="顺丰", waybill=WAYBILL_OUT, actor=cast.chief, now=course.sent, shared=True
        )
    if course.received is None:
        return good, faulty
    day = depot_calendar(default_depot()).local_day(course.received)
    with transaction():
        (obligation,) = receipts.confirm_receipt(
            shipment.id, received_on=day, proof="签收单", actor=cast.chief, now=course.received
        )
    if course.back is not None:
        _give_back(obligation, case_id, faulty, cast, course.back)
    return good, faulty


def stock(name: str, cast: Cast, at: datetime) -> None:
    """The good unit of an exchange, in its bin."""
    assert cast.bin.depot_id is not None
    with transaction():
        stock_services.receive(
            cast.bin.depot_id,
            [Arriving(part_id=cast.part.id, serial=GOOD.format(name.upper()))],
            location_id=cast.bin.id,
            request_key=f"pattern:{name}",
            actor=SYSTEM,
            now=at,
        )


def _ask(cast: Cast, faulty: str, asked: datetime) -> tuple[int, int]:
    with transaction():
        equipment = cases.add_equipment(
            cast.customer.id, part_id=cast.part.id, serial=faulty, actor=cast.chief, site_id=cast.site.id
        )
        case = cases.open_case(
            customer_id=cast.customer.id,
            title="设备故障，业务中断",
            level=FaultLevel.C2,
            actor=cast.engineer,
            now=asked,
            site_id=cast.site.id,
            equipment_id=equipment.id,
            description="指示灯告警，端口中断。",
        )
        confirmation = cases.confirm_fault(
            case,
            part_id=cast.part.id,
            serial=faulty,
            level=FaultLevel.C2,
            finding="板卡自检失败，更换后恢复。",
            confirmed_at=asked,
            actor=cast.engineer,
            now=asked,
        )
        _, order = requests.request_spares(
            case,
            confirmation,
            depot_id=default_depot().id,
            wanted=[Wanted(part_id=cast.part.id)],
            ship_to=ShipTo(consignee="李工", phone="13800000000", address="河南省洛阳市开元大道 258 号"),
            actor=cast.engineer,
            now=asked,
        )
    return case.id, order.id


def _give_back(obligation: Obligation, case_id: int, faulty: str, cast: Cast, back: datetime) -> None:
    day = depot_calendar(default_depot()).local_day(back)
    chief, later = cast.chief, back + timedelta(days=1)
    with transaction():
        returns.announce_return(
            obligation.id, posted_on=day, carrier="顺丰", waybill=WAYBILL_BACK, actor=chief, now=back
        )
    with transaction():
        arrival = returns.Arrival(part_id=cast.part.id, serial=faulty)
        returns.receive_return(obligation.id, arrival, actor=chief, now=later)
    with transaction():
        returns.inspect(obligation.id, returns.Inspection.FAULT_FOUND, note="", actor=chief, now=later)
    with transaction():
        returns.settle(obligation.id, returns.Disposition.REPAIR, reason="", actor=chief, now=later)
    with transaction():
        cases.close_case(case_id, "更换备件后恢复", actor=cast.engineer, now=later)


def unit_with(serial: str) -> Unit:
    """The unit with this serial."""
    return session.scalars(select(Unit).where(Unit.serial_key == scan_key(serial))).one()
