"""Posting a stocktake: the accepted differences become moves of the ledger, all in one transaction, once.

Locks in the ledger's order: the run, the cases of what is reserved, then the parts. Under them count and ledger are put
side by side a last time, so what is posted is what is still different, and what moved since is not posted twice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.db import session
from spares.errors import Conflict
from spares.inventory import ledger, places, stocktake_holds
from spares.inventory.ledger import Step
from spares.inventory.models import (
    Condition,
    Hold,
    HoldEnd,
    LocationKind,
    PostingKind,
    StockBalance,
    UnitState,
)
from spares.inventory.stock_arrivals import Arriving, arrivals
from spares.inventory.stocktake_evaluation import evaluate
from spares.inventory.stocktake_lifecycle import (
    UNDECIDED,
    DifferenceState,
    DifferenceVerb,
    RunVerb,
    difference_after,
    run_after,
)
from spares.inventory.stocktake_models import DifferenceKind, StocktakeDifference, StocktakeRun
from spares.inventory.stocktake_refresh import differences_of, explain_away, same
from spares.inventory.stocktake_services import lock_run, tell

HOLD_REASON = "stocktake"
"""Why a hold ended whose stock was not there; the case's timeline says the rest."""


@dataclass
class Posted:
    """What the posting did: the postings' keys, how many differences it posted, how many the ledger had explained in the
    meantime, and how many reservations got other stock or wait."""

    postings: list[int] = field(default_factory=list)
    differences: int = 0
    explained: int = 0
    reservations: int = 0


def post_run(run_id: int, *, request_key: str, actor: Actor, now: datetime) -> Posted:
    """Post every accepted difference, one posting for each reason, and end the run.

    Reserved units that are missing lose their reservation: their line gets other stock, else it waits, and its case says
    so. A reserved unit that was found in another bin stays reserved there. Raises Conflict: `stocktake_undecided`;
    `stocktake_changed` when there is a difference that nobody has decided about as it is now;
    `stocktake_reserved_meanwhile` when one of the units was reserved this very moment."""
    actor.must(Permission.STOCKTAKE_RUN)
    run = lock_run(run_id)
    after = run_after(run.state, RunVerb.POST)
    rows = differences_of(run.id)
    open_ones = sum(row.state in UNDECIDED for row in rows.values())
    if open_ones:
        raise Conflict("stocktake_undecided", count=open_ones)
    accepted = [row for row in rows.values() if row.state is DifferenceState.ACCEPTED]
    locked = {hold.line_id for hold in holds_on(accepted)}
    parts = stocktake_holds.lock(locked)
    ledger.lock_parts(parts | {row.part_id for row in accepted if row.part_id is not None})
    posted = Posted()
    accepted = _still_different(run, rows, accepted, posted, actor=actor, now=now)
    lost, kept = _holds_in_the_way(accepted)
    if not {hold.line_id for hold in [*lost, *kept]} <= locked:
        raise Conflict("stocktake_reserved_meanwhile")
    if lost or kept:
        ledger.release([*lost, *kept], actor=actor, now=now, reason=HOLD_REASON)
    _post(run, accepted, posted, request_key, actor=actor, now=now)
    for hold in kept:
        assert hold.unit_id is not None  # noqa: S101
        ledger.hold_unit(hold.line_id, hold.unit_id, actor=actor, now=now)
    stocktake_holds.replace(lost, reason=run.number, actor=actor, now=now)
    posted.reservations = len(lost)
    run.state, run.ended_at, run.ended_by_id = after, now, actor.id
    run.version += 1
    tell(
        run,
        RunVerb.POST,
        actor=actor,
        now=now,
        posted=posted.differences,
        explained=posted.explained,
        reservations=posted.reservations,
    )
    session.flush()
    return posted


def holds_on(rows: Iterable[StocktakeDifference]) -> list[Hold]:
    """Open reservations that posting these differences may touch: of the units, and of pieces that fall short."""
    wanted = list(rows)
    units = [row.unit_id for row in wanted if row.unit_id is not None]
    found = list(
        session.scalars(
            select(Hold)
            .join(UnitState, UnitState.hold_id == Hold.id)
            .where(UnitState.unit_id.in_(units))
            .order_by(Hold.id)
        )
    )
    for row in wanted:
        if row.kind is DifferenceKind.PIECES and row.counted < row.expected and row.condition is Condition.GOOD:
            found += _piece_holds(row)
    return found


def _piece_holds(row: StocktakeDifference) -> list[Hold]:
    """Open holds of the part in the bin whose pieces are not in a box yet, the newest first."""
    ended = select(HoldEnd.hold_id).where(HoldEnd.hold_id == Hold.id).exists()
    query = select(Hold).where(
        Hold.part_id == row.part_id, Hold.location_id == row.place_id, Hold.unit_id.is_(None), ~ended
    )
    holds = list(session.scalars(query.order_by(Hold.id.desc())))
    boxed = stocktake_holds.picked({hold.line_id for hold in holds})
    return [hold for hold in holds if hold.line_id not in boxed]


