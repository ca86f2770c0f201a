"""Where units are, and why something cannot be done with them by hand. Asked by the services and, scan by scan, by the pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from spares.accounts.models import User
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory.holders import holder_labels
from spares.inventory.models import DEPOT_KINDS, Condition, Hold, Location, LocationKind, Unit, UnitState
from spares.inventory.words import place_label

SHELVES = frozenset({LocationKind.BIN, LocationKind.RECEIVING})
"""Where stock may be put by hand. The returns shelf and the bench belong to the exchange that fills them."""
CHUNK = 500


@dataclass(frozen=True)
class Known:
    """A unit that the ledger has seen: where it is now."""

    unit: Unit
    state: UnitState
    location: Location


def known_units(part_id: int, serial_keys: Collection[str]) -> dict[str, Known]:
    """The part's units with these folded serials that the ledger has seen, by folded serial."""
    found: dict[str, Known] = {}
    keys = list(serial_keys)
    for start in range(0, len(keys), CHUNK):
        query = (
            select(Unit, UnitState, Location)
            .join(UnitState, UnitState.unit_id == Unit.id)
            .join(Location, Location.id == UnitState.location_id)
            .where(Unit.part_id == part_id, Unit.serial_key.in_(keys[start : start + CHUNK]))
        )
        for unit, state, location in session.execute(query):
            found[unit.serial_key] = Known(unit, state, location)
    return found


def refuse_arrival(known: Known, origin: LocationKind) -> None:
    """Raise the Conflict that says why a known unit cannot come from `origin`, unless it is there."""
    if known.location.kind in DEPOT_KINDS:
        raise Conflict("unit_in_depot", field="serials", serial=known.unit.serial, place=place_label(known.location))
    if known.location.kind is LocationKind.DIFFERENCE and origin is not LocationKind.DIFFERENCE:
        raise Conflict("unit_written_off", field="serials", serial=known.unit.serial)
    if known.location.kind is not origin:
        raise Conflict("unit_outside", field="serials", serial=known.unit.serial)


def refuse_move(known: Known, target: Location) -> None:
    """Raise why a unit cannot be moved by hand to `target`: not in a depot, another depot's, not yet inspected, there
    already. Holds are asked about for all units at once."""
    place, state, serial = known.location, known.state, known.unit.serial
    if place.kind not in DEPOT_KINDS:
        raise Conflict("unit_outside", field="serials", serial=serial)
    if place.depot_id != target.depot_id:
        raise Conflict("other_depot", field="serials", serial=serial)
    if place.kind is LocationKind.RETURNS and state.condition is Condition.TO_INSPECT:
        raise Conflict("unit_awaits_inspection", field="serials", serial=serial)
    if place.kind is LocationKind.BENCH and state.condition is Condition.IN_REPAIR:
        raise Conflict("unit_in_repair", field="serials", serial=serial)
    if place.id == target.id:
        raise Invalid("already_there", field="serials", serial=serial, place=place_label(target))


def refuse_held(units: Sequence[Known]) -> None:
    """Raise Conflict `stock_held` for the first unit that is held, naming for what, by whom and since when."""
    held = [known for known in units if known.state.hold_id is not None]
    if not held:
        return
    hold, name = session.execute(
        select(Hold, User.display_name)
        .outerjoin(User, User.id == Hold.actor_id)
        .where(Hold.id == held[0].state.hold_id)
    ).one()
    holder = holder_labels([hold.line_id]).get(hold.line_id)
    raise Conflict(
        "stock_held",
        field="serials",
        serial=held[0].unit.serial,
        holder=holder.label if holder else name or "–",
        since=hold.held_at,
    )


def shelf(location_id: int, kinds: Collection[LocationKind] = SHELVES) -> Location:
    """The place, if it is one of `kinds`. Raises NotFound, Invalid `place_unsuitable`."""
    location = session.get(Location, location_id)
    if location is None:
        raise NotFound("not_found", field="location")
    if location.kind not in kinds:
        raise Invalid("place_unsuitable", field="location", place=place_label(location))
    return location


def units_by_id(unit_ids: Collection[int]) -> list[Known]:
    """The units and where they are, by key. Raises NotFound for one that the ledger has never seen."""
    ids = sorted(set(unit_ids))
    found = []
    for start in range(0, len(ids), CHUNK):
        query = (
            select(Unit, UnitState, Location)
            .join(UnitState, UnitState.unit_id == Unit.id)
            .join(Location, Location.id == UnitState.location_id)
            .where(Unit.id.in_(ids[start : start + CHUNK]))
            .order_by(Unit.id)
        )
        found += [Known(*row) for row in session.execute(query)]
    if len(found) != len(ids):
        raise NotFound("not_found", field="serials")
    return found
