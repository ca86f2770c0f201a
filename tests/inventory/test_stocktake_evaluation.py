"""What a correction of the books between count and posting means: nothing moved, so the count still stands."""

import pytest
from flask import Flask

from spares.db import session, transaction
from spares.inventory import ledger
from spares.inventory.models import Condition, LocationKind, PostingKind, StockBalance
from spares.inventory.places import outside
from spares.inventory.stocktake_lifecycle import DifferenceState
from tests.factories import put_stock
from tests.inventory.stocktake_making import Shelf, at, rows


@pytest.fixture
def shelf(context: Flask) -> Shelf:
    return Shelf()


def test_a_difference_that_somebody_books_out_by_hand_is_not_booked_out_twice(shelf: Shelf) -> None:
    put_stock(shelf.cable, 10, shelf.one)
    run = shelf.open(shelf.one)
    shelf.count(run, shelf.one, pieces=8)
    row = shelf.close(run)["pieces"]
    shelf.accept(row)
    with transaction():
        ledger.post(
            PostingKind.ADJUST,
            [
                ledger.Step(
                    part_id=shelf.cable.id,
                    quantity=2,
                    from_id=shelf.one.id,
                    from_condition=Condition.GOOD,
                    to_id=outside(LocationKind.DIFFERENCE),
                    to_condition=Condition.GOOD,
                )
            ],
            request_key="by hand",
            occurred_at=at(45),
            actor=shelf.manager,
            now=at(45),
            reason="已知短少",
        )
    posted = shelf.post(run)
    assert (posted.differences, posted.explained) == (0, 1)
    assert rows(run)["pieces"].state is DifferenceState.EXPLAINED
    assert session.get_one(StockBalance, (shelf.cable.id, shelf.one.id, Condition.GOOD)).on_hand == 8
