"""The faulty part's way back, in every variant that happens, with the ledger found whole after each."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases.models import TimelineEntry
from spares.db import session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.models import Shipment
from spares.errors import Conflict, Forbidden, Invalid, SparesError
from spares.inventory import places
from spares.inventory.models import Condition, LocationKind, Move, StockBalance
from spares.rma import discrepancies, obligations, receipts, returns
from spares.rma.discrepancies import Resolution
from spares.rma.lifecycle import OBLIGATION_MOVES, ObligationState, ObligationVerb
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation, ObligationEvent
from spares.rma.returns import Arrival, Disposition, Inspection
from tests.conftest import NOON
from tests.factories import make_actor
from tests.rma import making
from tests.rma.making import World, fresh, received, running, whereabouts

LATER = NOON + timedelta(days=2)


@pytest.fixture
def world(context: Flask) -> Iterator[World]:
    yield making.make_world()


def receive(obligation: Obligation, arrival: Arrival) -> list[Discrepancy]:
    with transaction():
        return returns.receive_return(obligation.id, arrival, actor=SYSTEM, now=LATER)


def inspect(obligation: Obligation, result: Inspection) -> None:
    with transaction():
        returns.inspect(obligation.id, result, note="", actor=SYSTEM, now=LATER)


def settle(obligation: Obligation, disposition: Disposition, location_id: int | None = None) -> None:
    with transaction():
        returns.settle(obligation.id, disposition, reason="", actor=SYSTEM, now=LATER, location_id=location_id)


def resolve(discrepancy: Discrepancy, resolution: Resolution, amount: int | None = None) -> None:
    with transaction():
        discrepancies.resolve(
            discrepancy.id, resolution, reason="与客户确认", actor=SYSTEM, now=LATER, amount_minor=amount
        )


def everything() -> tuple[int | None, ...]:
    """What a refusal must leave as it is."""
    tables = (Move, ObligationEvent, TimelineEntry, Discrepancy)
    counts = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    return (*counts, session.scalar(select(func.sum(Obligation.version))))


def money(obligation: Obligation) -> list[tuple[str, int]]:
    query = select(ObligationEvent).where(ObligationEvent.obligation_id == obligation.id).order_by(ObligationEvent.id)
    return [(e.kind, e.facts["amount"]) for e in session.scalars(query) if "amount" in e.facts]


def kinds(obligation: Obligation) -> list[str]:
    query = select(ObligationEvent.kind).where(ObligationEvent.obligation_id == obligation.id)
    return list(session.scalars(query.order_by(ObligationEvent.id)))


def test_sent_in_time_and_received_as_expected(world: World) -> None:
    (one,) = running(world)
    with transaction():
        returns.announce_return(
            one.id, posted_on=date(2026, 11, 20), carrier="顺丰", waybill="sf 9", actor=SYSTEM, now=LATER
        )
    assert receive(one, making.right(world)) == []
    one = fresh(one)
    assert (one.state, one.return_waybill_key, one.posted_on) == (ObligationState.RECEIVED, "SF9", date(2026, 11, 20))
    assert (one.received_serial, one.received_part_id, one.closed_recorded_at) == ("F9", world.part.id, LATER)
    assert whereabouts("F9") == (LocationKind.RETURNS, Condition.TO_INSPECT)
    assert whereabouts("S1") == (LocationKind.CUSTOMER, Condition.GOOD)


PLACES = {
    Disposition.REPAIR: (LocationKind.BENCH, Condition.IN_REPAIR),
    Disposition.VENDOR: (LocationKind.VENDOR, Condition.FAULTY),
    Disposition.SCRAP: (LocationKind.SCRAP, Condition.SCRAPPED),
    Disposition.STOCK: (LocationKind.BIN, Condition.GOOD),
}
BACK = {
    Inspection.FAULT_FOUND: Condition.FAULTY,
    Inspection.NO_FAULT_FOUND: Condition.GOOD,
    Inspection.DAMAGED: Condition.FAULTY,
    Inspection.WRONG_ITEM: Condition.TO_INSPECT,
}


class Undone(Exception):
    """Takes a tried step back."""


@pytest.mark.parametrize("result", list(BACK))
def test_every_finding_with_every_place_ends_truly_or_is_refused(world: World, result: Inspection) -> None:
    one = received(world)
    inspect(one, result)
    for row in session.scalars(select(Discrepancy)).all():
        resolve(row, Resolution.ACCEPT)
    before = everything()
    for disposition in Disposition:
        bin_id = world.bin.id if disposition is Disposition.STOCK else None
        refused = disposition is Disposition.NONE or (
            disposition is Disposition.STOCK and result is not Inspection.NO_FAULT_FOUND
        )
        expected = PLACES.get(disposition, (LocationKind.CUSTOMER, BACK[result]))
        with pytest.raises(Invalid if refused else Undone), transaction():
            returns.settle(one.id, disposition, reason="", actor=SYSTEM, now=LATER, location_id=bin_id)
            assert fresh(one).state is ObligationState.SETTLED
            assert whereabouts("F9") == expected
            raise Undone
        session.expire_all()
        assert everything() == before
        assert fresh(one).state is ObligationState.INSPECTED


def test_no_fault_found_is_available_only_once_in_a_bin(world: World) -> None:
    def available() -> int:
        query = select(func.coalesce(func.sum(StockBalance.on_hand - StockBalance.held), 0)).where(
            StockBalance.location_id == world.bin.id, StockBalance.condition == Condition.GOOD
        )
        return int(session.scalar(query.where(StockBalance.part_id == world.part.id)) or 0)

    one = received(world)
    inspect(one, Inspection.NO_FAULT_FOUND)
    assert available() == 3
    settle(one, Disposition.STOCK, world.bin.id)
    assert available() == 4


@pytest.mark.parametrize("place", ["none", "returns", "nowhere"])
def test_back_to_stock_needs_a_bin_of_the_depot(world: World, place: str) -> None:
    one = received(world)
    inspect(one, Inspection.NO_FAULT_FOUND)
    shelf = places.inside(LocationKind.RETURNS, world.depot.id)
    before = everything()
    with pytest.raises(SparesError):
        settle(one, Disposition.STOCK, {"none": None, "returns": shelf, "nowhere": 10**6}[place])
    assert everything() == before


def test_another_serial_is_taken_in_and_waits_for_a_decision(world: World) -> None:
    (one,) = running(world)
    (row,) = receive(one, Arrival(part_id=world.part.id, serial="X1"))
    assert (row.kind, row.expected, row.found) == (DiscrepancyKind.OTHER_SERIAL, "F9", "X1")
    assert whereabouts("X1") == (LocationKind.RETURNS, Condition.TO_INSPECT)
    inspect(one, Inspection.FAULT_FOUND)
    before = everything()
    with pytest.raises(Conflict, match="discrepancy_unresolved"):
        settle(one, Disposition.REPAIR)
    assert everything() == before
    resolve(row, Resolution.ACCEPT)
    settle(one, Disposition.REPAIR)
    assert whereabouts("X1") == (LocationKind.BENCH, Condition.IN_REPAIR)


def test_another_part_goes_back_and_is_charged(world: World) -> None:
    (one,) = running(world)
    (row,) = receive(one, Arrival(part_id=world.other.id, serial="Z1"))
    assert (row.kind, row.expected, row.found) == (DiscrepancyKind.OTHER_PART, "SW-24", "SW-48")
    inspect(one, Inspection.WRONG_ITEM)
    resolve(row, Resolution.CHARGE, making.PRICE)
    (goods,) = making.came_for(one)
    assert (fresh(one).state, goods.state) == (ObligationState.CHARGED, ObligationState.INSPECTED)
    settle(goods, Disposition.SEND_BACK)
    assert whereabouts("Z1") == (LocationKind.CUSTOMER, Condition.TO_INSPECT)
    assert money(one) == [("charged", making.PRICE)]


def test_the_good_one_came_back_instead(world: World) -> None:
    (one,) = running(world)
    (row,) = receive(one, Arrival(part_id=world.part.id, serial="s1 "))
    assert (row.kind, row.found) == (DiscrepancyKind.OTHER_SERIAL, "S1")
    assert whereabouts("S1") == (LocationKind.RETURNS, Condition.TO_INSPECT)


def test_an_empty_box_is_decided_and_not_inspected(world: World) -> None:
    (one,) = running(world)
    moves = session.scalar(select(func.count()).select_from(Move))
    (row,) = receive(one, Arrival(part_id=None, serial="", empty_box=True))
    assert (row.kind, row.expected) == (DiscrepancyKind.MISSING, "SW-24 F9")
    before = everything()
    for result in Inspection:
        with pytest.raises(Conflict, match="empty_box_undecided"):
            inspect(one, result)
        assert everything() == before
    resolve(row, Resolution.CHARGE, making.PRICE)
    assert (fresh(one).state, making.came_for(one)) == (ObligationState.CHARGED, [])
    assert money(one) == [("charged", making.PRICE)]
    assert session.scalar(select(func.count()).select_from(Move)) == moves


def test_an_empty_box_taken_for_the_return_settles_it(world: World) -> None:
    (one,) = running(world)
    (row,) = receive(one, Arrival(part_id=None, serial="", empty_box=True))
    resolve(row, Resolution.ACCEPT)
    one = fresh(one)
    assert (one.state, one.inspection, one.disposition) == (ObligationState.SETTLED, "missing", "none")
    assert kinds(one)[-2:] == ["received", "settled"]
    with pytest.raises(Conflict, match="obligation_not_allowed"):
        settle(one, Disposition.NONE)


def test_missing_accessories_do_not_stop_the_part(world: World) -> None:
    (one,) = running(world)
    (row,) = receive(one, Arrival(part_id=world.part.id, serial="F9", accessories_missing="电源线"))
    assert (row.kind, row.expected) == (DiscrepancyKind.ACCESSORIES, "电源线")
    with pytest.raises(Invalid, match="amount_missing"):
        resolve(row, Resolution.CHARGE)
    resolve(row, Resolution.CHARGE, 5000)
    inspect(one, Inspection.FAULT_FOUND)
    settle(one, Disposition.VENDOR)
    assert money(one) == [("accessories_charged", 5000)]
    assert whereabouts("F9") == (LocationKind.VENDOR, Condition.FAULTY)


def test_a_wrong_item_found_on_the_bench_is_a_discrepancy_too(world: World) -> None:
    one = received(world)
    with transaction():
        returns.inspect(one.id, Inspection.WRONG_ITEM, note="外壳内是另一块板", actor=SYSTEM, now=LATER)
    (row,) = session.scalars(select(Discrepancy)).all()
    assert (row.kind, row.expected, row.found) == (DiscrepancyKind.OTHER_PART, "SW-24", "外壳内是另一块板")


@pytest.mark.parametrize("given_up", ["waived", "charged", "lost", "cancelled"])
def test_returned_after_it_was_given_up(world: World, given_up: str) -> None:
    _rma, shipment, (one,) = making.dispatched(world)
    if given_up == "cancelled":
        with transaction():
            receipts.lose_shipment(shipment.id, reason="承运方确认丢失", actor=SYSTEM, now=NOON)
    else:
        with transaction():
            receipts.confirm_receipt(
                shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=LATER
            )
        with transaction():
            if given_up == "lost":
                returns.announce_return(
                    one.id, posted_on=date(2026, 11, 20), carrier="顺丰", waybill="SF9", actor=SYSTEM, now=LATER
                )
                obligations.lose(one.id, reason="承运方", actor=SYSTEM, now=LATER)
            elif given_up == "waived":
                obligations.waive(one.id, reason="客户要求", actor=SYSTEM, now=LATER)
            else:
                obligations.charge(one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=LATER)
    assert fresh(one).state == given_up
    closed = fresh(one).closed_recorded_at
    assert receive(one, making.right(world)) == []
    assert (fresh(one).state, fresh(one).closed_recorded_at) == (ObligationState.RECEIVED, closed)
    assert money(one) == ([("charged", making.PRICE), ("credited", making.PRICE)] if given_up == "charged" else [])
    inspect(one, Inspection.FAULT_FOUND)
    settle(one, Disposition.SCRAP)
    assert whereabouts("F9") == (LocationKind.SCRAP, Condition.SCRAPPED)


@pytest.mark.parametrize(
    ("decision", "booked"), [(Resolution.ACCEPT, ["charged", "credited"]), (Resolution.SEND_BACK, ["charged"])]
)
def test_another_thing_after_a_charge_is_credited_only_when_accepted(
    world: World, decision: Resolution, booked: list[str]
) -> None:
    (one,) = running(world)
    with transaction():
        obligations.charge(one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=LATER)
    (row,) = receive(one, Arrival(part_id=world.part.id, serial="X1"))
    assert money(one) == [("charged", making.PRICE)]
    resolve(row, decision)
    assert money(one) == [(kind, making.PRICE) for kind in booked]


def test_every_piece_owed_is_charged(world: World) -> None:
    (one,) = running(world)
    with transaction():
        session.get_one(Obligation, one.id).quantity = 3
    with transaction():
        obligations.charge(one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=LATER)
    assert money(one) == [("charged", 3 * making.PRICE)]


def test_a_receipt_told_later_does_not_lie_before_the_dispatch(world: World) -> None:
    afternoon = NOON + timedelta(hours=3)
    _rma, order = making.asked(world)
    with transaction():
        picking.pick_scanned(order.id, "S1", actor=SYSTEM, now=NOON)
        shipment = shipping.pack(order.id, packages=1, weight_grams=None, actor=SYSTEM, now=NOON)
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill="SF1001", actor=SYSTEM, now=afternoon)
    with transaction():
        receipts.confirm_receipt(shipment.id, received_on=making.RECEIVED_ON, proof="当面签收", actor=SYSTEM, now=LATER)
    (told,) = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "receipt_confirmed"))
    assert (told.occurred_at, told.recorded_at) == (afternoon, LATER)
    assert session.get_one(Shipment, shipment.id).ended_at == afternoon


def test_nothing_is_charged_twice(world: World) -> None:
    (one,) = running(world)
    with transaction():
        obligations.charge(one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=LATER)
    (row,) = receive(one, Arrival(part_id=None, serial="", empty_box=True))
    with pytest.raises(Invalid, match="decision_does_not_fit"):
        resolve(row, Resolution.CHARGE, making.PRICE)
    session.expire_all()
    resolve(row, Resolution.STILL_OWED)
    assert fresh(one).state is ObligationState.CHARGED
    assert money(one) == [("charged", making.PRICE)]


@pytest.mark.parametrize("given_up", [None, "waive"])
def test_the_receipt_is_confirmed_after_the_return_came_or_was_waived(world: World, given_up: str | None) -> None:
    _rma, shipment, (one,) = making.dispatched(world)
    if given_up:
        with transaction():
            obligations.waive(one.id, reason="客户要求", actor=SYSTEM, now=LATER)
    else:
        receive(one, making.right(world))
    state = fresh(one).state
    with transaction():
        receipts.confirm_receipt(shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=LATER)
    one = fresh(one)
    assert (one.state, one.first_due_on, one.good_received_on) == (state, making.DUE_ON, making.RECEIVED_ON)
    assert whereabouts("S1") == (LocationKind.CUSTOMER, Condition.GOOD)


def test_two_sent_and_one_returned(world: World) -> None:
    first, second = running(world, 2)
    receive(second, Arrival(part_id=world.part.id, serial="F10"))
    assert (fresh(first).state, fresh(second).state) == (ObligationState.RUNNING, ObligationState.RECEIVED)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"posted_on": date(2026, 11, 21)}, "date_in_future", "posted_on"),
        ({"posted_on": date(2026, 11, 17)}, "posted_before_request", "posted_on"),
        ({"waybill": " "}, "value_missing", "waybill"),
        ({"carrier": ""}, "value_missing", "carrier"),
    ],
)
def test_an_announcement_that_cannot_be(world: World, changes: dict[str, object], code: str, field: str) -> None:
    (one,) = running(world)
    before = everything()
    values: dict[str, object] = {"posted_on": date(2026, 11, 19), "carrier": "顺丰", "waybill": "SF9"}
    with pytest.raises(Invalid) as refused, transaction():
        returns.announce_return(one.id, actor=SYSTEM, now=LATER, **(values | changes))  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.field) == (code, field)
    if code == "posted_before_request":
        assert refused.value.facts["day"] == date(2026, 11, 18)
    assert everything() == before


def test_an_engineer_carries_it_without_a_waybill(world: World) -> None:
    (one,) = running(world)
    with transaction():
        returns.announce_return(one.id, posted_on=date(2026, 11, 19), carrier="", waybill="", actor=SYSTEM, now=LATER)
    assert fresh(one).state is ObligationState.IN_TRANSIT


def test_a_serial_is_needed(world: World) -> None:
    _rma, _shipment, (one,) = making.dispatched(world)
    before = everything()
    with pytest.raises(Invalid, match="value_missing"):
        receive(one, Arrival(part_id=world.part.id, serial=" "))
    assert everything() == before
    assert fresh(one).state is ObligationState.NOT_STARTED


def test_a_return_is_extended_by_a_year_at_most(world: World) -> None:
    (one,) = running(world)
    last = LATER.date() + obligations.FARTHEST_EXTENSION
    before = everything()
    with pytest.raises(Invalid, match="extension_too_far") as refused, transaction():
        obligations.extend(one.id, last + timedelta(days=1), reason="客户出差", actor=SYSTEM, now=LATER)
    assert (refused.value.field, refused.value.facts) == ("due_on", {"days": 366})
    assert everything() == before
    with transaction():
        obligations.extend(one.id, last, reason="客户出差", actor=SYSTEM, now=LATER)
    assert fresh(one).due_on == last


def test_a_stale_page_is_told(world: World) -> None:
    (one,) = running(world)
    version = str(one.version)
    with transaction():
        obligations.extend(one.id, date(2026, 12, 9), reason="客户出差", actor=SYSTEM, now=LATER)
    before = everything()
    with pytest.raises(Conflict, match="moved_on") as told, transaction():
        returns.receive_return(one.id, making.right(world), actor=SYSTEM, now=LATER, version=version)
    assert {key: told.value.facts[key] for key in ("kind", "who", "at")} == {
        "kind": "return_extended",
        "who": SYSTEM.name,
        "at": LATER,
    }
    assert everything() == before


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR])
def test_only_depot_and_administrator_of_rmas_receive(world: World, role: Role) -> None:
    (one,) = running(world)
    actor = make_actor(role)
    before = everything()
    for act in (
        lambda: returns.receive_return(one.id, making.right(world), actor=actor, now=LATER),
        lambda: returns.inspect(one.id, Inspection.FAULT_FOUND, note="", actor=actor, now=LATER),
        lambda: returns.settle(one.id, Disposition.SCRAP, reason="", actor=actor, now=LATER),
    ):
        with pytest.raises(Forbidden), transaction():
            act()
    assert everything() == before


VERBS = {
    ObligationVerb.SEND: lambda one, w: returns.announce_return(
        one.id, posted_on=date(2026, 11, 20), carrier="顺丰", waybill="SF9", actor=SYSTEM, now=LATER
    ),
    ObligationVerb.CORRECT: lambda one, w: returns.correct_waybill(
        one.id, carrier="顺丰", waybill="SF10", actor=SYSTEM, now=LATER
    ),
    ObligationVerb.RECEIVE: lambda one, w: returns.receive_return(one.id, making.right(w), actor=SYSTEM, now=LATER),
    ObligationVerb.INSPECT: lambda one, w: returns.inspect(
        one.id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=LATER
    ),
    ObligationVerb.SETTLE: lambda one, w: returns.settle(one.id, Disposition.SCRAP, reason="", actor=SYSTEM, now=LATER),
    ObligationVerb.EXTEND: lambda one, w: obligations.extend(
        one.id, date(2026, 12, 9), reason="出差", actor=SYSTEM, now=LATER
    ),
    ObligationVerb.WAIVE: lambda one, w: obligations.waive(one.id, reason="客户要求", actor=SYSTEM, now=LATER),
    ObligationVerb.LOSE: lambda one, w: obligations.lose(one.id, reason="承运方", actor=SYSTEM, now=LATER),
    ObligationVerb.CHARGE: lambda one, w: obligations.charge(
        one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=LATER
    ),
}
PATHS = {
    ObligationState.NOT_STARTED: [],
    ObligationState.RUNNING: ["start"],
    ObligationState.IN_TRANSIT: ["start", "send"],
    ObligationState.RECEIVED: ["start", "receive"],
    ObligationState.INSPECTED: ["start", "receive", "inspect"],
    ObligationState.SETTLED: ["start", "receive", "inspect", "settle"],
    ObligationState.WAIVED: ["start", "waive"],
    ObligationState.LOST: ["start", "send", "lose"],
    ObligationState.CHARGED: ["start", "charge"],
}


@pytest.mark.parametrize("state", list(PATHS))
def test_services_do_what_the_table_says_and_nothing_else(world: World, state: ObligationState) -> None:
    _rma, shipment, (one,) = making.dispatched(world)
    for step in PATHS[state]:
        with transaction():
            if step == "start":
                receipts.confirm_receipt(
                    shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=LATER
                )
            else:
                VERBS[ObligationVerb(step)](one, world)
    assert fresh(one).state is state
    for verb, act in VERBS.items():
        before = everything()
        allowed = (state, verb) in OBLIGATION_MOVES
        code = ""
        try:
            with transaction():
                act(one, world)
                raise Invalid("undone")
        except SparesError as error:
            code = error.code
        assert code == ("undone" if allowed else "obligation_not_allowed"), verb
        session.expire_all()
        assert everything() == before
