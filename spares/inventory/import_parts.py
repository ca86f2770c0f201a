"""Applying checked rows of a parts sheet, a chunk at a time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select

from spares.db import session
from spares.errors import Conflict, Invalid, SparesError
from spares.inventory.import_outcome import Fate, Outcome
from spares.inventory.import_rows import PartRow
from spares.inventory.models import Move, Part, Tracking
from spares.numbers import scan_key
from spares.sheets.money import Money

PRICED_IN = "CNY"
"""The currency of a price that is given without one."""


def identity(row: PartRow) -> tuple[str, str]:
    """What makes two rows the same part."""
    return scan_key(row.manufacturer), scan_key(row.part_number)


def apply(rows: Sequence[tuple[int, PartRow]]) -> Outcome:
    """Add the parts that are new and take over what the sheet says of those that are known. `rows` are (position, row)
    with no identity twice. Nothing is written for a row that says nothing new, so importing again changes nothing."""
    outcome, fresh, changes = _decide(rows, lock=True)
    for part, values in changes:
        for name, value in values.items():
            setattr(part, name, value)
        part.version += 1
    if fresh:
        session.execute(insert(Part), fresh)
    session.flush()
    return outcome


def preview(rows: Sequence[tuple[int, PartRow]]) -> Outcome:
    """What `apply` would do, without doing it."""
    return _decide(rows, lock=False)[0]


def _decide(
    rows: Sequence[tuple[int, PartRow]], *, lock: bool
) -> tuple[Outcome, list[dict[str, Any]], list[tuple[Part, dict[str, object]]]]:
    outcome = Outcome()
    keys = {identity(row)[1] for _, row in rows}
    query = select(Part).where(Part.part_number_key.in_(keys)).order_by(Part.id)
    known = {
        (part.manufacturer_key, part.part_number_key): part
        for part in session.scalars(query.with_for_update() if lock else query)
    }
    fresh: list[dict[str, Any]] = []
    changes: list[tuple[Part, dict[str, object]]] = []
    for position, row in rows:
        part = known.get(identity(row))
        if part is None:
            fresh.append(_values(row))
            outcome.fates[position] = Fate.NEW
            continue
        try:
            changed = _changes(part, row)
        except SparesError as error:
            outcome.refuse(position, [error])
            continue
        outcome.fates[position] = Fate.CHANGED if changed else Fate.UNCHANGED
        if changed:
            changes.append((part, changed))
    return outcome, fresh, changes


def _changes(part: Part, row: PartRow) -> dict[str, object]:
    priced_alone = "price_minor" in row.given and "currency" not in row.given
    if priced_alone and Money(0, part.currency).exponent != Money(0, PRICED_IN).exponent:
        raise Invalid("import_currency_missing", field="currency", currency=part.currency)
    changes = {name: value for name, value in row.given.items() if getattr(part, name) != value}
    if "tracking" in changes and session.scalar(select(Move.id).where(Move.part_id == part.id).limit(1)) is not None:
        raise Conflict("tracking_fixed", field="tracking")
    return changes


def _values(row: PartRow) -> dict[str, Any]:
    maker_key, number_key = identity(row)
    defaults: dict[str, Any] = {
        "description": "",
        "category": "",
        "tracking": Tracking.SERIAL,
        "price_minor": None,
        "currency": PRICED_IN,
        "return_required": True,
        "minimum_level": 0,
        "weight_grams": None,
        "version": 1,
    }
    return {
        **defaults,
        **row.given,
        "manufacturer": row.manufacturer,
        "manufacturer_key": maker_key,
        "part_number": row.part_number,
        "part_number_key": number_key,
    }
