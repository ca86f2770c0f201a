"""The worker does what waits, keeps going when something fails, and forgets what is too old to matter."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from spares import worker
from spares.accounts.access import SYSTEM
from spares.accounts.models import SignInAttempt
from spares.clock import now
from spares.db import session, transaction
from spares.inventory import imports
from spares.inventory.import_models import ImportKind, ImportRun, ImportState
from spares.once import RequestKey


def begin() -> None:
    sheet = imports.check("厂商,备件型号\n华为,P-1\n".encode(), "a.csv", ImportKind.PARTS)
    with transaction():
        imports.start(imports.prepare(sheet, options={}, actor=SYSTEM, now=now()).id, actor=SYSTEM)


def test_it_imports_what_waits(app: Flask) -> None:
    assert worker.work(app) is False
    with app.app_context():
        begin()
        session.remove()
    assert worker.work(app) is True
    assert worker.work(app) is False
    with app.app_context():
        assert session.scalars(select(ImportRun.state)).all() == [ImportState.DONE]


def test_a_failure_does_not_end_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, calls = threading.Event(), []

    def job(_app: Flask, _stopped: threading.Event) -> bool:
        calls.append(1)
        if len(calls) == 3:
            stopped.set()
        raise OSError("the database is away")

    monkeypatch.setattr(worker, "PAUSE_SECONDS", 0.01)
    worker._loop(app, stopped, job)
    assert len(calls) == 3


def test_old_keys_and_attempts_are_forgotten(app: Flask) -> None:
    moment = now()
    with app.app_context(), transaction():
        for days in (29, 31):
            session.add(RequestKey(key=f"k{days}", result="/", at=moment - timedelta(days=days)))
        for days in (89, 91):
            at = moment - timedelta(days=days)
            session.add(SignInAttempt(at=at, username_key="a", address="127.0.0.1", accepted=False))
    worker.tidy(app)
    with app.app_context():
        assert session.scalars(select(RequestKey.key)).all() == ["k29"]
        assert [a.at for a in session.scalars(select(SignInAttempt))] == [moment - timedelta(days=89)]
