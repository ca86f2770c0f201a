"""What of an exchange still has to be sent, by when, and by which rule: the words at the top of its page."""

from dataclasses import dataclass
from datetime import datetime

from spares.dispatch.lifecycle import OPEN_LINES, LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.promise_words import PromiseWords, order_promise
from spares.rma.queries import Exchange
from spares.workdays import Calendar


@dataclass(frozen=True)
class ToShip:
    """An order of which something has not left: its promise, the lines that have stock and those that wait for it."""

    order: DispatchOrder
    promise: PromiseWords
    ready: list[DispatchLine]
    waiting: list[DispatchLine]

    @property
    def missing(self) -> dict[int, str]:
        """The part numbers that have no stock, by the key of the part."""
        return {line.requested_part_id: line.requested_part.part_number for line in self.waiting}


def to_ship(found: Exchange, now: datetime, calendar: Calendar) -> list[ToShip]:
    """The exchange's orders that are not done, in their order."""
    orders = {leg.order.id: leg.order for leg in found.outgoing}
    result = []
    for order in orders.values():
        lines = [leg.line for leg in found.outgoing if leg.order is order and leg.line.state in OPEN_LINES]
        if not lines:
            continue
        waiting = [line for line in lines if line.state is LineState.BACK_ORDERED]
        words = order_promise(order, now, calendar, cutoff=found.depot.cutoff, waiting=bool(waiting))
        result.append(ToShip(order, words, [line for line in lines if line not in waiting], waiting))
    return result
