"""Use cases at the shelf: begin a bin, scan, count pieces, take a scan back, finish. Every one of them is a row.

Nothing here says what is expected. A bin's row is locked by each, so a bin is finished between two scans and never
during one, and the same serial scanned by two people at once is one fact."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true

from spares.accounts.access import Actor, Permission
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory import stocktake_holds
from spares.inventory.models import (
    Condition,
    Hold,
    HoldEnd,
    Location,
    LocationKind,
    Part,
    StockBalance,
    Tracking,
    Unit,
    UnitState,
)
from spares.inventory.stocktake_evaluation import active_counts
from spares.inventory.stocktake_lifecycle import BinState, BinVerb, RunVerb, bin_after, run_after
from spares.inventory.stocktake_models import CountKind, Scope, StocktakeBin, StocktakeCount, StocktakeRun
from spares.inventory.stocktake_services import lock_run, refuse_overlap, tell
from spares.numbers import scan_key

MOST_PIECES = 1_000_000
LONGEST_SERIAL = 80


@dataclass(frozen=True)
class Taken:
    """What a scan did: its row, the serial, whether it was there already, and whether the ledger has it in this bin
    (None: the ledger does not know it)."""

    count_id: int
    serial: str
    again: bool = False
    booked_here: bool | None = True


def begin_bin(run_id: int, location_id: int, *, actor: Actor, now: datetime) -> StocktakeBin:
    """Begin to count a bin, or join those who count it. A bin outside the run is taken in where the run is about a part
    or the whole depot and no other stocktake has it; one chosen by hand stays with its choice. Raises Conflict, NotFound."""
    actor.must(Permission.STOCKTAKE_COUNT)
    run = lock_run(run_id)
    run_after(run.state, RunVerb.COUNT)
    place = session.get(Location, location_id)
    if place is None or place.depot_id != run.depot_id or place.kind is not LocationKind.BIN:
        raise NotFound("location_unknown", field="q", typed=place.code if place else str(location_id))
    found = session.scalars(
        select(StocktakeBin)
        .where(StocktakeBin.run_id == run_id, StocktakeBin.location_id == location_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        if run.scope is Scope.BINS:
            raise Conflict("stocktake_bin_not_chosen", field="q", bin=place.code)
        refuse_overlap(run.depot_id, [location_id])
        found = StocktakeBin(run_id=run_id, location_id=location_id)
        session.add(found)
        session.flush()
    first = found.state is BinState.WAITING
    found.state = bin_after(found.state, BinVerb.BEGIN)
    if first:
        found.began_at = now
        tell(run, "begin", actor=actor, now=now, bin_id=found.id)
    session.flush()
    return found


def scan(bin_id: int, text: str, *, part_number: str = "", actor: Actor, now: datetime) -> Taken:
    """Count a serial in a bin. One that nobody knows, or that is booked elsewhere, is taken as found; a second scan
    changes nothing. `part_number` where the code names the part as well: it tells units with the same serial apart.

    Raises Invalid for what cannot be a serial, Conflict when the bin is not being counted."""
    actor.must(Permission.STOCKTAKE_COUNT)
    one = _lock_bin(bin_id, BinVerb.SCAN)
    serial, key = serial_of_scan(text)
    part_id = _serial_part(part_number)
    for earlier in active_counts(one.run_id, bin_id=bin_id, serial_key=key):
        if None in (part_id, earlier.part_id) or part_id == earlier.part_id:
            return Taken(earlier.id, earlier.serial, again=True)
    booked = session.scalars(
        select(UnitState.location_id)
        .join(Unit, Unit.id == UnitState.unit_id)
        .where(Unit.serial_key == key, true() if part_id is None else Unit.part_id == part_id)
        .order_by(UnitState.unit_id)
    ).all()
    here = None if not booked else one.location_id in booked
    fact = StocktakeCount(
        bin_id=bin_id,
        round=one.round,
        kind=CountKind.SERIAL,
        counted_at=now,
        actor_id=actor.id,
        serial=serial,
        serial_key=key,
        part_id=part_id,
    )
    session.add(fact)
    session.flush()
    return Taken(fact.id, serial, booked_here=here)


def count_pieces(
    bin_id: int, part_id: int, quantity: int, condition: Condition, *, actor: Actor, now: datetime
) -> StocktakeCount:
    """Count pieces of a counted part in a bin; counted twice, they add up (two piles), and a mistake is taken back.

    Raises Invalid for a part with serial numbers or a quantity out of range."""
    actor.must(Permission.STOCKTAKE_COUNT)
    one = _lock_bin(bin_id, BinVerb.SCAN)
    check_pieces(part_id, quantity)
    fact = StocktakeCount(
        bin_id=bin_id,
        round=one.round,
        kind=CountKind.PIECES,
        counted_at=now,
        actor_id=actor.id,
        part_id=part_id,
        condition=condition,
        quantity=quantity,
        away=picked_pieces(one.location_id).get((part_id, condition), 0),
    )
    session.add(fact)
    session.flush()
    return fact


def undo(count_id: int, *, actor: Actor, now: datetime) -> StocktakeCount:
    """Take a scan back; a second undo changes nothing. Raises NotFound, Conflict when the bin is finished."""
    actor.must(Permission.STOCKTAKE_COUNT)
    fact = session.get(StocktakeCount, count_id)
    if fact is None or fact.kind is CountKind.UNDO:
        raise NotFound("not_found")
    one = _lock_bin(fact.bin_id, BinVerb.UNDO)
    if fact.round != one.round:
        raise Conflict("stocktake_bin_not_allowed", state=one.state.value, verb=BinVerb.UNDO.value)
    if session.scalar(select(StocktakeCount.id).where(StocktakeCount.undoes_id == count_id)) is None:
        taken_back = StocktakeCount(
            bin_id=fact.bin_id,
            round=fact.round,
            kind=CountKind.UNDO,
            counted_at=now,
            actor_id=actor.id,
            serial=fact.serial,
            serial_key=fact.serial_key,
            part_id=fact.part_id,
            condition=fact.condition,
            quantity=fact.quantity,
            undoes_id=count_id,
        )
        session.add(taken_back)
        session.flush()
    return fact


def finish_bin(bin_id: int, *, actor: Actor, now: datetime) -> StocktakeBin:
    """Say that everything in the bin was counted. Counted parts that are booked here and of which nobody counted a piece
    are noted as none found."""
    actor.must(Permission.STOCKTAKE_COUNT)
    one = _lock_bin(bin_id, BinVerb.FINISH)
    run = session.get_one(StocktakeRun, one.run_id)
    one.state = bin_after(one.state, BinVerb.FINISH)
    counted = {(fact.part_id, fact.condition) for fact in active_counts(one.run_id, bin_id=bin_id)}
    booked = session.execute(
        select(StockBalance.part_id, StockBalance.condition)
        .join(Part, Part.id == StockBalance.part_id)
        .where(
            StockBalance.location_id == one.location_id,
            StockBalance.on_hand > 0,
            Part.tracking == Tracking.COUNTED,
            Part.id == run.part_id if run.scope is Scope.PART else true(),
        )
        .order_by(StockBalance.part_id, StockBalance.condition)
    ).all()
    away = picked_pieces(one.location_id)
    for part_id, condition in booked:
        if (part_id, condition) not in counted:
            session.add(
                StocktakeCount(
                    bin_id=bin_id,
                    round=one.round,
                    kind=CountKind.NOTHING,
                    counted_at=now,
                    actor_id=actor.id,
                    part_id=part_id,
                    condition=condition,
                    quantity=0,
                    away=away.get((part_id, condition), 0),
                )
            )
    one.finished_at, one.finished_by_id = now, actor.id
    tell(run, "finish", actor=actor, now=now, bin_id=bin_id, round=one.round)
    session.flush()
    return one


def count_again(bin_id: int, reason: str, *, actor: Actor, now: datetime) -> StocktakeBin:
    """Count a finished bin from the beginning; the earlier counts stay to be read and count no more."""
    actor.must(Permission.STOCKTAKE_COUNT)
    found = session.get(StocktakeBin, bin_id)
    if found is None:
        raise NotFound("not_found")
    run = lock_run(found.run_id)
    run_after(run.state, RunVerb.COUNT)
    one = _lock_bin(bin_id, BinVerb.COUNT_AGAIN)
    one.state = bin_after(one.state, BinVerb.COUNT_AGAIN)
    one.round += 1
    one.began_at, one.finished_at, one.finished_by_id = now, None, None
    tell(run, "count_again", actor=actor, now=now, bin_id=bin_id, reason=" ".join(reason.split())[:300])
    session.flush()
    return one


def serial_of_scan(text: str) -> tuple[str, str]:
    """The serial as it was scanned, and its folded form. Raises Invalid `stocktake_no_serial`."""
    serial = " ".join(text.split())
    key = scan_key(serial)
    if not key or len(key) > LONGEST_SERIAL or len(serial) > LONGEST_SERIAL:
        raise Invalid("stocktake_no_serial", field="q")
    return serial, key


def _serial_part(part_number: str) -> int | None:
    """The one part with serial numbers that is meant, if any is."""
    key = scan_key(part_number)
    query = select(Part.id).where(Part.part_number_key == key, Part.tracking == Tracking.SERIAL).limit(2)
    found = session.scalars(query).all() if key else []
    return found[0] if len(found) == 1 else None


def check_pieces(part_id: int, quantity: int) -> None:
    """Raise Invalid unless so many pieces of the part can be counted."""
    part = session.get(Part, part_id)
    if part is None:
        raise NotFound("part_unknown", field="part", typed=str(part_id))
    if part.tracking is not Tracking.COUNTED:
        raise Invalid("part_is_serial", field="part")
    if not 0 <= quantity <= MOST_PIECES:
        raise Invalid("number_out_of_range", field="quantity", first=0, last=MOST_PIECES)


def picked_pieces(location_id: int) -> dict[tuple[int, Condition], int]:
    """Pieces booked at the place that lie in orders' boxes now, by part and condition."""
    ended = select(HoldEnd.hold_id).where(HoldEnd.hold_id == Hold.id).exists()
    holds = session.execute(
        select(Hold.line_id, Hold.part_id, Hold.quantity)
        .join(StockBalance, (StockBalance.part_id == Hold.part_id) & (StockBalance.location_id == Hold.location_id))
        .where(Hold.location_id == location_id, Hold.unit_id.is_(None), StockBalance.held > 0, ~ended)
    ).all()
    boxed = stocktake_holds.picked({line_id for line_id, _part, _quantity in holds})
    away: dict[tuple[int, Condition], int] = defaultdict(int)
    for line_id, part_id, quantity in holds:
        if line_id in boxed:
            away[part_id, Condition.GOOD] += quantity
    return away


def _lock_bin(bin_id: int, verb: BinVerb) -> StocktakeBin:
    """The bin's row, locked and fresh. Raises NotFound, Conflict when `verb` is not allowed from where it stands."""
    one = session.scalars(
        select(StocktakeBin)
        .where(StocktakeBin.id == bin_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if one is None:
        raise NotFound("not_found")
    bin_after(one.state, verb)
    return one
