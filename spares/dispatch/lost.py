"""What was lost on its way to the customer, and whether another one was asked for in its stead."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import aliased

from spares.db import session
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.numbers import NumberKind, number

_CAME_TO_NOTHING = (LineState.CANCELLED, LineState.LOST, LineState.UNDELIVERABLE)
_Later, _LaterOrder = aliased(DispatchLine), aliased(DispatchOrder)


def _in_its_stead() -> ColumnElement[bool]:
    """Whether a later line is for the same faulty unit in the same case, and has not come to nothing itself."""
    return and_(
        _LaterOrder.id == _Later.order_id,
        _LaterOrder.case_id == DispatchOrder.case_id,
        _Later.id > DispatchLine.id,
        _Later.faulty_serial == DispatchLine.faulty_serial,
        _Later.faulty_part_id.is_not_distinct_from(DispatchLine.faulty_part_id),
        _Later.state.not_in(_CAME_TO_NOTHING),
    )


def is_unreplaced() -> ColumnElement[bool]:
    """A condition on lines joined with their orders: lost, and no other one was asked for."""
    another = exists().where(_in_its_stead()).correlate(DispatchLine, DispatchOrder)
    return and_(DispatchLine.state == LineState.LOST, ~another)


def replaced_by(line_ids: Collection[int]) -> dict[int, str]:
    """The number of the exchange that sends another one, by the key of the lost line; one statement, none for no lines."""
    if not line_ids:
        return {}
    query = (
        select(DispatchLine.id, _LaterOrder.rma_id)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .join(_Later, _Later.id > DispatchLine.id)
        .join(_LaterOrder, _in_its_stead())
        .where(DispatchLine.id.in_(line_ids))
        .order_by(_Later.id.desc())
    )
    return {line_id: number(NumberKind.RMA, rma_id) for line_id, rma_id in session.execute(query)}
