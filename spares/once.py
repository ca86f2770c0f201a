"""A form acts once, however often and however simultaneously it is sent.

Every form that changes something carries a fresh key. The key is stored with the address of the result in the very
transaction that did the work, so a second copy finds it and is sent to the same result."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from spares.db import Base, is_postgresql, session, transaction
from spares.errors import Invalid, SparesError

_LONGEST_KEY = 60


class RequestKey(Base):
    """A form that has been acted on, and where its result is shown."""

    __tablename__ = "request_key"
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    result: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


def perform_once(key: str, now: datetime, act: Callable[[], str]) -> str:
    """Run `act` in one transaction and keep its result under `key`; a repeat returns the first result without acting.

    Raises Invalid for no key or a malformed one, since all forms without a key would count as the same.

    Two copies at once: the slower one is undone by the key's uniqueness, or is refused because the record has moved on
    under it; in both cases the key is there by then, and it too returns the first result."""
    _check(key)
    try:
        with transaction():
            earlier = _result(key)
            if earlier is not None:
                return earlier
            result = act()
            session.add(RequestKey(key=key, result=result, at=now))
    except (SparesError, IntegrityError):
        earlier = _result(key)
        if earlier is None:
            raise
        return earlier
    return result


def perform_once_for(result: str, key: str, now: datetime, act: Callable[[], object]) -> str:
    """As `perform_once`, where the result is known before the act: its key is claimed first, in one statement, and of two
    copies at once the slower waits for the faster and does not act."""
    _check(key)
    make = postgresql.insert if is_postgresql() else sqlite.insert
    claim = make(RequestKey).values(key=key, result=result, at=now).on_conflict_do_nothing(index_elements=["key"])
    with transaction():
        if session.scalar(claim.returning(RequestKey.key)) is None:
            return _result(key) or result
        act()
    return result


def _check(key: str) -> None:
    if not 1 <= len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable() or key.isspace():
        raise Invalid("request_key_missing")


def _result(key: str) -> str | None:
    return session.scalar(select(RequestKey.result).where(RequestKey.key == key))
