"""The places that every depot and the world outside it need, made once and found by kind."""

from sqlalchemy import select

from spares.db import session
from spares.errors import NotFound
from spares.inventory.models import DEPOT_KINDS, Location, LocationKind
from spares.inventory.remembered import of_place
from spares.numbers import scan_key

OUTSIDE = {
    LocationKind.SUPPLIER: "SUPPLIER",
    LocationKind.CUSTOMER: "CUSTOMER",
    LocationKind.IN_TRANSIT: "IN-TRANSIT",
    LocationKind.VENDOR: "VENDOR",
    LocationKind.SCRAP: "SCRAP",
    LocationKind.DIFFERENCE: "DIFFERENCE",
    LocationKind.LOST: "LOST",
}
INSIDE = {
    LocationKind.RECEIVING: "RECEIVING",
    LocationKind.RETURNS: "RETURNS",
    LocationKind.BENCH: "BENCH",
}


def ensure_places(depot_id: int | None = None) -> None:
    """Make the missing places outside every depot, and those of the depot where one is named. Harmless to repeat."""
    wanted: set[tuple[LocationKind, str, int | None]] = {(kind, code, None) for kind, code in OUTSIDE.items()}
    if depot_id is not None:
        wanted |= {(kind, code, depot_id) for kind, code in INSIDE.items()}
    known = {(row.kind, row.code, row.depot_id) for row in session.scalars(select(Location))}
    for kind, code, owner in sorted(wanted - known, key=lambda place: place[1]):
        session.add(Location(kind=kind, code=code, code_key=scan_key(code), depot_id=owner))
    session.flush()


def outside(kind: LocationKind) -> int:
    """The key of the one place of this kind outside the depots."""
    return _only(kind, None)


def inside(kind: LocationKind, depot_id: int) -> int:
    """The key of the depot's place of this kind (its receiving area, returns shelf or repair bench)."""
    return _only(kind, depot_id)


def find_location(text: str, depot_id: int) -> Location:
    """The place in the depot whose code was typed or scanned. Raises NotFound naming what was read."""
    query = select(Location).where(Location.depot_id == depot_id, Location.code_key == scan_key(text))
    location = session.scalars(query).first()
    if location is None:
        raise NotFound("location_unknown", field="location", typed=text.strip()[:40])
    return location


def _only(kind: LocationKind, depot_id: int | None) -> int:
    def read() -> int:
        query = select(Location.id).where(Location.kind == kind, Location.depot_id.is_not_distinct_from(depot_id))
        found = session.scalars(query.order_by(Location.id)).first()
        if found is None:
            raise NotFound("place_missing", kind=kind.value)
        return found

    return of_place(("only", kind, depot_id), read)


def is_in_depot(location_id: int) -> bool:
    """Whether the place lies in a depot."""
    return session.get_one(Location, location_id).kind in DEPOT_KINDS


def kind_of(location_id: int, depot_id: int) -> LocationKind:
    """What kind of place it is. Raises NotFound for a place of another depot."""
    location = session.get(Location, location_id)
    if location is None or location.depot_id != depot_id:
        raise NotFound("location_unknown", field="location", typed=str(location_id))
    return location.kind
