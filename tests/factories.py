"""Plain functions that make what tests need. Each number and name is new, so that a test may ask for several."""

import itertools
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from pwdlib.hashers.argon2 import Argon2Hasher
from werkzeug.test import TestResponse

from spares.accounts import sessions
from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role, User
from spares.calendars.models import Depot
from spares.clock import now
from spares.db import is_writing, session, transaction
from spares.inventory import places, services, stock_checks, stock_services
from spares.inventory.models import Condition, Location, Part, Unit
from spares.inventory.stock_arrivals import Arriving
from spares.numbers import scan_key
from tests.conftest import NOON

_numbers = itertools.count(1)
_CHEAP = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1)
"""The product's own hash is slow on purpose; a stored one says its cost itself, so tests may store cheaper ones."""


def make_user(
    role: Role = Role.ENGINEER, *, username: str | None = None, password: str | None = None, **changes: object
) -> User:
    """A person, in a transaction of its own, so that it can be used before a request. Needs an application context.

    Without `password` nobody can sign in by the form: use `sign_in`, which is faster anyway."""
    username = username or f"user{next(_numbers)}"
    values: dict[str, object] = {
        "display_name": f"张{username}",
        "created_at": NOON - timedelta(days=30),
        "password_hash": _CHEAP.hash(password) if password else None,
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


def make_depot(code: str = "ZZ", name: str = "郑州备件库", **changes: object) -> Depot:
    """A depot with its places."""
    depot = Depot(code=code, name=name, **changes)  # type: ignore[arg-type]

    def act() -> None:
        session.add(depot)
        session.flush()
        places.ensure_places(depot.id)

    _in_transaction(act)
    return depot


def make_bin(depot: Depot, code: str = "A-01-01", name: str = "") -> Location:
    """A bin in the depot."""
    made: list[Location] = []
    _in_transaction(lambda: made.append(services.add_bin(depot.id, code, name, actor=SYSTEM, now=NOON)))
    return made[0]


def make_part(part_number: str = "", manufacturer: str = "华为", **changes: object) -> Part:
    """A part of the catalogue, tracked by serial unless told otherwise."""
    data = services.PartData(
        manufacturer=manufacturer,
        part_number=part_number or f"PN-{next(_numbers):04d}",
        **changes,  # type: ignore[arg-type]
    )
    made: list[Part] = []
    _in_transaction(lambda: made.append(services.add_part(data, actor=SYSTEM, now=NOON)))
    return made[0]


def put_stock(
    part: Part, serials: Sequence[str] | int, location: Location, condition: Condition = Condition.GOOD
) -> list[Unit]:
    """Receive units with these serials, or that many pieces of a counted part, into the place; gives the units."""
    if isinstance(serials, int):
        items = [Arriving(part_id=part.id, quantity=serials, condition=condition)]
    else:
        items = [Arriving(part_id=part.id, serial=serial, condition=condition) for serial in serials]
    assert location.depot_id is not None
    depot_id = location.depot_id
    _in_transaction(
        lambda: stock_services.receive(
            depot_id,
            items,
            location_id=location.id,
            request_key=f"factory:{next(_numbers)}",
            actor=SYSTEM,
            now=NOON,
        )
    )
    if isinstance(serials, int):
        return []
    keys = [scan_key(serial) for serial in serials]
    known = {unit.serial_key: at for unit, at in stock_checks.named(part.id, keys) if at is not None}
    return [known[key].unit for key in keys]


def _in_transaction(act: Callable[[], object]) -> None:
    """In the transaction that is open, else in one of its own."""
    if is_writing():
        act()
        return
    with transaction():
        act()
