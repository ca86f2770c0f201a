"""An order's page, picking with a scanner, and the promise."""

from datetime import timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask

from spares.accounts.models import Role
from spares.db import session, transaction
from spares.dispatch.models import DispatchOrder
from spares.dispatch.orders import Wanted
from spares.inventory import freed
from spares.inventory.models import Tracking
from tests.conftest import NOON
from tests.dispatch.desk import browser, send_form
from tests.dispatch.making import lines_now, make_exchange, send
from tests.factories import make_bin, make_depot, make_part, post, put_stock

SCRIPT = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def order(app: Flask) -> DispatchOrder:
    """An order for a unit (reserved: S1) and three pieces of a counted part; S2 is free, X1 is of another part."""
    with app.app_context():
        depot = make_depot()
        bin_ = make_bin(depot, "A-01-03")
        part, counted, other = make_part("SW-24"), make_part("CABLE", tracking=Tracking.COUNTED), make_part("OTHER")
        put_stock(part, ["S1", "S2"], bin_)
        put_stock(other, ["X1"], bin_)
        put_stock(counted, 5, bin_)
        return make_exchange(depot, part, Wanted(part_id=counted.id, quantity=3), site_name="金水路机房").order


def states(app: Flask, order: DispatchOrder) -> list[str]:
    with app.app_context():
        found = [line.state.value for line in lines_now(order)]
        session.remove()
        return found


def test_the_order_shows_promise_lines_stock_and_where_it_goes(app: Flask, order: DispatchOrder) -> None:
    words = unescape(browser(app).get(f"/dispatch/{order.number}").text)
    for said in (
        "Ships today by 17:00",
        "SW-24",
        "A-01-03",
        "S1",
        "李工",
        "金水路机房",
        order.rma_number,
        "First promise",
    ):
        assert said in words
    assert words.count("btn btn-primary") == 1 and f"/dispatch/{order.number}/pick" in words


@pytest.mark.parametrize("number", ["DO-999999", "RMA-000001", "nonsense", "DO-99999999999999999999", "%3Cb%3E"])
def test_an_unknown_order_is_not_found(app: Flask, number: str) -> None:
    assert browser(app).get(f"/dispatch/{number}").status_code == 404


