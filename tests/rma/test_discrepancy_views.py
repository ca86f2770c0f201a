"""The inbox of discrepancies and the door for what nobody expects, through the client."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import func, select

from spares.accounts.models import Role
from spares.cases.models import Customer, ServiceCase
from spares.db import session
from spares.inventory.models import Condition, LocationKind, Move
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation, ObligationEvent
from spares.rma.returns import Arrival
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import received, whereabouts

ARRIVAL = {"request_key": "k1", "part_number": "sw-48", "serial": "Q1", "quantity": "1", "sender": "某公司 王某"}


def test_deciding(pages: Pages) -> None:
    received(pages.world, Arrival(part_id=pages.world.part.id, serial="X1"))
    chief = pages.browser()
    page = chief.get("/discrepancies").text
    for shown in ("序列号不符", "F9", "X1", "RMA-000001", "/discrepancies/1"):
        assert shown in page
    sent = {"request_key": "k1", "resolution": "accept", "reason": "客户登记有误"}
    for _ in range(2):
        assert post(chief, "/discrepancies/1", sent).headers["Location"] == "/rma/RMA-000001"
    assert "没有待裁定的差异" in chief.get("/discrepancies").text
    assert "客户登记有误" in chief.get("/discrepancies?decided=1").text
    again = post(chief, "/discrepancies/1", sent | {"request_key": "k2"})
    assert again.status_code == 409
    assert "该差异已裁定" in again.text


@pytest.mark.parametrize(("typed", "minor"), [("1,200.50", 120050), ("0.01", 1)])
def test_charging_an_amount(pages: Pages, typed: str, minor: int) -> None:
    received(pages.world, Arrival(part_id=None, serial="", empty_box=True))
    sent = {"request_key": "k1", "resolution": "charge", "reason": "空箱", "amount": typed}
    browser = pages.browser()
    assert 'value="1234.00"' in browser.get("/discrepancies/1").text
    answer = post(browser, "/discrepancies/1", sent, follow_redirects=True)
    assert f"已裁定，收费 CNY {minor / 100:,.2f}" in answer.text
    assert "已向客户收费" in answer.text
    (event,) = session.scalars(select(ObligationEvent).where(ObligationEvent.kind == "charged")).all()
    assert (event.facts["amount"], event.facts["currency"]) == (minor, "CNY")


def test_an_amount_is_needed_to_charge(pages: Pages) -> None:
    one = received(pages.world, Arrival(part_id=None, serial="", empty_box=True))
    sent = {"request_key": "k1", "resolution": "charge", "reason": "空箱", "amount": ""}
    answer = post(pages.browser(), "/discrepancies/1", sent)
    assert answer.status_code == 422
    assert "请填写收费金额" in answer.text
    assert session.get_one(Discrepancy, 1).resolved_at is None
    assert making.fresh(one).state is ObligationState.RECEIVED


@pytest.mark.parametrize("typed", ["0", "-1", "1.005", "NaN", "Infinity", "12e999", "abc", "99999999999999"])
def test_an_amount_that_is_none_is_refused(pages: Pages, typed: str) -> None:
    received(pages.world, Arrival(part_id=None, serial="", empty_box=True))
    sent = {"request_key": "k1", "resolution": "charge", "reason": "空箱", "amount": typed}
    answer = post(pages.browser(), "/discrepancies/1", sent)
    assert answer.status_code == 422
    assert "请输入大于零的金额" in answer.text
    assert session.get_one(Discrepancy, 1).resolved_at is None


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
    ("result", "disposition", "kind", "condition"),
    [
        ("fault_found", "repair", LocationKind.BENCH, Condition.IN_REPAIR),
        ("no_fault_found", "stock", LocationKind.BIN, Condition.GOOD),
        ("wrong_item", "send_back", LocationKind.CUSTOMER, Condition.TO_INSPECT),
        ("damaged", "scrap", LocationKind.SCRAP, Condition.SCRAPPED),
    ],
)
def test_an_unexpected_arrival_gets_its_place(
    pages: Pages, result: str, disposition: str, kind: LocationKind, condition: Condition
) -> None:
    chief = pages.browser()
    post(chief, "/returns/unexpected", ARRIVAL)
    sent = {"request_key": "k2", "result": result, "disposition": disposition, "reason": "已联系客户"}
    if disposition == "stock":
        assert post(chief, "/discrepancies/1", sent).status_code == 422
        sent["location"] = str(pages.world.bin.id)
    assert post(chief, "/discrepancies/1", sent).status_code == 302
    assert whereabouts("Q1") == (kind, condition)
    assert session.get_one(Discrepancy, 1, populate_existing=True).resolution == disposition


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ({"part_number": "NO-SUCH"}, 422, "NO-SUCH"),
        ({"case_number": "CS-000099"}, 404, "没有服务单 CS-000099"),
        ({"customer_code": "C99"}, 404, "没有客户 C99。"),
        ({"serial": ""}, 422, "请填写此项"),
        ({"serial": "O1"}, 409, "A-01-01"),
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


def test_an_empty_box_is_owed_again_until_the_part_comes(pages: Pages) -> None:
    (one,) = making.running(pages.world)
    keeper, chief = pages.browser(Role.WAREHOUSE), pages.browser()
    sent = {"request_key": "k1", "serial": "", "empty_box": "y", "packages": "1"}
    assert post(keeper, "/returns/receive/RMA-000001", sent).status_code == 302
    page = chief.get("/discrepancies/1").text
    assert "未返还，仍须返还" in page
    assert "退回客户" not in page
    assert "否则仍须返还，期限不变" in page
    forged = {"request_key": "k2", "resolution": "send_back", "reason": "空箱"}
    assert post(chief, "/discrepancies/1", forged).status_code == 422
    decided = forged | {"resolution": "still_owed"}
    for _ in range(2):
        assert post(chief, "/discrepancies/1", decided).headers["Location"] == "/rma/RMA-000001"
    page = chief.get("/rma/RMA-000001").text
    for shown in (
        "待寄回",
        "2026-12-02 前寄回",
        "恢复返还义务",
        "/returns/receive/RMA-000001",
        f"/returns/{one.id}/extend",
    ):
        assert shown in page
    assert "恢复返还义务" in chief.get(f"/cases/{pages.world.case.id}").text
    with time_machine.travel(datetime(2026, 12, 4, 4, tzinfo=UTC), tick=False):
        page = pages.browser(Role.FINANCE).get("/reports/overdue").text
        assert "F9" in page
        assert "与预期不符的来件，裁定前按已返还计" in page
        assert "F9" not in pages.browser(Role.FINANCE).get("/reports/overdue?as_of=2026-12-02").text
    sent = {"request_key": "k3", "serial": "F9", "packages": "1"}
    assert post(keeper, "/returns/receive/RMA-000001", sent).status_code == 302
    assert making.fresh(one).state is ObligationState.RECEIVED


def test_what_goes_back_is_placed_apart_from_the_debt(pages: Pages) -> None:
    received(pages.world, Arrival(part_id=pages.world.other.id, serial="Z1"))
    chief, keeper = pages.browser(), pages.browser(Role.WAREHOUSE)
    post(chief, "/discrepancies/1", {"request_key": "k1", "resolution": "send_back", "reason": "错件"})
    page = keeper.get("/rma/RMA-000001").text
    assert "来件，另行处置" in page
    (one,) = session.scalars(select(Obligation).where(Obligation.came_for_id.is_not(None)))
    assert f"/returns/{one.id}/settle" in page
    assert "退回客户" in keeper.get(f"/returns/{one.id}/settle").text
    sent = {"request_key": "k2", "version": str(one.version), "disposition": "send_back"}
    assert post(keeper, f"/returns/{one.id}/settle", sent).status_code == 302
    assert whereabouts("Z1") == (LocationKind.CUSTOMER, Condition.TO_INSPECT)
