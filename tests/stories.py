"""One form for each step of the loop, ready to be sent: for tests that send it eight times at once, kill it on its way, or
let the disk run full. `Depot.sendable` carries an exchange of its own to where the step is the next one, so that all the
stories, and several of each, stand in one database."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any, TypeVar

from flask.testing import FlaskClient
from sqlalchemy import NullPool, create_engine, select
from werkzeug.test import TestResponse

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import ServiceCase
from spares.cases.timeline import lock_case
from spares.db import Base, session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.models import DispatchLine, DispatchOrder, Shipment
from spares.dispatch.orders import ShipTo, Wanted
from spares.inventory import freed, stock_services
from spares.inventory.models import Hold, Location, Unit
from spares.inventory.stock_arrivals import Arriving
from spares.rma import receipts, requests, returns, unexpected
from spares.rma.models import Discrepancy, Obligation, Rma
from tests.conftest import NOON
from tests.factories import csrf_token, make_bin, make_depot, make_part, put_stock

LATER = NOON + timedelta(days=1)
"""When the forms are sent."""
Row = TypeVar("Row")
CUSTOMER = "某银行"
TO = ShipTo(consignee="李工", phone="13800000000", address="郑州市金水区花园路 1 号")
OWN = {"user_session", "sign_in_attempt"}
"""Tables that a request writes to whatever becomes of it."""


@dataclass
class Sendable:
    """A form as its page would send it, but for the request key."""

    address: str
    fields: dict[str, Any]
    file: tuple[bytes, str] | None = None
    role: Role = Role.RMA_ADMIN

    def send(self, client: FlaskClient, key: str) -> TestResponse:
        """Send it."""
        sent = {"csrf_token": csrf_token(client), "request_key": key, **self.fields}
        if self.file is not None:
            sent["file"] = (BytesIO(self.file[0]), self.file[1])
        return client.post(self.address, data=sent)


@dataclass
class Exchange:
    """How far an exchange has been carried."""

    number: int
    case: ServiceCase
    rma: Rma | None = None
    order: DispatchOrder | None = None
    line: DispatchLine | None = None
    serial: str = ""
    shipment: Shipment | None = None
    owed: Obligation | None = None


@dataclass
class Depot:
    """A depot with two bins, much stock of one part, and a customer, by their keys."""

    depot_id: int
    bin_id: int
    part_id: int
    customer_id: int
    made: int = 0

    def sendable(self, story: str) -> Sendable:
        """The story's form, for an exchange of its own."""
        stage, form = STORIES[story]
        self.made += 1
        with transaction():
            case = cases.open_case(
                customer_id=self.customer_id, title=f"故障 {self.made}", level=FaultLevel.C1, actor=SYSTEM, now=NOON
            )
        one = Exchange(self.made, case)
        for name, carry in _STAGES.items():
            if stage in list(_STAGES)[list(_STAGES).index(name) :]:
                with transaction():
                    carry(self, one)
        session.expire_all()
        return form(self, one)


def make(stock: int = 120) -> Depot:
    """The depot, at noon."""
    row = make_depot()
    place, _other = make_bin(row, "A-01"), make_bin(row, "B-01")
    part = make_part("SW-24", price_minor=123400)
    put_stock(part, [f"S{n}" for n in range(stock)], place)
    with transaction():
        customer = cases.add_customer(code="C1", name=CUSTOMER, actor=SYSTEM)
    return Depot(row.id, place.id, part.id, customer.id)


def rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table as the database's driver gives it, but those of `OWN`."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.exec_driver_sql(f'SELECT * FROM "{name}"')), key=repr)
            for name in Base.metadata.tables
            if name not in OWN
        }


def _asked(depot: Depot, one: Exchange) -> None:
    _requested(depot, one, depot.part_id)
    held = select(Unit.serial).join(Hold, Hold.unit_id == Unit.id).where(Hold.line_id == _of(one.line).id)
    one.serial = session.scalars(held).one()
    one.owed = session.scalars(select(Obligation).where(Obligation.rma_id == _of(one.rma).id)).one()


