"""What came was not what is owed: which decision about which difference ends the debt, and which lets it run again."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.calendars.models import DayStatus
from spares.calendars.services import set_day
from spares.cases.models import TimelineEntry
from spares.db import session, transaction
from spares.errors import Conflict, Invalid
from spares.inventory.models import Condition, LocationKind, Move
from spares.rma import discrepancies, obligations, receipts, returns
from spares.rma.discrepancies import Resolution
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation, ObligationEvent
from spares.rma.returns import Arrival, Disposition, Inspection
from tests.conftest import NOON
from tests.rma import making
from tests.rma.making import World, came_for, fresh, running, whereabouts

LATER = NOON + timedelta(days=2)
DECIDED = NOON + timedelta(days=5)
FOUND = {
    DiscrepancyKind.OTHER_SERIAL: Arrival(part_id=1, serial="X1"),
    DiscrepancyKind.OTHER_PART: Arrival(part_id=2, serial="Z1"),
    DiscrepancyKind.MISSING: Arrival(part_id=None, serial="", empty_box=True),
    DiscrepancyKind.ACCESSORIES: Arrival(part_id=1, serial="F9", accessories_missing="电源线"),
}
TABLE = """
other_serial accept     received
other_serial send_back  running
other_serial charge     charged
other_part   accept     received
other_part   send_back  running
other_part   charge     charged
missing      accept     settled
missing      still_owed running
missing      charge     charged
accessories  accept     received
accessories  charge     received
"""
DECISIONS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.fixture
def world(context: Flask) -> Iterator[World]:
    yield making.make_world()


def receive(obligation: Obligation, arrival: Arrival) -> list[Discrepancy]:
    with transaction():
        return returns.receive_return(obligation.id, arrival, actor=SYSTEM, now=LATER)


def resolve(discrepancy: Discrepancy, resolution: Resolution) -> None:
    with transaction():
        discrepancies.resolve(
            discrepancy.id, resolution, reason="与客户确认", actor=SYSTEM, now=DECIDED, amount_minor=5000
        )


def announce(obligation: Obligation) -> None:
    with transaction():
        returns.announce_return(
            obligation.id, posted_on=date(2026, 11, 19), carrier="顺丰", waybill="SF9", actor=SYSTEM, now=LATER
        )


def kinds(obligation: Obligation) -> list[str]:
    query = select(ObligationEvent.kind).where(ObligationEvent.obligation_id == obligation.id)
    return list(session.scalars(query.order_by(ObligationEvent.id)))


@pytest.mark.parametrize("kind", list(FOUND))
@pytest.mark.parametrize("resolution", list(Resolution))
def test_every_difference_with_every_decision(world: World, kind: DiscrepancyKind, resolution: Resolution) -> None:
    (one,) = running(world)
    (row,) = receive(one, FOUND[kind])
    ends = {(known, decided): state for known, decided, state in DECISIONS}
    expected = ends.get((kind.value, resolution.value))
    if expected is None:
        before = fresh(one).version, session.scalar(select(func.count(TimelineEntry.id)))
        with pytest.raises(Invalid, match="decision_does_not_fit"):
            resolve(row, resolution)
        session.expire_all()
        assert (fresh(one).version, session.scalar(select(func.count(TimelineEntry.id)))) == before
        assert session.get_one(Discrepancy, row.id).resolved_at is None
        return
    resolve(row, resolution)
    one = fresh(one)
    assert (one.state, one.due_on, one.first_due_on) == (expected, making.DUE_ON, making.DUE_ON)
    assert (
        one.closed_recorded_at == {"running": None, "charged": DECIDED, "received": LATER, "settled": LATER}[expected]
    )
    # Whatever is on the shelf still has a row that carries it to its place.
    lying = [one, *came_for(one)]
    assert sum(each.received_quantity for each in lying) == (0 if kind is DiscrepancyKind.MISSING else 1)


def test_another_part_goes_back_and_the_right_one_comes_later(world: World) -> None:
    (one,) = running(world)
    announce(one)
    (row,) = receive(one, FOUND[DiscrepancyKind.OTHER_PART])
    resolve(row, Resolution.SEND_BACK)
    one = fresh(one)
    assert (one.state, one.received_at, one.received_part_id, one.received_serial) == ("running", None, None, "")
    assert (one.posted_on, one.return_waybill, one.return_waybill_key) == (None, "", "")
    assert kinds(one) == ["started", "sent", "received", "reopened"]
    (told,) = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "return_reopened"))
    assert (told.data["rma"], told.data["serial"], told.data["due"]) == ("RMA-000001", "F9", "2026-12-02")
    (goods,) = came_for(one)
    assert (goods.state, goods.received_serial, goods.due_on) == (ObligationState.INSPECTED, "Z1", None)
    with transaction():
        returns.settle(goods.id, Disposition.SEND_BACK, reason="", actor=SYSTEM, now=DECIDED)
    assert whereabouts("Z1") == (LocationKind.CUSTOMER, Condition.TO_INSPECT)
    announce(one)
    assert receive(one, making.right(world)) == []
    with transaction():
        returns.inspect(one.id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=DECIDED)
    with transaction():
        returns.settle(one.id, Disposition.REPAIR, reason="", actor=SYSTEM, now=DECIDED)
    assert (fresh(one).state, whereabouts("F9")[0]) == (ObligationState.SETTLED, LocationKind.BENCH)


def test_twice_the_wrong_thing_and_a_wrong_one_found_on_the_bench(world: World) -> None:
    (one,) = running(world)
    for serial in ("X1", "X2"):
        (row,) = receive(one, Arrival(part_id=world.part.id, serial=serial))
        resolve(row, Resolution.SEND_BACK)
    assert receive(one, making.right(world)) == []
    with transaction():
        returns.inspect(one.id, Inspection.WRONG_ITEM, note="外壳内是另一块板", actor=SYSTEM, now=LATER)
    (row,) = session.scalars(select(Discrepancy).where(Discrepancy.resolved_at.is_(None)))
    resolve(row, Resolution.SEND_BACK)
    assert fresh(one).state is ObligationState.RUNNING
    assert [goods.received_serial for goods in came_for(one)] == ["X1", "X2", "F9"]


@pytest.mark.parametrize("given_up", ["waived", "charged", "lost", "cancelled"])
def test_what_was_given_up_stays_so(world: World, given_up: str) -> None:
    _rma, shipment, (one,) = making.dispatched(world)
    if given_up == "cancelled":
        with transaction():
            receipts.lose_shipment(shipment.id, reason="承运方确认丢失", actor=SYSTEM, now=NOON)
    else:
        with transaction():
            receipts.confirm_receipt(
                shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=NOON
            )
        if given_up == "lost":
            announce(one)
        with transaction():
            if given_up == "charged":
                obligations.charge(one.id, making.PRICE, reason="逾期", actor=SYSTEM, now=NOON)
            else:
                decide = obligations.waive if given_up == "waived" else obligations.lose
                decide(one.id, reason="逾期", actor=SYSTEM, now=NOON)
    (row,) = receive(one, FOUND[DiscrepancyKind.OTHER_PART])
    resolve(row, Resolution.SEND_BACK)
    assert (fresh(one).state, fresh(one).closed_recorded_at) == (given_up, NOON)
    assert kinds(one)[-2:] == ["received", "not_accepted"]
    assert len(came_for(one)) == 1
    assert receive(one, making.right(world)) == []
    assert obligations.charged(one.id)[0] == 0


@pytest.mark.parametrize(("by_hand", "due_on"), [(False, date(2026, 12, 3)), (True, date(2026, 12, 9))])
def test_a_day_closed_while_the_wrong_part_lies_at_the_depot_is_counted(
    world: World, by_hand: bool, due_on: date
) -> None:
    (one,) = running(world)
    if by_hand:
        with transaction():
            obligations.extend(one.id, due_on, reason="客户停机窗口", actor=SYSTEM, now=LATER)
    (row,) = receive(one, FOUND[DiscrepancyKind.OTHER_PART])
    with transaction():
        set_day(None, date(2026, 11, 25), DayStatus.CLOSED, "盘点", SYSTEM, LATER)
    resolve(row, Resolution.SEND_BACK)
    assert fresh(one).due_on == due_on
    told = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "return_recounted")).all()
    assert [(entry.data["old"], entry.data["new"]) for entry in told] == (
        [] if by_hand else [("2026-12-02", "2026-12-03")]
    )


def test_a_part_that_was_credited_and_then_found_wrong_is_owed_again(world: World) -> None:
    (one,) = running(world)
    with transaction():
        obligations.charge(one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=LATER)
    receive(one, making.right(world))
    with transaction():
        returns.inspect(one.id, Inspection.WRONG_ITEM, note="", actor=SYSTEM, now=LATER)
    (row,) = session.scalars(select(Discrepancy))
    resolve(row, Resolution.SEND_BACK)
    assert fresh(one).state is ObligationState.RUNNING


def test_a_clock_that_never_started_starts_with_the_receipt(world: World) -> None:
    _rma, shipment, (one,) = making.dispatched(world)
    (row,) = receive(one, FOUND[DiscrepancyKind.MISSING])
    with pytest.raises(Conflict, match="obligation_not_allowed"):
        resolve(row, Resolution.CHARGE)
    assert fresh(one).state is ObligationState.RECEIVED
    resolve(row, Resolution.STILL_OWED)
    assert fresh(one).state is ObligationState.NOT_STARTED
    with transaction():
        receipts.confirm_receipt(shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=DECIDED)
    assert (fresh(one).state, fresh(one).due_on) == (ObligationState.RUNNING, making.DUE_ON)


def test_charged_for_the_wrong_thing_and_credited_when_the_right_one_comes(world: World) -> None:
    (one,) = running(world)
    (row,) = receive(one, FOUND[DiscrepancyKind.OTHER_SERIAL])
    resolve(row, Resolution.CHARGE)
    assert (kinds(one), obligations.charged(one.id)) == (["started", "received", "reopened", "charged"], (5000, "CNY"))
    assert receive(one, making.right(world)) == []
    assert (fresh(one).state, obligations.charged(one.id)) == (ObligationState.RECEIVED, (0, "CNY"))


def test_a_refused_charge_leaves_all_as_it_was(world: World) -> None:
    (one,) = running(world)
    with transaction():
        session.get_one(Obligation, one.id).price_minor = None
    (row,) = receive(one, FOUND[DiscrepancyKind.OTHER_PART])
    moves = session.scalar(select(func.count(Move.id)))
    with pytest.raises(Invalid, match="amount_missing"), transaction():
        discrepancies.resolve(row.id, Resolution.CHARGE, reason="错件", actor=SYSTEM, now=DECIDED)
    assert (fresh(one).state, came_for(one)) == (ObligationState.RECEIVED, [])
    assert session.get_one(Discrepancy, row.id, populate_existing=True).resolved_at is None
    assert session.scalar(select(func.count(Move.id))) == moves
