"""How much the database is asked on the pages of a stocktake: as much for many units and bins as for few."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from spares import settings
from spares.accounts.models import Role
from spares.db import session
from tests.factories import make_bin, make_depot, make_part, make_user, post, put_stock, sign_in

HTMX = {"HX-Request": "true"}
STATEMENTS = {
    "proposals": 8,
    "scan": 12,
    "bin": 6,
    "run": 6,
    "differences": 11,
    "second counts": 3,
    "judged run": 8,
    "list": 2,
}
"""Of each page, the sign-in check included."""


_keys = iter(range(10**6))


class Site:
    """A depot with `bins` bins of `units` units each, and its keeper."""

    def __init__(self, app: Flask, bins: int, units: int) -> None:
        with app.app_context():
            depot = make_depot(f"D{bins}")
            part = make_part(price_minor=100)
            self.codes = [f"A-{bins}-{n:02d}" for n in range(bins)]
            self.serials = {code: [f"{code}-{k}" for k in range(units)] for code in self.codes}
            for code in self.codes:
                put_stock(part, self.serials[code], make_bin(depot, code))
            self.depot = depot.id
            self.client: FlaskClient = app.test_client()
            sign_in(self.client, make_user(Role.WAREHOUSE, language="en"))
            session.remove()

    def send(self, path: str, **fields: object) -> str:
        """Post a form; where it leads."""
        answer = post(self.client, path, {"request_key": f"k{next(_keys)}", **fields})
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def scan(self, page: str, serial: str) -> int:
        """Scan with a script; the answer's status."""
        form = {"request_key": f"k{next(_keys)}", "q": serial}
        return post(self.client, f"{page}/scan", form, headers=HTMX).status_code


def asked(site: Site, statements: list[str]) -> dict[str, int]:
    """The statements of each step of a stocktake in which the last unit of each bin is missing."""
    counts = {}

    def note(name: str, path: str) -> None:
        assert site.client.get(path).status_code == 200
        statements.clear()
        assert site.client.get(path).status_code == 200
        counts[name] = len(statements)

    note("proposals", "/stocktakes/proposals")
    number = site.send("/stocktakes/new", depot=site.depot, scope="all").rsplit("/", 1)[1]
    for code in site.codes:
        page = site.send(f"/stocktakes/{number}/bins", q=code)
        for serial in site.serials[code][:-1]:
            statements.clear()
            assert site.scan(page, serial) == 200
            counts["scan"] = len(statements)
        note("bin", page)
        site.send(f"{page}/finish")
    note("run", f"/stocktakes/{number}")
    site.send(f"/stocktakes/{number}/close")
    note("differences", f"/stocktakes/{number}/differences")
    note("second counts", f"/stocktakes/{number}/second-counts")
    note("judged run", f"/stocktakes/{number}")
    note("list", "/stocktakes")
    return counts


@pytest.fixture(autouse=True)
def _settings_stay_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read every five seconds, by whichever page is asked then."""
    monkeypatch.setattr(settings, "CACHED_SECONDS", 3600.0)


def test_more_units_and_bins_take_no_more_statements(app: Flask, statements: list[str]) -> None:
    few = asked(Site(app, 2, 3), statements)
    many = asked(Site(app, 6, 9), statements)
    assert few == many == STATEMENTS
