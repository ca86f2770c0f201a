"""The faulty part's way back: sent, received and compared, inspected, and given its place. Goods are never turned away:
what differs from what was expected is taken in and recorded as a discrepancy."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select

from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.errors import Conflict, Invalid
from spares.inventory.models import Part, Unit
from spares.numbers import NumberKind, number, scan_key
from spares.rma import shelf
from spares.rma.lifecycle import ObligationState, ObligationVerb, obligation_after
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.obligations import credit, lock_obligation, log_event
from spares.rma.shelf import Disposition as Disposition
from spares.rma.shelf import Inspection as Inspection

NOT_WHAT_IS_OWED = frozenset({DiscrepancyKind.MISSING, DiscrepancyKind.OTHER_PART, DiscrepancyKind.OTHER_SERIAL})
"""Discrepancies after which the thing that is owed is not there; missing accessories do not count."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What was found in the box. `serial` empty and `empty_box` True when nothing was in it; `packages` as counted at
    the door, where they were."""

    part_id: int | None
    serial: str
    accessories_missing: str = ""
    note: str = ""
    empty_box: bool = False
    packages: int | None = None


def announce_return(
    obligation_id: int,
    *,
    posted_on: date,
    carrier: str,
    waybill: str,
    actor: Actor,
    now: datetime,
    version: str | None = None,
) -> Obligation:
    """The customer has sent the faulty part (§2.5): sent in time when posted by the end of the due day, whenever it
    arrives. An engineer who carries it himself has neither carrier nor waybill; a carrier has both. Raises Invalid for
    one without the other, and for a day in the future or before the exchange was asked for."""
    actor.must(Permission.RETURN_ANNOUNCE)
    obligation, case = lock_obligation(obligation_id, version)
    after = obligation_after(obligation.state, ObligationVerb.SEND)
    calendar = calendars.depot_calendar(calendars.depot(obligation.depot_id))
    today = calendar.local_day(now)
    if posted_on > today:
        raise Invalid("date_in_future", field="posted_on", day=posted_on)
    if posted_on < calendar.local_day(obligation.created_at):
        raise Invalid("posted_before_request", field="posted_on", day=posted_on)
    if bool(scan_key(waybill)) != bool(carrier.strip()):
        raise Invalid("value_missing", field="waybill" if carrier.strip() else "carrier")
    obligation.state = after
    obligation.posted_on, obligation.posted_recorded_at = posted_on, now
    obligation.return_carrier = carrier.strip()
    obligation.return_waybill, obligation.return_waybill_key = waybill.strip(), scan_key(waybill)
    obligation.version += 1
    occurred_at = now if posted_on == today else calendar.at(posted_on, time(12))
    facts = {"posted_on": posted_on.isoformat(), "carrier": carrier.strip(), "waybill": waybill.strip()}
    log_event(obligation, "sent", actor=actor, now=now, occurred_at=occurred_at, **facts)
    record(
        case,
        "return_sent",
        actor=actor,
        now=now,
        occurred_at=occurred_at,
        rma=_rma(obligation),
        serial=obligation.serial,
        **facts,
    )
    session.flush()
    return obligation


def receive_return(
    obligation_id: int, arrival: Arrival, *, actor: Actor, now: datetime, version: str | None = None
) -> list[Discrepancy]:
    """Take in what came for this obligation, compare it, and put it on the returns shelf, to be inspected.

    Returns the discrepancies found (none: part, serial and accessories are as expected). Nothing returned is available
    before its inspection. Raises Conflict when it was received before, or when the unit is in a depot already."""
    actor.must(Permission.RETURN_RECEIVE)
    obligation, case = lock_obligation(obligation_id, version)
    was_charged = obligation.state is ObligationState.CHARGED
    after = obligation_after(obligation.state, ObligationVerb.RECEIVE)
    unit: Unit | None = None
    if not arrival.empty_box:
        unit = _take_in(obligation, arrival, actor=actor, now=now)
    obligation.state = after
    obligation.received_at = now
    obligation.closed_recorded_at = obligation.closed_recorded_at or now
    obligation.version += 1
    found = _compare(obligation, arrival, unit, actor, now)
    session.add_all(found)
    facts: dict[str, Any] = {
        "serial_found": arrival.serial.strip(),
        "note": arrival.note.strip(),
        "as_expected": not found,
        "packages": arrival.packages,
    }
    log_event(obligation, "received", actor=actor, now=now, **facts)
    record(case, "return_received", actor=actor, now=now, rma=_rma(obligation), serial=obligation.serial, **facts)
    for discrepancy in found:
        record(
            case,
            "discrepancy_found",
            actor=actor,
            now=now,
            rma=_rma(obligation),
            kind=discrepancy.kind.value,
            expected=discrepancy.expected,
            found=discrepancy.found,
        )
    if was_charged and not {discrepancy.kind for discrepancy in found} & NOT_WHAT_IS_OWED:
        credit(obligation, case, reason="returned", actor=actor, now=now)
    session.flush()
    return found


def inspect(
    obligation_id: int, result: Inspection, *, note: str, actor: Actor, now: datetime, version: str | None = None
) -> None:
    """Record what the inspection found; the part's condition follows from it by a ledger move."""
    actor.must(Permission.RETURN_INSPECT)
    obligation, case = lock_obligation(obligation_id, version)
    obligation.state = obligation_after(obligation.state, ObligationVerb.INSPECT)
    empty = obligation.received_part_id is None
    if empty != (result is Inspection.MISSING):
        raise Invalid("inspection_does_not_fit", field="result")
    obligation.inspection = result.value
    obligation.version += 1
    if result is not Inspection.MISSING:
        shelf.judge(_goods(obligation), result, request_key=_key("inspect", obligation), actor=actor, now=now)
    if result is Inspection.WRONG_ITEM:
        _note_wrong_item(obligation, case, note, actor, now)
    log_event(obligation, "inspected", actor=actor, now=now, result=result.value, note=note.strip())
    record(
        case,
        "return_inspected",
        actor=actor,
        now=now,
        rma=_rma(obligation),
        result=result.value,
        note=note.strip(),
        serial=obligation.received_serial,
    )
    session.flush()


