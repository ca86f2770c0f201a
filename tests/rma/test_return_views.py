"""Announcing, receiving, inspecting and settling through the client."""

import re
from html import unescape
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases.models import CaseAttachment
from spares.db import session, transaction
from spares.inventory.models import Condition, LocationKind, Move
from spares.rma import obligations, returns
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, Obligation
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import fresh, running, whereabouts

RECEIVE = "/returns/receive/RMA-000001"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def receive(browser: FlaskClient, key: str = "k1", **typed: object) -> TestResponse:
    return post(browser, RECEIVE, {"request_key": key, "serial": "F9", "packages": "1"} | typed, follow_redirects=True)


def insist(browser: FlaskClient, key: str = "k1", **typed: object) -> TestResponse:
    """Receive what differs: the page asks once, and is told that it is so, with the field for the next scan left empty."""
    asked = receive(browser, key, **typed)
    assert asked.status_code == 422
    assert "请核对" in asked.text
    question = re.search(r'name="anyway" value="([^"]+)"', asked.text)
    scanned = re.search(r'name="scanned" value="([^"]*)"', asked.text)
    assert question is not None and scanned is not None
    answer = {"anyway": unescape(question[1]), "scanned": unescape(scanned[1]), "serial": ""}
    return receive(browser, key, **(typed | answer))


@pytest.mark.parametrize(
    "scanned",
    [
        "http://localhost/returns/receive/RMA-000001",
        "RMA-000001",
        "rma1",
        " ｒｍａ－０００００１\r",
        "f9",
        "SF 9",
        "S1",
    ],
)
def test_any_number_on_the_parcel_finds_the_exchange(pages: Pages, scanned: str) -> None:
    (one,) = running(pages.world)
    with transaction():
        returns.announce_return(
            one.id, posted_on=making.RECEIVED_ON, carrier="顺丰", waybill="SF9", actor=SYSTEM, now=NOON
        )
    answer = pages.browser(Role.WAREHOUSE).get("/returns/receive", query_string={"q": scanned})
    assert (answer.status_code, answer.headers.get("Location")) == (302, RECEIVE)


def test_what_nobody_expects_is_offered_to_be_taken_in(pages: Pages) -> None:
    running(pages.world)
    page = pages.browser(Role.WAREHOUSE).get("/returns/receive?q=%3Cb%3EX1").text
    assert "没有与“&lt;b&gt;X1”相符的待返还记录" in page
    assert "/returns/unexpected?serial=%3Cb%3EX1" in page


def test_a_serial_of_two_exchanges_offers_both(pages: Pages) -> None:
    running(pages.world)
    making.asked(pages.world)
    page = pages.browser(Role.WAREHOUSE).get("/returns/receive?q=F9").text
    assert "RMA-000001" in page
    assert "RMA-000002" in page


def test_as_expected(pages: Pages) -> None:
    (one,) = running(pages.world)
    page = receive(pages.browser(Role.WAREHOUSE), serial=" f9\r").text
    assert "已收下：f9，与预期一致。" in page
    assert "下一个包裹" in page
    assert fresh(one).state is ObligationState.RECEIVED
    assert whereabouts("F9") == (LocationKind.RETURNS, Condition.TO_INSPECT)


def test_a_difference_is_said_and_recorded(pages: Pages) -> None:
    running(pages.world)
    page = insist(pages.browser(Role.WAREHOUSE), serial="X1").text
    assert "已收下，但与预期不符" in page
    assert "序列号不符：应为 F9，实为 X1" in page


