"""The stock ledger: the only writer of stock. Everything here appends; nothing is ever corrected by editing.

A posting takes quantities of parts (or single serials) from one place and condition to another, so it always balances.
A hold sets stock aside for one dispatch line until it ends, once: posted, released or expired. Two caches are kept in the
same transaction, and `ledger_check` compares them with the rows: `stock_balance` (depot places only) and `unit_state`.

There is one lock, the part's row: whoever writes stock of a part holds it until the transaction ends, so requests for the
last units queue, and each sees what the one before left. A call locks its parts in key order. A use case that calls the
ledger more than once, for several parts, calls `lock_parts` for all of them first, so that nobody waits in a circle."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select

from spares.accounts.access import Actor
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory import freed
from spares.inventory.ledger_digest import digest_of, posting_content
from spares.inventory.ledger_steps import Step, check_holds, check_parts, check_steps, check_unit, refuse_ended
from spares.inventory.ledger_stock import (
    BalanceKey,
    UnitNow,
    add_unit_states,
    change_balances,
    free_balances,
    free_states,
    hold_free_units,
    hold_state,
    in_depot,
    last_counted_move,
    lock_families,
    lock_parts,
    make_units,
    parts_of,
    serial_of,
    unit_states,
)
from spares.inventory.models import (
    Condition,
    Hold,
    HoldEnd,
    HoldOutcome,
    Location,
    LocationKind,
    Move,
    Posting,
    PostingKind,
    Tracking,
    UnitState,
)

__all__ = [
    "Step",
    "hold_available",
    "hold_is_open",
    "hold_unit",
    "lock_families",
    "lock_parts",
    "make_units",
    "open_holds",
    "post",
    "release",
    "reverse",
]

MOST = 1_000_000
"""Pieces in one hold, far beyond any request."""


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
    database (IntegrityError). `holds` are used up by this posting, whose steps must take what they hold from where it is
    held. Raises Conflict when a unit is not where the step says, is held for somebody else, when a hold has ended, or
    when a place would fall below nothing; Invalid for steps that make no sense (nowhere, a unit twice, a serial too many
    or too few)."""
    check_steps(steps)
    moved = lock_parts(step.part_id for step in steps)
    states, parts = unit_states(step.unit_id for step in steps if step.unit_id is not None)
    check_parts(steps, moved, parts)
    check_holds(steps, holds, states)
    used = {hold.id for hold in holds}
    for step in steps:
        if step.unit_id is not None:
            check_unit(step, states.get(step.unit_id), used)
    changes = _deltas(steps, holds)
    change_balances(changes)
    freed.note(changes, now)
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
    _insert_counted_moves(steps, posting_id, covered)
    _end_holds(holds, HoldOutcome.POSTED, actor=actor, now=now, reason=reason)
    return posting_id


