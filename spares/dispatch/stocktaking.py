"""What a stocktake asks of the orders: which goods are in a box already, and other stock for a line whose stock is gone."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.cases.models import ServiceCase, TimelineEntry
from spares.cases.timeline import record
from spares.db import session
from spares.dispatch.lifecycle import LineState, LineVerb, line_after
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.orders import line_of, lock_order
from spares.dispatch.waiting import reserve_again
from spares.inventory.availability import family
from spares.inventory.models import Hold, Part, Unit
from spares.numbers import scan_key

BOXED = frozenset(LineState) - {LineState.BACK_ORDERED, LineState.RESERVED, LineState.CANCELLED}
"""In a box, or gone in it: a hold may have been read a moment before its shipment left."""


def picked(line_ids: Collection[int]) -> set[int]:
    """Those of the lines whose goods are picked or packed."""
    query = select(DispatchLine.id).where(DispatchLine.id.in_(line_ids), DispatchLine.state.in_(BOXED))
    return set(session.scalars(query))


def handled(line_ids: Collection[int]) -> dict[tuple[int, str], tuple[datetime, bool]]:
    """By line and folded serial, from the cases' timelines: when the unit was last put into the line's box or taken out
    of it again, and whether it was put in. Two statements."""
    query = (
        select(DispatchLine.id, DispatchLine.line_no, DispatchOrder)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .where(DispatchLine.id.in_(line_ids))
    )
    lines = {(order.number, line_no): (line_id, order.case_id) for line_id, line_no, order in session.execute(query)}
    entries = select(TimelineEntry).where(
        TimelineEntry.case_id.in_({case_id for _line, case_id in lines.values()}),
        TimelineEntry.kind.in_(["picked", "put_back"]),
    )
    found: dict[tuple[int, str], tuple[datetime, bool]] = {}
    for entry in session.scalars(entries.order_by(TimelineEntry.id)):
        line_id, _case = lines.get((entry.data["order"], entry.data["line"]), (0, 0))
        if line_id and entry.data["serial"]:
            found[line_id, scan_key(entry.data["serial"])] = entry.occurred_at, entry.kind == "picked"
    return found


def lock(line_ids: Collection[int]) -> set[int]:
    """Lock the cases and orders of the lines, cases in key order; the parts that other stock for them may be of."""
    query = (
        select(ServiceCase.id)
        .join(DispatchOrder, DispatchOrder.case_id == ServiceCase.id)
        .join(DispatchLine, DispatchLine.order_id == DispatchOrder.id)
        .where(DispatchLine.id.in_(line_ids))
    )
    cases = sorted(set(session.scalars(query)))
    locked = select(ServiceCase.id).where(ServiceCase.id.in_(cases)).order_by(ServiceCase.id)
    session.execute(locked.with_for_update(key_share=True)).all()
    wanted = select(DispatchLine.requested_part_id).where(DispatchLine.id.in_(line_ids))
    return set(session.scalars(family(session.scalars(wanted).all())))


def replace(holds: Sequence[Hold], *, reason: str, actor: Actor, now: datetime) -> None:
    """Their stock was not there, and the holds are released: each line gets other stock of its depot, else it waits as a
    back-order. The case says which stock was missing and what the line has now; `reason` is the stocktake's number."""
    by_line = {hold.line_id: hold for hold in holds}
    for _line_id, hold in sorted(by_line.items()):
        order_id = session.get_one(DispatchLine, hold.line_id).order_id
        order, case = lock_order(order_id, actor)
        line = line_of(order, hold.line_id)
        missing = session.get_one(Unit, hold.unit_id).serial if hold.unit_id is not None else ""
        part = session.get_one(Part, hold.part_id).part_number
        line.state = line_after(line.state, LineVerb.LOSE_STOCK)
        line.part_id, line.substitution_reason = line.requested_part_id, ""
        if not reserve_again(order, line, actor=actor, now=now):
            order.version += 1
        record(
            case,
            "stock_missing",
            actor=actor,
            now=now,
            order=order.number,
            rma=order.rma_number,
            line=line.line_no,
            serial=missing,
            part=part,
            stocktake=reason,
            reserved=line.state is LineState.RESERVED,
        )
        session.flush()
