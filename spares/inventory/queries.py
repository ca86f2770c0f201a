"""What the catalogue and the places look like: lists and pages of parts and locations, low stock, and the scan box."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from spares.calendars.models import Depot
from spares.db import session
from spares.errors import Invalid, NotFound
from spares.inventory.models import (
    Condition,
    Location,
    LocationKind,
    Part,
    Posting,
    StockBalance,
    Substitute,
    Unit,
)
from spares.numbers import NumberKind, key_of, number, scan_key
from spares.web import Hit

PART_SORTS = {
    "number": (Part.part_number_key, Part.id),
    "maker": (Part.manufacturer_key, Part.part_number_key, Part.id),
    "category": (Part.category, Part.part_number_key, Part.id),
}


@dataclass(frozen=True)
class PartRow:
    """A part with its good pieces: `free` are those in bins that nobody holds, `on_hand` those in any depot place."""

    part: Part
    free: int
    on_hand: int

    @property
    def is_low(self) -> bool:
        """Whether fewer are free than the part's minimum level."""
        return self.free < self.part.minimum_level


@dataclass(frozen=True)
class Shelf:
    """What a balance says: pieces of a part in one condition at one place."""

    location: Location
    depot: Depot
    condition: Condition
    on_hand: int
    held: int


@dataclass(frozen=True)
class Standing:
    """A part's stock: every balance, and the sums of good pieces."""

    shelves: Sequence[Shelf]
    on_hand: int = 0
    held: int = 0
    free: int = 0


@dataclass(frozen=True)
class Substitution:
    """One row of the substitutes table with the part at its other end."""

    row: Substitute
    other: Part


@dataclass(frozen=True)
class Substitutions:
    """What may stand in for a part, and what the part may stand in for, each in order of rank."""

    instead: Sequence[Substitution] = field(default_factory=list)
    stands_in_for: Sequence[Substitution] = field(default_factory=list)


class StockLevel(StrEnum):
    """Which parts of the catalogue, by the good pieces in the bins: those with fewer free than their minimum, of these those
    with none free, those with any, and those of which an order holds some."""

    LOW = "low"
    EMPTY = "empty"
    GOOD = "good"
    HELD = "held"


def parts(
    *,
    text: str = "",
    level: StockLevel | None = None,
    depot_id: int | None = None,
    sort: str = "number",
    page: int,
    size: int,
) -> tuple[list[PartRow], bool]:
    """A page of the catalogue and whether there is more. Every word of `text` must occur in the number, the
    manufacturer, the description or the category. `level` is asked of the depot named, or of all together."""
    query = at_level(_matching(select(Part), text), level, depot_id)
    columns = PART_SORTS.get(sort.lstrip("-"), PART_SORTS["number"])
    order = [column.desc() if sort.startswith("-") else column.asc() for column in columns]
    found = list(session.scalars(query.order_by(*order).limit(size + 1).offset((page - 1) * size)))
    return _with_stock(found[:size], depot_id), len(found) > size


def at_level(query: Select[Any], level: StockLevel | None, depot_id: int | None = None) -> Select[Any]:
    """The query over parts, narrowed to those at that level."""
    if level is None:
        return query
    sums = _free(depot_id).subquery()
    free, held = func.coalesce(sums.c.free, 0), func.coalesce(sums.c.in_bins - sums.c.free, 0)
    wanted = {
        StockLevel.LOW: Part.minimum_level > free,
        StockLevel.EMPTY: and_(Part.minimum_level > 0, free == 0),
        StockLevel.GOOD: func.coalesce(sums.c.in_bins, 0) > 0,
        StockLevel.HELD: held > 0,
    }
    return query.outerjoin(sums, sums.c.part_id == Part.id).where(wanted[level])


def low_stock(depot_id: int | None = None) -> list[PartRow]:
    """Parts with fewer free good pieces (in the depot, or in all depots together) than their minimum level, the emptiest
    first."""
    free = _free(depot_id).subquery()
    count = func.coalesce(free.c.free, 0)
    rows = session.scalars(
        select(Part)
        .outerjoin(free, free.c.part_id == Part.id)
        .where(Part.minimum_level > count)
        .order_by(count - Part.minimum_level, Part.part_number_key)
    )
    return _with_stock(list(rows), depot_id)


