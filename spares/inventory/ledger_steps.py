"""One step of a posting, and what is refused before anything is written. Part of the ledger; asked under the parts' locks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from spares.db import session
from spares.errors import Conflict, Invalid
from spares.inventory.ledger_stock import UnitNow, in_depot, serial_of
from spares.inventory.models import Condition, Hold, HoldEnd, Part, Tracking


@dataclass(frozen=True, kw_only=True)
class Step:
    """One move to post: `quantity` of a part, or one unit, from a place and condition to another."""

    part_id: int
    from_id: int
    from_condition: Condition
    to_id: int
    to_condition: Condition
    quantity: int = 1
    unit_id: int | None = None


def check_steps(steps: Sequence[Step]) -> None:
    """Every step goes somewhere, and no unit goes twice."""
    if not steps:
        raise Invalid("posting_empty")
    units = [step.unit_id for step in steps if step.unit_id is not None]
    if len(units) != len(set(units)):
        raise Invalid("unit_twice")
    for step in steps:
        if step.quantity < 1 or (step.from_id, step.from_condition) == (step.to_id, step.to_condition):
            raise Invalid("step_goes_nowhere")
        if step.unit_id is not None and step.quantity != 1:
            raise Invalid("one_per_serial")


def check_parts(steps: Sequence[Step], moved: dict[int, Part], parts: dict[int, int]) -> None:
    """A serial-tracked part moves as units of that very part, a counted one as a number. `parts` of the units."""
    for step in steps:
        serial = moved[step.part_id].tracking is Tracking.SERIAL
        if serial and step.unit_id is None:
            raise Invalid("part_is_serial")
        if step.unit_id is not None:
            if not serial:
                raise Invalid("part_is_counted", part_number=moved[step.part_id].part_number)
            if step.part_id != parts.get(step.unit_id):
                raise Invalid("unit_of_other_part", serial=serial_of(step.unit_id))


def check_holds(steps: Sequence[Step], holds: Sequence[Hold], states: dict[int, UnitNow]) -> None:
    """Every hold is open, and the posting takes what it holds from where it is held."""
    if len({hold.id for hold in holds}) != len(holds):
        raise Conflict("hold_ended")
    # A unit whose state still names the hold has it; should that be wrong, the second end breaks the key of hold_end.
    named = {known.state.hold_id for known in states.values()}
    refuse_ended([hold for hold in holds if hold.id not in named])
    left: dict[tuple[int, int, int | None], int] = defaultdict(int)
    for step in steps:
        if step.from_condition is Condition.GOOD:
            left[step.part_id, step.from_id, step.unit_id] += step.quantity
    for hold in holds:
        key = (hold.part_id, hold.location_id, hold.unit_id)
        left[key] -= hold.quantity
        if left[key] < 0:
            raise Invalid("hold_not_used")
        if hold.unit_id is not None and states[hold.unit_id].state.hold_id != hold.id:
            raise Conflict("stock_caches_differ", part_id=hold.part_id)


def check_unit(step: Step, known: UnitNow | None, used_holds: set[int]) -> None:
    """The unit is where the step takes it from, and not set aside for somebody else."""
    assert step.unit_id is not None  # noqa: S101
    if known is None:
        if in_depot(step.from_id):
            raise Conflict("unit_elsewhere", serial=serial_of(step.unit_id))
        return
    state = known.state
    if (state.location_id, state.condition) != (step.from_id, step.from_condition):
        raise Conflict("unit_elsewhere", serial=serial_of(step.unit_id))
    if state.hold_id is not None and state.hold_id not in used_holds:
        raise Conflict("unit_held", serial=serial_of(step.unit_id))


def refuse_ended(holds: Sequence[Hold]) -> None:
    """A hold ends once."""
    if not holds:
        return
    ids = {hold.id for hold in holds}
    ended = session.scalar(select(HoldEnd.hold_id).where(HoldEnd.hold_id.in_(ids)).limit(1)) is not None
    if ended or len(ids) != len(holds):
        raise Conflict("hold_ended")
