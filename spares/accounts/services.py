"""Changes to people: adding them, what they are allowed, their passwords and their sessions."""

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from spares import settings
from spares.accounts import audit, passwords, sessions
from spares.accounts.access import Actor, Permission
from spares.accounts.models import PasswordLink, Role, User, UserSession
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound

LINK_LASTS = timedelta(hours=24)
_LONGEST_REASON = 300
_USERNAME = re.compile(r"[\w.@+-]{2,80}")
_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")


def add_user(
    *,
    username: str,
    display_name: str,
    role: Role,
    actor: Actor,
    now: datetime,
    email: str = "",
    phone: str = "",
    language: str = "",
    password: str | None = None,
    is_demo: bool = False,
) -> User:
    """Add a person, without a password unless one is given: then only a one-time link lets him in.

    Raises Invalid (bad or taken name, bad e-mail, guessable password) and Forbidden."""
    actor.must(Permission.PEOPLE_EDIT)
    username = username.strip()
    if not _USERNAME.fullmatch(username):
        raise Invalid("username_malformed", field="username")
    key = username.casefold()
    if session.scalar(select(User.id).where(User.username_key == key)) is not None:
        raise Conflict("username_taken", field="username", username=username)
    user = User(
        username=username,
        username_key=key,
        display_name=_display_name(display_name),
        role=role,
        created_at=now,
        email=_email(email),
        phone=phone.strip(),
        language=language,
        is_demo=is_demo,
    )
    if password is not None:
        passwords.check(password, names=names_of(user))
        user.password_hash = passwords.make_hash(password)
        user.password_changed_at = now
    session.add(user)
    session.flush()
    audit.record("user_added", f"user {user.id}", _facts(user), actor=actor, now=now)
    return user


def change_user(
    user_id: int, *, display_name: str, role: Role, email: str, phone: str, actor: Actor, now: datetime
) -> User:
    """Change who a person is or what he may do; a new role ends his sessions. Raises Conflict("last_administrator")."""
    actor.must(Permission.PEOPLE_EDIT)
    administrators = _locked_administrators()
    user = _locked(user_id)
    if role is not Role.ADMINISTRATOR and administrators == {user.id}:
        raise Conflict("last_administrator", field="role")
    before = _facts(user)
    user.display_name, user.role = _display_name(display_name), role
    user.email, user.phone = _email(email), phone.strip()
    session.flush()
    after = _facts(user)
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if "role" in changed:
        sessions.end_all(user.id, because="role_changed", now=now, but=actor.session_id)
    if changed:
        audit.record("user_changed", f"user {user.id}", changed, actor=actor, now=now)
    return user


