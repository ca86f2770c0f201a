"""Many processes at the last pieces at once: nothing is given away twice, lost, or waited for in a circle."""

from collections import Counter

from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.dispatch.models import DispatchLine
from spares.inventory import ledger
from spares.inventory.models import Hold, Move, Posting, PostingKind, Tracking
from spares.once import perform_once
from tests.conftest import NOON
from tests.inventory.ledger_rows import (
    World,
    add_part,
    balances,
    build_world,
    findings,
    new_line,
    step,
    stock_pieces,
    stock_units,
    where,
)
from tests.racing import Task, die, race

HERE = "tests.inventory.test_ledger_races"
BY_SYSTEM = {"actor": SYSTEM, "now": NOON}


def hold_one(task: Task) -> str:
    """Ask for stock as a request does: a line and its hold, in one transaction, once however often it is sent."""

    def act() -> str:
        line = new_line(task["order"], task["number"], task["part"], task["quantity"])
        held = ledger.hold_available(line, task["part"], task["depot"], task["quantity"], **BY_SYSTEM)
        if task["dies"] == "before" and not task["again"]:
            session.flush()
            die()
        return "held" if held else "back-ordered"

    outcome = perform_once(f"request:{task['number']}", NOON, act)
    if task["dies"] == "after" and not task["again"]:
        die()
    return outcome


def requests(world: World, part: int, count: int, quantity: int, deaths: dict[int, str], first: int = 0) -> list[Task]:
    return [
        {
            "number": number,
            "order": world.order,
            "depot": world.depot,
            "part": part,
            "quantity": quantity,
            "dies": deaths.get(number, ""),
        }
        for number in range(first, first + count)
    ]


def test_a_thousand_requests_for_a_hundred_units(context: Flask, database_url: str) -> None:
    world = build_world()
    part = add_part("SW-1")
    for n, bin_id in enumerate(world.bins):
        stock_units(world, part, bin_id, *(f"SN{n}-{k}" for k in range(34 if n else 32)))
    session.remove()
    deaths = {13: "after", 500: "before"}
    outcomes = race(f"{HERE}:hold_one", database_url, requests(world, part, 1000, 1, deaths), killed_after=[9, 14, 60])
    assert Counter(outcome for _, outcome in outcomes) == {"held": 100, "back-ordered": 900}
    holds = session.scalars(select(Hold)).all()
    assert len(holds) == 100
    assert len({hold.unit_id for hold in holds}) == 100
    assert len({hold.line_id for hold in holds}) == 100
    assert session.scalar(select(func.count()).select_from(DispatchLine)) == 1000
    assert balances() == {
        (part, bin_id, "good"): (34 if n else 32, 34 if n else 32) for n, bin_id in enumerate(world.bins)
    }
    assert findings() == []


def test_many_requests_for_the_last_pieces(context: Flask, database_url: str) -> None:
    world = build_world()
    cable = add_part("CABLE-1", Tracking.COUNTED)
    for bin_id, quantity in zip(world.bins, (40, 41, 19), strict=True):
        stock_pieces(world, cable, bin_id, quantity)
    session.remove()
    deaths = {3: "after"}
    outcomes = race(f"{HERE}:hold_one", database_url, requests(world, cable, 200, 3, deaths), workers=4)
    assert Counter(outcome for _, outcome in outcomes) == {"held": 33, "back-ordered": 167}
    assert session.scalar(select(func.sum(Hold.quantity))) == 99
    assert balances() == {
        (cable, world.bins[0], "good"): (40, 40),
        (cable, world.bins[1], "good"): (41, 41),
        (cable, world.bins[2], "good"): (19, 18),
    }
    assert findings() == []


def cross(task: Task) -> str:
    """Move a unit that others want as well, or several parts to and fro; or hold several parts in the order given."""
    if task["act"] == "hold":
        with transaction():
            ledger.lock_parts(task["parts"])
            for n, part in enumerate(task["parts"]):
                line = new_line(task["order"], task["number"] * 10 + n, part)
                held = ledger.hold_available(line, part, task["depot"], 1, **BY_SYSTEM)
                assert held
                ledger.release(ledger.open_holds([line]), **BY_SYSTEM, reason="取消")
        return "held"
    steps = [
        step(part, task["from"], task["to"], unit_id=unit)
        for part, unit in zip(task["parts"], task["units"], strict=True)
    ]
    with transaction():
        ledger.post(PostingKind.MOVE, steps, request_key=f"move:{task['number']}", occurred_at=NOON, **BY_SYSTEM)
    return "moved"


def test_crossing_work_neither_deadlocks_nor_acts_twice(context: Flask, database_url: str) -> None:
    """Twenty units are each wanted by four people at once: one gets it, three are told. In between, pieces of four parts
    go A to B and B to A, listed forwards and backwards, and are held by transactions of several calls."""
    world = build_world()
    switch = add_part("SW-1")
    units = stock_units(world, switch, world.bins[0], *(f"SN{n}" for n in range(20)))
    cables = [add_part(f"CABLE-{n}", Tracking.COUNTED) for n in range(4)]
    for cable in cables:
        for bin_id in world.bins[:2]:
            stock_pieces(world, cable, bin_id, 200)
    session.remove()
    shared = {"order": world.order, "depot": world.depot}
    tasks: list[Task] = []
    for unit in units:
        taking = {"act": "move", "parts": [switch], "units": [unit], "from": world.bins[0], "to": world.bins[2]}
        tasks += [{**taking, "wanted": unit} for _ in range(4)]
        for person in range(4):
            parts = cables if person % 2 else cables[::-1]
            start, end = world.bins[:2] if person < 2 else world.bins[1::-1]
            tasks.append({"act": "move", "parts": parts, "units": [None] * 4, "from": start, "to": end})
        for person in range(4):
            tasks.append({"act": "hold", "parts": cables if person % 2 else cables[::-1], **shared})
    for number, task in enumerate(tasks):
        task["number"] = number
    outcomes = race(f"{HERE}:cross", database_url, tasks, workers=4)
    for unit in units:
        assert sorted(outcome for task, outcome in outcomes if task.get("wanted") == unit) == [
            "moved",
            *["refused:unit_elsewhere"] * 3,
        ]
        assert where(unit) == (world.bins[2], "good", None)
    others = Counter(outcome for task, outcome in outcomes if "wanted" not in task)
    assert others == {"moved": 80, "held": 80}
    assert {key: held for key, (_, held) in balances().items()} == dict.fromkeys(balances(), 0)
    assert [balances()[cable, bin_id, "good"][0] for cable in cables for bin_id in world.bins[:2]] == [200] * 8
    assert session.scalar(select(func.count(Posting.id)).where(Posting.kind == PostingKind.MOVE)) == 100
    assert session.scalar(select(func.count(Move.id)).where(Move.unit_id.is_not(None))) == 40
    assert findings() == []
