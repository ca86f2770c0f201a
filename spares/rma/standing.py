"""Where the books have a unit that lies on the counter.

Mostly at the customer, whence it comes. If they have it in a depot, or in a shipment of ours that has not ended, one of
the two is wrong: the books, or the eye that read the serial. The door cannot tell which, and turns nothing away."""

from dataclasses import dataclass

from sqlalchemy import Select, select

from spares.calendars.models import Depot
from spares.db import session
from spares.inventory.models import DEPOT_KINDS, Condition, Location, LocationKind, Move, Posting, Unit, UnitState
from spares.numbers import scan_key


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
        """The number of the shipment in which it is under way; empty when it is in none."""
        under_way = self.place is not None and self.place.kind is LocationKind.IN_TRANSIT
        return self.last.reference if under_way and self.last is not None else ""

    @property
    def in_depot(self) -> bool:
        """Whether it lies in a depot."""
        return self.place is not None and self.place.kind in DEPOT_KINDS

    @property
    def record(self) -> str:
        """What says that it cannot lie on the counter: the shipment's number, or the code of the place in a depot. Empty
        when nothing does."""
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
