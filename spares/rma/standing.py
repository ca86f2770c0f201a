"""Where the books have a unit that lies on the counter.

Mostly at the customer, whence it comes. If they have it in a depot, in a shipment of ours that has not ended, or written
off with one that was lost, one of the two is wrong: the books, or the eye that read the serial. The door cannot tell which,
and turns nothing away."""

from dataclasses import dataclass

from sqlalchemy import Select, select

from spares.calendars.models import Depot
from spares.db import session
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    Location,
    LocationKind,
    Move,
    Posting,
    PostingKind,
    Unit,
    UnitState,
)
from spares.numbers import scan_key

WRITTEN_OFF = "LOST "
"""Stands before the shipment's number in the record of a unit that was written off with it."""


@dataclass(frozen=True)
class Standing:
    """A unit, its place by the books and the depot that this lies in. `last` brought it there; all of them None for a
    unit that was named but never moved."""

    unit: Unit
    place: Location | None
    condition: Condition | None
    depot: Depot | None
    last: Posting | None

    @property
    def shipment(self) -> str:
        """The number of the shipment that alone can book it: it is under way in it, or was written off with it. Empty when
        there is none."""
        return self.last.reference if self.last is not None and (self.under_way or self.written_off) else ""

    @property
    def under_way(self) -> bool:
        """Whether it is in a shipment that has not ended."""
        return self.place is not None and self.place.kind is LocationKind.IN_TRANSIT

    @property
    def written_off(self) -> bool:
        """Whether it was written off with a shipment that was lost, and has not been found again."""
        is_lost = self.place is not None and self.place.kind is LocationKind.LOST
        return is_lost and self.last is not None and self.last.kind is PostingKind.LOSE

    @property
    def in_depot(self) -> bool:
        """Whether it lies in a depot."""
        return self.place is not None and self.place.kind in DEPOT_KINDS

    @property
    def record(self) -> str:
        """What says that it cannot lie on the counter: the shipment's number, with WRITTEN_OFF before it when it was lost, or
        the code of the place in a depot. Empty when nothing does."""
        if self.written_off:
            return WRITTEN_OFF + self.shipment
        return self.shipment or (self.place.code if self.place is not None and self.in_depot else "")


def standing(part_id: int, serial: str) -> Standing | None:
    """Of the unit of that part with that serial; None when nobody has seen it before."""
    key = scan_key(serial)
    return _first(_standings().where(Unit.part_id == part_id, Unit.serial_key == key)) if key else None


def standing_of(unit_id: int) -> Standing | None:
    """Of a unit by its key."""
    return _first(_standings().where(Unit.id == unit_id))


Found = Select[Unit, Location | None, Condition | None, Depot | None, Posting | None]


def _first(query: Found) -> Standing | None:
    found = session.execute(query.execution_options(populate_existing=True)).first()
    return Standing(*found) if found is not None else None


def _standings() -> Found:
    return (
        select(Unit, Location, UnitState.condition, Depot, Posting)
        .outerjoin(UnitState, UnitState.unit_id == Unit.id)
        .outerjoin(Location, Location.id == UnitState.location_id)
        .outerjoin(Depot, Depot.id == Location.depot_id)
        .outerjoin(Move, Move.id == UnitState.last_move_id)
        .outerjoin(Posting, Posting.id == Move.posting_id)
    )
