"""No test sees what another has left. The turns of a test follow one another, mostly in the same PostgreSQL database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from spares.calendars.models import Depot
from spares.db import db, session
from tests import reuse
from tests.conftest import DATABASES, Databases
from tests.factories import make_bin, make_depot, make_part, make_user, put_stock

TURNS = pytest.mark.parametrize("turn", range(3))
ON_POSTGRESQL = pytest.mark.skipif("postgresql" not in DATABASES, reason="is about PostgreSQL")
WHICH = "SELECT oid FROM pg_database WHERE datname = current_database()"


@TURNS
def test_there_is_no_row_but_the_version_and_numbers_begin_at_one(context: Flask, turn: int) -> None:
    assert filled() == {"alembic_version": 1}
    user, depot = make_user(), make_depot()
    put_stock(make_part(), [f"S{turn}"], make_bin(depot))
    assert (user.id, depot.id) == (1, 1)
    assert {"user_account", "depot", "unit", "move"} <= set(filled())
    # A transaction that a test leaves open ends with it.
    session.add(Depot(code="YY", name="未完成"))
    session.flush()


def filled() -> dict[str, int]:
    with db.engine.connect() as connection:
        names = inspect(connection).get_table_names()
        counts = {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0 for name in names}
    assert len(counts) > 40
    return {name: count for name, count in counts.items() if count}


@TURNS
@pytest.mark.parametrize("change", ["UPDATE move SET quantity = 7", "DELETE FROM move"])
def test_the_triggers_hold(context: Flask, change: str, turn: int) -> None:
    put_stock(make_part(), ["S1"], make_bin(make_depot()))
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(text(change))


@TURNS
def test_the_foreign_keys_hold(context: Flask, turn: int) -> None:
    dangling = "INSERT INTO substitute (part_id, substitute_id, rank, note) VALUES (1, 2, 1, '')"
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), db.engine.begin() as connection:
        connection.execute(text(dangling))


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def which(url: str) -> int:
    with connected(url) as connection:
        return int(connection.scalar(text(WHICH)))


@ON_POSTGRESQL
@pytest.mark.parametrize("turn", range(2))
def test_rows_a_version_and_a_sequence_are_put_back(databases: Databases, turn: int) -> None:
    first = databases.fresh("postgresql")
    with connected(first) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'unknown'"))
        connection.execute(text("SELECT setval('user_account_id_seq', 500)"))
        connection.commit()
    one = which(first)
    databases.drop(first)
    second = databases.fresh("postgresql")
    assert which(second) == one
    with connected(second) as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) != "unknown"
        assert connection.scalar(text("SELECT nextval('user_account_id_seq')")) == 1
    databases.drop(second)


@ON_POSTGRESQL
def test_who_is_still_connected_is_thrown_out_and_does_not_find_it_again(databases: Databases) -> None:
    first = databases.fresh("postgresql")
    one = which(first)
    with connected(first) as connection:
        connection.execute(text("LOCK TABLE part IN ACCESS EXCLUSIVE MODE"))
        databases.drop(first)
        second = databases.fresh("postgresql")
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT 1"))
    assert (which(second), second == first) == (one, False)
    with pytest.raises(OperationalError, match="does not exist"):
        which(first)
    databases.drop(second)


@ON_POSTGRESQL
@pytest.mark.parametrize(
    "changes",
    [
        ("DROP TRIGGER move_append_only ON move",),
        ("ALTER TABLE move DISABLE TRIGGER ALL",),
        ("CREATE TABLE extra (id integer)",),
        ("SET session_replication_role = replica", "DROP INDEX ix_part_category"),
    ],
)
def test_a_changed_schema_is_not_used_again(databases: Databases, changes: tuple[str, ...]) -> None:
    gone = changed(databases, lambda connection: [connection.execute(text(change)) for change in changes])
    assert gone


@ON_POSTGRESQL
def test_a_change_that_is_taken_back_is_none(databases: Databases) -> None:
    def change(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE extra (id integer)"))
        connection.rollback()

    assert not changed(databases, change)


def changed(databases: Databases, change: Callable[[Connection], object]) -> bool:
    """Whether the database is gone, rather than the next one to be used."""
    url = databases.fresh("postgresql")
    one = which(url)
    with connected(url) as connection:
        change(connection)
        connection.commit()
    databases.drop(url)
    following = databases.fresh("postgresql")
    with connected(following) as connection:
        there = connection.scalar(text(f"SELECT count(*) FROM pg_database WHERE oid = {one}"))
        own = connection.scalar(text(WHICH)) == one
    databases.drop(following)
    assert own == bool(there)
    return not there


@ON_POSTGRESQL
def test_a_database_is_used_so_often_and_no_more(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuse, "MOST_USES", 3)
    uses: list[int] = []
    new = databases.fresh("postgresql")
    for _ in range(4):
        uses.append(which(new))
        databases.drop(new)
        new = databases.fresh("postgresql")
    databases.drop(new)
    assert [uses.count(one) <= 3 for one in uses] == [True] * 4
    assert len(set(uses)) == 2