def suggest_parts(text: str, limit: int = 10) -> list[Part]:
    """The first parts that a half-typed text could mean."""
    if not scan_key(text):
        return []
    query = _matching(select(Part), text).order_by(Part.part_number_key, Part.id)
    return list(session.scalars(query.limit(limit)))


def part_name(part: Part) -> str:
    """How a part is named in one line, and read back by `find_part`."""
    return f"{part.part_number} · {part.manufacturer}"


def find_part(text: str) -> Part:
    """The part whose number (or `number · maker`) was typed or scanned. Raises Invalid `part_unknown`, and
    `part_ambiguous` when several makers use the number; both blame the field `part`."""
    query = select(Part).where(Part.part_number_key == scan_key(text))
    if "·" in text:
        name, maker = text.rsplit("·", 1)
        query = select(Part).where(Part.part_number_key == scan_key(name), Part.manufacturer_key == scan_key(maker))
    found = list(session.scalars(query.limit(6)))
    if not found:
        raise Invalid("part_unknown", field="part", typed=text.strip()[:60])
    if len(found) > 1:
        raise Invalid("part_ambiguous", field="part", makers=[part.manufacturer for part in found])
    return found[0]


def standing(part_id: int) -> Standing:
    """Where the part's stock is; one statement."""
    rows = session.execute(
        select(StockBalance, Location, Depot)
        .join(Location, Location.id == StockBalance.location_id)
        .join(Depot, Depot.id == Location.depot_id)
        .where(StockBalance.part_id == part_id, StockBalance.on_hand > 0)
        .order_by(Depot.code, Location.kind != LocationKind.BIN, Location.code_key, StockBalance.condition)
    )
    shelves = [Shelf(place, depot, row.condition, row.on_hand, row.held) for row, place, depot in rows]
    good = [shelf for shelf in shelves if shelf.condition is Condition.GOOD]
    in_bins = [shelf for shelf in good if shelf.location.kind is LocationKind.BIN]
    return Standing(
        shelves,
        on_hand=sum(shelf.on_hand for shelf in good),
        held=sum(shelf.held for shelf in good),
        free=sum(shelf.on_hand - shelf.held for shelf in in_bins),
    )


def substitutions(part_id: int) -> Substitutions:
    """The part's substitutes in both directions; one statement."""
    other = aliased(Part)
    rows = session.execute(
        select(Substitute, other)
        .join(
            other,
            or_(
                and_(Substitute.part_id == part_id, other.id == Substitute.substitute_id),
                and_(Substitute.substitute_id == part_id, other.id == Substitute.part_id),
            ),
        )
        .order_by(Substitute.rank, Substitute.id)
    ).all()
    return Substitutions(
        [Substitution(row, part) for row, part in rows if row.part_id == part_id],
        [Substitution(row, part) for row, part in rows if row.substitute_id == part_id],
    )


def substituted_part(row_id: int) -> int:
    """The part that a row of the substitutes table is about. Raises NotFound."""
    found = session.scalar(select(Substitute.part_id).where(Substitute.id == row_id))
    if found is None:
        raise NotFound("not_found")
    return found


def depots() -> list[Depot]:
    """Every depot, by code."""
    return list(session.scalars(select(Depot).order_by(Depot.code)))


def locations(*, depot_id: int | None = None, text: str = "", page: int, size: int) -> tuple[list[Any], bool]:
    """A page of depot places as (location, depot, pieces there) rows, bins by code, and whether there is more."""
    pieces = (
        select(StockBalance.location_id, func.sum(StockBalance.on_hand).label("pieces"))
        .group_by(StockBalance.location_id)
        .subquery()
    )
    query = (
        select(Location, Depot, func.coalesce(pieces.c.pieces, 0))
        .join(Depot, Depot.id == Location.depot_id)
        .outerjoin(pieces, pieces.c.location_id == Location.id)
        .order_by(Depot.code, Location.kind == LocationKind.BIN, Location.code_key)
    )
    if depot_id is not None:
        query = query.where(Location.depot_id == depot_id)
    if scan_key(text):
        query = query.where(Location.code_key.contains(scan_key(text), autoescape=True))
    found = session.execute(query.limit(size + 1).offset((page - 1) * size)).all()
    return list(found[:size]), len(found) > size


