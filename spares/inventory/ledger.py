"""The stock ledger: the only writer of stock. Everything here appends; nothing is ever corrected by editing.

A posting takes quantities of parts (or single serials) from one place and condition to another, so it always balances.
A hold sets stock aside for one dispatch line until it ends, once: posted, released or expired. Two caches are kept in the
same transaction, and `ledger_check` compares them with the rows: `stock_balance` (depot places only) and `unit_state`.

Locks are taken in one order everywhere, so that nobody waits in a circle: counted parts by key, then balances by (part,
place, condition), then units by key. Because a part's balances are locked before its units are chosen, requests for the
last units queue, and each sees what the one before left."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult

from spares.accounts.access import Actor
from spares.db import is_postgresql, session
from spares.errors import Conflict, Invalid
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    Hold,
    HoldEnd,
    HoldOutcome,
    Location,
    LocationKind,
    Move,
    Part,
    Posting,
    PostingKind,
    StockBalance,
    Tracking,
    Unit,
    UnitState,
)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One move to post: `quantity` of a part, or one unit, from a place and condition to another."""

    part_id: int
    from_id: int
    from_condition: Condition
    to_id: int
    to_condition: Condition
    quantity: int = 1
    unit_id: int | None = None


@dataclass(frozen=True)
class Place:
    """What the ledger must know of a location; neither ever changes, so it is kept in memory."""

    kind: LocationKind
    depot_id: int | None

    @property
    def in_depot(self) -> bool:
        """Whether a balance is kept for it."""
        return self.kind in DEPOT_KINDS


BalanceKey = tuple[int, int, str]


def post(
    kind: PostingKind,
    steps: Sequence[Step],
    *,
    request_key: str,
    occurred_at: datetime,
    actor: Actor,
    now: datetime,
    reason: str = "",
    reference: str = "",
    case_id: int | None = None,
    holds: Sequence[Hold] = (),
    reverses_id: int | None = None,
) -> int:
    """Move stock; returns the posting's key.

    `request_key` names the business event (say `dispatch:42`): a second posting of the same event is refused by the
    database. `holds` are used up by this posting. Raises Conflict when a unit is not where the step says, is held for
    somebody else, or when a place would fall below nothing; Invalid for a step that goes nowhere."""
    if not steps:
        raise Invalid("posting_empty")
    for step in steps:
        if step.quantity < 1 or (step.from_id, step.from_condition) == (step.to_id, step.to_condition):
            raise Invalid("step_goes_nowhere")
    tails = _lock_counted_parts(steps)
    _move_balances(steps, holds)
    states = _lock_units(steps)
    used = {hold.id for hold in holds}
    for step in steps:
        if step.unit_id is not None:
            _check_unit(step, states.get(step.unit_id), used)
    posting = {
        "kind": kind,
        "request_key": request_key,
        "occurred_at": occurred_at,
        "recorded_at": now,
        "actor_id": actor.id,
        "reason": reason,
        "reference": reference,
        "case_id": case_id,
        "reverses_id": reverses_id,
    }
    posting_id: int = session.execute(insert(Posting).returning(Posting.id), [posting]).scalar_one()
    covered = posting_content({**posting, "id": posting_id})
    _insert_unit_moves(steps, posting_id, covered, states)
    _insert_counted_moves(steps, posting_id, covered, tails)
    _end_holds(holds, HoldOutcome.POSTED, actor=actor, now=now, reason=reason)
    return posting_id


def reverse(posting_id: int, *, request_key: str, actor: Actor, now: datetime, reason: str) -> int:
    """Take a posting back by a new one that names it and moves everything the other way; returns the new key.

    Raises Invalid without a reason; Conflict when it was reversed before or its stock has moved on."""
    if not reason.strip():
        raise Invalid("reason_missing", field="reason")
    if session.scalar(select(Posting.id).where(Posting.reverses_id == posting_id)) is not None:
        raise Conflict("already_reversed")
    original = session.get_one(Posting, posting_id)
    moves = session.scalars(select(Move).where(Move.posting_id == posting_id).order_by(Move.id.desc())).all()
    steps = [
        Step(
            part_id=m.part_id,
            unit_id=m.unit_id,
            quantity=m.quantity,
            from_id=m.to_location_id,
            from_condition=m.to_condition,
            to_id=m.from_location_id,
            to_condition=m.from_condition,
        )
        for m in moves
    ]
    return post(
        PostingKind.REVERSE,
        steps,
        request_key=request_key,
        occurred_at=now,
        actor=actor,
        now=now,
        reason=reason,
        reference=original.reference,
        case_id=original.case_id,
        reverses_id=posting_id,
    )


