"""Whatever is posted, held, released and taken back, in any order: the ledger agrees with a plain Python model of it."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.errors import SparesError
from spares.inventory import ledger
from spares.inventory.models import Condition, Hold, Move, PostingKind, StockBalance, Tracking, UnitState
from tests.conftest import NOON
from tests.inventory.ledger_rows import World, add_line, add_part, add_units, build_world, findings, post, step

BY_SYSTEM = {"actor": SYSTEM, "now": NOON}
CONDITIONS = st.sampled_from([Condition.GOOD, Condition.GOOD, Condition.GOOD, Condition.FAULTY])
Key = tuple[int, int, Condition]


PART, PLACE = st.integers(0, 3), st.integers(0, 3)
DATA = "data"
ARGUMENTS: dict[str, dict[str, st.SearchStrategy[object]]] = {
    "receive": {"part": PART, "place": PLACE, "count": st.integers(1, 3), "condition": CONDITIONS},
    "move": {DATA: st.none(), "end": st.integers(0, 5), "condition": CONDITIONS},
    "adjust": {"part": st.integers(0, 1), "place": PLACE, "count": st.integers(-3, 3), "condition": CONDITIONS},
    "hold": {"part": PART, "count": st.integers(1, 4)},
    "hold_a_unit": {DATA: st.none()},
    "release": {DATA: st.none(), "expired": st.booleans()},
    "dispatch": {DATA: st.none()},
    "reverse": {DATA: st.none()},
}
ACTIONS = [*ARGUMENTS, "move", "move", "hold", "dispatch"]


@dataclass
class Model:
    """What the ledger should say: pieces by key, units by where they are, and open holds."""

    depot_places: set[int]
    bins: list[int]
    pieces: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    units: dict[int, Key] = field(default_factory=dict)
    holds: dict[int, Hold] = field(default_factory=dict)

    def held(self, part: int, place: int) -> int:
        return sum(h.quantity for h in self.holds.values() if (h.part_id, h.location_id) == (part, place))

    def hold_of(self, unit: int) -> int | None:
        return next((hold.id for hold in self.holds.values() if hold.unit_id == unit), None)

    def free_units(self, part: int, place: int) -> list[int]:
        here = (part, place, Condition.GOOD)
        return sorted(unit for unit, key in self.units.items() if key == here and self.hold_of(unit) is None)

    def free(self, part: int, place: int, counted: bool) -> int:
        if not counted:
            return len(self.free_units(part, place))
        return self.pieces[part, place, Condition.GOOD] - self.held(part, place)

    def balances(self) -> dict[Key, tuple[int, int]]:
        on_hand: dict[Key, int] = defaultdict(int)
        for key, count in self.pieces.items():
            on_hand[key] += count
        for key in self.units.values():
            on_hand[key] += 1
        return {
            key: (count, self.held(key[0], key[1]) if key[2] is Condition.GOOD else 0)
            for key, count in on_hand.items()
            if count and key[1] in self.depot_places
        }

    def after(self, steps: list[ledger.Step], used: list[Hold]) -> "Model | None":
        """The model after the posting; None when it must be refused."""
        new = replace(self, pieces=self.pieces.copy(), units=self.units.copy(), holds=self.holds.copy())
        for hold in used:
            if new.holds.pop(hold.id, None) is None:
                return None
        for one in steps:
            start, end = (one.part_id, one.from_id, one.from_condition), (one.part_id, one.to_id, one.to_condition)
            if one.unit_id is None:
                new.pieces[start] -= one.quantity
                new.pieces[end] += one.quantity
                continue
            there = new.units.get(one.unit_id)
            if new.hold_of(one.unit_id) is not None or (
                start[1] in self.depot_places if there is None else there != start
            ):
                return None
            new.units[one.unit_id] = end
        for (part, place, condition), count in new.pieces.items():
            held = new.held(part, place) if condition is Condition.GOOD else 0
            if place in self.depot_places and count < held:
                return None
        return new


class LedgerMachine(RuleBasedStateMachine):
    """One database for every run; each run has parts of its own."""

    world: World
    runs = 0

    @initialize()
    def begin(self) -> None:
        type(self).runs += 1
        world = self.world
        self.serial = [add_part(f"SW-{self.runs}-{n}") for n in range(2)]
        self.counted = [add_part(f"CABLE-{self.runs}-{n}", Tracking.COUNTED) for n in range(2)]
        self.parts = [*self.serial, *self.counted]
        self.places = [*world.bins, world.receiving, world.transit, world.customer]
        self.model = Model({*world.bins, world.receiving, world.returns}, world.bins)
        self.postings: list[tuple[int, list[ledger.Step]]] = []
        self.lines = {part: add_line(world, part) for part in self.parts}
        for part, place in ((0, 0), (0, 1), (1, 0), (2, 0), (3, 1)):
            self.receive(part, place, 3, Condition.GOOD)

    @rule(data=st.data(), action=st.sampled_from(ACTIONS))
    def act(self, data: st.DataObject, action: str) -> None:
        """One rule for all: with a rule for each, most runs would leave some of them out (swarm testing), and what is
        interesting here is how they meet."""
        arguments = {name: data.draw(strategy, name) for name, strategy in ARGUMENTS[action].items()}
        if DATA in arguments:
            arguments[DATA] = data
        getattr(self, action)(**arguments)

    def attempt(self, kind: PostingKind, steps: list[ledger.Step], used: list[Hold] | None = None) -> None:
        """Post, and be refused exactly when the model says so."""
        expected = self.model.after(steps, used or [])
        try:
            posting = post(self.world, kind, *steps, holds=used or [])
        except SparesError:
            assert expected is None
            return
        assert expected is not None
        self.model = expected
        self.postings.append((posting, steps))

    def receive(self, part: int, place: int, count: int, condition: Condition) -> None:
        world, part_id, where = self.world, self.parts[part], self.places[place]
        if part_id in self.counted:
            steps = [step(part_id, world.supplier, where, count, conditions=(condition, condition))]
        else:
            units = add_units(part_id, *(f"{world.key('serial')}" for _ in range(count)))
            steps = [step(part_id, world.supplier, where, unit_id=u, conditions=(condition, condition)) for u in units]
        self.attempt(PostingKind.RECEIVE, steps)

    def move(self, data: st.DataObject, end: int, condition: Condition) -> None:
        """Units from where they are, or (seldom) from where they are not; pieces from anywhere, there or not."""
        target = (self.places[end], condition)
        steps = []
        for unit in data.draw(st.lists(st.sampled_from(sorted(self.model.units)), unique=True, max_size=2)):
            part, *truly = self.model.units[unit]
            start = tuple(truly) if data.draw(st.integers(0, 5)) else (self.places[0], Condition.GOOD)
            if start != target:
                steps.append(step(part, start[0], target[0], unit_id=unit, conditions=(start[1], condition)))
        start = (self.places[data.draw(st.integers(0, 5))], data.draw(CONDITIONS))
        if start != target and (not steps or data.draw(st.booleans())):
            part, quantity = data.draw(st.sampled_from(self.counted)), data.draw(st.integers(1, 3))
            steps.append(step(part, start[0], target[0], quantity, conditions=(start[1], condition)))
        if steps:
            self.attempt(PostingKind.MOVE, steps)

    def adjust(self, part: int, place: int, count: int, condition: Condition) -> None:
        here, there = self.places[place], self.world.difference
        if count:
            start, end = (there, here) if count > 0 else (here, there)
            counted = step(self.counted[part], start, end, abs(count), conditions=(condition, condition))
            self.attempt(PostingKind.ADJUST, [counted])

    def hold(self, part: int, count: int) -> None:
        part_id = self.parts[part]
        counted = part_id in self.counted
        expected: list[tuple[int, int | None, int]] = []
        wanted = count
        for place in self.model.bins:
            taken = min(wanted, self.model.free(part_id, place, counted))
            if counted and taken:
                expected.append((place, None, taken))
            elif taken:
                expected += [(place, unit, 1) for unit in self.model.free_units(part_id, place)[:taken]]
            wanted -= taken
        with transaction():
            held = ledger.hold_available(self.lines[part_id], part_id, self.world.depot, count, **BY_SYSTEM)
        assert held is (wanted == 0)
        made = self.new_holds()
        assert [(h.location_id, h.unit_id, h.quantity) for h in made] == (expected if held else [])

    def new_holds(self) -> list[Hold]:
        made = [hold for hold in ledger.open_holds(self.lines.values()) if hold.id not in self.model.holds]
        self.model.holds.update({hold.id: hold for hold in made})
        return made

    def hold_a_unit(self, data: st.DataObject) -> None:
        unit = data.draw(st.sampled_from(sorted(self.model.units)))
        part, place, condition = self.model.units[unit]
        allowed = place in self.model.bins and condition is Condition.GOOD and self.model.hold_of(unit) is None
        try:
            with transaction():
                ledger.hold_unit(self.lines[part], unit, **BY_SYSTEM)
        except SparesError:
            assert not allowed
        else:
            assert allowed
        assert [hold.unit_id for hold in self.new_holds()] == ([unit] if allowed else [])

    def release(self, data: st.DataObject, expired: bool) -> None:
        if self.model.holds:
            chosen = data.draw(st.lists(st.sampled_from(sorted(self.model.holds)), unique=True, min_size=1, max_size=3))
            with transaction():
                ledger.release([self.model.holds[key] for key in chosen], **BY_SYSTEM, reason="取消", expired=expired)
            for key in chosen:
                del self.model.holds[key]

    def dispatch(self, data: st.DataObject) -> None:
        if self.model.holds:
            chosen = data.draw(st.lists(st.sampled_from(sorted(self.model.holds)), unique=True, min_size=1, max_size=3))
            used = [self.model.holds[key] for key in chosen]
            steps = [step(h.part_id, h.location_id, self.world.transit, h.quantity, h.unit_id) for h in used]
            self.attempt(PostingKind.DISPATCH, steps, used)

    def reverse(self, data: st.DataObject) -> None:
        if not self.postings:
            return
        chosen = data.draw(st.sampled_from(self.postings))
        back = [
            replace(s, from_id=s.to_id, from_condition=s.to_condition, to_id=s.from_id, to_condition=s.from_condition)
            for s in chosen[1]
        ]
        expected = self.model.after(back, [])
        try:
            with transaction():
                key = self.world.key("reverse")
                posting = ledger.reverse(chosen[0], request_key=key, **BY_SYSTEM, reason="扫错")
        except SparesError:
            assert expected is None
            return
        assert expected is not None
        self.model = expected
        self.postings.remove(chosen)
        self.postings.append((posting, back))

    @invariant()
    def the_ledger_agrees_with_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        session.rollback()
        ours = [(row.part_id, row.location_id, row.condition, row.on_hand, row.held) for row in self.rows(StockBalance)]
        assert {
            (p, place, c): (n, held) for p, place, c, n, held in ours if (n, held) != (0, 0)
        } == self.model.balances()
        states = {r.unit_id: ((r.part_id, r.location_id, r.condition), r.hold_id) for r in self.rows(UnitState)}
        assert states == {unit: (key, self.model.hold_of(unit)) for unit, key in self.model.units.items()}

    @invariant()
    def the_entries_balance(self) -> None:
        """Over all places, those outside too, a part's moves add up to nothing; in a depot, to what is there."""
        if not hasattr(self, "model"):
            return
        net: dict[Key, int] = defaultdict(int)
        for move in self.rows(Move):
            net[move.part_id, move.from_location_id, move.from_condition] -= move.quantity
            net[move.part_id, move.to_location_id, move.to_condition] += move.quantity
        for part in self.parts:
            assert sum(count for key, count in net.items() if key[0] == part) == 0
        inside = {key: count for key, count in net.items() if count and key[1] in self.model.depot_places}
        assert inside == {key: on_hand for key, (on_hand, _) in self.model.balances().items()}

    def rows(self, table: type[StockBalance] | type[UnitState] | type[Move]) -> list[object]:
        return list(session.execute(select(*table.__table__.columns).where(table.part_id.in_(self.parts))))

    def teardown(self) -> None:
        assert findings() == []
        session.remove()


def test_any_sequence_agrees_with_the_model(context: Flask) -> None:
    LedgerMachine.world = build_world()
    LedgerMachine.runs = 0
    session.remove()
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
