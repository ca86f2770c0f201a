"""Every form and every list of the product gets what nobody should send: refused in words, never a server error, never
echoed as markup; a refusal leaves nothing behind and loses nothing that was typed.

The forms are found by reading the demo's pages as the roles that may open them, so a new page is tried without a word
here; a new address that takes POST and stands on no page must be named in `NO_PAGE`. While forms are tried nothing is
committed, so that each of them meets the demo as its page showed it."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import event
from werkzeug.routing import Rule

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.calendars.queries import depots
from spares.clock import now
from spares.db import db, session, transaction
from spares.demo.story import load
from spares.labels import services as labels
from spares.labels.layout import BinLabel
from spares.labels.services import LabelValues
from spares.serving import prepare
from tests.conftest import DATABASES, Databases, serving
from tests.factories import csrf_token, make_user, sign_in
from tests.page_forms import PageForm, forms_of
from tests.test_routes import WHO_MAY

SCRIPT = "\"'><script>alert(1)</script>"
MARKUP = "<i onx=1>'"
TEXTS = {"text", "textarea"}
SCANNED = "q"
"""The field of a scan: looked up and not kept, so that its length is nobody's concern."""
WORDS = "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳"
FINE = {200, 302, 303, 400, 401, 403, 404, 409, 413, 422, 429}
KEPT = {"csrf_token", "request_key"}
OWN = re.compile(r"\b(user_session|sign_in_attempt)\b")
"""What the gate and the throttle write for themselves, whatever becomes of the form."""
OUTSIDE = {"session_end", "session_begin", "password_set"}
"""Tried signed out, or ending the very session that tries."""
NO_PAGE = {
    "import_cancel": (Role.WAREHOUSE, "/imports/IM-000001/cancel", "version"),
    "import_start": (Role.WAREHOUSE, "/imports/IM-000001/start", "version"),
    "line_pick": (Role.WAREHOUSE, "/dispatch/DO-000001/lines/1/pick", "version"),
    "notice_confirm": (Role.ADMINISTRATOR, "/calendar/notice/import", "year source rows"),
    "session_end_other": (Role.WAREHOUSE, "/account/sessions/1/end", "version"),
    "stock_receive": (Role.WAREHOUSE, "/stock/receive", "part_id location_id serial more quantity reference remove"),
    "stock_receive_scan": (Role.WAREHOUSE, "/stock/receive/scan", "part_id location_id q earlier serial reference"),
    "stocktake_accept": (Role.MANAGER, "/stocktakes/STK-000001/accept", "difference reason"),
    "stocktake_again": (Role.WAREHOUSE, "/stocktakes/bins/1/again", "reason"),
    "stocktake_approve": (Role.MANAGER, "/stocktakes/differences/1/approve", "version"),
    "stocktake_begin": (Role.WAREHOUSE, "/stocktakes/STK-000001/bins", "q"),
    "stocktake_cancel": (Role.MANAGER, "/stocktakes/STK-000001/cancel", "reason"),
    "stocktake_close": (Role.MANAGER, "/stocktakes/STK-000001/close", "version"),
    "stocktake_look_again": (Role.MANAGER, "/stocktakes/STK-000001/look-again", "version"),
    "stocktake_post": (Role.MANAGER, "/stocktakes/STK-000001/post", "version"),
    "stocktake_reject": (Role.MANAGER, "/stocktakes/differences/1/reject", "reason"),
    "stocktake_reopen": (Role.MANAGER, "/stocktakes/differences/1/reopen", "version"),
    "stocktake_resume": (Role.MANAGER, "/stocktakes/STK-000001/resume", "version"),
    "substitute_approve": (Role.RMA_ADMIN, "/substitutes/1/approve", "version"),
    "user_enable": (Role.ADMINISTRATOR, "/people/1/enable", "version"),
}
"""Forms that stand on no page of the demo as it is told: who sends them, where to, and their fields."""
AT_ONCE = {
    "markup": [SCRIPT],
    "long": ["字x" * 600],
    "NUL": ["a\x00b"],
    "surrogates": ["\ud800"],
    "rare": ["𠮷😀\u202eé"],
    "days": ["9999-12-31T23:59", "0001-01-01", "9999-12-31"],
    "numbers": [str(2**63), "-1", "NaN", "٣", "9" * 400, "1e9", " ", "%s"],
}
"""What all fields get at the same time, in turn where there are several."""
ALONE = {
    "hidden": ["x", str(2**63)],
    "number": ["-1", str(2**31)],
    "date": ["0001-01-01", "9999-12-31"],
    "datetime-local": ["0001-01-01T00:00", "9999-12-31T23:59"],
    "text": ["NS48T2300117"],
    "textarea": ["x" * 20_001],
    "button": ["x"],
    "select": ["x"],
    "radio": ["x"],
}
"""What a field gets while the others are plausible, by its kind; the text is the serial of somebody else's unit."""
ELSEWHERE = {"hidden": [str(2**31)], "number": [str(2**63)], "date": ["9999-12-31"]}
"""The same for the second database: where its columns are narrower."""
TYPED = {"number": "1", "date": "2026-11-20", "datetime-local": "2026-11-20T10:00", "text": "1", "textarea": "原因"}
PASSWORD = "correct horse battery staple"
QUERIES = [
    ["-1", "9999-12-31", "0001-01-01"],
    [str(2**63), "1e9", "%", "a\b"],
    [SCRIPT],
    ["9999-12-31", str(10**9), "字" * 3000],
]
"""What the names of a query get, in turn."""
NAMES = ["page", "sort", "q", "as_of", "state", "depot", "part", "customer", "serial", "unit", "case", "from", "to"]


