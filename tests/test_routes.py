"""Every address × every role: what the tables say is what the guard does, for each route that the application has.

The tables (tests/resources/routes/, one a slice: endpoint, then `public`, `everybody` or roles joined by |) are written
by hand on purpose: a new route fails here until somebody has decided who may use it."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from spares.accounts.models import Role
from spares.db import session
from tests.conftest import Databases, serving
from tests.factories import csrf_token, make_user, sign_in

TABLES = Path(__file__).parent / "resources" / "routes"
EVERYBODY = frozenset(Role)
PUBLIC = None


def who_may() -> dict[str, frozenset[Role] | None]:
    """Which roles may open an endpoint; PUBLIC needs no sign-in."""
    found: dict[str, frozenset[Role] | None] = {}
    for path in sorted(TABLES.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert row["endpoint"] not in found, f"{row['endpoint']} is in two tables of {TABLES}"
                found[row["endpoint"]] = _roles(row["who"])
    return found


def _roles(who: str) -> frozenset[Role] | None:
    if who == "public":
        return PUBLIC
    return EVERYBODY if who == "everybody" else frozenset(Role(role) for role in who.split("|"))


WHO_MAY = who_may()
REACHED = "the guard let it through"


@pytest.fixture(scope="module")
def guarded(databases: Databases) -> Iterator[Flask]:
    """An application whose views say that they were reached and do nothing, so that only the guard is asked."""
    url = databases.fresh("sqlite")
    with serving(url) as app:
        for endpoint, view in list(app.view_functions.items()):
            app.view_functions[endpoint] = _stand_in(view)
        yield app
    databases.drop(url)


def _stand_in(view: object) -> object:
    def reached(**_values: object) -> str:
        return REACHED

    if hasattr(view, "needs"):
        reached.needs = view.needs  # type: ignore[attr-defined]
    return reached


@pytest.fixture(scope="module")
def browsers(guarded: Flask) -> dict[Role | None, FlaskClient]:
    """A signed-in browser a role, and one of nobody's."""
    found: dict[Role | None, FlaskClient] = {None: guarded.test_client()}
    for role in Role:
        found[role] = guarded.test_client()
        with guarded.app_context():
            sign_in(found[role], make_user(role))
            session.remove()
    return found


def rules(app: Flask) -> list[tuple[Rule, str, str]]:
    """Every route that the tables know, with each of its methods and an address that it matches."""
    return [
        (rule, method, address_of(rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint in WHO_MAY
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
    ]


def address_of(rule: Rule) -> str:
    """An address for the rule; its records need not exist, since the guard decides before anything is looked up."""
    return re.sub(r"<(?:(\w+)(?:\(([^)]*)\))?:)?[^>]+>", _stand_in_value, rule.rule)


def _stand_in_value(found: re.Match[str]) -> str:
    if found[1] == "any":
        return found[2].split(",")[0].strip()
    return "1" if found[1] == "int" else "x1"


def test_every_route_is_in_the_table(guarded: Flask) -> None:
    endpoints = {rule.endpoint for rule in guarded.url_map.iter_rules()}
    missing = sorted(endpoints - WHO_MAY.keys())
    assert not missing, f"say in tests/resources/routes/ who may open: {', '.join(missing)}"
    gone = sorted(WHO_MAY.keys() - endpoints)
    assert not gone, f"tests/resources/routes/ names what the application does not have: {', '.join(gone)}"


def test_signed_out_only_public_pages_open(guarded: Flask, browsers: dict[Role | None, FlaskClient]) -> None:
    wrong = []
    client = browsers[None]
    token = csrf_token(client)
    for rule, method, address in rules(guarded):
        answer = client.open(address, method=method, data={"csrf_token": token} if method == "POST" else None)
        reached = answer.text == REACHED
        if WHO_MAY[rule.endpoint] is PUBLIC:
            right = reached
        else:
            right = answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in") and not reached
        if not right:
            wrong.append(f"{method} {rule.endpoint}: {answer.status}")
    assert not wrong


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_exactly_what_the_table_says(
    guarded: Flask, browsers: dict[Role | None, FlaskClient], role: Role
) -> None:
    wrong = []
    client = browsers[role]
    token = csrf_token(client)
    for rule, method, address in rules(guarded):
        allowed = WHO_MAY[rule.endpoint]
        answer = client.open(address, method=method, data={"csrf_token": token} if method == "POST" else None)
        got = 200 if answer.text == REACHED else answer.status_code
        if got != (200 if allowed is PUBLIC or role in allowed else 403):
            wrong.append(f"{method} {rule.endpoint}: {answer.status}")
    assert not wrong


def test_nothing_changes_by_get(guarded: Flask) -> None:
    """A route that is not a form or a page takes POST alone: no link, image or prefetch can act."""
    verbs = re.compile(r"_(end|set|change|disable|enable|delete|cancel|confirm|post|receive|dispatch|void|link)$")
    acting = {
        rule.endpoint
        for rule, method, _address in rules(guarded)
        if method == "GET" and verbs.search(rule.endpoint) and "POST" not in (rule.methods or set())
    }
    assert not acting


def test_only_get_and_post_are_spoken(guarded: Flask) -> None:
    assert {method for _rule, method, _address in rules(guarded)} <= {"GET", "POST"}
