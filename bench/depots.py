"""A filled depot to ask pages of: the application on it, and people signed in to it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import event

from bench.filling import Depots, fill
from spares.accounts import sessions
from spares.accounts.models import Role, User
from spares.app import create_app
from spares.config import Config
from spares.db import db, session, transaction

SECRET = "only-for-the-benchmark-only-for-the-benchmark"  # noqa: S105
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Visited:
    """A filled database with its application; `statements` counts what its engine is asked, transactions left out."""

    app: Flask
    filled: Depots
    statements: int = 0
    clients: dict[Role, FlaskClient] = field(default_factory=dict)
    tokens: dict[Role, str] = field(default_factory=dict)

    def client(self, role: Role) -> FlaskClient:
        """The test client of the person with this role, signed in once."""
        if role not in self.clients:
            client = self.app.test_client()
            with self.app.app_context(), transaction():
                user = session.get_one(User, self.filled.users[role])
                token = sessions.begin(user, address="127.0.0.1", agent="bench", now=datetime.now(UTC))
            client.set_cookie(self.app.config["SPARES_SIGN_IN_COOKIE"], token)
            self.clients[role] = client
        return self.clients[role]

    def token(self, role: Role) -> str:
        """What the person's forms carry against forgery, read from a page of his."""
        if role not in self.tokens:
            found = _TOKEN.search(self.client(role).get("/account").get_data(as_text=True))
            assert found is not None
            self.tokens[role] = found[1]
        return self.tokens[role]


def application(url: str) -> Flask:
    """The product on the database at `url`."""
    return create_app(Config(database_url=url, data_dir=Path("/nonexistent"), secret_key=SECRET, testing=True))


@contextmanager
def depot(url: str, units: int) -> Iterator[Visited]:
    """Fill the empty database at `url` and serve it to test clients."""
    app = application(url)
    with app.app_context():
        upgrade()
        filled = fill(units, datetime.now(UTC))
        engine = db.engine
    visited = Visited(app, filled)

    @event.listens_for(engine, "before_cursor_execute")
    def _count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            visited.statements += 1

    yield visited
    engine.dispose()
