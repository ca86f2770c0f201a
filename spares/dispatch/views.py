"""The slice's pages: imported so that they are there."""

from spares.dispatch import board_views, label_views, order_views, packing_views, shipment_views  # noqa: F401
from spares.dispatch.routes import routes

__all__ = ["routes"]
