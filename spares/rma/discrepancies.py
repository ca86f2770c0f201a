"""The discrepancy inbox: what came other than expected waits here for a decision with a reason."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.cases.models import ServiceCase
from spares.cases.timeline import lock_case, record
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.rma.arrivals import NOT_WHAT_IS_OWED
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.obligations import charge_accessories, charge_instead, charged, credit, lock_obligation
from spares.rma.reopening import turn_down
from spares.rma.returns import settle_empty
from spares.rma.standing import standing_of


class Resolution(StrEnum):
    """What was decided: taken as settling what is owed; not accepted, be it that it goes back or that nothing was in the
    box; or the customer pays. PUT_RIGHT: goods and books agree again."""

    ACCEPT = "accept"
    SEND_BACK = "send_back"
    STILL_OWED = "still_owed"
    CHARGE = "charge"
    PUT_RIGHT = "put_right"


RESOLUTIONS: dict[DiscrepancyKind, tuple[Resolution, ...]] = {
    DiscrepancyKind.OTHER_SERIAL: (Resolution.ACCEPT, Resolution.SEND_BACK, Resolution.CHARGE),
    DiscrepancyKind.OTHER_PART: (Resolution.ACCEPT, Resolution.SEND_BACK, Resolution.CHARGE),
    DiscrepancyKind.MISSING: (Resolution.STILL_OWED, Resolution.CHARGE, Resolution.ACCEPT),
    DiscrepancyKind.ACCESSORIES: (Resolution.ACCEPT, Resolution.CHARGE),
    DiscrepancyKind.SURPLUS: (Resolution.ACCEPT, Resolution.SEND_BACK),
    DiscrepancyKind.UNEXPECTED: (),
    DiscrepancyKind.ELSEWHERE: (),
}
"""What can be decided, the usual decision first. For the first three kinds ACCEPT ends the debt, CHARGE ends it for money,
and the others let it stand; accessories and a surplus leave it as it is. The last two have ways of their own:
`unexpected.place` and `put_right`."""


def resolutions(discrepancy: Discrepancy, obligation: Obligation) -> tuple[Resolution, ...]:
    """What can be decided about it. Some of the pieces cannot be charged by themselves: that is decided for the rest as a
    whole. Nor can what stands charged already: not accepted, that charge stands."""
    fitting = RESOLUTIONS[discrepancy.kind]
    if discrepancy.kind not in NOT_WHAT_IS_OWED:
        return fitting
    if obligation.came_for_id is not None or charged(obligation.id)[0]:
        return tuple(one for one in fitting if one is not Resolution.CHARGE)
    return fitting


def resolve(
    discrepancy_id: int,
    resolution: Resolution,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    amount_minor: int | None = None,
) -> Discrepancy:
    """Decide a discrepancy of an obligation, and let the debt and the money follow: what is not accepted is owed again by
    the same day; accepting what came, or an empty box, for what was charged before takes the charge back; charging books `amount_minor`.

    Raises Invalid without a reason, with an amount below 1 or for a decision that does not fit, Conflict when it was decided
    before, or when it belongs to no obligation (`unexpected.place` decides those)."""
    actor.must(Permission.OBLIGATION_DECIDE)
    reason = reason.strip()
    if not reason:
        raise Invalid("value_missing", field="reason")
    if amount_minor is not None and amount_minor < 1:
        raise Invalid("amount_out_of_range", field="amount")
    discrepancy, case = lock_discrepancy(discrepancy_id, actor)
    if discrepancy.obligation_id is None:
        raise Conflict("discrepancy_without_obligation")
    row, _ = lock_obligation(discrepancy.obligation_id, actor)
    if resolution not in resolutions(discrepancy, row):
        raise Invalid("decision_does_not_fit", field="resolution")
    close(discrepancy, case, resolution.value, reason=reason, actor=actor, now=now)
    decided: dict[str, Any] = {"reason": reason, "actor": actor, "now": now}
    if discrepancy.kind is DiscrepancyKind.ACCESSORIES:
        if resolution is Resolution.CHARGE:
            if amount_minor is None:
                raise Invalid("amount_missing", field="amount")
            charge_accessories(row, case, amount_minor, **decided)
    elif discrepancy.kind in NOT_WHAT_IS_OWED:
        if resolution is not Resolution.ACCEPT:
            obligation = turn_down(row, case, **decided)
            if resolution is Resolution.CHARGE:
                if amount_minor is None:
                    raise Invalid("amount_missing", field="amount")
                charge_instead(obligation, case, amount_minor, **decided)
        else:
            if discrepancy.kind is DiscrepancyKind.MISSING:
                settle_empty(row, case, **decided)
            if row.came_for_id is None:
                credit(row, case, **decided)
    return discrepancy


def put_right(discrepancy_id: int, *, reason: str, actor: Actor, now: datetime, gone: bool = False) -> Discrepancy:
    """The goods and the record that had them elsewhere agree again; `reason` says how. Nothing is posted: that was done
    where the record is kept, or the goods were carried to where the books have them.

    Raises Invalid without a reason; Conflict for another kind of discrepancy, when it was decided before, and while the
    unit is in a shipment under way, whose end posts all its lines, or in no depot by the books: what lies here is taken in
    first, unless the goods are `gone`."""
    actor.must(Permission.OBLIGATION_DECIDE)
    reason = reason.strip()
    if not reason:
        raise Invalid("value_missing", field="reason")
    discrepancy, case = lock_discrepancy(discrepancy_id, actor)
    if discrepancy.kind is not DiscrepancyKind.ELSEWHERE or discrepancy.unit_id is None:
        raise Conflict("decision_does_not_fit")
    known = standing_of(discrepancy.unit_id)
    if known is not None and known.under_way:
        raise Conflict("shipment_under_way", shipment=known.shipment, serial=known.unit.serial)
    if known is not None and not known.in_depot and not gone:
        raise Conflict("take_in_first", field="gone", serial=known.unit.serial)
    facts = {"gone": True} if known is not None and not known.in_depot else {}
    close(discrepancy, case, Resolution.PUT_RIGHT.value, reason=reason, actor=actor, now=now, facts=facts)
    return discrepancy


def lock_discrepancy(discrepancy_id: int, actor: Actor) -> tuple[Discrepancy, ServiceCase]:
    """The undecided discrepancy and its case, both locked and fresh. Raises NotFound; Conflict when it is decided."""
    case_id = session.scalar(select(Discrepancy.case_id).where(Discrepancy.id == discrepancy_id))
    if case_id is None:
        raise NotFound("not_found")
    case = lock_case(case_id, actor)
    discrepancy = session.get_one(Discrepancy, discrepancy_id, populate_existing=True)
    if discrepancy.resolved_at is not None:
        raise Conflict("discrepancy_resolved")
    return discrepancy, case


def close(
    discrepancy: Discrepancy,
    case: ServiceCase,
    decision: str,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Note the decision on a locked discrepancy and on its case, there with `facts` beside it."""
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
        **(facts or {}),
    )
    session.flush()
