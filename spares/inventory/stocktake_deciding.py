"""What people do about a difference: look a second time, investigate and accept it, leave it, agree to it, take it back."""

from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory.models import Condition, LocationKind, Part, Tracking
from spares.inventory.services import required_reason
from spares.inventory.stocktake_counting import check_pieces, picked_pieces
from spares.inventory.stocktake_lifecycle import (
    UNDECIDED,
    DifferenceVerb,
    RunVerb,
    difference_after,
    run_after,
)
from spares.inventory.stocktake_models import (
    CountKind,
    DifferenceKind,
    StocktakeBin,
    StocktakeCount,
    StocktakeDifference,
    StocktakeRun,
)
from spares.inventory.stocktake_refresh import refresh
from spares.inventory.stocktake_rules import needs_second_person
from spares.inventory.stocktake_services import lock_run, tell
from spares.numbers import scan_key

POSTABLE_FROM = frozenset({LocationKind.BIN, LocationKind.RECEIVING, LocationKind.DIFFERENCE})
"""Where the ledger may have a found unit for a stocktake to bring it to its bin. Everywhere else (a customer, the returns
shelf, the bench, in transit) it is a step of an order or an exchange, which is to be made there."""


def look_again(run_id: int, *, actor: Actor, now: datetime) -> StocktakeRun:
    """Put count and ledger side by side once more."""
    actor.must(Permission.STOCKTAKE_RUN)
    run = lock_run(run_id)
    run_after(run.state, RunVerb.JUDGE)
    refresh(run, actor=actor, now=now)
    return run


def recount(
    difference_id: int, *, seen: bool = False, quantity: int | None = None, actor: Actor, now: datetime
) -> StocktakeDifference:
    """Look a second time at one difference: is the serial there (`seen`), or how many pieces. What it says from now on is
    this count. Raises Conflict `recount_by_other` when somebody else must do it, Invalid for pieces without a number."""
    actor.must(Permission.STOCKTAKE_COUNT)
    run, row = _lock(difference_id, DifferenceVerb.RECOUNT)
    one = session.scalars(
        select(StocktakeBin).where(StocktakeBin.run_id == run.id, StocktakeBin.location_id == row.place_id)
    ).one()
    if run.recount_by_other and actor.id in _counters(one):
        raise Conflict("recount_by_other")
    fact = StocktakeCount(
        bin_id=one.id,
        round=one.round,
        kind=CountKind.SERIAL if seen else CountKind.ABSENT,
        counted_at=now,
        actor_id=actor.id,
        part_id=row.part_id if row.kind is not DifferenceKind.UNKNOWN else None,
        condition=row.condition,
        recount=True,
    )
    if row.kind is DifferenceKind.PIECES:
        if quantity is None or row.part_id is None:
            raise Invalid("text_missing", field="quantity")
        check_pieces(row.part_id, quantity)
        fact.kind, fact.quantity = CountKind.PIECES, quantity
        fact.away = picked_pieces(one.location_id).get((row.part_id, row.condition), 0)
    else:
        fact.serial, fact.serial_key = row.serial, scan_key(row.serial)
    session.add(fact)
    facts = {"seen": seen} if row.kind is not DifferenceKind.PIECES else {"quantity": quantity}
    tell(run, DifferenceVerb.RECOUNT, actor=actor, now=now, bin_id=one.id, difference_id=row.id, **facts)
    row.version += 1
    session.flush()
    refresh(run, actor=actor, now=now)
    return row


def accept(
    difference_id: int,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    part_id: int | None = None,
    condition: Condition | None = None,
) -> StocktakeDifference:
    """Say why the difference is real, so that it will be posted: at once, or after a second person agreed where its value
    is above the run's limit. An unknown serial needs its part and condition.

    Raises Conflict `recount_first` while pieces moved during their count, `found_elsewhere_first` for a unit that must
    come back through its order or exchange."""
    actor.must(Permission.STOCKTAKE_RUN)
    reason = required_reason(reason)
    run, row = _lock(difference_id, DifferenceVerb.ACCEPT)
    if row.uncertain:
        raise Conflict("recount_first")
    if row.booked is not None and row.kind is DifferenceKind.FOUND and row.booked.kind not in POSTABLE_FROM:
        raise Conflict("found_elsewhere_first", serial=row.serial, kind=row.booked.kind.value)
    if row.kind is DifferenceKind.UNKNOWN:
        _say_what_it_is(row, part_id, condition)
    second = needs_second_person(row.value_minor, row.currency, run.limit_minor, run.limit_currency)
    verb = DifferenceVerb.SUBMIT if second else DifferenceVerb.ACCEPT
    _decide(run, row, verb, reason, actor=actor, now=now)
    row.reason, row.decided_by_id = reason, actor.id
    session.flush()
    return row


