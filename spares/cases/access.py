"""Which cases a person may see. Asked wherever a record of a case is read, so that an address gives nothing away."""

from sqlalchemy import ColumnElement, or_, true

from spares import settings
from spares.accounts.access import Actor
from spares.accounts.models import Role
from spares.cases.models import ServiceCase
from spares.errors import NotFound


def visible_cases(actor: Actor) -> ColumnElement[bool]:
    """A condition on `service_case` rows: everything, or for engineers only their own when the setting says so."""
    if actor.role is not Role.ENGINEER or settings.current().engineers_see_all_cases:
        return true()
    return or_(ServiceCase.opened_by_id == actor.id, ServiceCase.assigned_to_id == actor.id)


def must_see(case: ServiceCase, actor: Actor) -> None:
    """Raises NotFound, the same as for a case that does not exist, when the person may not see it."""
    if actor.role is not Role.ENGINEER or settings.current().engineers_see_all_cases:
        return
    if actor.id not in {case.opened_by_id, case.assigned_to_id}:
        raise NotFound("not_found")
