"""What the use cases of a stocktake do around the count: reservations, second persons, recounts, late entries, and races."""

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role
from spares.cases.models import TimelineEntry
from spares.db import session, transaction
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine
from spares.dispatch.orders import Wanted
from spares.errors import Forbidden, Invalid
from spares.inventory import (
    ledger,
    stock_services,
    stocktake_counting,
    stocktake_deciding,
    stocktake_posting,
    stocktake_services,
)
from spares.inventory.ledger_check import verify
from spares.inventory.models import (
    Condition,
    HoldEnd,
    LocationKind,
    Posting,
    PostingKind,
    StockBalance,
    Unit,
)
from spares.inventory.places import outside
from spares.inventory.stocktake_lifecycle import BinState, DifferenceState, RunState
from spares.inventory.stocktake_models import DifferenceKind, Scope, StocktakeBin, StocktakeRun
from spares.once import perform_once
from spares.settings import change
from tests.conftest import NOON
from tests.dispatch.making import make_exchange, pick_all
from tests.factories import make_actor, make_part, put_stock
from tests.inventory.stocktake_making import Shelf, at, place_of, refused, rows
from tests.racing import Task, race


@pytest.fixture
def shelf(context: Flask) -> Shelf:
    return Shelf()


def test_a_missing_reserved_unit_gives_its_order_other_stock(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1"], shelf.one)
    exchange = make_exchange(shelf.depot, shelf.switch)
    put_stock(shelf.switch, ["SN2"], shelf.two)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    row = shelf.close(run)["SN1"]
    shelf.accept(row)
    posted = shelf.post(run)
    assert (posted.differences, posted.reservations) == (1, 1)
    line = session.scalars(select(DispatchLine).where(DispatchLine.order_id == exchange.order.id)).one()
    (hold,) = ledger.open_holds([line.id])
    assert (line.state, session.get_one(Unit, hold.unit_id).serial) == (LineState.RESERVED, "SN2")
    assert place_of("SN1") == outside(LocationKind.DIFFERENCE)
    told = session.scalars(select(TimelineEntry).where(TimelineEntry.kind == "stock_missing")).one()
    assert (told.data["serial"], told.data["reserved"], told.data["stocktake"]) == ("SN1", True, "STK-000001")
    assert list(verify()) == []


def test_a_missing_reserved_unit_without_other_stock_makes_its_line_wait(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1"], shelf.one)
    exchange = make_exchange(shelf.depot, shelf.switch)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    shelf.accept(shelf.close(run)["SN1"])
    shelf.post(run)
    line = session.scalars(select(DispatchLine).where(DispatchLine.order_id == exchange.order.id)).one()
    assert (line.state, ledger.open_holds([line.id])) == (LineState.BACK_ORDERED, [])
    assert [end.reason for end in session.scalars(select(HoldEnd))] == ["stocktake"]
    assert list(verify()) == []


def test_a_reserved_unit_found_in_another_bin_stays_reserved_there(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1"], shelf.one)
    exchange = make_exchange(shelf.depot, shelf.switch)
    run = shelf.open(shelf.one, shelf.two)
    shelf.count(run, shelf.one)
    shelf.count(run, shelf.two, "SN1", minute=20)
    shelf.accept(shelf.close(run)["SN1"])
    shelf.post(run)
    line = session.scalars(select(DispatchLine).where(DispatchLine.order_id == exchange.order.id)).one()
    (hold,) = ledger.open_holds([line.id])
    assert (line.state, hold.location_id, place_of("SN1")) == (LineState.RESERVED, shelf.two.id, shelf.two.id)
    assert list(verify()) == []


def test_missing_pieces_take_the_newest_reservations_that_they_must(shelf: Shelf) -> None:
    put_stock(shelf.cable, 10, shelf.one)
    older, newer = (make_exchange(shelf.depot, Wanted(part_id=shelf.cable.id, quantity=count)) for count in (6, 3))
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one, pieces=8)
    shelf.accept(shelf.close(run)["pieces"])
    posted = shelf.post(run)
    assert posted.reservations == 1
    states = {
        order.id: session.scalars(select(DispatchLine.state).where(DispatchLine.order_id == order.id)).one()
        for order in (older.order, newer.order)
    }
    assert states == {older.order.id: LineState.RESERVED, newer.order.id: LineState.BACK_ORDERED}
    balance = session.get_one(StockBalance, (shelf.cable.id, shelf.one.id, Condition.GOOD))
    assert (balance.on_hand, balance.held) == (8, 6)
    assert list(verify()) == []


def test_what_is_picked_is_in_its_box_and_not_missing(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1"], shelf.one)
    exchange = make_exchange(shelf.depot, shelf.switch)
    pick_all(exchange.order)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    assert shelf.close(run) == {}
    assert shelf.post(run).differences == 0
    assert session.get_one(StocktakeRun, run).state is RunState.POSTED


def test_a_value_above_the_limit_needs_a_second_person(shelf: Shelf) -> None:
    with transaction():
        change("stocktake_approval_minor", 999, set_by_id=None, now=NOON)
    put_stock(shelf.switch, ["SN1"], shelf.one)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    row = shelf.close(run)["SN1"]
    admin = shelf.admin
    with transaction():
        stocktake_deciding.accept(row.id, "查明", actor=admin, now=at(40))
    assert rows(run)["SN1"].state is DifferenceState.AWAITING
    refused("stocktake_undecided", lambda: shelf_post(shelf, run))
    refused("second_person", lambda: stocktake_deciding.approve(row.id, actor=admin, now=at(41)))
    with pytest.raises(Forbidden), transaction():
        stocktake_deciding.approve(row.id, actor=shelf.keeper, now=at(41))
    with transaction():
        stocktake_deciding.reject(row.id, "再找找", actor=shelf.manager, now=at(42))
    assert rows(run)["SN1"].state is DifferenceState.OPEN
    shelf.accept(row)
    with transaction():
        stocktake_deciding.approve(row.id, actor=admin, now=at(43))
    assert shelf.post(run).differences == 1
    assert (rows(run)["SN1"].decided_by_id, rows(run)["SN1"].approved_by_id) == (shelf.manager.id, admin.id)


def shelf_post(shelf: Shelf, run: int) -> None:
    stocktake_posting.post_run(run, request_key="x", actor=shelf.manager, now=at(50))


def test_somebody_else_counts_the_second_time_if_so_set(shelf: Shelf) -> None:
    with transaction():
        change("stocktake_recount_by_other", True, set_by_id=None, now=NOON)
    put_stock(shelf.switch, ["SN1"], shelf.one)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    row = shelf.close(run)["SN1"]
    refused("recount_by_other", lambda: stocktake_deciding.recount(row.id, seen=True, actor=shelf.keeper, now=at(35)))
    with transaction():
        stocktake_deciding.recount(row.id, seen=True, actor=shelf.other, now=at(35))
    assert rows(run)["SN1"].state is DifferenceState.EXPLAINED


def test_what_moves_after_the_decision_is_not_posted_twice(shelf: Shelf) -> None:
    (unit, *_) = put_stock(shelf.switch, ["SN1", "SN2"], shelf.one)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    found = shelf.close(run)
    shelf.accept(found["SN1"])
    shelf.accept(found["SN2"])
    with transaction():
        stock_services.move([unit.id], shelf.two.id, request_key="m:1", actor=shelf.keeper, now=at(45))
    posted = shelf.post(run)
    assert (posted.differences, posted.explained) == (1, 1)
    assert {name: row.state.value for name, row in rows(run).items()} == {"SN1": "explained", "SN2": "posted"}
    assert place_of("SN1") == shelf.two.id
    assert list(verify()) == []


def test_a_late_entry_changes_what_was_decided_and_stops_the_posting(shelf: Shelf) -> None:
    put_stock(shelf.cable, 10, shelf.one)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one, pieces=8)
    shelf.accept(shelf.close(run)["pieces"])
    step = ledger.Step(
        part_id=shelf.cable.id,
        quantity=1,
        from_id=shelf.one.id,
        from_condition=Condition.GOOD,
        to_id=outside(LocationKind.IN_TRANSIT),
        to_condition=Condition.GOOD,
    )
    with transaction():
        ledger.post(PostingKind.DISPATCH, [step], request_key="late", occurred_at=at(5), actor=SYSTEM, now=at(45))
    refused("stocktake_changed", lambda: shelf_post(shelf, run))
    assert rows(run)["pieces"].state is DifferenceState.ACCEPTED
    with transaction():
        stocktake_deciding.look_again(run, actor=shelf.manager, now=at(46))
    row = rows(run)["pieces"]
    assert (row.state, row.counted, row.expected) == (DifferenceState.OPEN, 8, 9)
    shelf.accept(row)
    shelf.post(run)
    assert session.get_one(StockBalance, (shelf.cable.id, shelf.one.id, Condition.GOOD)).on_hand == 8


def test_pieces_that_moved_during_their_count_are_counted_again_first(shelf: Shelf) -> None:
    put_stock(shelf.cable, 5, shelf.one)
    run = shelf.open(shelf.one)
    with transaction():
        one = stocktake_counting.begin_bin(run, shelf.one.id, actor=shelf.keeper, now=at(-5)).id
    with transaction():
        stocktake_counting.finish_bin(one, actor=shelf.keeper, now=at(10))
    row = shelf.close(run)["pieces"]
    assert (row.uncertain, row.counted, row.expected) == (True, 0, 5)
    refused("recount_first", lambda: stocktake_deciding.accept(row.id, "x", actor=shelf.manager, now=at(40)))
    with transaction():
        stocktake_deciding.recount(row.id, quantity=5, actor=shelf.keeper, now=at(41))
    assert rows(run)["pieces"].state is DifferenceState.EXPLAINED


def test_a_unit_booked_at_a_customer_is_left_to_its_exchange(shelf: Shelf) -> None:
    (unit,) = put_stock(shelf.switch, ["SN1"], shelf.two)
    step = ledger.Step(
        part_id=shelf.switch.id,
        unit_id=unit.id,
        from_id=shelf.two.id,
        from_condition=Condition.GOOD,
        to_id=outside(LocationKind.CUSTOMER),
        to_condition=Condition.GOOD,
    )
    with transaction():
        ledger.post(PostingKind.DISPATCH, [step], request_key="out", occurred_at=at(2), actor=SYSTEM, now=at(2))
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one, "SN1")
    row = shelf.close(run)["SN1"]
    assert (row.kind, row.booked_id) == (DifferenceKind.FOUND, outside(LocationKind.CUSTOMER))
    refused("found_elsewhere_first", lambda: stocktake_deciding.accept(row.id, "x", actor=shelf.manager, now=at(40)))
    with transaction():
        stocktake_deciding.leave(row.id, "走返修流程", actor=shelf.manager, now=at(40))
    assert shelf.post(run).differences == 0
    assert place_of("SN1") == outside(LocationKind.CUSTOMER)


def test_what_was_written_off_and_turns_up_is_booked_in_again(shelf: Shelf) -> None:
    (unit,) = put_stock(shelf.switch, ["SN1"], shelf.one)
    with transaction():
        stock_services.adjust_lost([unit.id], "找不到", request_key="l:1", actor=shelf.keeper, now=at(1))
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one, "SN1")
    row = shelf.close(run)["SN1"]
    assert (row.kind, row.value_minor) == (DifferenceKind.FOUND, 1000)
    shelf.accept(row)
    shelf.post(run)
    assert place_of("SN1") == shelf.one.id


