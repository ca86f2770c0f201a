"""Use cases of a whole stocktake: open it, end the counting, take it up again, cancel it. Counting itself is in
`stocktake_counting`, what is done about differences in `stocktake_deciding`, the posting in `stocktake_posting`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from spares import settings
from spares.accounts.access import Actor, Permission
from spares.calendars.models import Depot
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory.models import Location, LocationKind, StockBalance
from spares.inventory.services import get_part, required_reason
from spares.inventory.stocktake_lifecycle import (
    ACTIVE_RUNS,
    BinState,
    BinVerb,
    RunVerb,
    bin_after,
    run_after,
)
from spares.inventory.stocktake_models import Scope, StocktakeBin, StocktakeEvent, StocktakeRun
from spares.inventory.stocktake_refresh import refresh

LONGEST_NOTE = 120


def open_run(
    depot_id: int,
    scope: Scope,
    *,
    actor: Actor,
    now: datetime,
    bin_ids: Sequence[int] = (),
    part_id: int | None = None,
    note: str = "",
) -> StocktakeRun:
    """Begin a stocktake: of chosen bins, of one part wherever it lies now, or of all bins of the depot.

    Raises Invalid at the field to blame, also when nothing is left to count; Conflict `stocktake_overlaps` when a bin is
    part of another stocktake that has not ended: its differences would be posted twice."""
    actor.must(Permission.STOCKTAKE_RUN)
    if session.get(Depot, depot_id) is None:
        raise NotFound("depot_unknown", field="depot")
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise Invalid("text_too_long", field="note", limit=LONGEST_NOTE)
    chosen = _bins(depot_id, scope, bin_ids, part_id)
    refuse_overlap(depot_id, chosen)
    terms = settings.current()
    run = StocktakeRun(
        depot_id=depot_id,
        scope=scope,
        part_id=part_id if scope is Scope.PART else None,
        note=note,
        opened_at=now,
        opened_by_id=actor.id,
        recount_by_other=terms.stocktake_recount_by_other,
        limit_minor=terms.stocktake_approval_minor,
        limit_currency=terms.default_currency,
    )
    session.add(run)
    session.flush()
    session.execute(
        insert(StocktakeBin),
        [{"run_id": run.id, "location_id": place, "state": BinState.WAITING, "round": 1} for place in chosen],
    )
    tell(run, "open", actor=actor, now=now, bins=len(chosen))
    return run


def close_counting(run_id: int, *, actor: Actor, now: datetime) -> StocktakeRun:
    """End the counting and look at the differences. Bins that nobody began are left out, and said to be.

    Raises Conflict `stocktake_still_counting` while a bin is being counted, `stocktake_nothing_counted` when none was."""
    actor.must(Permission.STOCKTAKE_RUN)
    run = lock_run(run_id)
    after = run_after(run.state, RunVerb.CLOSE)
    bins = lock_bins(run)
    counting = [one.location.code for one in bins if one.state is BinState.COUNTING]
    if counting:
        raise Conflict("stocktake_still_counting", bins=counting[:5], count=len(counting))
    if all(one.state is not BinState.FINISHED for one in bins):
        raise Conflict("stocktake_nothing_counted")
    waiting = [one for one in bins if one.state is BinState.WAITING]
    for one in waiting:
        one.state = bin_after(one.state, BinVerb.LEAVE_OUT)
    run.state = after
    run.version += 1
    tell(run, "close", actor=actor, now=now, left_out=len(waiting))
    session.flush()
    refresh(run, actor=actor, now=now)
    return run


def resume_counting(run_id: int, *, actor: Actor, now: datetime) -> StocktakeRun:
    """Go back to counting: bins that were left out wait again, unless another stocktake has them meanwhile; finished ones
    may be counted again."""
    actor.must(Permission.STOCKTAKE_RUN)
    run = lock_run(run_id)
    run.state = run_after(run.state, RunVerb.RESUME)
    left_out = [one for one in lock_bins(run) if one.state is BinState.LEFT_OUT]
    taken = {place for place, _code, _run in _taken(run.depot_id)} if left_out else set()
    for one in left_out:
        if one.location_id not in taken:
            one.state = bin_after(one.state, BinVerb.TAKE_IN)
    run.version += 1
    tell(run, "resume", actor=actor, now=now)
    session.flush()
    return run


def cancel_run(run_id: int, reason: str, *, actor: Actor, now: datetime) -> StocktakeRun:
    """End a stocktake without posting anything. What was counted stays to be read."""
    actor.must(Permission.STOCKTAKE_RUN)
    reason = required_reason(reason)
    run = lock_run(run_id)
    run.state = run_after(run.state, RunVerb.CANCEL)
    for one in lock_bins(run):
        # A bin that is not finished takes no more scans; that is all a scan looks at under its lock.
        if one.state in {BinState.WAITING, BinState.COUNTING}:
            one.state = BinState.LEFT_OUT
    run.ended_at, run.ended_by_id = now, actor.id
    run.version += 1
    tell(run, "cancel", actor=actor, now=now, reason=reason)
    session.flush()
    return run


def lock_run(run_id: int) -> StocktakeRun:
    """The run, locked and fresh. Raises NotFound."""
    run = session.scalars(
        select(StocktakeRun)
        .where(StocktakeRun.id == run_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if run is None:
        raise NotFound("not_found")
    return run


def lock_bins(run: StocktakeRun) -> list[StocktakeBin]:
    """The run's bins in key order, locked and fresh."""
    query = select(StocktakeBin).where(StocktakeBin.run_id == run.id).order_by(StocktakeBin.id)
    return list(session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)))


