"""The discrepancy inbox: what came other than expected waits here for a decision with a reason."""

from datetime import datetime
from enum import StrEnum

from spares.accounts.access import Actor, Permission
from spares.cases.timeline import lock_case, record
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.rma.models import Discrepancy


class Resolution(StrEnum):
    """What was decided: taken as settling what is owed, to go back to the customer, or the customer pays for it."""

    ACCEPT = "accept"
    SEND_BACK = "send_back"
    CHARGE = "charge"


def resolve(discrepancy_id: int, resolution: Resolution, *, reason: str, actor: Actor, now: datetime) -> Discrepancy:
    """Decide a discrepancy. Raises Invalid without a reason, Conflict when it was decided before."""
    actor.must(Permission.OBLIGATION_DECIDE)
    reason = reason.strip()
    if not reason:
        raise Invalid("value_missing", field="reason")
    found = session.get(Discrepancy, discrepancy_id)
    if found is None:
        raise NotFound("not_found")
    case = lock_case(found.case_id)
    discrepancy = session.get_one(Discrepancy, discrepancy_id, populate_existing=True)
    if discrepancy.resolved_at is not None:
        raise Conflict("discrepancy_resolved")
    discrepancy.resolved_at = now
    discrepancy.resolved_by_id = actor.id
    discrepancy.resolution = resolution.value
    discrepancy.resolution_reason = reason
    record(
        case,
        "discrepancy_resolved",
        actor=actor,
        now=now,
        kind=discrepancy.kind.value,
        resolution=resolution.value,
        expected=discrepancy.expected,
        found=discrepancy.found,
        reason=reason,
    )
    session.flush()
    return discrepancy
