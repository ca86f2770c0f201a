"""What the box at the top of every page opens: anything that carries a number."""

from urllib.parse import urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from spares.cases import finding as cases
from spares.dispatch import queries as dispatch
from spares.inventory import queries as inventory
from spares.numbers import NumberKind, number, parse
from spares.rma import queries as rma
from spares.web import Hit

LONGEST = 200
OWN_NUMBERS = {
    NumberKind.RMA: ("rma", "rma_show"),
    NumberKind.DISPATCH_ORDER: ("dispatch_order", "order_show"),
    NumberKind.SHIPMENT: ("shipment", "shipment_show"),
}


def path_of(text: str) -> str | None:
    """The page of ours that a scanned QR code names, as a path on this site; None when it is no address, or not one of
    a page here. Only the path counts: a slip printed under another host name still works, and nobody is led elsewhere."""
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.path:
        return None
    try:
        current_app.url_map.bind("localhost").match(parts.path, method="GET")
    except (RequestRedirect, MethodNotAllowed, HTTPException):
        return None
    return parts.path


def find(text: str) -> list[Hit]:
    """Everything that the text names, most likely first. Our own numbers are opened as they stand; a serial that the
    stock knows needs no further look."""
    typed = text.strip()[:LONGEST]
    if not typed:
        return []
    own = parse(typed)
    if own is not None and own[0] in OWN_NUMBERS:
        kind, endpoint = OWN_NUMBERS[own[0]]
        shown = number(*own)
        return [Hit(kind, shown, endpoint, {"number": shown})]
    stock = inventory.find_anything(typed)
    if stock:
        return stock
    return cases.find(typed) + rma.find(typed) + dispatch.find(typed)
