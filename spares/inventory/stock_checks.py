"""Where units are, and why something cannot be done with them by hand. Asked by the services and, scan by scan, by the pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from spares.accounts.models import User
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory import places
from spares.inventory.holders import holder_labels
from spares.inventory.models import DEPOT_KINDS, Condition, Hold, Location, LocationKind, Unit, UnitState
from spares.inventory.remembered import of_place
from spares.inventory.words import place_label
from spares.numbers import scan_key

SHELVES = frozenset({LocationKind.BIN, LocationKind.RECEIVING})
"""Where stock may be put by hand. The returns shelf and the bench belong to the exchange that fills them."""
CHUNK = 500


@dataclass(frozen=True)
class Known:
    """A unit that the ledger has seen: where it is now."""

    unit: Unit
    state: UnitState
    location: Location


def named(part_id: int, serial_keys: Collection[str]) -> list[tuple[Unit, Known | None]]:
    """The part's units with these folded serials, each with where it is; None for one that the ledger has not seen."""
    found: list[tuple[Unit, Known | None]] = []
    keys = sorted(set(serial_keys))
    for start in range(0, len(keys), CHUNK):
        query = (
            select(Unit, UnitState, Location)
            .outerjoin(UnitState, UnitState.unit_id == Unit.id)
            .outerjoin(Location, Location.id == UnitState.location_id)
            .where(Unit.part_id == part_id, Unit.serial_key.in_(keys[start : start + CHUNK]))
            .order_by(Unit.id)
        )
        found += [(unit, Known(unit, state, at) if state else None) for unit, state, at in session.execute(query)]
    return found


def refuse_arrival(known: Known, origin: LocationKind) -> None:
    """Raise the Conflict that says why a known unit cannot come from `origin`, unless it is there."""
    if known.location.kind in DEPOT_KINDS:
        raise Conflict("unit_in_depot", field="serials", serial=known.unit.serial, place=place_label(known.location))
    if known.location.kind is LocationKind.DIFFERENCE and origin is not LocationKind.DIFFERENCE:
        raise Conflict("unit_written_off", field="serials", serial=known.unit.serial)
    if known.location.kind is not origin:
        raise Conflict("unit_outside", field="serials", serial=known.unit.serial)


def refuse_taking(known: Known) -> None:
    """Raise why a unit cannot be taken from where it is by hand: not in a depot, not yet inspected, being repaired. Holds
    are asked about for all units at once, by `refuse_held`."""
    place, state, serial = known.location, known.state, known.unit.serial
    if place.kind not in DEPOT_KINDS:
        raise Conflict("unit_outside", field="serials", serial=serial)
    if place.kind is LocationKind.RETURNS and state.condition is Condition.TO_INSPECT:
        raise Conflict("unit_awaits_inspection", field="serials", serial=serial)
    if place.kind is LocationKind.BENCH and state.condition is Condition.IN_REPAIR:
        raise Conflict("unit_in_repair", field="serials", serial=serial)


def refuse_move(known: Known, target: Location) -> None:
    """Raise why a unit cannot be moved by hand to `target`: as `refuse_taking`, or it is another depot's or there already."""
    refuse_taking(known)
    if known.location.depot_id != target.depot_id:
        raise Conflict("other_depot", field="serials", serial=known.unit.serial)
    if known.location.id == target.id:
        raise Invalid("already_there", field="serials", serial=known.unit.serial, place=place_label(target))


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


def depot_of_shelf(location_id: int) -> int | None:
    """Whose shelf it is, which never changes. Raises as `shelf`."""
    return of_place(("depot of shelf", location_id), lambda: shelf(location_id).depot_id)


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


def place_typed(text: str, depot_id: int, field: str) -> Location:
    """The depot's place whose code was typed into a form's field, the receiving area for none. Raises Invalid."""
    if not text.strip():
        return shelf(places.inside(LocationKind.RECEIVING, depot_id))
    try:
        return places.find_location(text, depot_id)
    except NotFound as error:
        raise Invalid(error.code, field=field, **error.facts) from error


def units_with(serial_keys: Collection[str], part_id: int | None = None) -> list[Known]:
    """The units with these folded serials, of one part or of any, that the ledger has seen."""
    found: list[Known] = []
    keys = sorted(set(serial_keys))
    for start in range(0, len(keys), CHUNK):
        query = (
            select(Unit, UnitState, Location)
            .join(UnitState, UnitState.unit_id == Unit.id)
            .join(Location, Location.id == UnitState.location_id)
            .where(Unit.serial_key.in_(keys[start : start + CHUNK]))
            .order_by(Unit.id)
        )
        if part_id is not None:
            query = query.where(Unit.part_id == part_id)
        found += [Known(*row) for row in session.execute(query)]
    return found


def named_units(texts: Sequence[str], part_id: int | None = None) -> list[Known]:
    """The unit that each typed or scanned serial names, once each. Raises Invalid: `serials_unknown` naming all of them,
    `serial_ambiguous` when units of several parts have the serial, `nothing_listed`."""
    wanted = {scan_key(text): text.strip() for text in texts if scan_key(text)}
    if not wanted:
        raise Invalid("nothing_listed", field="serials")
    found: dict[str, Known] = {}
    for known in units_with(wanted, part_id):
        if known.unit.serial_key in found:
            raise Invalid("serial_ambiguous", field="serials", serial=known.unit.serial)
        found[known.unit.serial_key] = known
    unknown = [text for key, text in wanted.items() if key not in found]
    if unknown:
        raise Invalid("serials_unknown", field="serials", serials=unknown[:20])
    return list(found.values())
