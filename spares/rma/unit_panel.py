"""A unit's exchanges, on the unit's page: those it was sent for, and those that want it back; one statement."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from spares.accounts.access import Actor, Permission
from spares.cases.access import visible_cases
from spares.cases.models import Customer, ServiceCase
from spares.db import session
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.words import LINE_STATES, LINE_TONES
from spares.inventory.models import Part, Unit
from spares.inventory.unit_panels import adds_unit_panel
from spares.rma.lifecycle import RECEIVABLE, ObligationState
from spares.rma.models import Obligation, Rma
from spares.rma.words import STATES, TONES

NEWEST = 50


@dataclass(frozen=True)
class UnitExchange:
    """An exchange that names the serial. `sent` is the state of the line that it goes or went out on, `owed` that of the
    return that it is; one of them is set. `part_number` is what the exchange says the serial is."""

    rma: Rma
    customer: Customer
    part_number: str
    sent: LineState | None = None
    owed: ObligationState | None = None
    is_expected: bool = False


def exchanges_of_unit(unit: Unit, line_ids: Collection[int], actor: Actor) -> list[UnitExchange]:
    """The exchanges that the person may see, the newest first. `line_ids` are the lines that the unit is or was sent for."""
    wanted_back = select(Obligation.line_id).where(Obligation.serial_key == unit.serial_key)
    sent_for = select(DispatchLine.id).where(DispatchLine.id.in_(line_ids))
    faulty = aliased(Part)
    rows = session.execute(
        select(Rma, Customer, DispatchLine, Part.part_number, Obligation, faulty.part_number)
        .select_from(DispatchLine)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .join(Rma, Rma.id == DispatchOrder.rma_id)
        .join(ServiceCase, ServiceCase.id == DispatchOrder.case_id)
        .join(Customer, Customer.id == ServiceCase.customer_id)
        .join(Part, Part.id == DispatchLine.part_id)
        .outerjoin(Obligation, (Obligation.line_id == DispatchLine.id) & (Obligation.serial_key == unit.serial_key))
        .outerjoin(faulty, faulty.id == Obligation.part_id)
        .where(DispatchLine.id.in_(wanted_back.union(sent_for)), visible_cases(actor))
        .order_by(DispatchLine.id.desc())
        .limit(NEWEST)
    )
    return [_exchange(*row) for row in rows]


def _exchange(
    rma: Rma, customer: Customer, line: DispatchLine, sent_part: str, owed: Obligation | None, faulty_part: str | None
) -> UnitExchange:
    if owed is None:
        return UnitExchange(rma, customer, sent_part, sent=line.state)
    expected = owed.state in RECEIVABLE and owed.dispatched_at is not None
    return UnitExchange(rma, customer, faulty_part or "", owed=owed.state, is_expected=expected)


def _panel(unit: Unit, line_ids: Collection[int], actor: Actor) -> tuple[str, dict[str, Any]]:
    return "rma/unit_panel.html", {
        "exchanges": exchanges_of_unit(unit, line_ids, actor),
        "may_receive": actor.may(Permission.RETURN_RECEIVE),
        "lines": LINE_STATES,
        "line_tones": LINE_TONES,
        "returns": STATES,
        "return_tones": TONES,
    }


adds_unit_panel(_panel)
