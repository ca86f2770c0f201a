"""Where count and ledger disagree now: the facts of a run and the ledger's rows, put before the rules. Reads only.

Asked when the counting ends, after every recount, and once more under the parts' locks when the run is posted."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, null, select, union_all
from sqlalchemy.orm import aliased

from spares.db import session
from spares.inventory import stocktake_holds
from spares.inventory.models import (
    Condition,
    Hold,
    Location,
    LocationKind,
    Move,
    Part,
    Posting,
    StockBalance,
    Unit,
    UnitState,
)
from spares.inventory.stocktake_lifecycle import BinState
from spares.inventory.stocktake_models import (
    CountKind,
    DifferenceKind,
    Scope,
    StocktakeBin,
    StocktakeCount,
    StocktakeRun,
)
from spares.inventory.stocktake_rules import (
    DIFFERENCES,
    Absence,
    Booked,
    Counted,
    PieceMove,
    PiecesVerdict,
    Sighting,
    UnitVerdict,
    Verdict,
    judge_pieces,
    judge_unit,
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A difference as count and ledger have it now; the columns of `StocktakeDifference` that a new look may change."""

    key: str
    kind: DifferenceKind
    place_id: int
    counted: int
    expected: int
    counted_at: datetime
    uncertain: bool = False
    unit_id: int | None = None
    part_id: int | None = None
    serial: str = ""
    condition: Condition = Condition.GOOD
    booked_id: int | None = None
    value_minor: int | None = None
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class Netted:
    """No difference, because the ledger explains what was counted. `since`: the instant of the unit's last move; for
    pieces `moved` came or went after the count."""

    verdict: Verdict
    place_id: int
    at: datetime
    part: Part
    serial: str = ""
    unit_id: int | None = None
    since: datetime | None = None
    counted: int = 1
    moved: int = 0


@dataclass
class Outcome:
    """Everything that the count says."""

    differences: dict[str, Found] = field(default_factory=dict)
    netted: list[Netted] = field(default_factory=list)
    as_booked: int = 0


@dataclass(frozen=True)
class _Known:
    """A unit with where the ledger has it, who holds it, and from where its last move took it."""

    unit: Unit
    part: Part
    state: UnitState | None
    kind: LocationKind | None
    since: datetime | None
    came_from: int | None
    line_id: int | None


def evaluate(run: StocktakeRun) -> Outcome:
    """Judge every unit and every number of pieces that the run's finished bins speak of; about ten statements, however
    many there are."""
    outcome = Outcome()
    bins = {
        one.id: one
        for one in session.scalars(
            select(StocktakeBin).where(StocktakeBin.run_id == run.id, StocktakeBin.state == BinState.FINISHED)
        )
    }
    facts = active_counts(run.id, finished=True)
    _judge_units(run, bins, facts, outcome)
    _judge_pieces(bins, [fact for fact in facts if fact.kind in {CountKind.PIECES, CountKind.NOTHING}], outcome)
    return outcome


def active_counts(
    run_id: int, *, finished: bool = False, bin_id: int | None = None, serial_key: str | None = None
) -> list[StocktakeCount]:
    """The counts that count: of each bin's present round, not taken back, oldest first."""
    undo = aliased(StocktakeCount)
    query = (
        select(StocktakeCount)
        .join(StocktakeBin, StocktakeBin.id == StocktakeCount.bin_id)
        .where(
            StocktakeBin.run_id == run_id,
            StocktakeCount.round == StocktakeBin.round,
            StocktakeCount.kind != CountKind.UNDO,
            ~exists().where(undo.undoes_id == StocktakeCount.id),
        )
        .order_by(StocktakeCount.id)
    )
    if finished:
        query = query.where(StocktakeBin.state == BinState.FINISHED)
    if bin_id is not None:
        query = query.where(StocktakeBin.id == bin_id)
    if serial_key is not None:
        query = query.where(StocktakeCount.serial_key == serial_key)
    return list(session.scalars(query))


def _judge_units(
    run: StocktakeRun, bins: dict[int, StocktakeBin], facts: list[StocktakeCount], outcome: Outcome
) -> None:
    known, by_serial = _units(run)
    picked = stocktake_holds.picked({one.line_id for one in known.values() if one.line_id is not None})
    seen: dict[int, list[Sighting]] = defaultdict(list)
    absent: dict[int, list[Absence]] = defaultdict(list)
    strangers: dict[str, list[tuple[StocktakeCount, int]]] = defaultdict(list)
    for fact in facts:
        if fact.kind not in {CountKind.SERIAL, CountKind.ABSENT}:
            continue
        place = bins[fact.bin_id].location_id
        unit = _which([known[key] for key in by_serial.get(fact.serial_key, ())], place, fact.part_id)
        if unit is None:
            strangers[fact.serial_key].append((fact, place))
        elif fact.kind is CountKind.SERIAL:
            seen[unit.unit.id].append(Sighting(place, fact.counted_at))
        else:
            absent[unit.unit.id].append(Absence(place, fact.counted_at))
    began = {one.location_id: one.began_at for one in bins.values() if one.began_at is not None}
    said: dict[int, UnitVerdict | None] = {}
    for unit_id, one in known.items():
        if one.state is not None and one.state.location_id in began and run.part_id in {None, one.unit.part_id}:
            # The bin was counted as a whole; what was scanned in it since then is newer than its beginning.
            absent[unit_id].append(Absence(one.state.location_id, began[one.state.location_id]))
        said[unit_id] = judge_unit(_booked(one, picked), seen[unit_id], absent[unit_id])
    different = [key for key, one in said.items() if one is not None and one.verdict in DIFFERENCES]
    for unit_id, at in stocktake_holds.handled(different).items():
        booked = _booked(known[unit_id], picked, at)
        said[unit_id] = judge_unit(booked, seen[unit_id], absent[unit_id])
    for unit_id, verdict in said.items():
        _note_unit(known[unit_id], verdict, outcome)
    for key, told in strangers.items():
        _note_stranger(key, told, outcome)


