"""The faulty part's way back: sent, received and compared, inspected, and given its place. Goods are never turned away:
what differs from what was expected is taken in and recorded as a discrepancy."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.errors import Conflict, Invalid
from spares.inventory import ledger, places
from spares.inventory.models import Condition, LocationKind, Part, PostingKind, Tracking, Unit, UnitState
from spares.numbers import NumberKind, number, scan_key
from spares.rma.lifecycle import ObligationVerb, obligation_after
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.obligations import lock_obligation, log_event


class Inspection(StrEnum):
    """What the bench found: 确认故障 · 未发现故障 · 损坏 · 错件 · 缺失."""

    FAULT_FOUND = "fault_found"
    NO_FAULT_FOUND = "no_fault_found"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING = "missing"


class Disposition(StrEnum):
    """Where the inspected part goes. Back to stock only when no fault was found."""

    REPAIR = "repair"
    VENDOR = "vendor"
    SCRAP = "scrap"
    STOCK = "stock"
    NONE = "none"


CONDITION_AFTER = {
    Inspection.FAULT_FOUND: Condition.FAULTY,
    Inspection.NO_FAULT_FOUND: Condition.GOOD,
    Inspection.DAMAGED: Condition.FAULTY,
    Inspection.WRONG_ITEM: Condition.TO_INSPECT,
}
PLACE_AFTER = {
    Disposition.REPAIR: (LocationKind.BENCH, Condition.IN_REPAIR),
    Disposition.VENDOR: (LocationKind.VENDOR, Condition.FAULTY),
    Disposition.SCRAP: (LocationKind.SCRAP, Condition.SCRAPPED),
}


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What was found in the box. `serial` empty and `empty_box` True when nothing was in it."""

    part_id: int | None
    serial: str
    accessories_missing: str = ""
    note: str = ""
    empty_box: bool = False


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
    arrives. An engineer who carries it himself has no waybill. Raises Invalid for a day in the future or before the good
    part left."""
    actor.must(Permission.RETURN_ANNOUNCE)
    obligation, case = lock_obligation(obligation_id, version)
    after = obligation_after(obligation.state, ObligationVerb.SEND)
    calendar = calendars.depot_calendar(calendars.depot(obligation.depot_id))
    today = calendar.local_day(now)
    if posted_on > today:
        raise Invalid("date_in_future", field="posted_on", day=posted_on)
    if posted_on < calendar.local_day(obligation.created_at):
        raise Invalid("posted_before_request", field="posted_on", day=posted_on)
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
    obligation.state = obligation_after(obligation.state, ObligationVerb.RECEIVE)
    obligation.received_at = now
    obligation.closed_recorded_at = obligation.closed_recorded_at or now
    obligation.version += 1
    found: list[Discrepancy] = []
    unit: Unit | None = None
    if not arrival.empty_box:
        part = session.get(Part, arrival.part_id) if arrival.part_id is not None else None
        if part is None:
            raise Invalid("value_missing", field="part")
        obligation.received_part_id = part.id
        obligation.received_serial = arrival.serial.strip()
        unit = _take_in(obligation, part, arrival.serial, case, actor=actor, now=now)
    found = _compare(obligation, arrival, unit, actor, now)
    session.add_all(found)
    facts: dict[str, Any] = {
        "serial_found": arrival.serial.strip(),
        "note": arrival.note.strip(),
        "as_expected": not found,
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
    condition = CONDITION_AFTER.get(result)
    if condition is not None and condition is not Condition.TO_INSPECT:
        shelf = places.inside(LocationKind.RETURNS, obligation.depot_id)
        step = _step(obligation, shelf, Condition.TO_INSPECT, shelf, condition)
        _post(PostingKind.INSPECT, step, f"inspect:{obligation.id}:{obligation.version}", obligation, case, actor, now)
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
        _place(obligation, result, disposition, location_id, case, actor, now)
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


def _take_in(
    obligation: Obligation, part: Part, serial: str, case: ServiceCase, *, actor: Actor, now: datetime
) -> Unit | None:
    """Put what came on the returns shelf, from wherever the ledger last knew it (a customer, when it never did)."""
    shelf = places.inside(LocationKind.RETURNS, obligation.depot_id)
    origin, condition = places.outside(LocationKind.CUSTOMER), Condition.FAULTY
    unit: Unit | None = None
    if part.tracking is Tracking.SERIAL:
        key = scan_key(serial)
        if not key:
            raise Invalid("value_missing", field="serial")
        unit = session.scalars(select(Unit).where(Unit.part_id == part.id, Unit.serial_key == key)).first()
        if unit is None:
            unit = Unit(part_id=part.id, serial=serial.strip(), serial_key=key)
            session.add(unit)
            session.flush()
        state = session.get(UnitState, unit.id, populate_existing=True)
        if state is not None:
            origin, condition = state.location_id, state.condition
        obligation.received_unit_id = unit.id
    step = ledger.Step(
        part_id=part.id,
        unit_id=unit.id if unit else None,
        quantity=obligation.quantity if unit is None else 1,
        from_id=origin,
        from_condition=condition,
        to_id=shelf,
        to_condition=Condition.TO_INSPECT,
    )
    if unit is not None and places.is_in_depot(origin):
        raise Conflict("unit_in_depot", field="serial", serial=unit.serial)
    _post(PostingKind.RETURN, step, f"return:{obligation.id}:{obligation.version}", obligation, case, actor, now)
    return unit


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


def _step(
    obligation: Obligation, from_id: int, from_condition: Condition, to_id: int, to_condition: Condition
) -> ledger.Step:
    assert obligation.received_part_id is not None  # noqa: S101
    return ledger.Step(
        part_id=obligation.received_part_id,
        unit_id=obligation.received_unit_id,
        quantity=1 if obligation.received_unit_id is not None else obligation.quantity,
        from_id=from_id,
        from_condition=from_condition,
        to_id=to_id,
        to_condition=to_condition,
    )


def _place(
    obligation: Obligation,
    result: Inspection,
    disposition: Disposition,
    location_id: int | None,
    case: ServiceCase,
    actor: Actor,
    now: datetime,
) -> None:
    shelf = places.inside(LocationKind.RETURNS, obligation.depot_id)
    before = CONDITION_AFTER[result]
    if disposition is Disposition.STOCK:
        if result is not Inspection.NO_FAULT_FOUND:
            raise Invalid("only_sound_parts_to_stock", field="disposition")
        if location_id is None:
            raise Invalid("value_missing", field="location")
        target, condition = location_id, Condition.GOOD
        if places.kind_of(location_id, obligation.depot_id) is not LocationKind.BIN:
            raise Invalid("not_a_bin", field="location")
    else:
        kind, condition = PLACE_AFTER[disposition]
        target = places.inside(kind, obligation.depot_id) if kind is LocationKind.BENCH else places.outside(kind)
    step = _step(obligation, shelf, before, target, condition)
    _post(PostingKind.DISPOSE, step, f"dispose:{obligation.id}:{obligation.version}", obligation, case, actor, now)


def _post(
    kind: PostingKind,
    step: ledger.Step,
    key: str,
    obligation: Obligation,
    case: ServiceCase,
    actor: Actor,
    now: datetime,
) -> None:
    ledger.post(
        kind,
        [step],
        request_key=key,
        occurred_at=now,
        actor=actor,
        now=now,
        reference=_rma(obligation),
        case_id=case.id,
    )