@dataclass
class Read:
    """What the demo's pages are and which forms they have, the same on every database: who opens them, and where."""

    pages: list[tuple[Role, str]] = field(default_factory=list)
    forms: dict[str, tuple[Role, PageForm]] = field(default_factory=dict)


@dataclass
class Product:
    """The demo with a browser a role."""

    app: Flask
    kind: str
    read: Read
    browsers: dict[Role, FlaskClient] = field(default_factory=dict)
    tokens: dict[Role, str] = field(default_factory=dict)

    @property
    def first(self) -> bool:
        """Whether this database gets everything; the other gets what it may judge differently."""
        return self.kind == DATABASES[0]

    def send(self, role: Role, action: str, values: dict[str, list[str]]) -> tuple[int, str]:
        """Post the values as a page would; the status and the body."""
        keys = {"csrf_token": [self.tokens[role]], "request_key": [secrets.token_hex(12)]}
        # Surrogates travel as the bytes that they would have, which no decoder accepts.
        body = urlencode(values | keys, doseq=True, errors="surrogatepass")
        answer = self.browsers[role].post(action, data=body, content_type="application/x-www-form-urlencoded")
        return answer.status_code, answer.text if answer.mimetype == "text/html" else ""

    def tried(self) -> Iterator[tuple[str, Role, PageForm]]:
        """The forms that are tried: endpoint, who sends it, the form."""
        for endpoint, (role, form) in self.read.forms.items():
            if endpoint not in OUTSIDE:
                yield endpoint, role, form


class Writes:
    """What the forms would have committed since the last look."""

    def __init__(self) -> None:
        """Begin with none."""
        self._open: list[str] = []
        self._kept: list[str] = []

    def taken(self) -> list[str]:
        """The statements; they count once."""
        kept, self._kept = self._kept, []
        return kept

    def note(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        """A statement was sent."""
        if statement.startswith(("INSERT", "UPDATE", "DELETE")) and not OWN.search(statement):
            self._open.append(statement[:80])

    def keep(self) -> None:
        """A transaction would have committed."""
        self._kept += self._open

    def drop(self, _connection: object) -> None:
        """A transaction was undone."""
        self._open = []


@contextmanager
def nothing_kept(app: Flask) -> Iterator[Writes]:
    """Every commit inside the block flushes, is noted, and is undone."""
    writes = Writes()
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", writes.note)
    event.listen(engine, "rollback", writes.drop)

    def commit() -> None:
        session().dispatch.before_commit(session())
        session.flush()
        writes.keep()
        session.rollback()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "commit", commit)
        yield writes
    event.remove(engine, "before_cursor_execute", writes.note)
    event.remove(engine, "rollback", writes.drop)


