"""The manager's figures: dispatch promises kept and missed in a month, what is broken open now, and stock health."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import case, func, select

from spares.calendars.models import Depot
from spares.calendars.queries import default_depot, depot_calendar, depots
from spares.db import session
from spares.dispatch.models import DispatchOrder, Shipment
from spares.inventory.models import Condition, Location, LocationKind, Part, StockBalance
from spares.inventory.queries import StockLevel, at_level
from spares.reports.overdue import overdue_as_of
from spares.rma.counts import waits_for_inspection
from spares.rma.models import Discrepancy, Obligation
from spares.workdays import Calendar

MONTHS_BACK = 6


@dataclass(frozen=True)
class MonthFigures:
    """Shipments dispatched in a month, by whether they kept their promise. `kept_share` is in tenths of a per cent."""

    month: date
    kept: int
    missed: int

    @property
    def kept_share(self) -> int | None:
        """Kept of all, in tenths of a per cent, rounded down; None when nothing was dispatched."""
        total = self.kept + self.missed
        return None if total == 0 else self.kept * 1000 // total


@dataclass(frozen=True)
class Figures:
    """The chosen month, the six months up to it, and what is open now."""

    chosen: MonthFigures
    first: date
    last: date
    earlier: date
    later: date | None
    history: list[MonthFigures]
    late_orders: list[tuple[Depot, int]]
    overdue_returns: int
    to_inspect: int
    open_discrepancies: int
    parts: dict[StockLevel, int]
    good_pieces: int
    held_pieces: int

    @property
    def labels(self) -> list[str]:
        """The months of the history, as `2026-11`."""
        return [one.month.strftime("%Y-%m") for one in self.history]


def figures_for(month: str, now: datetime) -> Figures:
    """The figures of the month written as `2026-11`; anything else, and a month to come, is the present one."""
    calendar = depot_calendar(default_depot())
    today = calendar.local_day(now)
    chosen = min(_month(month) or today, today).replace(day=1)
    months = [_shift(chosen, -back) for back in range(MONTHS_BACK - 1, -1, -1)]
    history = _kept_and_missed(months, calendar)
    good, held = _pieces()
    to_inspect = _count(select(func.count(Obligation.id)).where(waits_for_inspection()))
    return Figures(
        chosen=history[-1],
        first=chosen,
        last=_shift(chosen, 1) - timedelta(days=1),
        earlier=_shift(chosen, -1),
        later=_shift(chosen, 1) if _shift(chosen, 1) <= today else None,
        history=history,
        late_orders=_late_orders(now),
        overdue_returns=len(overdue_as_of(today, now=now).lines),
        to_inspect=to_inspect,
        open_discrepancies=_count(select(func.count(Discrepancy.id)).where(Discrepancy.resolved_at.is_(None))),
        parts={level: _count(at_level(select(func.count(Part.id)), level)) for level in StockLevel},
        good_pieces=good,
        held_pieces=held,
    )


def _late_orders(now: datetime) -> list[tuple[Depot, int]]:
    """Each depot with its open orders past their promise: a depot's board shows just these."""
    late = select(DispatchOrder.depot_id, func.count(DispatchOrder.id)).where(
        DispatchOrder.is_open, DispatchOrder.due_at < now
    )
    counts: dict[int, int] = dict(session.execute(late.group_by(DispatchOrder.depot_id)).all())
    return [(depot, counts.get(depot.id, 0)) for depot in depots()]


def _kept_and_missed(months: list[date], calendar: Calendar) -> list[MonthFigures]:
    begins = [calendar.at(month, time(0)) for month in [*months, _shift(months[-1], 1)]]
    spans = [(month, begins[i], begins[i + 1]) for i, month in enumerate(months)]
    which = case(
        *[
            ((Shipment.dispatched_at >= start) & (Shipment.dispatched_at < end), i)
            for i, (_, start, end) in enumerate(spans)
        ]
    )
    query = (
        select(which, Shipment.promise_met, func.count(Shipment.id))
        .where(Shipment.dispatched_at >= begins[0], Shipment.dispatched_at < begins[-1])
        .group_by(which, Shipment.promise_met)
    )
    counts = {(place, bool(met)): number for place, met, number in session.execute(query)}
    return [MonthFigures(m, counts.get((i, True), 0), counts.get((i, False), 0)) for i, m in enumerate(months)]


def _pieces() -> tuple[int, int]:
    row = session.execute(
        select(func.coalesce(func.sum(StockBalance.on_hand), 0), func.coalesce(func.sum(StockBalance.held), 0))
        .join(Location, Location.id == StockBalance.location_id)
        .where(StockBalance.condition == Condition.GOOD, Location.kind == LocationKind.BIN)
    ).one()
    return int(row[0]), int(row[1])


def _count(query: object) -> int:
    return int(session.scalar(query) or 0)  # type: ignore[call-overload]


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _shift(month: date, by: int) -> date:
    place = month.year * 12 + month.month - 1 + by
    return date(place // 12, place % 12 + 1, 1)
