"""What the stocktake pages show; each page in a bounded number of statements, however many bins and units there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from spares.accounts.models import User
from spares.calendars.models import Depot
from spares.db import session
from spares.errors import NotFound
from spares.inventory.models import Location, Move, Part, Posting, Unit
from spares.inventory.stocktake_lifecycle import (
    ACTIVE_RUNS,
    BinState,
    DifferenceState,
    DifferenceVerb,
    RunState,
    RunVerb,
    run_after,
)
from spares.inventory.stocktake_models import (
    CountKind,
    DifferenceKind,
    StocktakeBin,
    StocktakeCount,
    StocktakeDifference,
    StocktakeEvent,
    StocktakeRun,
)
from spares.numbers import NumberKind, key_of

MOST_DIFFERENCES = 2_000
"""On one page and in one look; a stocktake with more has another problem than its differences."""


@dataclass(frozen=True)
class RunRow:
    """A line of the list of stocktakes."""

    run: StocktakeRun
    depot: Depot
    opened_by: str | None
    bins: int
    finished: int
    differences: int


@dataclass
class BinRow:
    """A bin of a run with how far its count is and who counts it."""

    one: StocktakeBin
    counted: int = 0
    people: list[str] = field(default_factory=list)
    last_at: datetime | None = None
    differences: int = 0
    earlier: "Earlier | None" = None


@dataclass(frozen=True)
class Earlier:
    """The count of a bin before this one: its run, when, and how many differences were posted."""

    run: StocktakeRun
    at: datetime
    differences: int


@dataclass(frozen=True)
class SecondCount:
    """Something to look at once more: a serial, or the pieces of a part, in a bin; and whether somebody has."""

    difference_id: int
    bin: str
    serial: str
    part_number: str | None
    done: bool


@dataclass(frozen=True)
class StockMove:
    """A move that a difference's page explains itself by."""

    move: Move
    posting: Posting
    origin: Location
    target: Location
    who: str | None


_undo = aliased(StocktakeCount)
COUNTED = (
    StocktakeCount.round == StocktakeBin.round,
    StocktakeCount.kind.in_([CountKind.SERIAL, CountKind.PIECES]),
    StocktakeCount.recount.is_(False),
    ~exists().where(_undo.undoes_id == StocktakeCount.id),
)
"""Of a bin's counts those of its present round that somebody made while counting it, and that were not taken back."""


def under_way(depot_id: int) -> int:
    """How many stocktakes of the depot have not ended; one statement."""
    query = select(func.count(StocktakeRun.id)).where(
        StocktakeRun.depot_id == depot_id, StocktakeRun.state.in_(ACTIVE_RUNS)
    )
    return session.scalars(query).one()


def run_of(number: str) -> StocktakeRun:
    """Raises NotFound."""
    key = key_of(NumberKind.STOCKTAKE, number)
    run = session.get(StocktakeRun, key) if key is not None else None
    if run is None:
        raise NotFound("not_found")
    return run


def runs(*, page: int, size: int) -> tuple[list[RunRow], bool]:
    """A page of stocktakes, newest first, and whether there are more."""
    bins = (
        select(
            StocktakeBin.run_id,
            func.count().label("bins"),
            func.sum(case((StocktakeBin.state == BinState.FINISHED, 1), else_=0)).label("finished"),
        )
        .group_by(StocktakeBin.run_id)
        .subquery()
    )
    differences = (
        select(StocktakeDifference.run_id, func.count().label("differences"))
        .where(StocktakeDifference.state != DifferenceState.EXPLAINED)
        .group_by(StocktakeDifference.run_id)
        .subquery()
    )
    rows = session.execute(
        select(StocktakeRun, Depot, User.display_name, bins.c.bins, bins.c.finished, func.coalesce(differences.c[1], 0))
        .join(Depot, Depot.id == StocktakeRun.depot_id)
        .join(bins, bins.c.run_id == StocktakeRun.id)
        .outerjoin(differences, differences.c.run_id == StocktakeRun.id)
        .outerjoin(User, User.id == StocktakeRun.opened_by_id)
        .order_by(StocktakeRun.id.desc())
        .limit(size + 1)
        .offset((page - 1) * size)
    ).all()
    return [RunRow(*row) for row in rows[:size]], len(rows) > size


def bin_rows(run: StocktakeRun) -> list[BinRow]:
    """Every bin of the run: what was counted of its present round and who counted; once the counting has ended also its
    differences and its last count. Four statements."""
    rows = {
        one.id: BinRow(one)
        for one in session.scalars(
            select(StocktakeBin)
            .join(Location, Location.id == StocktakeBin.location_id)
            .where(StocktakeBin.run_id == run.id)
            .options(contains_eager(StocktakeBin.location))
            .order_by(Location.code_key)
        )
    }
    _add_counts(run, rows)
    if run.state is not RunState.COUNTING:
        _add_differences(run, rows)
    return list(rows.values())


