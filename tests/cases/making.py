"""Plain functions that make customers, cases and stock for tests of pages. Each begins its own transaction."""

import itertools
from datetime import datetime, timedelta

from spares.accounts.access import SYSTEM, Actor
from spares.calendars.models import Depot
from spares.cases import services
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Customer, Equipment, ServiceCase, Site
from spares.db import session, transaction
from spares.inventory import ledger, places
from spares.inventory.models import Condition, Location, LocationKind, Part, PostingKind, Substitute, Tracking, Unit
from spares.numbers import scan_key
from tests.conftest import NOON

_numbers = itertools.count(1)


def make_depot(**changes: object) -> Depot:
    """郑州备件库, its places, and the bin A-01."""
    number = next(_numbers)
    values: dict[str, object] = {"code": f"ZZ{number}", "name": "郑州备件库", "address": "郑州市高新区 1 号"}
    depot = Depot(**(values | changes))  # type: ignore[arg-type]
    with transaction():
        session.add(depot)
        session.flush()
        places.ensure_places(depot.id)
        session.add(Location(kind=LocationKind.BIN, code="A-01", code_key="A-01", depot_id=depot.id))
    return depot


def make_part(number: str | None = None, *, tracking: Tracking = Tracking.SERIAL, **changes: object) -> Part:
    """A catalogue item, serial-tracked and to be returned unless told otherwise."""
    number = number or f"PN-{next(_numbers)}"
    maker = str(changes.pop("manufacturer", "Acme"))
    part = Part(
        manufacturer=maker,
        manufacturer_key=scan_key(maker),
        part_number=number,
        part_number_key=scan_key(number),
        tracking=tracking,
        price_minor=123400,
        **changes,  # type: ignore[arg-type]
    )
    with transaction():
        session.add(part)
    return part


def make_substitute(part: Part, other: Part, rank: int = 1) -> None:
    """`other` may stand in for `part`, approved."""
    with transaction():
        session.add(Substitute(part_id=part.id, substitute_id=other.id, rank=rank, approved_at=NOON))


def stock(depot: Depot, part: Part, *serials: str, pieces: int = 0) -> None:
    """Put good units (or pieces of a counted part) into the depot's bin."""
    with transaction():
        units = [Unit(part_id=part.id, serial=serial, serial_key=scan_key(serial)) for serial in serials]
        session.add_all(units)
        session.flush()
        bin_ = places.find_location("A-01", depot.id)
        common = {
            "part_id": part.id,
            "from_id": places.outside(LocationKind.SUPPLIER),
            "from_condition": Condition.GOOD,
            "to_id": bin_.id,
            "to_condition": Condition.GOOD,
        }
        steps = [ledger.Step(unit_id=unit.id, **common) for unit in units]  # type: ignore[arg-type]
        if pieces:
            steps.append(ledger.Step(quantity=pieces, **common))  # type: ignore[arg-type]
        key = f"stock-{next(_numbers)}"
        ledger.post(PostingKind.RECEIVE, steps, request_key=key, occurred_at=NOON, actor=SYSTEM, now=NOON)


def make_customer(name: str = "某银行", *, code: str | None = None) -> tuple[Customer, Site]:
    """A customer with one site."""
    with transaction():
        customer = services.add_customer(code=code or f"C{next(_numbers)}", name=name, actor=SYSTEM)
        site = services.add_site(
            customer.id,
            name="总部机房",
            address="郑州市金水区花园路 1 号",
            actor=SYSTEM,
            contact_name="李工",
            contact_phone="13800000000",
        )
    return customer, site


def make_device(customer: Customer, site: Site | None, part: Part, serial: str) -> Equipment:
    """A device at the customer's."""
    with transaction():
        return services.add_equipment(
            customer.id,
            part_id=part.id,
            serial=serial,
            site_id=site.id if site else None,
            actor=SYSTEM,
            name="核心交换机",
        )


def make_case(
    customer: Customer, actor: Actor = SYSTEM, *, now: datetime = NOON - timedelta(hours=2), **changes: object
) -> ServiceCase:
    """An open case of the customer, assigned to `actor`."""
    values: dict[str, object] = {"title": "核心交换机宕机", "level": FaultLevel.C1}
    with transaction():
        return services.open_case(customer_id=customer.id, actor=actor, now=now, **(values | changes))  # type: ignore[arg-type]