def _booked(one: _Known, picked: set[int], handled: datetime | None = None) -> Booked | None:
    if one.state is None or one.since is None:
        return None
    return Booked(one.state.location_id, one.since, one.line_id in picked, handled)


def _units(run: StocktakeRun) -> tuple[dict[int, _Known], dict[str, list[int]]]:
    """The units booked in the run's finished bins, and those whose serials were scanned there; by key and by serial."""
    finished = and_(StocktakeBin.run_id == run.id, StocktakeBin.state == BinState.FINISHED)
    booked_here = _known_units().join(StocktakeBin, StocktakeBin.location_id == UnitState.location_id).where(finished)
    if run.scope is Scope.PART:
        booked_here = booked_here.where(UnitState.part_id == run.part_id)
    scanned = (
        select(StocktakeCount.serial_key)
        .join(StocktakeBin, StocktakeBin.id == StocktakeCount.bin_id)
        .where(finished, StocktakeCount.serial_key != "")
    )
    known: dict[int, _Known] = {}
    for query in (booked_here, _known_units(outer=True).where(Unit.serial_key.in_(scanned))):
        for row in session.execute(query.execution_options(populate_existing=True)):
            known[row[0].id] = _Known(*row)
    by_serial: dict[str, list[int]] = defaultdict(list)
    for unit_id, one in known.items():
        by_serial[one.unit.serial_key].append(unit_id)
    return known, by_serial


def _known_units(outer: bool = False) -> Any:
    query = select(Unit, Part, UnitState, Location.kind, Posting.occurred_at, Move.from_location_id, Hold.line_id).join(
        Part, Part.id == Unit.part_id
    )
    return (
        query.join(UnitState, UnitState.unit_id == Unit.id, isouter=outer)
        .join(Location, Location.id == UnitState.location_id, isouter=outer)
        .join(Move, Move.id == UnitState.last_move_id, isouter=outer)
        .join(Posting, Posting.id == Move.posting_id, isouter=outer)
        .outerjoin(Hold, Hold.id == UnitState.hold_id)
    )


def _which(candidates: list[_Known], place: int, part_id: int | None) -> _Known | None:
    """The unit that a scanned serial means: of the part named, else the one booked in this bin, else the one that just
    left it, else the only one there is, in a depot first. None when that is nobody's or several units' serial."""
    if part_id is not None:
        return next((one for one in candidates if one.unit.part_id == part_id), None)
    for fits in (
        [one for one in candidates if one.state is not None and one.state.location_id == place],
        [one for one in candidates if one.came_from == place],
        [one for one in candidates if one.kind in {LocationKind.BIN, LocationKind.RECEIVING}],
        candidates,
    ):
        if len(fits) == 1:
            return fits[0]
    return None


def _note_unit(one: _Known, said: UnitVerdict | None, outcome: Outcome) -> None:
    if said is None:
        return
    if said.verdict is Verdict.AS_BOOKED:
        outcome.as_booked += 1
        return
    if said.verdict not in DIFFERENCES:
        outcome.netted.append(
            Netted(
                verdict=said.verdict,
                place_id=said.place,
                at=said.at,
                part=one.part,
                serial=one.unit.serial,
                unit_id=one.unit.id,
                since=one.since,
            )
        )
        return
    missing = said.verdict is Verdict.MISSING
    key = f"unit:{one.unit.id}"
    outside = one.kind is None or one.kind is LocationKind.DIFFERENCE
    outcome.differences[key] = Found(
        key=key,
        kind=DifferenceKind.MISSING if missing else DifferenceKind.FOUND,
        place_id=said.place,
        counted=0 if missing else 1,
        expected=1 if missing else 0,
        counted_at=said.at,
        unit_id=one.unit.id,
        part_id=one.unit.part_id,
        serial=one.unit.serial,
        condition=one.state.condition if one.state is not None else Condition.GOOD,
        booked_id=one.state.location_id if one.state is not None else None,
        value_minor=one.part.price_minor if missing or outside else 0,
        currency=one.part.currency,
    )


