"""The slice's pages."""

from spares.inventory import audit_names as audit_names  # registers what the audit calls parts, bins and imports
from spares.inventory import (
    import_views,
    label_views,
    parts_views,
    stock_form_views,
    stock_scan_views,
    stock_views,
    stocktake_count_views,
    stocktake_difference_views,
    stocktake_recount_views,
    stocktake_views,
)
from spares.web import Routes

routes = Routes()
for module in (
    parts_views,
    stock_views,
    stock_scan_views,
    stock_form_views,
    import_views,
    label_views,
    stocktake_views,
    stocktake_count_views,
    stocktake_difference_views,
    stocktake_recount_views,
):
    routes.add_all(module.routes)