_read: list[Read] = []


@pytest.fixture(scope="module", params=DATABASES)
def product(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Product]:
    url = databases.fresh(request.param)
    with serving(url) as app:
        with app.app_context():
            prepare()
            load(now())
            _label_printer()
            session.remove()
        found = Product(app, request.param, _read[0] if _read else Read())
        for role in Role:
            found.browsers[role] = app.test_client()
            with app.app_context():
                sign_in(found.browsers[role], make_user(role, password=PASSWORD, language="en"))
                session.remove()
            found.tokens[role] = csrf_token(found.browsers[role])
        if not _read:
            _read_pages(found)
            _read.append(found.read)
        yield found
    databases.drop(url)


def _label_printer() -> None:
    """A depot's printer, and a label that waits for it, so that their forms stand on pages."""
    depot_id = depots()[0].id
    label = BinLabel(code="A-01-01", place="", depot="", base_url="http://localhost")
    with transaction():
        labels.change_settings(depot_id, LabelValues(printer_host="10.20.0.15"), 0, actor=SYSTEM, now=now())
        labels.send([label], depot_id, title="Labels", actor=SYSTEM, now=now())


first_only = pytest.mark.parametrize("product", DATABASES[:1], indirect=True)
"""For what every database judges alike."""


def _addresses(rule: Rule) -> list[str]:
    """Addresses of records that the demo has, most of them."""
    prefixes = {"dispatch": "DO", "shipments": "SH", "receipts": "SH", "rma": "RMA", "returns": "RMA", "imports": "IM"}
    prefix = prefixes.get(rule.rule.split("/")[1], "")
    shown = rule.rule.replace("<number>", f"{prefix}-{{n:06d}}")
    shown = re.sub(r"<any\((\w+)[^>]*>|<(kind|form)>", "csv", shown)
    shown = re.sub(r"<int:copy_no>", "1", shown)
    return list(dict.fromkeys(re.sub(r"<[^>]+>", "{n}", shown).format(n=n) for n in range(1, 15)))


def _role(endpoint: str) -> Role:
    """Who tries it: of those who may, the one that has most to do."""
    who = WHO_MAY[endpoint] or frozenset(Role)
    order = (Role.RMA_ADMIN, Role.ADMINISTRATOR, Role.WAREHOUSE, Role.ENGINEER, Role.FINANCE, Role.MANAGER)
    return next(role for role in order if role in who)


def _read_pages(product: Product) -> None:
    endpoint_of = product.app.url_map.bind("localhost")
    pages, forms = product.read.pages, product.read.forms
    for rule in product.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        role = _role(rule.endpoint)
        for address in _addresses(rule):
            answer = product.browsers[role].get(address)
            page = answer.data
            assert answer.status_code in FINE, f"{address}: {answer.status}"
            if answer.status_code != 200:
                continue
            pages.append((role, address))
            if answer.mimetype != "text/html":
                continue
            for form in forms_of(page.decode(), address):
                endpoint, _values = endpoint_of.match(urlsplit(form.action).path, method="POST")
                forms.setdefault(endpoint, (role, form))
    for endpoint, (role, action, names) in NO_PAGE.items():
        assert endpoint not in forms, f"{endpoint} stands on a page"
        form = PageForm(action)
        for name in names.split():
            form.add(name, "text", "1")
        forms[endpoint] = (role, form)


def _plausible(form: PageForm) -> dict[str, list[str]]:
    """What a person might have typed and chosen where the page leaves a field empty."""
    usual = {}
    for name, values in form.fields.items():
        kind, offered = form.kinds[name], [choice for choice in form.choices.get(name, []) if choice]
        if name in KEPT:
            continue
        if any(value.strip() for value in values):
            usual[name] = values
        elif kind in {"select", "radio"} and offered:
            usual[name] = offered[:1]
        else:
            usual[name] = [TYPED[kind]] if kind in TYPED else values
    return usual


