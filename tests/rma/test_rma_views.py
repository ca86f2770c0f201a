"""The page of an exchange, through the client."""

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask

from spares.accounts.models import Role
from spares.db import session
from spares.rma.lifecycle import ObligationState
from tests.conftest import NOON
from tests.factories import make_user, sign_in
from tests.rma import making


@pytest.fixture
def world(app: Flask) -> Iterator[SimpleNamespace]:
    """A browser a role, on the day after the noon of `making`."""
    with time_machine.travel(NOON + timedelta(days=1), tick=False), app.app_context():
        made = making.make_world()
        clients = {}
        for role in Role:
            clients[role] = app.test_client()
            sign_in(clients[role], make_user(role, language="zh_Hans_CN"))
        yield SimpleNamespace(app=app, clients=clients, chief=clients[Role.RMA_ADMIN], made=made)
        session.remove()


def test_it_shows_both_legs(world: SimpleNamespace) -> None:
    (one,) = making.running(world.made)
    page = world.chief.get("/rma/RMA-000001").text
    assert "发出" in page
    for shown in ("F9", "S1", "SW-24", "SH-000001", "SF100", "2026-12-02", "某银行"):
        assert shown in page
    assert one.state is ObligationState.RUNNING


@pytest.mark.parametrize("number", ["RMA-000099", "SH-000001", "nonsense", "RMA-99999999999999999999"])
def test_an_unknown_number_is_not_found(world: SimpleNamespace, number: str) -> None:
    making.running(world.made)
    assert world.chief.get(f"/rma/{number}").status_code == 404