def leave(difference_id: int, reason: str, *, actor: Actor, now: datetime) -> StocktakeDifference:
    """Say why the difference is not posted by this stocktake; the ledger stays as it is."""
    actor.must(Permission.STOCKTAKE_RUN)
    reason = required_reason(reason)
    run, row = _lock(difference_id, DifferenceVerb.LEAVE)
    _decide(run, row, DifferenceVerb.LEAVE, reason, actor=actor, now=now)
    row.reason, row.decided_by_id = reason, actor.id
    session.flush()
    return row


def approve(difference_id: int, *, actor: Actor, now: datetime) -> StocktakeDifference:
    """Agree to a difference above the limit. Raises Conflict `second_person` when one has accepted it oneself."""
    actor.must(Permission.STOCKTAKE_APPROVE)
    run, row = _lock(difference_id, DifferenceVerb.APPROVE)
    if actor.id is None or actor.id == row.decided_by_id:
        raise Conflict("second_person")
    _decide(run, row, DifferenceVerb.APPROVE, "", actor=actor, now=now)
    row.approved_by_id = actor.id
    session.flush()
    return row


def reject(difference_id: int, reason: str, *, actor: Actor, now: datetime) -> StocktakeDifference:
    """Do not agree: the difference is open again, with the reason in its history."""
    actor.must(Permission.STOCKTAKE_APPROVE)
    return _undecide(difference_id, DifferenceVerb.REJECT, required_reason(reason), actor=actor, now=now)


def reopen(difference_id: int, *, actor: Actor, now: datetime) -> StocktakeDifference:
    """Take a decision back; what it was stays in the history."""
    actor.must(Permission.STOCKTAKE_RUN)
    return _undecide(difference_id, DifferenceVerb.REOPEN, "", actor=actor, now=now)


def undecided(run_id: int) -> int:
    """How many differences still keep the run from being posted."""
    states = session.scalars(select(StocktakeDifference.state).where(StocktakeDifference.run_id == run_id))
    return sum(state in UNDECIDED for state in states)


def _undecide(
    difference_id: int, verb: DifferenceVerb, reason: str, *, actor: Actor, now: datetime
) -> StocktakeDifference:
    run, row = _lock(difference_id, verb)
    _decide(run, row, verb, reason, actor=actor, now=now)
    row.decided_by_id = row.approved_by_id = None
    session.flush()
    return row


def _lock(difference_id: int, verb: DifferenceVerb) -> tuple[StocktakeRun, StocktakeDifference]:
    """The run, locked, and its difference, fresh. Raises NotFound, Conflict when `verb` is not allowed now."""
    found = session.get(StocktakeDifference, difference_id)
    if found is None:
        raise NotFound("not_found")
    run = lock_run(found.run_id)
    run_after(run.state, RunVerb.JUDGE)
    row = session.get_one(StocktakeDifference, difference_id, populate_existing=True)
    difference_after(row.state, verb)
    return run, row


def _decide(
    run: StocktakeRun, row: StocktakeDifference, verb: DifferenceVerb, reason: str, *, actor: Actor, now: datetime
) -> None:
    row.state = difference_after(row.state, verb)
    row.version += 1
    tell(
        run,
        verb,
        actor=actor,
        now=now,
        difference_id=row.id,
        reason=reason,
        value=row.value_minor,
        currency=row.currency,
    )


def _say_what_it_is(row: StocktakeDifference, part_id: int | None, condition: Condition | None) -> None:
    part = session.get(Part, part_id) if part_id is not None else None
    if part is None:
        raise Invalid("stocktake_part_missing", field="part")
    if part.tracking is not Tracking.SERIAL:
        raise Invalid("part_is_counted", field="part", part_number=part.part_number)
    if condition is None or condition is Condition.SCRAPPED:
        raise Invalid("stocktake_condition_missing", field="condition")
    row.part_id, row.condition = part.id, condition
    row.value_minor, row.currency = part.price_minor, part.currency


def _counters(one: StocktakeBin) -> set[int | None]:
    """Who counted the bin in its present round."""
    query = select(StocktakeCount.actor_id).where(
        StocktakeCount.bin_id == one.id, StocktakeCount.round == one.round, StocktakeCount.recount.is_(False)
    )
    return {one.finished_by_id, *session.scalars(query)}
