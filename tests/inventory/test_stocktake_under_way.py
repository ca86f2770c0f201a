"""Two people count two thousand units while two others ship, receive, move and put away in the same bins: what is posted
is what was wrong, exactly, and afterwards the ledger is what lies on the shelves.

The shelves are a table of our own. Whoever takes or puts something notes the instant; the ledger is told a little later,
as at a bench, so counts fall between the two."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask
from sqlalchemy import select

from spares.accounts.access import Actor
from spares.accounts.models import Role
from spares.clock import now
from spares.db import session, transaction
from spares.inventory import (
    ledger,
    stock_services,
    stocktake_counting,
    stocktake_deciding,
    stocktake_posting,
    stocktake_services,
)
from spares.inventory.ledger_check import verify
from spares.inventory.models import (
    Condition,
    LocationKind,
    Part,
    PostingKind,
    StockBalance,
    Tracking,
    Unit,
    UnitState,
)
from spares.inventory.places import outside
from spares.inventory.stock_arrivals import Arriving
from spares.inventory.stocktake_lifecycle import DifferenceState
from spares.inventory.stocktake_models import DifferenceKind, Scope, StocktakeDifference
from tests.factories import make_actor, make_bin, make_depot, make_part, put_stock

BINS, UNITS, PIECES = 20, 2_000, 500
Error = tuple[str, str, str, int]
"""A difference: its kind, the serial or the part, its bin, pieces more or fewer."""


@dataclass
class Shelves:
    """What really lies in each bin, who may reach in (one at a time), and what nobody but the counters touches."""

    units: dict[int, set[str]] = field(default_factory=dict)
    pieces: dict[int, int] = field(default_factory=dict)
    errors: set[str] = field(default_factory=set)
    reach: threading.Lock = field(default_factory=threading.Lock)
    counted: threading.Event = field(default_factory=threading.Event)
    moved: Counter[str] = field(default_factory=Counter)
    deeds: Counter[int] = field(default_factory=Counter)


@dataclass
class World:
    """Keys and names that the threads share."""

    depot: int
    bins: list[int]
    codes: dict[int, str]
    switch: int
    cable: int
    keys: dict[str, int]
    difference: int
    transit: int
    shelves: Shelves


def build() -> tuple[World, set[Error]]:
    """The depot as the ledger has it, and the shelves with what is wrong on them."""
    depot = make_depot()
    bins = [make_bin(depot, f"A-{n:02d}") for n in range(1, BINS + 1)]
    switch = make_part("SW-1", price_minor=120_000)
    cable = make_part("CABLE-1", tracking=Tracking.COUNTED, price_minor=2_000)
    shelves, keys = Shelves(), {}
    for n, place in enumerate(bins):
        serials = [f"SN{n:02d}-{k:03d}" for k in range(UNITS // BINS)]
        keys |= {unit.serial: unit.id for unit in put_stock(switch, serials, place)}
        shelves.units[place.id] = set(serials)
        put_stock(cable, PIECES, place)
        shelves.pieces[place.id] = PIECES
    world = World(
        depot=depot.id,
        bins=[place.id for place in bins],
        codes={place.id: place.code for place in bins},
        switch=switch.id,
        cable=cable.id,
        keys=keys,
        difference=outside(LocationKind.DIFFERENCE),
        transit=outside(LocationKind.IN_TRANSIT),
        shelves=shelves,
    )
    return world, spoil(world)


def spoil(world: World) -> set[Error]:
    """Lose, misplace, invent and miscount."""
    shelves, wrong, codes = world.shelves, set(), world.codes
    for n in range(12):
        place, serial = world.bins[n], f"SN{n:02d}-007"
        shelves.units[place].remove(serial)
        shelves.errors.add(serial)
        wrong.add(("missing", serial, codes[place], -1))
    for n in range(8):
        home, place, serial = world.bins[n], world.bins[n + 9], f"SN{n:02d}-011"
        shelves.units[home].remove(serial)
        shelves.units[place].add(serial)
        shelves.errors.add(serial)
        wrong.add(("found", serial, codes[place], 1))
    for n in range(5):
        place, serial = world.bins[3 * n], f"NOBODY-{n}"
        shelves.units[place].add(serial)
        shelves.errors.add(serial)
        wrong.add(("unknown", serial, codes[place], 1))
    for n, change in ((2, -4), (5, 3), (19, -1)):
        shelves.pieces[world.bins[n]] += change
        wrong.add(("pieces", "CABLE-1", codes[world.bins[n]], change))
    return wrong


def take(world: World, chance: random.Random, mine: int) -> tuple[str, int, datetime] | None:
    """Take a unit of one's own half off a shelf: its serial, its bin, and when."""
    shelves = world.shelves
    place = chance.choice(world.bins)
    with shelves.reach:
        there = [s for s in shelves.units[place] if s in world.keys and s not in shelves.errors]
        own = sorted(s for s in there if world.keys[s] % 2 == mine)
        if not own:
            return None
        serial = chance.choice(own)
        shelves.units[place].remove(serial)
        return serial, place, now()


