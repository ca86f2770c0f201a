"""Whether what stands beside the moves still agrees with them: units, places, the rows that moves name, and holds that have
ended. Part of `ledger_check`. No digest covers these rows, so they are compared with what else was written at the time."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from spares.accounts.models import AuditEntry
from spares.db import session
from spares.inventory.models import Condition, Hold, HoldEnd, HoldOutcome, Location, Move, Posting, PostingKind, Unit
from spares.inventory.places import INSIDE, OUTSIDE
from spares.numbers import scan_key


@dataclass(frozen=True)
class Finding:
    """Something that does not add up: the table and row, and what is wrong with it (a stable word and the values)."""

    table: str
    row: str
    problem: str
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        values = f": expected {self.expected}, found {self.found}" if self.expected or self.found else ""
        return f"{self.table} {self.row}: {self.problem}{values}"


Taken = tuple[datetime, int | None, str, int, int | None, int]
"""When a posting was recorded, by whom and why, and the part, unit and place that it took from. The end of a hold that it
used up says the same."""


def check_references() -> Iterator[Finding]:
    """Rows whose parents are gone."""
    lost = (
        select(Move.id, Move.posting_id).outerjoin(Posting, Posting.id == Move.posting_id).where(Posting.id.is_(None))
    )
    for move_id, posting_id in session.execute(lost.order_by(Move.id)):
        yield Finding("posting", str(posting_id), f"is gone, but move {move_id} belongs to it")
    gone = select(Move.unit_id).outerjoin(Unit, Unit.id == Move.unit_id)
    gone = gone.where(Unit.id.is_(None), Move.unit_id.is_not(None)).distinct()
    for unit_id in session.scalars(gone.order_by(Move.unit_id)):
        yield Finding("unit", str(unit_id), "is gone, but has moves")
    ends = select(HoldEnd.hold_id).outerjoin(Hold, Hold.id == HoldEnd.hold_id).where(Hold.id.is_(None))
    for hold_id in session.scalars(ends.order_by(HoldEnd.hold_id)):
        yield Finding("hold", str(hold_id), "is gone, but has ended")


def check_serials() -> Iterator[Finding]:
    """A unit is found by the folded form of its serial."""
    query = select(Unit.id, Unit.serial, Unit.serial_key).order_by(Unit.id)
    for unit_id, serial, key in session.execute(query.execution_options(yield_per=1000)):
        if key != scan_key(serial):
            yield Finding("unit", str(unit_id), "is not found by its serial", scan_key(serial), key)


def check_places() -> Iterator[Finding]:
    """A place that every depot needs has its one code, and a bin the depot and code that it was added with."""
    added = {
        entry.subject: (entry.data.get("depot"), entry.data.get("code"))
        for entry in session.scalars(select(AuditEntry).where(AuditEntry.action == "bin_add"))
    }
    columns = (Location.id, Location.kind, Location.code, Location.code_key, Location.depot_id)
    for place_id, kind, code, key, depot_id in session.execute(select(*columns).order_by(Location.id)):
        name = str(place_id)
        if key != scan_key(code):
            yield Finding("location", name, "is not found by its code", scan_key(code), key)
        fixed = OUTSIDE if depot_id is None else INSIDE
        kinds = {fixed_code: fixed_kind.value for fixed_kind, fixed_code in fixed.items()}
        expected = kinds.get(code, "bin")
        if kind.value != expected:
            yield Finding("location", name, "is of another kind than its code says", f"{code}, {expected}", kind.value)
        was = added.get(f"location {place_id}")
        if was is not None and was != (depot_id, code):
            words = [f"{a_code} in depot {a_depot}" for a_depot, a_code in (was, (depot_id, code))]
            yield Finding("location", name, "is not what was added", *words)


def check_ended_holds() -> Iterator[Finding]:
    """What was held lay there, and left by a posting of that moment where the hold ended as posted."""
    ended = _ended_holds()
    taken, dispatched = _taken(PostingKind.DISPATCH, PostingKind.MOVE), _taken(PostingKind.DISPATCH)
    posted: dict[Taken, int] = defaultdict(int)
    for hold in ended:
        if hold.outcome is HoldOutcome.POSTED:
            posted[_key(hold)] += hold.quantity
    for hold in ended:
        name = str(hold.id)
        key = _key(hold)
        used = posted.get(key, 0)
        if hold.outcome is HoldOutcome.POSTED and taken.get(key, 0) < used:
            found = str(taken.get(key, 0))
            yield Finding("hold", name, "ended as posted, but no such posting took it", str(used), found)
        elif hold.outcome is not HoldOutcome.POSTED and dispatched.get(key, 0) > used:
            yield Finding("hold_end", name, "says that what was held stayed, but it was dispatched then")
        if hold.ended_at < hold.held_at:
            yield Finding("hold_end", name, "ended before it began")
        if hold.unit_id is not None and hold.lay_there is None:
            yield Finding("hold", name, f"held unit {hold.unit_id} where it never was good")


def _ended_holds() -> list[Any]:
    there = (
        select(Move.id)
        .where(
            Move.unit_id == Hold.unit_id,
            Move.part_id == Hold.part_id,
            Move.to_location_id == Hold.location_id,
            Move.to_condition == Condition.GOOD,
        )
        .limit(1)
        .scalar_subquery()
    )
    query = select(
        Hold.id,
        Hold.part_id,
        Hold.unit_id,
        Hold.location_id,
        Hold.quantity,
        Hold.held_at,
        HoldEnd.outcome,
        HoldEnd.ended_at,
        HoldEnd.actor_id,
        HoldEnd.reason,
        there.label("lay_there"),
    ).join(HoldEnd, HoldEnd.hold_id == Hold.id)
    return list(session.execute(query.order_by(Hold.id)))


def _key(hold: Any) -> Taken:
    return hold.ended_at, hold.actor_id, hold.reason, hold.part_id, hold.unit_id, hold.location_id


def _taken(*kinds: PostingKind) -> dict[Taken, int]:
    """How many good pieces each posting of these kinds took from where."""
    by = (
        Posting.recorded_at,
        Posting.actor_id,
        Posting.reason,
        Move.part_id,
        Move.unit_id,
        Move.from_location_id,
    )
    query = select(*by, func.sum(Move.quantity)).join(Move, Move.posting_id == Posting.id).group_by(*by)
    query = query.where(Posting.kind.in_(kinds), Move.from_condition == Condition.GOOD)
    return {
        (at, who, why, part, unit, place): total for at, who, why, part, unit, place, total in session.execute(query)
    }
