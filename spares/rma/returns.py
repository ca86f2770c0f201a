"""The faulty part's way back: sent, received and compared, inspected, and given its place. Goods are never turned away:
what differs from what was expected is taken in and recorded as a discrepancy."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import and_, func, or_, select

from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.dispatch.orders import needed
from spares.errors import Conflict, Invalid
from spares.inventory.models import Part
from spares.numbers import NumberKind, number, scan_key
from spares.rma import shelf
from spares.rma.arrivals import (
    NOT_WHAT_IS_OWED,
    Content,
    Difference,
    content_of,
    goods_row,
    note_again,
    note_difference,
    take_in,
)
from spares.rma.arrivals import Arrival as Arrival
from spares.rma.discrepancy_queries import open_elsewhere
from spares.rma.lifecycle import ObligationState, ObligationVerb, obligation_after, owed_again
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.obligations import credit, lock_obligation, log_event
from spares.rma.queries import undecided
from spares.rma.reopening import not_on_its_way
from spares.rma.shelf import Disposition as Disposition
from spares.rma.shelf import Inspection as Inspection
from spares.rma.undelivered import came_back_undelivered


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
    obligation, case = lock_obligation(obligation_id, actor, version)
    after = obligation_after(obligation.state, ObligationVerb.SEND)
    _depot, calendar = calendars.depot_and_calendar(obligation.depot_id)
    today = calendar.local_day(now)
    if posted_on > today:
        raise Invalid("date_in_future", field="posted_on", day=posted_on)
    asked_on = calendar.local_day(obligation.created_at)
    if posted_on < asked_on:
        raise Invalid("posted_before_request", field="posted_on", day=asked_on)
    if bool(scan_key(waybill)) != bool(carrier.strip()):
        raise Invalid("value_missing", field="waybill" if carrier.strip() else "carrier")
    obligation.state = after
    obligation.posted_on, obligation.posted_recorded_at = posted_on, now
    obligation.return_carrier = carrier.strip()
    obligation.return_waybill, obligation.return_waybill_key = waybill.strip(), scan_key(waybill)
    obligation.version += 1
    occurred_at = now if posted_on == today else calendar.at(posted_on, time(12))
    facts = {"posted_on": posted_on.isoformat(), "carrier": carrier.strip(), "waybill": waybill.strip()}
    came = obligation.came_quantity
    log_event(obligation, "sent", actor=actor, now=now, occurred_at=occurred_at, came=came, **facts)
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


def correct_waybill(
    obligation_id: int, *, carrier: str, waybill: str, actor: Actor, now: datetime, version: str | None = None
) -> None:
    """The parcel on its way travels under another waybill than was entered. The first one stays in the history, and the
    posting day stands. Raises Invalid without a carrier or a waybill, or when nothing differs."""
    actor.must(Permission.RETURN_ANNOUNCE)
    carrier, waybill = needed(carrier, "carrier", 60), needed(waybill, "waybill", 60)
    obligation, case = lock_obligation(obligation_id, actor, version)
    obligation.state = obligation_after(obligation.state, ObligationVerb.CORRECT)
    was = {"carrier": obligation.return_carrier, "waybill": obligation.return_waybill}
    if was == {"carrier": carrier, "waybill": waybill}:
        raise Invalid("waybill_unchanged", field="waybill")
    obligation.return_carrier = carrier
    obligation.return_waybill, obligation.return_waybill_key = waybill, scan_key(waybill)
    obligation.version += 1
    facts: dict[str, Any] = {
        "carrier": carrier,
        "waybill": waybill,
        "was_carrier": was["carrier"],
        "was_waybill": was["waybill"],
    }
    log_event(obligation, "waybill_corrected", actor=actor, now=now, **facts)
    record(
        case,
        "return_waybill_corrected",
        actor=actor,
        now=now,
        rma=_rma(obligation),
        serial=obligation.serial,
        **facts,
    )
    session.flush()


def receive_return(
    obligation_id: int, arrival: Arrival, *, actor: Actor, now: datetime, version: str | None = None
) -> list[Discrepancy]:
    """Take in what came for this obligation (see `take_return`). Raises Conflict when `version`, the one the page was made
    from, is no longer in force."""
    actor.must(Permission.RETURN_RECEIVE)
    obligation, case = lock_obligation(obligation_id, actor, version)
    return take_return(obligation, case, arrival, content_of(obligation, arrival), actor=actor, now=now)


def take_return(
    obligation: Obligation, case: ServiceCase, arrival: Arrival, content: Content, *, actor: Actor, now: datetime
) -> list[Discrepancy]:
    """Take in what came for an obligation that the caller has locked with its case, and put it on the returns shelf, to be
    inspected. `content` is what the records tell of it under that lock.

    Returns the discrepancies found (none: part, serial, pieces and accessories are as expected). Some of the pieces leave
    the rest owed by the same day. Nothing returned is available before its inspection. A unit that the books have
    elsewhere is neither moved nor counted as returned before that is put right, and is recorded once. Raises Conflict when it was received
    before."""
    actor.must(Permission.RETURN_RECEIVE)
    if content.known is not None and content.known.record:
        obligation_after(obligation.state, ObligationVerb.RECEIVE)
        (difference,), unit_id = content.differences, content.known.unit.id
        note = "; ".join(text for text in (arrival.note.strip(), arrival.accessories_missing.strip()) if text)
        row = open_elsewhere(unit_id)
        if row is not None:
            note_again(row, case, actor=actor, now=now, rma=_rma(obligation), note=note)
        else:
            row = note_difference(obligation, case, difference, note, actor=actor, now=now, unit_id=unit_id)
        session.flush()
        return [row]
    is_some = content.is_what_is_owed and content.pieces < obligation.outstanding
    before, owed = obligation.state, obligation.outstanding
    after = obligation_after(before, ObligationVerb.RECEIVE_PART if is_some else ObligationVerb.RECEIVE)
    rows = _take_in(obligation, arrival, content, is_some, actor=actor, now=now)
    obligation.state = owed_again(after, started=obligation.started_recorded_at is not None) if is_some else after
    obligation.version += 1
    obligation.closed_recorded_at = obligation.closed_recorded_at if is_some else obligation.closed_recorded_at or now
    facts: dict[str, Any] = {
        "serial_found": arrival.serial.strip(),
        "note": arrival.note.strip(),
        "as_expected": not content.differences,
        "packages": arrival.packages,
        "quantity": content.pieces,
        "came": obligation.quantity if not is_some and content.is_what_is_owed else obligation.came_quantity,
        "of": obligation.quantity,
    }
    kind = "received_part" if is_some else "received"
    log_event(obligation, kind, actor=actor, now=now, **facts)
    record(case, f"return_{kind}", actor=actor, now=now, rma=_rma(obligation), serial=obligation.serial, **facts)
    found = [
        note_difference(
            rows[-1] if one.kind is DiscrepancyKind.SURPLUS else rows[0], case, one, arrival.note, actor=actor, now=now
        )
        for one in content.differences
    ]
    if before is ObligationState.CHARGED and content.is_what_is_owed:
        credit(obligation, case, reason="returned", actor=actor, now=now, pieces=content.pieces, of=owed)
    session.flush()
    return found


def _take_in(
    obligation: Obligation, arrival: Arrival, content: Content, is_some: bool, *, actor: Actor, now: datetime
) -> list[Obligation]:
    """Put what came on the shelf: under the obligation what ends it, under a row of its own what does not. The row that
    the arrival is about comes first, that of a surplus last."""
    if content.part is None:
        obligation.received_at = now
        return [obligation]
    part, key = content.part, _key("return", obligation)
    if is_some:
        row = goods_row(obligation, part.id, arrival.serial, content.pieces, now)
        take_in(row, content, arrival.serial, content.pieces, request_key=key, actor=actor, now=now)
        obligation.came_quantity += content.pieces
        not_on_its_way(obligation)
        return [row]
    pieces = min(content.pieces, obligation.outstanding) if content.is_what_is_owed else content.pieces
    take_in(obligation, content, arrival.serial, pieces, request_key=key, actor=actor, now=now)
    if pieces == content.pieces:
        return [obligation]
    surplus = goods_row(obligation, part.id, arrival.serial, content.pieces - pieces, now)
    take_in(
        surplus,
        content,
        arrival.serial,
        surplus.quantity,
        request_key=_key("surplus", obligation),
        actor=actor,
        now=now,
    )
    return [obligation, surplus]


def inspect(
    obligation_id: int, result: Inspection, *, note: str, actor: Actor, now: datetime, version: str | None = None
) -> None:
    """Record what the inspection found; the part's condition follows from it by a ledger move. Raises Conflict for an
    empty box, which is decided as the discrepancy that it is."""
    actor.must(Permission.RETURN_INSPECT)
    obligation, case = lock_obligation(obligation_id, actor, version)
    obligation.state = obligation_after(obligation.state, ObligationVerb.INSPECT)
    empty = obligation.received_part_id is None
    if empty and undecided(obligation.id):
        raise Conflict("empty_box_undecided")
    if empty != (result is Inspection.MISSING):
        raise Invalid("inspection_does_not_fit", field="result")
    if result is Inspection.WRONG_ITEM and came_back_undelivered(obligation):
        raise Invalid("our_own_goods", field="result")
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
    Conflict while a discrepancy of the goods is unresolved."""
    actor.must(Permission.RETURN_INSPECT)
    obligation, case = lock_obligation(obligation_id, actor, version)
    obligation.state = obligation_after(obligation.state, ObligationVerb.SETTLE)
    if undecided(obligation.id):
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


