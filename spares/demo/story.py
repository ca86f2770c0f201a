"""Eight weeks of an invented depot's life, told backwards from now through the same services that people use.

Every promise, slip and overdue day in it is counted, not written down, so the demo shows what the product does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import current_app
from sqlalchemy import select

from spares.accounts.access import Actor
from spares.accounts.models import Role, User
from spares.accounts.people import nobody_yet
from spares.accounts.services import add_user
from spares.calendars.models import Depot
from spares.calendars.queries import default_depot, depot_calendar
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Contract, Customer, Equipment, ServiceCase, Site
from spares.cases.timeline import lock_case
from spares.db import session, transaction
from spares.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from spares.demo.catalogue import CUSTOMERS, EQUIPMENT, PARTS, SHELVES, SUBSTITUTES, WEIGHTS
from spares.demo.counting import count_stock
from spares.demo.exchanges import EXCHANGES, Exchange, Step
from spares.dispatch import documents as shipping_papers
from spares.dispatch import picking, shipping
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchOrder, Shipment
from spares.dispatch.orders import ShipTo, Wanted, lines_of
from spares.inventory import services as inventory
from spares.inventory import stock_services as stock
from spares.inventory.ledger import open_holds
from spares.inventory.models import Part, Tracking, Unit
from spares.inventory.stock_arrivals import Arriving
from spares.rma import documents as return_papers
from spares.rma import obligations, receipts, requests, returns
from spares.rma.models import Obligation
from spares.rma.queries import exchange as exchange_of
from spares.workdays import Calendar

FOUNDED = timedelta(days=90)


@dataclass
class World:
    """What the chapters share. Keys, since every chapter reads its rows anew."""

    now: datetime
    depot: Depot
    calendar: Calendar
    people: dict[Role, Actor]
    parts: dict[str, int]
    sites: dict[tuple[str, int], int]
    contracts: dict[str, int]


def load(now: datetime) -> bool:
    """Tell the story into an empty, prepared database; False when somebody has an account there already.

    One transaction, so that a process killed on the way leaves no half of it. About two seconds on SQLite."""
    with transaction():
        if not nobody_yet():
            return False
        begun = now - FOUNDED
        people = _people(begun)
        depot = default_depot()
        world = World(now, depot, depot_calendar(depot), people, {}, {}, {})
        _depot(world, begun)
        _shelves(world, begun)
        _customers(world, begun)
        for exchange in EXCHANGES:
            _play(world, exchange)
        with _chapter():
            count_stock(world.depot.id, keeper=world.people[Role.WAREHOUSE], now=now)
    return True


@contextmanager
def _chapter() -> Iterator[None]:
    """What people would do in one request: afterwards everything is read anew, as the next request would."""
    yield
    session.flush()
    session.expire_all()


def _people(begun: datetime) -> dict[Role, Actor]:
    people = {}
    system = Actor(id=None, name="system", role=None)
    with _chapter():
        for username, role, name in DEMO_ACCOUNTS:
            user: User = add_user(
                username=username,
                display_name=name,
                role=role,
                email=f"{username}@depot.example",
                password=DEMO_PASSWORD,
                is_demo=True,
                actor=system,
                now=begun,
            )
            people[role] = Actor(id=user.id, name=name, role=role)
    return people


def _depot(world: World, begun: datetime) -> None:
    with _chapter():
        depot = session.get_one(Depot, world.depot.id)
        depot.address = "河南省郑州市高新区备件路 8 号 2 号库"
        depot.phone = "0371-5550-0100"
        depot.attention = "备件库收发组"
        depot.version += 1


def _shelves(world: World, begun: datetime) -> None:
    admin, keeper = world.people[Role.RMA_ADMIN], world.people[Role.WAREHOUSE]
    with _chapter():
        for maker, part_number, description, category, price, least, serial in PARTS:
            data = inventory.PartData(
                manufacturer=maker,
                part_number=part_number,
                description=description,
                category=category,
                price_minor=price,
                minimum_level=least,
                tracking=Tracking.SERIAL if serial else Tracking.COUNTED,
                return_required=serial,
            )
            world.parts[part_number] = inventory.add_part(data, actor=admin, now=begun).id
        for part_number, other, rank, note in SUBSTITUTES:
            row = inventory.add_substitute(
                world.parts[part_number], world.parts[other], rank, note, actor=admin, now=begun
            )
            inventory.approve_substitute(row.id, actor=admin, now=begun)
    for number, (code, part_number, stocked) in enumerate(SHELVES):
        with _chapter():
            shelf = inventory.add_bin(world.depot.id, code, actor=keeper, now=begun)
            part_id = world.parts[part_number]
            items = (
                [Arriving(part_id=part_id, quantity=stocked)]
                if isinstance(stocked, int)
                else [Arriving(part_id=part_id, serial=serial) for serial in stocked]
            )
            stock.receive(
                world.depot.id,
                items,
                request_key=f"demo:{number}",
                actor=keeper,
                now=begun,
                location_id=shelf.id,
                reference="期初",
                opening=True,
            )


def _customers(world: World, begun: datetime) -> None:
    admin = world.people[Role.RMA_ADMIN]
    with _chapter():
        keys = {}
        for code, name, sites, (contract, years) in CUSTOMERS:
            customer = cases.add_customer(code=code, name=name, actor=admin)
            keys[code] = customer.id
            for number, (site, address, contact, phone) in enumerate(sites):
                world.sites[code, number] = cases.add_site(
                    customer.id, name=site, address=address, contact_name=contact, contact_phone=phone, actor=admin
                ).id
            world.contracts[code] = cases.add_contract(
                customer.id, number=contract, accepted_on=date(begun.year - years + 1, 6, 30), actor=admin
            ).id
        for code, site_number, part_number, serial, name in EQUIPMENT:
            cases.add_equipment(
                keys[code],
                part_id=world.parts[part_number],
                serial=serial,
                site_id=world.sites[code, site_number],
                contract_id=world.contracts[code],
                name=name,
                actor=admin,
            )


def _moment(world: World, days_ago: int, clock: time) -> datetime:
    """That clock time on the working day that lies so many working days back (0: now, when the clock is later)."""
    day = world.calendar.local_day(world.now)
    for _ in range(days_ago):
        day -= timedelta(days=1)
        while not world.calendar.is_working_day(day):
            day -= timedelta(days=1)
    return min(world.calendar.at(day, clock), world.now)


def _play(world: World, exchange: Exchange) -> None:
    confirmed = _moment(world, exchange.days_ago, exchange.clock)
    order_id = _request(world, exchange, confirmed)
    shipment_id = 0
    for step in exchange.steps:
        at = max(_moment(world, step.days_ago, step.clock), confirmed)
        with _chapter():
            shipment_id = _do(world, step, order_id, shipment_id, at)


def _request(world: World, exchange: Exchange, confirmed: datetime) -> int:
    engineer = world.people[Role.ENGINEER]
    with _chapter():
        device = session.scalars(select(Equipment).where(Equipment.serial == exchange.serial)).one()
        site = session.get_one(Site, device.site_id)
        contract = session.get(Contract, device.contract_id)
        opened = confirmed - timedelta(minutes=exchange.minutes_to_confirm)
        case: ServiceCase = cases.open_case(
            customer_id=session.get_one(Customer, device.customer_id).id,
            title=exchange.title,
            level=FaultLevel(exchange.level),
            site_id=site.id,
            contract_id=contract.id if contract else None,
            equipment_id=device.id,
            external_number=exchange.external_number,
            caller=cases.Caller(name=site.contact_name, phone=site.contact_phone),
            actor=engineer,
            now=opened,
        )
        case = lock_case(case.id, engineer)
        confirmation = cases.confirm_fault(
            case,
            part_id=device.part_id,
            serial=device.serial,
            level=case.level,
            finding=exchange.finding,
            confirmed_at=confirmed,
            actor=engineer,
            now=confirmed,
        )
        wanted = [
            Wanted(
                part_id=world.parts[part_number],
                quantity=quantity,
                faulty_serial=serial,
                faulty_part_id=world.parts[part_number],
            )
            for part_number, quantity, serial in exchange.wanted
        ] or [Wanted(part_id=device.part_id)]
        _, order = requests.request_spares(
            case,
            confirmation,
            depot_id=world.depot.id,
            wanted=wanted,
            ship_to=ShipTo(
                consignee=site.contact_name,
                phone=site.contact_phone,
                address=site.address,
                site_name=site.name,
                method=exchange.method,
            ),
            actor=engineer,
            now=confirmed,
        )
        return order.id


def _do(world: World, step: Step, order_id: int, shipment_id: int, at: datetime) -> int:
    keeper, admin, finance = (world.people[r] for r in (Role.WAREHOUSE, Role.RMA_ADMIN, Role.FINANCE))
    day = world.calendar.local_day(at)
    if step.verb == "pick":
        _pick_all(order_id, keeper, at)
    elif step.verb == "pack":
        shipment = shipping.pack(order_id, packages=1, weight_grams=_weight(order_id), actor=keeper, now=at)
        _print(shipment, keeper, at)
        return shipment.id
    elif step.verb == "dispatch":
        receipts.dispatch_shipment(shipment_id, carrier="顺丰速运", waybill=step.value, actor=keeper, now=at)
    elif step.verb == "receipt":
        receipts.confirm_receipt(shipment_id, received_on=day, proof="快递签收记录", actor=admin, now=at)
    elif step.verb == "close":
        order = session.get_one(DispatchOrder, order_id)
        cases.close_case(order.case_id, step.value, actor=world.people[Role.ENGINEER], now=at)
    elif step.verb == "cancel":
        order = session.get_one(DispatchOrder, order_id)
        requests.cancel_request(order.rma_id, reason=step.value, actor=admin, now=at)
    else:
        for obligation in _owed(order_id):
            _return_step(world, step, obligation, day, at, keeper, admin, finance)
    return shipment_id


def _return_step(
    world: World, step: Step, owed: Obligation, day: date, at: datetime, keeper: Actor, admin: Actor, finance: Actor
) -> None:
    if step.verb == "send":
        returns.announce_return(owed.id, posted_on=day, carrier="顺丰速运", waybill=step.value, actor=admin, now=at)
    elif step.verb == "receive":
        arrival = returns.Arrival(part_id=owed.part_id, serial=step.value or owed.serial)
        returns.receive_return(owed.id, arrival, actor=keeper, now=at)
    elif step.verb == "inspect":
        returns.inspect(owed.id, returns.Inspection(step.value), note="", actor=keeper, now=at)
    elif step.verb == "settle":
        returns.settle(owed.id, returns.Disposition(step.value), reason="", actor=keeper, now=at)
    elif step.verb == "extend":
        assert owed.due_on is not None  # noqa: S101
        later = world.calendar.add_working_days(owed.due_on, 5)
        obligations.extend(owed.id, later, reason=step.value, actor=admin, now=at)
    elif step.verb == "charge":
        obligations.charge(owed.id, owed.worth_minor or 0, reason=step.value, actor=finance, now=at)
    elif step.verb == "waive":
        obligations.waive(owed.id, reason=step.value, actor=admin, now=at)
    else:
        raise ValueError(step.verb)


def _print(shipment: Shipment, keeper: Actor, at: datetime) -> None:
    """Both slips, as they are put into the box."""
    rma_number = shipment.order.rma_number
    code_url = _address("shipment_show", number=shipment.number)
    shipping_papers.print_shipping_slip(shipment.id, code_url=code_url, actor=keeper, now=at)
    found = exchange_of(shipment.order.rma_id, keeper)
    if return_papers.asks_for_parts(found):
        return_papers.print_return_slip(
            found.rma.id, receiving_url=_address("return_receive", number=rma_number), actor=keeper, now=at
        )


def _address(endpoint: str, **values: str) -> str:
    """What a code on paper opens; the story is told outside any request."""
    return str(current_app.config["SPARES_BASE_URL"] + current_app.url_map.bind("localhost").build(endpoint, values))


def _weight(order_id: int) -> int:
    """A plausible weight in grams, by what kind of parts are sent."""
    lines = lines_of(session.get_one(DispatchOrder, order_id))
    return sum(WEIGHTS[session.get_one(Part, line.part_id).category] * line.quantity for line in lines)


def _pick_all(order_id: int, keeper: Actor, at: datetime) -> None:
    order = session.get_one(DispatchOrder, order_id)
    for line in lines_of(order):
        if line.state is not LineState.RESERVED:
            continue
        if session.get_one(Part, line.part_id).tracking is Tracking.COUNTED:
            picking.pick_counted(order_id, line.id, actor=keeper, now=at)
        else:
            (hold,) = open_holds([line.id])
            picking.pick_scanned(order_id, session.get_one(Unit, hold.unit_id).serial, actor=keeper, now=at)


def _owed(order_id: int) -> list[Obligation]:
    order = session.get_one(DispatchOrder, order_id)
    query = select(Obligation).where(Obligation.rma_id == order.rma_id).order_by(Obligation.id)
    return list(session.scalars(query))
