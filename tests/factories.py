"""Plain functions that make what tests need. Each number and name is new, so that a test may ask for several."""

import itertools
import secrets
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from spares.accounts import sessions
from spares.accounts.access import Actor
from spares.accounts.models import Role, User
from spares.accounts.passwords import make_hash
from spares.clock import now
from spares.db import session, transaction
from tests.conftest import NOON

_numbers = itertools.count(1)


def make_user(
    role: Role = Role.ENGINEER, *, username: str | None = None, password: str | None = None, **changes: object
) -> User:
    """A person, in a transaction of its own, so that it can be used before a request. Needs an application context.

    Without `password` nobody can sign in by the form: use `sign_in`, which is faster anyway."""
    username = username or f"user{next(_numbers)}"
    values: dict[str, object] = {
        "display_name": f"张{username}",
        "created_at": NOON - timedelta(days=30),
        "password_hash": make_hash(password) if password else None,
    }
    user = User(username=username, username_key=username.casefold(), role=role, **(values | changes))  # type: ignore[arg-type]
    with transaction():
        session.add(user)
    return user


def make_actor(role: Role = Role.ENGINEER, **changes: object) -> Actor:
    """A new person as services see him."""
    user = make_user(role, **changes)  # type: ignore[arg-type]
    return Actor(id=user.id, name=user.display_name, role=user.role)


def sign_in(client: FlaskClient, user: User) -> str:
    """Give the client's browser a session of `user`, begun now, without going through the form. Returns its token."""
    app: Flask = client.application
    with transaction():
        token = sessions.begin(user, address="127.0.0.1", agent="test", now=now())
    client.set_cookie(app.config["SPARES_SIGN_IN_COOKIE"], token)
    return token


def csrf_token(client: FlaskClient) -> str:
    """A token that a form of this browser would carry."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", secrets.token_hex(20))
    return str(URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token").dumps(raw))


def post(client: FlaskClient, address: str, data: dict[str, object] | None = None, **options: object) -> TestResponse:
    """Send a form as a page of the site would, with a valid token."""
    return client.post(address, data={"csrf_token": csrf_token(client)} | (data or {}), **options)  # type: ignore[arg-type]
