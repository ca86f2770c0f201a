"""What is known of each bin when the next ones to count are proposed: its stock's value, its moves, its last count."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from spares.calendars.models import Depot
from spares.db import session
from spares.inventory.models import Location, LocationKind, Move, Part, Posting, StockBalance
from spares.inventory.stocktake_cycle import BinFigures, Proposal, propose
from spares.inventory.stocktake_lifecycle import ACTIVE_RUNS, BinState, RunState
from spares.inventory.stocktake_models import Scope, StocktakeBin, StocktakeRun
from spares.numbers import NumberKind, number


def proposals(depot: Depot, today: date, currency: str) -> list[tuple[Proposal, Location]]:
    """The depot's bins in the order in which to count them; values in `currency` alone are added up."""
    places = {
        place.id: place
        for place in session.scalars(
            select(Location).where(Location.depot_id == depot.id, Location.kind == LocationKind.BIN)
        )
    }
    values = dict(
        session.execute(
            select(StockBalance.location_id, func.sum(StockBalance.on_hand * Part.price_minor))
            .join(Part, Part.id == StockBalance.part_id)
            .join(Location, Location.id == StockBalance.location_id)
            .where(Location.depot_id == depot.id, Part.currency == currency, Part.price_minor.is_not(None))
            .group_by(StockBalance.location_id)
        ).all()
    )
    counted = _last_counts(depot.id)
    moved = _moves_since(depot.id)
    zone = ZoneInfo(depot.time_zone)
    figures = [
        BinFigures(
            key,
            int(values.get(key) or 0),
            moved.get(key, 0),
            counted[key].astimezone(zone).date() if key in counted else None,
        )
        for key in places
    ]
    return [(one, places[one.location_id]) for one in propose(figures, today)]


def being_counted(depot_id: int) -> dict[int, str]:
    """The bins that are in a stocktake that has not ended, with its number: they are not proposed again."""
    query = (
        select(StocktakeBin.location_id, StocktakeRun.id)
        .join(StocktakeRun, StocktakeRun.id == StocktakeBin.run_id)
        .where(
            StocktakeRun.depot_id == depot_id,
            StocktakeRun.state.in_(ACTIVE_RUNS),
            StocktakeBin.state != BinState.LEFT_OUT,
        )
    )
    return {place: number(NumberKind.STOCKTAKE, run_id) for place, run_id in session.execute(query)}


def _last_counts(depot_id: int) -> dict[int, datetime]:
    """When each bin was last counted as a whole by a stocktake that was posted."""
    rows = session.execute(
        select(StocktakeBin.location_id, func.max(StocktakeBin.finished_at))
        .join(StocktakeRun, StocktakeRun.id == StocktakeBin.run_id)
        .where(
            StocktakeRun.depot_id == depot_id,
            StocktakeRun.state == RunState.POSTED,
            StocktakeRun.scope != Scope.PART,
            StocktakeBin.state == BinState.FINISHED,
        )
        .group_by(StocktakeBin.location_id)
    )
    return {place: at for place, at in rows if at is not None}


def _moves_since(depot_id: int) -> dict[int, int]:
    """How many moves each bin has had since its last count."""
    last = (
        select(StocktakeBin.location_id, func.max(StocktakeBin.finished_at).label("at"))
        .join(StocktakeRun, StocktakeRun.id == StocktakeBin.run_id)
        .where(
            StocktakeRun.state == RunState.POSTED,
            StocktakeRun.scope != Scope.PART,
            StocktakeBin.state == BinState.FINISHED,
        )
        .group_by(StocktakeBin.location_id)
        .subquery()
    )
    totals: dict[int, int] = defaultdict(int)
    for side in (Move.from_location_id, Move.to_location_id):
        query: Any = (
            select(side, func.count())
            .join(Location, Location.id == side)
            .join(Posting, Posting.id == Move.posting_id)
            .outerjoin(last, last.c.location_id == side)
            .where(
                Location.depot_id == depot_id,
                Location.kind == LocationKind.BIN,
                or_(last.c.at.is_(None), Posting.occurred_at > last.c.at),
            )
            .group_by(side)
        )
        for place, count in session.execute(query):
            totals[place] += count
    return totals
