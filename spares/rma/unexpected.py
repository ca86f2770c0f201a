"""What arrives without being expected is taken in all the same: into the ledger, under a case, as a discrepancy that
waits for a decision. A unit that the books have elsewhere stays out of the ledger until that is put right."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor, Permission
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Customer, ServiceCase
from spares.cases.timeline import lock_case, record
from spares.db import session
from spares.dispatch.orders import needed
from spares.errors import Conflict, Invalid
from spares.inventory.models import Location, Move, Part, Posting, Tracking
from spares.rma import shelf
from spares.rma.arrivals import Difference, elsewhere, note_again
from spares.rma.discrepancies import close, lock_discrepancy
from spares.rma.discrepancy_queries import open_elsewhere
from spares.rma.models import Discrepancy, DiscrepancyKind
from spares.rma.shelf import Disposition, Inspection
from spares.rma.standing import Standing, standing

UNKNOWN_CUSTOMER = "UNKNOWN"
UNKNOWN_CUSTOMER_NAME = "未知寄件人"
CASE_TITLE = "无单到货"


def contradiction(part_id: int, serial: str) -> Difference | None:
    """Where the books have the unit, if it cannot lie here by them; None when it can, or nobody has seen it before."""
    part, known = session.get(Part, part_id), standing(part_id, serial)
    return elsewhere(part, known) if part is not None and known is not None and known.record else None


def recorded_already(part_id: int, serial: str) -> Discrepancy | None:
    """The undecided discrepancy of a unit that lies here and that the books have elsewhere, from an earlier scan."""
    known = standing(part_id, serial)
    return open_elsewhere(known.unit.id) if known is not None and known.record else None


def receive_unexpected(
    depot_id: int,
    *,
    part_id: int,
    serial: str,
    quantity: int,
    sender: str,
    waybill: str,
    note: str,
    actor: Actor,
    now: datetime,
    case_id: int | None = None,
    customer_id: int | None = None,
) -> Discrepancy:
    """Take in what nobody expects, under the case named, else under that of the shipment of ours in which the books have
    it or with which it was written off, else under a new one for the customer (unknown, where it is).

    A unit that is recorded as elsewhere already gets no second discrepancy. Raises as `shelf.take_in` does, and Invalid for
    a quantity below 1."""
    actor.must(Permission.RETURN_RECEIVE)
    if not 1 <= quantity <= 9999:
        raise Invalid("quantity_out_of_range", field="quantity")
    part = session.get(Part, part_id)
    if part is None:
        raise Invalid("value_missing", field="part_number")
    known = standing(part.id, serial) if part.tracking is Tracking.SERIAL else None
    again = open_elsewhere(known.unit.id) if known is not None and known.record else None
    case_id = case_id or _case_of(known, again)
    case = lock_case(case_id, actor) if case_id is not None else _new_case(part, serial, customer_id, actor, now)
    what = Difference(DiscrepancyKind.UNEXPECTED, "", f"{part.part_number} {serial.strip()}".strip())
    if known is not None and known.record:
        what = elsewhere(part, known)
    facts: dict[str, Any] = {"sender": sender.strip(), "waybill": waybill.strip(), "note": note.strip()}
    if again is not None:
        note_again(again, case, actor=actor, now=now, **facts)
        session.flush()
        return again
    discrepancy = Discrepancy(
        kind=what.kind,
        found_at=now,
        found_by_id=actor.id,
        expected=what.expected[:200],
        found=what.found[:200],
        case_id=case.id,
        unit_id=known.unit.id if known is not None else None,
        note="; ".join(text for text in facts.values() if text)[:500],
    )
    session.add(discrepancy)
    session.flush()
    if discrepancy.kind is DiscrepancyKind.UNEXPECTED:
        goods = shelf.take_in(
            part,
            serial,
            quantity,
            known=known,
            depot_id=depot_id,
            reference=case.number,
            case_id=case.id,
            request_key=_key(discrepancy),
            actor=actor,
            now=now,
        )
        discrepancy.unit_id, facts["quantity"] = goods.unit_id, goods.quantity
    facts |= {"kind": what.kind.value, "expected": discrepancy.expected, "found": discrepancy.found}
    record(case, "unexpected_arrival", actor=actor, now=now, **facts)
    session.flush()
    return discrepancy


def _case_of(known: Standing | None, again: Discrepancy | None) -> int | None:
    """The case that an arrival belongs to when none was named: that of the discrepancy that is recorded already, or of the
    shipment in which the books have it; None for no such thing."""
    if again is not None:
        return again.case_id
    return known.last.case_id if known is not None and known.shipment and known.last is not None else None


def place(
    discrepancy_id: int,
    result: Inspection,
    disposition: Disposition,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    location_id: int | None = None,
    carrier: str = "",
    waybill: str = "",
) -> Discrepancy:
    """Inspect an unexpected arrival and give it its place, which decides the discrepancy.

    What goes back to who sent it leaves with a carrier and a waybill. Raises as `shelf.place` does; Invalid without a
    reason, or without either of those; Conflict when it was decided before."""
    actor.must(Permission.OBLIGATION_DECIDE)
    reason = reason.strip()
    if not reason:
        raise Invalid("value_missing", field="reason")
    discrepancy, case = lock_discrepancy(discrepancy_id, actor)
    if discrepancy.kind is not DiscrepancyKind.UNEXPECTED:
        raise Conflict("discrepancy_of_an_obligation" if discrepancy.obligation_id else "decision_does_not_fit")
    if result is Inspection.MISSING:
        raise Invalid("inspection_does_not_fit", field="result")
    sent: dict[str, str] = {}
    if disposition is Disposition.SEND_BACK:
        sent = {"carrier": needed(carrier, "carrier", 60), "waybill": needed(waybill, "waybill", 60)}
    goods = _goods(discrepancy, case)
    shelf.judge(goods, result, request_key=f"{_key(discrepancy)}:inspect", actor=actor, now=now)
    shelf.place(
        goods,
        result,
        disposition,
        location_id=location_id,
        request_key=f"{_key(discrepancy)}:dispose",
        actor=actor,
        now=now,
        way=" ".join(sent.values()),
    )
    close(discrepancy, case, disposition.value, reason=reason, actor=actor, now=now, facts=sent)
    return discrepancy


def _key(discrepancy: Discrepancy) -> str:
    return f"unexpected:{discrepancy.id}"


def _goods(discrepancy: Discrepancy, case: ServiceCase) -> shelf.Goods:
    """What was taken in for it, as the ledger tells."""
    move, depot_id = session.execute(
        select(Move, Location.depot_id)
        .join(Posting, Posting.id == Move.posting_id)
        .join(Location, Location.id == Move.to_location_id)
        .where(Posting.request_key == _key(discrepancy))
    ).one()
    assert depot_id is not None  # noqa: S101
    return shelf.Goods(
        part_id=move.part_id,
        unit_id=move.unit_id,
        quantity=move.quantity,
        depot_id=depot_id,
        reference=case.number,
        case_id=case.id,
    )


def _new_case(part: Part, serial: str, customer_id: int | None, actor: Actor, now: datetime) -> ServiceCase:
    """The system opens it, in the name of who stands at the door and may not open cases himself."""
    if customer_id is None:
        customer_id = session.scalar(select(Customer.id).where(Customer.code == UNKNOWN_CUSTOMER))
    if customer_id is None:
        customer_id = cases.add_customer(code=UNKNOWN_CUSTOMER, name=UNKNOWN_CUSTOMER_NAME, actor=SYSTEM).id
    title = f"{CASE_TITLE} {part.part_number} {serial.strip()}".strip()[:200]
    opener = replace(actor, role=None)
    return cases.open_case(customer_id=customer_id, title=title, level=FaultLevel.C3, actor=opener, now=now)
