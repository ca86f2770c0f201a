"""What the ledger reads and changes under a part's lock: the lock itself, balances and unit states. Private to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import event, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from spares.db import is_postgresql, session
from spares.errors import Conflict, NotFound
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    Location,
    LocationKind,
    Move,
    Part,
    StockBalance,
    Tracking,
    Unit,
    UnitState,
)

BalanceKey = tuple[int, int, str]
CHUNK = 500
PLACES = "spares_places"


@dataclass
class UnitNow:
    """A unit's state with the digest of its last move."""

    state: UnitState
    digest: str


def lock_parts(part_ids: Iterable[int]) -> dict[int, Tracking]:
    """Make the stock of these parts ours until the transaction ends, and say how each is tracked.

    NO KEY UPDATE on PostgreSQL, so that rows which merely name the part are not held up; on SQLite the transaction has
    the whole database already. Raises NotFound for a part that is not there."""
    ordered = sorted(set(part_ids))
    found: dict[int, Tracking] = {}
    for start in range(0, len(ordered), CHUNK):
        wanted = ordered[start : start + CHUNK]
        rows = session.execute(
            select(Part.id, Part.tracking).where(Part.id.in_(wanted)).order_by(Part.id).with_for_update(key_share=True)
        )
        found.update((row[0], row[1]) for row in rows)
    if len(found) != len(ordered):
        raise NotFound("part_unknown", typed=", ".join(str(key) for key in ordered if key not in found))
    return found


def in_depot(location_id: int) -> bool:
    """Whether a balance is kept for the place. That never changes, so it is remembered, but only once the place is
    committed: the key of one that was undone may be given to another."""
    known: dict[int, bool] = current_app.extensions.setdefault(PLACES, {})
    if location_id in known:
        return known[location_id]
    fresh: dict[int, bool] = session.info.setdefault(PLACES, {})
    if location_id not in fresh:
        fresh[location_id] = session.get_one(Location, location_id).kind in DEPOT_KINDS
    return fresh[location_id]


@event.listens_for(Session, "after_commit")
def _remember_places(done: Session) -> None:
    fresh = done.info.pop(PLACES, None)
    if fresh:
        current_app.extensions[PLACES].update(fresh)


@event.listens_for(Session, "after_rollback")
def _forget_places(undone: Session) -> None:
    undone.info.pop(PLACES, None)


def unit_states(units: Iterable[int]) -> dict[int, UnitNow]:
    """Where these units are by the ledger; those that it has never seen are left out."""
    ordered = sorted(units)
    found: dict[int, UnitNow] = {}
    for start in range(0, len(ordered), CHUNK):
        rows = session.execute(
            select(UnitState, Move.digest)
            .join(Move, Move.id == UnitState.last_move_id)
            .where(UnitState.unit_id.in_(ordered[start : start + CHUNK]))
            .execution_options(populate_existing=True)
        )
        found.update({state.unit_id: UnitNow(state, digest) for state, digest in rows})
    return found


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


def free_units(part_id: int, location_id: int, count: int) -> Sequence[int]:
    """The oldest unheld good units of the part in the place; fewer than `count` when there are not so many."""
    return session.scalars(
        select(UnitState.unit_id)
        .where(
            UnitState.part_id == part_id,
            UnitState.condition == Condition.GOOD,
            UnitState.location_id == location_id,
            UnitState.hold_id.is_(None),
        )
        .order_by(UnitState.unit_id)
        .limit(count)
    ).all()


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
