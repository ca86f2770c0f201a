"""Reading exchanges: one with both its legs, and what a scanned text leads to."""

from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import unquote

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from spares.accounts.access import Actor
from spares.accounts.models import User
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.cases.access import must_see, visible_cases
from spares.cases.models import Customer, FaultConfirmation, ServiceCase
from spares.db import session
from spares.dispatch.models import DispatchLine, DispatchOrder, Document, DocumentKind, Shipment, ShipmentLine
from spares.errors import NotFound
from spares.inventory.models import Location, LocationKind, Part, Unit
from spares.numbers import NumberKind, key_of, scan_key
from spares.rma.lifecycle import RECEIVABLE, ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation, ObligationEvent, Rma
from spares.web import Hit

ReceivedPart = aliased(Part)
ShippedUnit = aliased(Unit)
RECEIVE_PATH = "/returns/receive/"


@dataclass(frozen=True)
class Outgoing:
    """One line of the outgoing leg, and the shipment it left in, where it has."""

    line: DispatchLine
    order: DispatchOrder
    shipment: Shipment | None


@dataclass(frozen=True)
class Incoming:
    """One obligation with the serial that went out for it, what came back, and what happened to it, oldest first."""

    obligation: Obligation
    shipped_serial: str
    received_part: Part | None
    events: list[tuple[ObligationEvent, str]]
    discrepancies: list[Discrepancy]

    @property
    def is_out(self) -> bool:
        """Whether the good part has left: before that nothing is asked for."""
        return self.obligation.dispatched_at is not None


@dataclass(frozen=True)
class Exchange:
    """An RMA whole."""

    rma: Rma
    case: ServiceCase
    customer: Customer
    confirmation: FaultConfirmation
    depot: Depot
    outgoing: list[Outgoing]
    incoming: list[Incoming]
    documents: list[Document]

    @property
    def shipments(self) -> list[Shipment]:
        """Each shipment once, oldest first."""
        found = {leg.shipment.id: leg.shipment for leg in self.outgoing if leg.shipment is not None}
        return [found[key] for key in sorted(found)]


def rma_id_of(text: str) -> int:
    """The key in an RMA number as typed. Raises NotFound for anything else."""
    key = key_of(NumberKind.RMA, text)
    if key is None:
        raise NotFound("not_found")
    return key


def exchange(rma_id: int, actor: Actor) -> Exchange:
    """The RMA with both legs. Raises NotFound, also when the person may not see its case."""
    row = session.execute(
        select(Rma, ServiceCase, Customer, FaultConfirmation)
        .join(ServiceCase, ServiceCase.id == Rma.case_id)
        .join(Customer, Customer.id == ServiceCase.customer_id)
        .join(FaultConfirmation, FaultConfirmation.id == Rma.confirmation_id)
        .where(Rma.id == rma_id)
    ).first()
    if row is None:
        raise NotFound("not_found")
    rma, case, customer, confirmation = row
    must_see(case, actor)
    outgoing = _outgoing(rma_id)
    documents = session.scalars(
        select(Document)
        .where(
            or_(
                (Document.kind == DocumentKind.RETURN_SLIP) & (Document.subject == rma.number),
                (Document.kind == DocumentKind.SHIPPING_SLIP)
                & Document.subject.in_([leg.shipment.number for leg in outgoing if leg.shipment]),
            )
        )
        .order_by(Document.id)
    ).all()
    depot = calendars.depot(outgoing[0].order.depot_id)
    return Exchange(rma, case, customer, confirmation, depot, outgoing, _incoming(rma_id), list(documents))


