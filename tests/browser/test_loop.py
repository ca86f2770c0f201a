"""The product's main job as people do it: in Chinese, in a browser, with a scanner that types and ends with Enter, at a desk
and on a phone. Every page on the way is checked for accessibility, width, complaints and requests that leave the server."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.cases import services as cases
from spares.cases.models import Customer, Site
from spares.db import session, transaction
from spares.demo.accounts import DEMO_PASSWORD
from spares.inventory.models import Part
from spares.rma.models import Rma
from tests.browser.live import DESK, FRIDAY, PHONE, Live, Tab
from tests.pdf import reading

pytestmark = pytest.mark.browser
CUSTOMER, SITE, PART = "K1002", "东校区", "RL-AP-3050"


@dataclass
class Walk:
    """One run of the loop: how wide, from when on, and what must come of it."""

    browser: Browser
    live: Live
    size: tuple[int, int]
    begins: datetime
    serial: str
    waybill: str
    received: str
    due: str
    tabs: list[Tab] = field(default_factory=list)

    def person(self, username: str, at: timedelta) -> Tab:
        """Somebody signs in, that long after the beginning."""
        self.live.clock.at = self.begins + at
        tab = Tab(self.browser, self.live, self.size)
        self.tabs.append(tab)
        return tab.sign_in(username)


WALKS = {
    "desk": (DESK, FRIDAY, "AP305000311", "SF1600000311", "2026-11-23", "2026-12-07"),
    "phone": (
        PHONE,
        datetime(2026, 12, 2, 3, 10, tzinfo=UTC),
        "AP305000312",
        "SF1600000312",
        "2026-12-03",
        "2026-12-17",
    ),
}


@pytest.fixture(params=WALKS)
def walk(request: pytest.FixtureRequest, browser: Browser, live: Live) -> Iterator[Walk]:
    size, begins, serial, waybill, received, due = WALKS[request.param]
    live.clock.at = begins
    with live.app.app_context():
        _known_device(serial)
    one = Walk(browser, live, size, begins, serial, waybill, received, due)
    yield one
    for tab in one.tabs:
        tab.close()


def _known_device(serial: str) -> None:
    with transaction():
        customer = session.scalars(select(Customer).where(Customer.code == CUSTOMER)).one()
        site = session.scalars(select(Site).where(Site.customer_id == customer.id, Site.name == SITE)).one()
        part = session.scalars(select(Part).where(Part.part_number == PART)).one()
        cases.add_equipment(
            customer.id,
            part_id=part.id,
            serial=serial,
            site_id=site.id,
            contract_id=None,
            name="实验楼 AP-3F",
            actor=SYSTEM,
        )


def message(page: Page) -> str:
    return page.locator("#messages").inner_text().strip()


def test_a_fault_becomes_a_spare_and_its_part_comes_back(walk: Walk) -> None:
    rma = _request(walk)
    reserved = _dispatch(walk, rma)
    _receipt(walk, rma, reserved)
    _come_back(walk, rma)
    _told(walk, rma)
    _finance(walk, rma)


def _request(walk: Walk) -> str:
    engineer = walk.person("engineer", timedelta())
    page = engineer.page
    expect(page).to_have_url(re.compile("/cases$"))
    engineer.look()
    page.goto("/request")
    expect(page.locator("#serial")).to_be_focused()
    engineer.scan(walk.serial)
    preview = page.locator("#request-preview")
    expect(preview).to_contain_text("今日 17:00 前发出 剩余 5 小时 50 分")
    expect(preview).to_contain_text("11:10 确认，早于 14:00")
    expect(preview).to_contain_text("RL-AP-3050 原型号")
    expect(page.locator("#consignee")).to_have_value("田喆")
    expect(page.locator("#address")).to_have_value("河南省新乡市牧野区东校路 9 号实验楼 204")
    engineer.look()
    page.get_by_label("C-2 局部严重").check()
    page.get_by_label("故障现象与诊断").fill("2.4G 射频无输出，更换馈线后依旧")
    page.get_by_label("新建服务单").check()
    page.get_by_role("button", name="确认故障并申请").click()
    page.wait_for_url("**/rma/RMA-*")
    assert message(page) == "已提交申请，备件库看板上已可见。"
    engineer.look()
    return page.url.rsplit("/", 1)[1]


def _dispatch(walk: Walk, rma: str) -> str:
    keeper = walk.person("warehouse", timedelta(minutes=10))
    page = keeper.page
    row = page.locator("tr").filter(has_text=rma)
    expect(row).to_contain_text("今日 17:00 前发出")
    expect(row).to_contain_text("剩余 5 小时 40 分")
    keeper.look()
    expect(page.locator("#board-q")).to_be_focused()
    keeper.scan("FAN220502")
    expect(page.locator("#messages")).to_contain_text("FAN220502")
    assert message(page).startswith("FAN220502 是一件 ")
    row = page.locator("tr").filter(has_text=rma)
    reserved = row.locator(".cell-note .mono").inner_text()
    row.get_by_role("link", name="拣货").click()
    expect(page.locator("#pick-q")).to_be_focused()
    keeper.look()
    keeper.scan("FAN220502")
    refused = page.locator(".scan-result[data-result=bad]")
    expect(refused).to_contain_text("FAN220502 不予接受")
    expect(refused).to_contain_text(reserved)
    keeper.look()
    keeper.scan(f" {reserved.lower()}")
    page.wait_for_url("**/pack")
    assert message(page) == f"{reserved}：已拣，第 1 行"
    keeper.look()
    page.keyboard.type("1")
    page.get_by_label("毛重").fill("1.2")
    page.get_by_role("button", name="装箱").click()
    page.wait_for_url("**/shipments/SH-*")
    keeper.look()
    _slips(walk, keeper, rma, reserved)
    page.get_by_label("承运方").fill("顺丰速运")
    page.get_by_label("运单号").focus()
    keeper.scan(walk.waybill)
    expect(page.locator("#messages")).to_contain_text("已发货。")
    expect(page.locator("main")).to_contain_text("按承诺发出")
    keeper.look()
    return reserved


def _slips(walk: Walk, keeper: Tab, rma: str, reserved: str) -> None:
    page = keeper.page
    shipment = page.url.rsplit("/", 1)[1]
    for button in ("打印发货单", "打印返还单"):
        with keeper.context.expect_page() as printed:
            page.get_by_role("button", name=button).click()
        printed.value.close()
    page.goto(f"/shipments/{shipment}")
    keeper.look()
    papers = {}
    for link in page.locator("a[href$='.pdf']").all():
        answer = keeper.context.request.get(str(link.get_attribute("href")))
        papers[answer.headers["content-disposition"]] = answer.body()
    outgoing = papers.pop(f'inline; filename="{shipment}-shipping-slip-1.pdf"')
    incoming = papers.pop(f'inline; filename="{rma}-return-slip-1.pdf"')
    assert papers == {}
    assert (reserved in reading.flat(outgoing), walk.serial in reading.flat(incoming)) == (True, True)
    read = [set(reading.codes(reading.pages(paper)[0])) for paper in (outgoing, incoming)]
    assert ("Code128", shipment) in read[0]
    assert ("QRCode", f"{walk.live.address}/shipments/{shipment}") in read[0]
    assert ("Code128", rma) in read[1]
    assert ("QRCode", f"{walk.live.address}/returns/receive/{rma}") in read[1]


def _receipt(walk: Walk, rma: str, reserved: str) -> None:
    admin = walk.person("rma", datetime.fromisoformat(f"{walk.received}T02:00Z") - walk.begins)
    page = admin.page
    admin.look()
    page.goto("/receipts")
    row = page.locator("tr").filter(has_text=rma)
    expect(row).to_contain_text(walk.waybill)
    admin.look()
    row.get_by_role("link", name="确认签收").click()
    expect(page.locator("#receipt-due")).to_contain_text(walk.due)
    expect(page.locator("main")).to_contain_text(reserved)
    admin.look()
    page.get_by_label("凭证").fill("快递官网显示本人签收")
    page.get_by_role("button", name="确认签收").click()
    page.wait_for_url(f"**/rma/{rma}")
    assert message(page) == f"签收已确认。故障件须在 {walk.due} 前寄回。"
    admin.look()
    page.get_by_role("link", name="登记返还运单").click()
    expect(page.get_by_label("运单号")).to_be_focused()
    admin.look()
    page.get_by_label("承运方").fill("顺丰速运")
    page.get_by_label("运单号").focus()
    admin.scan(walk.waybill + "R")
    page.wait_for_url(f"**/rma/{rma}")
    admin.look()


def _come_back(walk: Walk, rma: str) -> None:
    keeper = walk.person("warehouse", datetime.fromisoformat(f"{walk.received}T07:00Z") - walk.begins)
    page = keeper.page
    page.locator("#scan-box").focus()
    keeper.scan(f"{walk.live.address}/returns/receive/{rma}")
    page.wait_for_url(f"**/returns/receive/{rma}")
    expect(page.locator("#serial")).to_be_focused()
    keeper.look()
    keeper.scan(walk.serial)
    expect(page.locator("#messages")).to_contain_text(f"已收下：{walk.serial}，与预期一致。")
    keeper.look()
    page.get_by_role("link", name="检验").click()
    keeper.look()
    page.get_by_label("确认故障").check()
    page.get_by_role("button", name="记录检验结果").click()
    page.wait_for_url(lambda url: "/inspect" not in url)
    keeper.look()
    page.goto(f"/returns/receive/{rma}")
    page.get_by_role("link", name="处置").click()
    page.get_by_label("转维修").check()
    keeper.look()
    page.get_by_role("button", name="处置").click()
    page.wait_for_url(lambda url: "/settle" not in url)
    keeper.look()


def _told(walk: Walk, rma: str) -> None:
    engineer = walk.person("engineer", datetime.fromisoformat(f"{walk.received}T08:00Z") - walk.begins)
    page = engineer.page
    page.locator("#scan-box").focus()
    engineer.scan(rma)
    page.wait_for_url(f"**/rma/{rma}")
    engineer.look()
    page.locator(".page-lead a").first.click()
    page.wait_for_url("**/cases/*")
    engineer.look()
    expect(page.locator("#timeline")).to_contain_text("完整")
    titles = page.locator("#timeline .timeline-title").all_inner_texts()
    shipment, order = titles[4].split()[-1], titles[-4].split()[0]
    assert titles == [
        "已办结",
        "已检验",
        "故障件已收到",
        "故障件已寄出",
        f"客户已签收 {shipment}",
        f"已发货：{shipment}",
        f"已装箱，发货单 {shipment}",
        f"{order} 第 1 行已拣货",
        f"已申请备件：{rma}",
        "故障已确认",
        "服务单已建立",
    ]


def _finance(walk: Walk, rma: str) -> None:
    finance = walk.person("finance", datetime.fromisoformat(f"{walk.received}T08:30Z") - walk.begins)
    finance.look()
    table = finance.page.get_by_role("table", name="逾期未返还").last
    expect(table).to_contain_text("MPU19040007")
    expect(table).not_to_contain_text(rma)


def _fill(tab: Tab, serial: str) -> None:
    """The request page with all that it needs."""
    page = tab.page
    page.goto("/request")
    tab.scan(serial)
    expect(page.locator("#request-preview")).to_contain_text("原型号")
    page.get_by_label("C-3 性能下降但可用").check()
    page.get_by_label("故障现象与诊断").fill("端口间歇失效")
    page.get_by_label("新建服务单").check()


@pytest.fixture
def engineer(browser: Browser, live: Live) -> Iterator[Tab]:
    live.clock.at = FRIDAY
    tab = Tab(browser, live).sign_in("engineer")
    yield tab
    tab.close()


def _exchanges(live: Live) -> int:
    with live.app.app_context():
        return session.scalars(select(func.count()).select_from(Rma)).one()


def test_a_double_click_and_the_back_button_make_one_exchange(live: Live, engineer: Tab) -> None:
    page, before = engineer.page, _exchanges(live)
    _fill(engineer, "OCLR190077")
    page.get_by_role("button", name="确认故障并申请").dblclick()
    page.wait_for_url("**/rma/RMA-*")
    assert (engineer.posts("/request"), _exchanges(live)) == (1, before + 1)
    page.go_back()
    page.wait_for_url("**/request")
    page.get_by_role("button", name="确认故障并申请").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("故障件序列号")
    assert (engineer.posts("/request"), _exchanges(live)) == (2, before + 1)
    engineer.look()


def test_an_ended_session_keeps_what_was_typed(live: Live, engineer: Tab) -> None:
    page, before = engineer.page, _exchanges(live)
    _fill(engineer, "NS48T1902233")
    # The live hint asks 400 ms after the last letter and when a field is left: signed out before that, it would be refused,
    # and the console say so.
    page.get_by_label("故障现象与诊断").blur()
    page.wait_for_timeout(500)
    expect(page.locator("#request-preview.htmx-request")).to_have_count(0)
    engineer.context.clear_cookies(name="spares_session")
    page.get_by_role("button", name="确认故障并申请").click()
    expect(page.get_by_label("密码")).to_be_visible()
    engineer.look()
    page.get_by_label("用户名").fill("engineer")
    page.get_by_label("密码").fill(DEMO_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("您填写的内容")
    assert _exchanges(live) == before
    engineer.look()
    page.get_by_role("button", name="重新提交").click()
    page.wait_for_url("**/rma/RMA-*")
    assert _exchanges(live) == before + 1
    expect(page.locator("main")).to_contain_text("端口间歇失效")


def test_what_does_not_come_back_is_overdue_once_its_day_has_passed(browser: Browser, live: Live) -> None:
    live.clock.at = FRIDAY
    rows = []
    for days in (0, 21):
        live.clock.at = FRIDAY + timedelta(days=days)
        tab = Tab(browser, live).sign_in("finance")
        rows.append(tab.page.locator("tr").filter(has_text="NS48P2010044").count())
        tab.look()
        tab.close()
    assert rows == [0, 1]
