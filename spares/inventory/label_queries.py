"""What unit and bin labels say, read in one statement for a whole file of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from spares.db import session
from spares.errors import NotFound
from spares.inventory.models import Location, LocationKind, Move, Part, Posting, Unit, UnitState
from spares.numbers import scan_key

UnitRow = tuple[Unit, Part, int | None]
"""A unit, its part, and the depot where it is now."""


def units(keys: Sequence[int]) -> list[UnitRow]:
    """These units, in the order asked for. Raises NotFound when one of them does not exist."""
    found = {row[0].id: row for row in _rows(select(*_COLUMNS).where(Unit.id.in_(keys)))}
    if len(found) != len(keys):
        raise NotFound("not_found")
    return [found[key] for key in keys]


def units_of_posting(posting_id: int, *, after: int, size: int) -> tuple[list[UnitRow], int | None]:
    """A portion of the units that a posting moved, in its order, and the mark of the next. Raises NotFound."""
    if session.get(Posting, posting_id) is None:
        raise NotFound("not_found")
    query = select(*_COLUMNS, Move.id).join(Move, Move.unit_id == Unit.id)
    query = query.where(Move.posting_id == posting_id, Move.id > after).order_by(Move.id).limit(size + 1)
    found = session.execute(_joined(query)).all()
    rows = [(unit, part, depot_id) for unit, part, depot_id, _move in found[:size]]
    return rows, (found[size - 1][3] if len(found) > size else None)


def bins(keys: Sequence[int]) -> list[Location]:
    """These bins, in the order asked for. Raises NotFound when one of them is no place in a depot."""
    query = select(Location).where(Location.id.in_(keys), Location.depot_id.is_not(None))
    found = {row.id: row for row in session.scalars(query.options(joinedload(Location.depot)))}
    if len(found) != len(keys):
        raise NotFound("not_found")
    return [found[key] for key in keys]


def bins_like(text: str, depot_id: int | None, *, after: int, size: int) -> tuple[list[Location], int | None]:
    """A portion of the bins whose code has this in it, and the mark of the next."""
    query = select(Location).where(Location.kind == LocationKind.BIN, Location.id > after)
    if scan_key(text):
        query = query.where(Location.code_key.contains(scan_key(text), autoescape=True))
    if depot_id is not None:
        query = query.where(Location.depot_id == depot_id)
    query = query.options(joinedload(Location.depot)).order_by(Location.id).limit(size + 1)
    found = list(session.scalars(query))
    return found[:size], (found[size - 1].id if len(found) > size else None)


_COLUMNS = (Unit, Part, Location.depot_id)


def _joined(query: Any) -> Any:
    return (
        query.join(Part, Part.id == Unit.part_id)
        .outerjoin(UnitState, UnitState.unit_id == Unit.id)
        .outerjoin(Location, Location.id == UnitState.location_id)
    )


def _rows(query: Any) -> list[UnitRow]:
    return [(unit, part, depot_id) for unit, part, depot_id in session.execute(_joined(query))]
