"""Every figure on a page opens exactly the records that it counts."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.inventory.models import Condition, Tracking
from spares.rma import returns
from spares.rma.shelf import Inspection
from tests.conftest import NOON
from tests.dispatch.making import make_exchange
from tests.factories import make_bin, make_depot, make_part, make_user, put_stock, sign_in
from tests.rma import making

LATER = NOON + timedelta(days=19)  # Monday 2026-12-07, three working days after the due day
TILE = re.compile(r'<a class="stat [^"]*" href="([^"]*)">(.*?)</a>', re.DOTALL)


@pytest.fixture
def app_with_records(app: Flask) -> Iterator[Flask]:
    """Two depots, and something in every state that a figure counts."""
    with time_machine.travel(NOON, tick=False), app.app_context():
        world = making.make_world()
        four = making.running(world, 4)
        elsewhere = make_depot("LY", name="洛阳备件库")
        there = make_bin(elsewhere, "B-1")
        with transaction():
            # The second and third came back as expected, of which one is inspected; for the fourth came another serial.
            for number, (one, serial) in enumerate(zip(four[1:], ["F10", "F11", "X9"], strict=True)):
                at = NOON + timedelta(days=1, minutes=number)
                arrival = returns.Arrival(part_id=world.part.id, serial=serial)
                returns.receive_return(one.id, arrival, actor=SYSTEM, now=at)
        with transaction():
            inspected = NOON + timedelta(days=2)
            returns.inspect(four[1].id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=inspected)
        low, gone, unwatched, cable = (
            make_part("LOW", minimum_level=5),
            make_part("GONE", minimum_level=1),
            make_part("UNWATCHED"),
            make_part("CABLE", tracking=Tracking.COUNTED, minimum_level=3),
        )
        put_stock(low, ["L1", "L2"], there)
        put_stock(gone, ["G1"], there, Condition.FAULTY)
        put_stock(cable, 7, there)
        make_exchange(elsewhere, low)  # holds one piece
        make_exchange(elsewhere, unwatched)  # waits for stock
        make_exchange(world.depot, world.other)
        session.remove()
        yield app


def rows_of(client: FlaskClient, address: str) -> int:
    """The records that the page at the address lists, in its last table."""
    page = client.get(address).text
    bodies = re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    return bodies[-1].count("<tr") if bodies else 0


def tiles(client: FlaskClient, address: str) -> dict[str, tuple[int, str]]:
    """The figures of a page that open something: label and hint, with the number and the address."""
    found = {}
    for href, inner in TILE.findall(client.get(address).text):
        said = [
            re.sub(r"<[^>]*>", "", part).strip()
            for part in re.findall(r'class="stat-\w+[^"]*">(.*?)</span>', inner, re.DOTALL)
        ]
        label, value, *hint = said
        found[" · ".join([unescape(label), *map(unescape, hint)])] = (int(value), unescape(href))
    return found


def test_each_of_the_managers_figures_opens_the_records_it_counts(app_with_records: Flask) -> None:
    client = app_with_records.test_client()
    with time_machine.travel(LATER, tick=False):
        sign_in(client, make_user(Role.MANAGER, language="en"))
        shown = tiles(client, "/reports/figures?month=2026-11")
        counted = {label: number for label, (number, _address) in shown.items()}
        listed = {label: rows_of(client, address) for label, (_number, address) in shown.items()}
    assert counted == listed
    first, second = (label for label in shown if label.startswith("Dispatches past"))
    assert (counted.pop(first), counted.pop(second)) == (1, 2)
    assert counted == {
        "Kept · dispatched in time": 1,
        "Missed · dispatched too late": 0,
        "Overdue returns": 1,
        "To inspect": 2,
        "Discrepancies to decide": 1,
        "Parts below their minimum": 2,
        "Of these without any": 1,
        "Parts with good pieces · 10 pieces on the shelves": 3,
        "Parts held for orders · 2 pieces held": 2,
    }


def test_each_figure_of_the_warehouse_s_day_opens_the_records_of_its_depot(app_with_records: Flask) -> None:
    client = app_with_records.test_client()
    with time_machine.travel(LATER, tick=False):
        sign_in(client, make_user(Role.WAREHOUSE, language="en"))
        shown = tiles(client, "/")
        assert {label: number for label, (number, _address) in shown.items()} == {
            "On its way back": 0,
            "To inspect": 2,
            "To be given a place": 1,
            "Parts running low": 3,
        }
        for label, (number, address) in shown.items():
            assert rows_of(client, address) == number, label