def _still_different(
    run: StocktakeRun,
    rows: dict[str, StocktakeDifference],
    accepted: Sequence[StocktakeDifference],
    posted: Posted,
    *,
    actor: Actor,
    now: datetime,
) -> list[StocktakeDifference]:
    """The accepted differences that there still are. Raises Conflict for one that is new or another than was decided."""
    found = evaluate(run).differences
    for key, one in found.items():
        row = rows.get(key)
        if row is None or row.state is DifferenceState.EXPLAINED or not same(row, one):
            raise Conflict("stocktake_changed")
    still = []
    for row in accepted:
        if row.key in found:
            still.append(row)
        else:
            explain_away(row, actor=actor, now=now)
            posted.explained += 1
    return still


def _holds_in_the_way(rows: Sequence[StocktakeDifference]) -> tuple[list[Hold], list[Hold]]:
    """The holds whose stock is not there, and those whose unit was found in another bin."""
    lost: dict[int, Hold] = {}
    kept: list[Hold] = []
    for row in rows:
        if row.kind is DifferenceKind.FOUND:
            kept += holds_on([row])
        elif row.kind is DifferenceKind.MISSING:
            lost |= {hold.id: hold for hold in holds_on([row])}
        elif row.kind is DifferenceKind.PIECES and row.counted < row.expected:
            lost |= {hold.id: hold for hold in _short(row)}
    return list(lost.values()), kept


def _short(row: StocktakeDifference) -> list[Hold]:
    """As many of the newest holds as must go for the balance to fall by what is missing, each with what its line holds in
    other bins: a line is reserved as a whole or not at all."""
    balance = session.get(StockBalance, (row.part_id, row.place_id, row.condition), populate_existing=True)
    free = balance.on_hand - balance.held if balance is not None else 0
    missing = row.expected - row.counted - free
    lines: dict[int, None] = {}
    for hold in holds_on([row]):
        if missing <= 0:
            break
        lines[hold.line_id] = None
        missing -= hold.quantity
    return ledger.open_holds(lines)


def _post(
    run: StocktakeRun,
    rows: Sequence[StocktakeDifference],
    posted: Posted,
    request_key: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    by_reason: dict[str, list[StocktakeDifference]] = defaultdict(list)
    for row in rows:
        by_reason[row.reason].append(row)
    for count, (reason, group) in enumerate(by_reason.items(), start=1):
        posting_id = ledger.post(
            PostingKind.ADJUST,
            _steps(run, group),
            request_key=f"{request_key}:{count}",
            occurred_at=now,
            actor=actor,
            now=now,
            reason=reason,
            reference=run.number,
        )
        for row in group:
            row.state, row.posting_id = difference_after(row.state, DifferenceVerb.POST), posting_id
            row.version += 1
        posted.postings.append(posting_id)
        posted.differences += len(group)


def _steps(run: StocktakeRun, rows: Sequence[StocktakeDifference]) -> list[Step]:
    away = places.outside(LocationKind.DIFFERENCE)
    states = _states([row.unit_id for row in rows if row.unit_id is not None])
    steps = []
    unknown = [row for row in rows if row.kind is DifferenceKind.UNKNOWN]
    for row in rows:
        if row.kind is DifferenceKind.UNKNOWN:
            continue
        assert row.part_id is not None  # noqa: S101
        if row.kind is DifferenceKind.PIECES:
            steps.append(_pieces(row, row.part_id, away))
            continue
        state = states.get(row.unit_id or 0)
        origin = (state.location_id, state.condition) if state is not None else (away, row.condition)
        missing = row.kind is DifferenceKind.MISSING
        steps.append(
            Step(
                part_id=row.part_id,
                unit_id=row.unit_id,
                from_id=origin[0],
                from_condition=origin[1],
                to_id=away if missing else row.place_id,
                to_condition=origin[1],
            )
        )
    if unknown:
        items = [
            Arriving(part_id=row.part_id or 0, serial=row.serial, condition=row.condition, location_id=row.place_id)
            for row in unknown
        ]
        steps += arrivals(run.depot_id, items, unknown[0].place_id, LocationKind.DIFFERENCE)
    return steps


def _pieces(row: StocktakeDifference, part_id: int, away: int) -> Step:
    more = row.counted > row.expected
    return Step(
        part_id=part_id,
        quantity=abs(row.counted - row.expected),
        from_id=away if more else row.place_id,
        from_condition=row.condition,
        to_id=row.place_id if more else away,
        to_condition=row.condition,
    )


def _states(units: Sequence[int]) -> dict[int, UnitState]:
    query = select(UnitState).where(UnitState.unit_id.in_(units)).execution_options(populate_existing=True)
    return {state.unit_id: state for state in session.scalars(query)}
