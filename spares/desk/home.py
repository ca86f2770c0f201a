"""The warehouse's day: what to send, what is on its way back, what to inspect, and what runs low."""

from flask import render_template

from spares.dispatch.board_views import board_page
from spares.inventory.queries import low_stock
from spares.inventory.stocktake_queries import under_way
from spares.rma.counts import waiting


def warehouse_home() -> str:
    """The board with the day's other work above it."""
    page = board_page()
    depot_id = page["depot"].id
    return render_template(
        "desk/warehouse_home.html",
        **page,
        waiting=waiting(depot_id),
        low=len(low_stock(depot_id)),
        stocktakes=under_way(depot_id),
    )
