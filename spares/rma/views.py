"""The slice's pages: imported so that they are there."""

from spares.rma import cancel_views, request_views, request_words, shipment_views  # noqa: F401
from spares.rma.routes import routes

__all__ = ["routes"]