def _note_stranger(key: str, told: list[tuple[StocktakeCount, int]], outcome: Outcome) -> None:
    """A serial that no unit has, by its last sighting; taken back by a second look that did not find it there."""
    gone = {place: fact.counted_at for fact, place in told if fact.kind is CountKind.ABSENT}
    seen = [
        (fact, place)
        for fact, place in told
        if fact.kind is CountKind.SERIAL and (place not in gone or fact.counted_at >= gone[place])
    ]
    if not seen:
        return
    fact, place = max(seen, key=lambda one: one[0].counted_at)
    outcome.differences[f"serial:{key}"] = Found(
        key=f"serial:{key}",
        kind=DifferenceKind.UNKNOWN,
        place_id=place,
        counted=1,
        expected=0,
        counted_at=fact.counted_at,
        serial=fact.serial,
        part_id=fact.part_id,
    )


Cell = tuple[int, int, Condition]
"""A place, a counted part, a condition."""


def _judge_pieces(bins: dict[int, StocktakeBin], facts: list[StocktakeCount], outcome: Outcome) -> None:
    counts: dict[Cell, list[Counted]] = defaultdict(list)
    since: dict[Cell, datetime | None] = {}
    for fact in facts:
        assert fact.part_id is not None  # noqa: S101
        cell = (bins[fact.bin_id].location_id, fact.part_id, fact.condition)
        counts[cell].append(Counted(fact.quantity, fact.counted_at, fact.away, fact.recount))
        if fact.kind is CountKind.NOTHING:
            since[cell] = bins[fact.bin_id].began_at
    if not counts:
        return
    parts = {part.id: part for part in session.scalars(select(Part).where(Part.id.in_({cell[1] for cell in counts})))}
    starts = [one.at for told in counts.values() for one in told] + [at for at in since.values() if at is not None]
    on_hand, moves = _pieces_now(parts, {cell[0] for cell in counts}, min(starts))
    for cell, told in counts.items():
        said = judge_pieces(on_hand.get(cell, 0), told, moves[cell], nothing_since=since.get(cell))
        if said is not None:
            _note_pieces(cell, parts[cell[1]], said, outcome)


def _pieces_now(
    parts: Iterable[int], places: set[int], first: datetime
) -> tuple[dict[Cell, int], dict[Cell, list[PieceMove]]]:
    """What the ledger has in each cell now, and its moves since `first`: one statement, so that nobody's posting falls
    between the two. What was booked out as a difference, or in from there, moved nothing on the shelf: the count is
    compared with the corrected books."""
    ids = list(parts)
    books = select(Location.id).where(Location.kind == LocationKind.DIFFERENCE)
    moved = (
        Move.part_id.in_(ids),
        Move.unit_id.is_(None),
        Posting.occurred_at >= first,
        Move.from_location_id.not_in(books),
        Move.to_location_id.not_in(books),
    )
    gone = (
        select(Move.from_location_id, Move.part_id, Move.from_condition, -Move.quantity, Posting.occurred_at)
        .join(Posting, Posting.id == Move.posting_id)
        .where(Move.from_location_id.in_(places), *moved)
    )
    come = (
        select(Move.to_location_id, Move.part_id, Move.to_condition, Move.quantity, Posting.occurred_at)
        .join(Posting, Posting.id == Move.posting_id)
        .where(Move.to_location_id.in_(places), *moved)
    )
    here = select(
        StockBalance.location_id, StockBalance.part_id, StockBalance.condition, StockBalance.on_hand, null()
    ).where(StockBalance.part_id.in_(ids), StockBalance.location_id.in_(places))
    rows: Any = session.execute(union_all(gone, come, here))
    on_hand: dict[Cell, int] = {}
    moves: dict[Cell, list[PieceMove]] = defaultdict(list)
    for place, part_id, condition, quantity, at in rows:
        if at is None:
            on_hand[place, part_id, condition] = quantity
        else:
            moves[place, part_id, condition].append(PieceMove(quantity, at))
    return on_hand, moves


def _note_pieces(cell: Cell, part: Part, said: PiecesVerdict, outcome: Outcome) -> None:
    place, part_id, condition = cell
    if said.difference == 0:
        outcome.as_booked += 1
        if said.moved_after or said.uncertain:
            outcome.netted.append(
                Netted(
                    verdict=Verdict.MOVED_AFTER,
                    place_id=place,
                    at=said.at,
                    part=part,
                    counted=said.counted,
                    moved=said.moved_after,
                )
            )
        return
    key = f"pieces:{place}:{part_id}:{condition.value}"
    outcome.differences[key] = Found(
        key=key,
        kind=DifferenceKind.PIECES,
        place_id=place,
        counted=said.counted,
        expected=said.expected,
        counted_at=said.at,
        uncertain=said.uncertain,
        part_id=part_id,
        condition=condition,
        value_minor=None if part.price_minor is None else part.price_minor * abs(said.difference),
        currency=part.currency,
    )
