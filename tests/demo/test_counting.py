"""The demo's stocktakes: one waits for a decision about a missing unit, one is being counted."""

from flask import Flask
from sqlalchemy import select

from spares.db import session
from spares.demo.story import load
from spares.inventory.models import Unit
from spares.inventory.stocktake_lifecycle import BinState, RunState
from spares.inventory.stocktake_models import StocktakeBin, StocktakeDifference, StocktakeRun
from spares.serving import prepare
from tests.conftest import NOON


def test_a_unit_is_missing_in_one_and_the_other_is_half_counted(context: Flask) -> None:
    prepare()
    load(NOON)
    first, second = session.scalars(select(StocktakeRun).order_by(StocktakeRun.id))
    assert (first.state, second.state) == (RunState.JUDGING, RunState.COUNTING)
    [missing] = session.scalars(select(StocktakeDifference))
    assert missing.run_id == first.id
    assert session.get_one(Unit, missing.unit_id).serial == "AP305001139"
    bins = session.scalars(select(StocktakeBin).where(StocktakeBin.run_id == second.id).order_by(StocktakeBin.id))
    assert [(one.location.code, one.state) for one in bins] == [
        ("A-02-02", BinState.WAITING),
        ("D-01-01", BinState.COUNTING),
    ]
