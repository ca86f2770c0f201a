"""Counting open returns again: the days change, the terms do not."""

from datetime import date, timedelta

from flask import Flask

from spares import settings
from spares.accounts.access import SYSTEM
from spares.calendars.models import DayStatus
from spares.calendars.services import set_day
from spares.db import transaction
from tests.conftest import NOON
from tests.rma.making import fresh, make_world, running


def test_a_changed_setting_does_not_reach_a_return_that_runs(context: Flask) -> None:
    world = make_world()
    (obligation,) = running(world)
    before = obligation.due_on
    assert before is not None
    with transaction():
        settings.change("return_within_days", 15, set_by_id=None, now=NOON)
    with transaction():
        set_day(None, before + timedelta(days=30), DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    assert fresh(obligation).due_on == before
    with transaction():
        set_day(None, before, DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    moved = fresh(obligation).due_on
    assert isinstance(moved, date)
    assert before < moved <= before + timedelta(days=4)
