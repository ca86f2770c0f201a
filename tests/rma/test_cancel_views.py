"""Cancelling at every point before the dispatch frees the stock, and nothing is owed for it."""

from html import unescape

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.models import Role
from spares.db import session
from spares.dispatch.models import DispatchOrder, Shipment
from spares.inventory.ledger_check import verify
from spares.inventory.models import StockBalance
from spares.rma.models import Obligation, Rma
from tests.conftest import NOON
from tests.dispatch.desk import browser, send_form
from tests.dispatch.making import lines_now, make_exchange, pack_all, pick_all, send
from tests.factories import make_bin, make_depot, make_part, put_stock


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


def version_of(app: Flask, order: DispatchOrder) -> int:
    with app.app_context():
        version = session.get_one(DispatchOrder, order.id).version
        session.remove()
        return version


def held(app: Flask) -> int:
    """How many pieces are held; the ledger and its caches must agree."""
    with app.app_context():
        assert list(verify()) == []
        count = session.scalar(select(func.sum(StockBalance.held)))
        session.remove()
        return int(count or 0)


@pytest.mark.parametrize("reached", ["back_ordered", "reserved", "picked", "packed"])
def test_cancelling_at_each_state_frees_the_stock(app: Flask, reached: str) -> None:
    client = browser(app, Role.ENGINEER)
    with app.app_context():
        depot, part = make_depot(), make_part()
        if reached != "back_ordered":
            put_stock(part, ["S1", "S2"], make_bin(depot))
        order = make_exchange(depot, part, part).order
        {"picked": pick_all, "packed": pack_all}.get(reached, lambda _order: None)(order)
        assert [line.state for line in lines_now(order)] == [reached] * 2
    assert held(app) == (0 if reached == "back_ordered" else 2)
    address, version = f"/dispatch/{order.number}/cancel", version_of(app, order)
    for fields, status in (({"reason": " "}, 422), ({"reason": "误报", "version": 0}, 409)):
        refused = send_form(client, address, **({"version": version} | fields))
        assert refused.status_code == status and held(app) == (0 if reached == "back_ordered" else 2)
    for _ in range(2):
        gone = send_form(client, address, key="one-and-the-same", reason="误报", version=version)
        assert gone.location == f"/dispatch/{order.number}"
    assert held(app) == 0
    with app.app_context():
        assert [line.state for line in lines_now(order)] == ["cancelled"] * 2
        assert set(session.scalars(select(Obligation.state))) == {"cancelled"}
        assert session.scalars(select(Rma.cancelled_at)).one() == NOON
        assert session.scalars(select(Shipment.state)).all() == (["reopened"] if reached == "packed" else [])
    assert order.number not in client.get("/board").text


def test_one_line_is_cancelled_and_the_other_packed_anew(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1", "S2"], make_bin(depot))
        order = make_exchange(depot, part, part).order
        pack_all(order)
        first = lines_now(order)[0]
    address = f"/dispatch/{order.number}/lines/{first.id}/cancel"
    assert send_form(client, address, reason="少要一件", version=version_of(app, order)).status_code == 302
    with app.app_context():
        assert [line.state for line in lines_now(order)] == ["cancelled", "picked"]
        assert sorted(session.scalars(select(Obligation.state))) == ["cancelled", "not_started"]
        assert session.scalars(select(Rma.cancelled_at)).one() is None
    assert held(app) == 1
    again = send_form(client, address, reason="少要一件", version=version_of(app, order))
    assert again.status_code == 409 and "the line's state is “Cancelled”" in unescape(again.text)


def test_what_has_left_cannot_be_cancelled(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        order = make_exchange(depot, part).order
        send(order)
        line = lines_now(order)[0]
    for address in (f"/dispatch/{order.number}/cancel", f"/dispatch/{order.number}/lines/{line.id}/cancel"):
        answer = send_form(client, address, reason="误报", version=version_of(app, order))
        assert answer.status_code == 409 and 'role="alert"' in answer.text
    with app.app_context():
        assert [one.state for one in lines_now(order)] == ["dispatched"]
        assert session.scalars(select(Obligation.state)).all() == ["not_started"]