def put(world: World, serial: str, place: int) -> datetime:
    """Put a unit on a shelf; when."""
    with world.shelves.reach:
        world.shelves.units[place].add(serial)
        return now()


def ship(world: World, chance: random.Random, mine: int, actor: Actor, number: int) -> None:
    taken = take(world, chance, mine)
    if taken is None:
        return
    serial, place, at = taken
    steps = [
        ledger.Step(
            part_id=world.switch,
            unit_id=world.keys[serial],
            from_id=place,
            from_condition=Condition.GOOD,
            to_id=world.transit,
            to_condition=Condition.GOOD,
        )
    ]
    post(world, "ship", PostingKind.DISPATCH, steps, at, actor, mine, number)


def move(world: World, chance: random.Random, mine: int, actor: Actor, number: int) -> None:
    taken = take(world, chance, mine)
    if taken is None:
        return
    serial, place, _at = taken
    target = chance.choice([one for one in world.bins if one != place])
    at = put(world, serial, target)
    with transaction():
        stock_services.move([world.keys[serial]], target, request_key=f"m:{mine}:{number}", actor=actor, now=at)
    world.shelves.moved["move"] += 1


def receive(world: World, chance: random.Random, mine: int, actor: Actor, number: int) -> None:
    place, serial = chance.choice(world.bins), f"NEW{mine}-{number:05d}"
    at = put(world, serial, place)
    with transaction():
        stock_services.receive(
            world.depot,
            [Arriving(part_id=world.switch, serial=serial)],
            location_id=place,
            request_key=f"r:{mine}:{number}",
            actor=actor,
            now=at,
        )
    world.shelves.moved["receive"] += 1


def ship_pieces(world: World, chance: random.Random, mine: int, actor: Actor, number: int) -> None:
    place = chance.choice(world.bins)
    with world.shelves.reach:
        if world.shelves.pieces[place] < 50:
            return
        world.shelves.pieces[place] -= 2
        at = now()
    steps = [
        ledger.Step(
            part_id=world.cable,
            quantity=2,
            from_id=place,
            from_condition=Condition.GOOD,
            to_id=world.transit,
            to_condition=Condition.GOOD,
        )
    ]
    post(world, "ship pieces", PostingKind.DISPATCH, steps, at, actor, mine, number)


def post(
    world: World,
    what: str,
    kind: PostingKind,
    steps: list[ledger.Step],
    at: datetime,
    actor: Actor,
    mine: int,
    number: int,
) -> None:
    with transaction():
        ledger.post(kind, steps, request_key=f"{what}:{mine}:{number}", occurred_at=at, actor=actor, now=now())
    world.shelves.moved[what] += 1


def work(world: World, mine: int, actor: Actor) -> None:
    """Ship, receive, move, until the stocktake is posted."""
    chance = random.Random(mine)
    deeds = itertools.cycle([ship, move, receive, ship_pieces, move])
    for number in itertools.count():
        if world.shelves.counted.wait(0.02):
            return
        next(deeds)(world, chance, mine, actor, number)
        world.shelves.deeds[mine] += 1


def booked_what_was_in_hand(world: World) -> None:
    """Wait until both have told the ledger what they had in hand when the last bin was counted: as docs/stocktake.md asks
    before the differences are judged."""
    begun = dict(world.shelves.deeds)
    until = time.monotonic() + 30
    while any(world.shelves.deeds[mine] <= begun.get(mine, 0) for mine in (0, 1)):
        assert time.monotonic() < until
        time.sleep(0.01)


def count(world: World, run_id: int, mine: int, actor: Actor) -> None:
    """Count every other bin, and help with the last of the other person's."""
    for n, place in enumerate(world.bins):
        if n % 2 != mine:
            continue
        with transaction():
            one = stocktake_counting.begin_bin(run_id, place, actor=actor, now=now()).id
        scanned: set[str] = set()
        for _look in range(2):
            with world.shelves.reach:
                there = sorted(world.shelves.units[place] - scanned)
            for serial in there:
                count_one(world, place, one, serial, actor)
                scanned.add(serial)
        with world.shelves.reach:
            quantity, at = world.shelves.pieces[place], now()
        with transaction():
            stocktake_counting.count_pieces(one, world.cable, quantity, Condition.GOOD, actor=actor, now=at)
        with transaction():
            stocktake_counting.finish_bin(one, actor=actor, now=now())


