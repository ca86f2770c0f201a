"""Returns in every state that the finance report knows, with instants chosen so that each day's answer can be written down."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role
from spares.calendars.models import Depot
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.timeline import lock_case
from spares.db import transaction
from spares.dispatch import picking, shipping
from spares.dispatch.models import Shipment
from spares.dispatch.orders import ShipTo, Wanted
from spares.inventory.models import Part
from spares.rma import receipts, requests
from spares.rma.models import Obligation
from tests.factories import make_bin, make_depot, make_part, put_stock

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHIEF = Actor(id=None, name="王返修", role=Role.RMA_ADMIN)


def local(text: str) -> datetime:
    """A Shanghai wall-clock time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class Shop:
    """A depot with a part that costs 1,234.56 in one bin, and what has been sent from it."""

    depot: Depot
    part: Part
    sent: int = 0


def make_shop(price_minor: int | None = 123_456) -> Shop:
    """A depot with twelve units on its shelf since the first of October."""
    depot = make_depot()
    part = make_part("SW-24", price_minor=price_minor)
    put_stock(part, [f"S{n}" for n in range(1, 13)], make_bin(depot, "A-01"))
    return Shop(depot, part)


def sent_to(shop: Shop, customer: str, faulty: str, confirmed: str, received_on: str) -> Obligation:
    """One exchange: confirmed and dispatched at `confirmed`, in the customer's hands on `received_on` (told at noon)."""
    shipment = left_for(shop, customer, faulty, confirmed)
    return arrived(shipment, received_on, told=f"{received_on}T12:00")


def lost_and_found(shop: Shop, faulty: str, *, lost: str, told: str) -> Obligation:
    """Dispatched on Tuesday 2026-11-17, written off at `lost`; at `told` it was learned that it has been with the customer
    since Wednesday the 18th, so that the faulty part is due on Wednesday 2026-12-02."""
    shipment = left_for(shop, "甲公司", faulty, "2026-11-17T10:00")
    with transaction():
        receipts.lose_shipment(shipment.id, reason="承运方确认丢失", actor=CHIEF, now=local(lost))
    return arrived(shipment, "2026-11-18", told=told)


def arrived(shipment: Shipment, received_on: str, *, told: str) -> Obligation:
    """The customer's receipt of a shipment with one part in it."""
    with transaction():
        (owed,) = receipts.confirm_receipt(
            shipment.id, received_on=date.fromisoformat(received_on), proof="签收", actor=CHIEF, now=local(told)
        )
    return owed


def left_for(shop: Shop, customer: str, faulty: str, confirmed: str) -> Shipment:
    """A shipment with one part, confirmed and dispatched at that time."""
    shop.sent += 1
    at = local(confirmed)
    with transaction():
        found = cases.add_customer(code=f"K{shop.sent}", name=customer, actor=CHIEF)
        case = cases.open_case(customer_id=found.id, title="宕机", level=FaultLevel.C2, actor=CHIEF, now=at)
        case = lock_case(case.id, SYSTEM)
        confirmation = cases.confirm_fault(
            case,
            part_id=shop.part.id,
            serial=faulty,
            level=FaultLevel.C2,
            finding="坏",
            confirmed_at=at,
            actor=CHIEF,
            now=at,
        )
        to = ShipTo(consignee="李工", phone="13800000000", address="郑州市某路 1 号")
        _, order = requests.request_spares(
            case,
            confirmation,
            depot_id=shop.depot.id,
            wanted=[Wanted(part_id=shop.part.id)],
            ship_to=to,
            actor=CHIEF,
            now=at,
        )
        picking.pick_scanned(order.id, f"S{shop.sent}", actor=CHIEF, now=at)
        shipment = shipping.pack(order.id, packages=1, weight_grams=None, actor=CHIEF, now=at)
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill=f"SF{shop.sent:04d}", actor=CHIEF, now=at)
    return shipment
