"""The shared page parts in a real browser, under the product's content policy: accessible, within the screen's width,
and with the script's promises kept. The kit application has no database, so these tests need none."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright
from werkzeug.serving import make_server

from tests.kit.application import compiled_catalogues, create_kit

pytestmark = pytest.mark.browser
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = ["/", "/?lang=en", "/form", "/scan", "/error/404", "/error/500?signed=out"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app = create_kit(compiled_catalogues(tmp_path_factory.mktemp("catalogues")))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab
    context.close()
    # Chromium reports every answer of 4xx and 5xx on the console; those are asked for here.
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


def violations(page: Page) -> list[tuple[str, list[str]]]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]


SIZES = [(path, width) for path in PAGES for width in (360, 1280)] + [("/", 320), ("/", 768), ("/", 1024), ("/", 1920)]


@pytest.mark.parametrize(("path", "width"), SIZES)
def test_pages_are_accessible_and_never_wider_than_the_screen(page: Page, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []


def test_a_refused_form_is_accessible_and_its_summary_has_the_focus(page: Page) -> None:
    page.goto("/form")
    page.get_by_role("button", name="提交申请").click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    assert violations(page) == []
    summary.get_by_role("link", name="故障件序列号").click()
    expect(page.locator("#serial")).to_be_focused()
    summary.get_by_role("link", name="故障等级").click()
    expect(page.locator("#level input").first).to_be_focused()


def test_slash_brings_the_cursor_to_the_scan_box_but_can_be_typed(page: Page) -> None:
    page.goto("/")
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("#scan-box")).to_be_focused()
    page.keyboard.type("A/1\n")
    page.wait_for_url("**/go?q=A%2F1")


def test_menus_open_without_a_script_and_close_on_escape(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/")
    menu = page.locator(".topbar-menu")
    menu.locator("summary").click()
    expect(menu.get_by_role("link", name="库存")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("link", name="库存")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_a_double_click_posts_once(page: Page) -> None:
    page.goto("/")
    posts: list[str] = []

    def hold(route) -> None:  # type: ignore[no-untyped-def]
        posts.append(route.request.url)
        route.fulfill(status=204)

    page.route("**/page", hold)
    button = page.get_by_role("button", name="补打发货单")
    button.dblclick()
    button.click(force=True)
    expect(button).to_be_disabled()
    page.wait_for_timeout(200)
    assert len(posts) == 1


def centre(button: Locator) -> tuple[float, float]:
    """Where to click, for clicks that do not wait for what they begin."""
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def held(page: Page, pattern: str) -> Iterator[list[Route]]:
    """What the page asks for at such an address, none of it answered before the end."""
    asked: list[Route] = []
    page.route(pattern, lambda route: asked.append(route))
    yield asked
    for route in asked:
        route.fulfill(status=204)
    page.unroute(pattern)


@pytest.mark.parametrize("name", ["method", "target", "action"])
def test_a_double_click_posts_once_whatever_a_field_is_called(page: Page, name: str) -> None:
    page.goto("/")
    button = page.get_by_role("button", name="补打发货单")
    button.evaluate(
        "(button, name) => button.form.append(Object.assign(document.createElement('input'), {name}))", name
    )
    with held(page, "**/page") as posts:
        x, y = centre(button)
        for _ in range(3):
            # The first has left before the second click: two in one breath are one navigation to the browser anyway.
            page.mouse.click(x, y)
            page.wait_for_timeout(200)
        assert len(posts) == 1


def test_a_form_stays_sent_while_its_answer_may_still_come(page: Page) -> None:
    page.clock.install()
    page.goto("/")
    button = page.get_by_role("button", name="补打发货单")
    posts: list[str] = []
    # An answer that shows nothing leaves the page as it is while it waits; a page in mid-navigation has no clock to turn.
    page.route("**/page", lambda route: (posts.append(route.request.url), route.fulfill(status=204)))
    for _ in range(3):
        button.click(force=True)
        page.clock.run_for(15_000)
    expect(button).to_be_disabled()
    assert len(posts) == 1
    page.clock.run_for(20_000)
    expect(button).to_be_enabled()


def test_a_form_that_opens_another_window_can_be_sent_again_soon(page: Page) -> None:
    page.clock.install()
    page.goto("/")
    button = page.get_by_role("button", name="补打发货单")
    button.evaluate("button => { button.form.target = 'paper'; }")
    with page.expect_popup():
        button.click()
    expect(button).to_be_disabled()
    page.clock.run_for(9_000)
    expect(button).to_be_enabled()


def test_clicks_before_the_page_has_loaded_post_once(page: Page) -> None:
    """Neither a script that is still on its way nor the page's being shown lets the second one through."""
    late: list[Route] = []
    page.route("**/app.js*", lambda route: late.append(route))
    page.goto("/", wait_until="commit")
    button = page.get_by_role("button", name="补打发货单")
    expect(button).to_be_visible()
    x, y = centre(button)
    with held(page, "**/page") as posts:
        page.mouse.click(x, y)
        page.wait_for_timeout(200)
        page.mouse.click(x, y)
        for route in late:
            route.continue_()
        page.wait_for_timeout(300)
        page.mouse.click(x, y)
        page.wait_for_timeout(200)
        assert (len(late), len(posts)) == (1, 1)