def count_one(world: World, place: int, bin_id: int, serial: str, actor: Actor) -> None:
    """Scan a serial that lies there; what was taken since one looked is not scanned."""
    with world.shelves.reach:
        if serial not in world.shelves.units[place]:
            return
        at = now()
    with transaction():
        stocktake_counting.scan(bin_id, serial, actor=actor, now=at)


def together(app: Flask, *deeds: Callable[[], None]) -> list[threading.Thread]:
    """A thread each, with a session of its own; what goes wrong in one fails the test."""

    def run(deed: Callable[[], None]) -> None:
        try:
            with app.app_context():
                deed()
                session.remove()
        except BaseException as error:
            problems.append(error)

    problems: list[BaseException] = []
    threads = [threading.Thread(target=run, args=(deed,), daemon=True) for deed in deeds]
    for thread in threads:
        thread.problems = problems  # type: ignore[attr-defined]
        thread.start()
    return threads


def finish(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive()
        assert thread.problems == []  # type: ignore[attr-defined]


def differences(run_id: int) -> list[StocktakeDifference]:
    session.rollback()
    session.expire_all()
    query = select(StocktakeDifference).where(StocktakeDifference.run_id == run_id).order_by(StocktakeDifference.id)
    return list(session.scalars(query))


def as_error(world: World, row: StocktakeDifference) -> Error:
    what = row.serial or session.get_one(Part, row.part_id).part_number
    return row.kind.value, what, world.codes[row.place_id], row.counted - row.expected


def decide(world: World, run_id: int, manager: Actor, second: Actor) -> None:
    for row in differences(run_id):
        if row.state is not DifferenceState.OPEN:
            continue
        unknown = row.kind is DifferenceKind.UNKNOWN
        with transaction():
            stocktake_deciding.accept(
                row.id,
                "盘点差异",
                part_id=world.switch if unknown else None,
                condition=Condition.TO_INSPECT if unknown else None,
                actor=manager,
                now=now(),
            )
        if session.get_one(StocktakeDifference, row.id).state is DifferenceState.AWAITING:
            with transaction():
                stocktake_deciding.approve(row.id, actor=second, now=now())


def test_what_is_posted_is_what_was_wrong(app: Flask) -> None:
    with app.app_context():
        world, wrong = build()
        manager, second = make_actor(Role.MANAGER), make_actor(Role.RMA_ADMIN)
        keepers = [make_actor(Role.WAREHOUSE) for _ in range(4)]
        with transaction():
            run_id = stocktake_services.open_run(world.depot, Scope.ALL, actor=manager, now=now()).id
        session.remove()
        others = together(app, *(lambda n=n: work(world, n, keepers[n]) for n in (0, 1)))  # type: ignore[misc]
        finish(together(app, *(lambda n=n: count(world, run_id, n, keepers[n + 2]) for n in (0, 1))))  # type: ignore[misc]
        booked_what_was_in_hand(world)
        with transaction():
            stocktake_services.close_counting(run_id, actor=manager, now=now())
        decide(world, run_id, manager, second)
        with transaction():
            posted = stocktake_posting.post_run(run_id, request_key="stocktake:1", actor=manager, now=now())
        world.shelves.counted.set()
        finish(others)
        rows = [row for row in differences(run_id) if row.state is DifferenceState.POSTED]
        assert {as_error(world, row) for row in rows} == wrong
        assert (posted.differences, len(rows)) == (len(wrong), len(wrong))
        assert min(world.shelves.moved[deed] for deed in ("ship", "move", "receive", "ship pieces")) >= 10
        assert list(verify()) == []
        assert booked(world) == (world.shelves.units, world.shelves.pieces)


def booked(world: World) -> tuple[dict[int, set[str]], dict[int, int]]:
    """What the ledger has in each bin: serials, pieces."""
    units: dict[int, set[str]] = {place: set() for place in world.bins}
    for serial, place in session.execute(
        select(Unit.serial, UnitState.location_id).join(UnitState, UnitState.unit_id == Unit.id)
    ):
        if place in units:
            units[place].add(serial)
    pieces = session.execute(
        select(StockBalance.location_id, StockBalance.on_hand).where(StockBalance.part_id == world.cable)
    )
    return units, {row.location_id: row.on_hand for row in pieces}
