"""The way to the pages: each link is called what its page is called, and the role's first screen comes first, once."""

import re
from html import unescape

import pytest
from flask import Flask

from spares.accounts.models import Role
from spares.desk.navigation import FIRST_SCREENS
from spares.serving import prepare
from tests.factories import make_user, sign_in

RAIL = re.compile(r'<nav class="rail".*?</nav>', re.S)
LINK = re.compile(r'<li><a href="([^"]+)"( aria-current="page")?>(?:<svg.*?</svg>)?([^<]+)', re.S)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("role", Role)
def test_links_are_called_what_their_pages_are_called(context: Flask, role: Role, language: str) -> None:
    prepare()
    client = context.test_client()
    sign_in(client, make_user(role))
    first = client.get("/", headers={"Accept-Language": language}, follow_redirects=True)
    links = [(url, unescape(label)) for url, _current, label in LINK.findall(RAIL.findall(first.text)[0])]
    assert len({label for _url, label in links}) == len(links)
    assert len({url for url, _label in links}) == len(links)
    assert first.request.path == links[0][0]
    for url, label in links:
        page = client.get(url, headers={"Accept-Language": language})
        assert page.status_code == 200, url
        heading = unescape(re.findall(r"<h1>(.*?)</h1>", page.text, re.S)[0])
        assert label.casefold() in heading.casefold()
        assert [one[2] for one in LINK.findall(RAIL.findall(page.text)[0]) if one[1]] == [label]


def test_every_role_begins_somewhere() -> None:
    assert FIRST_SCREENS.keys() == set(Role)
