"""A process killed on its way through a step leaves the state before the step or after it, whole; and the same form sent
again finishes it, once. On SQLite the six steps of `STORIES` are killed at every statement, and every other step of the
loop before its first and a middle statement, before its commit and behind it; on PostgreSQL five steps at five moments; an
import at every statement of its worker.

A child of this process sends the form and kills itself at a statement, with no chance to tidy up. What is in the tables
afterwards is compared row by row."""

import gc
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from spares.accounts.models import Role
from spares.clock import now
from spares.db import db, session
from spares.inventory import imports_work
from spares.inventory.import_models import ImportRun, ImportState
from spares.inventory.ledger_check import verify
from spares.inventory.models import Part
from tests import stories
from tests.conftest import Databases, serving
from tests.factories import make_user, sign_in

Act = Callable[[], None]
STORIES = ("request", "dispatch", "receipt", "receive return", "receive stock", "adjust")
OTHERS = tuple(story for story in stories.STORIES if story not in STORIES)
SHEET = b"manufacturer,part number\n" + b"".join(b"Acme,PN-%d\n" % n for n in range(5))
COMMIT, DONE = "commit", "done"


@dataclass
class Place:
    """The depot of the stories, and a browser for each role that sends them."""

    app: Flask
    url: str
    depot: stories.Depot
    browsers: dict[Role, FlaskClient]

    def step(self, story: str) -> Act:
        """What sends the story's form."""
        form = self.depot.sendable(story)
        session.remove()

        def send() -> None:
            answer = form.send(self.browsers[form.role], f"key of {story}")
            assert answer.status_code == 302, answer.text

        return send


@contextmanager
def placed(url: str) -> Iterator[Place]:
    with time_machine.travel(stories.LATER, tick=False), serving(url) as app, app.app_context():
        browsers = {role: app.test_client() for role in (Role.RMA_ADMIN, Role.ADMINISTRATOR)}
        for role, browser in browsers.items():
            sign_in(browser, make_user(role))
        yield Place(app, url, stories.make(), browsers)
        session.remove()


def killed_at(act: Act, moment: int | str) -> bool:
    """Whether a child that does it and dies at the moment (before its n-th statement, its first commit, or behind that)
    died there, rather than having come to its end."""
    session.remove()
    db.engine.dispose()
    child = os.fork()
    if not child:
        try:
            gc.disable()  # a collection would copy what the child shares with its parent
            _die_at(moment)
            act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), "the step failed by itself"
    return status != 0


def _die_at(moment: int | str) -> None:
    sent = 0

    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def count(*_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == moment:
            die()

    if moment == COMMIT:
        event.listen(db.engine, "commit", die)
    elif moment == DONE:
        event.listen(session, "after_commit", die)
    else:
        event.listen(db.engine, "before_cursor_execute", count)


def assert_whole() -> None:
    assert list(verify()) == []
    session.remove()


@pytest.fixture(scope="module")
def kept(databases: Databases) -> Iterator[tuple[Place, dict[str, Act], Act]]:
    """On SQLite: the stories' steps, and what puts the file back to before any of them."""
    url = databases.fresh("sqlite")
    with placed(url) as place:
        steps = {story: place.step(story) for story in (*STORIES, *OTHERS)}
        yield place, steps, _kept(Path(url.removeprefix("sqlite:///")))
    databases.drop(url)


@pytest.mark.parametrize("story", STORIES)
def test_killed_before_any_statement(kept: tuple[Place, dict[str, Act], Act], story: str) -> None:
    place, steps, restore = kept
    act = steps[story]
    restore()
    before = stories.rows(place.url)
    act()
    after = stories.rows(place.url)
    assert after != before
    restore()
    moment = 1
    while killed_at(act, moment):
        assert stories.rows(place.url) == before, f"killed at statement {moment}"
        moment += 1
    assert moment > 10  # every one of these steps takes at least ten, the BEGIN and the sign-in among them
    assert stories.rows(place.url) == after
    for last, left in ((moment - 1, before), (COMMIT, before), (DONE, after)):
        restore()
        assert killed_at(act, last)
        assert stories.rows(place.url) == left
        assert_whole()
        act()
        assert stories.rows(place.url) == after, f"sent again after it was killed at {last}"
    assert_whole()


@pytest.mark.parametrize("story", OTHERS)
def test_killed_at_chosen_statements(kept: tuple[Place, dict[str, Act], Act], story: str) -> None:
    place, steps, restore = kept
    act = steps[story]
    restore()
    before = stories.rows(place.url)
    sent = 0

    def count(*_: Any) -> None:
        nonlocal sent
        sent += 1

    event.listen(db.engine, "before_cursor_execute", count)
    act()
    event.remove(db.engine, "before_cursor_execute", count)
    after = stories.rows(place.url)
    assert after != before
    restore()
    for moment, left in ((1, before), (sent // 2, before), (COMMIT, before), (DONE, after)):
        assert killed_at(act, moment), moment
        assert stories.rows(place.url) == left, f"killed at {moment}"
    act()
    assert stories.rows(place.url) == after, "sent again"
    assert_whole()


def test_an_import_killed_at_any_statement_is_finished_by_the_next_worker(
    kept: tuple[Place, dict[str, Act], Act],
) -> None:
    place, _steps, restore = kept
    browser = place.browsers[Role.RMA_ADMIN]
    restore()
    upload = stories.Sendable("/imports/new", {"kind": "parts", "depot": "1"}, (SHEET, "parts.csv"))
    address = upload.send(browser, "upload").headers["Location"]
    assert stories.Sendable(f"{address}/start", {}).send(browser, "start").status_code == 302
    again = _kept(Path(place.url.removeprefix("sqlite:///")), ".started")

    def work(later: timedelta = timedelta()) -> None:
        while imports_work.advance(lambda: now() + later):
            pass
        session.remove()

    moment = 1
    while True:
        again()
        if not killed_at(work, moment):
            break
        # The lease of the dead runs out first.
        work(timedelta(hours=1))
        assert parts_and_runs() == (["PN-0", "PN-1", "PN-2", "PN-3", "PN-4"], [ImportState.DONE])
        moment += 1
    assert moment > 8
    assert_whole()


def parts_and_runs() -> tuple[list[str], list[ImportState]]:
    found = list(
        session.scalars(select(Part.part_number).where(Part.manufacturer == "Acme").order_by(Part.part_number))
    )
    states = list(session.scalars(select(ImportRun.state)))
    session.remove()
    return found, states


def _kept(path: Path, name: str = ".kept") -> Act:
    """What puts the file back as it is now."""
    session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.engine.dispose()
    copy = path.with_suffix(name)
    shutil.copyfile(path, copy)

    def restore() -> None:
        session.remove()
        db.engine.dispose()
        for end in ("-wal", "-shm"):
            Path(f"{path}{end}").unlink(missing_ok=True)
        shutil.copyfile(copy, path)

    return restore


def test_killed_on_postgresql(databases: Databases) -> None:
    """Before an early and a late statement, before the commit and behind it: nothing has happened until the last, so that
    one database does for all."""
    url = databases.fresh("postgresql")
    with placed(url) as place:
        for story in STORIES[:5]:
            act = place.step(story)
            before = stories.rows(url)
            for moment in (3, 5, 8, COMMIT):
                assert killed_at(act, moment), moment
                assert stories.rows(url) == before, f"{story} killed at {moment}"
            assert killed_at(act, DONE)
            after = stories.rows(url)
            assert after != before
            act()
            assert stories.rows(url) == after, f"{story} sent again"
        assert_whole()
    databases.drop(url)
