"""The way to the pages of each role: its first screen, then the others in the order in which they are needed. A link is
called what the page is called that it opens."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request
from flask_babel import lazy_gettext as _l

from spares.accounts.access import Permission
from spares.accounts.models import Role


@dataclass(frozen=True)
class NavItem:
    """A link in the rail."""

    endpoint: str
    label: Any
    icon: str
    active: bool = False


W, E, R, F, M, A = (Role.WAREHOUSE, Role.ENGINEER, Role.RMA_ADMIN, Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR)

FIRST_SCREENS = {
    Role.WAREHOUSE: "home",
    Role.ENGINEER: "case_list",
    Role.RMA_ADMIN: "rma_list",
    Role.FINANCE: "overdue_show",
    Role.MANAGER: "figures_show",
    Role.ADMINISTRATOR: "user_list",
}
"""Where each role begins. The warehouse's is its day, with the board below it."""

ITEMS: tuple[tuple[str, Any, str, frozenset[Role]], ...] = (
    ("home", _l("Today"), "neutral", frozenset({W})),
    ("request_new", _l("Request a spare"), "plus", frozenset({E, R})),
    ("board_show", _l("To dispatch"), "truck", frozenset({R, M})),
    ("rma_list", _l("Exchanges"), "link", frozenset({R, M, E, F})),
    ("return_list", _l("Returns"), "return", frozenset({W, R})),
    ("receipt_list", _l("Receipts to confirm"), "good", frozenset({R, E})),
    ("discrepancy_list", _l("Discrepancies"), "warn", frozenset({R, W})),
    ("case_list", _l("Cases"), "case", frozenset({E, R, M, W})),
    ("customer_list", _l("Customers"), "people", frozenset({E, R, A})),
    ("overdue_show", _l("Overdue returns"), "clock", frozenset({F, R, M, A})),
    ("figures_show", _l("Promises and stock"), "chart", frozenset({M, R, F, A})),
    ("part_list", _l("Parts"), "box", frozenset({W, R, E, M, A})),
    ("unit_list", _l("Units"), "scan", frozenset({W, R})),
    ("stock_receive", _l("Receive stock"), "download", frozenset({W, R})),
    ("stock_put_away", _l("Put away"), "down", frozenset({W})),
    ("location_list", _l("Places"), "menu", frozenset({W, R})),
    ("stocktake_list", _l("Stocktakes"), "info", frozenset({W, R, M})),
    ("import_list", _l("Imports"), "upload", frozenset({R, A})),
    ("calendar_show", _l("Calendar"), "calendar", frozenset(Role)),
    ("depot_list", _l("Depots"), "truck", frozenset({A})),
    ("user_list", _l("People"), "people", frozenset({A})),
    ("settings_edit", _l("Settings"), "settings", frozenset({A})),
    ("audit_list", _l("Record of changes"), "menu", frozenset({A})),
)


def nav_items() -> list[NavItem]:
    """The links for the person of this request; what a role may not open is not offered."""
    actor = g.get("actor")
    if actor is None:
        return []
    items = []
    for endpoint, label, icon, roles in ITEMS:
        view = current_app.view_functions.get(endpoint)
        if view is None or actor.role not in roles:
            continue
        needs: tuple[Permission, ...] = getattr(view, "needs", None) or ()
        if all(actor.may(permission) for permission in needs):
            shows = {"home", "board_show"} if endpoint == "home" else {endpoint}
            items.append(NavItem(endpoint, label, icon, active=request.endpoint in shows))
    first = FIRST_SCREENS[actor.role]
    return sorted(items, key=lambda item: item.endpoint != first)


def page_context() -> dict[str, list[NavItem]]:
    """What the page frame needs to draw the way."""
    return {"nav_items": nav_items()}
