"""Every form and every list of the product gets what nobody should send: refused in words, never a server error, never
echoed as markup, and a refusal leaves nothing behind.

The forms are found by reading the demo's pages as the roles that may open them, so a new page is tried without a word
here; a new address that takes POST and stands on no page must be named in `NO_PAGE`."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product as product_of
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.routing import Rule

from spares.accounts.models import Role
from spares.clock import now
from spares.db import db, session
from spares.demo.story import load
from spares.serving import prepare
from tests.conftest import DATABASES, Databases, serving
from tests.factories import csrf_token, make_user, sign_in
from tests.page_forms import PageForm, forms_of
from tests.test_routes import WHO_MAY

SCRIPT = "\"'><script>alert(1)</script>"
FINE = {200, 302, 303, 400, 401, 403, 404, 409, 413, 422, 429}
KEPT = {"csrf_token", "request_key"}
OWN = re.compile(r"\b(user_session|sign_in_attempt)\b")
"""What the gate and the throttle write for themselves, whatever becomes of the form."""
OUTSIDE = {"session_end", "session_begin", "password_set"}
"""Tried signed out, or ending the very session that tries."""
NO_PAGE = {
    "document_print": (Role.WAREHOUSE, "/documents/1/print", "version"),
    "import_cancel": (Role.WAREHOUSE, "/imports/IM-000001/cancel", "version"),
    "import_start": (Role.WAREHOUSE, "/imports/IM-000001/start", "version"),
    "line_pick": (Role.WAREHOUSE, "/dispatch/DO-000001/lines/1/pick", "version"),
    "notice_confirm": (Role.ADMINISTRATOR, "/calendar/notice/import", "year source rows"),
    "session_end_other": (Role.WAREHOUSE, "/account/sessions/1/end", "version"),
    "shipment_dispatch": (Role.WAREHOUSE, "/shipments/SH-000001/dispatch", "carrier waybill version"),
    "shipment_reopen": (Role.WAREHOUSE, "/shipments/SH-000001/reopen", "reason version"),
    "stock_receive": (Role.WAREHOUSE, "/stock/receive", "part_id location_id serial more quantity reference remove"),
    "stock_receive_scan": (Role.WAREHOUSE, "/stock/receive/scan", "part_id location_id q earlier serial reference"),
    "substitute_approve": (Role.RMA_ADMIN, "/substitutes/1/approve", "version"),
    "user_enable": (Role.ADMINISTRATOR, "/people/1/enable", "version"),
}
"""Forms that stand on no page of the demo as it is told: who sends them, where to, and their fields."""
TEXTS = {
    "markup": SCRIPT,
    "long": "字x" * 5000,
    "NUL": "a\x00b",
    "escape": "\x1b[0m",
    "rare": "𠮷😀\u202eé",
}
NUMBERS = [
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "x",
    "-1",
    "0",
    str(2**31),
    str(2**63),
    "9" * 400,
    "1e9",
    "NaN",
    "٣",
    "%s",
]
ALONE = {
    "hidden": ["x", "-1", str(2**31), str(2**63)],
    "number": ["-1", str(2**31), str(2**63), "1e9"],
    "date": ["0001-01-01", "9999-12-31", "x"],
    "datetime-local": ["0001-01-01T00:00", "9999-12-31T23:59", "x"],
    "text": [SCRIPT, "字" * 301, str(2**63)],
    "button": ["x"],
}
"""What a field gets while the others are plausible, by its kind."""
QUERIES = ["-1", "1e9", str(10**9), str(2**64), "x", "%", "'", SCRIPT, "9999-12-31", "0001-01-01", "a\x00", "字" * 3000]
NAMES = ["page", "sort", "q", "as_of", "state", "depot", "part", "customer", "serial", "unit", "case", "from", "to"]


@dataclass
class Product:
    """The demo with a browser a role, and the forms that its pages have."""

    app: Flask
    kind: str
    browsers: dict[Role | None, FlaskClient]
    pages: list[tuple[Role, str]] = field(default_factory=list)
    forms: dict[str, tuple[Role, PageForm]] = field(default_factory=dict)

    def send(self, role: Role, action: str, values: dict[str, list[str]]) -> tuple[int, str]:
        """Post the values as a page would; the status and the body."""
        client = self.browsers[role]
        keys = {"csrf_token": [csrf_token(client)], "request_key": [secrets.token_hex(12)]}
        # Surrogates travel as the bytes that they would have, which no decoder accepts.
        body = urlencode(values | keys, doseq=True, errors="surrogatepass")
        answer = client.post(action, data=body, content_type="application/x-www-form-urlencoded")
        return answer.status_code, answer.text if answer.mimetype == "text/html" else ""


class Writes:
    """What the forms wrote and committed since the last look."""

    def __init__(self, app: Flask) -> None:
        """Listen until the application's engine is gone."""
        self._open: list[str] = []
        self._kept: list[str] = []
        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", self._note)
        event.listen(engine, "commit", self._keep)
        event.listen(engine, "rollback", self._drop)

    def taken(self) -> list[str]:
        """The statements; they count once."""
        kept, self._kept = self._kept, []
        return kept

    def _note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")) and not OWN.search(statement):
            self._open.append(statement[:80])

    def _keep(self, _connection: object) -> None:
        self._kept += self._open
        self._open = []

    def _drop(self, _connection: object) -> None:
        self._open = []


