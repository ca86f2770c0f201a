"""What is in stock for a request: the exact part, else its approved substitutes in their order."""

from collections.abc import Collection
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


def choose(available: list[Offer], quantity: int) -> Offer | None:
    """The first that has enough: the exact part, else the best-ranked substitute, else None (a back-order)."""
    return next((offer for offer in available if offer.free >= quantity), None)
