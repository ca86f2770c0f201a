"""What the ledger reads and changes under a part's lock: the lock itself, balances and unit states. Private to it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult

from spares.db import is_postgresql, session
from spares.errors import Conflict, NotFound
from spares.inventory.availability import family
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    Hold,
    Location,
    LocationKind,
    Move,
    Part,
    StockBalance,
    Unit,
    UnitState,
)
from spares.inventory.remembered import locked_parts, made_units, of_place

BalanceKey = tuple[int, int, str]
CHUNK = 500


@dataclass
class UnitNow:
    """A unit's state with the digest of its last move."""

    state: UnitState
    digest: str


def lock_parts(part_ids: Iterable[int]) -> dict[int, Part]:
    """Make the stock of these parts ours until the transaction ends, and give them as they are now. Parts that are ours
    already are not asked for again.

    NO KEY UPDATE on PostgreSQL, so that rows which merely name the part are not held up; on SQLite the transaction has
    the whole database already. Raises NotFound for a part that is not there."""
    wanted_ids = set(part_ids)
    ours = locked_parts()
    ordered = sorted(wanted_ids - ours.keys())
    found: dict[int, Part] = {}
    for start in range(0, len(ordered), CHUNK):
        found |= _lock(Part.id.in_(ordered[start : start + CHUNK]))
    if len(found) != len(ordered):
        raise NotFound("part_unknown", typed=", ".join(str(key) for key in ordered if key not in found))
    ours.update(found)
    return {part_id: ours[part_id] for part_id in sorted(wanted_ids)}


def lock_families(part_ids: Collection[int]) -> None:
    """Lock these parts and every approved substitute of them: all that reserving for them may touch. One statement."""
    locked_parts().update(_lock(Part.id.in_(family(part_ids))))


def _lock(which: ColumnElement[bool]) -> dict[int, Part]:
    query = select(Part).where(which).order_by(Part.id).with_for_update(key_share=True)
    return {part.id: part for part in session.scalars(query.execution_options(populate_existing=True))}


def make_units(wanted: Sequence[dict[str, Any]]) -> dict[tuple[int, str], int]:
    """Make the units that nobody has seen before, and give their keys by part and folded serial; those that are known
    are left out. `wanted` has the columns of each."""
    make = postgresql.insert if is_postgresql() else sqlite.insert
    if not wanted:
        return {}
    statement = make(Unit).on_conflict_do_nothing(index_elements=["part_id", "serial_key"])
    rows = session.execute(statement.returning(Unit.id, Unit.part_id, Unit.serial_key), wanted).all()
    made_units().update((unit_id, part_id) for unit_id, part_id, _key in rows)
    return {(part_id, serial_key): unit_id for unit_id, part_id, serial_key in rows}


def in_depot(location_id: int) -> bool:
    """Whether a balance is kept for the place. That never changes."""
    return of_place(("in depot", location_id), lambda: session.get_one(Location, location_id).kind in DEPOT_KINDS)


def unit_states(units: Iterable[int]) -> tuple[dict[int, UnitNow], dict[int, int]]:
    """Where these units are by the ledger, those that it has never seen left out; and of which part each of them is.
    Asked when they are about to be moved, so that what was made in this transaction is new only once."""
    wanted = set(units)
    made = made_units()
    states: dict[int, UnitNow] = {}
    parts = {unit_id: made.pop(unit_id) for unit_id in wanted & made.keys()}
    ordered = sorted(wanted - parts.keys())
    for start in range(0, len(ordered), CHUNK):
        rows = session.execute(
            select(Unit.id, Unit.part_id, UnitState, Move.digest)
            .outerjoin(UnitState, UnitState.unit_id == Unit.id)
            .outerjoin(Move, Move.id == UnitState.last_move_id)
            .where(Unit.id.in_(ordered[start : start + CHUNK]))
            .execution_options(populate_existing=True)
        )
        for unit_id, part_id, state, digest in rows:
            parts[unit_id] = part_id
            if state is not None:
                states[unit_id] = UnitNow(state, digest)
    return states, parts


def parts_of(units: Iterable[int]) -> dict[int, int]:
    """The part of each of these units."""
    ordered = sorted(units)
    found: dict[int, int] = {}
    for start in range(0, len(ordered), CHUNK):
        rows = session.execute(select(Unit.id, Unit.part_id).where(Unit.id.in_(ordered[start : start + CHUNK])))
        found.update((row[0], row[1]) for row in rows)
    return found


def serial_of(unit_id: int) -> str:
    """The serial, for the words of a refusal."""
    unit = session.get(Unit, unit_id)
    return unit.serial if unit else str(unit_id)


def last_counted_move(part_id: int) -> tuple[int | None, str]:
    """The newest move of a counted part and its digest."""
    last = session.execute(
        select(Move.id, Move.digest)
        .where(Move.part_id == part_id, Move.unit_id.is_(None))
        .order_by(Move.id.desc())
        .limit(1)
    ).first()
    return (last.id, last.digest) if last else (None, "")


