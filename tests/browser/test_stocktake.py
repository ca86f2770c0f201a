"""A stocktake as people make it: two of them scan the same bin in Chinese, at a desk and on a phone, a second count follows,
and another person approves. Every page on the way is checked for accessibility, width and complaints."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from spares.calendars.models import Depot
from spares.db import session
from spares.inventory.ledger_check import verify
from spares.inventory.models import Location, LocationKind, StockBalance, Tracking, Unit, UnitState
from tests.browser.live import DESK, FRIDAY, PHONE, Live, Tab
from tests.factories import make_bin, make_part, put_stock

pytestmark = pytest.mark.browser
SIZES = {"desk": DESK, "phone": PHONE}


@dataclass
class Round:
    """One stocktake: its bin, what lies in it, and who is at work."""

    browser: Browser
    live: Live
    size: tuple[int, int]
    mark: str
    tabs: list[Tab] = field(default_factory=list)

    @property
    def bin(self) -> str:
        """Its code."""
        return f"Z-{self.mark}-01"

    def serial(self, number: int) -> str:
        """One of its routers."""
        return f"ZX{self.mark}{number:04d}"

    def person(self, username: str) -> Tab:
        """Somebody signs in, a minute later."""
        self.live.clock.forward(minutes=1)
        tab = Tab(self.browser, self.live, self.size)
        self.tabs.append(tab)
        return tab.sign_in(username)

    def stock(self) -> None:
        """Three routers worth more than the limit and ten cables in a bin of their own; a bin that stays empty."""
        depot = session.scalars(select(Depot).order_by(Depot.id).limit(1)).one()
        place = make_bin(depot, self.bin)
        make_bin(depot, f"Z-{self.mark}-02")
        router = make_part(f"RT-{self.mark}", price_minor=900_000, description="核心路由器")
        put_stock(router, [self.serial(number) for number in (1, 2, 3)], place)
        put_stock(make_part(f"CAB-{self.mark}", tracking=Tracking.COUNTED, price_minor=1_500), 10, place)


@pytest.fixture(params=SIZES)
def counting(request: pytest.FixtureRequest, browser: Browser, live: Live) -> Iterator[Round]:
    live.clock.at = FRIDAY
    one = Round(browser, live, SIZES[request.param], request.param.upper())
    with live.app.app_context():
        one.stock()
        session.remove()
    yield one
    for tab in one.tabs:
        tab.close()


def message(page: Page) -> str:
    return page.locator("#messages").inner_text().strip()


def said(page: Page) -> list[str]:
    """The results of the scans, newest first, each as its first line."""
    return [text.split("\n")[0] for text in page.locator(".scan-result .scan-words").all_inner_texts()]


def test_a_bin_is_counted_while_two_people_scan_and_another_one_approves(counting: Round) -> None:
    keeper = counting.person("warehouse")
    number = _open(counting, keeper)
    _count(counting, keeper, number)
    _close(counting, keeper, number)
    _look_again(counting, keeper, number)
    _decide(counting, keeper, number)
    _approve(counting, number)
    _post(counting, keeper, number)


def _open(one: Round, keeper: Tab) -> str:
    page = keeper.page
    page.goto("/stocktakes")
    keeper.look()
    page.get_by_role("link", name="盘点建议").first.click()
    row = page.locator("tr").filter(has_text=one.bin)
    expect(row).to_contain_text("从未盘点")
    keeper.look()
    page.goto("/stocktakes/new")
    page.get_by_label("货位").last.fill(f"{one.bin}\nZ-99-99")
    page.get_by_role("button", name="建立盘点单").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("Z-99-99")
    keeper.look()
    page.locator("#bins").fill(f"{one.bin}\nz-{one.mark}-02")
    page.get_by_role("button", name="建立盘点单").click()
    page.wait_for_url("**/stocktakes/STK-*")
    keeper.look()
    return page.url.rsplit("/", 1)[1]


def _count(one: Round, keeper: Tab, number: str) -> None:
    page = keeper.page
    page.locator("#scan-box").focus()
    keeper.scan(number.lower())
    page.wait_for_url(f"**/stocktakes/{number}")
    expect(page.locator("#scan-q")).to_be_focused()
    keeper.scan(f" {one.bin.lower()} ")
    page.wait_for_url("**/stocktakes/bins/*")
    expect(page.locator("#scan-q")).to_be_focused()
    keeper.scan(one.serial(1))
    keeper.scan(one.serial(1).lower())
    keeper.scan(one.bin)
    keeper.scan(f"(240)RT-{one.mark}(21)STRANGER-{one.mark}")
    expect(page.locator(".scan-result").first).not_to_contain_text("(240)")
    expect(page.locator("#scan-count")).to_have_text("2")
    assert said(page) == [f"STRANGER-{one.mark}", one.bin, one.serial(1).lower(), one.serial(1)]
    keeper.look()
    other = one.person("rma")
    other.page.goto(page.url)
    other.scan(one.serial(2))
    expect(other.page.locator("#scan-count")).to_have_text("3")
    other.scan("MISTAKE")
    expect(other.page.locator("#scan-count")).to_have_text("4")
    other.page.get_by_role("button", name="撤销 MISTAKE").click()
    other.page.wait_for_load_state()
    assert message(other.page) == "已撤销。"
    expect(other.page.locator("#scan-count")).to_have_text("3")
    other.scan(f"CAB-{one.mark}")
    other.page.wait_for_url(re.compile(r"\?part="))
    expect(other.page.locator("#quantity")).to_be_focused()
    other.look()
    other.page.keyboard.type("8")
    other.page.keyboard.press("Enter")
    expect(other.page.locator("#scan-count")).to_have_text("11")
    expect(other.page.locator(".scan-list")).to_contain_text(f"CAB-{one.mark} × 8")
    for hidden in (one.serial(3), "账面"):
        expect(other.page.locator("main")).not_to_contain_text(hidden)
    other.look()
    other.page.get_by_role("button", name="货位盘完").click()
    other.page.wait_for_url(f"**/stocktakes/{number}")
    other.look()
    keeper.scan(one.serial(3))
    refused = page.locator(".scan-result[data-result=bad]").first
    expect(refused).to_contain_text("已盘完")
    keeper.look()


def _close(one: Round, keeper: Tab, number: str) -> None:
    page = keeper.page
    one.live.clock.forward(minutes=5)
    page.goto(f"/stocktakes/{number}")
    page.locator("summary").filter(has_text="结束清点").click()
    keeper.look()
    page.get_by_role("button", name="结束清点").click()
    page.wait_for_url(f"**/stocktakes/{number}/differences")
    rows = page.locator("main table tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text=one.serial(3))).to_contain_text("盘亏")
    expect(rows.filter(has_text=f"CAB-{one.mark}")).to_contain_text("-2")
    expect(rows.filter(has_text="STRANGER")).to_contain_text("未知序列号")
    keeper.look()


def _look_again(one: Round, keeper: Tab, number: str) -> None:
    """The second count shows nothing of the books; the cables are all there."""
    page = keeper.page
    page.get_by_role("link", name="复盘").click()
    keeper.look()
    page.get_by_role("link", name=f"盘点 CAB-{one.mark}").click()
    expect(page.locator("main")).not_to_contain_text("账面")
    expect(page.locator("#quantity")).to_be_focused()
    keeper.look()
    page.keyboard.press("Enter")
    expect(page.locator("[data-error-summary]")).to_contain_text("件数")
    keeper.look()
    one.live.clock.forward(minutes=1)
    page.locator("#quantity").fill("10")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/stocktakes/{number}/second-counts")
    expect(page.locator("main table tbody tr")).to_have_count(2)
    page.get_by_role("link", name=f"盘点 {one.serial(3)}").click()
    keeper.look()
    page.get_by_role("button", name="不在").click()
    page.wait_for_url(f"**/stocktakes/{number}/second-counts")
    expect(page.locator("tr").filter(has_text=one.serial(3))).to_contain_text("已复盘")


def _decide(one: Round, keeper: Tab, number: str) -> None:
    page = keeper.page
    page.goto(f"/stocktakes/{number}/differences")
    page.get_by_role("link", name=f"STRANGER-{one.mark}").click()
    expect(page.locator("#part")).to_have_value(f"RT-{one.mark}")
    keeper.look()
    page.get_by_label("原因").fill("货架后方找到")
    page.get_by_role("button", name="确认差异").click()
    page.wait_for_url(f"**/stocktakes/{number}/differences")
    page.locator("tr").filter(has_text=one.serial(3)).get_by_role("checkbox").check()
    page.get_by_label("原因").fill("两次清点未见")
    page.get_by_role("button", name="确认差异").click()
    page.wait_for_load_state()
    expect(page.locator("main table tbody tr").filter(has_text="待他人批准")).to_have_count(2)
    keeper.look()
    page.goto(f"/stocktakes/{number}/post")
    expect(page.locator("main")).to_contain_text("未处理：2")
    keeper.look()


def _approve(one: Round, number: str) -> None:
    manager = one.person("manager")
    page = manager.page
    for name in (one.serial(3), f"STRANGER-{one.mark}"):
        page.goto(f"/stocktakes/{number}/differences")
        page.get_by_role("link", name=name).click()
        manager.look()
        page.get_by_role("button", name="批准", exact=True).click()
        page.wait_for_url(f"**/stocktakes/{number}/differences")
        assert message(page) == "已批准。"
    manager.look()


def _post(one: Round, keeper: Tab, number: str) -> None:
    page = keeper.page
    page.goto(f"/stocktakes/{number}/post")
    keeper.look()
    page.get_by_role("button", name="过账").dblclick()
    page.wait_for_url(f"**/stocktakes/{number}/differences")
    expect(page.locator("main table tbody tr").filter(has_text="已过账")).to_have_count(2)
    keeper.look()
    page.goto(f"/stocktakes/{number}")
    expect(page.locator("main")).to_contain_text("差异过账")
    keeper.look()
    with one.live.app.app_context():
        place = session.scalars(select(Location).where(Location.code == one.bin)).one()
        units = select(Unit.serial).join(UnitState, UnitState.unit_id == Unit.id)
        there = session.scalars(units.where(UnitState.location_id == place.id).order_by(Unit.serial)).all()
        lost = (
            select(Location.kind)
            .join(UnitState, UnitState.location_id == Location.id)
            .join(Unit, Unit.id == UnitState.unit_id)
        )
        assert there == [f"STRANGER-{one.mark}", one.serial(1), one.serial(2)]
        assert session.scalars(lost.where(Unit.serial == one.serial(3))).one() is LocationKind.DIFFERENCE
        cables = select(StockBalance.on_hand).where(StockBalance.location_id == place.id).order_by(StockBalance.part_id)
        assert 10 in session.scalars(cables).all()
        assert list(verify()) == []
        session.remove()
