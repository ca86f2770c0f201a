"""The slice's pages: imported so that they are there."""

from spares.rma import (  # noqa: F401
    cancel_views,
    case_panel,
    discrepancy_views,
    list_views,
    obligation_views,
    receipt_views,
    request_views,
    request_words,
    return_views,
    rma_views,
    shipment_views,
    unexpected_views,
    unit_panel,
)
from spares.rma.routes import routes

__all__ = ["routes"]
