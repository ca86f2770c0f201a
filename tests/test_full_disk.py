"""A disk that runs full in the middle of a step: a page in the reader's language says what to do, nothing is half done,
nothing typed is lost, and the same form goes through when there is room again."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event

from spares.accounts.models import Role
from spares.db import db, session
from spares.inventory.ledger_check import verify
from tests import stories
from tests.conftest import Databases, serving
from tests.factories import csrf_token, make_user, sign_in
from tests.page_forms import forms_of

MOST = 25
"""By then one of the steps needs a page more, whatever the file has left."""
HERE = {"Origin": "http://localhost"}


@pytest.fixture
def place(databases: Databases) -> Iterator[tuple[str, stories.Depot, FlaskClient]]:
    url = databases.fresh("sqlite")
    with time_machine.travel(stories.LATER, tick=False), serving(url) as app, app.app_context():
        browser = app.test_client()
        sign_in(browser, make_user(Role.RMA_ADMIN, language="zh_Hans_CN"))
        yield url, stories.make(), browser
        session.remove()
    databases.drop(url)


def fill(full: bool) -> None:
    """Let the database grow no further, or as it likes."""
    session.remove()
    db.engine.dispose()

    def limit(connection: Any, _record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    if full:
        event.listen(db.engine, "connect", limit)
        fill.limit = limit  # type: ignore[attr-defined]
    else:
        event.remove(db.engine, "connect", fill.limit)  # type: ignore[attr-defined]


@pytest.mark.parametrize("story", ["request", "dispatch", "receive return", "receive stock"])
def test_a_full_disk_is_said_and_survived(place: tuple[str, stories.Depot, FlaskClient], story: str) -> None:
    url, depot, browser = place
    forms = [depot.sendable(story) for _ in range(MOST)]
    fill(True)
    for n, form in enumerate(forms):
        before = stories.rows(url)
        sent = {"csrf_token": csrf_token(browser), "request_key": f"k{n}", **form.fields}
        answer = browser.post(form.address, data=sent, headers=HERE)
        if answer.status_code == 503:
            break
        assert answer.status_code == 302, answer.text
    assert answer.status_code == 503
    assert "服务器磁盘已满。未作任何更改。请联系管理员清理空间，然后重新提交。" in answer.text
    assert "您填写的内容保留在本页中。" in answer.text
    assert stories.rows(url) == before
    assert browser.get("/board").status_code == 200
    (again,) = [one for one in forms_of(answer.text, form.address) if one.action == form.address]
    kept = {name: value for name, (value,) in again.fields.items()}
    assert kept | {"csrf_token": ""} == sent | {"csrf_token": ""}
    fill(False)
    places = {browser.post(form.address, data=kept, headers=HERE).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    assert stories.rows(url)["request_key"] != before["request_key"]
    assert list(verify()) == []


def test_another_site_gets_no_form_and_a_script_its_words(place: tuple[str, stories.Depot, FlaskClient]) -> None:
    _url, depot, browser = place
    forms = [depot.sendable("receive stock") for _ in range(MOST)]
    fill(True)
    answers = [form.send(browser, f"k{n}") for n, form in enumerate(forms)]
    (refused, *_) = [answer.text for answer in answers if answer.status_code == 503]
    assert "服务器磁盘已满" in refused
    assert "NEW" not in refused
    fill(False)
