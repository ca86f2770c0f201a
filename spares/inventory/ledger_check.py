"""Whether the ledger still is what was posted, and its caches what the ledger says.

Run by `spares stock verify`: silent when all is well; every finding names its row. `rebuild` makes the caches anew from
the rows; the rows themselves are never touched."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select, text

from spares.db import is_postgresql, session
from spares.errors import Conflict
from spares.inventory.ledger_digest import digest_of, posting_content
from spares.inventory.ledger_facts import Finding, check_ended_holds, check_places, check_references, check_serials
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    Hold,
    HoldEnd,
    Location,
    Move,
    Posting,
    StockBalance,
    Unit,
    UnitState,
)


class _Where(NamedTuple):
    """Where the moves leave a unit."""

    part_id: int
    location_id: int
    condition: Condition
    move_id: int

    def __str__(self) -> str:
        return f"part {self.part_id} at location {self.location_id}, {self.condition.value}, after move {self.move_id}"


BalanceKey = tuple[int, int, Condition]


@dataclass
class _Sums:
    """What the rows add up to: as many entries as there are units and balances, however many moves there were."""

    units: dict[int, _Where] = field(default_factory=dict)
    on_hand: dict[BalanceKey, int] = field(default_factory=lambda: defaultdict(int))
    held: dict[BalanceKey, int] = field(default_factory=lambda: defaultdict(int))
    hold_of: dict[int, int] = field(default_factory=dict)


def verify() -> Iterator[Finding]:
    """Everything that does not add up, rows first, then caches. Reads the whole ledger once, in order, as it stood at
    one instant, so that people may go on working."""
    if is_postgresql() and not session().in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    sums = _Sums()
    yield from _check_rows(sums)
    yield from _check_units(sums)
    yield from _check_balances(sums)
    yield from check_serials()
    yield from check_places()
    yield from check_ended_holds()


def rebuild() -> None:
    """Make `unit_state` and `stock_balance` anew from the ledger, inside the caller's transaction.

    Stock stands still meanwhile. Raises Conflict when the rows themselves do not add up: the caches are then the better
    evidence of what there was, and are left as they are."""
    if is_postgresql():
        session.execute(text("LOCK TABLE part IN EXCLUSIVE MODE"))
    sums = _Sums()
    damaged = sum(1 for _ in _check_rows(sums))
    if damaged:
        raise Conflict("ledger_damaged", findings=damaged)
    session.execute(delete(UnitState))
    session.execute(delete(StockBalance))
    states = [
        {**where._asdict(), "unit_id": unit_id, "hold_id": sums.hold_of.get(unit_id)}
        for unit_id, where in sums.units.items()
    ]
    for state in states:
        state["last_move_id"] = state.pop("move_id")
    balances = [
        {
            "part_id": part_id,
            "location_id": location_id,
            "condition": condition,
            "on_hand": on_hand,
            "held": sums.held.get((part_id, location_id, condition), 0),
        }
        for (part_id, location_id, condition), on_hand in sorted(sums.on_hand.items())
        if on_hand
    ]
    for table, rows in ((UnitState, states), (StockBalance, balances)):
        for start in range(0, len(rows), 1000):
            session.execute(insert(table), rows[start : start + 1000])
    session.expire_all()


def count_moves() -> int:
    """How many moves the ledger has."""
    return session.scalar(select(func.count(Move.id))) or 0


def _check_rows(sums: _Sums) -> Iterator[Finding]:
    yield from check_references()
    yield from _check_moves(sums)
    empty = select(Posting.id).where(~select(Move.id).where(Move.posting_id == Posting.id).exists())
    for posting_id in session.scalars(empty.order_by(Posting.id)):
        yield Finding("posting", str(posting_id), "has no moves")
    for key, on_hand in sorted(sums.on_hand.items()):
        if on_hand < 0:
            yield Finding("move", _name(key), "more left than ever came", "0 or more", str(on_hand))
    yield from _check_holds(sums)


def _check_moves(sums: _Sums) -> Iterator[Finding]:
    """Walk every move in order, adding it up."""
    kept = set(session.scalars(select(Location.id).where(Location.kind.in_(DEPOT_KINDS))))
    tails: dict[tuple[bool, int], tuple[int, bytes]] = {}
    posting_columns = [column.key for column in Posting.__table__.columns]
    move_columns = [column.key for column in Move.__table__.columns]
    query = (
        select(*Move.__table__.columns, *Posting.__table__.columns)
        .join_from(Move.__table__, Posting.__table__, Posting.id == Move.posting_id)
        .order_by(Move.id)
        .execution_options(yield_per=1000)
    )
    covered_id, covered = 0, ""
    for row in session.execute(query):
        move: dict[str, Any] = dict(zip(move_columns, row, strict=False))
        if move["posting_id"] != covered_id:
            covered_id = move["posting_id"]
            covered = posting_content(dict(zip(posting_columns, row[len(move_columns) :], strict=True)))
        unit_id, part_id, quantity = move["unit_id"], move["part_id"], move["quantity"]
        chain = (True, unit_id) if unit_id is not None else (False, part_id)
        before, digest = tails.get(chain, (None, b""))
        name = str(move["id"])
        if move["previous_id"] != before:
            yield Finding("move", name, "does not follow the move before it", str(before), str(move["previous_id"]))
        if digest_of(move, covered, digest.hex()) != move["digest"]:
            yield Finding("move", name, f"was changed after it was posted (posting {covered_id})")
        tails[chain] = (move["id"], _bytes(move["digest"]))
        start = (move["from_location_id"], move["from_condition"])
        end = (move["to_location_id"], move["to_condition"])
        if unit_id is not None:
            known = sums.units.get(unit_id)
            if known is not None and (known.location_id, known.condition) != start:
                yield Finding("move", name, "starts where the unit was not")
            sums.units[unit_id] = _Where(part_id, *end, move["id"])
        if start[0] in kept:
            sums.on_hand[part_id, *start] -= quantity
        if end[0] in kept:
            sums.on_hand[part_id, *end] += quantity


def _bytes(digest: str) -> bytes:
    """Half the memory of the text; a digest that is none was found already, and breaks the next move too."""
    try:
        return bytes.fromhex(digest)
    except ValueError:
        return b""


def _check_holds(sums: _Sums) -> Iterator[Finding]:
    """Add the open holds up; each holds what is there, and no unit is held twice."""
    ended = select(HoldEnd.hold_id).where(HoldEnd.hold_id == Hold.id).exists()
    for hold in session.scalars(select(Hold).where(~ended).order_by(Hold.id)):
        sums.held[hold.part_id, hold.location_id, Condition.GOOD] += hold.quantity
        if hold.unit_id is None:
            continue
        where = sums.units.get(hold.unit_id)
        if where is None or where[:3] != (hold.part_id, hold.location_id, Condition.GOOD):
            expected = f"part {hold.part_id} at location {hold.location_id}, good"
            yield Finding(
                "hold", str(hold.id), f"holds unit {hold.unit_id} where it is not", expected, str(where or "nowhere")
            )
        elif hold.unit_id in sums.hold_of:
            other = sums.hold_of[hold.unit_id]
            yield Finding("hold", str(hold.id), f"holds unit {hold.unit_id}, which hold {other} has already")
        sums.hold_of[hold.unit_id] = hold.id
    for key, held in sorted(sums.held.items()):
        on_hand = sums.on_hand.get(key, 0)
        if held > on_hand:
            yield Finding("hold", _name(key), "more is held than is there", f"{on_hand} at most", str(held))


def _check_units(sums: _Sums) -> Iterator[Finding]:
    seen = 0
    query = select(*UnitState.__table__.columns, Unit.part_id.label("unit_part_id"))
    query = query.join_from(UnitState, Unit, Unit.id == UnitState.unit_id).order_by(UnitState.unit_id)
    for row in session.execute(query.execution_options(yield_per=1000)):
        name = str(row.unit_id)
        expected = sums.units.get(row.unit_id)
        seen += expected is not None
        found = _Where(row.part_id, row.location_id, row.condition, row.last_move_id)
        if expected is not None and expected.part_id != row.unit_part_id:
            found_part = f"part {row.unit_part_id}"
            yield Finding("unit", name, "is of another part", f"part {expected.part_id}", found_part)
        if expected != found:
            yield Finding("unit_state", name, "is not what the ledger says", str(expected or "no unit"), str(found))
        hold_id = sums.hold_of.get(row.unit_id)
        if row.hold_id != hold_id:
            yield Finding("unit_state", name, "names the wrong hold", str(hold_id), str(row.hold_id))
    if seen != len(sums.units):
        known = set(session.scalars(select(UnitState.unit_id)))
        for unit_id in sorted(sums.units.keys() - known):
            yield Finding("unit_state", str(unit_id), "is missing", str(sums.units[unit_id]), "nothing")


def _check_balances(sums: _Sums) -> Iterator[Finding]:
    kept: dict[BalanceKey, tuple[int, int]] = {}
    for row in session.execute(select(*StockBalance.__table__.columns).execution_options(yield_per=1000)):
        kept[row.part_id, row.location_id, row.condition] = (row.on_hand, row.held)
    for key in sorted(kept.keys() | sums.on_hand.keys() | sums.held.keys()):
        expected = (sums.on_hand.get(key, 0), sums.held.get(key, 0))
        found = kept.get(key, (0, 0))
        if expected != found:
            words = ["{} on hand, {} held".format(*pair) for pair in (expected, found)]
            yield Finding("stock_balance", _name(key), "is not what the ledger says", *words)


def _name(key: BalanceKey) -> str:
    return f"part {key[0]}, location {key[1]}, {key[2].value}"
