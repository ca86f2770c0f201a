"""A unit lies on the counter and the books have it elsewhere: taken note of, whole books, and the debt as it was."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases.models import ServiceCase, TimelineEntry
from spares.db import session, transaction
from spares.dispatch.models import Shipment
from spares.errors import Conflict, Forbidden, Invalid
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, LocationKind, Move, Unit, UnitState
from spares.rma import discrepancies, receipts, returns, unexpected
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.returns import Arrival, Disposition, Inspection
from spares.rma.standing import standing
from tests.conftest import NOON
from tests.factories import make_actor
from tests.rma import making
from tests.rma.making import World, fresh, running, whereabouts

LATER = NOON + timedelta(days=2)


@pytest.fixture
def world(context: Flask) -> Iterator[World]:
    yield making.make_world()
    assert list(verify()) == []


def receive(obligation: Obligation, serial: str, **more: str) -> list[Discrepancy]:
    arrival = Arrival(part_id=obligation.part_id, serial=serial, **more)  # type: ignore[arg-type]
    with transaction():
        return returns.receive_return(obligation.id, arrival, actor=SYSTEM, now=LATER)


def arrives(world: World, serial: str, part_id: int | None = None, case_id: int | None = None) -> Discrepancy:
    with transaction():
        return unexpected.receive_unexpected(
            world.depot.id,
            part_id=part_id or world.part.id,
            serial=serial,
            quantity=1,
            sender="某公司 王某",
            waybill="SF9",
            note="外箱破损",
            actor=SYSTEM,
            now=LATER,
            case_id=case_id,
        )


def put_right(discrepancy_id: int, *, gone: bool = False) -> Discrepancy:
    with transaction():
        return discrepancies.put_right(discrepancy_id, reason="标签误贴", actor=SYSTEM, now=LATER, gone=gone)


def found() -> int | None:
    return session.scalar(select(func.count()).select_from(Discrepancy))


def unit_id(serial: str) -> int:
    return session.scalars(select(Unit.id).where(Unit.serial == serial)).one()


def moves() -> int | None:
    return session.scalar(select(func.count()).select_from(Move))


def entries() -> list[str]:
    return list(session.scalars(select(TimelineEntry.kind).order_by(TimelineEntry.id)))


def last_entry() -> tuple[str, dict[str, Any]]:
    entry = session.scalars(select(TimelineEntry).order_by(TimelineEntry.id.desc()).limit(1)).one()
    return entry.kind, entry.data


def at_bench(world: World) -> None:
    one = making.received(world)
    with transaction():
        returns.inspect(one.id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=LATER)
        returns.settle(one.id, Disposition.REPAIR, reason="", actor=SYSTEM, now=LATER)


def packed(world: World) -> None:
    _rma, shipment, _ = making.dispatched(world)
    with transaction():
        receipts.take_back_undelivered(shipment.id, reason="拒收", actor=SYSTEM, now=LATER)


def lost(world: World) -> Shipment:
    _rma, shipment, _ = making.dispatched(world)
    with transaction():
        receipts.lose_shipment(shipment.id, reason="承运方确认丢失", actor=SYSTEM, now=LATER)
    return shipment


ELSEWHERE: dict[str, tuple[Callable[[World], object], str, str]] = {
    "bin": (lambda world: None, "S4", "A-01-01"),
    "returns shelf": (making.received, "F9", "RETURNS"),
    "repair bench": (at_bench, "F9", "BENCH"),
    "undelivered": (packed, "S1", "RETURNS"),
    "under way": (making.dispatched, "S1", "SH-000001"),
    "lost": (lost, "S1", "LOST SH-000001"),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_return_whose_unit_is_elsewhere_is_recorded_and_stays_owed(world: World, where: str) -> None:
    begin, serial, record = ELSEWHERE[where]
    begin(world)
    rma, _order = making.asked(world, 2)
    one = making.owed(rma)[0]
    before, place, version = moves(), whereabouts(serial), fresh(one).version
    (row,) = receive(one, f" {serial.lower()}\r", note="外箱破损", accessories_missing="电源线")
    assert (row.kind, row.expected, row.found, row.note) == (
        DiscrepancyKind.ELSEWHERE,
        record,
        f"SW-24 {serial}",
        "外箱破损; 电源线",
    )
    assert (row.obligation_id, row.case_id, row.unit_id) == (one.id, world.case.id, unit_id(serial))
    assert (moves(), whereabouts(serial)) == (before, place)
    assert (fresh(one).state, fresh(one).version) == (ObligationState.NOT_STARTED, version)
    assert entries()[-1] == "discrepancy_found"


@pytest.mark.parametrize("where", ELSEWHERE)
def test_an_unexpected_unit_that_is_elsewhere_is_recorded(world: World, where: str) -> None:
    begin, serial, record = ELSEWHERE[where]
    begin(world)
    before, place = moves(), whereabouts(serial)
    row = arrives(world, serial)
    assert (row.kind, row.expected, row.found, row.obligation_id, row.unit_id) == (
        DiscrepancyKind.ELSEWHERE,
        record,
        f"SW-24 {serial}",
        None,
        unit_id(serial),
    )
    assert row.note == "某公司 王某; SF9; 外箱破损"
    assert (moves(), whereabouts(serial)) == (before, place)
    # The case of the shipment that it should be in; else a new one.
    assert (row.case_id == world.case.id) is (where in {"under way", "lost"})
    assert session.get_one(ServiceCase, row.case_id).title == (
        "核心交换机宕机" if where in {"under way", "lost"} else f"无单到货 SW-24 {serial}"
    )
    assert last_entry() == (
        "unexpected_arrival",
        {
            "kind": "elsewhere",
            "expected": record,
            "found": f"SW-24 {serial}",
            "sender": "某公司 王某",
            "waybill": "SF9",
            "note": "外箱破损",
        },
    )


def test_the_case_that_was_named_stands_before_the_shipments(world: World) -> None:
    making.dispatched(world)
    with transaction():
        other = unexpected._new_case(world.part, "Z", world.customer.id, SYSTEM, NOON)
    assert arrives(world, "S1", case_id=other.id).case_id == other.id


@pytest.mark.parametrize("place", [LocationKind.CUSTOMER, LocationKind.VENDOR, LocationKind.SCRAP])
def test_what_the_books_have_outside_is_taken_in(world: World, place: LocationKind) -> None:
    one = making.received(world)
    after = {
        LocationKind.CUSTOMER: (Inspection.WRONG_ITEM, Disposition.SEND_BACK),
        LocationKind.VENDOR: (Inspection.FAULT_FOUND, Disposition.VENDOR),
        LocationKind.SCRAP: (Inspection.DAMAGED, Disposition.SCRAP),
    }[place]
    with transaction():
        returns.inspect(one.id, after[0], note="", actor=SYSTEM, now=LATER)
    for row in session.scalars(select(Discrepancy)).all():
        with transaction():
            discrepancies.resolve(row.id, discrepancies.Resolution.ACCEPT, reason="客户来函", actor=SYSTEM, now=LATER)
    with transaction():
        returns.settle(one.id, after[1], reason="", actor=SYSTEM, now=LATER)
    known = standing(world.part.id, "f9")
    assert known is not None and known.place is not None and known.depot is None
    assert (known.place.kind, known.record, known.shipment, known.in_depot) == (place, "", "", False)
    assert arrives(world, "F9").kind is DiscrepancyKind.UNEXPECTED
    assert whereabouts("F9") == (LocationKind.RETURNS, Condition.TO_INSPECT)


def test_nobody_has_seen_it_before(world: World) -> None:
    assert standing(world.part.id, "Q1") is None
    assert standing(world.other.id, "S1") is None
    assert standing(world.part.id, " ") is None


def test_the_unit_moves_between_the_look_and_the_posting(world: World) -> None:
    """What was read of the books is checked again where they are written."""
    (one,) = running(world)
    known = standing(world.part.id, "S1")
    assert known is not None and known.record == ""
    arrives(world, "S1")
    before = moves()
    with pytest.raises(Conflict, match="unit_elsewhere"), transaction():
        returns.shelf.take_in(
            world.part,
            "S1",
            1,
            known=known,
            depot_id=world.depot.id,
            reference="RMA-000001",
            case_id=world.case.id,
            request_key="late",
            actor=SYSTEM,
            now=LATER,
        )
    assert moves() == before
    assert fresh(one).state is ObligationState.RUNNING


def test_the_right_part_is_settled_while_the_other_waits(world: World) -> None:
    (one,) = running(world)
    receive(one, "S4")
    assert receive(one, "F9") == []
    with transaction():
        returns.inspect(one.id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=LATER)
        returns.settle(one.id, Disposition.REPAIR, reason="", actor=SYSTEM, now=LATER)
    assert fresh(one).state is ObligationState.SETTLED
    assert session.get_one(Discrepancy, 1).resolved_at is None


def test_what_was_put_right_is_on_the_timeline(world: World) -> None:
    (one,) = running(world)
    (row,) = receive(one, "S4")
    before = moves()
    put_right(row.id)
    row = session.get_one(Discrepancy, row.id, populate_existing=True)
    assert (row.resolution, row.resolution_reason, row.resolved_at) == ("put_right", "标签误贴", LATER)
    assert (moves(), fresh(one).state) == (before, ObligationState.RUNNING)
    kind, data = last_entry()
    assert kind == "discrepancy_resolved"
    assert (data["kind"], data["resolution"], data["reason"]) == ("elsewhere", "put_right", "标签误贴")
    assert (data["expected"], data["found"]) == ("A-01-01", "SW-24 S4")
    with pytest.raises(Conflict, match="discrepancy_resolved"):
        put_right(row.id)


@pytest.mark.parametrize("end", ["deliver", "undelivered", "lose"])
def test_a_shipment_under_way_is_settled_first(world: World, end: str) -> None:
    _rma, shipment, (one,) = making.dispatched(world)
    (row,) = receive(one, "S1")
    before = entries()
    with pytest.raises(Conflict, match="shipment_under_way") as refused:
        put_right(row.id)
    assert refused.value.facts == {"shipment": shipment.number, "serial": "S1"}
    assert entries() == before
    assert session.get_one(Discrepancy, row.id, populate_existing=True).resolved_at is None
    with transaction():
        if end == "deliver":
            receipts.confirm_receipt(
                shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=LATER
            )
        elif end == "undelivered":
            receipts.take_back_undelivered(shipment.id, reason="拒收", actor=SYSTEM, now=LATER)
        else:
            receipts.lose_shipment(shipment.id, reason="承运方", actor=SYSTEM, now=LATER)
    kinds = {"deliver": LocationKind.CUSTOMER, "undelivered": LocationKind.RETURNS, "lose": LocationKind.LOST}
    assert whereabouts("S1")[0] is kinds[end]
    if end != "undelivered":
        told = entries()
        with pytest.raises(Conflict, match="take_in_first") as refused:
            put_right(row.id)
        assert (refused.value.facts, entries()) == ({"serial": "S1"}, told)
        assert session.get_one(Discrepancy, row.id, populate_existing=True).resolved_at is None
    put_right(row.id, gone=True)
    assert session.get_one(Discrepancy, row.id, populate_existing=True).resolution == "put_right"
    # What lies in a depot by the books has not gone, whatever was ticked.
    assert last_entry()[1].get("gone", False) is (end != "undelivered")


@pytest.mark.parametrize("where", ELSEWHERE)
def test_the_same_unit_is_recorded_once(world: World, where: str) -> None:
    begin, serial, record = ELSEWHERE[where]
    begin(world)
    rma, _order = making.asked(world, 2)
    one, other = making.owed(rma)
    (row,) = receive(one, serial)
    before = moves(), whereabouts(serial), session.scalar(select(func.count()).select_from(ServiceCase))
    for again in (receive(one, serial, note="第二次")[0], receive(other, serial)[0], arrives(world, serial)):
        assert again.id == row.id
        kind, data = last_entry()
        assert (kind, data["kind"], data["expected"]) == ("discrepancy_again", "elsewhere", record)
        assert data["found"] == f"SW-24 {serial}"
    assert (data["sender"], data["waybill"], data["note"]) == ("某公司 王某", "SF9", "外箱破损")
    assert found() == 1
    assert (moves(), whereabouts(serial), session.scalar(select(func.count()).select_from(ServiceCase))) == before
    assert (fresh(one).state, fresh(other).state) == (ObligationState.NOT_STARTED,) * 2


def test_after_it_was_decided_it_is_recorded_anew(world: World) -> None:
    first = arrives(world, "S4")
    put_right(first.id)
    again = arrives(world, "S4")
    assert (again.id == first.id, again.kind, found()) == (False, DiscrepancyKind.ELSEWHERE, 2)


def test_another_unit_gets_its_own(world: World) -> None:
    assert arrives(world, "S4").id != arrives(world, "S3").id
    assert found() == 2


def test_after_the_receipt_the_unit_is_taken_in_as_any_other(world: World) -> None:
    _rma, shipment, (one,) = making.dispatched(world)
    (row,) = receive(one, "S1")
    with transaction():
        receipts.confirm_receipt(shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=LATER)
    (other,) = receive(one, "S1")
    assert other.kind is DiscrepancyKind.OTHER_SERIAL
    assert whereabouts("S1") == (LocationKind.RETURNS, Condition.TO_INSPECT)
    put_right(row.id)


@pytest.mark.parametrize("verb", ["resolve", "place"])
def test_no_other_decision_fits(world: World, verb: str) -> None:
    (one,) = running(world)
    row = receive(one, "S4")[0] if verb == "resolve" else arrives(world, "S4")
    before = moves(), entries()
    with (
        pytest.raises((Conflict, Invalid), match=r"decision_does_not_fit|discrepancy_without_obligation"),
        transaction(),
    ):
        if verb == "resolve":
            discrepancies.resolve(row.id, discrepancies.Resolution.ACCEPT, reason="客户来函", actor=SYSTEM, now=LATER)
        else:
            unexpected.place(row.id, Inspection.DAMAGED, Disposition.SCRAP, reason="报废", actor=SYSTEM, now=LATER)
    assert (moves(), entries()) == before
    assert session.get_one(Discrepancy, row.id, populate_existing=True).resolved_at is None


def test_putting_right_fits_nothing_else(world: World) -> None:
    (one,) = running(world)
    for row in (receive(one, "X1")[0], arrives(world, "Q1")):
        with pytest.raises(Conflict, match="decision_does_not_fit"):
            put_right(row.id)
        assert session.get_one(Discrepancy, row.id, populate_existing=True).resolved_at is None


def test_a_reason_is_needed_and_an_administrator_of_rmas(world: World) -> None:
    row = arrives(world, "S4")
    with pytest.raises(Invalid, match="value_missing"), transaction():
        discrepancies.put_right(row.id, reason=" ", actor=SYSTEM, now=LATER)
    keeper = make_actor(Role.WAREHOUSE)
    with pytest.raises(Forbidden), transaction():
        discrepancies.put_right(row.id, reason="放回", actor=keeper, now=LATER)
    assert session.get_one(Discrepancy, row.id, populate_existing=True).resolved_at is None


def test_the_unit_stays_as_available_as_the_books_have_it(world: World) -> None:
    arrives(world, "S4")
    assert session.scalar(select(UnitState.condition).where(UnitState.unit_id == unit_id("S4"))) is Condition.GOOD
