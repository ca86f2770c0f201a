"""Which cases an engineer may see: asked by every service that locks a record, not by its page alone."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from spares import settings
from spares.accounts.access import Actor
from spares.accounts.models import Role
from spares.cases.access import visible_cases
from spares.cases.models import ServiceCase, TimelineEntry
from spares.cases.services import add_note, take_over
from spares.cases.timeline import lock_case
from spares.db import session, transaction
from spares.dispatch.models import DispatchOrder, Shipment
from spares.dispatch.orders import lock_order, lock_shipment
from spares.errors import NotFound
from spares.rma.arrivals import Arrival
from spares.rma.discrepancies import lock_discrepancy
from spares.rma.models import Discrepancy, Obligation, Rma
from spares.rma.obligations import lock_obligation
from spares.rma.requests import lock_rma
from tests.conftest import NOON
from tests.factories import make_actor
from tests.rma.making import make_world, received

LOCKS: dict[type, Callable[..., object]] = {
    ServiceCase: lock_case,
    Rma: lock_rma,
    DispatchOrder: lock_order,
    Shipment: lock_shipment,
    Obligation: lock_obligation,
    Discrepancy: lock_discrepancy,
}


@dataclass
class Kept:
    """A case, whose it is, and who has nothing to do with it."""

    case: ServiceCase
    owner: Actor
    stranger: Actor


@pytest.fixture
def kept(context: Flask) -> Kept:
    """A case with a record of every kind, where engineers see their own cases alone."""
    world = make_world()
    received(world, Arrival(part_id=None, serial="", empty_box=True))
    kept = Kept(world.case, make_actor(Role.ENGINEER), make_actor(Role.ENGINEER))
    with transaction():
        take_over(world.case.id, actor=kept.owner, now=NOON)
        settings.change("engineers_see_all_cases", False, set_by_id=None, now=NOON)
    return kept


@pytest.mark.parametrize("record", LOCKS, ids=lambda kind: kind.__name__)
def test_services_refuse_the_records_of_anothers_case(kept: Kept, record: type) -> None:
    (key,) = session.scalars(select(record.id)).all()  # type: ignore[attr-defined]
    with pytest.raises(NotFound, match="not_found"), transaction():
        LOCKS[record](key, kept.stranger)
    for actor in (kept.owner, make_actor(Role.WAREHOUSE)):
        with transaction():
            assert LOCKS[record](key, actor)


def test_lists_leave_out_anothers_cases(kept: Kept) -> None:
    def seen(actor: Actor) -> list[int]:
        return list(session.scalars(select(ServiceCase.id).where(visible_cases(actor))))

    assert seen(kept.owner) == seen(make_actor(Role.FINANCE)) == [kept.case.id]
    assert seen(kept.stranger) == []


def test_a_refused_note_leaves_the_timeline_as_it_was(kept: Kept) -> None:
    before = kept.case.version
    with pytest.raises(NotFound), transaction():
        add_note(kept.case.id, "看看", actor=kept.stranger, now=NOON)
    assert session.scalars(select(TimelineEntry.kind).where(TimelineEntry.kind == "note")).all() == []
    assert session.get_one(ServiceCase, kept.case.id).version == before
