"""What already stands for the unit of a spare request: its fault confirmation in the case, and exchanges that ask for it back."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, select, union_all

from spares.accounts.access import Actor
from spares.accounts.models import User
from spares.cases.access import visible_cases
from spares.cases.models import FaultConfirmation, ServiceCase
from spares.db import session
from spares.dispatch.lifecycle import OPEN_LINES, LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.errors import Conflict
from spares.inventory.models import Part
from spares.numbers import scan_key
from spares.rma.lifecycle import OWED, ObligationState
from spares.rma.models import Obligation, Rma

Unit = tuple[int, str]
"""A part and the scan key of a serial."""


@dataclass(frozen=True)
class Standing:
    """A confirmation that a request can rest on, with its part and the name of who confirmed."""

    confirmation: FaultConfirmation
    part: Part
    who: str


@dataclass(frozen=True)
class Asked:
    """An exchange under way for a unit. `seen` says whether the person may see its case, and so its number."""

    rma: Rma
    serial: str
    seen: bool


def standing_confirmation(case_id: int, serial: str | None = None, part_id: int | None = None) -> Standing | None:
    """The latest confirmation of the unit in the case, unless a spare requested by it has left for the customer: a fault
    after that is another one. `part_id` None: of whatever part the serial was confirmed; `serial` None: of whatever unit."""
    replaced = exists().where(
        Rma.case_id == FaultConfirmation.case_id,
        Rma.confirmation_id == FaultConfirmation.id,
        DispatchOrder.rma_id == Rma.id,
        DispatchLine.order_id == DispatchOrder.id,
        DispatchLine.faulty_part_id == FaultConfirmation.part_id,
        DispatchLine.faulty_serial == FaultConfirmation.serial,
        DispatchLine.state.in_([LineState.DISPATCHED, LineState.RECEIVED]),
    )
    query = (
        select(FaultConfirmation, Part, User.display_name, replaced)
        .join(Part, Part.id == FaultConfirmation.part_id)
        .outerjoin(User, User.id == FaultConfirmation.confirmed_by_id)
        .where(FaultConfirmation.case_id == case_id)
    )
    if serial is not None:
        query = query.where(FaultConfirmation.serial_key == scan_key(serial))
    if part_id is not None:
        query = query.where(FaultConfirmation.part_id == part_id)
    row = session.execute(query.order_by(FaultConfirmation.id.desc()).limit(1)).first()
    if row is None or row[3]:
        return None
    return Standing(row[0], row[1], row[2] or "")


def asked_already(units: Collection[Unit], actor: Actor) -> list[Asked]:
    """The exchanges of any case in which one of the units is still to come back, or a spare for it still to leave; the
    oldest first. One statement, however many units."""
    keys = {key for _part, key in units if key}
    if not keys:
        return []
    seen = visible_cases(actor).label("seen")
    owed = (
        select(Obligation.part_id, Obligation.serial_key, Obligation.serial, Obligation.rma_id, seen)
        .join(ServiceCase, ServiceCase.id == Obligation.case_id)
        .where(
            Obligation.serial_key.in_(keys),
            Obligation.came_for_id.is_(None),
            Obligation.state.in_([ObligationState.NOT_STARTED, *OWED]),
        )
    )
    confirmed = FaultConfirmation
    leaving = (
        select(confirmed.part_id, confirmed.serial_key, confirmed.serial, Rma.id, seen)
        .join(Rma, (Rma.case_id == confirmed.case_id) & (Rma.confirmation_id == confirmed.id))
        .join(ServiceCase, ServiceCase.id == Rma.case_id)
        .join(DispatchOrder, DispatchOrder.rma_id == Rma.id)
        .join(DispatchLine, DispatchLine.order_id == DispatchOrder.id)
        .where(
            confirmed.serial_key.in_(keys),
            DispatchLine.faulty_part_id == confirmed.part_id,
            DispatchLine.faulty_serial == confirmed.serial,
            DispatchLine.state.in_(OPEN_LINES),
        )
    )
    both = union_all(owed, leaving).subquery()
    found = {}
    for rma, part_id, key, serial, _rma_id, may_see in session.execute(
        select(Rma, both).join(both, both.c.rma_id == Rma.id)
    ):
        if (part_id, key) in units:
            found[(rma.id, key)] = Asked(rma, serial, bool(may_see))
    return [found[at] for at in sorted(found)]


def check_asked(units: Collection[Unit], actor: Actor) -> None:
    """Raises Conflict at `another` when one of the units is in an exchange already."""
    asked = asked_already(units, actor)
    if asked:
        raise Conflict("asked_already", field="another", serial=asked[0].serial)
