"""Reading discrepancies: each with what it belongs to, and what was done with the goods."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from spares.accounts.access import Actor
from spares.accounts.models import User
from spares.cases.access import must_see
from spares.cases.models import Customer, ServiceCase
from spares.db import session
from spares.errors import NotFound
from spares.inventory.models import Location, Move, Posting
from spares.numbers import NumberKind, number
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation, ObligationEvent
from spares.rma.obligations import charged


@dataclass(frozen=True)
class DiscrepancyRecord:
    """A discrepancy with what it belongs to; no obligation for an unexpected arrival."""

    discrepancy: Discrepancy
    case: ServiceCase
    customer: Customer
    obligation: Obligation | None
    found_by: str
    decided_by: str

    @property
    def rma_number(self) -> str:
        """The exchange's number; empty for an unexpected arrival."""
        return number(NumberKind.RMA, self.obligation.rma_id) if self.obligation is not None else ""


@dataclass(frozen=True)
class ChargeStanding:
    """What the customer stands charged with instead of a return, in minor units; `charged_at` is the last such charge."""

    amount: int
    currency: str
    charged_at: datetime


def charge_standing(obligation: Obligation) -> ChargeStanding | None:
    """The charge that stands for an obligation; None when there is none or it was credited, and for a row of goods."""
    amount, currency = charged(obligation.id)
    if not amount:
        return None
    query = select(func.max(ObligationEvent.occurred_at)).where(
        ObligationEvent.obligation_id == obligation.id, ObligationEvent.kind == "charged"
    )
    return ChargeStanding(amount, currency, session.scalars(query).one())


def with_records(rows: list[Discrepancy]) -> list[DiscrepancyRecord]:
    """The discrepancies in their order, each with what it belongs to; one statement."""
    found = session.execute(_records().where(Discrepancy.id.in_([row.id for row in rows])))
    by_id = {row[0].id: DiscrepancyRecord(row[0], row[1], row[2], row[3], row[4] or "", row[5] or "") for row in found}
    return [by_id[row.id] for row in rows]


def discrepancy_of(discrepancy_id: int, actor: Actor) -> DiscrepancyRecord:
    """One discrepancy. Raises NotFound, also when the person may not see its case."""
    row = session.execute(_records().where(Discrepancy.id == discrepancy_id)).first()
    if row is None:
        raise NotFound("not_found")
    must_see(row[1], actor)
    return DiscrepancyRecord(row[0], row[1], row[2], row[3], row[4] or "", row[5] or "")


def _records() -> Select[Discrepancy, ServiceCase, Customer, Obligation | None, str | None, str | None]:
    decider = aliased(User)
    return (
        select(Discrepancy, ServiceCase, Customer, Obligation, User.display_name, decider.display_name)
        .join(ServiceCase, ServiceCase.id == Discrepancy.case_id)
        .join(Customer, Customer.id == ServiceCase.customer_id)
        .outerjoin(Obligation, Obligation.id == Discrepancy.obligation_id)
        .outerjoin(User, User.id == Discrepancy.found_by_id)
        .outerjoin(decider, decider.id == Discrepancy.resolved_by_id)
    )


def open_elsewhere(unit_id: int) -> Discrepancy | None:
    """The undecided discrepancy which says already that the books have this unit elsewhere."""
    query = select(Discrepancy).where(
        Discrepancy.unit_id == unit_id,
        Discrepancy.kind == DiscrepancyKind.ELSEWHERE,
        Discrepancy.resolved_at.is_(None),
    )
    return session.scalars(query.order_by(Discrepancy.id).limit(1)).first()


def depot_of_arrival(discrepancy_id: int) -> int | None:
    """The depot that took in the unexpected arrival."""
    return session.scalar(
        select(Location.depot_id)
        .join(Move, Move.to_location_id == Location.id)
        .join(Posting, Posting.id == Move.posting_id)
        .where(Posting.request_key == f"unexpected:{discrepancy_id}")
    )


def way_back(discrepancy_id: int) -> str:
    """With whom and under which waybill an unexpected arrival was sent back; empty when it was not."""
    query = select(Posting.reason).where(Posting.request_key == f"unexpected:{discrepancy_id}:dispose")
    return session.scalar(query) or ""


def case_number(discrepancy: Discrepancy) -> str:
    """The number of the case that a discrepancy is recorded on."""
    return session.get_one(ServiceCase, discrepancy.case_id).number
