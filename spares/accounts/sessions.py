"""Sessions on the server: a random 256-bit token in the cookie, its SHA-256 in the table.

The row decides: a session that was ended, has idled too long, is too old, or whose person is disabled is no session,
whatever the browser still holds."""

import hashlib
import secrets
from datetime import datetime, timedelta

import structlog
from flask import Response, current_app, g, request
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from spares import settings
from spares.accounts.access import Actor
from spares.accounts.models import User, UserSession
from spares.db import db, is_postgresql, session

log = structlog.get_logger("spares.sessions")
SEEN_EVERY = timedelta(minutes=1)
"""How exactly "last seen" is kept: a page does not write unless this much time has passed."""


def digest(token: str) -> str:
    """What is stored of a secret token. The token has 256 random bits, so a plain fast hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(user: User, *, address: str, agent: str, now: datetime) -> str:
    """Start a session for `user` and give the token for the cookie; it can be had only now."""
    token = secrets.token_urlsafe(32)
    session.add(
        UserSession(
            token_hash=digest(token),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            address=address[:64],
            agent=agent[:200],
        )
    )
    session.flush()
    return token


def end(session_id: int, *, because: str, now: datetime) -> None:
    """End one session; a session that has ended stays as it is."""
    session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.ended_at.is_(None))
        .values(ended_at=now, ended_because=because)
    )


def end_all(user_id: int, *, because: str, now: datetime, but: int | None = None) -> None:
    """End every session of a person, except `but` (the one in which he changes his password)."""
    session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.id != (but or 0))
        .values(ended_at=now, ended_because=because)
    )


def identify() -> Actor | None:
    """The person whose session cookie came with the request; one statement, and a short write once a minute."""
    token = request.cookies.get(current_app.config["SPARES_SIGN_IN_COOKIE"])
    if not token:
        return None
    found = session.execute(
        select(
            UserSession.id,
            UserSession.created_at,
            UserSession.last_seen_at,
            User.id.label("user_id"),
            User.display_name,
            User.role,
            User.language,
            User.is_demo,
        )
        .join(User, User.id == UserSession.user_id)
        .where(
            UserSession.token_hash == digest(token),
            UserSession.ended_at.is_(None),
            User.disabled_at.is_(None),
        )
    ).one_or_none()
    if found is None or not in_force(found.created_at, found.last_seen_at, g.now):
        return None
    if found.is_demo and not current_app.config["SPARES_DEMO_DATA"]:
        return None
    if g.now - found.last_seen_at >= SEEN_EVERY:
        _seen(found.id, g.now)
    return Actor(
        id=found.user_id, name=found.display_name, role=found.role, language=found.language, session_id=found.id
    )


def why_ended() -> str:
    """Why the session of the request's cookie is in force no longer: what ended it, `idle` or `too_old`; nothing where there
    is no cookie, or none that this site gave."""
    token = request.cookies.get(current_app.config["SPARES_SIGN_IN_COOKIE"])
    if not token:
        return ""
    columns = select(UserSession.ended_because, UserSession.ended_at, UserSession.created_at, UserSession.last_seen_at)
    found = session.execute(columns.where(UserSession.token_hash == digest(token))).one_or_none()
    if found is None:
        return ""
    if found.ended_at is not None:
        return str(found.ended_because)
    limits = settings.current()
    if g.now - found.created_at >= timedelta(hours=limits.session_absolute_hours):
        return "too_old"
    return "idle" if g.now - found.last_seen_at >= timedelta(minutes=limits.session_idle_minutes) else ""


def in_force(created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Whether a session begun and last used then is within the idle and the absolute limit."""
    limits = settings.current()
    return now - last_seen_at < timedelta(minutes=limits.session_idle_minutes) and now - created_at < timedelta(
        hours=limits.session_absolute_hours
    )


def _seen(session_id: int, now: datetime) -> None:
    """Written on a connection of its own, so that the page's own reading is not disturbed. When the database is busy
    the note is left out rather than waited for: the next page writes it."""
    try:
        with db.engine.connect() as connection, connection.begin():
            if is_postgresql():
                connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
            else:
                connection.execute(text("PRAGMA busy_timeout = 200"))
            try:
                connection.execute(update(UserSession).where(UserSession.id == session_id).values(last_seen_at=now))
            finally:
                if not is_postgresql():
                    connection.execute(text("PRAGMA busy_timeout = 30000"))
    except OperationalError as error:
        log.info("not_noted", problem=str(error.orig))


def give_cookie(response: Response, token: str) -> None:
    """Hand the token to the browser for as long as it stays open; `__Host-` and Secure when the site is on HTTPS."""
    response.set_cookie(
        current_app.config["SPARES_SIGN_IN_COOKIE"],
        token,
        path="/",
        secure=current_app.config["SPARES_HTTPS"],
        httponly=True,
        samesite="Lax",
    )


def take_cookie(response: Response) -> None:
    """Let the browser forget the token."""
    response.delete_cookie(
        current_app.config["SPARES_SIGN_IN_COOKIE"],
        path="/",
        secure=current_app.config["SPARES_HTTPS"],
        httponly=True,
        samesite="Lax",
    )
