"""The depot that the benchmark fills past the product is one that the product could have made."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import func, select

from bench import filling
from spares.cases.models import ServiceCase
from spares.cases.timeline import is_whole
from spares.db import is_postgresql, session
from spares.dispatch.models import DispatchOrder
from spares.inventory.ledger_check import verify
from spares.inventory.models import Unit
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation
from tests.conftest import NOON


def test_the_filled_ledger_and_timelines_hold(context: Flask) -> None:
    filled = filling.fill(1000, NOON)
    assert (filled.units, filled.parts, filled.bins) == (1000, 50, 10)
    assert list(verify()) == []
    assert all(is_whole(case) for case in session.scalars(select(ServiceCase)))
    if not is_postgresql():
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
    patterns_units = 5  # four good ones, and the faulty one that came back
    assert session.scalar(select(func.count(Unit.id))) == 1000 + patterns_units
    assert session.scalar(select(func.count()).where(DispatchOrder.is_open)) == filling.OPEN + 1
    by_state = select(Obligation.state, func.count().label("found")).group_by(Obligation.state)
    states = {row.state: row.found for row in session.execute(by_state)}
    assert states == {
        ObligationState.SETTLED: 100 + 1,
        ObligationState.RUNNING: filling.OVERDUE + filling.RUNNING + 2,
        ObligationState.NOT_STARTED: filling.OPEN + 1,
    }


def test_a_new_row_goes_on_after_the_filled_ones(context: Flask) -> None:
    filling.fill(700, NOON)
    newest = session.scalar(select(func.max(Unit.id))) or 0
    session.add(Unit(part_id=1, serial="NEXT", serial_key="NEXT"))
    session.flush()
    assert session.scalar(select(Unit.id).where(Unit.serial_key == "NEXT")) == newest + 1
    session.rollback()


def test_the_closed_history_lies_years_back(context: Flask) -> None:
    filling.fill(1000, NOON)
    oldest = session.scalar(select(func.min(ServiceCase.opened_at)))
    assert oldest is not None
    assert timedelta(days=600) < NOON - oldest < timedelta(days=filling.YEARS * 366)
