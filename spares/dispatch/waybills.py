"""What a courier's waybill can be. A wrong one is found out only when the parcel cannot be traced, so what is plainly none
is refused while the parcel still stands on the bench."""

import re
from collections.abc import Iterable

from sqlalchemy import select

from spares.db import session
from spares.dispatch.models import Shipment
from spares.errors import Conflict, Invalid
from spares.numbers import number, parse, scan_key

_WAYBILL = re.compile(r"(?=.*[0-9])[A-Z0-9./-]{5,40}")
_OURS_BELOW = (
    10_000_000  # a courier's `SH123456789012` has the form of a number of ours, but is years away from being one
)


def check_waybill(waybill: str, serials: Iterable[str] = (), *, by_courier: bool = True) -> None:
    """Raises Invalid for what is no waybill: a number of our own, one of the `serials` in the shipment, or, `by_courier`, not
    5 to 40 letters, digits, hyphens, dots or slashes with a digit among them. None at all passes.

    Who fetches or carries goods himself may leave any note there, such as the number plate of his car."""
    key = scan_key(waybill)
    if not key:
        return
    own = parse(key)
    if own is not None and own[1] < _OURS_BELOW:
        raise Invalid("waybill_own_number", field="waybill", number=number(*own))
    if by_courier and not _WAYBILL.fullmatch(key):
        raise Invalid("waybill_malformed", field="waybill")
    for serial in serials:
        if scan_key(serial) == key:
            raise Invalid("waybill_is_serial", field="waybill", serial=serial)


def check_unused(shipment: Shipment, carrier: str, waybill: str) -> None:
    """Raises Conflict at the field `shared` when another shipment travels under this waybill of the carrier."""
    key = scan_key(waybill)
    if not key:
        return
    query = select(Shipment).where(Shipment.waybill_key == key, Shipment.id != shipment.id)
    for other in session.scalars(query.order_by(Shipment.id)):
        if scan_key(other.carrier) == scan_key(carrier):
            raise Conflict("waybill_used", field="shared", waybill=other.waybill, number=other.number)
