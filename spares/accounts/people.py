"""Questions that other slices have about people."""

from sqlalchemy import select

from spares.accounts.models import Role, User
from spares.db import session


def addresses_of(role: Role) -> list[str]:
    """The e-mail addresses of everybody active in the role who has one, in a stable order."""
    query = select(User.email).where(User.role == role, User.disabled_at.is_(None), User.email != "").order_by(User.id)
    return list(session.scalars(query))


def nobody_yet() -> bool:
    """Whether no account has been made."""
    return session.scalar(select(User.id).limit(1)) is None


def is_demo_database() -> bool:
    """Whether the database holds demo accounts, whose passwords everybody knows."""
    return session.scalar(select(User.id).where(User.is_demo).limit(1)) is not None
