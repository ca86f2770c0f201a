"""The queue of lines that wait for stock: by promise, then fault level, then age. Only what is read of it."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from spares.cases.confirmation_clock import FaultLevel
from spares.db import session
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.inventory.availability import family
from spares.inventory.models import Condition, Location, LocationKind, Part, StockBalance, Substitute

IN_TURN = (DispatchOrder.due_at, DispatchOrder.level, DispatchOrder.id, DispatchLine.line_no)
"""The order of the queue. Orders are numbered as they are opened, so the number tells the age."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Where an order stands in the queue; without a number behind all of its promise and level."""

    due_at: datetime
    level: FaultLevel
    order_id: int | None = None


@dataclass(frozen=True)
class Waiting:
    """A line that waits for so much of a part, in one depot."""

    line_id: int
    order_id: int
    depot_id: int
    part_id: int
    quantity: int


@dataclass(frozen=True)
class Place:
    """A line's place among all that wait for the same part in the same depot, from 1."""

    place: int
    of: int


def waiting_for(part_ids: Collection[int], most: int) -> list[Waiting]:
    """The first lines, in turn, that stock of one of these parts could serve, as what was asked for or in its stead."""
    replaced = select(Substitute.part_id).where(
        Substitute.substitute_id.in_(part_ids), Substitute.approved_at.is_not(None)
    )
    query = (
        select(
            DispatchLine.id,
            DispatchLine.order_id,
            DispatchOrder.depot_id,
            DispatchLine.requested_part_id,
            DispatchLine.quantity,
        )
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .where(DispatchLine.state == LineState.BACK_ORDERED)
        .where(or_(DispatchLine.requested_part_id.in_(part_ids), DispatchLine.requested_part_id.in_(replaced)))
        .order_by(*IN_TURN)
        .limit(most)
    )
    return [Waiting(*row) for row in session.execute(query)]


def kept_back(part_ids: Collection[int], depot_id: int, turn: Turn) -> Counter[int]:
    """How many pieces of these parts, and of each of their approved substitutes, lines ahead of that turn wait for in the
    depot: no later one is offered them. A line that could take one of several parts keeps its quantity of each. One
    statement."""
    query = (
        select(Part.id, func.sum(DispatchLine.quantity))
        .select_from(DispatchLine)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .join(Part, _serves())
        .where(DispatchLine.state == LineState.BACK_ORDERED, DispatchOrder.depot_id == depot_id)
        .where(Part.id.in_(family(part_ids)), _ahead_of(turn))
        .group_by(Part.id)
    )
    return Counter({part_id: int(quantity) for part_id, quantity in session.execute(query)})


def places(order_ids: Collection[int]) -> dict[int, Place]:
    """The place of each waiting line of these orders, by the key of the line; one statement."""
    if not order_ids:
        return {}
    same = (DispatchOrder.depot_id, DispatchLine.requested_part_id)
    place = func.row_number().over(partition_by=same, order_by=IN_TURN)
    alike = func.count().over(partition_by=same)
    queue = (
        select(DispatchLine.id, DispatchLine.order_id, place.label("place"), alike.label("of"))
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .where(DispatchLine.state == LineState.BACK_ORDERED)
        .subquery()
    )
    rows = session.execute(select(queue.c.id, queue.c.place, queue.c.of).where(queue.c.order_id.in_(order_ids)))
    return {line_id: Place(place, of) for line_id, place, of in rows}


def parts_to_offer() -> list[int]:
    """The parts of which there is free stock that a waiting line could take, though it has not: it waits for more, or
    its case was in somebody's hands when the stock came."""
    query = (
        select(Part.id)
        .select_from(DispatchLine)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .join(Part, _serves())
        .join(StockBalance, StockBalance.part_id == Part.id)
        .join(Location, Location.id == StockBalance.location_id)
        .where(
            DispatchLine.state == LineState.BACK_ORDERED,
            StockBalance.condition == Condition.GOOD,
            StockBalance.on_hand > StockBalance.held,
            Location.kind == LocationKind.BIN,
            Location.depot_id == DispatchOrder.depot_id,
        )
        .distinct()
        .order_by(Part.id)
    )
    return list(session.scalars(query))


def _serves() -> ColumnElement[bool]:
    """Whether a part is what a line waits for, or may stand in for it."""
    approved = select(Substitute.id).where(
        Substitute.part_id == DispatchLine.requested_part_id,
        Substitute.substitute_id == Part.id,
        Substitute.approved_at.is_not(None),
    )
    return or_(Part.id == DispatchLine.requested_part_id, approved.exists())


def _ahead_of(turn: Turn) -> ColumnElement[bool]:
    sooner = DispatchOrder.due_at < turn.due_at
    worse = and_(DispatchOrder.due_at == turn.due_at, DispatchOrder.level < turn.level)
    alike = and_(DispatchOrder.due_at == turn.due_at, DispatchOrder.level == turn.level)
    return or_(sooner, worse, alike if turn.order_id is None else and_(alike, DispatchOrder.id < turn.order_id))
