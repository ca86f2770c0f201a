"""What was written off as lost: another one is sent, or it is found again; through the client."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases import services as case_services
from spares.cases.timeline import entries, is_whole
from spares.db import session, transaction
from spares.dispatch.lifecycle import LineState, ShipmentState
from spares.dispatch.lost import replaced_by
from spares.dispatch.models import DispatchLine, Shipment
from spares.errors import Conflict
from spares.inventory import ledger, places
from spares.inventory.models import Condition, LocationKind, PostingKind
from spares.rma import discrepancies, receipts, requests, returns
from spares.rma.discrepancies import Resolution
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation, ObligationEvent, Rma
from spares.rma.standing import standing
from spares.rma.worklists import Block, exchanges
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import came_for, fresh, whereabouts


def lost(pages: Pages, count: int = 1) -> tuple[Rma, Shipment, list[Obligation]]:
    """Dispatched on Wednesday, and written off on the word of the carrier."""
    rma, shipment, owed = making.dispatched(pages.world, count)
    with transaction():
        receipts.lose_shipment(shipment.id, reason="承运方确认丢失", actor=SYSTEM, now=NOON)
    return rma, session.get_one(Shipment, shipment.id, populate_existing=True), owed


def blocked() -> int:
    session.rollback()
    return exchanges(Block.ALL, SYSTEM, NOON, page=1, size=50)[1][Block.LOST]


def test_the_page_of_a_lost_shipment_is_calm_and_offers_another(pages: Pages) -> None:
    rma, shipment, _owed = lost(pages)
    page = unescape(pages.browser().get(f"/shipments/{shipment.number}").text)
    assert "alert-good" not in page and "单据" not in re.sub(r"<nav.*?</nav>", "", page, flags=re.S)
    assert "按丢失核销，不再要求返还" in page and "按承诺发出" in page
    href = f"/request?case={pages.world.case.number}&serial=F9&part=SW-24"
    assert f'<a class="btn btn-primary" href="{href}">重新发一件' in page
    assert "客户其实已收到" in page and "在备件库找到" in page
    exchange = unescape(pages.browser(Role.ENGINEER).get(f"/rma/{rma.number}").text)
    assert f'<a class="btn btn-small" href="{href}">重新发一件' in exchange
    assert "重新发一件" not in pages.browser(Role.WAREHOUSE).get(f"/shipments/{shipment.number}").text


def test_another_one_is_asked_for_with_what_is_known_and_rests_on_the_confirmation(pages: Pages) -> None:
    _rma, shipment, _owed = lost(pages)
    assert blocked() == 1
    engineer = pages.browser(Role.ENGINEER)
    form = engineer.get(f"/request?case={pages.world.case.number}&serial=F9&part=SW-24").text
    assert 'value="F9"' in form and 'value="SW-24"' in form and pages.world.case.number in form
    again, _order = making.asked(pages.world)
    line = session.scalars(select(DispatchLine).order_by(DispatchLine.id)).first()
    assert line is not None
    assert replaced_by([line.id]) == {line.id: again.number} and replaced_by([]) == {}
    assert blocked() == 0
    assert f"已重新发：{again.number}" in pages.browser().get(f"/shipments/{shipment.number}").text
    with transaction():
        requests.cancel_request(again.id, reason="不需要", actor=SYSTEM, now=NOON)
    assert (replaced_by([line.id]), blocked()) == ({}, 1)


def test_it_stands_among_what_blocks_exchanges_until_its_case_is_closed(pages: Pages) -> None:
    rma, _shipment, _owed = lost(pages)
    listed = pages.browser().get("/rma?tab=lost").text
    assert rma.number in listed and "途中丢失" in listed and "丢件待补发" in listed
    assert blocked() == 1
    with transaction():
        case_services.close_case(pages.world.case.id, "客户撤回", actor=SYSTEM, now=NOON)
    assert blocked() == 0


def test_found_at_the_depot_it_is_inspected_like_what_came_back(pages: Pages) -> None:
    _rma, shipment, (one,) = lost(pages)
    assert whereabouts("S1") == (LocationKind.LOST, Condition.GOOD)
    fields = {"reason": "在货架后找到", "request_key": "u", "version": str(shipment.version)}
    keeper = pages.browser(Role.WAREHOUSE)
    assert post(keeper, f"/shipments/{shipment.number}/undelivered", fields).status_code == 302
    assert whereabouts("S1") == (LocationKind.RETURNS, Condition.TO_INSPECT)
    (row,) = came_for(one)
    assert (row.state, fresh(one).state) == (ObligationState.RECEIVED, ObligationState.CANCELLED)
    step = entries(pages.world.case.id)[-1]
    assert (step.kind, step.data["was_lost"]) == ("shipment_undelivered", True)
    told = keeper.get(f"/cases/{pages.world.case.id}").text
    assert f"已按丢失核销的 {shipment.number} 在备件库找到" in told
    assert blocked() == 0 and is_whole(pages.world.case)
    with pytest.raises(Conflict), transaction():
        receipts.take_back_undelivered(shipment.id, reason="再来", actor=SYSTEM, now=NOON)


def test_received_after_all_what_was_owed_is_owed_again(pages: Pages) -> None:
    _rma, shipment, (one,) = lost(pages)
    assert fresh(one).state is ObligationState.CANCELLED
    engineer = pages.browser(Role.ENGINEER)
    asked = engineer.get(f"/receipts/{shipment.number}").text
    assert "该发货已按丢失核销" in asked and "2026-12-03 前寄回" in asked
    fields = {"received_on": "2026-11-18", "proof": "客户签收单", "request_key": "r"}
    assert post(engineer, f"/receipts/{shipment.number}", fields).status_code == 302
    again = fresh(one)
    assert (again.state, again.due_on, again.closed_recorded_at) == (
        ObligationState.RUNNING,
        making.DUE_ON,
        None,
    )
    assert whereabouts("S1") == (LocationKind.CUSTOMER, Condition.GOOD)
    assert "此前已按丢失核销" in engineer.get(f"/cases/{pages.world.case.id}").text
    kinds = session.scalars(
        select(ObligationEvent.kind).where(ObligationEvent.obligation_id == one.id).order_by(ObligationEvent.id)
    )
    assert list(kinds) == ["cancelled", "reopened", "started"]
    with transaction():
        returns.receive_return(
            one.id, returns.Arrival(part_id=pages.world.part.id, serial="F9"), actor=SYSTEM, now=NOON
        )
    assert fresh(one).state is ObligationState.RECEIVED
    assert blocked() == 0 and is_whole(pages.world.case)


def booked_in(pages: Pages, serial: str, key: str) -> None:
    """One unit of what was written off has got onto the returns shelf by itself, as a stranger."""
    known = standing(pages.world.part.id, serial)
    assert known is not None and known.place is not None and known.written_off
    step = ledger.Step(
        part_id=pages.world.part.id,
        unit_id=known.unit.id,
        quantity=1,
        from_id=known.place.id,
        from_condition=Condition.GOOD,
        to_id=places.inside(LocationKind.RETURNS, pages.world.depot.id),
        to_condition=Condition.TO_INSPECT,
    )
    with transaction():
        ledger.post(PostingKind.RETURN, [step], request_key=key, occurred_at=NOON, actor=SYSTEM, now=NOON)


@pytest.mark.parametrize(("stranger", "other"), [("S1", "S2"), ("S2", "S1")])
@pytest.mark.parametrize("end", ["receipt", "undelivered"])
def test_the_rest_can_be_found_when_one_unit_was_booked_in_by_itself(
    pages: Pages, stranger: str, other: str, end: str
) -> None:
    _rma, shipment, owed = lost(pages, 2)
    booked_in(pages, stranger, "stranger")
    dropped, found = owed if stranger == "S1" else reversed(owed)
    if end == "receipt":
        fields = {"received_on": "2026-11-18", "proof": "签收单", "request_key": "r"}
        answer = post(pages.browser(Role.ENGINEER), f"/receipts/{shipment.number}", fields)
    else:
        fields = {"reason": "找到", "request_key": "u", "version": str(shipment.version)}
        answer = post(pages.browser(Role.WAREHOUSE), f"/shipments/{shipment.number}/undelivered", fields)
    assert answer.status_code == 302
    place = LocationKind.CUSTOMER if end == "receipt" else LocationKind.RETURNS
    assert (whereabouts(other)[0], whereabouts(stranger)[0]) == (place, LocationKind.RETURNS)
    assert fresh(found).state is (ObligationState.RUNNING if end == "receipt" else ObligationState.CANCELLED)
    assert (fresh(dropped).state, fresh(dropped).started_recorded_at) == (ObligationState.CANCELLED, None)
    assert [len(came_for(one)) for one in (dropped, found)] == [0, 0 if end == "receipt" else 1]
    states = {line.id: line.state for line in session.scalars(select(DispatchLine))}
    ended = LineState.RECEIVED if end == "receipt" else LineState.UNDELIVERABLE
    assert (states[dropped.line_id], states[found.line_id]) == (LineState.LOST, ended)
    assert blocked() == 1  # the customer still lacks the one that lies here


@pytest.mark.parametrize("end", ["receipt", "undelivered"])
def test_nothing_is_found_again_when_every_unit_was_booked_in(pages: Pages, end: str) -> None:
    _rma, shipment, (one,) = lost(pages)
    booked_in(pages, "S1", "stranger")
    told = len(entries(pages.world.case.id))
    chief = pages.browser()
    if end == "receipt":
        fields = {"received_on": "2026-11-18", "proof": "签收单", "request_key": "r"}
        answer = post(chief, f"/receipts/{shipment.number}", fields)
    else:
        fields = {"reason": "找到", "request_key": "u", "version": str(shipment.version)}
        answer = post(chief, f"/shipments/{shipment.number}/undelivered", fields)
    assert answer.status_code == 409
    assert "SH-000001 中的备件均已另行入账" in answer.text
    session.rollback()
    assert (fresh(one).state, len(entries(pages.world.case.id))) == (ObligationState.CANCELLED, told)
    assert session.get_one(Shipment, shipment.id, populate_existing=True).state is ShipmentState.LOST
    assert whereabouts("S1")[0] is LocationKind.RETURNS


@pytest.mark.parametrize(("serial", "count"), [("S1", 1), ("S1", 2), ("S2", 2)])
def test_the_door_says_with_which_shipment_it_was_written_off(pages: Pages, serial: str, count: int) -> None:
    """Nothing is booked at the door, and the shipment can then be found whole."""
    _rma, shipment, owed = lost(pages, count)
    keeper = pages.browser(Role.WAREHOUSE)
    fields = {"request_key": "k", "part_number": "SW-24", "serial": serial, "quantity": "1"}
    asked = post(keeper, "/returns/unexpected", fields)
    assert asked.status_code == 422
    assert f"账实不符：SW-24 {serial}（账面：已随 SH-000001 按丢失核销）" in asked.text
    assert "打开 SH-000001 收回" in asked.text
    sent = fields | {"anyway": f"elsewhere:SW-24 {serial}", "request_key": "k2"}
    assert post(keeper, "/returns/unexpected", sent).status_code == 302
    (row,) = session.scalars(select(Discrepancy)).all()
    assert (row.kind, row.expected, row.case_id) == (
        DiscrepancyKind.ELSEWHERE,
        "LOST SH-000001",
        pages.world.case.id,
    )
    assert whereabouts(serial) == (LocationKind.LOST, Condition.GOOD)
    fields = {"reason": "找到", "request_key": "u", "version": str(shipment.version)}
    assert post(keeper, f"/shipments/{shipment.number}/undelivered", fields).status_code == 302
    assert whereabouts(serial) == (LocationKind.RETURNS, Condition.TO_INSPECT)
    assert [len(came_for(one)) for one in owed] == [1] * count


def test_a_wrong_part_turned_down_after_that_is_owed_still(pages: Pages) -> None:
    _rma, shipment, (one,) = lost(pages)
    with transaction():
        receipts.confirm_receipt(shipment.id, received_on=making.RECEIVED_ON, proof="签收单", actor=SYSTEM, now=NOON)
    wrong = returns.Arrival(part_id=pages.world.other.id, serial="X7")
    with transaction():
        returns.receive_return(one.id, wrong, actor=SYSTEM, now=NOON)
    (found,) = session.scalars(select(Discrepancy)).all()
    with transaction():
        discrepancies.resolve(found.id, Resolution.SEND_BACK, reason="不是本单的件", actor=SYSTEM, now=NOON)
    assert (fresh(one).state, fresh(one).due_on) == (ObligationState.RUNNING, making.DUE_ON)


def test_a_refused_day_is_said_once(pages: Pages) -> None:
    _rma, shipment, _owed = making.dispatched(pages.world)
    fields = {"received_on": "2026-11-17", "proof": "签收单", "request_key": "r"}
    refused = post(pages.browser(), f"/receipts/{shipment.number}", fields)
    assert refused.status_code == 422
    body = refused.text.split("</h1>")[1]
    summary, rest = body.split('class="split"')
    assert (summary.count("2026-11-18"), rest.split("<aside")[0].count("2026-11-18")) == (1, 1)


def test_the_exchange_says_where_it_goes(pages: Pages) -> None:
    rma, _shipment, _owed = making.dispatched(pages.world)
    page = pages.browser().get(f"/rma/{rma.number}").text
    for words in ("李工", "13800000000", "郑州市金水区花园路 1 号", "快递"):
        assert words in page
