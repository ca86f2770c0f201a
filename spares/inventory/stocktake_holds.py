"""What a stocktake must know of reservations, and what it asks for when reserved stock is not there.

Holds name dispatch lines, which a slice above this one owns: it registers itself, and is not imported from here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.db import session
from spares.inventory.models import Hold, HoldEnd, Unit


class Reservations(Protocol):
    """The slice whose lines hold stock."""

    def picked(self, line_ids: Collection[int]) -> set[int]:
        """Those of the lines whose goods are in a box already, and so not in their bin."""

    def handled(self, line_ids: Collection[int]) -> dict[tuple[int, str], tuple[datetime, bool]]:
        """By line and folded serial: when the unit was last put into the line's box or taken out of it, and whether it
        was put in."""

    def lock(self, line_ids: Collection[int]) -> set[int]:
        """Lock the lines' cases and orders, before any stock; the parts that `replace` may touch."""

    def replace(self, holds: Sequence[Hold], *, reason: str, actor: Actor, now: datetime) -> None:
        """Their stock is not there and the holds were released: give each line other stock, else let it wait."""


_registered: list[Reservations] = []


def reserved_by(owner: Reservations) -> None:
    """Register the owner of reservations."""
    _registered[:] = [owner]


def picked(line_ids: Collection[int]) -> set[int]:
    """Those of the lines whose goods are in a box already."""
    return _registered[0].picked(line_ids) if line_ids and _registered else set()


def handled(unit_ids: Collection[int]) -> dict[int, datetime]:
    """By unit: when it was last put into an order's box, or back on its shelf; also when an order was cancelled while the
    unit lay in its box."""
    if not unit_ids or not _registered:
        return {}
    query = (
        select(Hold.line_id, Hold.unit_id, Unit.serial_key, HoldEnd.ended_at)
        .join(Unit, Unit.id == Hold.unit_id)
        .outerjoin(HoldEnd, HoldEnd.hold_id == Hold.id)
        .where(Hold.unit_id.in_(unit_ids))
    )
    holds = session.execute(query).all()
    told = _registered[0].handled({line_id for line_id, _unit, _serial, _ended in holds})
    found: dict[int, datetime] = {}
    for line_id, unit_id, serial_key, ended_at in holds:
        if unit_id is not None and (line_id, serial_key) in told:
            at, put_in = told[line_id, serial_key]
            last = max(at, ended_at) if put_in and ended_at is not None else at
            found[unit_id] = max(found.get(unit_id, last), last)
    return found


def lock(line_ids: Collection[int]) -> set[int]:
    """Lock what the lines belong to; the parts that replacing their stock may touch."""
    return _registered[0].lock(line_ids) if line_ids and _registered else set()


def replace(holds: Sequence[Hold], *, reason: str, actor: Actor, now: datetime) -> None:
    """Give the lines of these released holds other stock, else let them wait."""
    if holds and _registered:
        _registered[0].replace(holds, reason=reason, actor=actor, now=now)