def test_a_live_hint_follows_what_is_typed(page: Page) -> None:
    page.goto("/form")
    page.locator("#serial").fill("SN-1")
    expect(page.locator("#promise")).to_contain_text("今日 17:00 前发出")


def test_leaving_a_form_that_was_typed_in_asks_first_and_sending_it_does_not(page: Page) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/form")
    page.goto("/scan")
    assert asked == []
    page.goto("/form")
    page.locator("#serial").press_sequentially("SN")
    page.goto("/scan")
    assert asked == ["beforeunload"]
    page.goto("/form")
    page.locator("#serial").press_sequentially("SN")
    page.get_by_role("button", name="提交申请").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    assert asked == ["beforeunload"]


def test_a_scan_loop_keeps_every_scan_of_a_fast_scanner_and_the_focus(page: Page) -> None:
    page.goto("/scan")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    for serial in ("SN-11", "BAD-12", "SN-13", "SN-14"):
        page.keyboard.type(serial + "\n")
    results = page.locator(".scan-result[data-result]")
    expect(results).to_have_count(7)
    expect(page.locator(".scan-wait")).to_have_count(0)
    shown = page.locator(".scan-result .strong").all_inner_texts()
    assert shown == ["SN-14", "SN-13", "BAD-12", "SN-11", "SN-0001", "SN-9999", "SN-0002"]
    assert results.nth(2).get_attribute("data-result") == "bad"
    expect(page.locator("[data-scan-input]")).to_be_focused()
    expect(page.locator("[data-scan-said]")).to_contain_text("SN-14")
    keys = re.findall(r'name="request_key"\s+([0-9a-f]{32})', "\n".join(sent))
    assert len(keys) == len(set(keys)) == 4
    page.locator("h1").click()
    expect(page.locator("[data-scan-input]")).to_be_focused()


def test_a_scan_that_could_not_be_sent_says_so_and_stops_nothing(page: Page) -> None:
    page.goto("/scan")
    page.route("**/scan", lambda route: route.abort(), times=1)
    page.keyboard.type("SN-21\n")
    expect(page.locator(".scan-result").first).to_contain_text("未发送")
    page.keyboard.type("SN-22\n")
    expect(page.locator(".scan-result").first).to_contain_text("SN-22")
    expect(page.locator(".scan-result").first).to_contain_text("已收")


def test_an_ended_session_leads_to_the_sign_in_page_and_back(page: Page) -> None:
    page.goto("/scan?order=7")
    page.route("**/scan*", lambda route: route.fulfill(status=401), times=1)
    page.keyboard.type("SN-31\n")
    page.wait_for_url("**/sign-in?next=%2Fscan%3Forder%3D7")


def test_the_sound_can_be_turned_off_and_stays_off(page: Page) -> None:
    page.goto("/scan")
    page.get_by_role("button", name="声音").click()
    page.reload()
    expect(page.get_by_role("button", name="声音")).to_have_attribute("aria-pressed", "false")


def test_paper_carries_no_chrome(page: Page) -> None:
    page.goto("/")
    page.emulate_media(media="print")
    for chrome in (".topbar", ".rail", ".page-actions", ".pagination", ".demo-banner"):
        expect(page.locator(chrome).first).to_be_hidden()
    expect(page.get_by_role("table", name="待发货")).to_be_visible()
