"""Several people at the same return at the same instant: one of them does it, the others are told."""

from collections import Counter
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.inventory.models import Condition, LocationKind, Posting, PostingKind
from spares.once import perform_once
from spares.rma import returns, shelf
from spares.rma.models import ObligationEvent
from tests.conftest import NOON
from tests.racing import race
from tests.rma import making


def receive_one(task: dict[str, Any]) -> str:
    """Take in what came, as a page's form does."""

    def act() -> str:
        arrival = returns.Arrival(part_id=task["part"], serial="F9")
        returns.receive_return(task["obligation"], arrival, actor=SYSTEM, now=NOON + timedelta(days=1))
        return "received"

    return perform_once(task["key"], NOON, act)


def settle_one(task: dict[str, Any]) -> str:
    """Send it to the repair bench or to the scrap."""
    with transaction():
        returns.settle(
            task["obligation"], shelf.Disposition(task["to"]), reason="", actor=SYSTEM, now=NOON + timedelta(days=2)
        )
    return "settled"


def test_two_people_receive_the_same_return(context: Flask, database_url: str) -> None:
    world = making.make_world()
    (one,) = making.running(world)
    tasks = [{"obligation": one.id, "part": world.part.id, "key": f"k{n}"} for n in range(4)]
    session.remove()
    outcomes = race("tests.rma.test_return_races:receive_one", database_url, tasks, workers=4)
    assert Counter(outcome for _, outcome in outcomes) == {"received": 1, "refused:obligation_not_allowed": 3}
    _one_posting(PostingKind.RETURN, "received")
    assert making.whereabouts("F9") == (LocationKind.RETURNS, Condition.TO_INSPECT)


def test_the_same_form_at_once_receives_once_and_answers_all_alike(context: Flask, database_url: str) -> None:
    world = making.make_world()
    (one,) = making.running(world)
    tasks = [{"obligation": one.id, "part": world.part.id, "key": "same"} for _ in range(4)]
    session.remove()
    outcomes = race("tests.rma.test_return_races:receive_one", database_url, tasks, workers=4)
    assert {outcome for _, outcome in outcomes} == {"received"}
    _one_posting(PostingKind.RETURN, "received")


def test_a_part_gets_one_place(context: Flask, database_url: str) -> None:
    one = making.received(making.make_world())
    with transaction():
        returns.inspect(one.id, returns.Inspection.DAMAGED, note="", actor=SYSTEM, now=NOON + timedelta(days=1))
    tasks = [{"obligation": one.id, "to": to} for to in ("repair", "scrap")]
    session.remove()
    outcomes = race("tests.rma.test_return_races:settle_one", database_url, tasks, workers=2)
    assert Counter(outcome for _, outcome in outcomes) == {"settled": 1, "refused:obligation_not_allowed": 1}
    (winner,) = [task["to"] for task, outcome in outcomes if outcome == "settled"]
    assert making.whereabouts("F9")[0] == {"repair": LocationKind.BENCH, "scrap": LocationKind.SCRAP}[winner]
    _one_posting(PostingKind.DISPOSE, "settled")


def _one_posting(kind: PostingKind, event: str) -> None:
    assert session.scalar(select(func.count()).select_from(Posting).where(Posting.kind == kind)) == 1
    happened = select(func.count()).select_from(ObligationEvent).where(ObligationEvent.kind == event)
    assert session.scalar(happened) == 1