def test_a_stocktake_of_one_part_speaks_of_that_part_alone(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1", "SN2"], shelf.one)
    router = make_part("RT-1", price_minor=1)
    put_stock(router, ["RT1"], shelf.one)
    put_stock(shelf.cable, 5, shelf.one)
    run = shelf.open(scope=Scope.PART, part=shelf.switch)
    assert session.scalars(select(StocktakeBin.location_id)).all() == [shelf.one.id]
    shelf.count(run, shelf.one, "SN1")
    shelf.count(run, shelf.two, "SN2", minute=20)
    found = shelf.close(run)
    assert {name: (row.kind.value, row.place_id) for name, row in found.items()} == {"SN2": ("found", shelf.two.id)}


def test_a_bin_counted_anew_forgets_what_was_seen_before(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1"], shelf.one)
    run = shelf.open(shelf.one, shelf.two)
    one = shelf.count(run, shelf.one, "WRONG")
    with transaction():
        stocktake_counting.count_again(one, "扫错货位", actor=shelf.other, now=at(15))
    with transaction():
        stocktake_counting.scan(one, "SN1", actor=shelf.other, now=at(16))
    with transaction():
        stocktake_counting.finish_bin(one, actor=shelf.other, now=at(17))
    assert shelf.close(run) == {}
    states = session.scalars(select(StocktakeBin.state).order_by(StocktakeBin.id)).all()
    assert states == [BinState.FINISHED, BinState.LEFT_OUT]
    with transaction():
        stocktake_services.resume_counting(run, actor=shelf.manager, now=at(31))
    assert session.scalars(select(StocktakeBin.state).order_by(StocktakeBin.id)).all()[1] is BinState.WAITING


def test_two_parts_with_one_serial_are_told_apart_by_their_bin(shelf: Shelf) -> None:
    router = make_part("RT-1", price_minor=1)
    put_stock(shelf.switch, ["S1"], shelf.one)
    put_stock(router, ["S1"], shelf.two)
    run = shelf.open(shelf.one, shelf.two)
    shelf.count(run, shelf.one, "S1")
    shelf.count(run, shelf.two, "S1", minute=20)
    assert shelf.close(run) == {}


def test_who_may_do_what(shelf: Shelf) -> None:
    engineer, finance = make_actor(Role.ENGINEER), make_actor(Role.FINANCE)
    run = shelf.open(shelf.one)
    for actor in (engineer, finance, shelf.manager):
        with pytest.raises(Forbidden), transaction():
            stocktake_counting.begin_bin(run, shelf.one.id, actor=actor, now=at(5))
    for actor in (engineer, finance):
        with pytest.raises(Forbidden), transaction():
            stocktake_services.cancel_run(run, "x", actor=actor, now=at(5))
    with pytest.raises(Invalid), transaction():
        stocktake_services.open_run(shelf.depot.id, Scope.BINS, actor=shelf.manager, now=at(5))
    session.rollback()
    assert session.scalars(select(StocktakeBin.state)).all() == [BinState.WAITING]


def act_at_once(task: Task) -> str:
    """Scan, finish or post, as several browsers that send the same form."""
    actor = Actor(id=task["actor"], name="x", role=Role.RMA_ADMIN)

    def act() -> str:
        if task["act"] == "scan":
            taken = stocktake_counting.scan(task["bin"], "SN1", actor=actor, now=at(11))
            return "again" if taken.again else "counted"
        if task["act"] == "post":
            stocktake_posting.post_run(task["run"], request_key=f"stocktake:{task['run']}", actor=actor, now=at(50))
        return task["act"]

    return perform_once(task["key"], at(50), act)


def test_the_same_form_at_once_acts_once(shelf: Shelf, database_url: str) -> None:
    put_stock(shelf.switch, ["SN1", "SN2"], shelf.one)
    run = shelf.open(shelf.one)
    with transaction():
        one = stocktake_counting.begin_bin(run, shelf.one.id, actor=shelf.keeper, now=at(10)).id
    common = {"actor": shelf.admin.id, "run": run, "bin": one}
    session.remove()
    scans = [{**common, "act": "scan", "key": f"s{n // 2}"} for n in range(12)]
    outcomes = race("tests.inventory.test_stocktake_services:act_at_once", database_url, scans, workers=4)
    assert sorted({outcome for _task, outcome in outcomes}) == ["again", "counted"]
    counted = {task["key"] for task, outcome in outcomes if outcome == "counted"}
    assert len(counted) == 1
    with transaction():
        stocktake_counting.finish_bin(one, actor=shelf.keeper, now=at(20))
    shelf.accept(shelf.close(run)["SN2"])
    session.remove()
    posts = [{**common, "act": "post", "key": f"p{n // 3}"} for n in range(6)]
    outcomes = race("tests.inventory.test_stocktake_services:act_at_once", database_url, posts, workers=3)
    said = sorted(outcome for _task, outcome in outcomes)
    assert said == ["post"] * 3 + ["refused:stocktake_not_allowed"] * 3
    assert len(session.scalars(select(Posting).where(Posting.kind == PostingKind.ADJUST)).all()) == 1
    assert list(verify()) == []
