"""Picked goods lie in boxes while a stocktake counts their bins: neither the box nor the way back to the shelf is a
difference, and a reservation is lost as a whole."""

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.dispatch import picking
from spares.dispatch.cancelling import cancel_lines
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine
from spares.dispatch.orders import Wanted
from spares.inventory import ledger, stocktake_counting, stocktake_evaluation
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, StockBalance
from spares.inventory.stocktake_models import StocktakeDifference, StocktakeRun
from spares.inventory.stocktake_rules import Verdict
from tests.dispatch.making import Exchange, make_exchange, pick_all
from tests.factories import put_stock
from tests.inventory.stocktake_making import Shelf, at


@pytest.fixture
def shelf(context: Flask) -> Shelf:
    return Shelf()


def picked(shelf: Shelf, *, minute: int) -> Exchange:
    """An order with the only unit in its box since then."""
    put_stock(shelf.switch, ["SN1"], shelf.one)
    exchange = make_exchange(shelf.depot, shelf.switch)
    pick_all(exchange.order, now=at(minute))
    return exchange


def put_back(exchange: Exchange, minute: int) -> None:
    line = session.scalars(select(DispatchLine.id).where(DispatchLine.order_id == exchange.order.id)).one()
    with transaction():
        picking.unpick(exchange.order.id, line, actor=SYSTEM, now=at(minute))


def verdicts(run: int) -> list[tuple[str, Verdict]]:
    session.rollback()
    return [
        (one.serial, one.verdict) for one in stocktake_evaluation.evaluate(session.get_one(StocktakeRun, run)).netted
    ]


def test_a_unit_put_back_after_its_bin_was_counted_is_not_missing(shelf: Shelf) -> None:
    exchange = picked(shelf, minute=5)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    put_back(exchange, 20)
    assert shelf.close(run) == {}
    assert verdicts(run) == [("SN1", Verdict.PICKED)]


def test_a_unit_of_an_order_cancelled_after_the_count_is_not_missing(shelf: Shelf) -> None:
    exchange = picked(shelf, minute=5)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    with transaction():
        cancel_lines(exchange.order.id, reason="不要了", actor=SYSTEM, now=at(20))
    assert shelf.close(run) == {}
    assert verdicts(run) == [("SN1", Verdict.PICKED)]


def test_what_was_put_back_before_the_count_and_is_not_seen_is_missing(shelf: Shelf) -> None:
    exchange = picked(shelf, minute=5)
    put_back(exchange, 8)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    assert shelf.close(run)["SN1"].kind == "missing"


def test_what_a_cancelled_order_freed_before_the_count_is_missing_when_it_is_not_seen(shelf: Shelf) -> None:
    exchange = picked(shelf, minute=5)
    with transaction():
        cancel_lines(exchange.order.id, reason="不要了", actor=SYSTEM, now=at(8))
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one)
    assert shelf.close(run)["SN1"].kind == "missing"


def test_pieces_picked_between_two_piles_are_counted_again_first(shelf: Shelf) -> None:
    put_stock(shelf.cable, 10, shelf.one)
    exchange = make_exchange(shelf.depot, Wanted(part_id=shelf.cable.id, quantity=3))
    run = shelf.open(shelf.one)
    with transaction():
        one = stocktake_counting.begin_bin(run, shelf.one.id, actor=shelf.keeper, now=at(10)).id
    count = {"part_id": shelf.cable.id, "quantity": 5, "condition": Condition.GOOD, "actor": shelf.keeper}
    with transaction():
        stocktake_counting.count_pieces(one, **count, now=at(11))  # type: ignore[arg-type]
    pick_all(exchange.order, now=at(12))
    with transaction():
        stocktake_counting.count_pieces(one, **count, now=at(13))  # type: ignore[arg-type]
    with transaction():
        stocktake_counting.finish_bin(one, actor=shelf.keeper, now=at(14))
    row = shelf.close(run)["pieces"]
    assert (row.counted, row.expected, row.uncertain) == (10, 7, True)


def test_a_line_reserved_in_two_bins_loses_both_reservations_and_waits_once(shelf: Shelf) -> None:
    put_stock(shelf.cable, 3, shelf.one)
    put_stock(shelf.cable, 2, shelf.two)
    exchange = make_exchange(shelf.depot, Wanted(part_id=shelf.cable.id, quantity=5))
    run = shelf.open(shelf.one, shelf.two)
    shelf.count(run, shelf.one, pieces=2)
    shelf.count(run, shelf.two, pieces=1, minute=20)
    shelf.close(run)
    for row in session.scalars(select(StocktakeDifference)).all():
        shelf.accept(row)
    assert shelf.post(run).differences == 2
    line = session.scalars(select(DispatchLine).where(DispatchLine.order_id == exchange.order.id)).one()
    assert (line.state, ledger.open_holds([line.id])) == (LineState.BACK_ORDERED, [])
    for place, left in ((shelf.one, 2), (shelf.two, 1)):
        balance = session.get_one(StockBalance, (shelf.cable.id, place.id, Condition.GOOD))
        assert (balance.on_hand, balance.held) == (left, 0)
    assert list(verify()) == []


def test_a_line_that_lost_one_bin_is_reserved_anew_as_a_whole(shelf: Shelf) -> None:
    put_stock(shelf.cable, 3, shelf.one)
    put_stock(shelf.cable, 2, shelf.two)
    exchange = make_exchange(shelf.depot, Wanted(part_id=shelf.cable.id, quantity=5))
    put_stock(shelf.cable, 1, shelf.two)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one, pieces=2)
    shelf.accept(shelf.close(run)["pieces"])
    shelf.post(run)
    line = session.scalars(select(DispatchLine).where(DispatchLine.order_id == exchange.order.id)).one()
    assert line.state is LineState.RESERVED
    holds = {hold.location_id: hold.quantity for hold in ledger.open_holds([line.id])}
    assert holds == {shelf.one.id: 2, shelf.two.id: 3}
    assert list(verify()) == []
