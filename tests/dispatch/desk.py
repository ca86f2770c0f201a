"""A signed-in browser for the pages of dispatch, and the forms that its pages would send."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from spares.accounts.models import Role
from spares.db import db, session
from spares.web import fresh_key
from tests.factories import make_user, post, sign_in


def browser(app: Flask, role: Role = Role.RMA_ADMIN, language: str = "en") -> FlaskClient:
    """A browser of a new person of the role."""
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(role, language=language))
        session.remove()
    return client


def send_form(client: FlaskClient, address: str, key: str | None = None, **fields: object) -> TestResponse:
    """Post a form as its page would, with a request key of its own unless one is given."""
    return post(client, address, {"request_key": key or fresh_key(), **fields})


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL statements that the block sends, sign-in included; transaction control is not counted."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA")):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