def tell(
    run: StocktakeRun,
    verb: str,
    *,
    actor: Actor,
    now: datetime,
    bin_id: int | None = None,
    difference_id: int | None = None,
    reason: str = "",
    **facts: Any,
) -> None:
    """Append what somebody did to the run's history."""
    session.add(
        StocktakeEvent(
            run_id=run.id,
            verb=verb,
            at=now,
            actor_id=actor.id,
            bin_id=bin_id,
            difference_id=difference_id,
            reason=reason,
            facts=facts,
        )
    )


def _bins(depot_id: int, scope: Scope, bin_ids: Sequence[int], part_id: int | None) -> list[int]:
    query = select(Location.id).where(Location.depot_id == depot_id, Location.kind == LocationKind.BIN)
    if scope is Scope.BINS:
        chosen = list(session.scalars(query.where(Location.id.in_(set(bin_ids))).order_by(Location.code_key)))
        if len(chosen) != len(set(bin_ids)):
            raise Invalid("stocktake_bins_unknown", field="bins")
    elif scope is Scope.PART:
        part = get_part(part_id or 0)
        stocked = select(StockBalance.location_id).where(StockBalance.part_id == part.id, StockBalance.on_hand > 0)
        chosen = list(session.scalars(query.where(Location.id.in_(stocked)).order_by(Location.code_key)))
    else:
        chosen = list(session.scalars(query.order_by(Location.code_key)))
    if not chosen:
        raise Invalid("stocktake_nothing_to_count", field={Scope.BINS: "bins", Scope.PART: "part"}.get(scope, "depot"))
    return chosen


def refuse_overlap(depot_id: int, chosen: Collection[int]) -> None:
    """A bin is in one open stocktake at a time. Raises Conflict `stocktake_overlaps`."""
    clashes = [(code, run_id) for place, code, run_id in _taken(depot_id) if place in set(chosen)]
    if clashes:
        run = session.get_one(StocktakeRun, clashes[0][1])
        raise Conflict("stocktake_overlaps", bin=clashes[0][0], number=run.number, count=len(clashes))


def _taken(depot_id: int) -> list[tuple[int, str, int]]:
    """The depot's bins that are in an open stocktake, each with its code and the run. Whoever takes bins into a stocktake
    of the depot waits here, so that two of them never take the same one."""
    session.scalars(select(Depot).where(Depot.id == depot_id).with_for_update(key_share=True)).one()
    query = (
        select(StocktakeBin.location_id, Location.code, StocktakeRun.id)
        .join(StocktakeRun, StocktakeRun.id == StocktakeBin.run_id)
        .join(Location, Location.id == StocktakeBin.location_id)
        .where(
            StocktakeRun.depot_id == depot_id,
            StocktakeRun.state.in_(ACTIVE_RUNS),
            StocktakeBin.state != BinState.LEFT_OUT,
        )
        .order_by(Location.code_key)
    )
    return [(place, code, run_id) for place, code, run_id in session.execute(query)]