def location_page(location_id: int) -> tuple[Location, Depot | None, list[tuple[Part, StockBalance]]]:
    """A place, its depot and what lies there by part and condition. Raises NotFound."""
    found = session.execute(
        select(Location, Depot).outerjoin(Depot, Depot.id == Location.depot_id).where(Location.id == location_id)
    ).first()
    if found is None:
        raise NotFound("not_found")
    rows = session.execute(
        select(Part, StockBalance)
        .join(StockBalance, StockBalance.part_id == Part.id)
        .where(StockBalance.location_id == location_id, StockBalance.on_hand > 0)
        .order_by(Part.part_number_key, Part.id, StockBalance.condition)
    )
    return found[0], found[1], [(part, balance) for part, balance in rows]


def arrived() -> list[tuple[int, str, int]]:
    """What waits to be put away: the receiving areas that are not empty, by depot, as (place, depot's name, pieces)."""
    rows = session.execute(
        select(Location.id, Depot.name, func.sum(StockBalance.on_hand))
        .join(Depot, Depot.id == Location.depot_id)
        .join(StockBalance, StockBalance.location_id == Location.id)
        .where(Location.kind == LocationKind.RECEIVING, StockBalance.on_hand > 0)
        .group_by(Location.id, Depot.name, Depot.code)
        .order_by(Depot.code)
    )
    return [(place_id, name, int(pieces)) for place_id, name, pieces in rows]


def find_anything(text: str) -> list[Hit]:
    """Units, parts, bins and postings that the text names exactly; one statement. Units come first."""
    key = scan_key(text)
    if not key or len(key) > 120:
        return []
    unit = (
        select(literal("unit"), Unit.id, Unit.serial, Part.part_number)
        .join(Part, Part.id == Unit.part_id)
        .where(Unit.serial_key == key)
    )
    part = select(literal("part"), Part.id, Part.part_number, Part.manufacturer).where(Part.part_number_key == key)
    place = (
        select(literal("location"), Location.id, Location.code, Depot.code)
        .join(Depot, Depot.id == Location.depot_id)
        .where(Location.code_key == key, Location.kind == LocationKind.BIN)
    )
    queries = [unit, part, place]
    posting_id = key_of(NumberKind.POSTING, text)
    if posting_id is not None:
        queries.append(select(literal("posting"), Posting.id, literal(""), literal("")).where(Posting.id == posting_id))
    hits = []
    for kind, record_id, name, more in session.execute(union_all(*queries).limit(50)):
        label = number(NumberKind.POSTING, record_id) if kind == "posting" else f"{name} · {more}"
        hits.append(Hit(kind, label, f"{kind}_show", {f"{kind}_id": record_id}))
    order = ["unit", "part", "location", "posting"]
    return sorted(hits, key=lambda hit: (order.index(hit.kind), hit.label))


def _matching(query: Any, text: str) -> Any:
    for word in text.split()[:8]:
        key = scan_key(word)
        if key and key != "·":
            query = query.where(
                or_(
                    Part.part_number_key.contains(key, autoescape=True),
                    Part.manufacturer_key.contains(key, autoescape=True),
                    Part.description.icontains(word, autoescape=True),
                    Part.category.icontains(word, autoescape=True),
                )
            )
    return query


def _free(depot_id: int | None, part_ids: Collection[int] | None = None) -> Any:
    """Good pieces by part: free ones in bins, all in any depot place, all in bins."""
    in_bin = Location.kind == LocationKind.BIN
    query = (
        select(
            StockBalance.part_id,
            func.sum(StockBalance.on_hand - StockBalance.held).filter(in_bin).label("free"),
            func.sum(StockBalance.on_hand).label("on_hand"),
            func.sum(StockBalance.on_hand).filter(in_bin).label("in_bins"),
        )
        .join(Location, Location.id == StockBalance.location_id)
        .where(StockBalance.condition == Condition.GOOD)
        .group_by(StockBalance.part_id)
    )
    if depot_id is not None:
        query = query.where(Location.depot_id == depot_id)
    if part_ids is not None:
        query = query.where(StockBalance.part_id.in_(part_ids))
    return query


def _with_stock(found: list[Part], depot_id: int | None) -> list[PartRow]:
    if not found:
        return []
    ids = {part.id for part in found}
    sums = {
        part_id: (free or 0, on_hand or 0) for part_id, free, on_hand, _bins in session.execute(_free(depot_id, ids))
    }
    return [PartRow(part, *(int(count) for count in sums.get(part.id, (0, 0)))) for part in found]
