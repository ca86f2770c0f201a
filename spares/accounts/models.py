"""Users, their sessions on the server, sign-in attempts and one-time password links."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spares.db import Base, Id, text_enum


class Role(StrEnum):
    """What a person is here to do; one role a person."""

    WAREHOUSE = "warehouse"
    ENGINEER = "engineer"
    RMA_ADMIN = "rma_admin"
    FINANCE = "finance"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class User(Base):
    """A person who signs in. `username_key` is the case-folded name that must be unique; users are disabled, not deleted."""

    __tablename__ = "user_account"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    username: Mapped[str] = mapped_column(String(80))
    username_key: Mapped[str] = mapped_column(String(80), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    created_at: Mapped[datetime]
    email: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    language: Mapped[str] = mapped_column(String(20), default="")
    password_hash: Mapped[str | None] = mapped_column(String(300), default=None, repr=False)
    password_changed_at: Mapped[datetime | None] = mapped_column(default=None)
    disabled_at: Mapped[datetime | None] = mapped_column(default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)


class UserSession(Base):
    """One signed-in browser. The token itself is only in the cookie; here is its SHA-256. Ended once, never revived."""

    __tablename__ = "user_session"
    __table_args__ = (Index(None, "user_id", "ended_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, repr=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(200), default="")
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_because: Mapped[str] = mapped_column(String(40), default="")
    user: Mapped[User] = relationship(init=False, repr=False, lazy="joined", innerjoin=True)


class SignInAttempt(Base):
    """A refused or accepted sign-in, for throttling by account and by address."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "username_key", "at"), Index(None, "address", "at"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    at: Mapped[datetime]
    username_key: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(64))
    accepted: Mapped[bool]


class PasswordLink(Base):
    """An administrator's one-time link to set a password; stored hashed, used once, expires."""

    __tablename__ = "password_link"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, repr=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    used_at: Mapped[datetime | None] = mapped_column(default=None)


class AuditEntry(Base):
    """What an administrator changed outside any case (people, calendar, settings, imports). Append-only by trigger."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "subject", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120))
    data: Mapped[dict[str, Any]]
