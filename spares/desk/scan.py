"""What the box at the top of every page opens: anything that carries a number."""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from spares.accounts.access import Actor
from spares.accounts.models import Role
from spares.cases import finding as cases
from spares.dispatch import queries as dispatch
from spares.inventory import queries as inventory
from spares.numbers import NumberKind, number, parse, scan_key
from spares.rma import queries as rma
from spares.rma.lifecycle import RECEIVABLE
from spares.web import Hit

LONGEST = 200
OWN_NUMBERS = {
    NumberKind.RMA: ("rma", "rma_show"),
    NumberKind.DISPATCH_ORDER: ("dispatch_order", "order_show"),
    NumberKind.SHIPMENT: ("shipment", "shipment_show"),
    NumberKind.STOCKTAKE: ("stocktake", "stocktake_show"),
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


def of_part(hits: list[Hit], part: str) -> list[Hit]:
    """Of several things with one number, the units of the part that the code names as well; all of them if there is none."""
    key = scan_key(part)
    named = [hit for hit in hits if hit.kind == "unit" and scan_key(hit.label.rpartition(" · ")[2]) == key]
    return named if key and named else hits


def receiving(text: str, hits: list[Hit], actor: Actor) -> dict[str, Any] | None:
    """For the warehouse, the arguments of the receiving page when the text is the serial or the waybill of a part that is
    on its way back: what lies on the bench is to be taken in. None for anybody else, for anything else, and for a unit
    that the stock knows, whose page leads on by itself."""
    if actor.role is not Role.WAREHOUSE or all(hit.kind != "obligation" for hit in hits):
        return None
    expected = [one for one in rma.expected(text, actor) if one.state in RECEIVABLE and one.dispatched_at is not None]
    numbers = {one.rma.number for one in expected}
    if len(numbers) == 1:
        return {"number": numbers.pop()}
    return {"q": text.strip()[:LONGEST]} if numbers else None
