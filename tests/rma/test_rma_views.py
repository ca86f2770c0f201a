"""The page of an exchange and its decisions, through the client."""

import re
from datetime import date

import pytest
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.dispatch.models import Document, DocumentPrint
from spares.inventory.models import Part
from spares.rma import obligations, returns
from spares.rma.lifecycle import ObligationState
from spares.rma.models import ObligationEvent
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages


def test_it_shows_both_legs(pages: Pages) -> None:
    making.running(pages.world)
    page = pages.browser().get("/rma/RMA-000001").text
    for shown in ("发出：良品", "F9", "S1", "SW-24", "SH-000001", "SF100", "某银行", "CNY 1,234.00"):
        assert shown in page
    assert "2026-12-02 前寄回" in page
    assert "剩余 9 个工作日" in page
    assert "签收良品 2026-11-18，次工作日起第 10 个工作日" in page


def test_it_is_whole_in_english(pages: Pages) -> None:
    making.running(pages.world)
    page = pages.browser(language="en").get("/rma/RMA-000001").text
    assert "Send back by 2026-12-02" in page
    visible = re.sub(r"<[^>]+>", "", page).replace("中文", "")
    assert set(re.findall(r"[一-鿿]+", visible)) <= {
        "李工",
        "郑州市金水区花园路",
        "号",
        "某银行",
        "核心交换机宕机",
        "电源板故障",
        "签收单",
        "顺丰",
        "张",
        "华为",
    }


@pytest.mark.parametrize("number", ["RMA-000099", "SH-000001", "nonsense", "RMA-99999999999999999999"])
def test_an_unknown_number_is_not_found(pages: Pages, number: str) -> None:
    making.running(pages.world)
    assert pages.browser().get(f"/rma/{number}").status_code == 404


def primary(page: str) -> str:
    found = re.findall(r'<a class="btn btn-primary" href="([^"]+)"', page)
    assert len(found) <= 1
    return found[0] if found else ""


def test_the_next_step_is_the_one_button_that_stands_out(pages: Pages) -> None:
    chief, finance = pages.browser(), pages.browser(Role.FINANCE)
    _rma, _shipment, (one,) = making.dispatched(pages.world)
    assert primary(chief.get("/rma/RMA-000001").text) == "/receipts/SH-000001"
    assert primary(finance.get("/rma/RMA-000001").text) == ""
    with transaction():
        returns.receive_return(
            one.id, returns.Arrival(part_id=pages.world.part.id, serial="X1"), actor=SYSTEM, now=NOON
        )
    assert primary(chief.get("/rma/RMA-000001").text) == "/discrepancies/1"
    assert primary(pages.browser(Role.WAREHOUSE).get("/rma/RMA-000001").text) == "/receipts/SH-000001"


@pytest.mark.parametrize(
    ("verb", "role", "state"),
    [
        ("waive", Role.RMA_ADMIN, ObligationState.WAIVED),
        ("charge", Role.FINANCE, ObligationState.CHARGED),
        ("lose", Role.RMA_ADMIN, ObligationState.LOST),
    ],
)
def test_a_decision_is_taken_once(pages: Pages, verb: str, role: Role, state: ObligationState) -> None:
    (one,) = making.running(pages.world)
    if verb == "lose":
        with transaction():
            returns.announce_return(
                one.id, posted_on=date(2026, 11, 18), carrier="顺丰", waybill="SF9", actor=SYSTEM, now=NOON
            )
    browser = pages.browser(role)
    sent = {
        "request_key": "k1",
        "version": str(making.fresh(one).version),
        "reason": "与客户商定",
        "amount": "1,234.00",
    }
    for _ in range(2):
        answer = post(browser, f"/returns/{one.id}/{verb}", sent)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/rma/RMA-000001")
    assert making.fresh(one).state is state
    kinds = session.scalars(select(ObligationEvent.kind).order_by(ObligationEvent.id)).all()
    assert kinds.count({"waive": "waived", "charge": "charged", "lose": "lost"}[verb]) == 1
    assert "与客户商定" in browser.get("/rma/RMA-000001").text


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"reason": " "}, 422, "请填写此项"),
        ({"version": "1"}, 409, "您的操作未保存，请重新查看后再操作一次"),
        ({"request_key": ""}, 422, "表单"),
    ],
)
def test_a_refused_decision_changes_nothing_and_keeps_the_reason(
    pages: Pages, changes: dict[str, str], status: int, words: str
) -> None:
    (one,) = making.running(pages.world)
    sent = {"request_key": "k1", "version": str(one.version), "reason": "理由甲"} | changes
    answer = post(pages.browser(), f"/returns/{one.id}/waive", sent)
    assert answer.status_code == status
    assert words in answer.text
    assert changes.get("reason", "理由甲") in answer.text
    assert making.fresh(one).state is ObligationState.RUNNING


