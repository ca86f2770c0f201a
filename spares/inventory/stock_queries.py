"""Units and postings: lists that stay as fast with a million units, and the whole life of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, case, cast, func, literal, null, select, true, tuple_, union_all
from sqlalchemy.orm import aliased

from spares.accounts.models import User
from spares.calendars.models import Depot
from spares.db import is_postgresql, session
from spares.errors import NotFound
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
    StockBalance,
    Unit,
    UnitState,
)
from spares.numbers import scan_key
from spares.whole_numbers import whole


@dataclass(frozen=True)
class UnitRow:
    """A unit and where it is now. A unit that never moved has no state and is in no list."""

    unit: Unit
    part: Part
    state: UnitState
    location: Location
    depot: Depot | None


@dataclass(frozen=True, kw_only=True)
class UnitFilter:
    """Which units. `where` is `depot:<id>` or `place:<id>`; a bin outranks it. Texts that name nothing match nothing."""

    serial: str = ""
    part: str = ""
    bin: str = ""
    where: str = ""
    condition: Condition | None = None


@dataclass(frozen=True)
class Choices:
    """What the filter can be set to, and the keys of what it was set to; None: not filtered by it."""

    depots: Sequence[tuple[int, str]]
    places: Sequence[tuple[int, LocationKind]]
    part_ids: Sequence[int] | None
    bin_ids: Sequence[int] | None


@dataclass(frozen=True)
class CardLine:
    """A posting on a part's stock card: what it moved, what it added to the depots' stock, and the stock after it."""

    posting: Posting
    actor: str | None
    moved: int
    change: int
    after: int


@dataclass(frozen=True)
class Step:
    """One move of a unit or of a posting, with the words around it."""

    move: Move
    posting: Posting
    origin: Location
    target: Location
    actor: str | None
    unit: Unit | None = None
    part: Part | None = None


@dataclass(frozen=True)
class HoldSpan:
    """A reservation of a unit, from when to when, and how it ended (None: it stands)."""

    hold: Hold
    actor: str | None
    outcome: HoldOutcome | None
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True)
class UnitLife:
    """Everything that is known of a unit; moves and holds newest first. `now` is None for one that never moved."""

    unit: Unit
    part: Part
    now: UnitRow | None
    steps: Sequence[Step]
    holds: Sequence[HoldSpan]


def choices(wanted: UnitFilter) -> Choices:
    """The filter's options and what its texts name; one statement."""
    queries: list[Any] = [
        select(literal("depot"), Depot.id, Depot.name, Depot.code),
        select(literal("place"), Location.id, cast(Location.kind, String), Location.code).where(
            Location.depot_id.is_(None)
        ),
    ]
    part_key, bin_key = scan_key(wanted.part), scan_key(wanted.bin)
    if part_key:
        name, _, maker = wanted.part.rpartition("·")
        query = select(literal("part"), Part.id, null(), Part.part_number).where(
            Part.part_number_key == (scan_key(name) if name else part_key)
        )
        queries.append(query.where(Part.manufacturer_key == scan_key(maker)) if name else query)
    if bin_key:
        query = select(literal("bin"), Location.id, null(), Location.code).where(
            Location.code_key == bin_key, Location.depot_id.is_not(None)
        )
        kind, _, key = wanted.where.partition(":")
        depot_id = whole(key) if kind == "depot" else None
        queries.append(query if depot_id is None else query.where(Location.depot_id == depot_id))
    found: dict[str, list[Any]] = {"depot": [], "place": [], "part": [], "bin": []}
    for kind, key, name, _ in session.execute(union_all(*queries).order_by("code")):
        found[kind].append((key, name))
    return Choices(
        found["depot"],
        [(key, LocationKind(name)) for key, name in found["place"]],
        [key for key, _ in found["part"]] if part_key else None,
        [key for key, _ in found["bin"]] if bin_key else None,
    )


