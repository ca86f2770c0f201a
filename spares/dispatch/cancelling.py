"""Cancelling what has not left yet: its stock, and what was kept for it, serve others in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.cases.timeline import record
from spares.db import session
from spares.dispatch.lifecycle import OPEN_LINES, LineState, LineVerb, ShipmentState, line_after
from spares.dispatch.models import DispatchLine, Shipment, ShipmentLine
from spares.dispatch.orders import lines_of, lock_order, needed, note_moved, refresh_open
from spares.dispatch.shipping import void_packing
from spares.errors import Conflict
from spares.inventory import ledger


def cancel_lines(
    order_id: int, *, reason: str, actor: Actor, now: datetime, line_ids: Sequence[int] | None = None
) -> list[DispatchLine]:
    """Cancel lines (all that are still open when none are named) and free their stock; returns them.

    A packed shipment with such a line is opened again, so its other lines are picked and to be packed anew. Raises
    Invalid without a reason; Conflict when there is nothing to cancel or a named line has left already."""
    actor.must(Permission.REQUEST_CANCEL)
    reason = needed(reason, "reason")
    order, case = lock_order(order_id, actor)
    lines = lines_of(order)
    chosen = [line for line in lines if (line.id in line_ids if line_ids is not None else line.state in OPEN_LINES)]
    if not chosen:
        raise Conflict("nothing_to_cancel", number=order.number)
    packed = [line.id for line in chosen if line.state is LineState.PACKED]
    if packed:
        query = (
            select(Shipment)
            .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
            .where(ShipmentLine.line_id.in_(packed), Shipment.state == ShipmentState.PACKED)
            .distinct()
            .order_by(Shipment.id)
        )
        for shipment in session.scalars(query.execution_options(populate_existing=True)).all():
            void_packing(shipment, order, case, reason=reason, actor=actor, now=now)
    holds = ledger.open_holds([line.id for line in chosen])
    waited = {line.requested_part_id for line in chosen if line.state is LineState.BACK_ORDERED}
    if waited:
        ledger.lock_families(waited | {hold.part_id for hold in holds})
        note_moved(waited, now)
    for line in chosen:
        line.state, line.unit_id = line_after(line.state, LineVerb.CANCEL), None
    ledger.release(holds, actor=actor, now=now, reason=reason)
    refresh_open(order, lines)
    record(
        case,
        "lines_cancelled",
        actor=actor,
        now=now,
        order=order.number,
        rma=order.rma_number,
        lines=[line.line_no for line in chosen],
        reason=reason,
    )
    session.flush()
    return chosen
