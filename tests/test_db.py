"""The database edge: one transaction, the right lock, aware instants only."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from spares.app import create_app
from spares.db import db, session, transaction
from spares.once import RequestKey, perform_once
from tests.conftest import NOON, Databases, config_for


def test_a_transaction_commits_everything_or_nothing(context: Flask) -> None:
    with transaction():
        session.add(RequestKey(key="kept", result="/a", at=NOON))
    with pytest.raises(RuntimeError, match="stop"), transaction():
        session.add(RequestKey(key="lost", result="/b", at=NOON))
        session.flush()
        raise RuntimeError("stop")
    assert session.scalars(select(RequestKey.key)).all() == ["kept"]


def test_a_commit_on_sqlite_waits_for_the_disk_and_a_reader_for_nobody(databases: Databases) -> None:
    """Asked of an application as the product makes it: those of the other tests do not wait."""
    url = databases.fresh("sqlite")
    with create_app(config_for(url)).app_context(), db.engine.connect() as connection:
        wanted = {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000}
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted
    databases.drop(url)


def test_transactions_do_not_nest(context: Flask) -> None:
    with pytest.raises(RuntimeError, match="open already"), transaction(), transaction():
        pass


def test_rows_changed_outside_a_transaction_are_refused(context: Flask) -> None:
    session.add(RequestKey(key="stray", result="/", at=NOON))
    with pytest.raises(RuntimeError, match="outside a transaction"), transaction():
        pass
    session.rollback()


def test_instants_come_back_in_utc_and_naive_ones_are_refused(context: Flask) -> None:
    with transaction():
        shanghai = datetime(2026, 11, 18, 12, 0, tzinfo=timezone(timedelta(hours=8)))
        session.add(RequestKey(key="k", result="/", at=shanghai))
    session.expire_all()
    assert session.scalars(select(RequestKey.at)).one() == datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
    with pytest.raises(StatementError, match="naive"), transaction():
        session.add(RequestKey(key="n", result="/", at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_no_update_is_lost_between_threads(context: Flask, app: Flask) -> None:
    with transaction():
        session.add(RequestKey(key="counter", result="0", at=NOON))

    def add_thirty() -> None:
        with app.app_context():
            for _ in range(30):
                with transaction():
                    row = session.scalars(select(RequestKey).where(RequestKey.key == "counter").with_for_update()).one()
                    row.result = str(int(row.result) + 1)
            session.remove()

    threads = [threading.Thread(target=add_thirty) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.expire_all()
    assert session.get_one(RequestKey, "counter").result == "120"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everybody_asks_for_the_write_lock_equally_often(
    context: Flask, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long he has waited, and for as long as a connection is patient."""
    pauses: list[float] = []
    monkeypatch.setattr("spares.db.time.sleep", pauses.append)
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), transaction():
        session.add(RequestKey(key="k", result="/", at=NOON))
        session.flush()
    assert 30 <= sum(pauses) < 30.01
    assert min(pauses) >= 0.001 and max(pauses) <= 0.005
    assert abs(sum(pauses[:1000]) / sum(pauses[-1000:]) - 1) < 0.2
    other.execute("ROLLBACK")
    other.close()
    with transaction():
        session.add(RequestKey(key="k", result="/", at=NOON))
    assert db.session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def test_the_same_key_acts_once_even_at_the_same_time(context: Flask, app: Flask) -> None:
    acted: list[int] = []
    results: list[str] = []

    def send(number: int) -> None:
        def act() -> str:
            acted.append(number)
            session.add(RequestKey(key=f"work-{number}", result="", at=NOON))
            return f"/result/{number}"

        with app.app_context():
            results.append(perform_once("same", NOON, act))
            session.remove()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = session.scalars(select(RequestKey.key).where(RequestKey.key.startswith("work-"))).all()
    assert len(kept) == 1
    assert set(results) == {f"/result/{kept[0].removeprefix('work-')}"}


@pytest.mark.parametrize("statement", ["UPDATE setting_value SET key = 'b'", "DELETE FROM setting_value"])
def test_append_only_tables_refuse_changes(context: Flask, statement: str) -> None:
    from spares import settings

    with transaction():
        settings.change("product_name", "Depot", set_by_id=None, now=NOON)
    with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(statement))
    assert settings.current().product_name == "Depot"