@pytest.mark.parametrize(
    ("serial", "said"),
    [("S2", "账实不符：SW-24 S2（账面：A-01-01）"), ("S1", "账实不符：SW-24 S1（账面：SH-000001 在途）")],
)
def test_a_unit_that_the_books_have_elsewhere_is_recorded(pages: Pages, serial: str, said: str) -> None:
    _rma, _shipment, (one,) = making.dispatched(pages.world)
    moves = session.scalar(select(func.count()).select_from(Move))
    keeper = pages.browser(Role.WAREHOUSE)
    asked = receive(keeper, serial=serial)
    assert said in asked.text
    assert "若实物确在此处，请作为差异收下：不记账，返还义务不变" in asked.text
    assert ("/receipts/SH-000001" in asked.text) is (serial == "S1")
    page = insist(keeper, key="k2", serial=serial).text
    assert "已记为差异，未记账，返还义务不变。" in page
    assert said in page
    assert "收下</button>" in page  # the part itself is still to come
    assert fresh(one).state is ObligationState.NOT_STARTED
    assert session.scalar(select(func.count()).select_from(Move)) == moves
    assert said in keeper.get("/rma/RMA-000001").text


def test_an_empty_enter_neither_answers_nor_forgets_the_question(pages: Pages) -> None:
    (one,) = running(pages.world)
    keeper = pages.browser(Role.WAREHOUSE)
    asked = receive(keeper, serial="X1")
    for _ in range(2):
        assert asked.status_code == 422
        assert "序列号不符：应为 F9，实为 X1" in asked.text
        assert asked.text.index("重新核对</button>") < asked.text.index("作为差异收下</button>")
        asked = receive(keeper, serial="", scanned="X1")
    assert fresh(one).state is ObligationState.RUNNING
    assert "已收下：F9，与预期一致。" in receive(keeper, key="k2", serial="F9", scanned="X1").text


def test_a_serial_known_as_another_part_tells_the_part(pages: Pages) -> None:
    running(pages.world)
    with transaction():
        session.execute(select(Move.id))
    page = insist(pages.browser(Role.WAREHOUSE), serial="Z1", part_number="sw-48").text
    assert "型号不符：应为 SW-24，实为 SW-48" in page


def test_an_empty_box(pages: Pages) -> None:
    (one,) = running(pages.world)
    page = receive(pages.browser(Role.WAREHOUSE), serial="", empty_box="y").text
    assert "空箱：SW-24 F9" in page
    assert fresh(one).received_part_id is None


