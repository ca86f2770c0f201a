"""What comes to a shelf from outside the books: serials and quantities become units and the steps of a posting."""

from collections.abc import Sequence
from dataclasses import dataclass

from spares.errors import Invalid
from spares.inventory import ledger, places
from spares.inventory.ledger import Step
from spares.inventory.models import Condition, LocationKind, Part, Tracking
from spares.inventory.stock_checks import Known, depot_of_shelf, named, refuse_arrival
from spares.numbers import scan_key


@dataclass(frozen=True, kw_only=True)
class Arriving:
    """Something that comes to a shelf: one serial of a part, or a quantity of a counted part."""

    part_id: int
    serial: str = ""
    quantity: int = 1
    condition: Condition = Condition.GOOD
    location_id: int | None = None


def arrivals(depot_id: int, items: Sequence[Arriving], default_id: int, origin: LocationKind) -> list[Step]:
    """The steps that bring `items` from `origin` to their own places, else to `default_id`. Units not seen before are made."""
    if not items:
        raise Invalid("nothing_listed", field="serials")
    parts = ledger.lock_parts(item.part_id for item in items)
    origin_id = places.outside(origin)
    for location_id in sorted({default_id if i.location_id is None else i.location_id for i in items}):
        if depot_of_shelf(location_id) != depot_id:
            raise Invalid("other_depot_place", field="location")
    for item in items:
        _check_item(item, parts[item.part_id])
    units = _units_of([i for i in items if parts[i.part_id].tracking is Tracking.SERIAL], origin)
    steps = []
    for item in items:
        known, unit_id = units.get((item.part_id, scan_key(item.serial)), (None, None))
        steps.append(
            Step(
                part_id=item.part_id,
                unit_id=unit_id,
                quantity=item.quantity,
                from_id=known.state.location_id if known else origin_id,
                from_condition=known.state.condition if known else item.condition,
                to_id=default_id if item.location_id is None else item.location_id,
                to_condition=item.condition,
            )
        )
    return steps


def _check_item(item: Arriving, part: Part) -> None:
    serial = item.serial.strip()
    if part.tracking is Tracking.COUNTED:
        if serial:
            raise Invalid("part_is_counted", field="serials", part_number=part.part_number)
        if not 1 <= item.quantity <= 1_000_000:
            raise Invalid("number_out_of_range", field="quantity", first=1, last=1_000_000)
    elif not scan_key(serial):
        raise Invalid("serial_missing", field="serials", part_number=part.part_number)
    elif len(serial) > 80 or len(scan_key(serial)) > 80:
        raise Invalid("text_too_long", field="serials", limit=80)
    elif item.quantity != 1:
        raise Invalid("one_per_serial", field="quantity")


def _units_of(items: Sequence[Arriving], origin: LocationKind) -> dict[tuple[int, str], tuple[Known | None, int]]:
    """The unit of every serial, by part and folded serial; those not seen before are made, in one statement. Nobody else
    makes one of a part meanwhile: its lock is held."""
    wanted: dict[tuple[int, str], str] = {}
    for item in items:
        key = (item.part_id, scan_key(item.serial))
        if key in wanted:
            raise Invalid("serial_twice", field="serials", serial=item.serial.strip())
        wanted[key] = item.serial.strip()
    made = ledger.make_units(
        [{"part_id": part_id, "serial_key": key, "serial": serial} for (part_id, key), serial in wanted.items()]
    )
    units: dict[tuple[int, str], tuple[Known | None, int]] = {key: (None, unit_id) for key, unit_id in made.items()}
    known_keys = wanted.keys() - made.keys()
    for part_id in sorted({part_id for part_id, _ in known_keys}):
        for unit, known in named(part_id, [key for part, key in known_keys if part == part_id]):
            if known is not None:
                refuse_arrival(known, origin)
            units[part_id, unit.serial_key] = (known, unit.id)
    return units