def reverse(posting_id: int, *, request_key: str, actor: Actor, now: datetime, reason: str) -> int:
    """Take a posting back by a new one that names it and moves everything the other way; returns the new key.

    Raises Invalid without a reason; NotFound; Conflict when it was reversed before or its stock has moved on. Holds that
    it used up stay ended."""
    if not reason.strip():
        raise Invalid("reason_missing", field="reason")
    locked = select(Posting).where(Posting.id == posting_id).with_for_update(key_share=True)
    original = session.scalars(locked).one_or_none()
    if original is None:
        raise NotFound("not_found")
    if session.scalar(select(Posting.id).where(Posting.reverses_id == posting_id)) is not None:
        raise Conflict("already_reversed")
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

    Returns whether they were there. Bins are emptied in key order, units taken oldest first. Never holds what somebody
    else holds: the part stays locked until the transaction ends. Raises Invalid for a quantity
    below 1 or beyond MOST."""
    if not 1 <= quantity <= MOST:
        raise Invalid("number_out_of_range", field="quantity", first=1, last=MOST)
    if lock_parts([part_id])[part_id].tracking is Tracking.SERIAL:
        made = hold_free_units(line_id, part_id, depot_id, quantity, actor_id=actor.id, now=now)
        if made:
            _note_holds([(part_id, location_id, 1) for _, _, location_id in made])
            for hold_id, unit_id, _ in made:
                hold_state(unit_id, hold_id)
        elif sum(count for _, count in free_balances(part_id, depot_id)) >= quantity:
            raise Conflict("stock_caches_differ", part_id=part_id)
        return bool(made)
    free = free_balances(part_id, depot_id)
    if sum(count for _, count in free) < quantity:
        return False
    rows: list[dict[str, Any]] = []
    wanted = quantity
    for location_id, count in free:
        taken = min(count, wanted)
        rows.append(_hold_row(line_id, part_id, None, location_id, taken, actor, now))
        wanted -= taken
        if not wanted:
            break
    _note_holds([(part_id, row["location_id"], row["quantity"]) for row in rows])
    session.execute(insert(Hold), rows)
    return True


def hold_unit(line_id: int, unit_id: int, *, actor: Actor, now: datetime) -> None:
    """Hold this very unit for the line. Raises Conflict when it is not good, not in a bin, or held already."""
    lock_parts(parts_of([unit_id]).values())
    found = session.execute(
        select(UnitState, Location.kind)
        .join(Location, Location.id == UnitState.location_id)
        .where(UnitState.unit_id == unit_id)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise Conflict("unit_not_available", serial=serial_of(unit_id))
    state, kind = found
    if state.hold_id is not None:
        raise Conflict("unit_held", serial=serial_of(unit_id))
    if state.condition is not Condition.GOOD or kind is not LocationKind.BIN:
        raise Conflict("unit_not_available", serial=serial_of(unit_id))
    _note_holds([(state.part_id, state.location_id, 1)])
    row = _hold_row(line_id, state.part_id, unit_id, state.location_id, 1, actor, now)
    hold_state(unit_id, session.scalars(insert(Hold).returning(Hold.id), [row]).one())


def release(holds: Sequence[Hold], *, actor: Actor, now: datetime, reason: str, expired: bool = False) -> None:
    """Free held stock. Raises Conflict when a hold has ended already."""
    lock_parts(hold.part_id for hold in holds)
    refuse_ended(holds)
    changes = _deltas((), holds)
    change_balances(changes)
    freed.note(changes, now)
    units = [hold.id for hold in holds if hold.unit_id is not None]
    if units and free_states(units) != len(units):
        raise Conflict("stock_caches_differ", part_id=holds[0].part_id)
    outcome = HoldOutcome.EXPIRED if expired else HoldOutcome.RELEASED
    _end_holds(holds, outcome, actor=actor, now=now, reason=reason)


def open_holds(line_ids: Iterable[int]) -> list[Hold]:
    """The holds of these lines that have not ended, oldest first."""
    ids = list(line_ids)
    if not ids:
        return []
    return list(session.scalars(select(Hold).where(Hold.line_id.in_(ids), hold_is_open()).order_by(Hold.id)))


def hold_is_open() -> ColumnElement[bool]:
    """A condition on holds: those that have not ended."""
    return ~select(HoldEnd.hold_id).where(HoldEnd.hold_id == Hold.id).exists()


def _deltas(steps: Sequence[Step], holds: Sequence[Hold]) -> dict[BalanceKey, tuple[int, int]]:
    deltas: dict[BalanceKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for step in steps:
        for location_id, condition, amount in (
            (step.from_id, step.from_condition, -step.quantity),
            (step.to_id, step.to_condition, step.quantity),
        ):
            if in_depot(location_id):
                key = (step.part_id, location_id, condition.value)
                deltas[key] = (deltas[key][0] + amount, deltas[key][1])
    for hold in holds:
        key = (hold.part_id, hold.location_id, Condition.GOOD.value)
        deltas[key] = (deltas[key][0], deltas[key][1] - hold.quantity)
    return deltas


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


def _insert_unit_moves(steps: Sequence[Step], posting_id: int, covered: str, states: dict[int, UnitNow]) -> None:
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
    add_unit_states(fresh)
    session.flush()


def _insert_counted_moves(steps: Sequence[Step], posting_id: int, covered: str) -> None:
    tails: dict[int, tuple[int | None, str]] = {}
    for step in steps:
        if step.unit_id is None:
            previous_id, previous_digest = tails.get(step.part_id) or last_counted_move(step.part_id)
            row = _move_row(step, posting_id, previous_id)
            row["digest"] = digest_of(row, covered, previous_digest)
            move_id = session.scalars(insert(Move).returning(Move.id), [row]).one()
            tails[step.part_id] = (move_id, row["digest"])


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


def _note_holds(held: Sequence[tuple[int, int, int]]) -> None:
    """Count so many more pieces of a part as held in a place."""
    deltas: dict[BalanceKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for part_id, location_id, quantity in held:
        key = (part_id, location_id, Condition.GOOD.value)
        deltas[key] = (0, deltas[key][1] + quantity)
    change_balances(deltas)


def _end_holds(holds: Sequence[Hold], outcome: HoldOutcome, *, actor: Actor, now: datetime, reason: str) -> None:
    rows = [
        {"hold_id": hold.id, "outcome": outcome, "ended_at": now, "actor_id": actor.id, "reason": reason}
        for hold in holds
    ]
    if rows:
        session.execute(insert(HoldEnd), rows)
