"""Overdue returns as of a day, computed from facts with what was known at the end of that day.

Asked again later for the same day the answer is the same: a receipt, a posting day, an extension, a closed or opened day
that was recorded after that day does not change it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from spares.calendars.queries import depot_calendar, depots
from spares.cases.models import Customer, ServiceCase
from spares.db import session
from spares.dispatch.models import DispatchLine
from spares.inventory.models import Part, Unit
from spares.numbers import NumberKind, number
from spares.rma.deadlines import AgeingBucket, ReturnState, ageing_bucket, overdue
from spares.rma.lifecycle import OWED
from spares.rma.models import CLOSING, REOPENED, WAY, Obligation, ObligationEvent
from spares.workdays import Calendar


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What of the report is shown; None shows all."""

    customer_id: int | None = None
    depot_id: int | None = None
    bucket: AgeingBucket | None = None
    state: ReturnState | None = None


@dataclass(frozen=True, kw_only=True)
class OverdueLine:
    """One faulty part that should have been sent back. `price_minor` is the price at dispatch of what was sent for it."""

    obligation_id: int
    case_id: int
    case_number: str
    rma_number: str
    depot_id: int
    customer_id: int
    customer: str
    part_number: str
    description: str
    faulty_serial: str
    shipped_part_number: str
    shipped_serial: str
    shipped_on: date
    received_on: date
    due_on: date
    first_due_on: date
    provisional: bool  # a day counted to the due day lies in a year without a published notice, as was known then
    days_overdue: int
    bucket: AgeingBucket
    state: ReturnState
    quantity: int
    price_minor: int | None
    currency: str


@dataclass
class Sum:
    """How many lines, and what they are worth, by currency; lines without a price are counted apart."""

    lines: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    without_price: int = 0

    def add(self, line: OverdueLine) -> None:
        """Count the line in."""
        self.lines += 1
        if line.price_minor is None:
            self.without_price += 1
        else:
            self.amounts[line.currency] = self.amounts.get(line.currency, 0) + line.price_minor * line.quantity


@dataclass(frozen=True)
class OverdueReport:
    """The lines, most overdue first, with their sums. The exports draw exactly this, so they agree with the screen.

    `filters` are those in force, and `overdue` counts the lines before them. `customers` are the names, by key, of all who
    had something overdue, whatever the filters, and of the one that was asked for; `depots` those of every depot."""

    as_of: date
    lines: Sequence[OverdueLine]
    total: Sum
    by_bucket: dict[AgeingBucket, Sum]
    by_customer: dict[tuple[int, str], Sum]
    filters: Filters
    overdue: int
    customers: dict[int, str]
    depots: dict[int, str]

    @property
    def filtered(self) -> bool:
        """Whether this may be less than the whole report."""
        return self.filters != Filters()


def overdue_as_of(day: date, filters: Filters = Filters(), *, now: datetime) -> OverdueReport:
    """The report for a depot-local day, the past included; `now` decides whether the day is over for what was known.

    A customer or a depot that there is not filters nothing."""
    found: list[OverdueLine] = []
    for depot in depots():
        calendar = depot_calendar(depot)
        known_at = _end_of(day, calendar)
        past = known_at < now
        if past:
            calendar = depot_calendar(depot, known_at=known_at)
            known_at = _end_of(day, calendar)
        found += _lines(_owed(depot.id, day, known_at, past=past), day, calendar)
    found.sort(key=lambda line: (-line.days_overdue, line.customer, line.obligation_id))
    return _summed(day, found, filters)


def _end_of(day: date, calendar: Calendar) -> datetime:
    return calendar.at(day + timedelta(days=1), time(0)) - timedelta(microseconds=1)


T = TypeVar("T")
_COLUMNS = (
    "id",
    "case_id",
    "rma_id",
    "depot_id",
    "customer_id",
    "serial",
    "dispatched_at",
    "created_at",
    "good_received_on",
    "first_due_on",
    "quantity",
    "price_minor",
    "currency",
)
"""What the report reads of an obligation as it is. Columns, not whole records: loading those took most of the page's time."""


def _owed(depot_id: int, day: date, known_at: datetime, *, past: bool) -> Sequence[Any]:
    """What was owed at that instant and due before `day`, with the due day in force then."""
    shipped = aliased(Part)
    due_on = _due_then(known_at) if past else Obligation.due_on
    query = (
        select(
            *(getattr(Obligation, name) for name in _COLUMNS),
            due_on.label("due_on"),
            ServiceCase.external_number,
            Customer.name.label("customer"),
            Part.part_number,
            Part.description,
            shipped.part_number.label("shipped_part_number"),
            Unit.serial.label("shipped_serial"),
        )
        .join(ServiceCase, ServiceCase.id == Obligation.case_id)
        .join(Customer, Customer.id == Obligation.customer_id)
        .join(Part, Part.id == Obligation.part_id)
        .join(DispatchLine, DispatchLine.id == Obligation.line_id)
        .join(shipped, shipped.id == DispatchLine.part_id)
        .outerjoin(Unit, Unit.id == Obligation.shipped_unit_id)
        .where(Obligation.depot_id == depot_id, due_on < day)
    )
    if past:
        way = aliased(ObligationEvent)
        query = query.add_columns(way.kind, way.facts).outerjoin(
            way, way.id == _last(ObligationEvent.id, WAY, known_at)
        )
        query = query.where(Obligation.started_recorded_at <= known_at, _open_then(known_at))
    else:
        query = query.add_columns(Obligation.posted_on, Obligation.came_quantity).where(Obligation.state.in_(OWED))
    return session.execute(query).all()


