"""The discrepancy inbox: what came other than expected waits here for a decision with a reason."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.cases.models import ServiceCase
from spares.cases.timeline import lock_case, record
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.rma.models import Discrepancy, DiscrepancyKind
from spares.rma.obligations import charge_for, charged, credit, lock_obligation

ANOTHER_THING = frozenset({DiscrepancyKind.OTHER_PART, DiscrepancyKind.OTHER_SERIAL})


class Resolution(StrEnum):
    """What was decided: taken as settling what is owed, to go back to the customer, or the customer pays for it."""

    ACCEPT = "accept"
    SEND_BACK = "send_back"
    CHARGE = "charge"


def resolve(
    discrepancy_id: int,
    resolution: Resolution,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    amount_minor: int | None = None,
) -> Discrepancy:
    """Decide a discrepancy of an obligation, and let the money follow: accepting another thing for what was charged
    before takes the charge back; charging books `amount_minor` (left out: the price at dispatch of all pieces) unless a charge stands.

    Raises Invalid without a reason or with an amount below 1, Conflict when it was decided before, when no price is
    known, or when it belongs to no obligation (`unexpected.place` decides those)."""
    actor.must(Permission.OBLIGATION_DECIDE)
    reason = reason.strip()
    if not reason:
        raise Invalid("value_missing", field="reason")
    if amount_minor is not None and amount_minor < 1:
        raise Invalid("amount_out_of_range", field="amount")
    discrepancy, case = lock_discrepancy(discrepancy_id)
    if discrepancy.obligation_id is None:
        raise Conflict("discrepancy_without_obligation")
    obligation, _ = lock_obligation(discrepancy.obligation_id)
    standing, _ = charged(obligation.id)
    if resolution is Resolution.CHARGE and not standing:
        accessories = discrepancy.kind is DiscrepancyKind.ACCESSORIES
        amount = amount_minor if amount_minor or accessories else obligation.worth_minor
        if amount is None:
            raise Invalid("amount_missing", field="amount")
        charge_for(obligation, case, amount, reason=reason, actor=actor, now=now)
    if resolution is Resolution.ACCEPT and discrepancy.kind in ANOTHER_THING:
        credit(obligation, case, reason=reason, actor=actor, now=now)
    close(discrepancy, case, resolution.value, reason=reason, actor=actor, now=now)
    return discrepancy


def lock_discrepancy(discrepancy_id: int) -> tuple[Discrepancy, ServiceCase]:
    """The undecided discrepancy and its case, both locked and fresh. Raises NotFound; Conflict when it is decided."""
    case_id = session.scalar(select(Discrepancy.case_id).where(Discrepancy.id == discrepancy_id))
    if case_id is None:
        raise NotFound("not_found")
    case = lock_case(case_id)
    discrepancy = session.get_one(Discrepancy, discrepancy_id, populate_existing=True)
    if discrepancy.resolved_at is not None:
        raise Conflict("discrepancy_resolved")
    return discrepancy, case


def close(
    discrepancy: Discrepancy, case: ServiceCase, decision: str, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Note the decision on a locked discrepancy and on its case."""
    discrepancy.resolved_at = now
    discrepancy.resolved_by_id = actor.id
    discrepancy.resolution = decision
    discrepancy.resolution_reason = reason
    record(
        case,
        "discrepancy_resolved",
        actor=actor,
        now=now,
        kind=discrepancy.kind.value,
        resolution=decision,
        expected=discrepancy.expected,
        found=discrepancy.found,
        reason=reason,
    )
    session.flush()
