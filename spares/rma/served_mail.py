"""Stock has come in for a request that waited for it: whoever asked for it, and the engineer of the case, are told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from spares import outbox
from spares.accounts.models import User
from spares.cases.models import ServiceCase
from spares.db import session
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.inventory.models import Part
from spares.rma.models import Rma


def tell_served(
    order: DispatchOrder, case: ServiceCase, lines: Sequence[DispatchLine], parts: dict[int, Part], now: datetime
) -> None:
    """Put one message for each of them into the outbox."""
    asked = select(Rma.requested_by_id).where(Rma.id == order.rma_id).scalar_subquery()
    people = select(User.email).where(or_(User.id == asked, User.id == case.assigned_to_id))
    got = ", ".join(f"{parts[line.part_id].part_number} × {line.quantity}" for line in lines)
    for address in session.scalars(people.where(User.disabled_at.is_(None), User.email != "").order_by(User.id)):
        outbox.enqueue(
            recipient=address,
            subject=f"已到货并预留 Stock reserved: {order.rma_number} / {case.number}",
            body=f"{order.rma_number} ({case.number}) 等待的备件已到货并预留：{got}\n"
            f"Stock has come in and is reserved for {order.rma_number} ({case.number}): {got}\n",
            now=now,
            case_id=case.id,
        )
