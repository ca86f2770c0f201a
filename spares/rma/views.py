"""The slice's pages: imported so that they are there."""

from spares.rma import request_views, request_words  # noqa: F401
from spares.rma.routes import routes

__all__ = ["routes"]
