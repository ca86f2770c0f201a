"""Whether the ledger still is what was posted, and its caches what the ledger says.

Run by `spares stock verify`: silent when all is well; every finding names its row. `rebuild` makes the caches anew from
the rows; the rows themselves are never touched."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select

from spares.db import session
from spares.inventory.ledger import digest_of, posting_content
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    Hold,
    HoldEnd,
    Location,
    Move,
    Posting,
    StockBalance,
    UnitState,
)


@dataclass(frozen=True)
class Finding:
    """Something that does not add up: the table and row, and what is wrong with it (a stable word and the values)."""

    table: str
    row: str
    problem: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        values = f": expected {self.expected}, found {self.found}" if self.expected or self.found else ""
        return f"{self.table} {self.row}: {self.problem}{values}"


def verify() -> Iterator[Finding]:
    """Everything that does not add up, rows first, then caches. Reads the whole ledger once, in order."""
    units: dict[int, tuple[int, int, Condition, int]] = {}
    balances: dict[tuple[int, int, Condition], int] = defaultdict(int)
    yield from _check_moves(units, balances)
    empty = select(Posting.id).where(~select(Move.id).where(Move.posting_id == Posting.id).exists())
    for posting_id in session.scalars(empty):
        yield Finding("posting", str(posting_id), "has no moves")
    holds_by_unit, held = _open_holds()
    yield from _check_units(units, holds_by_unit)
    yield from _check_balances(balances, held)


def rebuild() -> None:
    """Make `unit_state` and `stock_balance` anew from the ledger, inside the caller's transaction."""
    units: dict[int, tuple[int, int, Condition, int]] = {}
    balances: dict[tuple[int, int, Condition], int] = defaultdict(int)
    for _ in _check_moves(units, balances):
        pass
    holds_by_unit, held = _open_holds()
    session.execute(delete(UnitState))
    session.execute(delete(StockBalance))
    rows: list[dict[str, Any]] = [
        {
            "unit_id": unit_id,
            "part_id": part_id,
            "location_id": location_id,
            "condition": condition,
            "last_move_id": move_id,
            "hold_id": holds_by_unit.get(unit_id),
        }
        for unit_id, (part_id, location_id, condition, move_id) in units.items()
    ]
    for start in range(0, len(rows), 1000):
        session.execute(insert(UnitState), rows[start : start + 1000])
    for key in sorted(balances.keys() | held.keys()):
        part_id, location_id, condition = key
        if balances[key] or held[key]:
            session.execute(
                insert(StockBalance).values(
                    part_id=part_id,
                    location_id=location_id,
                    condition=condition,
                    on_hand=balances[key],
                    held=held[key],
                )
            )


def _check_moves(
    units: dict[int, tuple[int, int, Condition, int]], balances: dict[tuple[int, int, Condition], int]
) -> Iterator[Finding]:
    """Walk every move in order, filling `units` and `balances` with what they add up to."""
    kept = set(session.scalars(select(Location.id).where(Location.kind.in_(DEPOT_KINDS))))
    tails: dict[tuple[str, int], tuple[int, str]] = {}
    query = select(Move, Posting).join(Posting, Posting.id == Move.posting_id).order_by(Move.id)
    for move, posting in session.execute(query.execution_options(yield_per=2000)):
        chain = ("unit", move.unit_id) if move.unit_id is not None else ("part", move.part_id)
        before, digest = tails.get(chain, (None, ""))
        if move.previous_id != before:
            yield Finding(
                "move", str(move.id), "does not follow the move before it", str(before), str(move.previous_id)
            )
        row = {column.key: getattr(move, column.key) for column in Move.__table__.columns}
        covered = posting_content({column.key: getattr(posting, column.key) for column in Posting.__table__.columns})
        if digest_of(row, covered, digest) != move.digest:
            yield Finding("move", str(move.id), f"was changed after it was posted (posting {posting.id})")
        tails[chain] = (move.id, move.digest)
        if move.unit_id is not None:
            known = units.get(move.unit_id)
            if known is not None and (known[1], known[2]) != (move.from_location_id, move.from_condition):
                yield Finding("move", str(move.id), "starts where the unit was not")
            units[move.unit_id] = (move.part_id, move.to_location_id, move.to_condition, move.id)
        if move.from_location_id in kept:
            balances[move.part_id, move.from_location_id, move.from_condition] -= move.quantity
        if move.to_location_id in kept:
            balances[move.part_id, move.to_location_id, move.to_condition] += move.quantity


def _open_holds() -> tuple[dict[int, int], dict[tuple[int, int, Condition], int]]:
    by_unit: dict[int, int] = {}
    held: dict[tuple[int, int, Condition], int] = defaultdict(int)
    ended = select(HoldEnd.hold_id).where(HoldEnd.hold_id == Hold.id).exists()
    for hold in session.scalars(select(Hold).where(~ended)):
        if hold.unit_id is not None:
            by_unit[hold.unit_id] = hold.id
        held[hold.part_id, hold.location_id, Condition.GOOD] += hold.quantity
    return by_unit, held


def _check_units(units: dict[int, tuple[int, int, Condition, int]], holds_by_unit: dict[int, int]) -> Iterator[Finding]:
    seen = 0
    for state in session.scalars(select(UnitState).execution_options(yield_per=2000)):
        seen += 1
        expected = units.get(state.unit_id)
        found = (state.part_id, state.location_id, state.condition, state.last_move_id)
        if expected != found:
            yield Finding(
                "unit_state", str(state.unit_id), "is not what the ledger says", _words(expected), _words(found)
            )
        if state.hold_id != holds_by_unit.get(state.unit_id):
            hold = holds_by_unit.get(state.unit_id)
            yield Finding("unit_state", str(state.unit_id), "names the wrong hold", str(hold), str(state.hold_id))
    if seen != len(units):
        known = set(session.scalars(select(UnitState.unit_id)))
        for unit_id in sorted(units.keys() - known):
            yield Finding("unit_state", str(unit_id), "is missing")
    orphans = holds_by_unit.keys() - units.keys()
    for unit_id in sorted(orphans):
        yield Finding("hold", str(holds_by_unit[unit_id]), "holds a unit that the ledger does not know")


def _check_balances(
    balances: dict[tuple[int, int, Condition], int], held: dict[tuple[int, int, Condition], int]
) -> Iterator[Finding]:
    kept = {}
    for row in session.scalars(select(StockBalance).execution_options(yield_per=2000)):
        kept[row.part_id, row.location_id, row.condition] = (row.on_hand, row.held)
    for key in sorted(kept.keys() | balances.keys() | held.keys()):
        expected = (balances.get(key, 0), held.get(key, 0))
        found = kept.get(key, (0, 0))
        if expected != found:
            name = f"part {key[0]}, location {key[1]}, {key[2].value}"
            yield Finding(
                "stock_balance",
                name,
                "is not what the ledger says",
                f"{expected[0]} on hand, {expected[1]} held",
                f"{found[0]} on hand, {found[1]} held",
            )


def _words(state: tuple[int, int, Condition, int] | None) -> str:
    if state is None:
        return "no unit"
    return f"part {state[0]} at location {state[1]}, {state[2].value}, after move {state[3]}"


def count_moves() -> int:
    """How many moves the ledger has."""
    return session.scalar(select(func.count(Move.id))) or 0
