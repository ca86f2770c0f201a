"""What lies on a returns shelf lies there for a record above this slice: a return, an arrival that nobody expected. Until
that record is finished, its pages alone move the goods. The slices that own such records register a function."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from spares.db import session
from spares.errors import Conflict
from spares.inventory.models import Location, LocationKind, Part
from spares.inventory.stock_checks import Known


@dataclass(frozen=True)
class Carried:
    """A unit, or pieces of a counted part (`unit_id` None), and the number of the record that they lie there for."""

    part_id: int
    unit_id: int | None
    record: str


Finder = Callable[[Collection[int], int], list[Carried]]
"""Parts and a depot in, what lies of them on its returns shelf for records that are not finished out."""

_finders: list[Finder] = []


def finds_carried(finder: Finder) -> Finder:
    """Register the function that finds what a slice's records carry."""
    if finder not in _finders:
        _finders.append(finder)
    return finder


def refuse_carried(units: Sequence[Known]) -> None:
    """Raise Conflict `unit_carried`, naming the record, for the first unit that lies on a returns shelf for one."""
    shelved = [known for known in units if known.location.kind is LocationKind.RETURNS]
    for depot_id in sorted({known.location.depot_id or 0 for known in shelved}):
        here = [known for known in shelved if known.location.depot_id == depot_id]
        records = {one.unit_id: one.record for one in _carried({known.unit.part_id for known in here}, depot_id)}
        for known in here:
            if known.unit.id in records:
                serial = known.unit.serial
                raise Conflict("unit_carried", field="serials", serial=serial, record=records[known.unit.id])


def refuse_carried_pieces(part_id: int, location: Location) -> None:
    """Raise Conflict `pieces_carried`, naming the records, while pieces of the part lie on this returns shelf for any:
    pieces are alike, so nobody can tell those from others beside them."""
    if location.kind is not LocationKind.RETURNS or location.depot_id is None:
        return
    records = sorted({one.record for one in _carried({part_id}, location.depot_id) if one.unit_id is None})
    if records:
        part_number = session.get_one(Part, part_id).part_number
        raise Conflict("pieces_carried", field="quantity", part_number=part_number, records=records[:5])


def _carried(part_ids: Collection[int], depot_id: int) -> list[Carried]:
    return [one for finder in _finders for one in finder(part_ids, depot_id)]