def settle_empty(obligation: Obligation, case: ServiceCase, *, reason: str, actor: Actor, now: datetime) -> None:
    """An empty box is taken for the return: missing, and there is nothing to inspect or to place."""
    if obligation.state is ObligationState.RECEIVED:
        obligation.state = obligation_after(obligation.state, ObligationVerb.INSPECT)
        obligation.inspection = Inspection.MISSING.value
    obligation.state = obligation_after(obligation.state, ObligationVerb.SETTLE)
    obligation.disposition = Disposition.NONE.value
    obligation.version += 1
    facts: dict[str, Any] = {"disposition": obligation.disposition, "reason": reason}
    log_event(obligation, "settled", actor=actor, now=now, **facts)
    record(case, "return_settled", actor=actor, now=now, rma=_rma(obligation), serial=obligation.serial, **facts)
    session.flush()


def _rma(obligation: Obligation) -> str:
    return number(NumberKind.RMA, obligation.rma_id)


def _note_wrong_item(row: Obligation, case: ServiceCase, note: str, actor: Actor, now: datetime) -> None:
    """A wrong item that looked right at the door is a discrepancy from now on."""
    known = select(func.count()).where(
        Discrepancy.obligation_id == row.id,
        or_(
            Discrepancy.kind == DiscrepancyKind.SURPLUS,
            # What was decided otherwise belongs to an earlier arrival.
            and_(Discrepancy.kind.in_(NOT_WHAT_IS_OWED), Discrepancy.resolution.in_(["", "accept"])),
        ),
    )
    if session.scalar(known):
        return
    expected = session.get_one(Part, row.part_id).part_number
    wrong = Difference(DiscrepancyKind.OTHER_PART, expected, note.strip())
    note_difference(row, case, wrong, "", actor=actor, now=now)


def _goods(obligation: Obligation) -> shelf.Goods:
    assert obligation.received_part_id is not None  # noqa: S101
    return shelf.Goods(
        part_id=obligation.received_part_id,
        unit_id=obligation.received_unit_id,
        quantity=obligation.received_quantity,
        depot_id=obligation.depot_id,
        reference=_rma(obligation),
        case_id=obligation.case_id,
    )


def _key(step: str, obligation: Obligation) -> str:
    return f"{step}:{obligation.id}:{obligation.version}"
