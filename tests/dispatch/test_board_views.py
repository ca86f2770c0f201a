"""The board: what has to leave, in which order, and the scan that starts the work."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask

from spares.accounts.models import Role
from spares.cases.confirmation_clock import FaultLevel
from spares.db import session, transaction
from spares.dispatch.models import DeliveryMethod
from spares.settings import SettingValue
from tests.conftest import NOON
from tests.dispatch.desk import browser, send_form, statements
from tests.dispatch.making import lines_now, make_customer, make_exchange, pack_all
from tests.factories import make_bin, make_depot, make_part, put_stock

MISSED = NOON + timedelta(hours=6)
"""18:00 in Shanghai: what was confirmed before 14:00 and is still here has missed its promise."""


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


def test_the_earliest_promise_comes_first_with_bin_serial_and_next_step(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot = make_depot()
        bin_, part = make_bin(depot, "A-01-03"), make_part("SW-24")
        put_stock(part, ["S1", "S2"], bin_)
        late = make_exchange(depot, part, customer=make_customer("<b>某银行</b>"), now=NOON).order.number
        soon = make_exchange(depot, make_part("NONE-1"), confirmed_at=NOON - timedelta(days=1)).order.number
    page = client.get("/board").text
    assert page.index(soon) < page.index(late)
    words = unescape(page)
    for said in ("A-01-03", "S1", "SW-24", "Ships today by 17:00", "5 h left", "Confirmed 12:00, before 14:00"):
        assert said in words
    assert "<b>某银行</b>" not in page and "&lt;b&gt;某银行" in page
    assert "Was to ship by 11-17" in words and "over by 3 h of working time" in words
    assert 'class="row-bad"' in page


def test_an_order_without_stock_is_at_risk_on_the_board_and_on_its_page(app: Flask) -> None:
    client, keeper = browser(app), browser(app, Role.WAREHOUSE)
    with app.app_context():
        depot, part = make_depot(), make_part("XG-1")
        order = make_exchange(depot, part).order
    board = unescape(client.get("/board").text)
    assert "Out of stock, promise at risk" in board and "tone-good" not in board and 'class="row-warn"' in board
    page = unescape(client.get(f"/dispatch/{order.number}").text)
    assert "Out of stock, promise at risk" in page and "deadline tone-warn" in page
    assert f'href="/parts/{part.id}#substitutes">Approve a substitute for XG-1' in page
    assert f'href="/dispatch/{order.number}/promise">Change the promise, with a reason' in page
    kept = unescape(keeper.get(f"/dispatch/{order.number}").text)
    assert "Look for stock again" in kept and "Approve a substitute" not in kept and "told by e-mail" in kept


def test_of_one_promise_the_worse_fault_comes_first(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, part = make_depot(), make_part()
        levels = [FaultLevel.C3, FaultLevel.C1, FaultLevel.C2, FaultLevel.C1]
        third, first, second, younger = [make_exchange(depot, part, level=level).order.number for level in levels]
        early = make_exchange(depot, part, level=FaultLevel.C3, confirmed_at=NOON - timedelta(days=1)).order.number
    shown = dict.fromkeys(re.findall(r">(DO-\d+)<", client.get("/board").text))
    assert list(shown) == [early, first, younger, second, third]


def test_an_empty_board_says_so(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        make_depot()
    assert "Nothing to dispatch" in client.get("/board").text
    assert "No open order of this depot matches" in client.get("/board?show=overdue").text
    assert "待发货" in browser(app, language="zh_Hans_CN").get("/board").text


def test_each_filter_shows_its_own(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, other = make_depot(), make_depot("BJ", "北京备件库")
        part = make_part()
        put_stock(part, ["S1", "S2", "S3"], make_bin(depot))
        numbers = {
            "missed": make_exchange(depot, part, confirmed_at=NOON - timedelta(days=1)).order.number,
            "today": make_exchange(depot, part).order.number,
            "engineer": make_exchange(depot, part, method=DeliveryMethod.ENGINEER).order.number,
            "waiting": make_exchange(depot, make_part()).order.number,
            "elsewhere": make_exchange(other, make_part()).order.number,
        }
    shown = {
        query: {name for name, number in numbers.items() if number in client.get(f"/board{query}").text}
        for query in (
            "",
            "?show=overdue",
            "?show=today",
            "?show=back_ordered",
            "?method=engineer",
            "?depot=BJ",
            "?show=x&method=y&page=z",
        )
    }
    assert shown == {
        "": {"missed", "today", "engineer", "waiting"},
        "?show=overdue": {"missed"},
        "?show=today": {"today", "engineer", "waiting"},
        "?show=back_ordered": {"waiting"},
        "?method=engineer": {"engineer"},
        "?depot=BJ": {"elsewhere"},
        "?show=x&method=y&page=z": {"missed", "today", "engineer", "waiting"},
    }


def test_the_board_takes_five_statements_however_many_orders(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot = make_depot()
        part = make_part()
        put_stock(part, [f"S{number}" for number in range(12)], make_bin(depot))
        customer = make_customer()
        for _ in range(6):
            make_exchange(depot, part, part, customer=customer)
    client.get("/board")
    with statements(app) as sent:
        assert client.get("/board").status_code == 200
    assert len(sent) <= 5, "\n\n".join(sent)


def test_fifty_a_page(app: Flask) -> None:
    client = browser(app)
    with app.app_context():
        depot, part, customer = make_depot(), make_part(), make_customer()
        numbers = [make_exchange(depot, part, customer=customer).order.number for _ in range(52)]
    first, second = client.get("/board").text, client.get("/board?page=2").text
    assert [number for number in numbers if number in first] == numbers[:50]
    assert [number for number in numbers if number in second] == numbers[50:]


def test_a_scan_at_the_board_picks_the_reserved_serial_and_leads_on(app: Flask) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1", "S2", "S3"], make_bin(depot))
        one, two = make_exchange(depot, part).order, make_exchange(depot, part, part).order
        first, second = (lines_now(order)[0].serials[0] for order in (one, two))
    assert send_form(client, "/board/scan", q=f" {first}\r").location == f"/dispatch/{one.number}/pack"
    assert send_form(client, "/board/scan", q=second).location == f"/dispatch/{two.number}/pick"
    assert send_form(client, "/board/scan", q=two.number.lower()).location == f"/dispatch/{two.number}"
    assert send_form(client, "/board/scan", q="UNKNOWN", depot="ZZ").location == "/board?depot=ZZ"
    assert (
        "UNKNOWN is no serial that is known here. Expected: a serial that the board names" in client.get("/board").text
    )
    with app.app_context():
        assert [[line.state for line in lines_now(order)] for order in (one, two)] == [
            ["picked"],
            ["picked", "reserved"],
        ]


def test_the_next_step_follows_the_work(app: Flask) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        order = make_exchange(depot, part).order
        assert f"/dispatch/{order.number}/pick" in client.get("/board").text
        shipment = pack_all(order)
    page = client.get("/board").text
    assert f'href="/shipments/{shipment.number}"' in page
    seen_by_finance = browser(app, Role.FINANCE).get("/board").text
    assert f'href="/shipments/{shipment.number}"' not in seen_by_finance and order.number in seen_by_finance


def test_an_engineer_sees_his_own_orders_where_the_setting_says_so(app: Flask) -> None:
    client = browser(app, Role.ENGINEER)
    with app.app_context():
        order = make_exchange(make_depot(), make_part()).order
        assert order.number in client.get("/board").text
        with transaction():
            session.add(
                SettingValue(key="engineers_see_all_cases", value=False, set_at=datetime(2026, 1, 1, tzinfo=UTC))
            )
        app.extensions.pop("spares_settings")
    assert order.number not in client.get("/board").text
    assert client.get(f"/dispatch/{order.number}").status_code == 404
