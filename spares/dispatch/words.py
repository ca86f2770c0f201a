"""The slice's vocabulary in people's words: states, ways of delivery, what the timeline says, and why something was
refused. Lazy strings: they become Chinese or English when a page is made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.cases.words import addresses, leads_to, tells
from spares.dispatch.board import NextStep
from spares.dispatch.lifecycle import LineState, ShipmentState
from spares.dispatch.models import DeliveryMethod, DocumentKind
from spares.web import explains, instant

LINE_STATES: dict[LineState, Any] = {
    LineState.BACK_ORDERED: _l("Waiting for stock"),
    LineState.RESERVED: _l("Reserved"),
    LineState.PICKED: _l("Picked"),
    LineState.PACKED: _l("Packed"),
    LineState.DISPATCHED: _l("On its way"),
    LineState.RECEIVED: _l("Received by the customer"),
    LineState.LOST: _l("Lost in transit"),
    LineState.UNDELIVERABLE: _l("Came back undelivered"),
    LineState.CANCELLED: _l("Cancelled"),
}
LINE_TONES = {
    LineState.BACK_ORDERED: "bad",
    LineState.RESERVED: "neutral",
    LineState.PICKED: "info",
    LineState.PACKED: "info",
    LineState.DISPATCHED: "good",
    LineState.RECEIVED: "good",
    LineState.LOST: "bad",
    LineState.UNDELIVERABLE: "warn",
    LineState.CANCELLED: "neutral",
}
SHIPMENT_STATES: dict[ShipmentState, Any] = {
    ShipmentState.PACKED: _l("Packed, waiting for dispatch"),
    ShipmentState.DISPATCHED: _l("On its way"),
    ShipmentState.DELIVERED: _l("Received by the customer"),
    ShipmentState.LOST: _l("Lost in transit"),
    ShipmentState.UNDELIVERABLE: _l("Came back undelivered"),
    ShipmentState.REOPENED: _l("Packing opened again"),
}
SHIPMENT_TONES = {
    ShipmentState.PACKED: "info",
    ShipmentState.DISPATCHED: "good",
    ShipmentState.DELIVERED: "good",
    ShipmentState.LOST: "bad",
    ShipmentState.UNDELIVERABLE: "warn",
    ShipmentState.REOPENED: "neutral",
}
METHODS: dict[DeliveryMethod, Any] = {
    DeliveryMethod.COURIER: _l("Courier"),
    DeliveryMethod.PICK_UP: _l("Customer pick-up"),
    DeliveryMethod.ENGINEER: _l("Carried by an engineer"),
}
NEXT_STEPS: dict[NextStep, Any] = {
    NextStep.PICK: _l("Pick"),
    NextStep.PACK: _l("Pack"),
    NextStep.DISPATCH: _l("Dispatch"),
    NextStep.WAIT: _l("Waits for stock"),
    NextStep.NOTHING: _l("Nothing left to send"),
}
DOCUMENTS: dict[DocumentKind, Any] = {
    DocumentKind.SHIPPING_SLIP: _l("Shipping slip"),
    DocumentKind.RETURN_SLIP: _l("Return slip"),
}


def reason_words(reason: str) -> str:
    """A reason as people read it: their own words, or those for a reason that the system gives."""
    known = {
        "calendar": gettext("the calendar was changed"),
        "no_exact_stock": gettext("the exact part was out of stock"),
        "serial_swapped": gettext("another serial was picked"),
    }
    return str(known.get(reason, reason))


def address_of(fact: str, number: str) -> str | None:
    """The page of a record of an upper slice (`rma`), if that slice has said where it is."""
    return addresses[fact](number) if fact in addresses else None


def _at(data: Mapping[str, Any], fact: str) -> str:
    text = data.get(fact)
    return instant(datetime.fromisoformat(text)) if text else ""


def _lines(data: Mapping[str, Any]) -> str:
    return str(gettext("Lines %(lines)s", lines=", ".join(str(line) for line in data.get("lines", []))))


def _promise_changed(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Dispatch promise of %(order)s changed", order=data.get("order", "")), [
        f"{_at(data, 'old')} → {_at(data, 'new')}",
        gettext("First promise: %(at)s", at=_at(data, "first")),
        reason_words(data.get("reason", "")),
    ]


def _promise_confirmed(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    title = gettext("Dispatch promise of %(order)s counted again: it stays", order=data.get("order", ""))
    return title, [_at(data, "due"), notice_words(bool(data.get("provisional")))]


def notice_words(provisional: bool) -> str:
    """Whether a deadline that was counted again still waits for a notice."""
    return str(gettext("Provisional: notice not published") if provisional else gettext("No longer provisional"))


def _swapped(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Another serial picked than reserved"), [
        gettext(
            "Line %(line)s: reserved %(reserved)s, picked %(picked)s",
            line=data.get("line", ""),
            reserved=data.get("reserved", ""),
            picked=data.get("picked", ""),
        )
    ]


def _picked(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Picked for line %(line)s of %(order)s", line=data.get("line", ""), order=data.get("order", "")), [
        _what(data)
    ]


def _put_back(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    title = gettext("Put back from line %(line)s of %(order)s", line=data.get("line", ""), order=data.get("order", ""))
    return title, [_what(data)]


def _what(data: Mapping[str, Any]) -> str:
    return str(data.get("serial") or f"× {data.get('quantity', '')}")


def _packed(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    packages = gettext("Packages: %(number)s", number=data.get("packages", ""))
    return gettext("Packed as %(shipment)s", shipment=data.get("shipment", "")), [_lines(data), packages]


def _dispatched(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    met = (
        gettext("Promise met (by %(at)s)", at=_at(data, "due"))
        if data.get("met")
        else gettext("Promise missed (was %(at)s)", at=_at(data, "due"))
    )
    way = " ".join(part for part in (data.get("carrier", ""), data.get("waybill", "")) if part)
    return gettext("Dispatched: %(shipment)s", shipment=data.get("shipment", "")), [met, way]


def _lost(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Shipment %(number)s lost in transit", number=data.get("shipment", "")), [data.get("reason", "")]


def _undelivered(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    number = data.get("shipment", "")
    title = gettext("Shipment %(number)s came back undelivered", number=number)
    if data.get("was_lost"):
        title = gettext("Shipment %(number)s, written off as lost, turned up at the depot", number=number)
    return title, [data.get("reason", "")]


def _reopened(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Packing of %(number)s opened again", number=data.get("shipment", "")), [data.get("reason", "")]


def _lines_cancelled(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    title = gettext("Cancelled in %(order)s", order=data.get("order", ""))
    return title, [_lines(data), reason_words(data.get("reason", ""))]


def _line_reserved(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Stock reserved for line %(line)s of %(order)s", line=data["line"], order=data.get("order", "")), []


def _stock_missing(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    title = gettext(
        "Reserved stock is missing: line %(line)s of %(order)s", line=data.get("line", ""), order=data.get("order", "")
    )
    told = gettext("%(stock)s was not found by %(stocktake)s", stock=_stock(data), stocktake=data.get("stocktake", ""))
    now = gettext("Other stock is reserved.") if data.get("reserved") else gettext("No other stock: back-ordered.")
    return title, [told, now]


def _stock(data: Mapping[str, Any]) -> str:
    return " ".join(part for part in (data.get("part", ""), data.get("serial", "")) if part)


def _line_served(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    title = gettext(
        "Stock came in: reserved for line %(line)s of %(order)s", line=data["line"], order=data.get("order", "")
    )
    what = f"{data.get('part', '')} × {data.get('quantity', '')}"
    return title, [f"{what} · {gettext('Substitute')}" if data.get("substitute") else what]


def _line_not_allowed(facts: Mapping[str, Any]) -> str:
    state = LINE_STATES[LineState(facts["state"])]
    return str(gettext("This cannot be done any more: the line's state is “%(state)s”.", state=state))


def _shipment_not_allowed(facts: Mapping[str, Any]) -> str:
    state = SHIPMENT_STATES[ShipmentState(facts["state"])]
    return str(gettext("This cannot be done any more: the shipment's state is “%(state)s”.", state=state))


tells("promise_changed", _promise_changed, "warn")
tells("promise_confirmed", _promise_confirmed, "info")
tells("line_reserved", _line_reserved, "info")
tells("stock_missing", _stock_missing, "bad")
tells("line_served", _line_served, "good")
tells("serial_swapped", _swapped, "warn")
tells("picked", _picked, "info")
tells("put_back", _put_back)
tells("packed", _packed, "info")
tells("dispatched", _dispatched, "good")
tells("reopened", _reopened, "warn")
tells("lines_cancelled", _lines_cancelled, "warn")
tells("shipment_lost", _lost, "bad")
tells("shipment_undelivered", _undelivered, "warn")

leads_to("shipment", lambda number: url_for("shipment_show", number=number))
leads_to("order", lambda number: url_for("order_show", number=number))

explains(
    {
        "lines_missing": _l("Ask for at least one part."),
        "quantity_not_positive": _l("Enter a quantity of 1 or more."),
        "order_not_open": _l("Everything of %(number)s has left or was cancelled."),
        "case_has_open_order": _l(
            "The case cannot be closed: order %(number)s of %(rma)s is still open and takes stock. Dispatch it or cancel it "
            "first, then close the case."
        ),
        "promise_in_past": _l("The new promise must lie in the future (%(at)s has passed)."),
        "promise_too_far": _l("A promise can lie %(days)s days ahead at most."),
        "line_choice_missing": _l("Choose at least one line."),
        "nothing_to_cancel": _l(
            "Nothing of %(number)s can be cancelled any more: all of it has left or was cancelled."
        ),
        "nothing_picked": _l("Nothing of %(number)s is picked. Pick the parts first."),
        "nothing_lost": _l("Everything in %(number)s has been booked in meanwhile: nothing of it is lost any more."),
        "serial_not_reserved": _l(
            "%(scanned)s is the serial of a %(part)s that is reserved for no order. Expected: a serial that the board "
            "names, or an order's number. To send this piece instead, open the order and scan it there."
        ),
        "part_at_board": _l(
            "%(scanned)s is a part number. Expected: a serial that the board names, or an order's number."
        ),
        "unknown_at_board": _l(
            "%(scanned)s is no serial that is known here. Expected: a serial that the board names, or an order's number."
        ),
        "serial_reserved_twice": _l("Several parts carry the serial %(scanned)s. Open the order and scan it there."),
        "serial_wrong": _l("%(scanned)s is no serial or part that is known here. %(order)s expects: %(expected)s."),
        "serial_not_expected": _l(
            "%(scanned)s is the serial of a %(part)s, which %(order)s does not wait for. It expects: %(expected)s."
        ),
        "part_scanned": _l("%(scanned)s is a part number. Scan the serial beside it. %(order)s expects: %(expected)s."),
        "nothing_to_pick": _l("%(scanned)s is not wanted: nothing of %(order)s waits to be picked by its serial."),
        "scan_the_serial": _l("This part has serial numbers: scan the serial of the piece in your hand."),
        "serial_held": _l("%(scanned)s is reserved for %(holder)s. %(order)s expects: %(expected)s."),
        "serial_not_good": _l(
            "%(scanned)s is not a good part in a bin, so it cannot be sent. %(order)s expects: %(expected)s."
        ),
        "unit_held": _l("%(serial)s is reserved for another order."),
        "unit_not_available": _l("%(serial)s is not a good part in a bin, so it cannot be sent."),
        "packages_out_of_range": _l("Enter 1 to 999 packages."),
        "weight_out_of_range": _l("Enter a weight between 0.001 and 5000 kg."),
        "weight_malformed": _l("Enter the weight in kg with a point for decimals, such as 4.2."),
        "line_not_allowed": _line_not_allowed,
        "shipment_not_allowed": _shipment_not_allowed,
        "still_waiting": _l(
            "There is still no stock for this line: nothing is free, or what is free is kept for those ahead of it."
        ),
        "waybill_malformed": _l(
            "This is no waybill number: it has 5 to 40 letters, digits, hyphens, dots or slashes, with a digit among them."
        ),
        "waybill_own_number": _l("%(number)s is a number of this system, not a waybill. Scan the courier's label."),
        "waybill_is_serial": _l(
            "%(serial)s is the serial of a part in this shipment, not a waybill. Scan the courier's label."
        ),
        "waybill_used": _l(
            "Waybill %(waybill)s of this carrier is on shipment %(number)s already. Check it; tick this only if both travel "
            "under it."
        ),
        "document_unknown": _l("There is no such print."),
    }
)
