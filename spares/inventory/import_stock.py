"""Applying checked rows of a stock sheet: what lay on the shelves when the books began, or came in one delivery.

A serial that already lies where the sheet says, or a counted part whose bin already holds just that many, is left alone:
importing the same sheet again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory import services, stock_services
from spares.inventory.import_outcome import Fate, Faults, Outcome
from spares.inventory.import_rows import StockRow
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    Location,
    LocationKind,
    Part,
    StockBalance,
    Tracking,
    Unit,
    UnitState,
)
from spares.inventory.stock_arrivals import Arriving
from spares.inventory.stock_checks import SHELVES
from spares.numbers import parse, scan_key


def identity(row: StockRow) -> tuple[str, ...]:
    """What makes two rows the same stock: a serial of a part; for counted parts the bin and condition too."""
    if row.serial:
        return (scan_key(row.manufacturer), scan_key(row.part_number), scan_key(row.serial))
    return (scan_key(row.manufacturer), scan_key(row.part_number), "", scan_key(row.bin), row.condition.value)


def apply(
    rows: Sequence[tuple[int, StockRow]],
    *,
    depot_id: int,
    make_bins: bool,
    request_key: str,
    actor: Actor,
    now: datetime,
) -> Outcome:
    """Post the rows that are new as one opening posting; refuse those that contradict what the ledger knows."""
    outcome, arriving = _decide(rows, depot_id, make_bins)
    bins = _bins(rows, depot_id)
    items: list[Arriving] = []
    for part, row in arriving:
        place = bins.get(scan_key(row.bin))
        if place is None:
            place = services.add_bin(depot_id, row.bin, actor=actor, now=now)
            bins[scan_key(row.bin)] = place
        items.append(
            Arriving(
                part_id=part.id,
                serial=row.serial,
                quantity=row.quantity,
                condition=row.condition,
                location_id=place.id,
            )
        )
    if items:
        stock_services.receive(
            depot_id, items, request_key=request_key, actor=actor, now=now, reference="import", opening=True
        )
    return outcome


def preview(rows: Sequence[tuple[int, StockRow]], *, depot_id: int, make_bins: bool) -> Outcome:
    """What `apply` would do, without doing it."""
    return _decide(rows, depot_id, make_bins)[0]


@dataclass
class _Books:
    """What the ledger knows of the rows' parts, places and serials, and what the rows before have added to it.

    `serials_added` goes by part and folded serial, `pieces_added` by part, folded bin and condition."""

    parts: dict[str, list[Part]]
    bins: dict[str, Location]
    units: dict[tuple[int, str], tuple[UnitState, Location]]
    balances: dict[tuple[int, int, Condition], int]
    serials_added: dict[tuple[int, str], StockRow] = field(default_factory=dict)
    pieces_added: dict[tuple[int, str, Condition], int] = field(default_factory=dict)


def _decide(
    rows: Sequence[tuple[int, StockRow]], depot_id: int, make_bins: bool
) -> tuple[Outcome, list[tuple[Part, StockRow]]]:
    outcome = Outcome()
    arriving: list[tuple[Part, StockRow]] = []
    parts = _parts(rows)
    ids = {part.id for found in parts.values() for part in found}
    books = _Books(parts, _bins(rows, depot_id), _units(rows, ids), _balances(ids))
    for position, row in rows:
        faults = Faults()
        part = faults.of(_part, row, books.parts)
        counted = faults.of(_counted, part, row) if part is not None else None
        place = faults.of(_place, row, books.bins, make_bins)
        is_new = None
        if part is not None and not faults.found:
            is_new = faults.of(_is_new_pieces if counted else _is_new_unit, part, row, place, books)
        if faults.found:
            outcome.refuse(position, faults.found)
            continue
        outcome.fates[position] = Fate.NEW if is_new else Fate.UNCHANGED
        if part is not None and is_new:
            arriving.append((part, row))
    return outcome, arriving


def _parts(rows: Sequence[tuple[int, StockRow]]) -> dict[str, list[Part]]:
    keys = {scan_key(row.part_number) for _, row in rows}
    found: dict[str, list[Part]] = {}
    for part in session.scalars(select(Part).where(Part.part_number_key.in_(keys)).order_by(Part.id)):
        found.setdefault(part.part_number_key, []).append(part)
    return found


def _bins(rows: Sequence[tuple[int, StockRow]], depot_id: int) -> dict[str, Location]:
    keys = {scan_key(row.bin) for _, row in rows}
    query = select(Location).where(Location.depot_id == depot_id, Location.code_key.in_(keys))
    return {place.code_key: place for place in session.scalars(query)}


def _units(
    rows: Sequence[tuple[int, StockRow]], part_ids: set[int]
) -> dict[tuple[int, str], tuple[UnitState, Location]]:
    keys = {scan_key(row.serial) for _, row in rows if row.serial}
    query = (
        select(Unit.part_id, Unit.serial_key, UnitState, Location)
        .join(UnitState, UnitState.unit_id == Unit.id)
        .join(Location, Location.id == UnitState.location_id)
        .where(Unit.serial_key.in_(keys), Unit.part_id.in_(part_ids))
    )
    return {(part_id, key): (state, place) for part_id, key, state, place in session.execute(query)}


def _balances(part_ids: set[int]) -> dict[tuple[int, int, Condition], int]:
    query = select(StockBalance.part_id, StockBalance.location_id, StockBalance.condition, StockBalance.on_hand)
    found = session.execute(query.where(StockBalance.part_id.in_(part_ids)))
    return {(part_id, place_id, condition): on_hand for part_id, place_id, condition, on_hand in found}


def _part(row: StockRow, parts: dict[str, list[Part]]) -> Part:
    found = parts.get(scan_key(row.part_number), [])
    if row.manufacturer:
        found = [part for part in found if part.manufacturer_key == scan_key(row.manufacturer)]
    if not found:
        raise NotFound("import_part_unknown", field="part_number", value=row.part_number)
    if len(found) > 1:
        makers = [part.manufacturer for part in found]
        raise Invalid("import_part_ambiguous", field="manufacturer", value=row.part_number, makers=makers)
    return found[0]


def _place(row: StockRow, bins: dict[str, Location], make_bins: bool) -> Location | None:
    """Where the row's stock goes; None for a bin that is to be made."""
    place = bins.get(scan_key(row.bin))
    if place is not None and place.kind in SHELVES:
        return place
    if place is not None:
        raise Invalid("import_place_unsuitable", field="bin", value=row.bin)
    if not make_bins:
        raise NotFound("bin_unknown", field="bin", value=row.bin)
    if parse(row.bin) is not None:
        raise Invalid("bin_code_is_number", field="bin", bin=row.bin)
    return None


