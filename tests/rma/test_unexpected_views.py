"""The door for what nobody expects, through the client."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases.models import Customer, ServiceCase
from spares.db import session, transaction
from spares.inventory.models import Condition, LocationKind, Move
from spares.rma import receipts
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import whereabouts

ARRIVAL = {"request_key": "k1", "part_number": "sw-48", "serial": "Q1", "quantity": "1", "sender": "某公司 王某"}


@pytest.mark.parametrize("case", ["ours", "new", "customer"])
def test_an_unexpected_arrival_is_taken_in(pages: Pages, case: str) -> None:
    browser = pages.browser(Role.WAREHOUSE)
    extra = {"ours": {"case_number": "cs1"}, "new": {}, "customer": {"customer_code": "C1"}}[case]
    for _ in range(2):
        assert post(browser, "/returns/unexpected", ARRIVAL | extra).headers["Location"] == "/discrepancies"
    (row,) = session.scalars(select(Discrepancy)).all()
    assert (row.kind, row.found, row.obligation_id) == (DiscrepancyKind.UNEXPECTED, "SW-48 Q1", None)
    assert whereabouts("Q1") == (LocationKind.RETURNS, Condition.TO_INSPECT)
    title, code = session.execute(
        select(ServiceCase.title, Customer.code).join(Customer).where(ServiceCase.id == row.case_id)
    ).one()
    assert (title, code) == {
        "ours": ("核心交换机宕机", "C1"),
        "new": ("无单到货 SW-48 Q1", "UNKNOWN"),
        "customer": ("无单到货 SW-48 Q1", "C1"),
    }[case]
    assert "无单到货" in browser.get("/discrepancies").text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"part_number": "NO-SUCH"}, 422, "NO-SUCH"),
        ({"case_number": "CS-000099"}, 404, "没有服务单 CS-000099"),
        ({"customer_code": "C99"}, 404, "没有客户 C99。"),
        ({"serial": ""}, 422, "请填写此项"),
        ({"quantity": "0"}, 422, ""),
    ],
)
def test_what_cannot_be_taken_in_changes_nothing(pages: Pages, typed: dict[str, str], status: int, words: str) -> None:
    moves = session.scalar(select(func.count()).select_from(Move))
    answer = post(pages.browser(Role.WAREHOUSE), "/returns/unexpected", ARRIVAL | typed)
    assert answer.status_code == status
    assert words in answer.text
    assert "某公司 王某" in answer.text
    for table, count in ((Discrepancy, 0), (ServiceCase, 1), (Move, moves)):
        assert session.scalar(select(func.count()).select_from(table)) == count


def test_it_may_settle_what_is_still_owed_later(pages: Pages) -> None:
    (one,) = making.running(pages.world)
    post(pages.browser(), "/returns/unexpected", ARRIVAL)
    assert making.fresh(one).state is ObligationState.RUNNING


@pytest.mark.parametrize(
    ("serial", "number", "said"),
    [
        ("o1", "sw-48", "账实不符：SW-48 O1（账面：A-01-01）"),
        ("s1", "sw-24", "账实不符：SW-24 S1（账面：SH-000001 在途）"),
        ("f9", "sw-24", "账实不符：SW-24 F9（账面：返还区）"),
        ("s2", "sw-24", "账实不符：SW-24 S2（账面：已随 SH-000001 按丢失核销）"),
    ],
)
def test_a_unit_that_the_books_have_elsewhere_is_asked_about_and_then_recorded(
    pages: Pages, serial: str, number: str, said: str
) -> None:
    if serial == "f9":
        making.received(pages.world)
    else:
        _rma, shipment, _owed = making.dispatched(pages.world, 2)
    if serial == "s2":
        with transaction():
            receipts.lose_shipment(shipment.id, reason="丢失", actor=SYSTEM, now=NOON)
    moves = session.scalar(select(func.count()).select_from(Move))
    keeper, sent = pages.browser(Role.WAREHOUSE), ARRIVAL | {"serial": serial, "part_number": number}
    for _ in range(2):  # Enter alone asks again and takes nothing in
        asked = post(keeper, "/returns/unexpected", sent)
        assert asked.status_code == 422
        for words in (said, "作为差异收下", "重新核对", f'value="{serial}"', "某公司 王某"):
            assert words in asked.text
        assert asked.text.index("重新核对</button>") < asked.text.index("作为差异收下</button>")
        assert ("/receipts/SH-000001" in asked.text, "打开 SH-000001 收回" in asked.text) == (
            serial in {"s1", "s2"},
        ) * 2
        assert session.scalar(select(func.count()).select_from(Discrepancy)) == 0
    question = re.search(r'name="anyway" value="([^"]+)"', asked.text)
    assert question is not None
    insisted = sent | {"anyway": unescape(question[1])}
    for _ in range(2):
        answer = post(keeper, "/returns/unexpected", insisted)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/discrepancies")
    page = keeper.get("/discrepancies").text
    assert "未记账。请将实物单独存放，等待 RMA 管理员裁定。" in page
    assert ("BENCH" in page, "RETURNS" in page, "IN-TRANSIT" in page) == (False, False, False)
    (row,) = session.scalars(select(Discrepancy)).all()
    assert row.kind is DiscrepancyKind.ELSEWHERE
    assert session.scalar(select(func.count()).select_from(Move)) == moves
    timeline = keeper.get(f"/cases/{row.case_id}").text
    assert said in timeline
    assert "外箱" not in timeline


def test_the_answer_to_one_question_is_none_to_another(pages: Pages) -> None:
    keeper = pages.browser(Role.WAREHOUSE)
    answer = post(keeper, "/returns/unexpected", ARRIVAL | {"serial": "O1", "anyway": "elsewhere:SW-48 O2"})
    assert answer.status_code == 422
    assert "账实不符：SW-48 O1" in answer.text
    assert session.scalar(select(func.count()).select_from(Discrepancy)) == 0
