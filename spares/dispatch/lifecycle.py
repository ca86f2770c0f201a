"""What may happen to an outgoing line and to a shipment, as two tables (pure). Every state × verb is tried in the tests.

requested → reserved → picked → packed → dispatched → received, with the exits cancelled, back-ordered, lost and
undeliverable. A substitution is a fact on the line, not a state."""

from enum import StrEnum

from spares.errors import Conflict


class LineState(StrEnum):
    """Where an outgoing line stands."""

    BACK_ORDERED = "back_ordered"
    RESERVED = "reserved"
    PICKED = "picked"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    RECEIVED = "received"
    LOST = "lost"
    UNDELIVERABLE = "undeliverable"
    CANCELLED = "cancelled"


class LineVerb(StrEnum):
    """What can be done to an outgoing line."""

    RESERVE = "reserve"
    PICK = "pick"
    UNPICK = "unpick"
    PACK = "pack"
    UNPACK = "unpack"
    DISPATCH = "dispatch"
    CONFIRM_RECEIPT = "confirm_receipt"
    LOSE = "lose"
    RETURN_UNDELIVERED = "return_undelivered"
    CANCEL = "cancel"
    LOSE_STOCK = "lose_stock"


class ShipmentState(StrEnum):
    """Where a shipment stands; `reopened` is packed no more: its lines went back to picked."""

    PACKED = "packed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    LOST = "lost"
    UNDELIVERABLE = "undeliverable"
    REOPENED = "reopened"


class ShipmentVerb(StrEnum):
    """What can be done to a shipment."""

    DISPATCH = "dispatch"
    REOPEN = "reopen"
    CONFIRM_RECEIPT = "confirm_receipt"
    LOSE = "lose"
    RETURN_UNDELIVERED = "return_undelivered"


LINE_MOVES: dict[tuple[LineState, LineVerb], LineState] = {
    (LineState.BACK_ORDERED, LineVerb.RESERVE): LineState.RESERVED,
    (LineState.BACK_ORDERED, LineVerb.CANCEL): LineState.CANCELLED,
    (LineState.RESERVED, LineVerb.PICK): LineState.PICKED,
    (LineState.RESERVED, LineVerb.CANCEL): LineState.CANCELLED,
    (LineState.RESERVED, LineVerb.LOSE_STOCK): LineState.BACK_ORDERED,
    (LineState.PICKED, LineVerb.UNPICK): LineState.RESERVED,
    (LineState.PICKED, LineVerb.PACK): LineState.PACKED,
    (LineState.PICKED, LineVerb.CANCEL): LineState.CANCELLED,
    (LineState.PACKED, LineVerb.UNPACK): LineState.PICKED,
    (LineState.PACKED, LineVerb.DISPATCH): LineState.DISPATCHED,
    (LineState.PACKED, LineVerb.CANCEL): LineState.CANCELLED,
    (LineState.DISPATCHED, LineVerb.CONFIRM_RECEIPT): LineState.RECEIVED,
    (LineState.DISPATCHED, LineVerb.LOSE): LineState.LOST,
    (LineState.DISPATCHED, LineVerb.RETURN_UNDELIVERED): LineState.UNDELIVERABLE,
    (LineState.LOST, LineVerb.CONFIRM_RECEIPT): LineState.RECEIVED,
    (LineState.LOST, LineVerb.RETURN_UNDELIVERED): LineState.UNDELIVERABLE,
}

SHIPMENT_MOVES: dict[tuple[ShipmentState, ShipmentVerb], ShipmentState] = {
    (ShipmentState.PACKED, ShipmentVerb.DISPATCH): ShipmentState.DISPATCHED,
    (ShipmentState.PACKED, ShipmentVerb.REOPEN): ShipmentState.REOPENED,
    (ShipmentState.DISPATCHED, ShipmentVerb.CONFIRM_RECEIPT): ShipmentState.DELIVERED,
    (ShipmentState.DISPATCHED, ShipmentVerb.LOSE): ShipmentState.LOST,
    (ShipmentState.DISPATCHED, ShipmentVerb.RETURN_UNDELIVERED): ShipmentState.UNDELIVERABLE,
    (ShipmentState.LOST, ShipmentVerb.CONFIRM_RECEIPT): ShipmentState.DELIVERED,
    (ShipmentState.LOST, ShipmentVerb.RETURN_UNDELIVERED): ShipmentState.UNDELIVERABLE,
}
"""What was written off as lost may be found again: at the customer after all, or back at the depot."""

OPEN_LINES = frozenset({LineState.BACK_ORDERED, LineState.RESERVED, LineState.PICKED, LineState.PACKED})
"""Lines that the depot still has to do something about."""


def line_after(state: LineState, verb: LineVerb) -> LineState:
    """The state that `verb` leads to. Raises Conflict when the table does not allow it from here."""
    try:
        return LINE_MOVES[state, verb]
    except KeyError:
        raise Conflict("line_not_allowed", state=state.value, verb=verb.value) from None


def shipment_after(state: ShipmentState, verb: ShipmentVerb) -> ShipmentState:
    """The state that `verb` leads to. Raises Conflict when the table does not allow it from here."""
    try:
        return SHIPMENT_MOVES[state, verb]
    except KeyError:
        raise Conflict("shipment_not_allowed", state=state.value, verb=verb.value) from None
