"""Every main page of every role with the demo's data, at a desk and on a phone, in Chinese and in English: accessible, within
the screen, quiet, and in one language."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.live import DESK, PHONE, Live, Tab
from tests.browser.pages import PAGES

pytestmark = pytest.mark.browser
SIZES = {"desk": DESK, "phone": PHONE}

VISIBLE_TEXT = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.replace(/\\s+/g, " ").trim();
    const owner = node.parentElement;
    if (text && !owner.closest("script, style, datalist, textarea, .mono, .language-button, [lang=en]")) found.push(text);
  }
  for (const element of document.querySelectorAll("[placeholder], [aria-label], [title]"))
    for (const name of ["placeholder", "aria-label", "title"])
      if (element.getAttribute(name)) found.push(element.getAttribute(name));
  return found;
}"""
CHINESE = re.compile("[\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z]{2,}")


def english_sentences(page: Page) -> list[str]:
    """Texts on a Chinese page of more than three English words and no Chinese one."""
    texts: list[str] = page.evaluate(VISIBLE_TEXT)
    return [text for text in texts if not CHINESE.search(text) and len(WORD.findall(text)) > 3]


def chinese_words(page: Page) -> list[str]:
    """The controls, section headings and column heads of an English page that still speak Chinese."""
    said: list[str] = page.locator("main :is(h2, th[scope=col], button, label, legend, .chip)").all_inner_texts()
    return [text for text in said if CHINESE.search(text)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("username", PAGES)
def test_pages_of_the_role_in_chinese(browser: Browser, live: Live, username: str, size: str) -> None:
    tab = Tab(browser, live, SIZES[size]).sign_in(username)
    mixed = {}
    for name, path in PAGES[username].items():
        assert tab.open(path) == 200, path
        tab.look()
        if words := english_sentences(tab.page):
            mixed[name] = words
    tab.close()
    assert mixed == {}


@pytest.mark.parametrize("username", PAGES)
def test_pages_of_the_role_in_english(browser: Browser, live: Live, username: str) -> None:
    tab = Tab(browser, live, DESK, locale="en-GB").sign_in(username)
    mixed = {}
    for name, path in PAGES[username].items():
        assert tab.open(path) == 200, path
        assert tab.page.locator("html").get_attribute("lang") == "en"
        if words := chinese_words(tab.page):
            mixed[name] = words
    tab.close()
    assert mixed == {}
