"""What the things that a number can name are called."""

from typing import Any

from flask_babel import lazy_gettext as _l

KINDS: dict[str, Any] = {
    "unit": _l("Unit"),
    "part": _l("Part"),
    "location": _l("Bin"),
    "posting": _l("Stock posting"),
    "case": _l("Case"),
    "equipment": _l("Customer's equipment"),
    "customer": _l("Customer"),
    "rma": _l("RMA"),
    "obligation": _l("Return"),
    "dispatch_order": _l("Dispatch order"),
    "shipment": _l("Shipment"),
    "stocktake": _l("Stocktake"),
}