def disable_user(user_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Shut a person out at once. A repeat changes nothing. Raises Conflict("last_administrator")."""
    actor.must(Permission.PEOPLE_EDIT)
    administrators = _locked_administrators()
    user = _locked(user_id)
    reason = _given(reason)
    if user.disabled_at is not None:
        return
    if administrators == {user.id}:
        raise Conflict("last_administrator")
    user.disabled_at = now
    sessions.end_all(user.id, because="disabled", now=now)
    _void_links(user.id, now)
    audit.record("user_disabled", f"user {user.id}", {"reason": reason}, actor=actor, now=now)


def enable_user(user_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a person in again, with the password he had. A repeat changes nothing."""
    actor.must(Permission.PEOPLE_EDIT)
    user = _locked(user_id)
    reason = _given(reason)
    if user.disabled_at is None:
        return
    user.disabled_at = None
    audit.record("user_enabled", f"user {user.id}", {"reason": reason}, actor=actor, now=now)


def make_password_link(user_id: int, *, actor: Actor, now: datetime) -> str:
    """The token of a link with which the person sets a password once, within a day; earlier links end. It can be had
    only now. Raises Conflict("user_disabled")."""
    actor.must(Permission.PEOPLE_EDIT)
    user = _locked(user_id)
    if user.disabled_at is not None:
        raise Conflict("user_disabled")
    _void_links(user.id, now)
    token = secrets.token_urlsafe(32)
    session.add(
        PasswordLink(
            token_hash=sessions.digest(token),
            user_id=user.id,
            created_at=now,
            expires_at=now + LINK_LASTS,
            created_by_id=actor.id,
        )
    )
    session.flush()
    audit.record("password_link_made", f"user {user.id}", {}, actor=actor, now=now)
    return token


def link_owner(token: str, now: datetime) -> User:
    """Whose link this is. Raises NotFound("password_link_invalid") when it is unknown, used or expired."""
    user = session.scalar(
        select(User)
        .join(PasswordLink, PasswordLink.user_id == User.id)
        .where(
            PasswordLink.token_hash == sessions.digest(token),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > now,
            User.disabled_at.is_(None),
        )
    )
    if user is None:
        raise NotFound("password_link_invalid")
    return user


def set_password_by_link(token: str, *, password: str, now: datetime) -> User:
    """Use the link. Ends every session of the person. Raises NotFound as `link_owner`, Invalid for the password."""
    user = _locked(link_owner(token, now).id)
    link_owner(token, now)
    _set_password(user, password, now=now)
    link = session.scalars(select(PasswordLink).where(PasswordLink.token_hash == sessions.digest(token))).one()
    link.used_at = now
    sessions.end_all(user.id, because="password_changed", now=now)
    audit.record("password_set", f"user {user.id}", {}, actor=_as_actor(user), now=now)
    return user


def change_password(*, current: str, password: str, actor: Actor, now: datetime) -> None:
    """A person changes his own password, which ends his other sessions. Raises Invalid naming the field."""
    user = _locked(actor.id or 0)
    if not passwords.matches(current, user.password_hash):
        raise Invalid("current_password_wrong", field="current")
    _set_password(user, password, now=now)
    _void_links(user.id, now)
    sessions.end_all(user.id, because="password_changed", now=now, but=actor.session_id)
    audit.record("password_changed", f"user {user.id}", {}, actor=actor, now=now)


def change_language(language: str, *, actor: Actor) -> None:
    """The language in which a person sees every page."""
    _locked(actor.id or 0).language = language
    session.flush()


def end_own_session(session_id: int, *, actor: Actor, now: datetime) -> None:
    """A person ends one of his sessions. Raises NotFound for one that is not his."""
    owner = session.scalar(select(UserSession.user_id).where(UserSession.id == session_id))
    if owner is None or owner != actor.id:
        raise NotFound("not_found")
    sessions.end(session_id, because="ended_by_owner", now=now)


def end_sessions(user_id: int, *, actor: Actor, now: datetime) -> None:
    """An administrator signs a person out everywhere (himself: everywhere else)."""
    actor.must(Permission.PEOPLE_EDIT)
    user = _locked(user_id)
    sessions.end_all(user.id, because="ended_by_administrator", now=now, but=actor.session_id)
    audit.record("sessions_ended", f"user {user.id}", {}, actor=actor, now=now)


def names_of(user: User) -> list[str]:
    """What a password of this person must not be made of."""
    house = settings.current()
    mailbox = user.email.split("@")[0]
    return [
        user.username,
        user.display_name,
        mailbox,
        house.product_name,
        house.organisation_zh,
        house.organisation_en,
        "spares",
    ]


def _set_password(user: User, password: str, *, now: datetime) -> None:
    passwords.check(password, names=names_of(user))
    user.password_hash = passwords.make_hash(password)
    user.password_changed_at = now
    session.flush()


def _given(reason: str) -> str:
    cleaned = reason.strip()
    if not cleaned:
        raise Invalid("reason_missing", field="reason")
    if len(cleaned) > _LONGEST_REASON:
        raise Invalid("text_too_long", field="reason", limit=_LONGEST_REASON)
    return cleaned


def _locked(user_id: int) -> User:
    """The person's row, locked until the transaction ends. Raises NotFound."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("not_found")
    return user


def _locked_administrators() -> set[int]:
    """Everybody who can let people in, locked in the order of their keys and before any other person, so that two who
    leave at the same moment do not both go."""
    found = session.scalars(
        select(User.id)
        .where(User.role == Role.ADMINISTRATOR, User.disabled_at.is_(None))
        .order_by(User.id)
        .with_for_update()
    )
    return set(found)


def _void_links(user_id: int, now: datetime) -> None:
    for link in session.scalars(
        select(PasswordLink).where(
            PasswordLink.user_id == user_id, PasswordLink.used_at.is_(None), PasswordLink.expires_at > now
        )
    ):
        link.expires_at = now
    session.flush()


def _as_actor(user: User) -> Actor:
    return Actor(id=user.id, name=user.display_name, role=user.role, language=user.language)


def _display_name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise Invalid("display_name_missing", field="display_name")
    if len(name) > 80:
        raise Invalid("display_name_too_long", field="display_name", most=80)
    return name


def _email(text: str) -> str:
    address = text.strip()
    if address and (not _EMAIL.fullmatch(address) or len(address) > 200):
        raise Invalid("email_malformed", field="email")
    return address


def _facts(user: User) -> dict[str, Any]:
    """What the audit keeps of a person."""
    return {
        "username": user.username,
        "display_name": user.display_name,
        "role": user.role.value,
        "email": user.email,
        "phone": user.phone,
    }
