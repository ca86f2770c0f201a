"""A scanner does not wait for pages: what it sends while the scan loop is still on its way is not lost."""

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.live import FRIDAY, Live, Tab

pytestmark = pytest.mark.browser


def test_new_stock_is_scanned_while_its_page_loads(browser: Browser, live: Live) -> None:
    live.clock.at = FRIDAY
    keeper = Tab(browser, live).sign_in("warehouse")
    page = keeper.page
    page.goto("/stock/receive")
    expect(page.locator("#part")).to_be_focused()

    held: list[Route] = []
    page.route("**/stock/receive?*", lambda route: held.append(route))
    page.keyboard.type("NS-5720-48T")
    page.keyboard.press("Enter")
    keeper.scan("AHEAD1")
    keeper.scan("AHEAD2")
    page.keyboard.type("AHE")
    held[0].continue_()
    page.wait_for_url("**/stock/receive?*")
    expect(page.locator("#scan-count")).to_have_text("2")
    expect(page.locator("#scan-q")).to_have_value("AHE")
    keeper.scan("AD3")
    expect(page.locator("#scan-count")).to_have_text("3")
    expect(page.locator("#scan-list")).to_contain_text("AHEAD3")
    keeper.look()
    keeper.close()


def test_what_was_typed_at_a_refused_form_is_not_scanned_later(browser: Browser, live: Live) -> None:
    live.clock.at = FRIDAY
    keeper = Tab(browser, live).sign_in("warehouse")
    page = keeper.page
    page.goto("/stock/receive")
    keeper.scan("NO-SUCH-PART")
    page.keyboard.type("STRAY")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    page.locator("#part").fill("NS-5720-48T")
    page.locator("#part").press("Enter")
    expect(page.locator("#scan-q")).to_be_focused()
    expect(page.locator("#scan-q")).to_have_value("")
    expect(page.locator("#scan-count")).to_have_text("0")
    keeper.close()
