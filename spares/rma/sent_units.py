"""Good parts that went out, found by their serial: one that is dead on arrival is replaced under the case it went out for."""

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.cases.access import visible_cases
from spares.cases.models import CaseState, ServiceCase
from spares.db import session
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.inventory.models import Part, Unit
from spares.numbers import scan_key


def sent_under(text: str, actor: Actor) -> list[tuple[Part, ServiceCase]]:
    """The part of the unit with that serial and the open case that it was sent for, the last one first; only cases that the
    person may see."""
    key = scan_key(text)
    if not key:
        return []
    query = (
        select(Part, ServiceCase)
        .select_from(Unit)
        .join(Part, Part.id == Unit.part_id)
        .join(DispatchLine, DispatchLine.unit_id == Unit.id)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .join(ServiceCase, ServiceCase.id == DispatchOrder.case_id)
        .where(
            Unit.serial_key == key,
            DispatchLine.state.in_([LineState.DISPATCHED, LineState.RECEIVED]),
            ServiceCase.state == CaseState.OPEN,
            visible_cases(actor),
        )
        .order_by(DispatchLine.id.desc())
    )
    return [(part, case) for part, case in session.execute(query)]