def _add_counts(run: StocktakeRun, rows: dict[int, BinRow]) -> None:
    """To each bin how many pieces were counted, by whom, and when last."""
    query = (
        select(
            StocktakeBin.id, User.display_name, func.sum(StocktakeCount.quantity), func.max(StocktakeCount.counted_at)
        )
        .join(StocktakeCount, StocktakeCount.bin_id == StocktakeBin.id)
        .outerjoin(User, User.id == StocktakeCount.actor_id)
        .where(StocktakeBin.run_id == run.id, *COUNTED)
        .group_by(StocktakeBin.id, User.id, User.display_name)
        .order_by(func.min(StocktakeCount.id))
    )
    for bin_id, who, pieces, last_at in session.execute(query):
        row = rows[bin_id]
        row.counted += pieces
        row.last_at = max(row.last_at or last_at, last_at)
        if who is not None:
            row.people.append(who)


def _add_differences(run: StocktakeRun, rows: dict[int, BinRow]) -> None:
    """To each bin its differences in this run, and the count before."""
    by_place = {row.one.location_id: row for row in rows.values()}
    found = session.execute(
        select(StocktakeDifference.place_id, func.count())
        .where(StocktakeDifference.run_id == run.id, StocktakeDifference.state != DifferenceState.EXPLAINED)
        .group_by(StocktakeDifference.place_id)
    )
    for place, count in found:
        by_place[place].differences = count
    mine = aliased(StocktakeBin)
    posted = (
        select(StocktakeDifference.run_id, StocktakeDifference.place_id, func.count().label("posted"))
        .where(StocktakeDifference.state == DifferenceState.POSTED)
        .group_by(StocktakeDifference.run_id, StocktakeDifference.place_id)
        .subquery()
    )
    earlier = session.execute(
        select(StocktakeBin.location_id, StocktakeRun, StocktakeBin.finished_at, func.coalesce(posted.c.posted, 0))
        .join(StocktakeRun, StocktakeRun.id == StocktakeBin.run_id)
        .join(mine, and_(mine.location_id == StocktakeBin.location_id, mine.run_id == run.id))
        .outerjoin(posted, and_(posted.c.run_id == StocktakeRun.id, posted.c.place_id == StocktakeBin.location_id))
        .where(
            StocktakeRun.id < run.id,
            StocktakeRun.state == RunState.POSTED,
            StocktakeBin.state == BinState.FINISHED,
        )
        .order_by(StocktakeBin.finished_at)
    )
    for place, before, at, count in earlier:
        by_place[place].earlier = Earlier(before, at, count)


def bin_page(bin_id: int, most: int) -> tuple[StocktakeRun, StocktakeBin, list[tuple[StocktakeCount, str, str]]]:
    """A bin being counted: its run, and its last counts, newest first, with who counted and the part's number. What was
    noted as not found is left out: it would tell what the books have. Raises NotFound."""
    one = session.get(StocktakeBin, bin_id)
    if one is None:
        raise NotFound("not_found")
    query = (
        select(StocktakeCount, User.display_name, Part.part_number)
        .join(StocktakeBin, StocktakeBin.id == StocktakeCount.bin_id)
        .outerjoin(User, User.id == StocktakeCount.actor_id)
        .outerjoin(Part, Part.id == StocktakeCount.part_id)
        .where(StocktakeBin.id == bin_id, *COUNTED)
        .order_by(StocktakeCount.id.desc())
        .limit(most)
    )
    facts = [(fact, who or "", part or "") for fact, who, part in session.execute(query)]
    return session.get_one(StocktakeRun, one.run_id), one, facts


def bin_of(count_id: int) -> int:
    """The bin that a count belongs to. Raises NotFound."""
    fact = session.get(StocktakeCount, count_id)
    if fact is None:
        raise NotFound("not_found")
    return fact.bin_id


def counted_in(bin_id: int) -> tuple[int, int]:
    """How many pieces were counted in the bin, in how many counts."""
    query = (
        select(func.coalesce(func.sum(StocktakeCount.quantity), 0), func.count())
        .join(StocktakeBin, StocktakeBin.id == StocktakeCount.bin_id)
        .where(StocktakeBin.id == bin_id, *COUNTED)
    )
    pieces, counts = session.execute(query).one()
    return int(pieces), counts


def second_counts(run_id: int) -> list[SecondCount]:
    """The open differences as things to look at once more, by bin; nothing of what the books have. One statement."""
    done = exists().where(
        StocktakeEvent.difference_id == StocktakeDifference.id, StocktakeEvent.verb == DifferenceVerb.RECOUNT
    )
    query = (
        select(StocktakeDifference.id, Location.code, StocktakeDifference.serial, Part.part_number, done)
        .join(Location, Location.id == StocktakeDifference.place_id)
        .outerjoin(Part, Part.id == StocktakeDifference.part_id)
        .where(StocktakeDifference.run_id == run_id, StocktakeDifference.state == DifferenceState.OPEN)
        .order_by(Location.code_key, Part.part_number_key, StocktakeDifference.serial)
        .limit(MOST_DIFFERENCES)
    )
    return [SecondCount(*row) for row in session.execute(query)]