def test_each_scan_is_answered_in_words_and_colour(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    address = f"/dispatch/{order.number}/pick/scan"
    answers = []
    for text in ("A-01-03", "X1", "<b>S9</b>", "S2", "S2"):
        answer = post(client, address, {"q": text}, headers=SCRIPT)
        words = unescape(answer.text)
        tone = words.split('data-result="')[1].split('"')[0]
        answers.append((answer.status_code, tone, "<b>" in answer.text))
        text_of = words.split('class="scan-words"')[1].split("</div>")[0]
        expected = {
            "A-01-03": "A-01-03 is a bin. Scan the serial on the part that lies in it. "
            f"{order.number} expects: S1 (SW-24).",
            "X1": f"X1 is the serial of a OTHER, which {order.number} does not wait for. It expects: S1 (SW-24).",
            "<b>S9</b>": f"<b>S9</b> is no serial or part that is known here. {order.number} expects: S1 (SW-24).",
        }
        assert expected.get(text, "S2") in text_of
    assert answers == [
        (409, "bad", False),
        (409, "bad", False),
        (409, "bad", False),
        (200, "warn", False),
        (200, "warn", False),
    ]
    assert states(app, order) == ["picked", "reserved"]
    page = unescape(client.get(f"/dispatch/{order.number}").text)
    assert "Line 1: reserved S1, picked S2" in page


def test_the_last_scan_leads_to_packing(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        counted = lines_now(order)[1]
    confirmed = send_form(client, f"/dispatch/{order.number}/lines/{counted.id}/pick")
    assert confirmed.location == f"/dispatch/{order.number}/pick"
    answer = post(client, f"/dispatch/{order.number}/pick/scan", {"q": "s1"}, headers=SCRIPT)
    assert answer.headers["HX-Redirect"] == f"/dispatch/{order.number}/pack"
    assert states(app, order) == ["picked", "picked"]


def test_without_a_script_a_scan_comes_back_to_the_page(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    assert post(client, f"/dispatch/{order.number}/pick/scan", {"q": "X1"}).location == f"/dispatch/{order.number}/pick"
    assert "X1 refused" in unescape(client.get(f"/dispatch/{order.number}/pick").text)
    assert post(client, f"/dispatch/{order.number}/pick/scan", {"q": "S1"}).location == f"/dispatch/{order.number}/pick"
    assert states(app, order) == ["picked", "reserved"]


def test_what_was_picked_can_be_put_back_once(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    post(client, f"/dispatch/{order.number}/pick/scan", {"q": "S1"}, headers=SCRIPT)
    with app.app_context():
        line = lines_now(order)[0]
    address = f"/dispatch/{order.number}/lines/{line.id}/put-back"
    for _ in range(2):
        assert send_form(client, address, key="the-same-key").status_code == 302
    assert states(app, order) == ["reserved", "reserved"]
    send_form(client, address)
    assert "the line's state is “Reserved”" in unescape(client.get(f"/dispatch/{order.number}/pick").text)
    assert client.get(f"/dispatch/{order.number}/pick").status_code == 200


def test_a_line_of_another_order_is_not_found(app: Flask, order: DispatchOrder) -> None:
    client = browser(app)
    with app.app_context():
        other = make_exchange(make_depot("BJ"), make_part()).order
        foreign = lines_now(other)[0].id
    send_form(client, f"/dispatch/{order.number}/lines/{foreign}/pick")
    assert "There is no such record" in client.get(f"/dispatch/{order.number}").text
    assert states(app, other) == ["back_ordered"]


def test_the_promise_is_changed_by_form_and_a_stale_page_is_told(app: Flask, order: DispatchOrder) -> None:
    client = browser(app)
    address = f"/dispatch/{order.number}/promise"
    assert 'value="2026-11-18T17:00"' in client.get(address).text
    fields = {"due_at": "2026-11-19T10:30", "reason": "<b>客户要求</b>", "version": order.version}
    assert send_form(client, address, **fields).location == f"/dispatch/{order.number}"
    page = unescape(client.get(f"/dispatch/{order.number}").text)
    assert "2026-11-18 17:00 → 2026-11-19 10:30" in page and "changed by an RMA administrator" in page
    stale = send_form(client, address, **fields)
    assert stale.status_code == 409 and "Nothing of yours was saved" in stale.text
    assert "&lt;b&gt;客户要求" in stale.text


@pytest.mark.parametrize(
    ("due_at", "why"),
    [
        ("2026-11-21T10:30", "2026-11-21 (Saturday) is not a working day of the depot."),
        ("2026-11-19T20:00", "At 20:00 on 2026-11-19 the depot is closed: it works from 09:00 to 17:00."),
    ],
)
def test_a_promise_while_the_depot_is_closed_needs_a_tick(
    app: Flask, order: DispatchOrder, due_at: str, why: str
) -> None:
    client = browser(app)
    address = f"/dispatch/{order.number}/promise"
    assert 'name="keep_closed"' not in client.get(address).text
    fields = {"due_at": due_at, "reason": "客户要求", "version": order.version}
    told = post(client, f"{address}/day", {"due_at": due_at})
    assert why in told.text and 'name="keep_closed"' in told.text and "<html" not in told.text
    refused = send_form(client, address, **fields)
    assert refused.status_code == 422
    assert f"{why} Choose another time" in refused.text.split('id="due_at-error"')[1].split("</p>")[0]
    assert "客户要求" in refused.text and 'name="keep_closed"' in refused.text
    with app.app_context():
        now = session.get_one(DispatchOrder, order.id)
        assert now.due_at == now.first_due_at
        session.remove()
    assert send_form(client, address, keep_closed="y", **fields).status_code == 302
    assert why in client.get(f"/dispatch/{order.number}").text


def test_a_promise_at_closing_time_needs_no_tick(app: Flask, order: DispatchOrder) -> None:
    fields = {"due_at": "2026-11-19T17:00", "reason": "客户要求", "version": order.version}
    assert send_form(browser(app), f"/dispatch/{order.number}/promise", **fields).status_code == 302


@pytest.mark.parametrize("due_at", ["9999-12-31T23:59", "0001-01-01T00:00", "2026-11-18T11:00", "soon", ""])
def test_a_promise_that_cannot_be_is_refused_and_kept_in_the_form(
    app: Flask, order: DispatchOrder, due_at: str
) -> None:
    answer = send_form(
        browser(app), f"/dispatch/{order.number}/promise", due_at=due_at, reason="客户要求", version=order.version
    )
    assert answer.status_code == 422 and "客户要求" in answer.text
    with app.app_context():
        now = session.get_one(DispatchOrder, order.id)
        assert now.due_at == now.first_due_at


def test_a_waiting_line_says_whether_stock_has_come(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, part = make_depot(), make_part()
        order = make_exchange(depot, part).order
        line = lines_now(order)[0]
    page = client.get(f"/dispatch/{order.number}").text
    assert "Waits for stock" in page and "Place 1 of 1 in the queue for it" in page
    send_form(client, f"/dispatch/{order.number}/lines/{line.id}/reserve")
    assert "There is still no stock" in client.get(f"/dispatch/{order.number}").text
    with app.app_context(), transaction():
        put_stock(part, ["S1"], make_bin(depot))
        freed.take()  # as if its case had been in somebody's hands
    send_form(client, f"/dispatch/{order.number}/lines/{line.id}/reserve")
    assert states(app, order) == ["reserved"]


def test_a_line_that_was_served_says_so(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, part = make_depot(), make_part("XG-1")
        order = make_exchange(depot, part).order
        put_stock(part, ["S1"], make_bin(depot))
    page = client.get(f"/dispatch/{order.number}").text
    assert states(app, order) == ["reserved"]
    assert f"Stock came in: reserved for line 1 of {order.number}" in page and "XG-1 × 1" in page
    assert "at risk" not in page and "in the queue" not in page


def test_an_order_that_has_left_has_no_next_step(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        order = make_exchange(depot, part).order
        shipment = send(order, now=NOON + timedelta(minutes=5))
    page = unescape(client.get(f"/dispatch/{order.number}").text)
    assert "btn-primary" not in page and "Promise met" in page and shipment.number in page
    assert client.get(f"/dispatch/{order.number}/pick").status_code == 200
