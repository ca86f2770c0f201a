"""The slice's pages: imported so that they are there."""

from spares.cases import case_actions, case_views, customer_views  # noqa: F401
from spares.cases.routes import routes

__all__ = ["routes"]
