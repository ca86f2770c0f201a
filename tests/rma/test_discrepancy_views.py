"""The inbox of discrepancies and the door for what nobody expects, through the client."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import time_machine
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.dispatch.models import Shipment
from spares.errors import Invalid
from spares.inventory.models import Condition, LocationKind
from spares.rma import discrepancies, obligations, receipts, returns
from spares.rma.discrepancies import Resolution
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, Obligation, ObligationEvent
from spares.rma.returns import Arrival
from tests.conftest import NOON
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


def test_the_inspector_sees_what_came_and_that_he_does_not_decide(pages: Pages) -> None:
    received(pages.world, Arrival(part_id=pages.world.part.id, serial="X1"))
    keeper = pages.browser(Role.WAREHOUSE)
    page = keeper.get("/returns?tab=to_inspect").text
    for shown in ("F9", "实收 X1", "序列号不符"):
        assert shown in page
    assert "由 RMA 管理员裁定" in keeper.get("/discrepancies").text
    assert "逐项裁定并说明理由" in pages.browser().get("/discrepancies").text
    case = pages.browser().get(f"/cases/{pages.world.case.id}").text
    assert "· 系统" in case


def charges() -> list[tuple[str, int, str]]:
    session.rollback()
    query = select(ObligationEvent).where(ObligationEvent.kind.in_(["charged", "credited"]))
    found = session.scalars(query.order_by(ObligationEvent.id))
    return [(event.kind, event.facts["amount"], event.facts["currency"]) for event in found]


@pytest.mark.parametrize(
    ("arrived", "decision", "words", "after", "state"),
    [
        ("empty", "still_owed", "未返还，维持原收费", [], ObligationState.CHARGED),
        ("empty", "accept", "视为已返还，并冲回收费", [("credited", 198000, "CNY")], ObligationState.SETTLED),
        ("other", "send_back", "退回客户，维持原收费", [], ObligationState.CHARGED),
        ("other", "accept", "视为已返还，并冲回收费", [("credited", 198000, "CNY")], ObligationState.RECEIVED),
    ],
)
def test_what_is_charged_already_is_not_charged_again(
    pages: Pages, arrived: str, decision: str, words: str, after: list[tuple[str, int, str]], state: ObligationState
) -> None:
    (one,) = making.running(pages.world)
    with transaction():
        obligations.charge(one.id, 198000, reason="逾期", actor=SYSTEM, now=NOON)
    empty = arrived == "empty"
    came = Arrival(part_id=None if empty else pages.world.part.id, serial="" if empty else "X1", empty_box=empty)
    with transaction():
        returns.receive_return(one.id, came, actor=SYSTEM, now=NOON)
    browser = pages.browser()
    page = browser.get("/discrepancies/1").text
    assert "已收费 CNY 1,980.00（2026-11-18 12:00）" in page
    assert words in page
    assert "向客户收费" not in page
    charged = ("charged", 198000, "CNY")
    forged = {"request_key": "k1", "resolution": "charge", "reason": "空箱", "amount": "1980.00"}
    assert post(browser, "/discrepancies/1", forged).status_code == 422
    with pytest.raises(Invalid, match="decision_does_not_fit"), transaction():
        discrepancies.resolve(1, Resolution.CHARGE, reason="空箱", actor=SYSTEM, now=NOON, amount_minor=198000)
    assert charges() == [charged]
    assert session.get_one(Discrepancy, 1).resolved_at is None
    sent = {"request_key": "k2", "resolution": decision, "reason": "核对", "amount": "1980.00"}
    answer = post(browser, "/discrepancies/1", sent, follow_redirects=True)
    assert "已裁定。" in answer.text
    assert charges() == [charged, *after]
    assert making.fresh(one).state is state


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
    if disposition == "send_back":
        for typed in ({}, {"carrier": "顺丰"}, {"waybill": "SF77"}, {"carrier": "顺丰", "waybill": " "}):
            refused = post(chief, "/discrepancies/1", sent | typed)
            assert refused.status_code == 422
            assert "请填写此项" in refused.text
        assert whereabouts("Q1") == (LocationKind.RETURNS, Condition.TO_INSPECT)
        sent |= {"carrier": "顺丰", "waybill": "ＳＦ77 "}
    assert post(chief, "/discrepancies/1", sent).status_code == 302
    assert whereabouts("Q1") == (kind, condition)
    shown = "顺丰 SF77"
    pages_after = ["/discrepancies/1", "/cases/2", "/units/" + str(session.get_one(Discrepancy, 1).unit_id)]
    assert [shown in chief.get(page).text for page in pages_after] == [disposition == "send_back"] * 3
    assert session.get_one(Discrepancy, 1, populate_existing=True).resolution == disposition


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


def elsewhere(pages: Pages, serial: str) -> None:
    """The unit lies on the counter instead of the faulty one."""
    _rma, _shipment, (one,) = making.dispatched(pages.world)
    with transaction():
        returns.receive_return(one.id, Arrival(part_id=pages.world.part.id, serial=serial), actor=SYSTEM, now=NOON)


def test_a_record_is_put_right(pages: Pages) -> None:
    elsewhere(pages, "S2")
    chief = pages.browser()
    assert "A-01-01<span" in chief.get("/discrepancies").text
    page = chief.get("/discrepancies/1").text
    for shown in (
        "账实不符：SW-24 S2（账面：A-01-01）",
        "记录已更正</button>",
        "若实物应在账面位置，请放回原处",
        "/units/",
    ):
        assert shown in page
    for hidden in ("作为返还接受", "退回客户", 'name="result"', 'name="resolution"'):
        assert hidden not in page
    refused = post(chief, "/discrepancies/1", {"request_key": "k1", "reason": ""})
    assert refused.status_code == 422
    sent = {"request_key": "k2", "reason": "拣货时误贴标签，已放回货位"}
    for _ in range(2):
        assert post(chief, "/discrepancies/1", sent).headers["Location"] == "/discrepancies"
    done = chief.get("/discrepancies/1").text
    for shown in ("记录已更正", "拣货时误贴标签", "裁定人", "2026-11-19 12:00"):
        assert shown in done
    assert "</textarea>" not in done
    assert "拣货时误贴标签" in chief.get("/discrepancies?decided=1").text
    timeline = chief.get(f"/cases/{pages.world.case.id}").text
    for shown in ("差异已裁定", "账实不符：SW-24 S2（账面：A-01-01）", "记录已更正", "拣货时误贴标签"):
        assert shown in timeline
    again = post(chief, "/discrepancies/1", sent | {"request_key": "k3"})
    assert again.status_code == 409


def test_a_shipment_under_way_is_to_be_settled_before_its_record_is_right(pages: Pages) -> None:
    elsewhere(pages, "S1")
    chief = pages.browser()
    page = chief.get("/discrepancies/1").text
    for shown in ("请先了结该发货", "/shipments/SH-000001", "/receipts/SH-000001"):
        assert shown in page
    assert "</textarea>" not in page
    sent = {"request_key": "k1", "reason": "拒收退回"}
    refused = post(chief, "/discrepancies/1", sent)
    assert refused.status_code == 409
    assert "账面上 S1 仍随 SH-000001 在途" in refused.text
    assert session.get_one(Discrepancy, 1).resolved_at is None
    back = {"reason": "客户拒收", "request_key": "u", "version": str(session.get_one(Shipment, 1).version)}
    assert post(chief, "/shipments/SH-000001/undelivered", back).status_code == 302
    page = chief.get("/discrepancies/1").text
    assert "返还区" in page
    assert "SH-000001 在途" in page
    assert post(chief, "/discrepancies/1", sent | {"request_key": "k2"}).status_code == 302


def test_what_left_the_depot_meanwhile_is_offered_to_be_taken_in(pages: Pages) -> None:
    elsewhere(pages, "S1")
    chief = pages.browser()
    receipt = {"request_key": "r", "received_on": "2026-11-19", "proof": "签收单"}
    assert post(chief, "/receipts/SH-000001", receipt).status_code == 302
    page = chief.get("/discrepancies/1").text
    assert "账面上该件不在库内" in page
    assert '/returns/receive?q=S1">现在收货</a>' in page
    sent = {"request_key": "k1", "reason": "实物已寄回客户"}
    refused = post(chief, "/discrepancies/1", sent)
    assert refused.status_code == 409
    assert "账面上 S1 不在库内。请先收货" in refused.text
    assert "实物已寄回客户" in refused.text
    assert session.get_one(Discrepancy, 1).resolved_at is None
    assert post(chief, "/discrepancies/1", sent | {"request_key": "k2", "gone": "y"}).status_code == 302
    timeline = chief.get(f"/cases/{pages.world.case.id}").text
    for shown in ("记录已更正", "实物已不在此处", "实物已寄回客户"):
        assert shown in timeline


def test_what_was_taken_in_meanwhile_needs_no_tick(pages: Pages) -> None:
    elsewhere(pages, "S1")
    chief = pages.browser()
    receipt = {"request_key": "r", "received_on": "2026-11-19", "proof": "签收单"}
    assert post(chief, "/receipts/SH-000001", receipt).status_code == 302
    arrival = {"request_key": "t", "part_number": "SW-24", "serial": "S1", "quantity": "1"}
    assert post(chief, "/returns/unexpected", arrival).status_code == 302
    assert 'name="gone"' not in chief.get("/discrepancies/1").text
    assert post(chief, "/discrepancies/1", {"request_key": "k", "reason": "已收货"}).status_code == 302
    assert session.get_one(Discrepancy, 1, populate_existing=True).resolution == "put_right"


def test_of_what_was_written_off_the_shipment_is_offered(pages: Pages) -> None:
    elsewhere(pages, "S1")
    with transaction():
        receipts.lose_shipment(1, reason="丢失", actor=SYSTEM, now=NOON)
    page = pages.browser().get("/discrepancies/1").text
    assert "账面上该件不在库内" in page
    assert "/shipments/SH-000001" in page and "/receipts/SH-000001" in page and 'name="gone"' in page
    assert "/returns/receive?q=S1" not in page


def test_the_door_says_that_it_is_recorded_already(pages: Pages) -> None:
    elsewhere(pages, "S2")
    keeper, chief = pages.browser(Role.WAREHOUSE), pages.browser()
    unexpected = {"request_key": "k1", "part_number": "SW-24", "serial": "S2", "quantity": "1"}
    receiving = {"request_key": "k2", "serial": "S2"}
    for address, typed in (("/returns/unexpected", unexpected), ("/returns/receive/RMA-000001", receiving)):
        for browser, link in ((keeper, "/discrepancies"), (chief, "/discrepancies/1")):
            asked = post(browser, address, typed)
            assert asked.status_code == 422
            assert "该差异已于 2026-11-18 12:00 登记" in unescape(re.sub(r"<[^>]+>", "", asked.text))
            assert f'href="{link}">查看差异</a>' in asked.text
        insisted = typed | {"anyway": "elsewhere:SW-24 S2", "scanned": "S2"}
        answer = post(keeper, address, insisted)
        assert answer.status_code == 302
        assert "已在服务单 CS-000001 下登记过" in keeper.get(answer.headers["Location"]).text
        assert session.scalar(select(func.count()).select_from(Discrepancy)) == 1
    assert chief.get(f"/cases/{pages.world.case.id}").text.count("同一差异再次发现") == 2


def test_a_counted_part_whose_number_was_scanned_for_a_serial_is_no_difference(pages: Pages) -> None:
    pieces = making.modules_running(pages.world)
    with transaction():
        came = Arrival(part_id=pieces.part_id, serial="SFP-10G", quantity=5)
        returns.receive_return(pieces.id, came, actor=SYSTEM, now=NOON + timedelta(days=1))
    page = pages.browser(Role.WAREHOUSE).get("/returns?tab=to_inspect").text
    assert "SFP-10G × 5" in page
    assert "序列号不符" not in page
    assert list(session.scalars(select(Discrepancy))) == []
