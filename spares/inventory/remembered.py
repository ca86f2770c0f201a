"""What never changes of the places (which kind one is of, which is the depot's returns shelf), asked once a process.

It is remembered only once the transaction that read it is committed: the key of a place that was undone may be given to
another. And under which parts the transaction holds the lock, which it forgets with the lock, and which units it has made
and not moved yet: nobody else sees them, so that the ledger knows without asking that it has never seen them."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from spares.db import session

PLACES = "spares_places"
LOCKED = "spares_locked_parts"
MADE = "spares_made_units"
T = TypeVar("T")


def of_place(question: tuple[Any, ...], read: Callable[[], T]) -> T:
    """The answer to `question`; `read` asks the database for it."""
    known: dict[tuple[Any, ...], T] = current_app.extensions.setdefault(PLACES, {})
    if question in known:
        return known[question]
    fresh: dict[tuple[Any, ...], T] = session.info.setdefault(PLACES, {})
    if question not in fresh:
        fresh[question] = read()
    return fresh[question]


def locked_parts() -> dict[int, Any]:
    """How each part is tracked that the open transaction has locked already."""
    locked: dict[int, Any] = session.info.setdefault(LOCKED, {})
    return locked


def made_units() -> dict[int, int]:
    """The part of each unit that the open transaction has made and not moved yet."""
    made: dict[int, int] = session.info.setdefault(MADE, {})
    return made


@event.listens_for(Session, "after_commit")
def _keep(done: Session) -> None:
    done.info.pop(LOCKED, None)
    done.info.pop(MADE, None)
    fresh = done.info.pop(PLACES, None)
    if fresh:
        current_app.extensions[PLACES].update(fresh)


@event.listens_for(Session, "after_rollback")
def _forget(undone: Session) -> None:
    undone.info.pop(LOCKED, None)
    undone.info.pop(MADE, None)
    undone.info.pop(PLACES, None)
