"""The same form eight times at once, for every step of `stories.STORIES`: it acts once, exactly as if it had been sent once,
and all eight are led to the same page."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, func, select

from spares.accounts.models import Role
from spares.db import Base, session
from spares.inventory.ledger_check import verify
from tests import stories
from tests.conftest import DATABASES, Databases, serving
from tests.factories import make_user, sign_in

COPIES = 8


@dataclass
class Place:
    """The depot of the stories, and for each role that sends them eight windows of one person's browser."""

    app: Flask
    url: str
    depot: stories.Depot
    windows: dict[Role, list[FlaskClient]]


@pytest.fixture(scope="module", params=DATABASES)
def place(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Place]:
    url = databases.fresh(request.param)
    with time_machine.travel(stories.LATER, tick=False), serving(url) as app, app.app_context():
        depot = stories.make()
        windows = {role: opened(app, role) for role in (Role.RMA_ADMIN, Role.ADMINISTRATOR)}
        yield Place(app, url, depot, windows)
        assert list(verify()) == []
        session.remove()
    databases.drop(url)


def opened(app: Flask, role: Role) -> list[FlaskClient]:
    windows = [app.test_client() for _ in range(COPIES)]
    token = sign_in(windows[0], make_user(role))
    for window in windows:
        window.set_cookie(app.config["SPARES_SIGN_IN_COOKIE"], token)
    return windows


def counts(url: str) -> dict[str, int]:
    """How many rows each table has, but the cache that gets one only where a place holds a part for the first time."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
            if name not in stories.OWN | {"stock_balance"}
        }
    engine.dispose()
    return found


def added(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {table: after[table] - count for table, count in before.items() if after[table] != count}


@pytest.mark.parametrize("story", stories.STORIES)
def test_the_same_form_eight_times_at_once_acts_once(place: Place, story: str) -> None:
    alone, crowd = place.depot.sendable(story), place.depot.sendable(story)
    session.remove()
    before = counts(place.url)
    answer = alone.send(place.windows[alone.role][0], f"alone {story}")
    assert answer.status_code == 302, answer.text
    once = counts(place.url)
    barrier = threading.Barrier(COPIES)
    answers: list[tuple[int, str]] = []

    def send(window: FlaskClient) -> None:
        barrier.wait(timeout=60)
        told = crowd.send(window, f"crowd {story}")
        answers.append((told.status_code, told.headers.get("Location", told.text)))

    threads = [threading.Thread(target=send, args=(window,)) for window in place.windows[crowd.role]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), len(set(answers)), answers[0][0]) == (COPIES, 1, 302), answers
    assert added(once, counts(place.url)) == added(before, once) != {}