def _open_then(known_at: datetime) -> ColumnElement[bool]:
    """Whether something was owed at that instant. What is closed now and was so by then has been so since; what is not, or
    was not yet, its events tell: it may have been closed then and reopened later."""
    not_closed_since = or_(Obligation.closed_recorded_at.is_(None), Obligation.closed_recorded_at > known_at)
    last_turn = _last(ObligationEvent.kind, (*CLOSING, REOPENED), known_at)
    return and_(not_closed_since, func.coalesce(last_turn, REOPENED) == REOPENED)


def _last(column: InstrumentedAttribute[T], kinds: Sequence[str], known_at: datetime) -> ScalarSelect[T]:
    """A column of the last event of these kinds that was recorded by that instant."""
    return (
        select(column)
        .where(
            ObligationEvent.obligation_id == Obligation.id,
            ObligationEvent.kind.in_(kinds),
            ObligationEvent.recorded_at <= known_at,
        )
        .order_by(ObligationEvent.id.desc())
        .limit(1)
        .correlate(Obligation)
        .scalar_subquery()
    )


def _on_its_way(owed: Any) -> tuple[date | None, int]:
    """The posting day of the parcel on its way, and the pieces that had come: as they are, or as the last event told."""
    if hasattr(owed, "posted_on"):
        return owed.posted_on, owed.came_quantity
    facts = owed.facts or {}
    return date.fromisoformat(facts["posted_on"]) if owed.kind == "sent" else None, facts.get("came", 0)


def _due_then(known_at: datetime) -> ColumnElement[date]:
    """The due day in force at that instant: that of the last change recorded by then, else the first one."""
    changed = (
        select(ObligationEvent.new_due_on)
        .where(
            ObligationEvent.obligation_id == Obligation.id,
            ObligationEvent.new_due_on.is_not(None),
            ObligationEvent.recorded_at <= known_at,
        )
        .order_by(ObligationEvent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(changed, Obligation.first_due_on)


def _lines(rows: Iterable[Any], day: date, calendar: Calendar) -> Iterable[OverdueLine]:
    for owed in rows:
        sent_on, came = _on_its_way(owed)
        standing = overdue(owed.due_on, day, calendar, sent_on=sent_on)
        if not standing.is_overdue or owed.good_received_on is None or owed.first_due_on is None:
            continue
        yield OverdueLine(
            obligation_id=owed.id,
            case_id=owed.case_id,
            case_number=owed.external_number or number(NumberKind.CASE, owed.case_id),
            rma_number=number(NumberKind.RMA, owed.rma_id),
            depot_id=owed.depot_id,
            customer_id=owed.customer_id,
            customer=owed.customer,
            part_number=owed.part_number,
            description=owed.description,
            faulty_serial=owed.serial,
            shipped_part_number=owed.shipped_part_number,
            shipped_serial=owed.shipped_serial or "",
            shipped_on=calendar.local_day(owed.dispatched_at or owed.created_at),
            received_on=owed.good_received_on,
            due_on=owed.due_on,
            first_due_on=owed.first_due_on,
            provisional=calendar.is_provisional(owed.good_received_on, owed.due_on),
            days_overdue=standing.days_overdue,
            bucket=ageing_bucket(standing.days_overdue),
            state=standing.state,
            quantity=owed.quantity - came,
            price_minor=owed.price_minor,
            currency=owed.currency,
        )


def _wanted(line: OverdueLine, filters: Filters) -> bool:
    return (
        filters.customer_id in {None, line.customer_id}
        and filters.depot_id in {None, line.depot_id}
        and filters.bucket in {None, line.bucket}
        and filters.state in {None, line.state}
    )


def _customers(found: Sequence[OverdueLine], asked: int | None) -> dict[int, str]:
    names = {line.customer_id: line.customer for line in found}
    if asked is not None and asked not in names:
        customer = session.get(Customer, asked)
        names |= {customer.id: customer.name} if customer is not None else {}
    return dict(sorted(names.items(), key=lambda item: (item[1], item[0])))


def _summed(day: date, found: Sequence[OverdueLine], filters: Filters) -> OverdueReport:
    customers = _customers(found, filters.customer_id)
    depot_names = {depot.id: depot.name for depot in depots()}
    filters = replace(
        filters,
        customer_id=filters.customer_id if filters.customer_id in customers else None,
        depot_id=filters.depot_id if filters.depot_id in depot_names else None,
    )
    lines = [line for line in found if _wanted(line, filters)]
    total = Sum()
    by_bucket: dict[AgeingBucket, Sum] = {bucket: Sum() for bucket in AgeingBucket}
    by_customer: dict[tuple[int, str], Sum] = defaultdict(Sum)
    for line in lines:
        total.add(line)
        by_bucket[line.bucket].add(line)
        by_customer[line.customer_id, line.customer].add(line)
    ordered = dict(sorted(by_customer.items(), key=lambda item: (-item[1].lines, item[0][1], item[0][0])))
    return OverdueReport(day, lines, total, by_bucket, ordered, filters, len(found), customers, depot_names)
