"""Reading about people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import or_, select

from spares import settings
from spares.accounts.models import Role, User, UserSession
from spares.db import session
from spares.errors import NotFound


def user(user_id: int) -> User:
    """One person. Raises NotFound."""
    found = session.get(User, user_id)
    if found is None:
        raise NotFound("not_found")
    return found


def users(*, text: str = "", role: Role | None = None, page: int, size: int) -> tuple[Sequence[User], bool]:
    """A page of people by name, the enabled first; and whether there are more. `text` is part of a name or e-mail."""
    query = select(User).order_by(User.disabled_at.is_not(None), User.username_key)
    if text:
        like = f"%{text.casefold().replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
        query = query.where(
            or_(
                User.username_key.like(like, escape="/"),
                User.display_name.ilike(like, escape="/"),
                User.email.ilike(like, escape="/"),
            )
        )
    if role is not None:
        query = query.where(User.role == role)
    found = session.scalars(query.limit(size + 1).offset((page - 1) * size)).all()
    return found[:size], len(found) > size


def names(user_ids: set[int]) -> dict[int, str]:
    """The display names of some people, in one statement."""
    found = session.execute(select(User.id, User.display_name).where(User.id.in_(user_ids)))
    return {user_id: name for user_id, name in found.all()}  # noqa: C416


def demo_people() -> Sequence[User]:
    """The invented people of a demo database, in the order they were added."""
    return session.scalars(
        select(User).where(User.is_demo.is_(True), User.disabled_at.is_(None)).order_by(User.id)
    ).all()


def open_sessions(user_id: int, now: datetime) -> Sequence[UserSession]:
    """The sessions of a person that are in force, the latest used first."""
    limits = settings.current()
    return session.scalars(
        select(UserSession)
        .where(
            UserSession.user_id == user_id,
            UserSession.ended_at.is_(None),
            UserSession.last_seen_at > now - timedelta(minutes=limits.session_idle_minutes),
            UserSession.created_at > now - timedelta(hours=limits.session_absolute_hours),
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    ).all()


def version_of(person: User) -> str:
    """What a form about this person was made from; it changes with anything the form shows."""
    shown = (person.display_name, person.role.value, person.email, person.phone, person.disabled_at)
    return sha256(repr(shown).encode()).hexdigest()[:16]
