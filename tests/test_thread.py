"""One thin thread through every layer, by services: from the fault to the settled return."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role
from spares.calendars.models import Depot
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.timeline import entries, is_whole, lock_case
from spares.db import session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine
from spares.dispatch.orders import ShipTo, Wanted
from spares.inventory import ledger, places
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, Location, LocationKind, Part, PostingKind, Unit, UnitState
from spares.rma import receipts, requests, returns
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHIEF = Actor(id=None, name="chief", role=Role.RMA_ADMIN)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_the_whole_exchange(context: Flask) -> None:
    friday = local("2026-11-20T13:59:59")
    with transaction():
        depot = Depot(code="ZZ", name="郑州备件库")
        session.add(depot)
        session.flush()
        places.ensure_places(depot.id)
        bin_ = Location(kind=LocationKind.BIN, code="A-01", code_key="A-01", depot_id=depot.id)
        part = Part(
            manufacturer="Acme",
            manufacturer_key="ACME",
            part_number="SW-24",
            part_number_key="SW-24",
            price_minor=123400,
        )
        session.add_all([bin_, part])
        session.flush()
        units = [Unit(part_id=part.id, serial=s, serial_key=s) for s in ("S1", "S2")]
        session.add_all(units)
        session.flush()
        supplier = places.outside(LocationKind.SUPPLIER)
        steps = [
            ledger.Step(
                part_id=part.id,
                unit_id=u.id,
                from_id=supplier,
                from_condition=Condition.GOOD,
                to_id=bin_.id,
                to_condition=Condition.GOOD,
            )
            for u in units
        ]
        ledger.post(PostingKind.RECEIVE, steps, request_key="r1", occurred_at=friday, actor=CHIEF, now=friday)
        customer = cases.add_customer(code="C1", name="某银行", actor=CHIEF)
        case = cases.open_case(
            customer_id=customer.id, title="核心交换机宕机", level=FaultLevel.C1, actor=CHIEF, now=friday
        )
    with transaction():
        case = lock_case(case.id, SYSTEM)
        confirmation = cases.confirm_fault(
            case,
            part_id=part.id,
            serial="F9",
            level=FaultLevel.C1,
            finding="电源板故障",
            confirmed_at=friday,
            actor=CHIEF,
            now=friday,
        )
        _, order = requests.request_spares(
            case,
            confirmation,
            depot_id=depot.id,
            wanted=[Wanted(part_id=part.id)],
            ship_to=ShipTo(consignee="李工", phone="13800000000", address="郑州市某路 1 号"),
            actor=CHIEF,
            now=friday,
        )
    assert order.due_at == local("2026-11-20T17:00:00")
    assert session.scalars(select(DispatchLine.state)).one() is LineState.RESERVED
    later = friday + timedelta(hours=1)
    with transaction():
        picked = picking.pick_scanned(order.id, " s2\r", actor=CHIEF, now=later)
        assert (picked.serial, picked.swapped_from) == ("S2", "S1")
        assert picking.pick_scanned(order.id, "S2", actor=CHIEF, now=later).again
    with transaction():
        shipment = shipping.pack(order.id, packages=1, weight_grams=4200, actor=CHIEF, now=later)
    with transaction():
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill="SF123", actor=CHIEF, now=later)
    assert shipment.promise_met is True
    monday = local("2026-11-23T10:00:00")
    with transaction():
        (obligation,) = receipts.confirm_receipt(
            shipment.id, received_on=date(2026, 11, 23), proof="签收单", actor=CHIEF, now=monday
        )
    assert (obligation.due_on, obligation.price_minor) == (date(2026, 12, 7), 123400)
    tuesday = monday + timedelta(days=1)
    with transaction():
        returns.announce_return(
            obligation.id, posted_on=date(2026, 11, 24), carrier="顺丰", waybill="SF9", actor=CHIEF, now=tuesday
        )
    with transaction():
        assert (
            returns.receive_return(
                obligation.id, returns.Arrival(part_id=part.id, serial="F9"), actor=CHIEF, now=tuesday
            )
            == []
        )
    with transaction():
        returns.inspect(obligation.id, returns.Inspection.FAULT_FOUND, note="", actor=CHIEF, now=tuesday)
    with transaction():
        returns.settle(obligation.id, returns.Disposition.REPAIR, reason="", actor=CHIEF, now=tuesday)
    session.expire_all()
    assert session.get_one(Obligation, obligation.id).state is ObligationState.SETTLED
    where = {
        serial: (kind, condition)
        for serial, kind, condition in session.execute(
            select(Unit.serial, Location.kind, UnitState.condition)
            .join(UnitState, UnitState.unit_id == Unit.id)
            .join(Location, Location.id == UnitState.location_id)
        )
    }
    assert where == {
        "S1": (LocationKind.BIN, Condition.GOOD),
        "S2": (LocationKind.CUSTOMER, Condition.GOOD),
        "F9": (LocationKind.BENCH, Condition.IN_REPAIR),
    }
    assert list(verify()) == []
    kinds = [entry.kind for entry in entries(case.id)]
    assert kinds == [
        "case_opened",
        "fault_confirmed",
        "spares_requested",
        "serial_swapped",
        "picked",
        "packed",
        "dispatched",
        "receipt_confirmed",
        "return_sent",
        "return_received",
        "return_inspected",
        "return_settled",
    ]
    assert is_whole(lock_case(case.id, SYSTEM))
