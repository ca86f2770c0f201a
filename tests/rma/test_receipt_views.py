"""Chasing and confirming the customer's receipt, through the client."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from sqlalchemy import func, select

from spares.accounts.models import Role
from spares.cases.models import CaseAttachment
from spares.db import session
from spares.rma.lifecycle import ObligationState
from spares.rma.models import ObligationEvent
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import dispatched, fresh

SENT = {"request_key": "k1", "received_on": "2026-11-18", "proof": "签收单 王工"}


def test_the_list_says_whom_to_ask(pages: Pages) -> None:
    dispatched(pages.world)
    page = pages.browser(Role.ENGINEER).get("/receipts").text
    for shown in ("SH-000001", "李工", "13800000000", "SF100", "1 天前", "/receipts/SH-000001"):
        assert shown in page
    assert "请催办" not in page
    assert "没有符合条件的记录" in pages.browser().get("/receipts?q=nobody").text
    assert "SH-000001" in pages.browser().get("/receipts?q=sf100").text


def test_the_page_says_the_return_day_before(pages: Pages) -> None:
    dispatched(pages.world)
    engineer = pages.browser(Role.ENGINEER)
    page = engineer.get("/receipts/SH-000001").text
    assert 'value="2026-11-19"' in page
    assert "故障件须在 2026-12-03 前寄回" in page
    part = post(engineer, "/receipts/SH-000001/due", {"received_on": "2026-11-18"})
    assert "2026-12-02" in part.text
    assert "签收良品 2026-11-18，次工作日起第 10 个工作日" in part.text
    assert "<html" not in part.text
    for nonsense in ("", "soon", "9999-12-31", "2026-02-30"):
        assert "输入日期后" in post(engineer, "/receipts/SH-000001/due", {"received_on": nonsense}).text


def test_a_year_without_a_notice_is_said(pages: Pages) -> None:
    dispatched(pages.world)
    with time_machine.travel(NOON + timedelta(days=40), tick=False):
        part = post(pages.browser(), "/receipts/SH-000001/due", {"received_on": "2026-12-28"})
    assert "待国务院通知" in part.text or "暂定" in part.text


def test_a_day_that_cannot_be_is_said_while_it_is_typed(pages: Pages) -> None:
    dispatched(pages.world)
    browser = pages.browser()
    early = post(browser, "/receipts/SH-000001/due", {"received_on": "2026-11-17"}).text
    assert "良品于 2026-11-18 才发出，签收日不能是 2026-11-17。" in early
    assert "寄回" not in early
    assert "2026-11-20" in post(browser, "/receipts/SH-000001/due", {"received_on": "2026-11-20"}).text
    refused = post(browser, "/receipts/SH-000001", SENT | {"received_on": "2026-11-17"})
    assert refused.status_code == 422
    assert refused.text.count("良品于 2026-11-18 才发出，签收日不能是 2026-11-17。") == 2  # summary, field


def test_confirming_starts_the_clock_once(pages: Pages) -> None:
    _rma, _shipment, (one,) = dispatched(pages.world)
    engineer = pages.browser(Role.ENGINEER)
    for _ in range(2):
        answer = post(engineer, "/receipts/SH-000001", SENT)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/rma/RMA-000001")
    assert "故障件须在 2026-12-02 前寄回" in engineer.get("/rma/RMA-000001").text
    one = fresh(one)
    assert (one.state, one.due_on) == (ObligationState.RUNNING, making.DUE_ON)
    assert session.scalar(select(func.count()).select_from(ObligationEvent)) == 1
    again = post(engineer, "/receipts/SH-000001", SENT | {"request_key": "k2"})
    assert again.status_code == 409
    assert "SH-000001" not in engineer.get("/receipts").text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"received_on": "2026-11-17"}, "良品于 2026-11-18 才发出，签收日不能是 2026-11-17"),
        ({"received_on": "2026-11-20"}, "该日期尚未到来（2026-11-20）"),
        ({"received_on": "9999-01-01"}, "2000 年至 2099 年"),
        ({"received_on": ""}, ""),
        ({"proof": "  "}, ""),
        ({"proof": "x" * 201}, ""),
    ],
)
def test_a_receipt_that_cannot_be(pages: Pages, typed: dict[str, str], words: str) -> None:
    _rma, _shipment, (one,) = dispatched(pages.world)
    answer = post(pages.browser(), "/receipts/SH-000001", SENT | typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert fresh(one).state is ObligationState.NOT_STARTED


def test_the_proof_is_kept_on_the_case(pages: Pages) -> None:
    _rma, _shipment, (one,) = dispatched(pages.world)
    refused = post(pages.browser(), "/receipts/SH-000001", SENT | {"attachment": (BytesIO(b"MZ"), "sign.png")})
    assert refused.status_code == 422
    assert fresh(one).state is ObligationState.NOT_STARTED
    post(pages.browser(), "/receipts/SH-000001", SENT | {"attachment": (BytesIO(b"signed by Wang"), "sign.txt")})
    (kept,) = session.scalars(select(CaseAttachment)).all()
    assert kept.purpose == "receipt"


@pytest.mark.parametrize("number", ["SH-000099", "RMA-000001", "x"])
def test_an_unknown_shipment_is_not_found(pages: Pages, number: str) -> None:
    assert pages.browser().get(f"/receipts/{number}").status_code == 404
