"""Tells the stock pages for which order a unit is held."""

from collections.abc import Collection

from sqlalchemy import select

from spares.db import session
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.inventory.holders import Holder


def holders(line_ids: Collection[int]) -> dict[int, Holder]:
    """The dispatch order of each line, as the stock pages link it; one statement."""
    if not line_ids:
        return {}
    query = (
        select(DispatchLine.id, DispatchOrder)
        .join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
        .where(DispatchLine.id.in_(line_ids))
    )
    return {
        line_id: Holder(order.number, "order_show", {"number": order.number})
        for line_id, order in session.execute(query)
    }
