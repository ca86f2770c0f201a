"""The demo's story can be told on any day, and leaves a true ledger and whole timelines."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.models import User
from spares.cases.models import ServiceCase
from spares.cases.timeline import is_whole
from spares.db import session
from spares.demo.exchanges import EXCHANGES
from spares.demo.story import load
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, Document, Shipment
from spares.inventory.ledger_check import verify
from spares.inventory.models import Part
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation
from spares.serving import prepare

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("text", ["2026-11-18T12:00", "2026-11-22T14:00", "2026-10-03T03:00", "2027-01-04T08:59"])
def test_the_story_is_sound_on_any_day(context: Flask, text: str) -> None:
    prepare()
    load(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))
    assert list(verify()) == []
    stories = session.scalars(select(ServiceCase)).all()
    assert len(stories) == len(EXCHANGES)
    assert all(is_whole(case) for case in stories)
    assert session.scalar(select(func.count(User.id)).where(User.is_demo)) == 6
    states = set(session.scalars(select(Obligation.state)))
    assert states == {
        ObligationState.NOT_STARTED,
        ObligationState.RUNNING,
        ObligationState.IN_TRANSIT,
        ObligationState.RECEIVED,
        ObligationState.INSPECTED,
        ObligationState.SETTLED,
        ObligationState.CHARGED,
        ObligationState.WAIVED,
    }
    assert {LineState.RESERVED, LineState.BACK_ORDERED, LineState.PICKED} <= set(
        session.scalars(select(DispatchLine.state))
    )
    met = list(session.scalars(select(Shipment.promise_met)))
    assert (met.count(True), met.count(False)) == (12, 1)
    sent = session.scalars(select(Shipment)).all()
    papers = session.scalars(select(Document)).all()
    assert {paper.subject for paper in papers} == {one.number for one in sent} | {one.order.rma_number for one in sent}
    for line in session.scalars(select(DispatchLine)):
        replaced = session.get_one(Part, line.faulty_part_id or line.requested_part_id)
        assert replaced.category == session.get_one(Part, line.requested_part_id).category
