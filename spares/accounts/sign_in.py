"""Signing in: throttled, the same answer for an unknown name and a wrong password, a new session on success.

It takes two transactions on purpose: the attempt is counted in one before the password is looked at, and the session
begins in the other. The slow hash is computed in between, so that it holds no lock."""

from datetime import datetime

from sqlalchemy import select

from spares.accounts import passwords, sessions, throttle
from spares.accounts.models import User
from spares.db import session
from spares.errors import Invalid


def right_password(username: str, password: str) -> int | None:
    """The id of the enabled person whose name and password these are. Takes the same time in every case."""
    found = session.execute(
        select(User.id, User.password_hash).where(
            User.username_key == username.strip().casefold(), User.disabled_at.is_(None)
        )
    ).one_or_none()
    matches = passwords.matches(password, found.password_hash if found else None)
    return found.id if found is not None and matches else None


def begin_session(
    user_id: int, *, attempt_id: int | None, address: str, agent: str, now: datetime, demo: bool, replaces: int | None
) -> tuple[User, str]:
    """Begin a session for a person who has proved who he is; gives him and the token for the cookie.

    `replaces` is the session that this browser had, which ends. Invented people are let in only where `demo` is on.
    Raises Invalid("sign_in_refused")."""
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None or (user.is_demo and not demo):
        raise Invalid("sign_in_refused")
    if attempt_id is not None:
        throttle.accept(attempt_id)
    if replaces is not None:
        sessions.end(replaces, because="signed_in_anew", now=now)
    return user, sessions.begin(user, address=address, agent=agent, now=now)


def demo_person(username: str) -> int:
    """The id of an invented person, who signs in without a password. Raises Invalid for anybody else."""
    found = session.scalar(
        select(User.id).where(
            User.username_key == username.casefold(), User.is_demo.is_(True), User.disabled_at.is_(None)
        )
    )
    if found is None:
        raise Invalid("sign_in_refused")
    return found
