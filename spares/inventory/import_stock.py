"""Applying checked rows of a stock sheet: what lay on the shelves when the books began, or came in one delivery.

A serial that already lies where the sheet says, or a counted part whose bin already holds just that many, is left alone:
importing the same sheet again changes nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound, SparesError
from spares.inventory import services, stock_services
from spares.inventory.import_parts import Outcome
from spares.inventory.import_rows import StockRow
from spares.inventory.models import DEPOT_KINDS, Location, LocationKind, Part, StockBalance, Tracking, Unit, UnitState
from spares.inventory.stock_arrivals import Arriving
from spares.numbers import scan_key


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
    outcome = Outcome()
    items: list[Arriving] = []
    parts, bins = _parts(rows), _bins(rows, depot_id)
    for position, row in rows:
        try:
            part = _part(row, parts)
            place = bins.get(scan_key(row.bin))
            if place is None:
                if not make_bins:
                    raise NotFound("bin_unknown", field="bin", value=row.bin)
                place = services.add_bin(depot_id, row.bin, actor=actor, now=now)
                bins[scan_key(row.bin)] = place
            item = _arriving(part, row, place)
        except SparesError as error:
            outcome.refused[position] = error
            continue
        if item is None:
            outcome.unchanged += 1
        else:
            items.append(item)
    if items:
        stock_services.receive(
            depot_id, items, request_key=request_key, actor=actor, now=now, reference="import", opening=True
        )
    outcome.new = len(items)
    return outcome


def preview(rows: Sequence[tuple[int, StockRow]], *, depot_id: int, make_bins: bool) -> Outcome:
    """What `apply` would do, without doing it."""
    outcome = Outcome()
    parts, bins = _parts(rows), _bins(rows, depot_id)
    for position, row in rows:
        try:
            part = _part(row, parts)
            place = bins.get(scan_key(row.bin))
            if place is None:
                if not make_bins:
                    raise NotFound("bin_unknown", field="bin", value=row.bin)
                outcome.new += 1
                continue
            item = _arriving(part, row, place)
        except SparesError as error:
            outcome.refused[position] = error
            continue
        outcome.new += item is not None
        outcome.unchanged += item is None
    return outcome


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


def _part(row: StockRow, parts: dict[str, list[Part]]) -> Part:
    found = parts.get(scan_key(row.part_number), [])
    if row.manufacturer:
        found = [part for part in found if part.manufacturer_key == scan_key(row.manufacturer)]
    if not found:
        raise NotFound("import_part_unknown", field="part_number", value=row.part_number)
    if len(found) > 1:
        makers = ", ".join(part.manufacturer for part in found)
        raise Invalid("import_part_ambiguous", field="manufacturer", value=row.part_number, makers=makers)
    return found[0]


def _arriving(part: Part, row: StockRow, place: Location) -> Arriving | None:
    """What the row adds to the ledger; None when it is there already."""
    if place.kind not in {LocationKind.BIN, LocationKind.RECEIVING, LocationKind.RETURNS}:
        raise Invalid("bin_unknown", field="bin", value=row.bin)
    if part.tracking is Tracking.COUNTED:
        return _counted(part, row, place)
    if not row.serial:
        raise Invalid("import_value_missing", field="serial")
    if row.quantity != 1:
        raise Invalid("one_serial_one_piece", field="quantity", value=str(row.quantity))
    known = session.execute(
        select(UnitState, Location)
        .join(Unit, Unit.id == UnitState.unit_id)
        .join(Location, Location.id == UnitState.location_id)
        .where(Unit.part_id == part.id, Unit.serial_key == scan_key(row.serial))
    ).first()
    if known is not None:
        state, where = known
        if state.location_id == place.id and state.condition is row.condition:
            return None
        code = "import_unit_elsewhere" if where.kind in DEPOT_KINDS else "import_unit_outside"
        raise Conflict(code, field="serial", value=row.serial, place=where.code)
    return Arriving(part_id=part.id, serial=row.serial, condition=row.condition, location_id=place.id)


def _counted(part: Part, row: StockRow, place: Location) -> Arriving | None:
    if row.serial:
        raise Invalid("counted_has_no_serial", field="serial", value=row.serial)
    balance = session.get(StockBalance, (part.id, place.id, row.condition), populate_existing=True)
    if balance is None or balance.on_hand == 0:
        return Arriving(part_id=part.id, quantity=row.quantity, condition=row.condition, location_id=place.id)
    if balance.on_hand == row.quantity:
        return None
    raise Conflict("bin_holds_other_quantity", field="quantity", value=str(row.quantity), there=balance.on_hand)
