"""How fast one may guess: failed sign-ins are counted by account and by address, and too many mean waiting, never a lock.

An attempt is written as failed before the password is looked at, so that guesses sent at the same moment count too. A
browser at an address from which the person has signed in before is judged by that address's own failures: a stranger who
guesses elsewhere cannot keep him out."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select, text

from spares.accounts.models import SignInAttempt
from spares.accounts.sessions import digest
from spares.db import is_postgresql, session
from spares.errors import Invalid

ACCOUNT_LIMITS = ((5, timedelta(minutes=5)), (20, timedelta(hours=1)))
ADDRESS_LIMITS = ((30, timedelta(minutes=5)), (200, timedelta(hours=1)))
KNOWN_FOR = timedelta(days=30)
_LOCK = 7_202_611


class TooManyAttempts(Invalid):
    """Signing in has to wait; `until` is the instant from which the next attempt is looked at."""

    status = 429


def account_key(username: str) -> str:
    """What an attempt keeps of the name that was typed: people type their password into that field by mistake."""
    return digest(username.strip().casefold())


def admit(username: str, address: str, now: datetime) -> int:
    """Count an attempt, and give its number for `accept`. Raises TooManyAttempts, and then counts nothing."""
    if is_postgresql():
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    key = account_key(username)
    here = SignInAttempt.address == address
    account = SignInAttempt.username_key == key
    of_account = [account, SignInAttempt.id > _last_accepted(account)]
    if _is_known(key, address, now):
        of_account = [account, here, SignInAttempt.id > _last_accepted(account & here)]
    until = max(_wait(of_account, ACCOUNT_LIMITS, now), _wait([here], ADDRESS_LIMITS, now))
    if until > now:
        raise TooManyAttempts("sign_in_wait", until=until)
    attempt = SignInAttempt(at=now, username_key=key, address=address, accepted=False)
    session.add(attempt)
    session.flush()
    return attempt.id


def accept(attempt_id: int) -> None:
    """The attempt's password was right."""
    attempt = session.get(SignInAttempt, attempt_id)
    if attempt is not None:
        attempt.accepted = True
        session.flush()


def _is_known(key: str, address: str, now: datetime) -> bool:
    known = exists().where(
        SignInAttempt.username_key == key,
        SignInAttempt.address == address,
        SignInAttempt.accepted.is_(True),
        SignInAttempt.at > now - KNOWN_FOR,
    )
    return bool(session.scalar(select(known)))


def _last_accepted(where: ColumnElement[bool]) -> int:
    latest = select(func.max(SignInAttempt.id)).where(where, SignInAttempt.accepted.is_(True))
    return session.scalar(latest) or 0


def _wait(where: list[ColumnElement[bool]], limits: tuple[tuple[int, timedelta], ...], now: datetime) -> datetime:
    """The instant at which every limit has room again."""
    until = now
    for most, window in limits:
        failures = (
            select(SignInAttempt.at)
            .where(*where, SignInAttempt.accepted.is_(False), SignInAttempt.at > now - window)
            .order_by(SignInAttempt.at.desc())
            .limit(1)
            .offset(most - 1)
        )
        oldest = session.scalar(failures)
        if oldest is not None:
            until = max(until, oldest + window)
    return until