def hold_available(line_id: int, part_id: int, depot_id: int, quantity: int, *, actor: Actor, now: datetime) -> bool:
    """Hold `quantity` good pieces of the part in the depot's bins for the line: all of them, or none.

    Returns whether they were there. Units are taken oldest first. Never holds what somebody else holds: the balances
    stay locked until the transaction ends."""
    free = _lock_free_balances(part_id, depot_id)
    if sum(count for _, count in free) < quantity:
        return False
    serial = session.get_one(Part, part_id).tracking is Tracking.SERIAL
    rows: list[dict[str, Any]] = []
    wanted = quantity
    for location_id, count in free:
        taken = min(count, wanted)
        if serial:
            chosen = session.scalars(
                select(UnitState.unit_id)
                .where(
                    UnitState.part_id == part_id,
                    UnitState.condition == Condition.GOOD,
                    UnitState.location_id == location_id,
                    UnitState.hold_id.is_(None),
                )
                .order_by(UnitState.unit_id)
                .limit(taken)
                .with_for_update()
            ).all()
            if len(chosen) != taken:
                raise Conflict("stock_caches_differ", part_id=part_id)
            rows += [_hold_row(line_id, part_id, unit_id, location_id, 1, actor, now) for unit_id in chosen]
        else:
            rows.append(_hold_row(line_id, part_id, None, location_id, taken, actor, now))
        wanted -= taken
        if not wanted:
            break
    _insert_holds(rows)
    return True


def hold_unit(line_id: int, unit_id: int, *, actor: Actor, now: datetime) -> None:
    """Hold this very unit for the line. Raises Conflict when it is not good, not in a bin, or held already."""
    state = session.get(UnitState, unit_id)
    if state is None:
        raise Conflict("unit_not_available")
    _lock_free_balances(state.part_id, _place(state.location_id).depot_id)
    state = _lock_units_by_id([unit_id])[unit_id].state
    place = _place(state.location_id)
    if state.hold_id is not None:
        raise Conflict("unit_held", serial=_serial(unit_id))
    if state.condition is not Condition.GOOD or place.kind is not LocationKind.BIN:
        raise Conflict("unit_not_available", serial=_serial(unit_id))
    _insert_holds([_hold_row(line_id, state.part_id, unit_id, state.location_id, 1, actor, now)])