def _tries(form: PageForm, first: bool) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The form in every bad way: all fields at once, then one after the other among plausible ones."""
    usual = _plausible(form)
    yield "plausible", usual
    yield "empty", {}
    if first:
        yield "twice", {name: [*values, *values, "x"] for name, values in usual.items()}
    for label, bad in AT_ONCE.items():
        if first or label in {"rare", "numbers"}:
            yield label, {name: [value] for name, value in zip(usual, cycle(bad), strict=False)}
    for name in usual if form.whole else ():
        for value in (ALONE if first else ELSEWHERE).get(form.kinds[name], []):
            yield f"{name}={value[:20]!r}", usual | {name: [value]}


def test_every_form_refuses_in_words(product: Product) -> None:
    wrong = []
    with nothing_kept(product.app) as writes:
        for endpoint, role, form in product.tried():
            for label, values in _tries(form, product.first):
                writes.taken()
                status, body = product.send(role, form.action, values)
                if status not in FINE or "<script>alert" in body:
                    wrong.append(f"{endpoint} {form.action} {label[:60]}: {status}")
                if status >= 400 and (written := writes.taken()):
                    wrong.append(f"{endpoint} {label}: {status} wrote {written}")
    assert wrong == []


@first_only
def test_a_refused_form_keeps_what_was_typed(product: Product) -> None:
    """Every text that a person types is in the page that refuses it: because the record has moved on, or because one of
    the texts is far too long."""
    lost, stale = [], 0
    with nothing_kept(product.app):
        for endpoint, role, form in product.tried():
            texts = [name for name, kind in form.kinds.items() if kind in TEXTS]
            if not texts or not form.whole or endpoint in NO_PAGE:
                continue
            typed = {name: [f"{word}甲"] for name, word in zip(texts, WORDS, strict=False)}
            values = _plausible(form) | typed
            if "version" in values:
                status, body = product.send(role, form.action, values | {"version": ["987"]})
                stale += status == 409
                lost += [f"{endpoint}: {status}" for name in texts if typed[name][0] not in body]
            if texts[-1] == SCANNED:
                continue
            values[texts[-1]] = ["x" * 20_001]
            status, body = product.send(role, form.action, values)
            if status < 400:
                lost.append(f"{endpoint}: {status} for {texts[-1]} with 20,001 characters")
            lost += [f"{endpoint} {name}: {status}" for name in texts[:-1] if typed[name][0] not in body]
    assert lost == []
    assert stale >= 12


@first_only
def test_markup_is_escaped_wherever_it_is_shown(product: Product) -> None:
    """What is accepted with markup in every text is kept, and then every page is read again."""
    kept = 0
    for _endpoint, role, form in product.tried():
        texts = [name for name, kind in form.kinds.items() if kind in TEXTS]
        for name in texts if form.whole else ():
            status, _body = product.send(role, form.action, _plausible(form) | {name: [MARKUP + name]})
            kept += status < 400
    raw, shown = [], 0
    for role, address in product.read.pages:
        answer = product.browsers[role].get(address)
        if answer.mimetype == "text/html":
            page = answer.text
            raw += [address] if MARKUP[:8] in page else []
            shown += escape(MARKUP) in page
    assert raw == []
    assert (kept >= 30, shown >= 20) == (True, True), (kept, shown)


def test_every_page_answers_odd_questions(product: Product) -> None:
    wrong = []
    with nothing_kept(product.app) as writes:
        for role, address in product.read.pages:
            if any(character.isdecimal() for character in address):
                continue
            for odd in QUERIES if product.first else QUERIES[:2]:
                asked = dict(zip(NAMES, cycle(odd), strict=False))
                answer = product.browsers[role].get(f"{address}?{urlencode(asked)}")
                page = answer.data
                if answer.status_code not in FINE or (answer.mimetype == "text/html" and b"<script>alert" in page):
                    wrong.append(f"{address} {odd}: {answer.status}")
                if written := writes.taken():
                    wrong.append(f"{address} {odd} wrote {written}")
    assert wrong == []


def test_every_address_that_takes_post_was_tried(product: Product) -> None:
    posts = {rule.endpoint for rule in product.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert sorted(posts - product.read.forms.keys() - OUTSIDE) == []
