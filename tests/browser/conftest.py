"""One browser and one served demo for each module of browser tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.live import Live, demo_site, running_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The demo, served."""
    with demo_site(tmp_path_factory.mktemp("live")) as site:
        yield site
