"""What lies on a depot's returns shelf under a return that is not settled, or an arrival that is not decided."""

from collections.abc import Collection

from sqlalchemy import String, cast, literal, select

from spares.db import session
from spares.inventory.models import Location, LocationKind, Move, Posting
from spares.inventory.stock_carried import Carried
from spares.numbers import NumberKind, number
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.worklists import TO_INSPECT


def carried(part_ids: Collection[int], depot_id: int) -> list[Carried]:
    """What of these parts lies there, by the number of its exchange, or of its case when it has none."""
    returns = select(Obligation.received_part_id, Obligation.received_unit_id, Obligation.rma_id).where(
        Obligation.state.in_(TO_INSPECT),
        Obligation.depot_id == depot_id,
        Obligation.received_part_id.in_(part_ids),
    )
    unexpected = (
        select(Move.part_id, Move.unit_id, Discrepancy.case_id)
        .join(Posting, Posting.id == Move.posting_id)
        .join(Discrepancy, Posting.request_key == literal("unexpected:") + cast(Discrepancy.id, String))
        .join(Location, Location.id == Move.to_location_id)
        .where(
            Discrepancy.kind == DiscrepancyKind.UNEXPECTED,
            Discrepancy.resolved_at.is_(None),
            Location.kind == LocationKind.RETURNS,
            Location.depot_id == depot_id,
            Move.part_id.in_(part_ids),
        )
    )
    found = [
        Carried(part_id, unit_id, number(NumberKind.RMA, rma_id))
        for part_id, unit_id, rma_id in session.execute(returns.order_by(Obligation.id))
        if part_id is not None
    ]
    for part_id, unit_id, case_id in session.execute(unexpected.order_by(Discrepancy.id)):
        found.append(Carried(part_id, unit_id, number(NumberKind.CASE, case_id)))
    return found