def _counted(part: Part, row: StockRow) -> bool:
    if part.tracking is Tracking.COUNTED:
        if row.serial:
            raise Invalid("counted_has_no_serial", field="serial", value=row.serial)
        return True
    if not row.serial:
        raise Invalid("import_value_missing", field="serial")
    if row.quantity != 1:
        raise Invalid("one_serial_one_piece", field="quantity", value=str(row.quantity))
    return False


def _is_new_unit(part: Part, row: StockRow, wanted: Location | None, books: _Books) -> bool:
    """Whether the unit comes in with this row; not when it lies there already. Raises Conflict where it is instead."""
    key = (part.id, scan_key(row.serial))
    before = books.serials_added.get(key)
    if before is not None:
        if scan_key(before.bin) == scan_key(row.bin) and before.condition is row.condition:
            return False
        raise _elsewhere(row, before.bin, before.condition, LocationKind.BIN)
    state, place = books.units.get(key, (None, None))
    if state is None or place is None or place.kind is LocationKind.SUPPLIER:
        books.serials_added[key] = row
        return True
    if wanted is not None and place.id == wanted.id and state.condition is row.condition:
        return False
    if place.kind in DEPOT_KINDS:
        raise _elsewhere(row, place.code, state.condition, place.kind)
    code = "unit_written_off" if place.kind is LocationKind.DIFFERENCE else "unit_outside"
    raise Conflict(code, field="serial", value=row.serial, serial=row.serial)


def _elsewhere(row: StockRow, code: str, condition: Condition, kind: LocationKind) -> Conflict:
    return Conflict(
        "import_unit_elsewhere",
        field="serial",
        value=row.serial,
        place=code,
        place_kind=kind.value,
        condition=condition.value,
    )


def _is_new_pieces(part: Part, row: StockRow, place: Location | None, books: _Books) -> bool:
    """Whether the pieces come in with this row; not when just as many lie there already."""
    key = (part.id, scan_key(row.bin), row.condition)
    there = books.pieces_added.get(key, books.balances.get((part.id, place.id, row.condition), 0) if place else 0)
    if there == 0:
        books.pieces_added[key] = row.quantity
        return True
    if there == row.quantity:
        return False
    raise Conflict("bin_holds_other_quantity", field="quantity", value=str(row.quantity), there=there)
