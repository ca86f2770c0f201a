"""The timeline: every step of a case, append-only and hash-chained, so that tampering shows.

Lower and upper slices tell a case what happened through `record`; nothing else writes here. The entries of a transaction
are written at its end, all at once, with the head of each chain."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import event, insert, inspect, select
from sqlalchemy.orm import Session

from spares.accounts.access import Actor
from spares.cases.access import must_see
from spares.cases.models import ServiceCase, TimelineEntry
from spares.db import session
from spares.errors import Conflict

TOLD = "spares_told"


@dataclass
class _Chain:
    """What this transaction adds to a case's timeline: the head as it will be, and the entries before it."""

    case: ServiceCase
    length: int
    head: str
    entries: list[TimelineEntry] = field(default_factory=list)


def lock_case(case_id: int, actor: Actor) -> ServiceCase:
    """The case, locked until the transaction ends: taken before any stock, so that locks have one order.

    Raises sqlalchemy's NoResultFound when there is none, NotFound when the person may not see it."""
    case = session.scalars(
        select(ServiceCase)
        .where(ServiceCase.id == case_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    must_see(case, actor)
    return case


def record(
    case: ServiceCase, kind: str, /, *, actor: Actor, now: datetime, occurred_at: datetime | None = None, **data: Any
) -> None:
    """Append a step to a case that the caller has locked. `data` holds plain JSON values: numbers as people know them
    (`rma="RMA-000042"`), instants as ISO text."""
    told: dict[int, _Chain] = session.info.setdefault(TOLD, {})
    chain = told.setdefault(case.id, _Chain(case, case.timeline_length, case.timeline_head))
    entry = TimelineEntry(
        case_id=case.id,
        sequence=chain.length + 1,
        kind=kind,
        occurred_at=occurred_at or now,
        recorded_at=now,
        actor_id=actor.id,
        actor_name=actor.name,
        data=data,
        previous_hash=chain.head,
        hash="",
    )
    entry.hash = entry_hash(entry)
    chain.length, chain.head = entry.sequence, entry.hash
    chain.entries.append(entry)


@event.listens_for(Session, "before_commit")
def _write(ending: Session) -> None:
    """A chain is read under its case's lock when its first entry is recorded, and written once. What is pending of the
    case goes along in the same statement."""
    for chain in ending.info.pop(TOLD, {}).values():
        chain.case.timeline_length, chain.case.timeline_head = chain.length, chain.head
        # One statement: an ORM insert would ask SQLite for each entry's key, and nobody needs it here.
        ending.execute(insert(TimelineEntry), [_columns(entry) for entry in chain.entries])


def _columns(entry: TimelineEntry) -> dict[str, Any]:
    names = (column.key for column in inspect(TimelineEntry).column_attrs)
    return {name: getattr(entry, name) for name in names if name != "id"}


@event.listens_for(Session, "after_rollback")
def _forget(undone: Session) -> None:
    undone.info.pop(TOLD, None)


def check_seen(seen: str | None, current: int, case_id: int) -> None:
    """Refuse a page that was made from another version of one of the case's records than the one in force; None, from
    a caller that saw no page, is any version.

    Raises Conflict("moved_on") with the case's last step that was committed, so that the person is told who was faster
    and what he did: `kind` and `data` of its entry, `who`, `at`."""
    if seen is None or seen == str(current):
        return
    query = select(TimelineEntry).where(TimelineEntry.case_id == case_id)
    last = session.scalars(query.order_by(TimelineEntry.sequence.desc()).limit(1)).one()
    raise Conflict("moved_on", kind=last.kind, data=last.data, who=last.actor_name, at=last.recorded_at)


def entry_hash(entry: TimelineEntry) -> str:
    """SHA-256 over the entry's content and the hash before it."""
    content = [
        entry.case_id,
        entry.sequence,
        entry.kind,
        entry.occurred_at.timestamp(),
        entry.recorded_at.timestamp(),
        entry.actor_id,
        entry.actor_name,
        entry.data,
        entry.previous_hash,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def broken_entries(case: ServiceCase, listed: list[TimelineEntry] | None = None) -> Iterator[TimelineEntry]:
    """Entries whose hash does not fit their content or the entry before; none when nobody tampered. `listed` saves
    reading them again."""
    previous = ""
    for place, entry in enumerate(entries(case.id) if listed is None else listed, start=1):
        if entry.sequence != place or entry.previous_hash != previous or entry.hash != entry_hash(entry):
            yield entry
        previous = entry.hash


def is_whole(case: ServiceCase, listed: list[TimelineEntry] | None = None) -> bool:
    """Whether the chain is unbroken and ends where the case says it does (nothing cut off). `listed`, every entry of
    the case in order, saves reading them again."""
    listed = entries(case.id) if listed is None else listed
    ends_well = (listed[-1].hash if listed else "") == case.timeline_head and len(listed) == case.timeline_length
    return ends_well and not any(True for _ in broken_entries(case, listed))


def entries(case_id: int) -> list[TimelineEntry]:
    """Every step of the case, oldest first, those of the transaction that is open included."""
    _write(session())
    query = select(TimelineEntry).where(TimelineEntry.case_id == case_id).order_by(TimelineEntry.sequence)
    return list(session.scalars(query))
