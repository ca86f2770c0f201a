"""The papers: content frozen when it is first printed, every print counted, a reprint drawn from the frozen content.

A slip printed before the dispatch has ruled blanks for carrier and waybill. When more is known the next print freezes a
new version, and the one before stays as it was and can be printed again. A void shipment keeps its papers too."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from spares import settings
from spares.accounts.access import Actor, Permission
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.db import session
from spares.dispatch import queries, shipping_slip
from spares.dispatch.models import DeliveryMethod, DispatchOrder, Document, DocumentKind, DocumentPrint, Shipment
from spares.dispatch.orders import lock_shipment
from spares.dispatch.queries import SentLine
from spares.dispatch.shipping_slip import ShippingLine, ShippingSlip
from spares.errors import NotFound
from spares.pdf.form import Party
from spares.pdf.page import Foot, Paper, together
from spares.web import money

Draw = Callable[[dict[str, Any], int], bytes]
DrawOn = Callable[[Paper, dict[str, Any], int], Foot]

PROVISIONAL = "（暂定，待国务院通知 provisional）"
"""On paper, after a deadline that touches a year without a published notice."""

_METHODS = {DeliveryMethod.COURIER: "courier", DeliveryMethod.PICK_UP: "pickup", DeliveryMethod.ENGINEER: "engineer"}
_REASONS = {"no_exact_stock": "原型号无库存 exact part out of stock"}
_drawn_by: dict[DocumentKind, tuple[Draw, DrawOn]] = {}


def draws(kind: DocumentKind, draw: Draw, draw_on: DrawOn) -> None:
    """Register how a kind of document becomes a PDF, `draw(data, copy_no)`, or a part of one,
    `draw_on(paper, data, copy_no)`."""
    _drawn_by[kind] = (draw, draw_on)


def draw(document: Document, copy_no: int) -> bytes:
    """The PDF of one print; the same bytes every time."""
    return _drawn_by[document.kind][0](document.data, copy_no)


def draw_together(prints: Sequence[tuple[Document, int]]) -> bytes:
    """The PDF of several prints, one after the other; each with its own copy mark and page numbers."""
    parts = [partial(_draw_part, document, copy_no) for document, copy_no in prints]
    return together(" · ".join(document.subject for document, _copy_no in prints), parts)


def _draw_part(document: Document, copy_no: int, paper: Paper) -> Foot:
    return _drawn_by[document.kind][1](paper, document.data, copy_no)


def freeze(kind: DocumentKind, subject: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> Document:
    """The newest document of the subject when it says just this, else a new version that does.

    The caller has locked the subject's case, so that two people printing at once freeze one document."""
    plain = json.loads(json.dumps(data, ensure_ascii=False))
    query = select(Document).where(Document.kind == kind, Document.subject == subject).order_by(Document.id.desc())
    newest = session.scalars(query.limit(1)).first()
    if newest is not None and newest.data == plain:
        return newest
    document = Document(kind=kind, subject=subject, data=plain, frozen_at=now, frozen_by_id=actor.id)
    session.add(document)
    session.flush()
    return document


def count_print(document: Document, *, actor: Actor, now: datetime) -> int:
    """Record a print; returns its number: 1 is the original, the others are copies."""
    session.execute(select(Document.id).where(Document.id == document.id).with_for_update())
    query = select(func.coalesce(func.max(DocumentPrint.copy_no), 0)).where(DocumentPrint.document_id == document.id)
    copy_no = int(session.scalar(query) or 0) + 1
    session.add(DocumentPrint(document_id=document.id, copy_no=copy_no, printed_at=now, printed_by_id=actor.id))
    session.flush()
    return copy_no


def print_document(document: Document, *, actor: Actor, now: datetime) -> tuple[bytes, int]:
    """Record a print and draw it: the PDF and the print's number."""
    copy_no = count_print(document, actor=actor, now=now)
    return draw(document, copy_no), copy_no


def printed(document_id: int, copy_no: int) -> Document:
    """The document of a print that was made. Raises NotFound for one that was not."""
    query = (
        select(Document)
        .join(DocumentPrint, DocumentPrint.document_id == Document.id)
        .where(Document.id == document_id, DocumentPrint.copy_no == copy_no)
    )
    document = session.scalars(query).first()
    if document is None:
        raise NotFound("document_unknown")
    return document


def print_shipping_slip(shipment_id: int, *, code_url: str, actor: Actor, now: datetime) -> tuple[Document, int]:
    """Freeze what the shipment's slip says (again only when that has changed), and count the print: the document and its
    copy. `code_url` is what its QR code opens."""
    actor.must(Permission.DISPATCH_WORK)
    shipment, order, _case = lock_shipment(shipment_id, actor)
    data = shipping_slip_for(shipment, order, code_url=code_url)
    document = freeze(DocumentKind.SHIPPING_SLIP, shipment.number, data, actor=actor, now=now)
    return document, count_print(document, actor=actor, now=now)


