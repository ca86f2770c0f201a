"""What is in stock for a request: the exact part, else its approved substitutes in their order."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

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
    free = (
        select(StockBalance.part_id, func.sum(StockBalance.on_hand - StockBalance.held).label("free"))
        .join(Location, Location.id == StockBalance.location_id)
        .where(
            StockBalance.condition == Condition.GOOD,
            Location.kind == LocationKind.BIN,
            Location.depot_id == depot_id,
            StockBalance.part_id.in_(
                select(Substitute.substitute_id)
                .where(Substitute.part_id == part_id)
                .union(select(Part.id).where(Part.id == part_id))
            ),
        )
        .group_by(StockBalance.part_id)
        .subquery()
    )
    approved = (Substitute.part_id == part_id) & Substitute.approved_at.is_not(None)
    rows = session.execute(
        select(Part, func.coalesce(Substitute.rank, 0), func.coalesce(free.c.free, 0))
        .outerjoin(Substitute, (Substitute.substitute_id == Part.id) & approved)
        .outerjoin(free, free.c.part_id == Part.id)
        .where((Part.id == part_id) | Substitute.id.is_not(None))
        .order_by(func.coalesce(Substitute.rank, 0), Part.id)
    )
    return [Offer(part, 0 if part.id == part_id else rank, int(count)) for part, rank, count in rows]


def family(part_ids: Iterable[int]) -> list[int]:
    """The parts and every approved substitute of them: all that reserving for them may touch."""
    wanted = set(part_ids)
    query = select(Substitute.substitute_id).where(Substitute.part_id.in_(wanted), Substitute.approved_at.is_not(None))
    return sorted(wanted | set(session.scalars(query)))


def choose(available: list[Offer], quantity: int) -> Offer | None:
    """The first that has enough: the exact part, else the best-ranked substitute, else None (a back-order)."""
    return next((offer for offer in available if offer.free >= quantity), None)