@pytest.fixture(scope="module", params=DATABASES)
def product(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Product]:
    url = databases.fresh(request.param)
    with serving(url) as app:
        with app.app_context():
            prepare()
            load(now())
            session.remove()
        found = Product(app, request.param, {})
        for role in Role:
            found.browsers[role] = app.test_client()
            with app.app_context():
                sign_in(found.browsers[role], make_user(role, language="en"))
                session.remove()
        _read_pages(found)
        yield found
    databases.drop(url)


def _addresses(rule: Rule) -> list[str]:
    """Addresses of records that the demo has, most of them."""
    if not rule.arguments:
        return [rule.rule]
    prefixes = {"dispatch": "DO", "shipments": "SH", "receipts": "SH", "rma": "RMA", "returns": "RMA", "imports": "IM"}
    prefix = prefixes.get(rule.rule.split("/")[1], "")
    shown = rule.rule.replace("<number>", f"{prefix}-{{n:06d}}")
    shown = re.sub(r"<any\((\w+)[^>]*>|<(kind|form)>", "csv", shown)
    shown = re.sub(r"<int:copy_no>", "1", shown)
    return [re.sub(r"<[^>]+>", "{n}", shown).format(n=n) for n in range(1, 17)]


def _roles(endpoint: str) -> list[Role]:
    """Who tries it: of those who may, the two that have most to do there."""
    who = WHO_MAY[endpoint] or frozenset()
    order = (Role.WAREHOUSE, Role.RMA_ADMIN, Role.ADMINISTRATOR, Role.ENGINEER, Role.FINANCE, Role.MANAGER)
    return [role for role in order if role in who][:2]


def _read_pages(product: Product) -> None:
    endpoint_of = product.app.url_map.bind("localhost")
    for rule in product.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        for role, address in product_of(_roles(rule.endpoint), _addresses(rule)):
            answer = product.browsers[role].get(address)
            page = answer.data
            assert answer.status_code in FINE, f"{address}: {answer.status}"
            if answer.status_code != 200:
                continue
            product.pages.append((role, address))
            if answer.mimetype != "text/html":
                continue
            for form in forms_of(page.decode(), address):
                endpoint, _values = endpoint_of.match(urlsplit(form.action).path, method="POST")
                product.forms.setdefault(endpoint, (role, form))
    for endpoint, (role, action, names) in NO_PAGE.items():
        assert endpoint not in product.forms, f"{endpoint} stands on a page"
        form = PageForm(action)
        for name in names.split():
            form.add(name, "text", "1")
        product.forms[endpoint] = (role, form)


def _plausible(form: PageForm) -> dict[str, list[str]]:
    """What a person might have typed where the page leaves a field empty."""
    typed = {"number": "1", "date": "2026-11-20", "datetime-local": "2026-11-20T10:00", "text": "1", "textarea": "原因"}
    return {
        name: values if any(values) else [typed[kind]] if (kind := form.kinds[name]) in typed else values
        for name, values in form.fields.items()
        if name not in KEPT
    }


def _tries(form: PageForm, alone: bool) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The form in every bad way: all fields at once, then (`alone`) one after the other among plausible ones."""
    usual = _plausible(form)
    yield "empty", {}
    yield "blank", {name: [" "] for name in usual}
    yield "twice", {name: [*values, *values, "x"] for name, values in usual.items()}
    yield "surrogates", {name: ["\ud800"] for name in usual}
    for label, bad in TEXTS.items():
        yield label, {name: [bad] for name in usual}
    for bad in NUMBERS:
        yield bad, {name: [bad] for name in usual}
    for name in usual if alone else ():
        for bad in ALONE[form.kinds[name]] if form.kinds[name] in ALONE else ALONE["text"]:
            yield f"{name}={bad[:20]!r}", usual | {name: [bad]}


def test_every_form_refuses_in_words(product: Product) -> None:
    wrong = []
    writes = Writes(product.app)
    for endpoint, (role, form) in product.forms.items():
        if endpoint in OUTSIDE:
            continue
        for label, values in _tries(form, alone=product.kind == "sqlite"):
            writes.taken()
            status, body = product.send(role, form.action, values)
            if status not in FINE or "<script>alert" in body:
                wrong.append(f"{endpoint} {form.action} {label[:60]}: {status}")
            if status >= 400 and (written := writes.taken()):
                wrong.append(f"{endpoint} {label}: {status} wrote {written}")
    assert wrong == []


def test_every_page_answers_odd_questions(product: Product) -> None:
    wrong = []
    writes = Writes(product.app)
    for role, address in product.pages:
        if any(character.isdecimal() for character in address):
            continue
        for odd in QUERIES:
            answer = product.browsers[role].get(f"{address}?{urlencode(dict.fromkeys(NAMES, odd))}")
            page = answer.data
            if answer.status_code not in FINE or (answer.mimetype == "text/html" and b"<script>alert" in page):
                wrong.append(f"{address} {odd[:20]!r}: {answer.status}")
            if written := writes.taken():
                wrong.append(f"{address} {odd[:20]!r} wrote {written}")
    assert wrong == []


def test_every_address_that_takes_post_was_tried(product: Product) -> None:
    posts = {rule.endpoint for rule in product.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    missing = ", ".join(sorted(posts - product.forms.keys() - OUTSIDE))
    assert not missing, missing
