"""What is counted where, at the shelf: a bin in one stocktake alone, and serials told apart by the part in their code."""

import pytest
from flask import Flask
from sqlalchemy import select

from spares.db import session, transaction
from spares.inventory import stocktake_counting, stocktake_services
from spares.inventory.stocktake_lifecycle import BinState
from spares.inventory.stocktake_models import Scope, StocktakeBin, StocktakeCount
from tests.factories import make_bin, make_part, put_stock
from tests.inventory.stocktake_making import Shelf, at, refused


@pytest.fixture
def shelf(context: Flask) -> Shelf:
    return Shelf()


def test_a_bin_of_another_stocktake_is_not_taken_in(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1"], shelf.one)
    first = shelf.open(shelf.two)
    second = shelf.open(scope=Scope.PART, part=shelf.switch)
    begin = {"actor": shelf.keeper, "now": at(5)}
    refusal = refused(
        "stocktake_overlaps",
        lambda: stocktake_counting.begin_bin(second, shelf.two.id, **begin),  # type: ignore[arg-type]
    )
    assert refusal.facts == {"bin": "A-02", "number": "STK-000001", "count": 1}
    assert session.scalars(select(StocktakeBin.location_id).where(StocktakeBin.run_id == second)).all() == [
        shelf.one.id
    ]
    with transaction():
        stocktake_services.cancel_run(first, "重复了", actor=shelf.manager, now=at(6))
    with transaction():
        stocktake_counting.begin_bin(second, shelf.two.id, actor=shelf.keeper, now=at(7))
    taken = session.scalars(select(StocktakeBin.location_id).where(StocktakeBin.run_id == second)).all()
    assert taken == [shelf.one.id, shelf.two.id]


def test_bins_left_out_do_not_come_back_from_another_stocktake(shelf: Shelf) -> None:
    third = make_bin(shelf.depot, "A-03")
    run = shelf.open(shelf.one, shelf.two, third)
    shelf.count(run, shelf.one)
    shelf.close(run)
    shelf.open(shelf.two)
    with transaction():
        stocktake_services.resume_counting(run, actor=shelf.manager, now=at(35))
    query = select(StocktakeBin.location_id, StocktakeBin.state).where(StocktakeBin.run_id == run)
    assert dict(session.execute(query).all()) == {
        shelf.one.id: BinState.FINISHED,
        shelf.two.id: BinState.LEFT_OUT,
        third.id: BinState.WAITING,
    }


def test_the_part_in_a_code_tells_units_with_one_serial_apart(shelf: Shelf) -> None:
    router = make_part("RT-1", price_minor=1)
    put_stock(shelf.switch, ["S1"], shelf.one)
    put_stock(router, ["S1"], shelf.one)
    run = shelf.open(shelf.one)
    with transaction():
        one = stocktake_counting.begin_bin(run, shelf.one.id, actor=shelf.keeper, now=at(10)).id
    again = []
    for number in ("SW-1", "rt-1", "RT-1", ""):
        with transaction():
            taken = stocktake_counting.scan(one, "S1", part_number=number, actor=shelf.keeper, now=at(11))
            again.append(taken.again)
    assert again == [False, False, True, True]
    with transaction():
        stocktake_counting.finish_bin(one, actor=shelf.keeper, now=at(12))
    assert shelf.close(run) == {}
    counted = session.scalars(select(StocktakeCount.part_id).order_by(StocktakeCount.id)).all()
    assert counted == [shelf.switch.id, router.id]


def test_an_unknown_serial_brings_the_part_that_its_code_names(shelf: Shelf) -> None:
    run = shelf.open(shelf.one)
    with transaction():
        one = stocktake_counting.begin_bin(run, shelf.one.id, actor=shelf.keeper, now=at(10)).id
    for serial, number in (("NEW1", "SW-1"), ("NEW2", "no such part"), ("NEW3", "CABLE-1")):
        with transaction():
            taken = stocktake_counting.scan(one, serial, part_number=number, actor=shelf.keeper, now=at(11))
        assert taken.booked_here is None
    with transaction():
        stocktake_counting.finish_bin(one, actor=shelf.keeper, now=at(12))
    found = {serial: (row.kind.value, row.part_id) for serial, row in shelf.close(run).items()}
    assert found == {
        "NEW1": ("unknown", shelf.switch.id),
        "NEW2": ("unknown", None),
        "NEW3": ("unknown", None),
    }
