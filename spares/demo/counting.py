"""Two stocktakes: yesterday's, which found a unit missing and waits for a decision, and one that is being counted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from spares.accounts.access import Actor
from spares.db import session
from spares.inventory import stocktake_counting as counting
from spares.inventory.models import Location, Unit, UnitState
from spares.inventory.stocktake_models import Scope, StocktakeRun
from spares.inventory.stocktake_services import close_counting, open_run


def count_stock(depot_id: int, *, keeper: Actor, now: datetime) -> None:
    """Open both, a day and an hour before `now`, and scan what lies in their bins but for a unit."""
    first = _open(depot_id, ("A-01-03", "C-02-01"), "季度抽盘", keeper, now - timedelta(days=1))
    for place in _places(depot_id, ("A-01-03", "C-02-01")):
        missing = place.code == "C-02-01"
        _count(first, place, keeper, now - timedelta(days=1), left_out=int(missing), finish=True)
    close_counting(first.id, actor=keeper, now=now - timedelta(hours=23))
    second = _open(depot_id, ("A-02-02", "D-01-01"), "", keeper, now - timedelta(hours=1))
    for place in _places(depot_id, ("D-01-01",)):
        _count(second, place, keeper, now - timedelta(hours=1), left_out=4, finish=False)


def _open(depot_id: int, codes: Sequence[str], note: str, keeper: Actor, at: datetime) -> StocktakeRun:
    bins = [place.id for place in _places(depot_id, codes)]
    return open_run(depot_id, Scope.BINS, bin_ids=bins, note=note, actor=keeper, now=at)


def _places(depot_id: int, codes: Sequence[str]) -> Sequence[Location]:
    found = select(Location).where(Location.depot_id == depot_id, Location.code.in_(codes))
    return session.scalars(found.order_by(Location.code)).all()


def _count(run: StocktakeRun, place: Location, keeper: Actor, at: datetime, *, left_out: int, finish: bool) -> None:
    chosen = counting.begin_bin(run.id, place.id, actor=keeper, now=at)
    held = select(Unit.serial).join(UnitState, UnitState.unit_id == Unit.id).where(UnitState.location_id == place.id)
    serials = session.scalars(held.order_by(Unit.serial)).all()
    for number, serial in enumerate(serials[: len(serials) - left_out]):
        counting.scan(chosen.id, serial, actor=keeper, now=at + timedelta(seconds=10 * number))
    if finish:
        counting.finish_bin(chosen.id, actor=keeper, now=at + timedelta(minutes=10))