def _outgoing(rma_id: int) -> list[Outgoing]:
    requested = aliased(Part)
    rows = session.execute(
        select(DispatchLine, DispatchOrder, Shipment)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .join(DispatchLine.part)
        .join(DispatchLine.requested_part.of_type(requested))
        .outerjoin(DispatchLine.unit)
        .outerjoin(ShipmentLine, ShipmentLine.line_id == DispatchLine.id)
        .outerjoin(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(DispatchOrder.rma_id == rma_id)
        .options(
            contains_eager(DispatchLine.part),
            contains_eager(DispatchLine.requested_part.of_type(requested)),
            contains_eager(DispatchLine.unit),
        )
        .order_by(DispatchOrder.id, DispatchLine.line_no, Shipment.id)
    )
    newest = {line.id: Outgoing(line, order, shipment) for line, order, shipment in rows}
    return list(newest.values())


def _incoming(rma_id: int) -> list[Incoming]:
    rows = session.execute(_obligations().where(Obligation.rma_id == rma_id).order_by(Obligation.id)).all()
    ids = [obligation.id for obligation, *_ in rows]
    events: dict[int, list[tuple[ObligationEvent, str]]] = defaultdict(list)
    happened = (
        select(ObligationEvent, User.display_name)
        .outerjoin(User, User.id == ObligationEvent.actor_id)
        .where(ObligationEvent.obligation_id.in_(ids))
        .order_by(ObligationEvent.id)
    )
    for event, who in session.execute(happened):
        events[event.obligation_id].append((event, who or ""))
    found: dict[int | None, list[Discrepancy]] = defaultdict(list)
    for row in session.scalars(select(Discrepancy).where(Discrepancy.obligation_id.in_(ids)).order_by(Discrepancy.id)):
        found[row.obligation_id].append(row)
    return [
        Incoming(obligation, serial or "", part, events[obligation.id], found[obligation.id])
        for obligation, serial, part in rows
    ]


def _obligations() -> Select[Obligation, str | None, Part | None]:
    return (
        select(Obligation, ShippedUnit.serial, ReceivedPart)
        .join(Obligation.part)
        .outerjoin(ShippedUnit, ShippedUnit.id == Obligation.shipped_unit_id)
        .outerjoin(ReceivedPart, ReceivedPart.id == Obligation.received_part_id)
        .options(contains_eager(Obligation.part), joinedload(Obligation.rma))
    )


def obligation_of(obligation_id: int, actor: Actor) -> Obligation:
    """One obligation with its RMA, part and case. Raises NotFound, also when the person may not see the case."""
    found = session.scalars(
        select(Obligation)
        .where(Obligation.id == obligation_id)
        .options(
            joinedload(Obligation.part),
            joinedload(Obligation.rma),
            joinedload(Obligation.case),
            joinedload(Obligation.customer),
        )
    ).first()
    if found is None:
        raise NotFound("not_found")
    must_see(found.case, actor)
    return found


def shipment_of(shipment_id: int, actor: Actor) -> tuple[Shipment, DispatchOrder, ServiceCase, Customer]:
    """A shipment with its order, case and customer. Raises NotFound, also when the person may not see the case."""
    row = session.execute(
        select(Shipment, DispatchOrder, ServiceCase, Customer)
        .join(DispatchOrder, DispatchOrder.id == Shipment.order_id)
        .join(ServiceCase, ServiceCase.id == DispatchOrder.case_id)
        .join(Customer, Customer.id == ServiceCase.customer_id)
        .where(Shipment.id == shipment_id)
    ).first()
    if row is None:
        raise NotFound("not_found")
    must_see(row[2], actor)
    return row[0], row[1], row[2], row[3]


def shipped_items(shipment_id: int) -> list[tuple[str, str, str]]:
    """What is in the shipment: part number, serial, and the serial of the faulty unit it replaces."""
    rows = session.execute(
        select(Part.part_number, Unit.serial, DispatchLine.faulty_serial)
        .select_from(ShipmentLine)
        .join(DispatchLine, DispatchLine.id == ShipmentLine.line_id)
        .join(Part, Part.id == DispatchLine.part_id)
        .outerjoin(Unit, Unit.id == ShipmentLine.unit_id)
        .where(ShipmentLine.shipment_id == shipment_id)
        .order_by(DispatchLine.line_no)
    )
    return [(part, serial or "", faulty) for part, serial, faulty in rows]


def owes(shipment_id: int, *, was_lost: bool = False) -> bool:
    """Whether the receipt of the shipment starts the clock of any return; what was dropped with a lost one is owed again."""
    query = (
        select(Obligation.id)
        .join(ShipmentLine, ShipmentLine.line_id == Obligation.line_id)
        .where(
            ShipmentLine.shipment_id == shipment_id,
            Obligation.came_for_id.is_(None),
        )
    )
    if not was_lost:
        query = query.where(Obligation.state != ObligationState.CANCELLED)
    return session.scalar(query.limit(1)) is not None


def bins(depot_id: int, most: int = 500) -> list[Location]:
    """The depot's bins by code."""
    query = select(Location).where(Location.depot_id == depot_id, Location.kind == LocationKind.BIN)
    return list(session.scalars(query.order_by(Location.code).limit(most)))


def scanned(text: str) -> str:
    """The number in a scanned text: the QR code of a return slip holds the address of its receiving form."""
    _before, found, after = text.strip().rpartition(RECEIVE_PATH)
    return unquote(after.split("?")[0]).strip("/") if found else after


def expected(text: str, actor: Actor) -> list[Obligation]:
    """The obligations that a scanned RMA number, return slip, waybill or serial may be about, receivable ones first."""
    text = scanned(text)
    key = scan_key(text)
    if not key:
        return []
    rma_id = key_of(NumberKind.RMA, text)
    named = Obligation.rma_id == rma_id if rma_id is not None else Obligation.serial_key == key
    # Two look-ups rather than one with OR, so that each uses its index.
    found = {one.id: one for one in session.scalars(_seen(actor).where(named).limit(50))}
    if not found:
        found = {one.id: one for one in session.scalars(_seen(actor).where(Obligation.return_waybill_key == key))}
    if not found:
        unit = select(Unit.id).where(Unit.serial_key == key)
        came = _seen(actor).where(Obligation.shipped_unit_id.in_(unit))
        found = {one.id: one for one in session.scalars(came.limit(50))}
    return sorted(found.values(), key=lambda one: (one.state not in RECEIVABLE, one.id))


def _seen(actor: Actor) -> Select[Obligation]:
    return (
        select(Obligation)
        .join(Obligation.case)
        .join(Obligation.part)
        .where(visible_cases(actor))
        .options(contains_eager(Obligation.case), contains_eager(Obligation.part), joinedload(Obligation.rma))
        .order_by(Obligation.id)
    )


def find(text: str) -> list[Hit]:
    """What a text in the scan box leads to here: an RMA by its number, by the faulty serial expected back, or by the
    waybill of the return. The page that opens asks whether the person may see it."""
    text = scanned(text)
    key = scan_key(text)
    rma_id = key_of(NumberKind.RMA, text)
    if rma_id is not None:
        known = session.get(Rma, rma_id)
        return [_hit("rma", known.number, known)] if known is not None else []
    if not key:
        return []
    hits: dict[int, Hit] = {}
    for found_by, condition in (
        ("serial", Obligation.serial_key == key),
        ("waybill", Obligation.return_waybill_key == key),
    ):
        rows = session.execute(
            select(Rma, Obligation.serial, Obligation.return_waybill)
            .join(Rma, Rma.id == Obligation.rma_id)
            .where(condition)
            .order_by(Rma.id.desc())
            .limit(20)
        )
        for rma, serial, waybill in rows:
            label = serial if found_by == "serial" else waybill
            hits.setdefault(rma.id, _hit("obligation", f"{label} · {rma.number}", rma))
    return list(hits.values())


def _hit(kind: str, label: str, rma: Rma) -> Hit:
    return Hit(kind=kind, label=label, endpoint="rma_show", args={"number": rma.number})


def part_ids(text: str) -> list[int]:
    """The parts with that part number, by any manufacturer."""
    query = select(Part.id).where(Part.part_number_key == scan_key(text)).order_by(Part.id)
    return list(session.scalars(query))


def parts_of_serial(text: str) -> list[int]:
    """The parts of which a unit with that serial is known."""
    query = select(Unit.part_id).where(Unit.serial_key == scan_key(text)).order_by(Unit.part_id)
    return list(session.scalars(query))


def part(part_id: int) -> Part:
    """One part of the catalogue."""
    return session.get_one(Part, part_id)


def undecided(obligation_id: int) -> list[Discrepancy]:
    """The discrepancies of the goods of a return that nobody has decided yet; a unit that the books have elsewhere is
    none of them."""
    query = select(Discrepancy).where(
        Discrepancy.obligation_id == obligation_id,
        Discrepancy.resolved_at.is_(None),
        Discrepancy.kind != DiscrepancyKind.ELSEWHERE,
    )
    return list(session.scalars(query.order_by(Discrepancy.id)))


def case_id_of(text: str, actor: Actor) -> int | None:
    """The case with that number, ours or another system's, if the person may see it."""
    key = key_of(NumberKind.CASE, text)
    named = ServiceCase.external_number == text.strip() if key is None else ServiceCase.id == key
    return session.scalar(select(ServiceCase.id).where(named, visible_cases(actor)))


def customer_id_of(code: str) -> int | None:
    """The customer with that customer number."""
    return session.scalar(select(Customer.id).where(Customer.code == code.strip()))
