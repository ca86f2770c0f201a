"""The product as it runs: an application served by waitress on a free port, whose clock the test holds, and a browser whose
tabs keep an account of everything that is wrong with a page."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
import waitress
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from spares import settings
from spares.app import create_app
from spares.db import db, session
from spares.demo.accounts import DEMO_PASSWORD
from spares.demo.story import load
from spares.serving import prepare
from tests.conftest import config_for

CUT_OFF = """() => [...document.querySelectorAll('.table-wrap')]
    .filter(wrap => wrap.scrollWidth > wrap.clientWidth + 1)
    .map(wrap => `${wrap.ariaLabel}: ${wrap.scrollWidth} px in ${wrap.clientWidth}`)"""
"""The tables whose last columns are out of sight until somebody scrolls sideways."""
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
DESK, PHONE = (1280, 900), (360, 740)
FRIDAY = datetime(2026, 11, 20, 3, 10, tzinfo=UTC)
"""Friday 2026-11-20 11:10 in Shanghai: a working day, before the cut-off, with the demo's morning behind it."""


class Clock:
    """What the product reads instead of the wall clock: it stands at `at` until a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self, _zone: object = None) -> datetime:
        """In place of `datetime.now`."""
        return self.at

    def forward(self, **span: float) -> None:
        """Let time pass."""
        self.at += timedelta(**span)


class Live:
    """A site that is being served."""

    def __init__(self, app: Flask, address: str, clock: Clock) -> None:
        self.app, self.address, self.clock = app, address, clock


@contextmanager
def demo_site(folder: Path, at: datetime = FRIDAY) -> Iterator[Live]:
    """The demo's depot on an SQLite file below `folder`, served, with its story told up to `at`."""
    clock = Clock(at)
    with patch("spares.clock.datetime", clock), _served(folder, clock) as site:
        yield site


@contextmanager
def _served(folder: Path, clock: Clock) -> Iterator[Live]:
    app = create_app(config_for(f"sqlite:///{folder / 'live.sqlite3'}", data_dir=folder))
    server = waitress.create_server(
        app, host="127.0.0.1", port=0, threads=8, ident=None, clear_untrusted_proxy_headers=False
    )
    address = f"http://127.0.0.1:{server.effective_port}"
    app.config["SPARES_BASE_URL"] = address
    with app.app_context():
        prepare()
        load(clock.at)
        session.remove()
        settings.forget()
        engine = db.engine
    app.config["SPARES_DEMO_DATA"] = True
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Live(app, address, clock)
    finally:
        server.close()
        thread.join(timeout=10)
        engine.dispose()


@contextmanager
def running_browser() -> Iterator[Browser]:
    """The machine's own Chromium."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("The browser tests need Chromium and a Chinese font: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


class Tab:
    """One person's browser: a page, and what went wrong on it. Every check of a page's state goes through `look`."""

    def __init__(self, browser: Browser, live: Live, size: tuple[int, int] = DESK, locale: str = "zh-CN") -> None:
        self.live, self.width = live, size[0]
        self.context: BrowserContext = browser.new_context(
            base_url=live.address,
            viewport={"width": size[0], "height": size[1]},
            locale=locale,
            has_touch=size[0] < 600,
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.sent: list[tuple[str, str]] = []
        # The page's own: in the tab that shows a PDF, the browser asks for an icon of its own accord.
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.context.on("request", self._note)

    def _hear(self, message: ConsoleMessage) -> None:
        # A refusal is an answer of 401, 409 or 422, which Chromium reports as a failure; anything else is one.
        asked_for = any(f"status of {code}" in message.text for code in (401, 409, 422))
        # A hint that was still being fetched when the person went on; htmx logs both lines and cannot be told not to.
        gone_on = message.text.startswith(("htmx:afterRequest", "htmx:sendAbort"))
        if message.type in {"error", "warning"} and not asked_for and not gone_on:
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url')}")

    def _note(self, request: Request) -> None:
        self.sent.append((request.method, request.url))

    def sign_in(self, username: str) -> "Tab":
        """Through the form, as a person does."""
        self.page.goto("/sign-in")
        self.page.locator("#username").fill(username)
        self.page.locator("#password").fill(DEMO_PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)
        return self

    def open(self, path: str) -> int:
        """Go there; the answer's status."""
        answer = self.page.goto(path)
        assert answer is not None
        return answer.status

    def scan(self, text: str) -> None:
        """What a keyboard-wedge scanner does: type wherever the cursor is, and end with Enter."""
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def posts(self, path: str) -> int:
        """How many forms went to that path so far."""
        return sum(method == "POST" and urlsplit(url).path == path for method, url in self.sent)

    def look(self) -> None:
        """The page as it stands is accessible, fits the screen, and nothing has gone wrong on the way to it."""
        # The browser's own PDF viewer asks for its own parts, which are no requests to anybody.
        asked = [url for _method, url in self.sent if url.startswith(("http:", "https:", "ws:", "wss:"))]
        away = [url for url in asked if not url.startswith(self.live.address + "/")]
        wrong = [*violations(self.page), *self.complaints, *(f"left the server: {url}" for url in away)]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            wrong.append(f"{wide} px wide on a screen of {self.width}")
        wrong += [f"cut off: {table}" for table in self.page.evaluate(CUT_OFF)]
        if wrong:
            pytest.fail(f"{self.page.url}: {wrong}")

    def close(self) -> None:
        """End the person's browser."""
        self.context.close()


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong on the page, with the elements concerned."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