def differences(
    run_id: int, states: Sequence[DifferenceState] = tuple(DifferenceState)
) -> list[tuple[StocktakeDifference, str | None, str | None]]:
    """The run's differences in these states by bin, each with who decided and who approved."""
    decided, approved = aliased(User), aliased(User)
    query = (
        select(StocktakeDifference, decided.display_name, approved.display_name)
        .join(Location, Location.id == StocktakeDifference.place_id)
        .outerjoin(decided, decided.id == StocktakeDifference.decided_by_id)
        .outerjoin(approved, approved.id == StocktakeDifference.approved_by_id)
        .where(StocktakeDifference.run_id == run_id, StocktakeDifference.state.in_(states))
        .options(
            contains_eager(StocktakeDifference.place),
            joinedload(StocktakeDifference.booked),
            joinedload(StocktakeDifference.part),
        )
        .order_by(Location.code_key, StocktakeDifference.kind, StocktakeDifference.serial, StocktakeDifference.id)
        .limit(MOST_DIFFERENCES)
    )
    return [(row, one, two) for row, one, two in session.execute(query)]


def difference_of(difference_id: int) -> tuple[StocktakeDifference, StocktakeRun]:
    """Raises NotFound; Conflict `stocktake_not_allowed` while bins are being counted, which is done blind."""
    row = session.get(StocktakeDifference, difference_id)
    if row is None:
        raise NotFound("not_found")
    run = session.get_one(StocktakeRun, row.run_id)
    refuse_while_counting(run)
    return row, run


def refuse_while_counting(run: StocktakeRun) -> None:
    """Differences say what the books have, and whoever counts must not know it, also when the counting is taken up
    again. Raises Conflict `stocktake_not_allowed`."""
    if run.state is RunState.COUNTING:
        run_after(run.state, RunVerb.JUDGE)


def counts_of(row: StocktakeDifference) -> list[tuple[StocktakeCount, StocktakeBin, str | None]]:
    """Every count of the run that speaks of the difference, taken back and earlier ones too, newest first."""
    query = (
        select(StocktakeCount, StocktakeBin, User.display_name)
        .join(StocktakeBin, StocktakeBin.id == StocktakeCount.bin_id)
        .outerjoin(User, User.id == StocktakeCount.actor_id)
        .where(StocktakeBin.run_id == row.run_id)
    )
    if row.kind is DifferenceKind.PIECES:
        query = query.where(
            StocktakeCount.part_id == row.part_id,
            StocktakeCount.condition == row.condition,
            StocktakeBin.location_id == row.place_id,
        )
    else:
        unit = session.get(Unit, row.unit_id) if row.unit_id is not None else None
        key = unit.serial_key if unit is not None else row.key.partition(":")[2]
        query = query.where(StocktakeCount.serial_key == key)
    return [
        (fact, one, name) for fact, one, name in session.execute(query.order_by(StocktakeCount.id.desc()).limit(50))
    ]


def moves_around(row: StocktakeDifference, since: datetime) -> list[StockMove]:
    """The ledger's moves that the difference is netted with: of the unit its last ones, of pieces those in and out of the
    bin since the count began; newest first."""
    origin, target = aliased(Location), aliased(Location)
    query = (
        select(Move, Posting, origin, target, User.display_name)
        .join(Posting, Posting.id == Move.posting_id)
        .join(origin, origin.id == Move.from_location_id)
        .join(target, target.id == Move.to_location_id)
        .outerjoin(User, User.id == Posting.actor_id)
    )
    if row.unit_id is not None:
        query = query.where(Move.unit_id == row.unit_id).limit(5)
    elif row.kind is DifferenceKind.PIECES:
        query = query.where(
            Move.part_id == row.part_id,
            Move.unit_id.is_(None),
            Posting.occurred_at >= since,
            or_(Move.from_location_id == row.place_id, Move.to_location_id == row.place_id),
        ).limit(50)
    else:
        return []
    return [StockMove(*found) for found in session.execute(query.order_by(Move.id.desc()))]


def events_of(run_id: int, difference_id: int | None = None) -> list[tuple[StocktakeEvent, str | None, str | None]]:
    """What was done, newest first, with who did it and in which bin: to a difference, or to the run. When which bin was
    counted stands with the bin."""
    query = (
        select(StocktakeEvent, User.display_name, Location.code)
        .outerjoin(User, User.id == StocktakeEvent.actor_id)
        .outerjoin(StocktakeBin, StocktakeBin.id == StocktakeEvent.bin_id)
        .outerjoin(Location, Location.id == StocktakeBin.location_id)
        .where(StocktakeEvent.run_id == run_id)
    )
    if difference_id is not None:
        query = query.where(StocktakeEvent.difference_id == difference_id)
    else:
        query = query.where(StocktakeEvent.difference_id.is_(None), StocktakeEvent.verb.not_in(["begin", "finish"]))
    return [
        (told, who, code) for told, who, code in session.execute(query.order_by(StocktakeEvent.id.desc()).limit(30))
    ]
