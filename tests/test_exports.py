"""Every list with downloads, asked for filters that name nothing: what it shows can be downloaded all the same."""

import re
from html import unescape

import pytest
from flask import Flask

from spares.accounts.models import Role
from spares.clock import now
from spares.demo.story import load
from spares.serving import prepare
from tests.factories import make_user, sign_in

LISTS = {
    "/cases": (Role.ENGINEER, 2, ["state", "level", "whose"]),
    "/rma": (Role.RMA_ADMIN, 2, ["tab"]),
    "/units": (Role.WAREHOUSE, 2, ["where", "condition", "part", "held"]),
    "/parts": (Role.WAREHOUSE, 2, ["depot", "level", "tracking"]),
    "/reports/overdue": (Role.FINANCE, 3, ["as_of", "customer", "depot", "bucket", "state"]),
}
"""Who opens it, how many downloads it offers, and its filters."""
NOTHING = ["no-such", "9999-12-31", "99999999999999999999"]


@pytest.mark.parametrize("address", LISTS)
def test_what_a_list_shows_can_be_downloaded_whatever_its_filters_were_asked(context: Flask, address: str) -> None:
    prepare()
    load(now())
    role, count, filters = LISTS[address]
    client = context.test_client()
    sign_in(client, make_user(role))
    for name, value in [(name, value) for name in filters for value in NOTHING]:
        page = client.get(address, query_string={name: value})
        assert page.status_code in {200, 422}
        links = [unescape(link) for link in re.findall(r'href="([^"]*)" download', page.text)]
        assert len(links) in {count, 0}, (name, value)
        assert links or 'class="empty"' in page.text, (name, value)
        for link in links:
            answer = client.get(link)
            assert (answer.status_code, "attachment" in answer.headers["Content-Disposition"]) == (200, True), link
