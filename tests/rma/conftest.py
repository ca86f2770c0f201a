"""What the tests of this slice's pages begin with."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from spares.accounts.models import Role
from spares.db import session
from tests.conftest import NOON
from tests.factories import make_user, sign_in
from tests.rma import making


@dataclass
class Pages:
    """A world, and browsers signed in to it on Thursday 2026-11-19 at noon, in Chinese."""

    app: Flask
    world: making.World

    def browser(self, role: Role = Role.RMA_ADMIN, language: str = "zh_Hans_CN") -> FlaskClient:
        """A browser of a new person of that role."""
        client = self.app.test_client()
        sign_in(client, make_user(role, language=language))
        return client


@pytest.fixture
def pages(app: Flask) -> Iterator[Pages]:
    with time_machine.travel(NOON + timedelta(days=1), tick=False), app.app_context():
        yield Pages(app, making.make_world())
        session.remove()
