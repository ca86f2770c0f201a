"""The record of what is changed outside any case: people, calendar, settings, imports. It can only grow."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.accounts.models import AuditEntry, User
from spares.db import session


def record(action: str, subject: str, data: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    """Write that `actor` did `action` to `subject` (`user 7`, `setting product_name`). `data` is JSON: the old and new
    values, the reason; never a password or a token."""
    session.add(AuditEntry(at=now, actor_id=actor.id, action=action, subject=subject, data=data))
    session.flush()


def entries(*, subject: str = "", page: int, size: int) -> tuple[list[tuple[AuditEntry, str | None]], bool]:
    """A page of entries, newest first, each with the name of who did it; and whether there are more."""
    query = (
        select(AuditEntry, User.display_name)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .order_by(AuditEntry.id.desc())
    )
    if subject:
        query = query.where(AuditEntry.subject == subject)
    found = session.execute(query.limit(size + 1).offset((page - 1) * size)).all()
    return [(entry, name) for entry, name in found[:size]], len(found) > size


def of(action: str, subjects: Sequence[str]) -> Sequence[AuditEntry]:
    """Every time that `action` was done to one of the subjects, the oldest first."""
    query = select(AuditEntry).where(AuditEntry.subject.in_(subjects), AuditEntry.action == action)
    return session.scalars(query.order_by(AuditEntry.id)).all()
