"""The lists that people work through: exchanges by what blocks them, receipts to chase, returns by where they stand.

Whether a return is overdue is computed from its facts and the depot's calendar each time, never read from a column."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from spares.accounts.access import Actor
from spares.calendars import queries as calendars
from spares.cases.access import visible_cases
from spares.cases.models import CaseState, Customer, ServiceCase
from spares.db import session
from spares.dispatch.lifecycle import LineState, ShipmentState
from spares.dispatch.lost import is_unreplaced
from spares.dispatch.models import DispatchLine, DispatchOrder, Shipment, ShipmentLine
from spares.inventory.models import Part, Unit
from spares.numbers import NumberKind, key_of, scan_key
from spares.rma.counts import waits_for_inspection
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, Obligation, Rma
from spares.workdays import Calendar


class Block(StrEnum):
    """What an exchange waits for, in the order of the tabs."""

    UNCONFIRMED = "unconfirmed"
    OVERDUE = "overdue"
    DISCREPANCY = "discrepancy"
    BACK_ORDERED = "back_ordered"
    LOST = "lost"
    TO_INSPECT = "to_inspect"
    ALL = "all"


class ReturnTab(StrEnum):
    """Where a return stands, in the order of the tabs."""

    ON_ITS_WAY = "on_its_way"
    TO_INSPECT = "to_inspect"
    TO_PLACE = "to_place"
    OVERDUE = "overdue"
    TO_COME = "to_come"


TO_INSPECT = (ObligationState.RECEIVED, ObligationState.INSPECTED)


@dataclass
class Row:
    """One exchange of the list, with what is under way for it."""

    rma: Rma
    case: ServiceCase
    customer: Customer
    lines: list[DispatchLine] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)


@dataclass(frozen=True)
class Unconfirmed:
    """A shipment that the customer has not confirmed, and whom to ask."""

    shipment: Shipment
    order: DispatchOrder
    case: ServiceCase
    customer: Customer


def calendars_by_depot() -> dict[int, Calendar]:
    """The working days of every depot."""
    return {depot.id: calendars.depot_calendar(depot) for depot in calendars.depots()}


def is_overdue(now: datetime, by_depot: dict[int, Calendar]) -> ColumnElement[bool]:
    """A condition on obligations: overdue at the end of the depot's day. Unsent and due before the last working day; or
    on its way and sent late, of which there are few, so that those are judged one by one."""
    unsent = [
        and_(Obligation.depot_id == depot_id, Obligation.due_on < _last_working_day(calendar, now))
        for depot_id, calendar in by_depot.items()
    ]
    return or_(
        and_(Obligation.state == ObligationState.RUNNING, or_(*unsent)),
        Obligation.id.in_(_late_on_their_way(now, by_depot)),
    )


def exchanges(
    block: Block, actor: Actor, now: datetime, *, text: str = "", page: int, size: int
) -> tuple[list[Row], dict[Block, int]]:
    """A page of the exchanges that wait for this, and how many there are in each list, all within the filter."""
    overdue = is_overdue(now, calendars_by_depot())
    counts = {
        row[0]: row[1]
        for row in zip(
            Block,
            session.execute(
                select(*(_counted(_exchanges(one, overdue, actor, text)).scalar_subquery() for one in Block))
            ).one(),
            strict=True,
        )
    }
    query = (
        _exchanges(block, overdue, actor, text).with_only_columns(Rma, ServiceCase, Customer).order_by(*_order(block))
    )
    rows = [Row(*row) for row in session.execute(query.limit(size).offset((page - 1) * size))]
    _fill(rows)
    return rows, counts


def unconfirmed(actor: Actor, *, text: str = "", page: int, size: int) -> tuple[list[Unconfirmed], int]:
    """Dispatched and not confirmed, the oldest first; and how many there are."""
    query = (
        select(Shipment, DispatchOrder, ServiceCase, Customer)
        .join(DispatchOrder, DispatchOrder.id == Shipment.order_id)
        .join(ServiceCase, ServiceCase.id == DispatchOrder.case_id)
        .join(Customer, Customer.id == ServiceCase.customer_id)
        .where(Shipment.state == ShipmentState.DISPATCHED, visible_cases(actor))
    )
    if text:
        rma_id = key_of(NumberKind.RMA, text)
        query = query.where(
            or_(
                Shipment.waybill_key == scan_key(text),
                Customer.name.contains(text, autoescape=True),
                DispatchOrder.consignee.contains(text, autoescape=True),
                DispatchOrder.rma_id == (rma_id or 0),
            )
        )
    total = session.scalar(_counted(query)) or 0
    page_of = query.order_by(Shipment.dispatched_at, Shipment.id).limit(size).offset((page - 1) * size)
    return [Unconfirmed(*row) for row in session.execute(page_of)], total


def returns_in(
    tab: ReturnTab, actor: Actor, now: datetime, *, text: str = "", depot_id: int | None = None, page: int, size: int
) -> tuple[list[Obligation], dict[ReturnTab, int]]:
    """A page of the returns that stand there, of one depot or of all, the most pressing first; and how many stand where."""
    overdue = is_overdue(now, calendars_by_depot())
    wanted: dict[ReturnTab, ColumnElement[bool]] = {
        ReturnTab.ON_ITS_WAY: Obligation.state == ObligationState.IN_TRANSIT,
        ReturnTab.TO_INSPECT: waits_for_inspection(),
        ReturnTab.TO_PLACE: Obligation.state == ObligationState.INSPECTED,
        ReturnTab.OVERDUE: overdue,
        ReturnTab.TO_COME: Obligation.state == ObligationState.RUNNING,
    }
    base = select(Obligation.id).join(Obligation.case).join(Obligation.customer).join(Obligation.part)
    base = base.where(visible_cases(actor), *_about(text))
    if depot_id is not None:
        base = base.where(Obligation.depot_id == depot_id)
    counts = session.execute(select(*(_counted(base.where(wanted[one])).scalar_subquery() for one in ReturnTab))).one()
    first = Obligation.received_at if tab in {ReturnTab.TO_INSPECT, ReturnTab.TO_PLACE} else Obligation.due_on
    query = (
        base.with_only_columns(Obligation)
        .where(wanted[tab])
        .options(
            contains_eager(Obligation.case),
            contains_eager(Obligation.customer),
            contains_eager(Obligation.part),
            joinedload(Obligation.rma),
        )
        .order_by(first.is_(None), first, Obligation.id)
    )
    rows = session.scalars(query.limit(size).offset((page - 1) * size)).all()
    return list(rows), dict(zip(ReturnTab, counts, strict=True))


def discrepancies(actor: Actor, *, decided: bool, page: int, size: int) -> tuple[list[Discrepancy], int]:
    """The inbox of what came other than expected: undecided the oldest first, or decided the newest first."""
    query = (
        select(Discrepancy)
        .join(ServiceCase, ServiceCase.id == Discrepancy.case_id)
        .where(Discrepancy.resolved_at.is_not(None) if decided else Discrepancy.resolved_at.is_(None))
        .where(visible_cases(actor))
    )
    total = session.scalar(_counted(query)) or 0
    order = Discrepancy.id.desc() if decided else Discrepancy.id.asc()
    return list(session.scalars(query.order_by(order).limit(size).offset((page - 1) * size))), total


def _counted(query: Select[*tuple[object, ...]]) -> Select[int]:
    return select(func.count()).select_from(query.order_by(None).subquery())


def _exchanges(block: Block, overdue: ColumnElement[bool], actor: Actor, text: str) -> Select[int]:
    query = (
        select(Rma.id)
        .join(ServiceCase, ServiceCase.id == Rma.case_id)
        .join(Customer, Customer.id == ServiceCase.customer_id)
        .where(visible_cases(actor))
    )
    owed = select(Obligation.id).where(Obligation.rma_id == Rma.id).correlate(Rma)
    match block:
        case Block.UNCONFIRMED:
            sent = select(Shipment.id).join(DispatchOrder, DispatchOrder.id == Shipment.order_id)
            query = query.where(
                sent.where(DispatchOrder.rma_id == Rma.id, Shipment.state == ShipmentState.DISPATCHED)
                .correlate(Rma)
                .exists()
            )
        case Block.OVERDUE:
            query = query.where(owed.where(overdue).exists())
        case Block.DISCREPANCY:
            open_ones = owed.join(Discrepancy, Discrepancy.obligation_id == Obligation.id)
            query = query.where(open_ones.where(Discrepancy.resolved_at.is_(None)).exists())
        case Block.BACK_ORDERED:
            lines = select(DispatchLine.id).join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
            query = query.where(
                lines.where(DispatchOrder.rma_id == Rma.id, DispatchLine.state == LineState.BACK_ORDERED)
                .correlate(Rma)
                .exists()
            )
        case Block.LOST:
            lines = select(DispatchLine.id).join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
            gone = lines.where(DispatchOrder.rma_id == Rma.id, is_unreplaced()).correlate(Rma)
            query = query.where(ServiceCase.state == CaseState.OPEN, gone.exists())
        case Block.TO_INSPECT:
            here = or_(waits_for_inspection(), Obligation.state == ObligationState.INSPECTED)
            query = query.where(owed.where(here).exists())
    if text:
        query = query.where(_exchange_about(text))
    return query


def _exchange_about(text: str) -> ColumnElement[bool]:
    serial = select(Obligation.id).where(Obligation.rma_id == Rma.id, Obligation.serial_key == scan_key(text))
    case_id = key_of(NumberKind.CASE, text)
    return or_(
        Rma.id == (key_of(NumberKind.RMA, text) or 0),
        ServiceCase.id == (case_id or 0),
        ServiceCase.external_number == text.strip().upper(),
        Customer.name.contains(text, autoescape=True),
        Customer.code == text,
        serial.correlate(Rma).exists(),
    )


def _about(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    key = scan_key(text)
    return [
        or_(
            Obligation.rma_id == (key_of(NumberKind.RMA, text) or 0),
            Obligation.serial_key == key,
            Obligation.return_waybill_key == key,
            Part.part_number_key == key,
            Customer.name.contains(text, autoescape=True),
        )
    ]


def _order(block: Block) -> Sequence[ColumnElement[int]]:
    return (Rma.id.desc(),) if block is Block.ALL else (Rma.id.asc(),)


def _fill(rows: list[Row]) -> None:
    """Read what is under way for the page's exchanges: three statements, however many there are."""
    ids = [row.rma.id for row in rows]
    lines: dict[int, list[DispatchLine]] = defaultdict(list)
    shipments: dict[int, dict[int, Shipment]] = defaultdict(dict)
    legs = (
        select(DispatchOrder.rma_id, DispatchLine, Shipment)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .join(DispatchLine.part)
        .outerjoin(Unit, Unit.id == DispatchLine.unit_id)
        .outerjoin(ShipmentLine, ShipmentLine.line_id == DispatchLine.id)
        .outerjoin(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(DispatchOrder.rma_id.in_(ids))
        .options(contains_eager(DispatchLine.part), contains_eager(DispatchLine.unit))
        .order_by(DispatchLine.id, Shipment.id)
    )
    for rma_id, line, shipment in session.execute(legs):
        if line not in lines[rma_id]:
            lines[rma_id].append(line)
        if shipment is not None:
            shipments[rma_id][shipment.id] = shipment
    owed: dict[int, list[Obligation]] = defaultdict(list)
    for obligation in session.scalars(select(Obligation).where(Obligation.rma_id.in_(ids)).order_by(Obligation.id)):
        owed[obligation.rma_id].append(obligation)
    for row in rows:
        row.lines = lines[row.rma.id]
        row.shipments = list(shipments[row.rma.id].values())
        row.obligations = owed[row.rma.id]


def _last_working_day(calendar: Calendar, now: datetime) -> date:
    """The last depot working day up to and including today: what was due before it is overdue."""
    return calendar.add_working_days(calendar.next_working_day(calendar.local_day(now)), -1)


def _late_on_their_way(now: datetime, by_depot: dict[int, Calendar]) -> list[int]:
    """Obligations sent after their due day and not yet back; whether the days between were worked only the calendar
    can tell."""
    rows = session.execute(
        select(Obligation.id, Obligation.depot_id, Obligation.due_on, Obligation.posted_on).where(
            Obligation.state == ObligationState.IN_TRANSIT, Obligation.posted_on > Obligation.due_on
        )
    )
    return [
        key
        for key, depot_id, due_on, posted_on in rows
        if due_on is not None
        and posted_on is not None
        and by_depot[depot_id].working_days_between(due_on, posted_on) > 0
    ]