def _requested(depot: Depot, one: Exchange, part_id: int) -> None:
    case = lock_case(one.case.id, SYSTEM)
    confirmation = cases.confirm_fault(
        case,
        part_id=part_id,
        serial=f"F{one.number}",
        level=FaultLevel.C1,
        finding="电源板故障",
        confirmed_at=NOON,
        actor=SYSTEM,
        now=NOON,
    )
    wanted = [Wanted(part_id=part_id, faulty_serial=f"F{one.number}")]
    one.rma, one.order = requests.request_spares(
        case, confirmation, depot_id=depot.depot_id, wanted=wanted, ship_to=TO, actor=SYSTEM, now=NOON
    )
    one.line = session.scalars(select(DispatchLine).where(DispatchLine.order_id == one.order.id)).one()


def _picked(_depot: Depot, one: Exchange) -> None:
    picking.pick_scanned(_of(one.order).id, one.serial, actor=SYSTEM, now=NOON)


def _packed(_depot: Depot, one: Exchange) -> None:
    one.shipment = shipping.pack(_of(one.order).id, packages=1, weight_grams=4200, actor=SYSTEM, now=NOON)


def _dispatched(_depot: Depot, one: Exchange) -> None:
    waybill = f"SF{one.number:04d}"
    receipts.dispatch_shipment(_of(one.shipment).id, carrier="顺丰", waybill=waybill, actor=SYSTEM, now=NOON)


def _running(_depot: Depot, one: Exchange) -> None:
    day = date(2026, 11, 18)
    receipts.confirm_receipt(_of(one.shipment).id, received_on=day, proof="签收单", actor=SYSTEM, now=NOON)


def _sent(_depot: Depot, one: Exchange) -> None:
    day = date(2026, 11, 18)
    returns.announce_return(_of(one.owed).id, posted_on=day, carrier="顺丰", waybill="SF9", actor=SYSTEM, now=NOON)


def _received(depot: Depot, one: Exchange) -> None:
    arrival = returns.Arrival(part_id=depot.part_id, serial=f"F{one.number}")
    returns.receive_return(_of(one.owed).id, arrival, actor=SYSTEM, now=NOON)


def _inspected(_depot: Depot, one: Exchange) -> None:
    returns.inspect(_of(one.owed).id, returns.Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=NOON)


_STAGES: dict[str, Callable[[Depot, Exchange], None]] = {
    "asked": _asked,
    "picked": _picked,
    "packed": _packed,
    "dispatched": _dispatched,
    "running": _running,
    "sent": _sent,
    "received": _received,
    "inspected": _inspected,
}


def _of(row: Row | None) -> Row:
    assert row is not None
    return row


def _fault(depot: Depot, one: Exchange) -> dict[str, str]:
    return {
        "serial": f"F{one.number}",
        "part": "SW-24",
        "level": "C-1",
        "confirmed_at": "2026-11-19T11:42",
        "finding": "电源板烧毁",
    }


def _request(depot: Depot, one: Exchange) -> Sendable:
    fields = {
        "case_mode": "new",
        "customer": CUSTOMER,
        "title": "端口中断",
        "wanted": "SW-24",
        "quantity": "1",
        "method": "courier",
        "consignee": TO.consignee,
        "phone": TO.phone,
        "address": TO.address,
        "depot": str(depot.depot_id),
    }
    return Sendable("/request", fields | _fault(depot, one))


def _obligation(verb: str, **fields: str) -> Callable[[Depot, Exchange], Sendable]:
    def form(_depot: Depot, one: Exchange) -> Sendable:
        owed = _of(one.owed)
        return Sendable(f"/returns/{owed.id}/{verb}", {"version": str(owed.version), **fields})

    return form


def _order(verb: str, **fields: str) -> Callable[[Depot, Exchange], Sendable]:
    def form(_depot: Depot, one: Exchange) -> Sendable:
        order = _of(one.order)
        return Sendable(f"/dispatch/{order.number}/{verb}", {"version": str(order.version), **fields})

    return form