def test_extending_keeps_the_first_day_in_sight(pages: Pages) -> None:
    (one,) = making.running(pages.world)
    chief = pages.browser()
    assert 'value="2026-12-09"' in chief.get(f"/returns/{one.id}/extend").text
    sent = {"request_key": "k1", "version": str(one.version), "due_on": "2026-12-09", "reason": "客户出差"}
    assert post(chief, f"/returns/{one.id}/extend", sent).status_code == 302
    page = chief.get("/rma/RMA-000001").text
    assert "2026-12-09 前寄回" in page
    assert "已延期，原期限 2026-12-02" in page
    assert "2026-12-02 → 2026-12-09" in page


def test_an_extension_to_a_closed_day_needs_a_tick(pages: Pages) -> None:
    (one,) = making.running(pages.world)
    chief = pages.browser()
    why = "2026-12-12（星期六）不是备件库的工作日。"
    assert why in post(chief, f"/returns/{one.id}/extend/day", {"due_on": "2026-12-12"}).text
    sent = {"request_key": "k1", "version": str(one.version), "due_on": "2026-12-12", "reason": "客户出差"}
    refused = post(chief, f"/returns/{one.id}/extend", sent)
    assert refused.status_code == 422
    assert why in refused.text.split('id="due_on-error"')[1].split("</p>")[0]
    assert 'name="keep_closed"' in refused.text
    assert making.fresh(one).due_on == making.DUE_ON
    assert post(chief, f"/returns/{one.id}/extend", sent | {"keep_closed": "y"}).status_code == 302
    assert why in chief.get("/rma/RMA-000001").text
    assert making.fresh(one).due_on == date(2026, 12, 12)


@pytest.mark.parametrize(
    ("due_on", "words"),
    [
        ("2026-12-02", "新期限须晚于现行期限"),
        ("2026-11-28", "新期限须晚于现行期限"),  # a Saturday, but it would be too early on any day
        ("2029-11-24", "新期限最多可设在 366 天之后。"),  # a Saturday
        ("9999-12-31", "2000 年至 2099 年"),
        ("soon", ""),
        ("", ""),
    ],
)
def test_an_extension_that_is_none_is_refused(pages: Pages, due_on: str, words: str) -> None:
    (one,) = making.running(pages.world)
    sent = {"request_key": "k1", "version": str(one.version), "due_on": due_on, "reason": "客户出差"}
    answer = post(pages.browser(), f"/returns/{one.id}/extend", sent)
    assert answer.status_code == 422
    assert words in answer.text
    assert "客户出差" in answer.text
    assert making.fresh(one).due_on == making.DUE_ON