def units(wanted: UnitFilter, known: Choices, *, after: str = "", size: int) -> tuple[list[UnitRow], str | None]:
    """A page of units and the mark of the next one (None on the last); one statement that reads as many rows as it
    shows, however many units there are. The order follows the filter, so that an index gives it: by serial within a
    part, by place otherwise, newest first when nothing is asked for."""
    query, serial = _rows(), scan_key(wanted.serial)
    by_place = [UnitState.location_id, UnitState.condition, UnitState.unit_id]
    if serial:
        query = query.where(Unit.serial_key == serial)
    if wanted.condition is not None:
        query = query.where(UnitState.condition == wanted.condition)
    if known.bin_ids is not None:
        query = query.where(UnitState.location_id.in_(known.bin_ids))
    elif wanted.where or wanted.condition is not None:
        query = query.where(UnitState.location_id.in_(_places(wanted.where)))
    if known.part_ids is not None:
        mark = [Unit.serial_key, Unit.id]
        query = query.where(Unit.part_id.in_(known.part_ids), UnitState.part_id.in_(known.part_ids))
        query = _beyond(query.order_by(*mark), mark, after)
    elif known.bin_ids is not None or wanted.where or wanted.condition is not None:
        mark = by_place
        if is_postgresql() and known.bin_ids is None and not serial:
            query = _place_by_place(wanted, after, size + 1)
        else:
            query = _beyond(query.order_by(*mark), mark, after)
    else:
        mark = [UnitState.unit_id]
        query = _beyond(query.order_by(UnitState.unit_id.desc()), mark, after)
    found = [UnitRow(*row) for row in session.execute(query.limit(size + 1))]
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    values = {
        Unit.serial_key: last.unit.serial_key,
        Unit.id: last.unit.id,
        UnitState.unit_id: last.unit.id,
        UnitState.location_id: last.state.location_id,
        UnitState.condition: last.state.condition.value,
    }
    return found[:size], "~".join(str(values[column]) for column in mark)


def find_units(text: str, limit: int = 50) -> list[UnitRow]:
    """The units with this serial, whatever part they are of; one statement."""
    key = scan_key(text)
    if not key:
        return []
    return [UnitRow(*row) for row in session.execute(_rows().where(Unit.serial_key == key).limit(limit))]


def unit_life(unit_id: int) -> UnitLife:
    """The whole life of a unit, in four statements. Raises NotFound."""
    found = session.execute(
        select(Unit, Part, UnitState, Location, Depot)
        .join(Part, Part.id == Unit.part_id)
        .outerjoin(UnitState, UnitState.unit_id == Unit.id)
        .outerjoin(Location, Location.id == UnitState.location_id)
        .outerjoin(Depot, Depot.id == Location.depot_id)
        .where(Unit.id == unit_id)
    ).first()
    if found is None:
        raise NotFound("not_found")
    unit, part, state, location, depot = found
    holds = session.execute(
        select(Hold, User.display_name, HoldEnd.outcome, HoldEnd.ended_at, HoldEnd.reason)
        .outerjoin(HoldEnd, HoldEnd.hold_id == Hold.id)
        .outerjoin(User, User.id == Hold.actor_id)
        .where(Hold.part_id == part.id, Hold.unit_id == unit_id)
        .order_by(Hold.id.desc())
    )
    return UnitLife(
        unit,
        part,
        UnitRow(unit, part, state, location, depot) if state is not None else None,
        [Step(*row) for row in session.execute(_steps().where(Move.unit_id == unit_id).order_by(Move.id.desc()))],
        [HoldSpan(hold, name, outcome, ended_at, reason or "") for hold, name, outcome, ended_at, reason in holds],
    )


def stock_card(part_id: int, *, before: int | None = None, size: int) -> tuple[list[CardLine], int | None]:
    """The part's postings, newest first, with the stock in all depots after each, and the mark of the next page."""
    origin, target = aliased(Location), aliased(Location)
    inside = [kind.value for kind in DEPOT_KINDS]
    change = func.sum(
        Move.quantity * (case((target.kind.in_(inside), 1), else_=0) - case((origin.kind.in_(inside), 1), else_=0))
    )
    moves = (
        select(Move.posting_id, func.sum(Move.quantity).label("moved"), change.label("change"))
        .join(origin, origin.id == Move.from_location_id)
        .join(target, target.id == Move.to_location_id)
        .where(Move.part_id == part_id)
    )
    query = moves.group_by(Move.posting_id).order_by(Move.posting_id.desc()).limit(size + 1)
    after = session.scalar(select(func.sum(StockBalance.on_hand)).where(StockBalance.part_id == part_id)) or 0
    if before is not None:
        query = query.where(Move.posting_id < before)
        newer = moves.where(Move.posting_id >= before).group_by(Move.posting_id).subquery()
        after -= session.scalar(select(func.sum(newer.c.change))) or 0
    page = query.subquery()
    found = session.execute(
        select(Posting, User.display_name, page.c.moved, page.c.change)
        .join(page, page.c.posting_id == Posting.id)
        .outerjoin(User, User.id == Posting.actor_id)
        .order_by(Posting.id.desc())
    ).all()
    lines = []
    for posting, name, moved, amount in found[:size]:
        lines.append(CardLine(posting, name, int(moved), int(amount), int(after)))
        after -= amount
    return lines, (lines[-1].posting.id if len(found) > size else None)


