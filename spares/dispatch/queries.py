"""What the slice's pages read: orders, shipments, their papers, and what a scanned number names."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from spares.accounts.access import Actor
from spares.accounts.models import User
from spares.cases.access import must_see, visible_cases
from spares.cases.models import Contract, ServiceCase, TimelineEntry
from spares.db import session
from spares.dispatch.lifecycle import ShipmentState
from spares.dispatch.models import (
    DispatchLine,
    DispatchOrder,
    Document,
    DocumentPrint,
    PromiseChange,
    Shipment,
    ShipmentLine,
)
from spares.errors import NotFound
from spares.inventory.models import Condition, Location, Move, Part, Unit
from spares.numbers import NumberKind, key_of, parse, scan_key
from spares.web import Hit

REMEMBERED_CARRIERS = 12


@dataclass(frozen=True)
class SentLine:
    """A line of a shipment as it was packed, and the price of a piece in the catalogue then."""

    line: DispatchLine
    part: Part
    serial: str
    quantity: int
    faulty_part: str
    price_minor: int | None
    currency: str


@dataclass(frozen=True)
class Print:
    """One print of a paper and who made it."""

    copy_no: int
    printed_at: datetime
    by: str


@dataclass(frozen=True)
class Paper:
    """A frozen document with its prints, the newest first. `version` counts the documents of its subject from 1."""

    document: Document
    version: int
    prints: list[Print]


def order_key(text: str) -> int:
    """The key in a dispatch order's number. Raises NotFound for anything else."""
    return _key(NumberKind.DISPATCH_ORDER, text)


def shipment_key(text: str) -> int:
    """The key in a shipment's number. Raises NotFound for anything else."""
    return _key(NumberKind.SHIPMENT, text)


def shipment(shipment_id: int, actor: Actor) -> Shipment:
    """The shipment with its order, case, customer and site. Raises NotFound when there is none that `actor` may see."""
    query = (
        select(Shipment)
        .join(Shipment.order)
        .join(DispatchOrder.case)
        .join(ServiceCase.customer)
        .options(contains_eager(Shipment.order).contains_eager(DispatchOrder.case).contains_eager(ServiceCase.customer))
        .where(Shipment.id == shipment_id)
    )
    found = session.scalars(query).first()
    if found is None:
        raise NotFound("not_found")
    must_see(found.order.case, actor)
    return found


def sent_lines(shipment_ids: Sequence[int]) -> dict[int, list[SentLine]]:
    """The lines of these shipments, by shipment; one statement."""
    faulty = aliased(Part)
    query = (
        select(ShipmentLine, DispatchLine, Part, Unit.serial, faulty.part_number)
        .join(DispatchLine, DispatchLine.id == ShipmentLine.line_id)
        .join(Part, Part.id == DispatchLine.part_id)
        .outerjoin(Unit, Unit.id == ShipmentLine.unit_id)
        .outerjoin(faulty, faulty.id == DispatchLine.faulty_part_id)
        .where(ShipmentLine.shipment_id.in_(shipment_ids))
        .order_by(ShipmentLine.shipment_id, DispatchLine.line_no)
    )
    found: dict[int, list[SentLine]] = {key: [] for key in shipment_ids}
    for packed, line, part, serial, faulty_part in session.execute(query):
        sent = SentLine(
            line, part, serial or "", packed.quantity, faulty_part or "", packed.price_minor, packed.currency
        )
        found[packed.shipment_id].append(sent)
    return found


def shipments_of(order_id: int) -> list[Shipment]:
    """The order's shipments, oldest first."""
    return list(session.scalars(select(Shipment).where(Shipment.order_id == order_id).order_by(Shipment.id)))


