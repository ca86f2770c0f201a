"""A good part that is dead on arrival: confirmed faulty itself, replaced under a second RMA of the same case, and owed too."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases.models import FaultConfirmation, ServiceCase
from spares.db import session, transaction
from spares.dispatch import picking, shipping
from spares.dispatch.models import DispatchOrder
from spares.inventory.models import Condition, LocationKind
from spares.rma import receipts, returns
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation, Rma
from spares.rma.returns import Arrival
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import fresh, running, whereabouts

REQUEST: dict[str, object] = {
    "request_key": "k1",
    "case_mode": "existing",
    "serial": "S1",
    "level": "C-1",
    "confirmed_at": "2026-11-19T11:30",
    "finding": "到货即坏，无法上电",
    "method": "courier",
    "consignee": "李工",
    "phone": "13800000000",
    "address": "郑州市金水区花园路 1 号",
}


def test_both_are_owed_and_the_first_runs_on(pages: Pages) -> None:
    (first,) = running(pages.world)
    engineer = pages.browser(Role.ENGINEER)
    sent = REQUEST | {"case_number": pages.world.case.number, "depot": str(pages.world.depot.id)}
    answer = post(engineer, "/request", sent, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text[answer.text.find("error-summary") :][:900]
    session.rollback()
    assert session.scalars(select(ServiceCase.id)).all() == [pages.world.case.id]
    _, confirmed = session.scalars(select(FaultConfirmation).order_by(FaultConfirmation.id))
    assert (confirmed.serial, confirmed.part_id) == ("S1", pages.world.part.id)
    _, second_rma = session.scalars(select(Rma).order_by(Rma.id))
    _, order = session.scalars(select(DispatchOrder).order_by(DispatchOrder.id))
    assert order.due_at == datetime(2026, 11, 19, 9, tzinfo=UTC)  # a promise of its own: the same day by 17:00
    (second,) = session.scalars(select(Obligation).where(Obligation.rma_id == second_rma.id))
    assert (second.serial, second.state, second.part_id) == ("S1", ObligationState.NOT_STARTED, pages.world.part.id)
    first = fresh(first)
    assert (first.state, first.due_on, first.serial) == (ObligationState.RUNNING, making.DUE_ON, "F9")

    later = NOON + timedelta(days=1)
    with transaction():
        picking.pick_scanned(order.id, "S2", actor=SYSTEM, now=later)
        shipment = shipping.pack(order.id, packages=1, weight_grams=None, actor=SYSTEM, now=later)
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill="SF300", actor=SYSTEM, now=later)
    with transaction():
        receipts.confirm_receipt(
            shipment.id, received_on=date(2026, 11, 20), proof="签收单", actor=SYSTEM, now=later + timedelta(days=1)
        )
    assert (fresh(second).state, fresh(second).due_on) == (ObligationState.RUNNING, date(2026, 12, 4))
    page = engineer.get(f"/cases/{pages.world.case.id}").text
    for shown in ("RMA-000001", "RMA-000002", "2026-12-02 前寄回", "2026-12-04 前寄回"):
        assert shown in page
    with transaction():
        dead = Arrival(part_id=pages.world.part.id, serial="S1")
        assert returns.receive_return(second.id, dead, actor=SYSTEM, now=later + timedelta(days=2)) == []
    assert whereabouts("S1") == (LocationKind.RETURNS, Condition.TO_INSPECT)
    assert fresh(first).state is ObligationState.RUNNING
    with transaction():
        assert (
            returns.receive_return(first.id, making.right(pages.world), actor=SYSTEM, now=later + timedelta(days=2))
            == []
        )


@pytest.mark.parametrize("case", ["typed", "found"])
def test_the_serial_of_what_was_sent_tells_the_part_and_the_case(pages: Pages, case: str) -> None:
    running(pages.world)
    engineer = pages.browser(Role.ENGINEER)
    sent = REQUEST | {"depot": str(pages.world.depot.id)}
    if case == "typed":
        sent["case_number"] = pages.world.case.number
    assert post(engineer, "/request", sent, content_type="multipart/form-data").status_code == 302
    assert session.scalars(select(Rma.case_id)).all() == [pages.world.case.id] * 2


def test_what_was_never_sent_tells_nothing(pages: Pages) -> None:
    running(pages.world)
    sent = REQUEST | {"depot": str(pages.world.depot.id), "serial": "S3", "case_number": pages.world.case.number}
    assert post(pages.browser(Role.ENGINEER), "/request", sent, content_type="multipart/form-data").status_code == 422
    assert len(session.scalars(select(Rma.id)).all()) == 1
