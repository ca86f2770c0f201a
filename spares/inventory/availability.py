"""What is in stock for a request: the exact part, else its approved substitutes in their order."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import CompoundSelect, func, literal, select, union

from spares.db import session
from spares.inventory.models import Condition, Location, LocationKind, Part, StockBalance, Substitute


@dataclass(frozen=True)
class Offer:
    """A part that could be sent, and how many free good pieces of it the depot's bins have. Rank 0 is the part itself."""

    part: Part
    rank: int
    free: int


def offers(part_id: int, depot_id: int) -> list[Offer]:
    """The part and its approved substitutes with their free stock in the depot, best first; one statement."""
    approved = select(Substitute.substitute_id, Substitute.rank).where(
        Substitute.part_id == part_id, Substitute.approved_at.is_not(None)
    )
    itself = select(Part.id.label("id"), literal(0).label("rank")).where(Part.id == part_id)
    wanted = itself.union_all(approved).subquery()
    free = (
        select(func.coalesce(func.sum(StockBalance.on_hand - StockBalance.held), 0))
        .join(Location, Location.id == StockBalance.location_id)
        .where(
            StockBalance.part_id == wanted.c.id,
            StockBalance.condition == Condition.GOOD,
            Location.kind == LocationKind.BIN,
            Location.depot_id == depot_id,
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Part, wanted.c.rank, free).join(wanted, wanted.c.id == Part.id).order_by(wanted.c.rank, Part.id)
    )
    return [Offer(part, rank, int(count)) for part, rank, count in rows]


def family(part_ids: Collection[int]) -> CompoundSelect[int]:
    """The keys of the parts and of every approved substitute of them: all that reserving for them may touch."""
    approved = select(Substitute.substitute_id).where(
        Substitute.part_id.in_(part_ids), Substitute.approved_at.is_not(None)
    )
    return union(select(Part.id).where(Part.id.in_(part_ids)), approved)


def approved_for(part_ids: Iterable[int]) -> dict[int, list[int]]:
    """What may be sent for each of these parts: the part itself, then its approved substitutes, best first."""
    found = {part_id: [part_id] for part_id in part_ids}
    query = select(Substitute.part_id, Substitute.substitute_id).where(
        Substitute.part_id.in_(found), Substitute.approved_at.is_not(None)
    )
    for part_id, substitute_id in session.execute(query.order_by(Substitute.rank, Substitute.substitute_id)):
        found[part_id].append(substitute_id)
    return found


def free_in_bins(part_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """How many good unheld pieces of each part lie in the bins of each depot, where there are any: by part and depot."""
    query = (
        select(StockBalance.part_id, Location.depot_id, func.sum(StockBalance.on_hand - StockBalance.held))
        .join(Location, Location.id == StockBalance.location_id)
        .where(
            StockBalance.part_id.in_(set(part_ids)),
            StockBalance.condition == Condition.GOOD,
            StockBalance.on_hand > StockBalance.held,
            Location.kind == LocationKind.BIN,
        )
        .group_by(StockBalance.part_id, Location.depot_id)
    )
    return {(part_id, depot_id or 0): int(free) for part_id, depot_id, free in session.execute(query)}


def choose(available: list[Offer], quantity: int) -> Offer | None:
    """The first that has enough: the exact part, else the best-ranked substitute, else None (a back-order)."""
    return next((offer for offer in available if offer.free >= quantity), None)
