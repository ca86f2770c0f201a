"""The list of cases: one statement a page, whatever is searched for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from spares.accounts.access import Actor
from spares.accounts.models import User
from spares.cases.access import visible_cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import CaseState, Customer, Equipment, FaultConfirmation, ServiceCase
from spares.cases.queries import contains
from spares.db import session
from spares.numbers import NumberKind, key_of, scan_key


@dataclass(frozen=True)
class Filter:
    """What the list shows. `whose` is "mine" or "all", `state` None for both, `text` is part of a number, customer,
    serial or title."""

    whose: str = "all"
    state: CaseState | None = None
    level: FaultLevel | None = None
    text: str = ""


@dataclass(frozen=True)
class CaseRow:
    """One case of the list."""

    case: ServiceCase
    customer: str
    assigned: str
    serial: str
    opened_at: datetime


def cases_page(chosen: Filter, actor: Actor, page: int, size: int) -> tuple[list[CaseRow], bool]:
    """A page of the cases the person may see, the newest first; and whether there are more."""
    query = _listed(chosen, actor).order_by(ServiceCase.id.desc()).limit(size + 1).offset((page - 1) * size)
    rows = [CaseRow(row[0], row[1], row[2] or "", row[3] or "", row[0].opened_at) for row in session.execute(query)]
    return rows[:size], len(rows) > size


def cases_of(customer_id: int, actor: Actor, most: int = 50) -> Sequence[ServiceCase]:
    """The open cases of a customer that the person may see, the newest first."""
    query = select(ServiceCase).where(ServiceCase.customer_id == customer_id, ServiceCase.state == CaseState.OPEN)
    return session.scalars(query.where(visible_cases(actor)).order_by(ServiceCase.id.desc()).limit(most)).all()


def _listed(chosen: Filter, actor: Actor) -> Select[Any, Any, Any, Any]:
    query = (
        select(ServiceCase, Customer.name, User.display_name, Equipment.serial)
        .join(Customer, Customer.id == ServiceCase.customer_id)
        .outerjoin(User, User.id == ServiceCase.assigned_to_id)
        .outerjoin(Equipment, Equipment.id == ServiceCase.equipment_id)
        .where(visible_cases(actor))
    )
    if chosen.whose == "mine":
        query = query.where(ServiceCase.assigned_to_id == actor.id)
    if chosen.state is not None:
        query = query.where(ServiceCase.state == chosen.state)
    if chosen.level is not None:
        query = query.where(ServiceCase.level == chosen.level)
    return query.where(_matches(chosen.text)) if chosen.text.strip() else query


def _matches(text: str) -> ColumnElement[bool]:
    like, key = contains(text), scan_key(text)
    confirmed = select(FaultConfirmation.case_id).where(FaultConfirmation.serial_key == key)
    found = [
        ServiceCase.title.ilike(like, escape="/"),
        ServiceCase.external_number.ilike(like, escape="/"),
        Customer.name.ilike(like, escape="/"),
        Customer.code == text.strip(),
        Equipment.serial_key == key,
        ServiceCase.id.in_(confirmed),
    ]
    number = key_of(NumberKind.CASE, text)
    if number is not None:
        found.append(ServiceCase.id == number)
    return or_(*found)