def shipments(
    actor: Actor,
    *,
    text: str,
    state: ShipmentState | None,
    page: int,
    size: int,
    promise_met: bool | None = None,
    left_from: datetime | None = None,
    left_before: datetime | None = None,
) -> tuple[list[Shipment], bool]:
    """A page of the shipments that `actor` may see, newest first, and whether there are more. `text` is a waybill, or a
    number of the shipment, its order or its RMA; an unknown one finds nothing. The others narrow it to those that kept or
    missed their promise, and to those that left from one instant up to another."""
    query = (
        select(Shipment)
        .join(Shipment.order)
        .join(DispatchOrder.case)
        .join(ServiceCase.customer)
        .options(contains_eager(Shipment.order).contains_eager(DispatchOrder.case).contains_eager(ServiceCase.customer))
        .where(visible_cases(actor))
        .order_by(Shipment.id.desc())
        .offset((page - 1) * size)
        .limit(size + 1)
    )
    if state is not None:
        query = query.where(Shipment.state == state)
    if promise_met is not None:
        query = query.where(Shipment.promise_met == promise_met)
    if left_from is not None:
        query = query.where(Shipment.dispatched_at >= left_from)
    if left_before is not None:
        query = query.where(Shipment.dispatched_at < left_before)
    if text:
        named = parse(text)
        if named and named[0] is NumberKind.SHIPMENT:
            query = query.where(Shipment.id == named[1])
        elif named and named[0] is NumberKind.DISPATCH_ORDER:
            query = query.where(Shipment.order_id == named[1])
        elif named and named[0] is NumberKind.RMA:
            query = query.where(DispatchOrder.rma_id == named[1])
        else:
            query = query.where(Shipment.waybill_key == scan_key(text))
    found = list(session.scalars(query))
    return found[:size], len(found) > size


def carriers() -> list[str]:
    """The carriers of late, the last one first, to choose from while typing."""
    late = (
        select(Shipment.id, Shipment.carrier).where(Shipment.carrier != "").order_by(Shipment.id.desc()).limit(300)
    ).subquery()
    query = (
        select(late.c.carrier).group_by(late.c.carrier).order_by(func.max(late.c.id).desc()).limit(REMEMBERED_CARRIERS)
    )
    return list(session.scalars(query))


def promise_changes(order_id: int) -> list[tuple[PromiseChange, str]]:
    """Every change of the order's promise with who made it, oldest first; the name is empty for the system."""
    query = (
        select(PromiseChange, User.display_name)
        .outerjoin(User, User.id == PromiseChange.actor_id)
        .where(PromiseChange.order_id == order_id)
        .order_by(PromiseChange.id)
    )
    return [(change, name or "") for change, name in session.execute(query)]


def papers(subjects: Sequence[str]) -> list[Paper]:
    """The documents of these subjects (`SH-000042`, `RMA-000007`) with their prints, oldest first; one statement."""
    query = (
        select(Document, DocumentPrint, User.display_name)
        .outerjoin(DocumentPrint, DocumentPrint.document_id == Document.id)
        .outerjoin(User, User.id == DocumentPrint.printed_by_id)
        .where(Document.subject.in_(subjects))
        .order_by(Document.id, DocumentPrint.copy_no.desc())
    )
    found: dict[int, Paper] = {}
    counts: dict[tuple[str, str], int] = {}
    for document, made, by in session.execute(query):
        if document.id not in found:
            kind = (document.kind.value, document.subject)
            counts[kind] = counts.get(kind, 0) + 1
            found[document.id] = Paper(document, counts[kind], [])
        if made is not None:
            found[document.id].prints.append(Print(made.copy_no, made.printed_at, by or ""))
    return list(found.values())


def prints_by_kind(papers: Sequence[Paper]) -> dict[str, tuple[int, datetime]]:
    """How often each kind of paper was printed, all versions and copies together, and when last; only those printed."""
    made: dict[str, list[datetime]] = {}
    for paper in papers:
        made.setdefault(paper.document.kind.value, []).extend(one.printed_at for one in paper.prints)
    return {kind: (len(times), max(times)) for kind, times in made.items() if times}


