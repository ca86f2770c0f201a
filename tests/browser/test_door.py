"""What comes to the door and should be elsewhere: taken in with one question, and put right where the record is kept."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.live import FRIDAY, PHONE, Live, Tab

pytestmark = pytest.mark.browser
RMA, SHIPMENT, SERIAL = "RMA-000010", "SH-000010", "NS24T2211040"
SAID = f"账实不符：NS-5720-24T {SERIAL}（账面：{SHIPMENT} 在途）"


def test_a_spare_under_way_comes_back_to_the_counter(browser: Browser, live: Live) -> None:
    live.clock.at = FRIDAY
    _taken_in(browser, live)
    _put_right(browser, live)


def _taken_in(browser: Browser, live: Live) -> None:
    keeper = Tab(browser, live, PHONE).sign_in("warehouse")
    page = keeper.page
    page.goto("/returns/receive")
    keeper.scan(SERIAL)
    page.wait_for_url(f"**/returns/receive/{RMA}")
    keeper.scan(SERIAL)
    expect(page.get_by_role("alert")).to_contain_text(SAID)
    expect(page.locator("#serial")).to_be_focused()
    keeper.look()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(SAID)
    page.get_by_role("button", name="作为差异收下").click()
    expect(page.locator("#messages")).to_contain_text("已记为差异，未记账，返还义务不变。")
    keeper.look()
    keeper.close()


def _put_right(browser: Browser, live: Live) -> None:
    chief = Tab(browser, live).sign_in("rma")
    page = chief.page
    page.goto("/discrepancies")
    chief.look()
    row = page.locator("tr").filter(has_text=SERIAL)
    row.get_by_role("link", name="裁定").click()
    expect(page.locator("main")).to_contain_text("请先了结该发货")
    address = page.url
    chief.look()
    page.get_by_role("link", name=f"打开 {SHIPMENT} 收回").click()
    page.get_by_text("未送达退回…").click()
    page.locator("details[open] [name=reason]").fill("客户拒收")
    page.get_by_role("button", name="收回").click()
    expect(page.locator("#messages")).to_contain_text("已收回")
    page.goto(address)
    chief.look()
    page.get_by_label("原因").fill("整票拒收，已收回，在返还区待检")
    page.get_by_role("button", name="记录已更正").click()
    page.wait_for_url("**/discrepancies")
    page.goto(address)
    expect(page.locator("main")).to_contain_text("整票拒收")
    chief.look()
    page.goto(f"/rma/{RMA}")
    page.locator(".page-lead a").first.click()
    page.wait_for_url("**/cases/*")
    expect(page.locator("#timeline")).to_contain_text("记录已更正")
    expect(page.locator("#timeline")).to_contain_text(SAID)
    chief.close()
