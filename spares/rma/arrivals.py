"""What was found in a box, how it differs from what is owed, and the rows that carry goods to their place.

An obligation's own row carries what ended it. Goods that came without ending it (some of the pieces, more than owed, or
another thing that was not accepted) get a row of their own, and go their way apart from the debt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spares.accounts.access import Actor
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.errors import Invalid
from spares.inventory.models import Part, Tracking
from spares.numbers import NumberKind, number, scan_key
from spares.rma import shelf
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.standing import Standing, standing

ASKED_AT_THE_DOOR = frozenset(
    {DiscrepancyKind.OTHER_PART, DiscrepancyKind.OTHER_SERIAL, DiscrepancyKind.SURPLUS, DiscrepancyKind.ELSEWHERE}
)
"""Differences that a misread code or a slip of the finger also makes: asked about once before they are taken in."""
NOT_WHAT_IS_OWED = frozenset({DiscrepancyKind.MISSING, DiscrepancyKind.OTHER_PART, DiscrepancyKind.OTHER_SERIAL})
"""Discrepancies after which the thing that is owed is not there; missing accessories and a surplus do not count."""
MOST_PIECES = 9999


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What was found in the box. `serial` empty and `empty_box` True when nothing was in it; `quantity` counts the pieces
    of a counted part (None: as many as are still out); `packages` as counted at the door, where they were."""

    part_id: int | None
    serial: str
    quantity: int | None = None
    accessories_missing: str = ""
    note: str = ""
    empty_box: bool = False
    packages: int | None = None


@dataclass(frozen=True)
class Difference:
    """One way in which what came differs from what is owed."""

    kind: DiscrepancyKind
    expected: str
    found: str

    @property
    def question(self) -> str:
        """What is to be confirmed before this is taken in, as a token for the form; empty for nothing."""
        return f"{self.kind.value}:{self.found}" if self.kind in ASKED_AT_THE_DOOR else ""


@dataclass(frozen=True)
class Content:
    """What is in the box as the records tell it: no part and no piece in an empty one. `known` is what the books say of
    the unit; when that contradicts the arrival, this is the only difference."""

    part: Part | None
    pieces: int
    differences: tuple[Difference, ...]
    known: Standing | None = None

    @property
    def question(self) -> str:
        """What is to be confirmed before this is taken in, as a token for the form; empty for nothing."""
        return ";".join(one.question for one in self.differences if one.question)

    @property
    def is_what_is_owed(self) -> bool:
        """Whether what came is what is owed, be it too little or too much of it."""
        return not {one.kind for one in self.differences} & NOT_WHAT_IS_OWED


def content_of(obligation: Obligation, arrival: Arrival) -> Content:
    """Compare what came with what is owed; changes nothing. Raises Invalid without a part, or for a quantity that is
    none."""
    expected = session.get_one(Part, obligation.part_id)
    part = session.get(Part, arrival.part_id) if arrival.part_id is not None and not arrival.empty_box else None
    if part is None and not arrival.empty_box:
        raise Invalid("value_missing", field="part")
    pieces = _pieces(obligation, arrival, part)
    known = standing(part.id, arrival.serial) if part is not None and part.tracking is Tracking.SERIAL else None
    if part is not None and known is not None and known.record:
        return Content(part, pieces, (elsewhere(part, known),), known)
    found: list[Difference] = []
    if part is None:
        found.append(Difference(DiscrepancyKind.MISSING, f"{expected.part_number} {obligation.serial}".strip(), ""))
    elif part.id != expected.id:
        found.append(Difference(DiscrepancyKind.OTHER_PART, expected.part_number, part.part_number))
    elif (
        part.tracking is Tracking.SERIAL
        and obligation.serial_key
        and scan_key(arrival.serial) not in {"", obligation.serial_key}
    ):
        found.append(Difference(DiscrepancyKind.OTHER_SERIAL, obligation.serial, arrival.serial.strip()))
    elif pieces > obligation.outstanding:
        found.append(Difference(DiscrepancyKind.SURPLUS, str(obligation.outstanding), str(pieces)))
    if arrival.accessories_missing.strip():
        found.append(Difference(DiscrepancyKind.ACCESSORIES, arrival.accessories_missing.strip(), ""))
    return Content(part, pieces, tuple(found), known)


