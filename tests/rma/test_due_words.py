"""How late a return is counts to the day it was sent, also while it is on its way; what else is counted says so."""

from datetime import date, timedelta

from flask import Flask

from spares.accounts.access import SYSTEM
from spares.calendars import queries as calendars
from spares.db import transaction
from spares.rma import returns
from spares.rma.due_words import due_words
from tests.conftest import NOON
from tests.rma import making


def test_sent_late_stays_the_same_number_from_the_way_to_the_shelf(context: Flask) -> None:
    """Due on Wednesday 2026-12-02, posted on Friday, looked at on Tuesday, received on Wednesday."""
    world = making.make_world()
    (one,) = making.running(world)
    calendar = calendars.depot_calendar(world.depot)
    posted, tuesday = NOON + timedelta(days=16), NOON + timedelta(days=20)
    with transaction():
        returns.announce_return(
            one.id, posted_on=date(2026, 12, 4), carrier="顺丰", waybill="SF9", actor=SYSTEM, now=posted
        )
    with context.test_request_context():
        on_its_way = due_words(making.fresh(one), tuesday, calendar)
    with transaction():
        returns.receive_return(one.id, making.right(world), actor=SYSTEM, now=tuesday + timedelta(days=1))
    with context.test_request_context():
        received = due_words(making.fresh(one), tuesday + timedelta(days=2), calendar)
    assert on_its_way["left"] == "迟寄 2 个工作日 · 尚未到库，至今逾期 4 个工作日"
    assert received["left"] == "迟寄 2 个工作日"


def test_what_was_carried_back_late_says_when_it_arrived(context: Flask) -> None:
    world = making.make_world()
    (one,) = making.running(world)
    with transaction():
        returns.receive_return(one.id, making.right(world), actor=SYSTEM, now=NOON + timedelta(days=19))
    with context.test_request_context():
        words = due_words(making.fresh(one), NOON + timedelta(days=20), calendars.depot_calendar(world.depot))
    assert words["left"] == "晚到库 3 个工作日"
