"""How much waits at each step of the returns, for the first screens."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from spares.db import session
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation


@dataclass(frozen=True)
class Waiting:
    """Faulty parts on their way to the depot, and those that lie there to be inspected or to be given their place."""

    on_its_way: int
    to_inspect: int
    to_settle: int


def waits_for_inspection() -> ColumnElement[bool]:
    """A condition on obligations: something came and nobody has looked at it. In an empty box there is nothing to look
    at; it waits for the decision about it."""
    return and_(Obligation.state == ObligationState.RECEIVED, Obligation.received_part_id.is_not(None))


def waiting(depot_id: int) -> Waiting:
    """The depot's returns that wait for somebody; one statement."""
    states = [ObligationState.IN_TRANSIT, ObligationState.RECEIVED, ObligationState.INSPECTED]
    wanted = or_(Obligation.state.in_([states[0], states[2]]), waits_for_inspection())
    query = (
        select(Obligation.state, func.count(Obligation.id))
        .where(wanted, Obligation.depot_id == depot_id)
        .group_by(Obligation.state)
    )
    counts = dict(session.execute(query).all())
    return Waiting(*(counts.get(state, 0) for state in states))