def elsewhere(part: Part, known: Standing) -> Difference:
    """The unit lies here, and a record has it in another place."""
    return Difference(DiscrepancyKind.ELSEWHERE, known.record, f"{part.part_number} {known.unit.serial}")


def _pieces(obligation: Obligation, arrival: Arrival, part: Part | None) -> int:
    if part is None:
        return 0
    if part.tracking is Tracking.SERIAL:
        return 1
    count = obligation.outstanding if arrival.quantity is None else arrival.quantity
    if not 1 <= count <= MOST_PIECES:
        raise Invalid("quantity_out_of_range", field="quantity")
    return count


def take_in(
    row: Obligation, content: Content, serial: str, pieces: int, *, request_key: str, actor: Actor, now: datetime
) -> None:
    """Put so many of the pieces that came on the returns shelf under this row, an obligation or a row of goods."""
    part = content.part
    assert part is not None  # noqa: S101
    as_expected = bool(row.serial_key) and scan_key(serial) == row.serial_key
    goods = shelf.take_in(
        part,
        row.serial if as_expected else serial.strip(),
        pieces,
        known=content.known,
        depot_id=row.depot_id,
        reference=number(NumberKind.RMA, row.rma_id),
        case_id=row.case_id,
        request_key=request_key,
        actor=actor,
        now=now,
    )
    row.received_at = now
    row.received_part_id = part.id
    row.received_unit_id = goods.unit_id
    row.received_serial = goods.serial or serial.strip()
    row.received_quantity = goods.quantity


def goods_row(obligation: Obligation, part_id: int, serial: str, pieces: int, now: datetime) -> Obligation:
    """A row for goods that came for the obligation without ending it."""
    row = Obligation(
        rma_id=obligation.rma_id,
        case_id=obligation.case_id,
        customer_id=obligation.customer_id,
        depot_id=obligation.depot_id,
        line_id=obligation.line_id,
        part_id=part_id,
        serial=serial.strip(),
        serial_key=scan_key(serial),
        quantity=pieces,
        state=ObligationState.RECEIVED,
        created_at=now,
        dispatched_at=obligation.dispatched_at,
        currency=obligation.currency,
        received_at=now,
        closed_recorded_at=now,
        came_for_id=obligation.id,
    )
    session.add(row)
    session.flush()
    return row


def note_again(row: Discrepancy, case: ServiceCase, *, actor: Actor, now: datetime, **facts: str) -> None:
    """A unit that is recorded as elsewhere was scanned once more: a line on the locked case that it came under this time,
    and no second discrepancy. `facts` are what was noted of it."""
    told: dict[str, Any] = {"kind": row.kind.value, "expected": row.expected, "found": row.found, **facts}
    record(case, "discrepancy_again", actor=actor, now=now, **told)


def note_difference(
    row: Obligation,
    case: ServiceCase,
    difference: Difference,
    note: str,
    *,
    actor: Actor,
    now: datetime,
    unit_id: int | None = None,
) -> Discrepancy:
    """Record a difference on the row and on its case, to be decided. `unit_id` names a unit that did not go on the row."""
    found = row.received_serial if difference.kind is DiscrepancyKind.OTHER_SERIAL else difference.found
    discrepancy = Discrepancy(
        kind=difference.kind,
        found_at=now,
        found_by_id=actor.id,
        expected=difference.expected[:200],
        found=found[:200],
        case_id=row.case_id,
        obligation_id=row.id,
        unit_id=unit_id or row.received_unit_id,
        note=note.strip()[:500],
    )
    session.add(discrepancy)
    record(
        case,
        "discrepancy_found",
        actor=actor,
        now=now,
        rma=number(NumberKind.RMA, row.rma_id),
        kind=discrepancy.kind.value,
        expected=discrepancy.expected,
        found=discrepancy.found,
    )
    return discrepancy