def document_case(document: Document) -> ServiceCase:
    """The case that a document belongs to, for asking who may see it. Raises NotFound."""
    named = parse(document.subject)
    query = select(ServiceCase).join(DispatchOrder, DispatchOrder.case_id == ServiceCase.id)
    if named and named[0] is NumberKind.SHIPMENT:
        query = query.join(Shipment, Shipment.order_id == DispatchOrder.id).where(Shipment.id == named[1])
    elif named and named[0] is NumberKind.RMA:
        query = query.where(DispatchOrder.rma_id == named[1])
    else:
        raise NotFound("not_found")
    case = session.scalars(query.limit(1)).first()
    if case is None:
        raise NotFound("not_found")
    return case


def contract_number(case: ServiceCase) -> str:
    """The number of the case's contract, or nothing."""
    if case.contract_id is None:
        return ""
    return session.scalar(select(Contract.number).where(Contract.id == case.contract_id)) or ""


def pickers(shipment: Shipment, order: DispatchOrder, line_numbers: Collection[int]) -> list[str]:
    """Who picked these lines of the order last before they were packed, each once; the system has no name."""
    query = (
        select(TimelineEntry.data, User.display_name)
        .outerjoin(User, User.id == TimelineEntry.actor_id)
        .where(
            TimelineEntry.case_id == order.case_id,
            TimelineEntry.kind == "picked",
            TimelineEntry.recorded_at <= shipment.packed_at,
        )
        .order_by(TimelineEntry.sequence)
    )
    last = {data["line"]: name for data, name in session.execute(query) if data["order"] == order.number}
    return list(dict.fromkeys(last[line] for line in sorted(line_numbers) if last.get(line)))


def repaired_units(unit_ids: Collection[int]) -> set[int]:
    """Those of the units that have ever come out of repair."""
    query = select(Move.unit_id).where(Move.unit_id.in_(unit_ids), Move.from_condition == Condition.IN_REPAIR)
    return {unit_id for unit_id in session.scalars(query) if unit_id is not None}


def name_of(user_id: int | None) -> str:
    """How a person is called on paper; nothing for the system."""
    return "" if user_id is None else session.scalar(select(User.display_name).where(User.id == user_id)) or ""


def bin_named(text: str, depot_id: int) -> str:
    """The code of the depot's place that was scanned instead of a serial, or nothing."""
    query = select(Location.code).where(Location.depot_id == depot_id, Location.code_key == scan_key(text))
    return session.scalar(query.limit(1)) or ""


def find(text: str) -> list[Hit]:
    """What a scanned or typed text names here: an order's or shipment's number, or a waybill (newest first)."""
    key = key_of(NumberKind.DISPATCH_ORDER, text)
    if key is not None:
        order = session.get(DispatchOrder, key)
        return [] if order is None else [Hit("dispatch_order", order.number, "order_show", {"number": order.number})]
    key = key_of(NumberKind.SHIPMENT, text)
    if key is not None:
        known = session.get(Shipment, key)
        return [] if known is None else [_shipment_hit(known)]
    waybill = scan_key(text)
    if not waybill:
        return []
    query = select(Shipment).where(Shipment.waybill_key == waybill).order_by(Shipment.id.desc()).limit(20)
    return [_shipment_hit(found) for found in session.scalars(query)]


def order_with_case(order_id: int, actor: Actor) -> DispatchOrder:
    """The order with its case and customer. Raises NotFound when there is none that `actor` may see."""
    query = (
        select(DispatchOrder)
        .where(DispatchOrder.id == order_id)
        .options(joinedload(DispatchOrder.case).joinedload(ServiceCase.customer))
    )
    order = session.scalars(query).first()
    if order is None:
        raise NotFound("not_found")
    must_see(order.case, actor)
    return order


def _shipment_hit(found: Shipment) -> Hit:
    return Hit("shipment", found.number, "shipment_show", {"number": found.number})


def _key(kind: NumberKind, text: str) -> int:
    key = key_of(kind, text)
    if key is None:
        raise NotFound("not_found")
    return key
