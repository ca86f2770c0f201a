"""Which parts have stock that became free in the open transaction: good, in a bin, and held for nobody.

The ledger notes it, and whoever waits for stock takes the notes at the transaction's end. They are forgotten with it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from spares.db import session
from spares.inventory.models import Condition, Location, LocationKind
from spares.inventory.remembered import of_place

FREED = "spares_freed_parts"


def note(changes: Mapping[tuple[int, int, str], tuple[int, int]], now: datetime) -> None:
    """Note the parts of which these changes (on hand and held, by part, place and condition) free some."""
    for (part_id, location_id, condition), (on_hand, held) in changes.items():
        if on_hand > held and condition == Condition.GOOD.value and _is_bin(location_id):
            note_part(part_id, now)


def note_part(part_id: int, now: datetime) -> None:
    """Note that stock of the part may serve more than before. The part is locked at the transaction's end, unless it is
    locked already; whoever locks other parts in the same transaction locks this one with them."""
    session.info.setdefault(FREED, {})[part_id] = now


def take() -> dict[int, datetime]:
    """The parts noted so far with the time of the transaction; they are not given again."""
    freed: dict[int, datetime] = session.info.pop(FREED, {})
    return freed


def _is_bin(location_id: int) -> bool:
    return of_place(("bin", location_id), lambda: session.get_one(Location, location_id).kind is LocationKind.BIN)


@event.listens_for(Session, "after_rollback")
def _forget(undone: Session) -> None:
    undone.info.pop(FREED, None)