def _line(verb: str, **fields: str) -> Callable[[Depot, Exchange], Sendable]:
    def form(_depot: Depot, one: Exchange) -> Sendable:
        order = _of(one.order)
        address = f"/dispatch/{order.number}/lines/{_of(one.line).id}/{verb}"
        return Sendable(address, {"version": str(order.version), **fields})

    return form


def _shipment(verb: str, **fields: str) -> Callable[[Depot, Exchange], Sendable]:
    def form(_depot: Depot, one: Exchange) -> Sendable:
        shipment = _of(one.shipment)
        return Sendable(f"/shipments/{shipment.number}/{verb}", {"version": str(shipment.version), **fields})

    return form


def _pack(_depot: Depot, one: Exchange) -> Sendable:
    order = _of(one.order)
    fields = {"version": str(order.version), "packages": "1", "weight": "4.2", "lines": str(_of(one.line).id)}
    return Sendable(f"/dispatch/{order.number}/pack", fields)


def _stock(verb: str, **fields: str) -> Callable[[Depot, Exchange], Sendable]:
    def form(depot: Depot, one: Exchange) -> Sendable:
        # Serials from the end of the shelf, which no request takes first.
        shelf = {"depot": str(depot.depot_id), "part": "SW-24", "serials": f"S{119 - one.number}", "condition": "good"}
        return Sendable(f"/stock/{verb}", shelf | fields)

    return form


def _receive_stock(depot: Depot, one: Exchange) -> Sendable:
    fields = {"part_id": str(depot.part_id), "location_id": str(depot.bin_id), "serial": f"NEW{one.number}"}
    return Sendable("/stock/receive", fields)


def _import(depot: Depot, one: Exchange) -> Sendable:
    sheet = f"manufacturer,part number\nAcme,PN-{one.number}\n".encode()
    return Sendable("/imports/new", {"kind": "parts", "depot": str(depot.depot_id)}, (sheet, f"{one.number}.csv"))


def _receive_one(depot: Depot, one: Exchange) -> tuple[int, int]:
    """A new unit in the first bin: the keys of the unit and of the posting."""
    arriving = [Arriving(part_id=depot.part_id, serial=f"R{one.number}")]
    key = f"story {one.number}"
    with transaction():
        posting = stock_services.receive(
            depot.depot_id, arriving, location_id=depot.bin_id, request_key=key, actor=SYSTEM, now=NOON
        )
    unit = session.scalars(select(Unit.id).where(Unit.serial == f"R{one.number}")).one()
    return unit, posting


def _put_away(depot: Depot, one: Exchange) -> Sendable:
    unit, _posting = _receive_one(depot, one)
    return Sendable("/stock/put-away/scan", {"q": "B-01", "earlier": str(unit)})


def _take_back(depot: Depot, one: Exchange) -> Sendable:
    _unit, posting = _receive_one(depot, one)
    return Sendable(f"/postings/{posting}/reverse", {"reason": REASON})


def _reserve_again(depot: Depot, one: Exchange) -> Sendable:
    part = make_part()
    with transaction():
        _requested(depot, one, part.id)
    with transaction():
        put_stock(part, [f"W{one.number}"], session.get_one(Location, depot.bin_id))
        freed.take()  # as if its case had been in somebody's hands, so that it was not served by itself
    return _line("reserve")(depot, one)


def _decide(depot: Depot, one: Exchange) -> Sendable:
    arrival = returns.Arrival(part_id=depot.part_id, serial=f"Z{one.number}")
    with transaction():
        returns.receive_return(_of(one.owed).id, arrival, actor=SYSTEM, now=NOON)
    differs = session.scalars(select(Discrepancy.id).where(Discrepancy.obligation_id == _of(one.owed).id)).one()
    return Sendable(f"/discrepancies/{differs}", {"resolution": "accept", "reason": REASON})


def _place(depot: Depot, one: Exchange) -> Sendable:
    with transaction():
        found = unexpected.receive_unexpected(
            depot.depot_id,
            part_id=depot.part_id,
            serial=f"U{one.number}",
            quantity=1,
            sender=CUSTOMER,
            waybill="",
            note="",
            actor=SYSTEM,
            now=NOON,
        )
    fields = {"result": "fault_found", "disposition": "repair", "location": "", "reason": REASON}
    return Sendable(f"/discrepancies/{found.id}", fields)


