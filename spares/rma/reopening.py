"""What came is not what is owed: the obligation stands again where it stood, and the goods go their way apart from it.

The history keeps the arrival, which does not move the due day: who sends another thing, or nothing, gains no time by it.
Only days that were closed or opened in the calendar meanwhile do, as they do for every return that is still owed."""

from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.numbers import NumberKind, number
from spares.rma import arrivals
from spares.rma.lifecycle import GIVEN_UP, ObligationState, obligation_after, owed_again, reopened
from spares.rma.lifecycle import ObligationVerb as Verb
from spares.rma.models import REOPENED, Discrepancy, Obligation, ObligationEvent
from spares.rma.obligations import charged, log_event, recount_return
from spares.rma.shelf import Inspection

HERE = frozenset({ObligationState.RECEIVED, ObligationState.INSPECTED, ObligationState.SETTLED})


def turn_down(row: Obligation, case: ServiceCase, *, reason: str, actor: Actor, now: datetime) -> Obligation:
    """What lies under this locked row is not what is owed; for an obligation, or for a row of some of its pieces.

    Returns the obligation, which is owed again, or given up as it was before."""
    if row.came_for_id is not None:
        obligation = session.get_one(Obligation, row.came_for_id, populate_existing=True)
        obligation.came_quantity -= row.quantity
        if obligation.state in HERE and not _disputed(obligation):
            _move_apart(obligation, now)
            obligation.came_quantity += obligation.received_quantity
            after = owed_again(obligation_after(obligation.state, Verb.REOPEN), started=_started(obligation))
            _stand_again(obligation, after)
    else:
        obligation = row
        after = reopened(row.state, given_up_as=_given_up_as(row), started=_started(row))
        goods = _move_apart(row, now)
        if goods is not None:  # to be sent back: nobody need look what is wrong with it
            goods.inspection = goods.inspection or Inspection.WRONG_ITEM.value
            goods.state = ObligationState.INSPECTED
        _stand_again(row, after)
    obligation.version += 1
    is_owed = obligation.state not in GIVEN_UP | HERE
    if is_owed:
        recount_return(obligation, case, actor=actor, now=now)
    kind = REOPENED if is_owed else "not_accepted"
    due = obligation.due_on.isoformat() if is_owed and obligation.due_on is not None else ""
    log_event(obligation, kind, actor=actor, now=now, reason=reason, came=obligation.came_quantity, due=due)
    if is_owed:
        record(
            case,
            "return_reopened",
            actor=actor,
            now=now,
            rma=number(NumberKind.RMA, obligation.rma_id),
            serial=obligation.serial,
            due=due,
            reason=reason,
        )
    session.flush()
    return obligation


def _started(obligation: Obligation) -> bool:
    return obligation.started_recorded_at is not None


def _disputed(obligation: Obligation) -> bool:
    """Whether it is still to be decided if what came for it is what is owed."""
    query = select(Discrepancy.id).where(
        Discrepancy.obligation_id == obligation.id,
        Discrepancy.resolved_at.is_(None),
        Discrepancy.kind.in_(arrivals.NOT_WHAT_IS_OWED),
    )
    return session.scalar(query.limit(1)) is not None


def _given_up_as(obligation: Obligation) -> ObligationState | None:
    """How the obligation had been given up before something came, if it had and has not been taken up again."""
    kinds = [state.value for state in GIVEN_UP]
    query = select(ObligationEvent.kind).where(
        ObligationEvent.obligation_id == obligation.id,
        ObligationEvent.kind.in_([*kinds, "credited", REOPENED, "started"]),
    )
    last_first = list(session.scalars(query.order_by(ObligationEvent.id.desc())))
    last = next((kind for kind in last_first if kind != "started"), None)
    if last in {None, REOPENED} or (last == "cancelled" and last_first[0] == "started"):
        return None  # dropped when its shipment was written off, and owed again since that arrived
    if last in {"charged", "credited"}:
        return ObligationState.CHARGED if charged(obligation.id)[0] else None
    return ObligationState(last)


def _move_apart(obligation: Obligation, now: datetime) -> Obligation | None:
    """Give what lies under the obligation a row of its own, as far on its way as it is; None for an empty box."""
    if obligation.received_part_id is None:
        return None
    part_id, serial, pieces = obligation.received_part_id, obligation.received_serial, obligation.received_quantity
    goods = arrivals.goods_row(obligation, part_id, serial, pieces, now)
    goods.state = obligation.state
    goods.received_at = obligation.received_at
    goods.received_part_id = part_id
    goods.received_unit_id = obligation.received_unit_id
    goods.received_serial = serial
    goods.received_quantity = pieces
    goods.inspection, goods.disposition = obligation.inspection, obligation.disposition
    session.flush()
    return goods


def _stand_again(obligation: Obligation, state: ObligationState) -> None:
    """As if nothing had come or been sent: what did stands in the events."""
    obligation.state = state
    if state not in GIVEN_UP:
        obligation.closed_recorded_at = None
    obligation.received_at = obligation.received_part_id = obligation.received_unit_id = None
    obligation.received_serial = obligation.inspection = obligation.disposition = ""
    obligation.received_quantity = 0
    not_on_its_way(obligation)


def not_on_its_way(obligation: Obligation) -> None:
    """The parcel that was announced has come, and what is still out has yet to be sent."""
    obligation.posted_on = obligation.posted_recorded_at = None
    obligation.return_carrier = obligation.return_waybill = obligation.return_waybill_key = ""
