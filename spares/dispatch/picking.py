"""Picking by scanning: the reserved serial, or another of the same part with a recorded swap; a wrong one is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor, Permission
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.dispatch.holding import holders
from spares.dispatch.lifecycle import LineState, LineVerb, line_after
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.orders import line_of, lines_of, lock_order
from spares.errors import Conflict
from spares.inventory import ledger
from spares.inventory.models import Hold, Part, Tracking, Unit, UnitState
from spares.numbers import scan_key


@dataclass(frozen=True)
class Picked:
    """What a scan did: the line it filled, whether another serial than the reserved one was taken, and whether it was
    only a second scan of the same thing."""

    line_no: int
    serial: str
    swapped_from: str = ""
    again: bool = False


def pick_scanned(order_id: int, scanned: str, *, actor: Actor, now: datetime) -> Picked:
    """Take a scanned unit for the line of the order that waits for it. A second scan of it is harmless.

    Raises Conflict with what was expected when the serial is unknown, of another part, held for another order, or
    when every line of its part is picked already."""
    actor.must(Permission.DISPATCH_WORK)
    order, case = lock_order(order_id, actor)
    lines = lines_of(order)
    units = session.scalars(select(Unit).where(Unit.serial_key == scan_key(scanned))).all()
    for line in lines:
        if line.unit_id is not None and line.unit_id in {unit.id for unit in units}:
            return Picked(line.line_no, scanned.strip(), again=True)
    holds = {hold.line_id: hold for hold in ledger.open_holds([line.id for line in lines])}
    waiting = [line for line in lines if line.state is LineState.RESERVED and line.id in holds]
    for line in waiting:
        unit = next((u for u in units if u.id == holds[line.id].unit_id), None)
        if unit is not None:
            return _take(order, case, line, unit, actor=actor, now=now)
    for line in waiting:
        unit = next((u for u in units if u.part_id == line.part_id), None)
        if unit is not None:
            before = session.get_one(Unit, holds[line.id].unit_id)
            expected = _expected(waiting, holds)
            ledger.release([holds[line.id]], actor=actor, now=now, reason="serial_swapped")
            try:
                ledger.hold_unit(line.id, unit.id, actor=actor, now=now)
            except Conflict as error:
                raise _not_to_be_had(order, unit, expected, error) from None
            record(
                case,
                "serial_swapped",
                actor=actor,
                now=now,
                order=order.number,
                rma=order.rma_number,
                line=line.line_no,
                reserved=before.serial,
                picked=unit.serial,
            )
            picked = _take(order, case, line, unit, actor=actor, now=now)
            return Picked(picked.line_no, picked.serial, swapped_from=before.serial)
    raise _wrong(order, scanned, units, waiting, holds)


def not_reserved(scanned: str) -> Conflict:
    """Why a scan at the board opens no order: with what was scanned and what that is."""
    key = scan_key(scanned)
    facts = {"field": "scan", "scanned": scanned.strip()[:80] or "–"}
    of_unit = select(Part.part_number).join(Unit, Unit.part_id == Part.id).where(Unit.serial_key == key)
    units = session.scalars(of_unit.order_by(Part.id).limit(5)).all()
    if units:
        return Conflict("serial_not_reserved", part=", ".join(units), **facts)
    named = session.scalar(select(Part.id).where(Part.part_number_key == key).limit(1))
    return Conflict("part_at_board" if named is not None and key else "unknown_at_board", **facts)


def pick_counted(order_id: int, line_id: int, *, actor: Actor, now: datetime) -> None:
    """Confirm that the pieces of a counted line are in the box. Raises Conflict for a line that is not reserved, or that
    must be picked by scanning its serial."""
    actor.must(Permission.DISPATCH_WORK)
    order, case = lock_order(order_id, actor)
    line = line_of(order, line_id)
    if session.get_one(Part, line.part_id).tracking is Tracking.SERIAL:
        raise Conflict("scan_the_serial", field="scan")
    line.state = line_after(line.state, LineVerb.PICK)
    order.version += 1
    _tell("picked", order, case, line, "", actor=actor, now=now)


def unpick(order_id: int, line_id: int, *, actor: Actor, now: datetime) -> None:
    """Put a picked item back on its shelf; it stays reserved for the line."""
    actor.must(Permission.DISPATCH_WORK)
    order, case = lock_order(order_id, actor)
    line = line_of(order, line_id)
    line.state = line_after(line.state, LineVerb.UNPICK)
    serial = session.get_one(Unit, line.unit_id).serial if line.unit_id is not None else ""
    line.unit_id = None
    order.version += 1
    _tell("put_back", order, case, line, serial, actor=actor, now=now)


def _take(
    order: DispatchOrder, case: ServiceCase, line: DispatchLine, unit: Unit, *, actor: Actor, now: datetime
) -> Picked:
    line.state = line_after(line.state, LineVerb.PICK)
    line.unit_id = unit.id
    order.version += 1
    _tell("picked", order, case, line, unit.serial, actor=actor, now=now)
    return Picked(line.line_no, unit.serial)


def _tell(
    kind: str, order: DispatchOrder, case: ServiceCase, line: DispatchLine, serial: str, *, actor: Actor, now: datetime
) -> None:
    record(
        case,
        kind,
        actor=actor,
        now=now,
        order=order.number,
        rma=order.rma_number,
        line=line.line_no,
        serial=serial,
        quantity=line.quantity,
    )
    session.flush()


def _not_to_be_had(order: DispatchOrder, unit: Unit, expected: str, error: Conflict) -> Conflict:
    """The ledger's refusal of a piece of the right part, with which order has it and what was expected in its place."""
    facts = {"field": "scan", "scanned": unit.serial, "order": order.number, "expected": expected}
    if error.code != "unit_held":
        return Conflict("serial_not_good", **facts)
    line_id = session.scalar(
        select(Hold.line_id).join(UnitState, UnitState.hold_id == Hold.id).where(UnitState.unit_id == unit.id)
    )
    found = holders([line_id] if line_id is not None else [])
    return Conflict("serial_held", holder=", ".join(one.label for one in found.values()), **facts)


def _wrong(
    order: DispatchOrder, scanned: str, units: Sequence[Unit], waiting: list[DispatchLine], holds: dict[int, Hold]
) -> Conflict:
    """The refusal of a scan, with what was scanned, what that is, and what was expected (nothing: all is picked)."""
    expected = _expected(waiting, holds)
    facts = {"field": "scan", "scanned": scanned.strip()[:80], "order": order.number, "expected": expected or "–"}
    of_units = select(Part.part_number).where(Part.id.in_([unit.part_id for unit in units]))
    named = select(Part.part_number).where(Part.part_number_key == scan_key(scanned))
    parts = ", ".join(session.scalars((of_units if units else named).order_by(Part.id).limit(5)))
    if not expected:
        return Conflict("nothing_to_pick", **facts)
    if units:
        return Conflict("serial_not_expected", part=parts, **facts)
    return Conflict("part_scanned", **facts) if parts else Conflict("serial_wrong", **facts)


def _expected(waiting: list[DispatchLine], holds: dict[int, Hold]) -> str:
    """The reserved serials still to be picked, each with its part."""
    units = [holds[line.id].unit_id for line in waiting]
    rows = session.execute(
        select(Unit.serial, Part.part_number)
        .join(Part, Part.id == Unit.part_id)
        .where(Unit.id.in_([u for u in units if u is not None]))
        .order_by(Unit.id)
    )
    return ", ".join(f"{serial} ({part})" for serial, part in rows)