def settle(
    obligation_id: int,
    disposition: Disposition,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    location_id: int | None = None,
    version: str | None = None,
) -> None:
    """Give the inspected part its place and close the obligation.

    Back to stock needs a bin (`location_id`) and a part in which no fault was found. Raises Invalid otherwise, and
    Conflict while a discrepancy of the obligation is unresolved."""
    actor.must(Permission.RETURN_INSPECT)
    obligation, case = lock_obligation(obligation_id, version)
    obligation.state = obligation_after(obligation.state, ObligationVerb.SETTLE)
    unresolved = select(Discrepancy.id).where(
        Discrepancy.obligation_id == obligation.id, Discrepancy.resolved_at.is_(None)
    )
    if session.scalar(unresolved.limit(1)) is not None:
        raise Conflict("discrepancy_unresolved")
    result = Inspection(obligation.inspection)
    if (result is Inspection.MISSING) != (disposition is Disposition.NONE):
        raise Invalid("disposition_does_not_fit", field="disposition")
    if disposition is not Disposition.NONE:
        shelf.place(
            _goods(obligation),
            result,
            disposition,
            location_id=location_id,
            request_key=_key("dispose", obligation),
            actor=actor,
            now=now,
        )
    obligation.disposition = disposition.value
    obligation.version += 1
    log_event(obligation, "settled", actor=actor, now=now, reason=reason.strip(), disposition=disposition.value)
    record(
        case,
        "return_settled",
        actor=actor,
        now=now,
        rma=_rma(obligation),
        disposition=disposition.value,
        reason=reason.strip(),
        serial=obligation.received_serial,
    )
    session.flush()