def posting_page(
    posting_id: int, *, after: int = 0, size: int
) -> tuple[Posting, str | None, int | None, list[Step], int | None]:
    """A posting, who made it, the key of the posting that took it back, a page of its moves and the mark of the next."""
    undo = aliased(Posting)
    found = session.execute(
        select(Posting, User.display_name, undo.id)
        .outerjoin(User, User.id == Posting.actor_id)
        .outerjoin(undo, undo.reverses_id == Posting.id)
        .where(Posting.id == posting_id)
    ).first()
    if found is None:
        raise NotFound("not_found")
    query = _steps().where(Move.posting_id == posting_id, Move.id > after).order_by(Move.id).limit(size + 1)
    steps = [Step(*row) for row in session.execute(query)]
    posting, name, undone_by = found
    return posting, name, undone_by, steps[:size], (steps[size - 1].move.id if len(steps) > size else None)


def _rows() -> Any:
    return (
        select(Unit, Part, UnitState, Location, Depot)
        .join(UnitState, UnitState.unit_id == Unit.id)
        .join(Part, Part.id == UnitState.part_id)
        .join(Location, Location.id == UnitState.location_id)
        .outerjoin(Depot, Depot.id == Location.depot_id)
    )


def _steps() -> Any:
    origin, target = aliased(Location), aliased(Location)
    return (
        select(Move, Posting, origin, target, User.display_name, Unit, Part)
        .join(Posting, Posting.id == Move.posting_id)
        .join(origin, origin.id == Move.from_location_id)
        .join(target, target.id == Move.to_location_id)
        .join(Part, Part.id == Move.part_id)
        .outerjoin(Unit, Unit.id == Move.unit_id)
        .outerjoin(User, User.id == Posting.actor_id)
    )


def _places(where: str) -> Any:
    """The keys of the places that the filter means; of all places for an empty one, which says nothing new, but lets the
    index by place and condition be entered once for each place."""
    kind, _, key = where.partition(":")
    query = select(Location.id)
    if not where:
        return query
    if not key.isdecimal() or len(key) > 15:
        return query.where(literal(False))
    return query.where(Location.id == int(key) if kind == "place" else Location.depot_id == int(key))


def _place_by_place(wanted: UnitFilter, after: str, count: int) -> Any:
    """The first `count` units by place, condition and key, for PostgreSQL, which would otherwise sort all of them: the
    places are gone through in order, and each gives at most as many as are wanted, straight from the index."""
    place = _places(wanted.where).subquery()
    columns = [UnitState.location_id, UnitState.condition, UnitState.unit_id]
    units = select(*columns).where(UnitState.location_id == place.c.id)
    if wanted.condition is not None:
        units = units.where(UnitState.condition == wanted.condition)
    units = _beyond(units, columns, after)
    here = units.order_by(UnitState.condition, UnitState.unit_id).limit(count).lateral()
    chosen = (
        select(here.c.unit_id)
        .select_from(place.join(here, true()))
        .order_by(place.c.id, here.c.condition, here.c.unit_id)
        .limit(count)
        .subquery()
    )
    return _rows().join(chosen, chosen.c.unit_id == UnitState.unit_id).order_by(*columns)


def _beyond(query: Any, columns: list[Any], after: str) -> Any:
    """Only what comes after the mark in the query's order; a mark that does not fit the order is ignored."""
    parts = after.split("~")
    if not after or len(parts) != len(columns):
        return query
    values: list[Any] = []
    for column, part in zip(columns, parts, strict=True):
        if column in (Unit.serial_key,):
            values.append(part)
        elif column is UnitState.condition:
            if part not in set(Condition):
                return query
            values.append(Condition(part))
        elif part.isdecimal() and len(part) < 19:
            values.append(int(part))
        else:
            return query
    if len(columns) == 1:
        return query.where(columns[0] < values[0])
    # Compared as one row, which both databases look up in an index in one step.
    return query.where(tuple_(*columns) > tuple_(*(literal(v, c.type) for c, v in zip(columns, values, strict=True))))
