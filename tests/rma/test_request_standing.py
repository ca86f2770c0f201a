"""A request for a fault that is confirmed already rests on that confirmation; one for a unit in an exchange is asked about."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from spares import settings
from spares.accounts.models import Role
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import FaultConfirmation
from spares.cases.services import confirm_fault
from spares.cases.timeline import lock_case
from spares.db import session, transaction
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation, Rma
from tests.cases import making
from tests.factories import make_actor, make_user, sign_in

CONFIRMED = datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
"""Friday 13:30 at the depot, before the cutoff."""
ASKED = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
"""Friday 14:30, after it."""
SAME_DAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def world(app: Flask) -> Iterator[SimpleNamespace]:
    """Friday 14:30: an engineer signed in; two SW-24 in stock; a case in which SW-24 F1 was confirmed at 13:30."""
    with time_machine.travel(CONFIRMED, tick=False) as clock, app.app_context():
        user = make_user(Role.ENGINEER)
        depot, part = making.make_depot(), making.make_part("SW-24")
        making.stock(depot, part, "S1", "S2")
        customer, site = making.make_customer()
        case = making.make_case(customer, now=CONFIRMED, site_id=site.id)
        other = make_actor(Role.ENGINEER, display_name="王工")
        with transaction():
            confirm_fault(
                lock_case(case.id, other),
                part_id=part.id,
                serial="F1",
                level=FaultLevel.C1,
                finding="电源板烧毁",
                confirmed_at=CONFIRMED,
                actor=other,
                now=CONFIRMED,
            )
        clock.move_to(ASKED)
        client = app.test_client()
        sign_in(client, user)
        yield SimpleNamespace(client=client, user=user, depot=depot, part=part, case=case, customer=customer, site=site)
        session.remove()


def token(world: SimpleNamespace) -> str:
    return str(world.client.get("/request").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0])


def typed(world: SimpleNamespace, **changes: str) -> dict[str, object]:
    values = {"request_key": "k", "case_mode": "existing", "case_number": world.case.number, "serial": "F1"}
    return {**values, "method": "courier", "depot": world.depot.id, "csrf_token": token(world)} | changes


def ask(world: SimpleNamespace, **changes: str) -> TestResponse:
    answer: TestResponse = world.client.post("/request", data=typed(world, **changes))
    return answer


def preview(world: SimpleNamespace, **changes: str) -> str:
    return str(world.client.post("/request/preview", data=typed(world, **changes)).text)


def known(world: SimpleNamespace) -> str:
    return str(session.scalars(select(FaultConfirmation.id).order_by(FaultConfirmation.id.desc())).first())


def anew(**changes: str) -> dict[str, str]:
    return {"confirmation": "anew", "level": "C-1", "confirmed_at": "2026-11-20T14:30", "finding": "又坏"} | changes


def made() -> list[tuple[datetime, datetime, str]]:
    """Of each order the confirmation it counts from, its promise and the kind."""
    session.rollback()
    query = select(DispatchOrder.confirmed_at, DispatchOrder.due_at, DispatchOrder.promise_kind)
    return [tuple(row) for row in session.execute(query.order_by(DispatchOrder.id))]  # type: ignore[misc]


def confirmations() -> list[tuple[datetime, str]]:
    session.rollback()
    query = select(FaultConfirmation.confirmed_at, FaultConfirmation.finding).order_by(FaultConfirmation.id)
    return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


FIRST = (CONFIRMED, "电源板烧毁")


def leave(state: LineState = LineState.DISPATCHED) -> None:
    """The spares are on their way."""
    with transaction():
        for line in session.scalars(select(DispatchLine)):
            line.state = state
        for order in session.scalars(select(DispatchOrder)):
            order.is_open = False


@pytest.mark.parametrize("address", ["/request?case={}", "/request?case={}&serial=f1"])
def test_the_page_shows_the_confirmation_and_asks_for_nothing_again(world: SimpleNamespace, address: str) -> None:
    page = world.client.get(address.format(world.case.number)).text
    for words in ("2026-11-20 13:30", "王工", "电源板烧毁", "重新确认", "13:30 确认，早于 14:00", "今日 17:00 前发出"):
        assert words in page, words
    assert re.search(r'<input type="hidden" name="finding"', page)
    assert "<textarea" not in page.split('id="confirmation"')[1].split('id="attachments"')[0]
    assert "申请备件</span>" in page
    assert confirmations() == [FIRST]


def test_the_promise_counts_from_the_confirmation_in_preview_and_post(world: SimpleNamespace) -> None:
    shown = preview(world)
    for words in ("13:30 确认，早于 14:00", "今日 17:00 前发出", "剩余 2 小时 30 分", "王工"):
        assert words in shown, words
    answer = ask(world, confirmation=known(world), confirmed_at="2026-11-20T14:30")
    assert answer.status_code == 302, answer.text
    assert made() == [(CONFIRMED, SAME_DAY, "same_day")]
    assert confirmations() == [FIRST]
    assert session.scalars(select(Rma.confirmation_id)).one() == int(known(world))


def test_a_late_request_is_missed_honestly(world: SimpleNamespace) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 2, 0, tzinfo=UTC), tick=False):
        sign_in(world.client, world.user)
        shown = preview(world)
        assert "13:30 确认，早于 14:00" in shown
        assert "deadline tone-bad" in shown
        assert ask(world).status_code == 302
    assert made() == [(CONFIRMED, SAME_DAY, "same_day")]


def test_a_late_request_is_made_even_beyond_what_may_be_typed(world: SimpleNamespace) -> None:
    with transaction():
        settings.change("backdate_confirmation_hours", 1, set_by_id=None, now=ASKED)
    with time_machine.travel(datetime(2026, 11, 20, 8, 0, tzinfo=UTC), tick=False):
        assert "13:30 确认，早于 14:00" in preview(world)
        assert ask(world).status_code == 302
    assert made() == [(CONFIRMED, SAME_DAY, "same_day")]


def test_confirming_anew_is_a_press_that_opens_the_fields(world: SimpleNamespace) -> None:
    opened = ask(world, confirm_anew="1", finding="<b>又坏", confirmed_at="2026-11-20T14:30", level="C-1").text
    assert 'name="confirmation" value="anew"' in opened
    assert "&lt;b&gt;又坏</textarea>" in opened
    assert "12:00 前发出" in opened
    assert "13:30 确认，早于 14:00" not in opened
    assert "13:30 确认，早于 14:00" in ask(world, confirm_known="1", confirmation="anew").text
    assert confirmations() == [FIRST]
    assert ask(world, **anew()).status_code == 302
    assert made() == [(ASKED, MONDAY, "next_morning")]
    assert confirmations() == [FIRST, (ASKED, "又坏")]


def test_anew_asks_for_what_a_confirmation_needs(world: SimpleNamespace) -> None:
    refused = ask(world, **anew(finding=""))
    assert (refused.status_code, made()) == (422, [])
    assert 'id="finding-error"' in refused.text


def test_a_finding_typed_before_the_confirmation_was_seen_is_neither_lost_nor_used(world: SimpleNamespace) -> None:
    refused = ask(world, **anew(confirmation="", finding="<b>烧毁"))
    assert refused.status_code == 409
    assert "与页面所示不同" in refused.text
    assert "&lt;b&gt;烧毁" in refused.text
    assert f'name="confirmation" value="{known(world)}"' in refused.text
    assert (made(), confirmations()) == ([], [FIRST])


def test_another_serial_part_or_case_is_another_fault(world: SimpleNamespace) -> None:
    other = making.make_case(world.customer, now=CONFIRMED, site_id=world.site.id)
    making.make_part("SW-48")
    for changes in ({"serial": "F2", "part": "SW-24"}, {"part": "SW-48"}, {"case_number": other.number}):
        assert ask(world, **changes).status_code == 422, changes
    assert made() == []


@pytest.mark.parametrize(
    ("state", "stands"), [(LineState.DISPATCHED, False), (LineState.RECEIVED, False), (LineState.CANCELLED, True)]
)
def test_a_confirmation_stands_until_its_spare_has_left(world: SimpleNamespace, state: LineState, stands: bool) -> None:
    assert ask(world).status_code == 302
    leave(state)
    assert ("王工" in preview(world)) is stands
    answer = ask(world, request_key="k2", another="y")
    assert answer.status_code == (302 if stands else 422)
    assert len(made()) == (2 if stands else 1)


def test_a_second_request_for_the_same_unit_shows_the_first_and_needs_a_tick(world: SimpleNamespace) -> None:
    assert ask(world).status_code == 302
    shown = preview(world)
    assert '<a href="/rma/RMA-000001">RMA-000001</a>' in shown
    assert "F1 已申请过备件" in shown
    refused = ask(world, request_key="k2", confirmation=known(world), note="<b>急")
    assert refused.status_code == 409
    assert 'id="another-error"' in refused.text
    assert "&lt;b&gt;急" in refused.text
    assert len(made()) == 1
    assert ask(world, request_key="k2", confirmation=known(world), another="y").status_code == 302
    session.rollback()
    assert session.scalars(select(Obligation.serial)).all() == ["F1", "F1"]


def test_a_second_copy_of_a_post_is_sent_to_the_same_exchange(world: SimpleNamespace) -> None:
    first, second = ask(world, confirmation=known(world)), ask(world, confirmation=known(world))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    assert len(made()) == 1


def test_the_unit_is_asked_about_in_any_case_and_on_any_line(world: SimpleNamespace) -> None:
    assert ask(world).status_code == 302
    other = making.make_case(world.customer, now=CONFIRMED, site_id=world.site.id)
    same = anew(confirmation="", case_number=other.number, part="SW-24", request_key="k2")
    assert ask(world, **same).status_code == 409
    line = same | {"serial": "F2", "lines-0-part": "SW-24", "lines-0-serial": "f1"}
    assert ask(world, **line).status_code == 409
    assert len(made()) == 1
    assert ask(world, **(line | {"lines-0-serial": "F3"})).status_code == 302


def test_an_exchange_of_a_hidden_case_is_told_without_its_number(world: SimpleNamespace) -> None:
    with transaction():
        settings.change("engineers_see_all_cases", False, set_by_id=None, now=ASKED)
    mine = {"case_mode": "new", "case_number": "", "customer": world.customer.code, "part": "SW-24"}
    assert ask(world, **(anew(confirmation="") | mine)).status_code == 302
    sign_in(world.client, make_user(Role.ENGINEER))
    shown = preview(world, **(anew(confirmation="") | mine))
    assert "所属服务单您无权查看" in shown
    assert "RMA-000001" not in shown


def test_a_unit_that_need_not_come_back_is_asked_about_while_its_spare_has_not_left(world: SimpleNamespace) -> None:
    with transaction():
        session.merge(world.part).return_required = False
    assert ask(world).status_code == 302
    assert session.scalars(select(Obligation.id)).all() == []
    assert ask(world, request_key="k2").status_code == 409
    leave()
    last = ask(world, **anew(request_key="k3", part="SW-24"))
    assert last.status_code == 302, last.text


def test_what_came_back_may_fail_again(world: SimpleNamespace) -> None:
    assert ask(world).status_code == 302
    leave(LineState.RECEIVED)
    with transaction():
        session.scalars(select(Obligation)).one().state = ObligationState.SETTLED
    assert "已申请过备件" not in preview(world)
    assert ask(world, **anew(request_key="k2", part="SW-24")).status_code == 302