def _rma(obligation: Obligation) -> str:
    return number(NumberKind.RMA, obligation.rma_id)


def _take_in(obligation: Obligation, arrival: Arrival, *, actor: Actor, now: datetime) -> Unit | None:
    part = session.get(Part, arrival.part_id) if arrival.part_id is not None else None
    if part is None:
        raise Invalid("value_missing", field="part")
    as_expected = bool(obligation.serial_key) and scan_key(arrival.serial) == obligation.serial_key
    serial = obligation.serial if as_expected else arrival.serial.strip()
    goods = shelf.take_in(
        part,
        serial,
        obligation.quantity,
        depot_id=obligation.depot_id,
        reference=_rma(obligation),
        case_id=obligation.case_id,
        request_key=_key("return", obligation),
        actor=actor,
        now=now,
    )
    obligation.received_part_id = part.id
    obligation.received_serial = serial
    obligation.received_unit_id = goods.unit_id
    return goods.unit


def _compare(
    obligation: Obligation, arrival: Arrival, unit: Unit | None, actor: Actor, now: datetime
) -> list[Discrepancy]:
    expected_part = session.get_one(Part, obligation.part_id)
    rows: list[tuple[DiscrepancyKind, str, str]] = []
    if arrival.empty_box:
        rows.append((DiscrepancyKind.MISSING, f"{expected_part.part_number} {obligation.serial}", ""))
    elif obligation.received_part_id != obligation.part_id:
        came = session.get_one(Part, obligation.received_part_id)
        rows.append((DiscrepancyKind.OTHER_PART, expected_part.part_number, came.part_number))
    elif obligation.serial_key and unit is not None and unit.serial_key != obligation.serial_key:
        rows.append((DiscrepancyKind.OTHER_SERIAL, obligation.serial, unit.serial))
    if arrival.accessories_missing.strip():
        rows.append((DiscrepancyKind.ACCESSORIES, arrival.accessories_missing.strip(), ""))
    return [
        Discrepancy(
            kind=kind,
            found_at=now,
            found_by_id=actor.id,
            expected=expected[:200],
            found=came_text[:200],
            case_id=obligation.case_id,
            obligation_id=obligation.id,
            unit_id=unit.id if unit else None,
            note=arrival.note.strip(),
        )
        for kind, expected, came_text in rows
    ]


def _note_wrong_item(obligation: Obligation, case: ServiceCase, note: str, actor: Actor, now: datetime) -> None:
    """A wrong item that looked right at the door is a discrepancy from now on."""
    known = select(func.count()).where(
        Discrepancy.obligation_id == obligation.id, Discrepancy.kind.in_(NOT_WHAT_IS_OWED)
    )
    if session.scalar(known):
        return
    expected = session.get_one(Part, obligation.part_id).part_number
    session.add(
        Discrepancy(
            kind=DiscrepancyKind.OTHER_PART,
            found_at=now,
            found_by_id=actor.id,
            expected=expected[:200],
            found=note.strip()[:200],
            case_id=obligation.case_id,
            obligation_id=obligation.id,
            unit_id=obligation.received_unit_id,
        )
    )
    facts: dict[str, Any] = {"kind": DiscrepancyKind.OTHER_PART.value, "expected": expected, "found": note.strip()}
    record(case, "discrepancy_found", actor=actor, now=now, rma=_rma(obligation), **facts)


def _goods(obligation: Obligation) -> shelf.Goods:
    assert obligation.received_part_id is not None  # noqa: S101
    return shelf.Goods(
        part_id=obligation.received_part_id,
        unit_id=obligation.received_unit_id,
        quantity=1 if obligation.received_unit_id is not None else obligation.quantity,
        depot_id=obligation.depot_id,
        reference=_rma(obligation),
        case_id=obligation.case_id,
    )


def _key(step: str, obligation: Obligation) -> str:
    return f"{step}:{obligation.id}:{obligation.version}"
