"""Two administrators who shut one another out, or themselves, at the same moment: one of them stays."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts import services
from spares.accounts.access import Actor
from spares.accounts.models import Role, User
from spares.db import session, transaction
from spares.errors import SparesError
from tests.conftest import NOON
from tests.factories import make_user

ROUNDS = 12


@dataclass(frozen=True)
class Leaving:
    """An administrator, and whom he takes the office from."""

    who: Actor
    whom: int


def disable(leaving: Leaving) -> None:
    services.disable_user(leaving.whom, reason="离职", actor=leaving.who, now=NOON)


def demote(leaving: Leaving) -> None:
    services.change_user(
        leaving.whom, display_name="张三", role=Role.FINANCE, email="", phone="", actor=leaving.who, now=NOON
    )


def at_once(app: Flask, acts: list[Callable[[], None]]) -> list[str]:
    """What became of each, all of them begun together."""
    barrier = threading.Barrier(len(acts))
    outcomes: list[str] = []

    def run(act: Callable[[], None]) -> None:
        with app.app_context():
            barrier.wait(timeout=60)
            try:
                with transaction():
                    act()
                outcomes.append("done")
            except SparesError as refusal:
                outcomes.append(refusal.code)
            session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.parametrize("crossed", [False, True], ids=["themselves", "one another"])
def test_two_leave_at_once_and_one_stays(app: Flask, context: Flask, crossed: bool) -> None:
    for n in range(ROUNDS):
        pair = [make_user(Role.ADMINISTRATOR) for _ in range(2)]
        ids = [one.id for one in pair]
        actors = [Actor(id=one.id, name=one.display_name, role=one.role) for one in pair]
        leaving = [Leaving(actor, key) for actor, key in zip(actors, reversed(ids) if crossed else ids, strict=True)]
        # Now the one way, now the other, now each his own.
        verbs = [(disable, disable), (demote, demote), (disable, demote)][n % 3]
        session.remove()
        outcomes = at_once(app, [lambda v=v, one=one: v(one) for v, one in zip(verbs, leaving, strict=True)])  # type: ignore[misc]
        assert sorted(outcomes) == ["done", "last_administrator"]
        left = select(User).where(User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
        (stays,) = session.scalars(left).all()
        assert stays.id in ids
        with transaction():
            stays.role = Role.FINANCE
