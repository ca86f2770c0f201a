"""The lists that the RMA administrator and the depot work through, and the scan box's answers."""

from datetime import date, timedelta
from io import BytesIO

import pytest
import time_machine
from openpyxl import load_workbook

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.db import transaction
from spares.rma import obligations, queries, returns
from spares.rma.worklists import Block, ReturnTab, exchanges, returns_in
from tests.conftest import NOON
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import running


def counts(days: int = 1) -> dict[str, int]:
    _rows, found = exchanges(Block.ALL, SYSTEM, NOON + timedelta(days=days), page=1, size=50)
    return {block.value: count for block, count in found.items() if count}


def test_an_exchange_stands_in_the_list_of_what_blocks_it(pages: Pages) -> None:
    world = pages.world
    _rma, _shipment, (one,) = making.dispatched(world)
    assert counts() == {"unconfirmed": 1, "all": 1}
    with transaction():
        returns.receive_return(one.id, returns.Arrival(part_id=world.part.id, serial="X1"), actor=SYSTEM, now=NOON)
    assert counts() == {"unconfirmed": 1, "discrepancy": 1, "to_inspect": 1, "all": 1}
    world.faulty = ["G1", "G2", "G3", "G4"]
    making.asked(world, 4)
    assert counts() == {"unconfirmed": 1, "discrepancy": 1, "to_inspect": 1, "back_ordered": 1, "all": 2}


@pytest.mark.parametrize(
    ("days_later", "sent_on_day", "overdue"),
    [
        (14, None, 0),  # 2026-12-02, the due day
        (15, None, 1),  # the first working day after it
        (15, 14, 0),  # sent on the due day, still on its way
        (16, 15, 1),  # sent a working day late
    ],
)
def test_overdue_is_counted_from_the_facts(
    pages: Pages, days_later: int, sent_on_day: int | None, overdue: int
) -> None:
    (one,) = running(pages.world)
    if sent_on_day is not None:
        at = NOON + timedelta(days=sent_on_day)
        with transaction():
            returns.announce_return(one.id, posted_on=at.date(), carrier="顺丰", waybill="SF9", actor=SYSTEM, now=at)
    now = NOON + timedelta(days=days_later)
    rows, found = returns_in(ReturnTab.OVERDUE, SYSTEM, now, page=1, size=50)
    assert (len(rows), found[ReturnTab.OVERDUE]) == (overdue, overdue)
    assert counts(days_later).get("overdue", 0) == overdue


def test_a_weekend_after_the_due_day_is_not_late(pages: Pages) -> None:
    (one,) = running(pages.world)
    with transaction():
        obligations.extend(one.id, date(2026, 12, 4), reason="出差", actor=SYSTEM, now=NOON)
    at = NOON + timedelta(days=17)  # Saturday 2026-12-05
    with transaction():
        returns.announce_return(one.id, posted_on=at.date(), carrier="", waybill="", actor=SYSTEM, now=at)
    _rows, found = returns_in(ReturnTab.OVERDUE, SYSTEM, NOON + timedelta(days=30), page=1, size=50)
    assert found[ReturnTab.OVERDUE] == 0


@pytest.mark.parametrize("tab", list(Block))
def test_every_tab_opens_and_exports(pages: Pages, tab: Block) -> None:
    running(pages.world)
    browser = pages.browser()
    assert browser.get(f"/rma?tab={tab.value}").status_code == 200
    table = browser.get(f"/rma/export.csv?tab={tab.value}")
    assert table.mimetype == "text/csv"
    lines = table.data.decode("utf-8-sig").strip().splitlines()
    assert len(lines) == (2 if tab is Block.ALL else 1)


def test_the_workbook_says_what_the_list_says(pages: Pages) -> None:
    running(pages.world)
    sheet = load_workbook(BytesIO(pages.browser().get("/rma/export.xlsx?tab=all").data)).active
    assert sheet is not None
    values = [cell.value for cell in list(sheet.iter_rows())[1]]
    assert values[0] == "RMA-000001"
    assert (values[4], values[5], values[6]) == ("SW-24", "F9", "SF100")


@pytest.mark.parametrize("q", ["rma1", "某银", "f9", "CS-000001", "C1"])
def test_the_list_is_found_by(pages: Pages, q: str) -> None:
    running(pages.world)
    assert "RMA-000001" in pages.browser().get("/rma", query_string={"tab": "all", "q": q}).text


@pytest.mark.parametrize("q", ["%", "_", "' OR 1=1 --", "nobody"])
def test_the_list_finds_nothing_by(pages: Pages, q: str) -> None:
    running(pages.world)
    page = pages.browser().get("/rma", query_string={"tab": "all", "q": q}).text
    assert "RMA-000001" not in page
    assert "没有符合条件的记录" in page


@pytest.mark.parametrize("tab", [*ReturnTab, "nonsense"])
def test_every_tab_of_returns_opens(pages: Pages, tab: str) -> None:
    running(pages.world)
    page = pages.browser(Role.WAREHOUSE).get(f"/returns?tab={tab}")
    assert page.status_code == 200
    assert ("SW-24" in page.text) == (tab == ReturnTab.TO_COME)


def test_overdue_rows_say_by_how_much(pages: Pages) -> None:
    running(pages.world)
    with time_machine.travel(NOON + timedelta(days=19), tick=False):
        page = pages.browser().get("/returns?tab=overdue").text
    assert "逾期 3 个工作日" in page


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("RMA-000001", "rma"),
        ("https://depot.example/returns/receive/RMA-000001", "rma"),
        ("f 9", "obligation"),
        ("sf9", "obligation"),
    ],
)
def test_the_scan_box_finds_an_exchange(pages: Pages, text: str, kind: str) -> None:
    (one,) = running(pages.world)
    with transaction():
        returns.announce_return(
            one.id, posted_on=making.RECEIVED_ON, carrier="顺丰", waybill="SF9", actor=SYSTEM, now=NOON
        )
    (hit,) = queries.find(text)
    assert (hit.kind, hit.endpoint, hit.args) == (kind, "rma_show", {"number": "RMA-000001"})


@pytest.mark.parametrize("text", ["", "  ", "RMA-000009", "S9", "http://[", "/returns/receive/"])
def test_the_scan_box_finds_nothing(pages: Pages, text: str) -> None:
    running(pages.world)
    assert queries.find(text) == []
