"""The database edge: one engine for SQLite or PostgreSQL, the declarative base, and the only place that commits.

A transaction is opened by the edge (a view, a command, the worker) with `transaction()`. Everything below it flushes and
never commits, so that a use case is either done or has not happened. Reads need no transaction() and never take the
write lock: on SQLite they begin DEFERRED, while a transaction() begins IMMEDIATE, which is what keeps two writers from
silently losing one another's update."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Enum, Integer, MetaData, event
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session, scoped_session
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Id = BigInteger().with_variant(Integer, "sqlite")
"""Type of every surrogate key: 64 bits; SQLite needs the plain INTEGER to number rows by itself."""

_PATIENCE = 30
"""Seconds that a connection waits for SQLite's write lock."""
_BETWEEN = (0.001, 0.005)
"""Seconds between two askings for it."""

_writing: ContextVar[bool] = ContextVar("spares_writing", default=False)
_last: list[Callable[[], None]] = []


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Takes aware datetimes of any zone, gives aware UTC ones; a naive one is a programmer's error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"a naive datetime reached the database: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(kind: type[StrEnum]) -> Enum:
    """Column type for a StrEnum: its value as text, so that a person can read the table and a new member needs no DDL."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [m.value for m in members],
    )


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Base of every table. Constructors take keywords only, so that the type checker refuses a bogus one."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON(), list[Any]: JSON()}


db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True, session_options={"expire_on_commit": False})
session: scoped_session[Session] = db.session  # type: ignore[assignment]
"""The session of the current request or command."""


def init_app(app: Flask, database_url: str) -> None:
    """Bind the engine. SQLite: WAL, foreign keys on, 30 s of patience for the write lock, transactions begun by hand."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    options: dict[str, Any] = {}
    if database_url.startswith("sqlite"):
        options["connect_args"] = {"isolation_level": None, "timeout": _PATIENCE}
    else:
        options.update(pool_pre_ping=True, pool_size=8, max_overflow=8)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_PATIENCE * 1000}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        if _writing.get():
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN DEFERRED")


def _begin_immediate(connection: Any) -> None:
    """Begin with the write lock. SQLite's own way of waiting asks ever more rarely, so that whoever has waited longest asks
    least often and may wait for ever; here everybody asks equally often, however long he has waited."""
    sqlite = connection.connection.driver_connection
    waited = 0.0
    sqlite.execute("PRAGMA busy_timeout=0")
    try:
        while waited < _PATIENCE:
            try:
                sqlite.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as refused:
                if refused.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                pause = random.uniform(*_BETWEEN)  # noqa: S311  only so that those who wait do not ask in step
                time.sleep(pause)
                waited += pause
            else:
                return
        # The last asking is SQLAlchemy's, so that its refusal is too.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        sqlite.execute(f"PRAGMA busy_timeout={_PATIENCE * 1000}")


def at_the_end(act: Callable[[], None]) -> None:
    """Register what every transaction does last, in itself: what it wrote may concern others (stock that is waited for)."""
    if act not in _last:
        _last.append(act)


@contextmanager
def transaction() -> Iterator[None]:
    """All of the block or nothing of it. What was read before it is read again under the write lock.

    Raises RuntimeError when one is open already: a use case has exactly one, opened at the edge."""
    if _writing.get():
        raise RuntimeError("a transaction is open already; services flush, only the edge opens one")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("rows were changed outside a transaction")
    session.rollback()
    session.expire_all()
    token = _writing.set(True)
    try:
        yield
        for act in _last:
            act()
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        _writing.reset(token)


def is_writing() -> bool:
    """Whether a transaction() is open: what is read now may never be committed, and so may not be kept in a cache."""
    return _writing.get()


def is_postgresql() -> bool:
    """Whether the current engine is PostgreSQL, for the few statements that the two databases spell differently."""
    return bool(db.engine.dialect.name == "postgresql")
