"""Applying checked rows of a parts sheet, a chunk at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from spares.db import session
from spares.errors import Conflict, SparesError
from spares.inventory.import_rows import PartRow
from spares.inventory.models import Move, Part, Tracking
from spares.numbers import scan_key


@dataclass
class Outcome:
    """What became of a chunk: counts, and the refusals by the position of their row in the chunk."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: dict[int, SparesError] = field(default_factory=dict)


def identity(row: PartRow) -> tuple[str, str]:
    """What makes two rows the same part."""
    return scan_key(row.manufacturer), scan_key(row.part_number)


def apply(rows: Sequence[tuple[int, PartRow]]) -> Outcome:
    """Add the parts that are new and take over what the sheet says of those that are known. `rows` are (position, row)
    with no identity twice. Nothing is written for a row that says nothing new, so importing again changes nothing."""
    outcome = Outcome()
    keys = {identity(row)[1] for _, row in rows}
    query = select(Part).where(Part.part_number_key.in_(keys)).order_by(Part.id).with_for_update()
    known = {(part.manufacturer_key, part.part_number_key): part for part in session.scalars(query)}
    fresh: list[dict[str, Any]] = []
    for position, row in rows:
        part = known.get(identity(row))
        if part is None:
            fresh.append(_values(row))
            continue
        try:
            changes = _changes(part, row)
        except SparesError as error:
            outcome.refused[position] = error
            continue
        if changes:
            for name, value in changes.items():
                setattr(part, name, value)
            part.version += 1
            outcome.changed += 1
        else:
            outcome.unchanged += 1
    if fresh:
        session.execute(insert(Part), fresh)
    session.flush()
    outcome.new = len(fresh)
    return outcome


def preview(rows: Sequence[tuple[int, PartRow]]) -> Outcome:
    """What `apply` would do, without doing it."""
    outcome = Outcome()
    keys = {identity(row)[1] for _, row in rows}
    query = select(Part).where(Part.part_number_key.in_(keys))
    known = {(part.manufacturer_key, part.part_number_key): part for part in session.scalars(query)}
    for position, row in rows:
        part = known.get(identity(row))
        if part is None:
            outcome.new += 1
            continue
        try:
            changes = _changes(part, row)
        except SparesError as error:
            outcome.refused[position] = error
            continue
        outcome.changed += bool(changes)
        outcome.unchanged += not changes
    return outcome


def _changes(part: Part, row: PartRow) -> dict[str, object]:
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
        "currency": "CNY",
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
