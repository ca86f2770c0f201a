"""The paper that travels back with the faulty part: what it says now, ready to be frozen, and how it becomes a PDF."""

from datetime import date, datetime, timedelta
from typing import Any

from spares import settings
from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.cases.queries import warranty_of
from spares.dispatch import documents
from spares.dispatch.models import Document, DocumentKind
from spares.errors import Conflict
from spares.pdf.form import Party
from spares.pdf.page import Foot, Paper
from spares.rma import return_slip
from spares.rma.lifecycle import RECEIVABLE, ObligationState
from spares.rma.queries import Exchange, Incoming, exchange
from spares.rma.requests import lock_rma
from spares.rma.return_slip import ReturnLine, ReturnSlip

VALID_FOR = timedelta(days=60)
"""An RMA number lapses that long after it was asked for."""
OWED = RECEIVABLE - {ObligationState.CANCELLED, ObligationState.WAIVED}


def return_slip_for(found: Exchange, receiving_url: str) -> ReturnSlip:
    """What the exchange's return slip says now: the parts that still have to come back (all of them, when none has)."""
    legs = [leg for leg in found.incoming if leg.obligation.state in OWED] or found.incoming
    due = sorted({leg.obligation.due_on for leg in legs if leg.obligation.due_on is not None})
    order = found.outgoing[0].order
    calendar = calendars.depot_calendar(found.depot)
    shipments = [shipment.number for shipment in found.shipments]
    asked_on = calendar.local_day(found.rma.requested_at)
    return ReturnSlip(
        rma_number=found.rma.number,
        lines=tuple(_line(found, leg) for leg in legs),
        send_to=Party(found.depot.name, found.depot.address, found.depot.attention, found.depot.phone),
        sender=Party(found.customer.name, order.address, order.consignee, order.phone),
        case_number=found.case.number,
        shipping_slip=", ".join(shipments) or None,
        valid_until=max([asked_on + VALID_FOR, *due]).isoformat(),
        return_by=due[0].isoformat() if due else None,
        provisional=any(leg.obligation.due_provisional for leg in legs if due and leg.obligation.due_on == due[0]),
        return_within_days=settings.current().return_within_days,
        category="replacement",
        in_warranty=_in_warranty(found, legs, calendar.local_day(found.confirmation.confirmed_at)),
        receiving_url=receiving_url,
    )


def _in_warranty(found: Exchange, legs: list[Incoming], fault_on: date) -> bool | None:
    """Whether the units were in warranty on the day of the fault, its last day included; None, to be ticked by hand, when
    that is not known of each, or not the same for all."""
    ends = [warranty_of(found.case, leg.obligation.part_id, leg.obligation.serial_key) for leg in legs]
    answers = {None if end is None else fault_on <= end for end in ends}
    return answers.pop() if len(answers) == 1 else None


def asks_for_parts(found: Exchange) -> bool:
    """Whether anything has to come back, or came: what was cancelled, or never had to be returned, needs no slip."""
    return any(leg.obligation.state is not ObligationState.CANCELLED for leg in found.incoming)


def print_return_slip(rma_id: int, *, receiving_url: str, actor: Actor, now: datetime) -> tuple[Document, int]:
    """Freeze what the slip says (again only when that has changed), and count the print: the document and its copy.
    `receiving_url` is what its QR code opens.

    Raises Conflict when nothing has to come back: a slip that asks for no part would be sent with an empty box."""
    actor.must(Permission.RETURN_ANNOUNCE)
    rma, _case = lock_rma(rma_id, actor)
    found = exchange(rma_id, actor)
    if not asks_for_parts(found):
        raise Conflict("nothing_to_send_back", number=rma.number)
    slip = return_slip.to_json(return_slip_for(found, receiving_url))
    document = documents.freeze(DocumentKind.RETURN_SLIP, rma.number, slip, actor=actor, now=now)
    copy_no = documents.count_print(document, actor=actor, now=now)
    return document, copy_no


def _line(found: Exchange, leg: Incoming) -> ReturnLine:
    one = leg.obligation
    confirmed = found.confirmation
    is_confirmed = bool(one.serial_key) and one.serial_key == confirmed.serial_key
    calendar = calendars.depot_calendar(found.depot)
    return ReturnLine(
        part_number=one.part.part_number,
        quantity=one.outstanding,
        description=" ".join(word for word in (one.part.manufacturer, one.part.description) if word) or None,
        serial=one.serial or None,
        fault_on=calendar.local_day(confirmed.confirmed_at).isoformat() if is_confirmed else None,
        symptom=confirmed.finding if is_confirmed else None,
        owner=found.customer.name,
        replacement_serial=leg.shipped_serial or None,
    )


def _draw(data: dict[str, Any], copy_no: int) -> bytes:
    return return_slip.render(return_slip.from_json(data), copy_no=copy_no)


def _draw_on(paper: Paper, data: dict[str, Any], copy_no: int) -> Foot:
    return return_slip.draw_on(paper, return_slip.from_json(data), copy_no)


documents.draws(DocumentKind.RETURN_SLIP, _draw, _draw_on)
