"""Keeps a run's differences as count and ledger have them now: new ones appear, explained ones close, and one that has
changed is open again, whatever had been decided about it."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.db import session
from spares.inventory.stocktake_evaluation import Found, Outcome, evaluate
from spares.inventory.stocktake_lifecycle import DifferenceState, DifferenceVerb, difference_after
from spares.inventory.stocktake_models import DifferenceKind, StocktakeDifference, StocktakeEvent, StocktakeRun

SAYS = ("kind", "place_id", "counted", "expected", "uncertain", "unit_id", "booked_id")
"""What makes a difference another one when it changes. The instant, the value and an unknown serial's part do not."""
SETTLED = frozenset({DifferenceState.POSTED})


def differences_of(run_id: int) -> dict[str, StocktakeDifference]:
    """The run's differences by key, fresh."""
    query = select(StocktakeDifference).where(StocktakeDifference.run_id == run_id).order_by(StocktakeDifference.id)
    return {one.key: one for one in session.scalars(query.execution_options(populate_existing=True))}


def same(row: StocktakeDifference, found: Found) -> bool:
    """Whether what was decided about the row still speaks of what is found now."""
    return all(getattr(row, name) == getattr(found, name) for name in SAYS)


def refresh(run: StocktakeRun, *, actor: Actor, now: datetime) -> Outcome:
    """Look again. The caller has locked the run."""
    outcome = evaluate(run)
    rows = differences_of(run.id)
    for key, found in outcome.differences.items():
        row = rows.get(key)
        if row is None:
            session.add(StocktakeDifference(run_id=run.id, **asdict(found)))
        elif row.state is DifferenceState.EXPLAINED:
            _change(row, found, DifferenceVerb.REAPPEAR, actor=actor, now=now)
        elif row.state not in SETTLED and not same(row, found):
            _change(row, found, DifferenceVerb.CHANGE, actor=actor, now=now)
        elif row.state not in SETTLED:
            row.counted_at = found.counted_at
    for key, row in rows.items():
        if key not in outcome.differences and row.state not in SETTLED | {DifferenceState.EXPLAINED}:
            explain_away(row, actor=actor, now=now)
    session.flush()
    return outcome


def explain_away(row: StocktakeDifference, *, actor: Actor, now: datetime) -> None:
    """Count and ledger agree now: the difference is explained and will not be posted."""
    row.state = difference_after(row.state, DifferenceVerb.EXPLAIN)
    row.version += 1
    session.add(
        StocktakeEvent(
            run_id=row.run_id, verb=DifferenceVerb.EXPLAIN, at=now, actor_id=actor.id, difference_id=row.id, facts={}
        )
    )


def _change(row: StocktakeDifference, found: Found, verb: DifferenceVerb, *, actor: Actor, now: datetime) -> None:
    before = {"counted": row.counted, "expected": row.expected, "state": row.state.value}
    row.state = difference_after(row.state, verb)
    decided = (row.part_id, row.condition, row.value_minor, row.currency)
    for name, value in asdict(found).items():
        setattr(row, name, value)
    if found.kind is DifferenceKind.UNKNOWN:
        row.part_id, row.condition, row.value_minor, row.currency = decided
    row.decided_by_id = row.approved_by_id = None
    row.version += 1
    session.add(
        StocktakeEvent(
            run_id=row.run_id, verb=verb, at=now, actor_id=actor.id, difference_id=row.id, facts={"before": before}
        )
    )
