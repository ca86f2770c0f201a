"""Counted parts come back in parts: what came is counted, what is out stays owed by the same day, what is too much waits."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases.models import TimelineEntry
from spares.db import session, transaction
from spares.errors import Invalid
from spares.inventory.ledger_check import verify
from spares.inventory.models import Location, LocationKind, StockBalance
from spares.reports.overdue import overdue_as_of
from spares.rma import discrepancies, obligations, receipts, returns
from spares.rma.discrepancies import Resolution
from spares.rma.documents import return_slip_for
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.queries import exchange
from spares.rma.returns import Arrival, Disposition, Inspection
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import PIECE, World, came_for, fresh, modules_running

LATER = NOON + timedelta(days=2)


@pytest.fixture
def world(context: Flask) -> Iterator[World]:
    yield making.make_world()


def receive(obligation: Obligation, count: int | None, at: timedelta = timedelta()) -> list[Discrepancy]:
    with transaction():
        arrival = Arrival(part_id=obligation.part_id, serial="", quantity=count)
        return returns.receive_return(obligation.id, arrival, actor=SYSTEM, now=LATER + at)


def on_shelf(part_id: int) -> int:
    """Pieces on the returns shelf, after the ledger was found whole."""
    assert list(verify()) == []
    query = (
        select(func.coalesce(func.sum(StockBalance.on_hand), 0))
        .join(Location, Location.id == StockBalance.location_id)
        .where(StockBalance.part_id == part_id, Location.kind == LocationKind.RETURNS)
    )
    return int(session.scalar(query) or 0)


def overdue_on(day: str) -> list[tuple[int, int]]:
    """Pieces and their worth, of each overdue line as of the day."""
    report = overdue_as_of(date.fromisoformat(day), now=NOON + timedelta(days=60))
    return [(line.quantity, (line.price_minor or 0) * line.quantity) for line in report.lines]


def finish(row: Obligation) -> None:
    with transaction():
        returns.inspect(row.id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=LATER)
    with transaction():
        returns.settle(row.id, Disposition.SCRAP, reason="", actor=SYSTEM, now=LATER)


def test_three_of_five_leave_two_owed_by_the_same_day(world: World) -> None:
    one = modules_running(world)
    assert receive(one, 3) == []
    one = fresh(one)
    assert (one.state, one.outstanding, one.due_on, one.closed_recorded_at) == ("running", 2, making.DUE_ON, None)
    assert (one.worth_minor, on_shelf(one.part_id)) == (2 * PIECE, 3)
    (goods,) = came_for(one)
    assert (goods.state, goods.quantity, goods.received_quantity) == (ObligationState.RECEIVED, 3, 3)
    (told,) = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "return_received_part"))
    assert (told.data["quantity"], told.data["came"], told.data["of"]) == (3, 3, 5)
    finish(goods)
    assert on_shelf(one.part_id) == 0
    assert receive(one, 2) == []
    one = fresh(one)
    assert (one.state, one.received_quantity, on_shelf(one.part_id)) == (ObligationState.RECEIVED, 2, 2)
    finish(one)
    assert (fresh(one).state, on_shelf(one.part_id)) == (ObligationState.SETTLED, 0)


def test_the_report_counts_the_pieces_that_were_out_on_that_day(world: World) -> None:
    one = modules_running(world)
    with transaction():
        returns.announce_return(
            one.id,
            posted_on=date(2026, 12, 1),
            carrier="顺丰",
            waybill="SF9",
            actor=SYSTEM,
            now=NOON + timedelta(days=13),
        )
    receive(one, 3, timedelta(days=14))  # Fri 2026-12-04
    receive(one, 2, timedelta(days=19))  # Wed 2026-12-09
    assert overdue_on("2026-12-03") == []  # all five were sent in time, as it seemed
    assert overdue_on("2026-12-04") == [(2, 2 * PIECE)]
    assert overdue_on("2026-12-08") == [(2, 2 * PIECE)]
    assert overdue_on("2026-12-09") == []


def test_pieces_that_came_while_the_shipment_was_lost_are_not_owed_when_it_is_found(world: World) -> None:
    _module, one, shipment_id = making.modules_dispatched(world)
    with transaction():
        receipts.lose_shipment(shipment_id, reason="丢失", actor=SYSTEM, now=NOON + timedelta(days=1))
    receive(one, 2)
    assert (fresh(one).state, fresh(one).came_quantity) == (ObligationState.CANCELLED, 2)
    with transaction():  # told on Wed 2026-12-09
        receipts.confirm_receipt(
            shipment_id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=NOON + timedelta(days=21)
        )
    assert (fresh(one).state, fresh(one).outstanding) == (ObligationState.RUNNING, 3)
    assert (overdue_on("2026-12-08"), overdue_on("2026-12-09")) == ([], [(3, 3 * PIECE)])
    receive(one, 3, timedelta(days=28))  # Fri 2026-12-18
    assert (overdue_on("2026-12-17"), overdue_on("2026-12-18")) == ([(3, 3 * PIECE)], [])


def test_the_present_day_gives_the_pieces_too(world: World) -> None:
    one = modules_running(world)
    receive(one, 1, timedelta(days=14))
    today = overdue_as_of(date(2026, 12, 4), now=NOON + timedelta(days=16))
    assert [(line.quantity, line.days_overdue) for line in today.lines] == [(4, 2)]
    assert today.total.amounts == {"CNY": 4 * PIECE}
    assert overdue_on("2026-12-04") == [(4, 4 * PIECE)]
    assert overdue_on("2026-12-03") == [(5, 5 * PIECE)]


@pytest.mark.parametrize("count", [5, None])
def test_all_at_once(world: World, count: int | None) -> None:
    one = modules_running(world)
    assert receive(one, count) == []
    assert (fresh(one).state, fresh(one).received_quantity, on_shelf(one.part_id)) == ("received", 5, 5)
    assert came_for(one) == []


def test_more_than_owed_is_a_discrepancy_for_the_surplus(world: World) -> None:
    one = modules_running(world)
    receive(one, 3)
    (row,) = receive(one, 4)
    assert (row.kind, row.expected, row.found) == (DiscrepancyKind.SURPLUS, "2", "4")
    assert (fresh(one).state, fresh(one).received_quantity, on_shelf(one.part_id)) == ("received", 2, 7)
    _, surplus = came_for(one)
    assert (surplus.quantity, row.obligation_id) == (2, surplus.id)
    finish(one)
    with pytest.raises(Invalid, match="decision_does_not_fit"), transaction():
        discrepancies.resolve(row.id, Resolution.CHARGE, reason="多", actor=SYSTEM, now=LATER, amount_minor=1)
    with transaction():
        discrepancies.resolve(row.id, Resolution.SEND_BACK, reason="多寄", actor=SYSTEM, now=LATER)
    assert fresh(one).state is ObligationState.SETTLED
    with transaction():
        returns.inspect(surplus.id, Inspection.WRONG_ITEM, note="", actor=SYSTEM, now=LATER)
    with transaction():
        returns.settle(surplus.id, Disposition.SEND_BACK, reason="", actor=SYSTEM, now=LATER)
    assert on_shelf(one.part_id) == 3


def test_what_is_charged_and_credited_follows_the_pieces(world: World) -> None:
    one = modules_running(world)
    receive(one, 2)
    with transaction():
        obligations.charge(one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=LATER)
    assert obligations.charged(one.id) == (3 * PIECE, "CNY")
    receive(one, 1)
    assert (fresh(one).state, obligations.charged(one.id)) == (ObligationState.CHARGED, (2 * PIECE, "CNY"))
    receive(one, 2)
    assert (fresh(one).state, obligations.charged(one.id)) == (ObligationState.RECEIVED, (0, "CNY"))


@pytest.mark.parametrize("rest_came", [False, True])
def test_pieces_found_wrong_on_the_bench_are_owed_again(world: World, rest_came: bool) -> None:
    one = modules_running(world)
    receive(one, 3)
    (goods,) = came_for(one)
    if rest_came:
        receive(one, 2)
        finish(one)
    with transaction():
        returns.inspect(goods.id, Inspection.WRONG_ITEM, note="别家的模块", actor=SYSTEM, now=LATER)
    (row,) = session.scalars(select(Discrepancy))
    assert row.obligation_id == goods.id
    with pytest.raises(Invalid, match="decision_does_not_fit"), transaction():
        discrepancies.resolve(row.id, Resolution.CHARGE, reason="错件", actor=SYSTEM, now=LATER, amount_minor=1)
    with transaction():
        discrepancies.resolve(row.id, Resolution.SEND_BACK, reason="错件", actor=SYSTEM, now=LATER)
    one = fresh(one)
    out = 3 if rest_came else 5
    assert (one.state, one.outstanding, one.due_on) == (ObligationState.RUNNING, out, making.DUE_ON)
    with transaction():
        returns.settle(goods.id, Disposition.SEND_BACK, reason="", actor=SYSTEM, now=LATER)
    assert receive(one, out) == []
    assert (fresh(one).state, on_shelf(one.part_id)) == (ObligationState.RECEIVED, out)
    assert list(verify()) == []


@pytest.mark.parametrize("count", [0, -1, 10_000])
def test_a_count_that_is_none_changes_nothing(world: World, count: int) -> None:
    one = modules_running(world)
    with pytest.raises(Invalid, match="quantity_out_of_range"):
        receive(one, count)
    assert (fresh(one).version, came_for(one), on_shelf(one.part_id)) == (one.version, [], 0)


def test_through_the_pages(pages: Pages) -> None:
    one = modules_running(pages.world)
    keeper = pages.browser(Role.WAREHOUSE)
    page = keeper.get("/returns/receive/RMA-000001").text
    assert 'name="quantity"' in page and 'value="5"' in page
    sent = {"request_key": "k1", "serial": "", "packages": "1"}
    assert post(keeper, "/returns/receive/RMA-000001", sent | {"quantity": ""}).status_code == 422
    assert fresh(one).came_quantity == 0
    answer = post(keeper, "/returns/receive/RMA-000001", sent | {"quantity": "3"}, follow_redirects=True)
    assert "应返还 5 件，已到 3 件，还差 2 件，须在 2026-12-02 前寄回。" in answer.text
    assert 'value="2"' in answer.text
    for address in ("/rma/RMA-000001", f"/cases/{pages.world.case.id}", "/returns/receive/RMA-000001"):
        assert "应返还 5 件，已到 3 件" in keeper.get(address).text
    more = sent | {"request_key": "k2", "quantity": "4"}
    asked = post(keeper, "/returns/receive/RMA-000001", more)
    assert asked.status_code == 422
    assert "超出应返还数量：应为 2，实为 4" in asked.text
    assert fresh(one).came_quantity == 3
    taken = post(keeper, "/returns/receive/RMA-000001", more | {"anyway": "surplus:4"}, follow_redirects=True)
    assert "已收下，但与预期不符" in taken.text
    assert fresh(one).state is ObligationState.RECEIVED


def test_the_pages_tell_the_price_of_a_piece_from_that_of_all(pages: Pages) -> None:
    one = modules_running(pages.world)
    receive(one, 3)
    finance = pages.browser(Role.FINANCE)
    assert "每件 CNY 500.00，5 件共 CNY 2,500.00" in finance.get("/rma/RMA-000001").text
    charge = finance.get(f"/returns/{one.id}/charge").text
    assert "未返还 2 件，发货时每件 CNY 500.00" in charge
    assert 'value="1000.00"' in charge
    assert "SFP-10G × 5" in charge


def test_in_english(pages: Pages) -> None:
    receive(modules_running(pages.world), 3)
    assert "3 of 5 pieces are here" in pages.browser(language="en").get("/returns/receive/RMA-000001").text


def test_the_return_slip_asks_for_what_is_still_out(pages: Pages) -> None:
    one = modules_running(pages.world)
    receive(one, 3)
    slip = return_slip_for(exchange(one.rma_id, SYSTEM), "http://localhost/")
    assert [(line.part_number, line.quantity) for line in slip.lines] == [("SFP-10G", 2)]
