"""Who may do what: one table of roles by permission, asked by views and by services alike.

An `Actor` is the person (or the system) on whose behalf something happens; it is a plain value, so that services can be
called from a request, a command or a test in the same way."""

from dataclasses import dataclass
from enum import StrEnum

from spares.accounts.models import Role
from spares.errors import Forbidden

W, E, R, F, M, A = (Role.WAREHOUSE, Role.ENGINEER, Role.RMA_ADMIN, Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR)


class Permission(StrEnum):
    """A verb that is allowed or refused as a whole."""

    STOCK_SEE = "stock_see"
    STOCK_MOVE = "stock_move"
    STOCK_ADJUST = "stock_adjust"
    STOCKTAKE_SEE = "stocktake_see"
    STOCKTAKE_COUNT = "stocktake_count"
    STOCKTAKE_RUN = "stocktake_run"
    STOCKTAKE_APPROVE = "stocktake_approve"
    PARTS_EDIT = "parts_edit"
    CASES_SEE = "cases_see"
    CASES_EDIT = "cases_edit"
    NOTES_ADD = "notes_add"
    CUSTOMERS_EDIT = "customers_edit"
    FAULT_CONFIRM = "fault_confirm"
    SPARES_REQUEST = "spares_request"
    REQUEST_CANCEL = "request_cancel"
    DISPATCH_SEE = "dispatch_see"
    DISPATCH_WORK = "dispatch_work"
    PROMISE_CHANGE = "promise_change"
    RECEIPT_CONFIRM = "receipt_confirm"
    RETURN_ANNOUNCE = "return_announce"
    RETURN_RECEIVE = "return_receive"
    RETURN_INSPECT = "return_inspect"
    OBLIGATION_DECIDE = "obligation_decide"
    RMA_SEE = "rma_see"
    OVERDUE_SEE = "overdue_see"
    OBLIGATION_CHARGE = "obligation_charge"
    FIGURES_SEE = "figures_see"
    PEOPLE_EDIT = "people_edit"
    CALENDAR_SEE = "calendar_see"
    CALENDAR_EDIT = "calendar_edit"
    SETTINGS_EDIT = "settings_edit"
    IMPORTS_RUN = "imports_run"


EVERYONE = frozenset(Role)

ALLOWED: dict[Permission, frozenset[Role]] = {
    Permission.STOCK_SEE: EVERYONE,
    Permission.STOCK_MOVE: frozenset({W, R}),
    Permission.STOCK_ADJUST: frozenset({W, R}),
    Permission.STOCKTAKE_SEE: frozenset({W, R, F, M, A}),
    Permission.STOCKTAKE_COUNT: frozenset({W, R}),
    Permission.STOCKTAKE_RUN: frozenset({W, R, M}),
    Permission.STOCKTAKE_APPROVE: frozenset({R, M}),
    Permission.PARTS_EDIT: frozenset({R, A}),
    Permission.CASES_SEE: EVERYONE,
    Permission.CASES_EDIT: frozenset({E, R}),
    Permission.NOTES_ADD: EVERYONE,
    Permission.CUSTOMERS_EDIT: frozenset({E, R, A}),
    Permission.FAULT_CONFIRM: frozenset({E, R}),
    Permission.SPARES_REQUEST: frozenset({E, R}),
    Permission.REQUEST_CANCEL: frozenset({E, R}),
    Permission.DISPATCH_SEE: EVERYONE,
    Permission.DISPATCH_WORK: frozenset({W, R}),
    Permission.PROMISE_CHANGE: frozenset({R}),
    Permission.RECEIPT_CONFIRM: frozenset({E, R, W}),
    Permission.RETURN_ANNOUNCE: frozenset({E, R, W}),
    Permission.RETURN_RECEIVE: frozenset({W, R}),
    Permission.RETURN_INSPECT: frozenset({W, R}),
    Permission.OBLIGATION_DECIDE: frozenset({R}),
    Permission.RMA_SEE: EVERYONE,
    Permission.OVERDUE_SEE: frozenset({R, F, M, A}),
    Permission.OBLIGATION_CHARGE: frozenset({R, F}),
    Permission.FIGURES_SEE: frozenset({R, F, M, A}),
    Permission.PEOPLE_EDIT: frozenset({A}),
    Permission.CALENDAR_SEE: EVERYONE,
    Permission.CALENDAR_EDIT: frozenset({A}),
    Permission.SETTINGS_EDIT: frozenset({A}),
    Permission.IMPORTS_RUN: frozenset({R, A}),
}


@dataclass(frozen=True)
class Actor:
    """On whose behalf something happens. `id` None is the system itself (worker, command line), which may do anything."""

    id: int | None
    name: str
    role: Role | None
    language: str = ""
    session_id: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the table allows it; record-level rules are asked where the record is read."""
        return self.role is None or self.role in ALLOWED[permission]

    def must(self, permission: Permission) -> None:
        """Raises Forbidden unless `may`."""
        if not self.may(permission):
            raise Forbidden("not_allowed", permission=permission.value)


SYSTEM = Actor(id=None, name="system", role=None)