def free_balances(part_id: int, depot_id: int) -> list[tuple[int, int]]:
    """The depot's bins with unheld good pieces of the part, and how many, by key."""
    rows = session.execute(
        select(StockBalance.location_id, StockBalance.on_hand - StockBalance.held)
        .join(Location, Location.id == StockBalance.location_id)
        .where(
            StockBalance.part_id == part_id,
            StockBalance.condition == Condition.GOOD,
            StockBalance.on_hand > StockBalance.held,
            Location.kind == LocationKind.BIN,
            Location.depot_id == depot_id,
        )
        .order_by(StockBalance.location_id)
    )
    return [(location_id, free) for location_id, free in rows]


def hold_free_units(
    line_id: int, part_id: int, depot_id: int, count: int, *, actor_id: int | None, now: datetime
) -> list[tuple[int, int, int]]:
    """Write holds on unheld good units of the part in the depot's bins, on `count` of them or, when there are not so many,
    on none: bins in key order, in each the oldest first. Gives each hold with its unit and bin. Led by the balances, so
    that it does not grow with the stock."""
    free = (
        select(UnitState.unit_id, UnitState.location_id)
        .join(
            StockBalance,
            and_(
                StockBalance.part_id == UnitState.part_id,
                StockBalance.condition == UnitState.condition,
                StockBalance.location_id == UnitState.location_id,
            ),
        )
        .join(Location, Location.id == StockBalance.location_id)
        .where(
            StockBalance.part_id == part_id,
            StockBalance.condition == Condition.GOOD,
            StockBalance.on_hand > StockBalance.held,
            Location.kind == LocationKind.BIN,
            Location.depot_id == depot_id,
            UnitState.hold_id.is_(None),
        )
        .order_by(UnitState.location_id, UnitState.unit_id)
        .limit(count)
        .cte("free")
    )
    same = {"line_id": line_id, "part_id": part_id, "quantity": 1, "held_at": now, "actor_id": actor_id}
    rows = (
        select(
            free.c.unit_id,
            free.c.location_id,
            *(literal(value, getattr(Hold, name).type) for name, value in same.items()),
        )
        .where(select(func.count()).select_from(free).scalar_subquery() == count)
        .order_by(free.c.location_id, free.c.unit_id)
    )
    statement = insert(Hold).from_select(["unit_id", "location_id", *same], rows)
    made = session.execute(statement.returning(Hold.id, Hold.unit_id, Hold.location_id))
    return [(hold_id, unit_id, location_id) for hold_id, unit_id, location_id in made if unit_id is not None]


def change_balances(deltas: dict[BalanceKey, tuple[int, int]]) -> None:
    """Add to pieces on hand and pieces held. Raises Conflict when fewer unheld pieces are there than are taken."""
    for key in sorted(deltas):
        on_hand, held = deltas[key]
        if on_hand == 0 and held == 0:
            continue
        part_id, location_id, condition = key
        if on_hand > 0 and held == 0:
            _credit(part_id, location_id, Condition(condition), on_hand)
            continue
        changed: CursorResult[Any] = session.execute(  # type: ignore[assignment]
            update(StockBalance)
            .where(
                StockBalance.part_id == part_id,
                StockBalance.location_id == location_id,
                StockBalance.condition == Condition(condition),
                StockBalance.on_hand + on_hand >= StockBalance.held + held,
                StockBalance.held + held >= 0,
            )
            .values(on_hand=StockBalance.on_hand + on_hand, held=StockBalance.held + held)
            .execution_options(synchronize_session=False)
        )
        if changed.rowcount != 1:
            raise Conflict("stock_short", part_id=part_id, location_id=location_id, wanted=max(-on_hand, held))


def _credit(part_id: int, location_id: int, condition: Condition, quantity: int) -> None:
    make = postgresql.insert if is_postgresql() else sqlite.insert
    statement = make(StockBalance).values(
        part_id=part_id, location_id=location_id, condition=condition, on_hand=quantity, held=0
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["part_id", "location_id", "condition"],
            set_={"on_hand": StockBalance.on_hand + quantity},
        )
    )


def add_unit_states(rows: list[dict[str, Any]]) -> None:
    """Units that the ledger sees for the first time."""
    if rows:
        session.execute(insert(UnitState), rows)


def hold_state(unit_id: int, hold_id: int) -> None:
    """Note the hold on the unit. Raises Conflict when it has one already."""
    changed: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(UnitState)
        .where(UnitState.unit_id == unit_id, UnitState.hold_id.is_(None))
        .values(hold_id=hold_id)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise Conflict("unit_held", serial=serial_of(unit_id))


def free_states(hold_ids: Sequence[int]) -> int:
    """Take these holds off their units; how many units had one of them."""
    changed: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        update(UnitState)
        .where(UnitState.hold_id.in_(hold_ids))
        .values(hold_id=None)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)