def _close_a_day(_depot: Depot, one: Exchange) -> Sendable:
    # One of two days that every open return counts.
    fields = {"depot": "", "first": f"2026-11-{24 + one.number % 2}", "status": "closed", "reason": "盘点"}
    return Sendable("/calendar/days", fields, role=Role.ADMINISTRATOR)


REASON = "与客户商定"
STORIES: dict[str, tuple[str, Callable[[Depot, Exchange], Sendable]]] = {
    "request": ("", _request),
    "confirm": ("", lambda depot, one: Sendable(f"/cases/{one.case.id}/confirm", _fault(depot, one))),
    "note": ("", lambda _depot, one: Sendable(f"/cases/{one.case.id}/note", {"text": "客户来电"})),
    "pick": ("asked", lambda _depot, one: Sendable(f"/dispatch/{_of(one.order).number}/pick/scan", {"q": one.serial})),
    "cancel": ("asked", _order("cancel", reason=REASON)),
    "change promise": ("asked", _order("promise", due_at="2026-11-20T12:00", reason=REASON)),
    "pack": ("picked", _pack),
    "reopen": ("packed", _shipment("reopen", reason=REASON)),
    "dispatch": (
        "packed",
        lambda depot, one: _shipment("dispatch", carrier="顺丰", waybill=f"SF770{one.number}")(depot, one),
    ),
    "receipt": (
        "dispatched",
        lambda _depot, one: Sendable(
            f"/receipts/{_of(one.shipment).number}", {"received_on": "2026-11-18", "proof": "签收单"}
        ),
    ),
    "lose": ("dispatched", _shipment("lose", reason=REASON)),
    "undelivered": ("dispatched", _shipment("undelivered", reason=REASON)),
    "announce": (
        "running",
        _obligation("announce", method="courier", posted_on="2026-11-19", carrier="顺丰", waybill="SF8"),
    ),
    "extend": ("running", _obligation("extend", due_on="2026-12-09", reason=REASON)),
    "waive": ("running", _obligation("waive", reason=REASON)),
    "charge": ("running", _obligation("charge", amount="1234.00", reason=REASON)),
    "receive return": (
        "running",
        lambda _depot, one: Sendable(
            f"/returns/receive/{_of(one.rma).number}", {"serial": f"F{one.number}", "packages": "1"}
        ),
    ),
    "correct waybill": ("sent", _obligation("waybill", carrier="顺丰", waybill="SF10")),
    "put back": ("picked", _line("put-back")),
    "cancel line": ("asked", _line("cancel", reason=REASON)),
    "print slip": ("packed", _shipment("slip")),
    "unexpected": (
        "",
        lambda _depot, one: Sendable(
            "/returns/unexpected",
            {
                "part_number": "SW-24",
                "serial": f"Q{one.number}",
                "quantity": "1",
                "sender": "某公司 王某",
                "customer_code": "C1",
            },
        ),
    ),
    "lose return": ("sent", _obligation("lose", reason=REASON)),
    "inspect": ("received", _obligation("inspect", result="fault_found")),
    "settle": ("inspected", _obligation("settle", disposition="repair")),
    "receive stock": ("", _receive_stock),
    "move": ("", _stock("move", to="B-01")),
    "adjust": ("", _stock("adjust", change="condition", new_condition="faulty", reason=REASON)),
    "import": ("", _import),
    "put away": ("", _put_away),
    "take back": ("", _take_back),
    "reserve again": ("", _reserve_again),
    "return slip": ("packed", lambda _depot, one: Sendable(f"/rma/{_of(one.rma).number}/return-slip", {})),
    "decide": ("running", _decide),
    "place": ("", _place),
    # The last, since it counts again what the others have left open.
    "close a day": ("running", _close_a_day),
}
"""By the name of the step: how far an exchange must be, and the form."""