def release(holds: Sequence[Hold], *, actor: Actor, now: datetime, reason: str, expired: bool = False) -> None:
    """Free held stock. Raises Conflict when a hold has ended already."""
    deltas: dict[BalanceKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for hold in holds:
        key = (hold.part_id, hold.location_id, Condition.GOOD.value)
        deltas[key] = (0, deltas[key][1] - hold.quantity)
    _apply_deltas(deltas)
    units = sorted(hold.unit_id for hold in holds if hold.unit_id is not None)
    if units:
        session.execute(
            update(UnitState)
            .where(UnitState.unit_id.in_(units), UnitState.hold_id.in_([h.id for h in holds]))
            .values(hold_id=None)
            .execution_options(synchronize_session=False)
        )
    outcome = HoldOutcome.EXPIRED if expired else HoldOutcome.RELEASED
    _end_holds(holds, outcome, actor=actor, now=now, reason=reason)


def open_holds(line_ids: Iterable[int]) -> list[Hold]:
    """The holds of these lines that have not ended, oldest first."""
    ids = list(line_ids)
    if not ids:
        return []
    ended = select(HoldEnd.hold_id).where(HoldEnd.hold_id == Hold.id).exists()
    return list(session.scalars(select(Hold).where(Hold.line_id.in_(ids), ~ended).order_by(Hold.id)))


def posting_content(posting: dict[str, Any]) -> str:
    """What of a posting the digests of its moves cover, in one canonical line."""
    return _canonical(
        [
            posting["id"],
            str(posting["kind"].value),
            posting["request_key"],
            posting["occurred_at"].timestamp(),
            posting["recorded_at"].timestamp(),
            posting["actor_id"],
            posting["reason"],
            posting["reference"],
            posting["case_id"],
            posting["reverses_id"],
        ]
    )


def digest_of(move: dict[str, Any], covered: str, previous_digest: str) -> str:
    """The digest of a move: over the row, its posting and the digest of the move before it."""
    content = [
        move["posting_id"],
        move["part_id"],
        move["unit_id"],
        move["quantity"],
        move["from_location_id"],
        move["from_condition"].value,
        move["to_location_id"],
        move["to_condition"].value,
        move["previous_id"],
    ]
    return hashlib.sha256(f"{previous_digest}|{covered}|{_canonical(content)}".encode()).hexdigest()


def _canonical(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


@dataclass
class _Held:
    """A locked unit state with the digest of its last move."""

    state: UnitState
    digest: str


def _place(location_id: int) -> Place:
    places: dict[int, Place] = current_app.extensions.setdefault("spares_places", {})
    if location_id not in places:
        location = session.get_one(Location, location_id)
        places[location_id] = Place(location.kind, location.depot_id)
    return places[location_id]


def _serial(unit_id: int) -> str:
    return session.get_one(Unit, unit_id).serial


def _lock_counted_parts(steps: Sequence[Step]) -> dict[int, tuple[int | None, str]]:
    """For each counted part of the posting, locked by key: its last move and that move's digest."""
    tails: dict[int, tuple[int | None, str]] = {}
    for part_id in sorted({step.part_id for step in steps if step.unit_id is None}):
        session.execute(select(Part.id).where(Part.id == part_id).with_for_update(key_share=True))
        last = session.execute(
            select(Move.id, Move.digest)
            .where(Move.part_id == part_id, Move.unit_id.is_(None))
            .order_by(Move.id.desc())
            .limit(1)
        ).first()
        tails[part_id] = (last.id, last.digest) if last else (None, "")
    return tails


def _move_balances(steps: Sequence[Step], holds: Sequence[Hold]) -> None:
    deltas: dict[BalanceKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for step in steps:
        for location_id, condition, amount in (
            (step.from_id, step.from_condition, -step.quantity),
            (step.to_id, step.to_condition, step.quantity),
        ):
            if _place(location_id).in_depot:
                key = (step.part_id, location_id, condition.value)
                deltas[key] = (deltas[key][0] + amount, deltas[key][1])
    for hold in holds:
        key = (hold.part_id, hold.location_id, Condition.GOOD.value)
        deltas[key] = (deltas[key][0], deltas[key][1] - hold.quantity)
    _apply_deltas(deltas)


def _apply_deltas(deltas: dict[BalanceKey, tuple[int, int]]) -> None:
    """Change balances in key order. Raises Conflict when fewer unheld pieces are there than are taken."""
    for key in sorted(deltas):
        on_hand, held = deltas[key]
        part_id, location_id, condition = key
        if on_hand == 0 and held == 0:
            continue
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
            raise Conflict("stock_short", part_id=part_id, location_id=location_id, wanted=-on_hand)


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


def _lock_units(steps: Sequence[Step]) -> dict[int, _Held]:
    units = [step.unit_id for step in steps if step.unit_id is not None]
    if len(units) != len(set(units)):
        raise Invalid("unit_twice")
    return _lock_units_by_id(units)


def _lock_units_by_id(units: Sequence[int]) -> dict[int, _Held]:
    found: dict[int, _Held] = {}
    ordered = sorted(units)
    for start in range(0, len(ordered), 500):
        rows = session.execute(
            select(UnitState, Move.digest)
            .join(Move, Move.id == UnitState.last_move_id)
            .where(UnitState.unit_id.in_(ordered[start : start + 500]))
            .order_by(UnitState.unit_id)
            .with_for_update(of=UnitState)
            .execution_options(populate_existing=True)
        )
        found.update({state.unit_id: _Held(state, digest) for state, digest in rows})
    return found


def _check_unit(step: Step, held: _Held | None, used_holds: set[int]) -> None:
    assert step.unit_id is not None  # noqa: S101
    if held is None:
        if _place(step.from_id).in_depot:
            raise Conflict("unit_elsewhere", serial=_serial(step.unit_id))
        return
    state = held.state
    if (state.location_id, state.condition) != (step.from_id, step.from_condition):
        raise Conflict("unit_elsewhere", serial=_serial(step.unit_id))
    if state.hold_id is not None and state.hold_id not in used_holds:
        raise Conflict("unit_held", serial=_serial(step.unit_id))


def _move_row(step: Step, posting_id: int, previous_id: int | None) -> dict[str, Any]:
    return {
        "posting_id": posting_id,
        "part_id": step.part_id,
        "unit_id": step.unit_id,
        "quantity": step.quantity,
        "from_location_id": step.from_id,
        "from_condition": step.from_condition,
        "to_location_id": step.to_id,
        "to_condition": step.to_condition,
        "previous_id": previous_id,
    }


def _insert_unit_moves(steps: Sequence[Step], posting_id: int, covered: str, states: dict[int, _Held]) -> None:
    moving = sorted((step for step in steps if step.unit_id is not None), key=lambda step: step.unit_id or 0)
    if not moving:
        return
    rows = []
    for step in moving:
        before = states.get(step.unit_id or 0)
        row = _move_row(step, posting_id, before.state.last_move_id if before else None)
        row["digest"] = digest_of(row, covered, before.digest if before else "")
        rows.append(row)
    # Matched by unit: keeping the order of the parameters would cost SQLite a statement for each row.
    made = session.execute(insert(Move).returning(Move.unit_id, Move.id), rows)
    ids = {row.unit_id: row.id for row in made}
    fresh = []
    for step in moving:
        move_id = ids[step.unit_id]
        known = states.get(step.unit_id or 0)
        if known is None:
            fresh.append(
                {
                    "unit_id": step.unit_id,
                    "part_id": step.part_id,
                    "location_id": step.to_id,
                    "condition": step.to_condition,
                    "last_move_id": move_id,
                    "hold_id": None,
                }
            )
        else:
            known.state.location_id = step.to_id
            known.state.condition = step.to_condition
            known.state.last_move_id = move_id
            known.state.hold_id = None
    if fresh:
        session.execute(insert(UnitState), fresh)
    session.flush()


def _insert_counted_moves(
    steps: Sequence[Step], posting_id: int, covered: str, tails: dict[int, tuple[int | None, str]]
) -> None:
    for step in steps:
        if step.unit_id is None:
            previous_id, previous_digest = tails[step.part_id]
            row = _move_row(step, posting_id, previous_id)
            row["digest"] = digest_of(row, covered, previous_digest)
            move_id = session.scalars(insert(Move).returning(Move.id), [row]).one()
            tails[step.part_id] = (move_id, row["digest"])


def _lock_free_balances(part_id: int, depot_id: int | None) -> list[tuple[int, int]]:
    """The depot's bins with unheld good pieces of the part and how many, locked, in key order."""
    rows = session.execute(
        select(StockBalance.location_id, StockBalance.on_hand - StockBalance.held)
        .join(Location, Location.id == StockBalance.location_id)
        .where(
            StockBalance.part_id == part_id,
            StockBalance.condition == Condition.GOOD,
            Location.kind == LocationKind.BIN,
            Location.depot_id == depot_id,
        )
        .order_by(StockBalance.location_id)
        .with_for_update(of=StockBalance)
    )
    return [(location_id, free) for location_id, free in rows if free > 0]


def _hold_row(
    line_id: int, part_id: int, unit_id: int | None, location_id: int, quantity: int, actor: Actor, now: datetime
) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "part_id": part_id,
        "unit_id": unit_id,
        "location_id": location_id,
        "quantity": quantity,
        "held_at": now,
        "actor_id": actor.id,
    }


def _insert_holds(rows: list[dict[str, Any]]) -> None:
    deltas: dict[BalanceKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in rows:
        key = (row["part_id"], row["location_id"], Condition.GOOD.value)
        deltas[key] = (0, deltas[key][1] + row["quantity"])
    _apply_deltas(deltas)
    ids = session.scalars(insert(Hold).returning(Hold.id, sort_by_parameter_order=True), rows).all()
    for row, hold_id in zip(rows, ids, strict=True):
        if row["unit_id"] is not None:
            changed: CursorResult[Any] = session.execute(  # type: ignore[assignment]
                update(UnitState)
                .where(UnitState.unit_id == row["unit_id"], UnitState.hold_id.is_(None))
                .values(hold_id=hold_id)
                .execution_options(synchronize_session=False)
            )
            if changed.rowcount != 1:
                raise Conflict("unit_held", serial=_serial(row["unit_id"]))


def _end_holds(holds: Sequence[Hold], outcome: HoldOutcome, *, actor: Actor, now: datetime, reason: str) -> None:
    if not holds:
        return
    ended = session.scalars(select(HoldEnd.hold_id).where(HoldEnd.hold_id.in_([hold.id for hold in holds]))).all()
    if ended:
        raise Conflict("hold_ended")
    rows = [
        {"hold_id": hold.id, "outcome": outcome, "ended_at": now, "actor_id": actor.id, "reason": reason}
        for hold in holds
    ]
    session.execute(insert(HoldEnd), rows)