def shipping_slip_for(shipment: Shipment, order: DispatchOrder, *, code_url: str) -> dict[str, Any]:
    """What the shipment's slip says now, ready to be frozen. `code_url` is what its QR code opens."""
    case = order.case
    depot = calendars.depot(order.depot_id)
    lines = queries.sent_lines([shipment.id])[shipment.id]
    terms = settings.current()
    some_return = any(line.line.requested_part.return_required for line in lines)
    repaired = queries.repaired_units({line.line.unit_id for line in lines if line.line.unit_id is not None})
    packed_by = queries.name_of(shipment.packed_by_id) or None
    at_depot = Party(depot.name, depot.address, depot.attention, depot.phone)
    return shipping_slip.to_json(
        ShippingSlip(
            number=shipment.number,
            lines=tuple(
                _line(line, shipment.packages, line.line.unit_id in repaired, some_return=some_return) for line in lines
            ),
            depot=at_depot,
            consignee=Party(None, order.address, order.consignee, order.phone),
            customer=case.customer.name,
            site=order.site_name or None,
            second_contact=order.second_contact or None,
            rma_number=order.rma_number,
            case_number=case.number,
            contract=queries.contract_number(case) or None,
            issued_on=_local(shipment.packed_at, depot)[:10],
            carrier=shipment.carrier or None,
            waybill=shipment.waybill or None,
            method=_METHODS[order.method],
            promised_at=_local(shipment.due_at or order.due_at, depot)
            + (PROVISIONAL if order.promise_provisional and shipment.due_at is None else ""),
            dispatched_at=_local(shipment.dispatched_at, depot) if shipment.dispatched_at else None,
            packages=shipment.packages,
            gross_weight=kilograms(shipment.weight_grams) or None,
            return_required=some_return,
            return_within_days=terms.return_within_days,
            return_to=at_depot,
            overdue_clause=f"{terms.overdue_clause_zh} {terms.overdue_clause_en}".strip() or None,
            insured_value=_value(lines),
            prepared_by=packed_by,
            picked_by="、".join(queries.pickers(shipment, order, [line.line.line_no for line in lines])) or None,
            code_url=code_url,
        )
    )


def kilograms(grams: int | None) -> str:
    """`4.200 kg`; nothing when it was not weighed."""
    return "" if grams is None else f"{grams // 1000}.{grams % 1000:03d} kg"


def _value(lines: Sequence[SentLine]) -> str | None:
    """What the parcel is worth by the prices at its packing; nothing, to be written by hand, when one is not known or
    they are in several currencies."""
    currencies = {line.currency for line in lines}
    prices = [line.price_minor * line.quantity for line in lines if line.price_minor is not None]
    return money(sum(prices), *currencies) if len(prices) == len(lines) and len(currencies) == 1 else None


def _line(sent: SentLine, packages: int, is_repaired: bool, *, some_return: bool) -> ShippingLine:
    """`some_return`: whether the slip asks for anything; where it asks for nothing, no line has to say so."""
    substitute = sent.line.part_id != sent.line.requested_part_id
    reason = sent.line.substitution_reason
    return ShippingLine(
        part_number=sent.part.part_number,
        quantity=sent.quantity,
        description=" ".join(word for word in (sent.part.manufacturer, sent.part.description) if word),
        serial=sent.serial or None,
        carton="1" if packages == 1 else None,
        condition="repaired" if is_repaired else "good",
        nature="substitute" if substitute else "replacement",
        replaces_part=sent.faulty_part or None,
        replaces_serial=sent.line.faulty_serial or None,
        substitution_reason=_REASONS.get(reason, reason) or None if substitute else None,
        return_required=sent.line.requested_part.return_required or not some_return,
    )


def _local(at: datetime, depot: Depot) -> str:
    return at.astimezone(ZoneInfo(depot.time_zone)).strftime("%Y-%m-%d %H:%M")


def _draw_shipping_slip(data: dict[str, Any], copy_no: int) -> bytes:
    return shipping_slip.render(shipping_slip.from_json(data), copy_no=copy_no)


def _draw_shipping_slip_on(paper: Paper, data: dict[str, Any], copy_no: int) -> Foot:
    return shipping_slip.draw_on(paper, shipping_slip.from_json(data), copy_no)


draws(DocumentKind.SHIPPING_SLIP, _draw_shipping_slip, _draw_shipping_slip_on)
