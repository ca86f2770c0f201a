"""Our own goods that never reached the customer: each line that came back gets a row, which takes it through inspection to
its place with the pages of the returns."""

from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.db import session
from spares.dispatch.models import DispatchLine
from spares.dispatch.shipping import Departed
from spares.inventory.models import Unit
from spares.rma.arrivals import goods_row
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation, ObligationEvent
from spares.rma.obligations import log_event

UNDELIVERED = "undelivered"
"""The event on the obligation of the line; its fact `goods` is the key of the row."""


def shelve(departed: Departed, *, reason: str, actor: Actor, now: datetime) -> list[Obligation]:
    """Give what came back its rows, after the ledger put it on the returns shelf and nothing is owed for it any more."""
    lines = [line.id for line in departed.lines]
    query = select(Obligation).where(Obligation.line_id.in_(lines), Obligation.came_for_id.is_(None))
    owed = {one.line_id: one for one in session.scalars(query)}
    serials = _serials(departed.lines)
    rows = []
    for line in departed.lines:
        obligation = owed.get(line.id) or _nothing_owed(departed, line, now)
        serial = serials.get(line.unit_id or 0, "")
        row = goods_row(obligation, line.part_id, serial, line.quantity, now)
        row.received_part_id, row.received_unit_id = line.part_id, line.unit_id
        row.received_serial, row.received_quantity = serial, line.quantity
        log_event(row, UNDELIVERED, actor=actor, now=now, reason=reason.strip(), goods=row.id)
        rows.append(row)
    session.flush()
    return rows


def came_back_undelivered(row: Obligation) -> bool:
    """Whether the row carries our own goods, which nobody has to accept or turn down."""
    if row.came_for_id is None:
        return False
    query = select(ObligationEvent.facts).where(
        ObligationEvent.obligation_id == row.came_for_id, ObligationEvent.kind == UNDELIVERED
    )
    return any(facts["goods"] == row.id for facts in session.scalars(query))


def _nothing_owed(departed: Departed, line: DispatchLine, now: datetime) -> Obligation:
    """For a part that need not be returned: what its goods name as the debt that they came for, which is none."""
    obligation = Obligation(
        rma_id=departed.order.rma_id,
        case_id=departed.case.id,
        customer_id=departed.case.customer_id,
        depot_id=departed.order.depot_id,
        line_id=line.id,
        part_id=line.faulty_part_id or line.requested_part_id,
        serial="",
        serial_key="",
        quantity=line.quantity,
        state=ObligationState.CANCELLED,
        created_at=now,
        closed_recorded_at=now,
    )
    session.add(obligation)
    session.flush()
    return obligation


def _serials(lines: list[DispatchLine]) -> dict[int, str]:
    units = [line.unit_id for line in lines if line.unit_id is not None]
    return {unit.id: unit.serial for unit in session.scalars(select(Unit).where(Unit.id.in_(units)))}