def test_the_same_form_twice_receives_once(pages: Pages) -> None:
    running(pages.world)
    browser = pages.browser(Role.WAREHOUSE)
    assert receive(browser).status_code == receive(browser).status_code == 200
    assert session.scalar(select(func.count()).select_from(Discrepancy)) == 0
    again = receive(browser, key="k2")
    assert again.status_code == 409
    assert "已没有待返还的故障件" in again.text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"serial": ""}, 422, "请填写此项"),
        ({"part_number": "NO-SUCH"}, 422, "NO-SUCH"),
        ({"packages": "0"}, 422, ""),
        ({"serial": "x" * 81}, 422, ""),
        ({"request_key": ""}, 422, "表单"),
        ({"request_key": "k" * 81}, 422, "表单"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_changes_nothing(
    pages: Pages, typed: dict[str, str], status: int, words: str
) -> None:
    (one,) = running(pages.world)
    moves = session.scalar(select(func.count()).select_from(Move))
    answer = receive(pages.browser(Role.WAREHOUSE), note="外箱破损", **typed)
    assert answer.status_code == status
    assert words in answer.text
    assert "外箱破损" in answer.text
    assert fresh(one).state is ObligationState.RUNNING
    assert session.scalar(select(func.count()).select_from(Move)) == moves


def test_several_units_in_one_box(pages: Pages) -> None:
    first, second = running(pages.world, 2)
    browser = pages.browser(Role.WAREHOUSE)
    asked = receive(browser, serial="X1")
    assert asked.status_code == 422
    assert "X1 与任何一件都不符" in asked.text
    receive(browser, key="k2", serial="F10")
    assert (fresh(first).state, fresh(second).state) == (ObligationState.RUNNING, ObligationState.RECEIVED)
    assert "与预期一致" not in insist(browser, key="k3", serial="X1").text
    assert fresh(first).received_serial == "X1"


def test_a_photo_is_kept_on_the_case(pages: Pages) -> None:
    running(pages.world)
    browser = pages.browser(Role.WAREHOUSE)
    bad = receive(browser, photo=(BytesIO(b"MZ not a picture"), "photo.png"))
    assert bad.status_code == 422
    assert session.scalar(select(func.count()).select_from(CaseAttachment)) == 0
    receive(browser, key="k2", photo=(BytesIO(b"plain words"), "note.txt"))
    (kept,) = session.scalars(select(CaseAttachment)).all()
    assert (kept.purpose, kept.case_id) == ("damage", pages.world.case.id)


def test_announcing(pages: Pages) -> None:
    (one,) = running(pages.world)
    engineer = pages.browser(Role.ENGINEER)
    page = engineer.get(f"/returns/{one.id}/announce").text
    assert 'value="2026-11-19"' in page
    sent = {
        "request_key": "k1",
        "version": str(one.version),
        "method": "courier",
        "posted_on": "2026-11-19",
        "carrier": "顺丰",
        "waybill": "",
    }
    refused = post(engineer, f"/returns/{one.id}/announce", sent)
    assert refused.status_code == 422
    assert "请填写此项" in refused.text
    assert post(engineer, f"/returns/{one.id}/announce", sent | {"waybill": "SF9"}).status_code == 302
    assert (fresh(one).state, fresh(one).return_waybill) == (ObligationState.IN_TRANSIT, "SF9")


def test_an_engineer_brings_it(pages: Pages) -> None:
    (one,) = running(pages.world)
    sent = {
        "request_key": "k1",
        "version": str(one.version),
        "method": "engineer",
        "posted_on": "2026-11-19",
        "waybill": "left over",
    }
    assert post(pages.browser(Role.ENGINEER), f"/returns/{one.id}/announce", sent).status_code == 302
    assert (fresh(one).return_carrier, fresh(one).return_waybill) == ("", "")


def test_inspecting_and_settling(pages: Pages) -> None:
    one = making.received(pages.world)
    browser = pages.browser(Role.WAREHOUSE)
    assert "缺失" not in browser.get(f"/returns/{one.id}/inspect").text
    sent = {"request_key": "k1", "version": str(one.version), "result": "no_fault_found", "note": "连续运行 24 小时"}
    answer = post(browser, f"/returns/{one.id}/inspect", sent)
    assert answer.headers["Location"] == f"/returns/{one.id}/settle"
    assert "A-01-01" in browser.get(answer.headers["Location"]).text
    sent = {"request_key": "k2", "version": str(fresh(one).version), "disposition": "stock", "location": ""}
    assert post(browser, f"/returns/{one.id}/settle", sent).status_code == 422
    sent["location"] = str(pages.world.bin.id)
    assert post(browser, f"/returns/{one.id}/settle", sent).status_code == 302
    assert whereabouts("F9") == (LocationKind.BIN, Condition.GOOD)


@pytest.mark.parametrize("forged", ["nonsense", "stock", ""])
def test_a_place_that_is_not_offered_is_refused(pages: Pages, forged: str) -> None:
    one = making.received(pages.world)
    with transaction():
        returns.inspect(one.id, returns.Inspection.DAMAGED, note="", actor=SYSTEM, now=NOON)
    sent = {"request_key": "k1", "version": str(fresh(one).version), "disposition": forged}
    assert post(pages.browser(Role.WAREHOUSE), f"/returns/{one.id}/settle", sent).status_code == 422
    assert fresh(one).state is ObligationState.INSPECTED


def test_a_stale_page_is_told(pages: Pages) -> None:
    one = making.received(pages.world)
    sent = {"request_key": "k1", "version": str(one.version - 1), "result": "damaged"}
    answer = post(pages.browser(Role.WAREHOUSE), f"/returns/{one.id}/inspect", sent)
    assert answer.status_code == 409
    assert fresh(one).state is ObligationState.RECEIVED


def test_settling_before_the_inspection_is_refused(pages: Pages) -> None:
    one = making.received(pages.world)
    browser = pages.browser(Role.WAREHOUSE)
    assert browser.get(f"/returns/{one.id}/settle").status_code == 200
    sent = {"request_key": "k1", "version": str(one.version), "disposition": "scrap"}
    assert post(browser, f"/returns/{one.id}/settle", sent).status_code == 422
    assert fresh(one).state is ObligationState.RECEIVED


@pytest.mark.parametrize("address", ["announce", "inspect", "settle", "extend"])
def test_an_unknown_return_is_not_found(pages: Pages, address: str) -> None:
    browser = pages.browser()
    assert browser.get(f"/returns/99/{address}").status_code == 404
    assert session.scalar(select(func.count()).select_from(Obligation)) == 0


def test_returned_after_it_was_charged(pages: Pages) -> None:
    (one,) = running(pages.world)
    with transaction():
        obligations.charge(one.id, one.worth_minor or 0, reason="逾期", actor=SYSTEM, now=NOON)
    receive(pages.browser(Role.WAREHOUSE))
    page = pages.browser().get("/rma/RMA-000001").text
    assert "收费已冲回" in page


def test_a_misread_serial_is_asked_about_and_scanned_again(pages: Pages) -> None:
    (one,) = running(pages.world)
    browser = pages.browser(Role.WAREHOUSE)
    moves = session.scalar(select(func.count()).select_from(Move))
    asked = receive(browser, serial="<F8>", note="外箱破损", packages="3", accessories_missing="电源线")
    assert asked.status_code == 422
    for kept in ("序列号不符：应为 F9，实为 &lt;F8&gt;", "外箱破损", "电源线", 'value="3"', "作为差异收下"):
        assert kept in asked.text
    assert re.search(r'id="serial"[^>]*value=""', asked.text) and re.search(r"<input[^>]*autofocus[^>]*", asked.text)
    assert (fresh(one).state, session.scalar(select(func.count()).select_from(Move))) == (
        ObligationState.RUNNING,
        moves,
    )
    form = asked.text[asked.text.index('enctype="multipart/form-data"') :]
    first = re.findall(r'<button class="btn[^"]*" type="submit"([^>]*)>', form)[0]
    assert first == "", "Enter, with which a scan ends, must press the button that checks again"
    assert "与预期一致" in receive(browser, serial="F9").text
    assert fresh(one).received_serial == "F9"


def test_the_right_scan_needs_no_confirmation(pages: Pages) -> None:
    running(pages.world)
    page = receive(pages.browser(Role.WAREHOUSE), serial="F9", anyway="other_serial:X1", scanned="X1").text
    assert "与预期一致" in page
    assert session.scalar(select(func.count()).select_from(Discrepancy)) == 0


def test_what_was_confirmed_is_not_confirmed_for_another_scan(pages: Pages) -> None:
    (one,) = running(pages.world)
    browser = pages.browser(Role.WAREHOUSE)
    again = receive(browser, serial="X2", anyway="other_serial:X1", scanned="X1")
    assert again.status_code == 422
    assert "实为 X2" in again.text
    assert fresh(one).state is ObligationState.RUNNING
    assert insist(browser, serial="X2").status_code == 200
    assert fresh(one).received_serial == "X2"


def test_the_confirmed_form_twice_takes_in_once(pages: Pages) -> None:
    (one,) = running(pages.world)
    browser = pages.browser(Role.WAREHOUSE)
    for _ in range(2):
        answer = receive(browser, serial="", anyway="other_serial:X1", scanned="X1")
        assert answer.status_code == 200
    assert session.scalar(select(func.count()).select_from(Discrepancy)) == 1
    assert fresh(one).received_serial == "X1"