def test_the_return_slip_is_frozen_and_counted(pages: Pages) -> None:
    making.running(pages.world)
    chief = pages.browser()
    for key, copy_no in (("k1", 1), ("k1", 1), ("k2", 2)):
        answer = post(chief, "/rma/RMA-000001/return-slip", {"request_key": key})
        assert answer.headers["Location"] == f"/documents/1/{copy_no}.pdf"
    paper = chief.get("/documents/1/1.pdf")
    assert (paper.status_code, paper.mimetype, paper.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert session.scalar(select(func.count()).select_from(DocumentPrint)) == 2
    (document,) = session.scalars(select(Document)).all()
    data = document.data
    assert (data["rma_number"], data["return_by"]) == ("RMA-000001", "2026-12-02")
    assert data["receiving_url"].endswith("/returns/receive/RMA-000001")
    (line,) = data["lines"]
    assert (line["serial"], line["replacement_serial"], line["symptom"]) == ("F9", "S1", "电源板故障")
    assert "/documents/1/1.pdf" in chief.get("/rma/RMA-000001").text


def test_where_nothing_comes_back_there_is_no_return_slip(pages: Pages) -> None:
    with transaction():
        session.get_one(Part, pages.world.part.id).return_required = False
    making.dispatched(pages.world)
    chief = pages.browser()
    answer = post(chief, "/rma/RMA-000001/return-slip", {"request_key": "k1"})
    assert answer.status_code == 409
    assert "RMA-000001 无需返还，不必打印返还单。" in answer.text
    assert session.scalars(select(Document)).all() == []
    for page in ("/rma/RMA-000001", "/shipments/SH-000001"):
        assert "/return-slip" not in chief.get(page).text


def test_a_slip_says_more_when_more_is_known(pages: Pages) -> None:
    (one,) = making.running(pages.world)
    chief = pages.browser()
    post(chief, "/rma/RMA-000001/return-slip", {"request_key": "k1"})
    with transaction():
        obligations.extend(one.id, date(2026, 12, 9), reason="客户出差", actor=SYSTEM, now=NOON)
    post(chief, "/rma/RMA-000001/return-slip", {"request_key": "k2"})
    assert [d.data["return_by"] for d in session.scalars(select(Document).order_by(Document.id))] == [
        "2026-12-02",
        "2026-12-09",
    ]


def test_the_amount_is_the_price_at_dispatch_until_another_is_typed(pages: Pages) -> None:
    (one,) = making.running(pages.world)
    browser = pages.browser(Role.FINANCE)
    assert f'href="/returns/{one.id}/charge"' in browser.get("/rma/RMA-000001").text
    assert 'value="1234.00"' in browser.get(f"/returns/{one.id}/charge").text
    sent = {"request_key": "k1", "version": str(one.version), "reason": "合同约定", "amount": ""}
    for wrong in ("", "0", "1.005", "abc"):
        refused = post(browser, f"/returns/{one.id}/charge", sent | {"amount": wrong})
        assert refused.status_code == 422
        assert "合同约定" in refused.text
    assert making.fresh(one).state is ObligationState.RUNNING
    answer = post(browser, f"/returns/{one.id}/charge", sent | {"amount": "600.50"}, follow_redirects=True)
    assert "已收费 CNY 600.50" in answer.text
    assert "已向客户收费" in answer.text
    with transaction():
        returns.receive_return(one.id, making.right(pages.world), actor=SYSTEM, now=NOON)
    page = browser.get("/rma/RMA-000001").text
    assert re.search(r"已向客户收费.{0,80}CNY 0\.00", page, re.DOTALL)


def test_a_waybill_is_corrected_and_the_first_one_stays_in_sight(pages: Pages) -> None:
    (one,) = making.running(pages.world)
    engineer = pages.browser(Role.ENGINEER)
    with transaction():
        returns.announce_return(
            one.id, posted_on=date(2026, 11, 18), carrier="顺丰", waybill="SF9", actor=SYSTEM, now=NOON
        )
    version = str(making.fresh(one).version)
    assert f"/returns/{one.id}/waybill" in engineer.get("/rma/RMA-000001").text
    assert 'value="SF9"' in engineer.get(f"/returns/{one.id}/waybill").text
    sent = {"request_key": "k1", "version": version, "carrier": "顺丰", "waybill": "SF9"}
    for wrong, words in (({}, "与已填写的运单号相同"), ({"waybill": " "}, "请填写此项"), ({"carrier": ""}, "")):
        refused = post(engineer, f"/returns/{one.id}/waybill", sent | wrong)
        assert refused.status_code == 422
        assert words in refused.text
    stale = post(engineer, f"/returns/{one.id}/waybill", sent | {"waybill": "SF8", "version": "1"})
    assert stale.status_code == 409
    assert making.fresh(one).return_waybill == "SF9"
    for _ in range(2):
        answer = post(engineer, f"/returns/{one.id}/waybill", sent | {"waybill": "SF 8"})
        assert answer.headers["Location"] == "/rma/RMA-000001"
    one = making.fresh(one)
    assert (one.return_waybill, one.return_waybill_key, one.posted_on) == ("SF 8", "SF8", date(2026, 11, 18))
    kinds = session.scalars(select(ObligationEvent.kind).order_by(ObligationEvent.id)).all()
    assert kinds == ["started", "sent", "waybill_corrected"]
    for address in ("/rma/RMA-000001", f"/cases/{pages.world.case.id}"):
        page = engineer.get(address).text
        assert "顺丰 SF9 → 顺丰 SF 8" in page
    assert engineer.get("/rma/RMA-000001").text.count("SF9") >= 2
