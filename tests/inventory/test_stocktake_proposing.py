"""Which counts are counts of a bin, for the proposals."""

from datetime import date

import pytest
from flask import Flask

from spares.inventory.stocktake_models import Scope
from spares.inventory.stocktake_proposing import proposals
from tests.factories import put_stock
from tests.inventory.stocktake_making import Shelf

TODAY = date(2026, 11, 20)


@pytest.fixture
def shelf(context: Flask) -> Shelf:
    return Shelf()


def told(shelf: Shelf) -> list[tuple[str, int, int, int | None]]:
    return [(place.code, one.value_minor, one.moves, one.passed) for one, place in proposals(shelf.depot, TODAY, "CNY")]


def test_a_count_of_one_part_is_no_count_of_its_bin(shelf: Shelf) -> None:
    put_stock(shelf.switch, ["SN1", "SN2"], shelf.one)
    put_stock(shelf.cable, 5, shelf.one)
    run = shelf.open(scope=Scope.PART, part=shelf.switch)
    shelf.count(run, shelf.one, "SN1", "SN2")
    shelf.close(run)
    shelf.post(run)
    before = [("A-01", 2_050, 3, None), ("A-02", 0, 0, None)]
    assert told(shelf) == before
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one, "SN1", "SN2", pieces=5)
    shelf.close(run)
    assert told(shelf) == before
    shelf.post(run)
    assert sorted(told(shelf)) == [("A-01", 2_050, 0, 2), ("A-02", 0, 0, None)]
