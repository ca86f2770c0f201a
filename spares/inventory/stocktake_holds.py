"""What a stocktake must know of reservations, and what it asks for when reserved stock is not there.

Holds name dispatch lines, which a slice above this one owns: it registers itself, and is not imported from here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from spares.accounts.access import Actor
from spares.inventory.models import Hold


class Reservations(Protocol):
    """The slice whose lines hold stock."""

    def picked(self, line_ids: Collection[int]) -> set[int]:
        """Those of the lines whose goods are in a box already, and so not in their bin."""

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


def lock(line_ids: Collection[int]) -> set[int]:
    """Lock what the lines belong to; the parts that replacing their stock may touch."""
    return _registered[0].lock(line_ids) if line_ids and _registered else set()


def replace(holds: Sequence[Hold], *, reason: str, actor: Actor, now: datetime) -> None:
    """Give the lines of these released holds other stock, else let them wait."""
    if holds and _registered:
        _registered[0].replace(holds, reason=reason, actor=actor, now=now)
