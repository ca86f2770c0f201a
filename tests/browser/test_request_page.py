"""The request page's own behaviour in a browser: what a choice shows, and that nothing typed is lost by it."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.live import DESK, PHONE, Live, Tab

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_the_kind_of_case_shows_its_own_fields_and_keeps_what_was_typed(
    browser: Browser, live: Live, size: tuple[int, int]
) -> None:
    tab = Tab(browser, live, size).sign_in("engineer")
    page = tab.page
    tab.open("/request")
    number, customer, title = (page.locator(f"#{name}") for name in ("case_number", "customer", "title"))
    expect(number).to_be_visible()
    expect(customer).to_be_hidden()
    page.get_by_label("新建服务单").check()
    expect(customer).to_be_visible()
    expect(number).to_be_hidden()
    customer.fill("K1002")
    title.fill("机房交换机")
    page.get_by_label("用于已有服务单").check()
    expect(title).to_be_hidden()
    page.get_by_label("新建服务单").check()
    expect(customer).to_have_value("K1002")
    expect(title).to_have_value("机房交换机")
    expect(page.locator(".htmx-request")).to_have_count(0)
    tab.look()
    tab.close()


def test_a_refusal_names_its_field_where_it_is_seen(browser: Browser, live: Live) -> None:
    tab = Tab(browser, live, PHONE).sign_in("engineer")
    page = tab.page
    tab.open("/request")
    page.get_by_label("新建服务单").check()
    page.locator("#serial").fill("NOT-KNOWN-1")
    page.locator(".form-actions button[type=submit]").click()
    page.locator("[data-error-summary] a[href='#customer']").click()
    expect(page.locator("#customer")).to_be_focused()
    tab.look()
    tab.close()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_serial_without_a_case_chooses_a_new_one_by_itself(
    browser: Browser, live: Live, size: tuple[int, int]
) -> None:
    tab = Tab(browser, live, size).sign_in("engineer")
    page = tab.page
    tab.open("/request")
    page.get_by_label("用于已有服务单").check()
    page.locator("#finding").fill("电源板烧毁")
    page.locator("#serial").fill("NOT-KNOWN-1")
    page.locator("button[name=look]").click()
    expect(page.get_by_label("新建服务单")).to_be_checked()
    expect(page.locator("#customer")).to_be_visible()
    expect(page.locator("#finding")).to_have_value("电源板烧毁")
    expect(page.locator("#serial")).to_have_value("NOT-KNOWN-1")
    page.get_by_label("用于已有服务单").check()
    page.locator("button[name=look]").click()
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(page.get_by_label("用于已有服务单")).to_be_checked()
    tab.look()
    tab.close()
