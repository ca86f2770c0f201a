"""A depot with two bins, people, and the steps of a stocktake, for the tests of its services."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from spares.accounts.models import Role
from spares.db import session, transaction
from spares.errors import SparesError
from spares.inventory import stocktake_counting, stocktake_deciding, stocktake_posting, stocktake_services
from spares.inventory.models import Condition, Location, Part, Tracking, Unit, UnitState
from spares.inventory.stocktake_models import Scope, StocktakeDifference
from tests.conftest import NOON
from tests.factories import make_actor, make_bin, make_depot, make_part


def at(minutes: int) -> datetime:
    """So long after noon."""
    return NOON + timedelta(minutes=minutes)


class Shelf:
    """A depot with two bins, and people."""

    def __init__(self) -> None:
        self.depot = make_depot()
        self.one, self.two = make_bin(self.depot, "A-01"), make_bin(self.depot, "A-02")
        self.switch = make_part("SW-1", price_minor=1000)
        self.cable = make_part("CABLE-1", tracking=Tracking.COUNTED, price_minor=10)
        self.keeper, self.other = make_actor(Role.WAREHOUSE), make_actor(Role.WAREHOUSE)
        self.manager, self.admin = make_actor(Role.MANAGER), make_actor(Role.RMA_ADMIN)

    def open(self, *places: Location, scope: Scope = Scope.BINS, part: Part | None = None) -> int:
        with transaction():
            run = stocktake_services.open_run(
                self.depot.id,
                scope,
                bin_ids=[place.id for place in places],
                part_id=part.id if part else None,
                actor=self.manager,
                now=at(1),
            )
        return run.id

    def count(self, run: int, place: Location, *serials: str, pieces: int | None = None, minute: int = 10) -> int:
        """Begin, scan, count, finish: from `minute` on, a minute each."""
        with transaction():
            one = stocktake_counting.begin_bin(run, place.id, actor=self.keeper, now=at(minute))
        for serial in serials:
            with transaction():
                stocktake_counting.scan(one.id, serial, actor=self.keeper, now=at(minute + 1))
        if pieces is not None:
            with transaction():
                stocktake_counting.count_pieces(
                    one.id, self.cable.id, pieces, Condition.GOOD, actor=self.keeper, now=at(minute + 1)
                )
        with transaction():
            stocktake_counting.finish_bin(one.id, actor=self.keeper, now=at(minute + 2))
        return one.id

    def close(self, run: int, minute: int = 30) -> dict[str, StocktakeDifference]:
        with transaction():
            stocktake_services.close_counting(run, actor=self.manager, now=at(minute))
        return rows(run)

    def accept(self, row: StocktakeDifference, reason: str = "查明", **more: object) -> None:
        with transaction():
            stocktake_deciding.accept(row.id, reason, actor=self.manager, now=at(40), **more)  # type: ignore[arg-type]

    def post(self, run: int, minute: int = 50) -> stocktake_posting.Posted:
        with transaction():
            return stocktake_posting.post_run(run, request_key=f"stocktake:{run}", actor=self.manager, now=at(minute))


def rows(run: int) -> dict[str, StocktakeDifference]:
    session.rollback()
    session.expire_all()
    found = session.scalars(select(StocktakeDifference).where(StocktakeDifference.run_id == run))
    return {row.serial or "pieces": row for row in found}


def place_of(serial: str) -> int:
    session.rollback()
    query = select(UnitState.location_id).join(Unit, Unit.id == UnitState.unit_id).where(Unit.serial == serial)
    return session.scalars(query).one()


def refused(code: str, act: Callable[[], object]) -> SparesError:
    """The refusal with this code."""
    with pytest.raises(SparesError) as error, transaction():
        act()
    assert error.value.code == code
    return error.value
