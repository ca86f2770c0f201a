"""The promise: set anew by hand, counted again after a calendar change, never lost."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.calendars import services as calendars
from spares.calendars.models import DayStatus, Depot
from spares.cases import services as cases
from spares.cases.models import CaseState, ServiceCase
from spares.cases.timeline import entries, is_whole, lock_case
from spares.db import session, transaction
from spares.dispatch import cancelling, orders, waiting
from spares.dispatch.models import DispatchOrder, PromiseChange
from spares.errors import Conflict, Invalid
from spares.inventory import freed
from spares.rma import receipts
from spares.rma.models import Obligation
from tests.conftest import NOON
from tests.dispatch.desk import browser, send_form
from tests.dispatch.making import Exchange, make_exchange, send
from tests.factories import make_bin, make_depot, make_part, put_stock

SHANGHAI = ZoneInfo("Asia/Shanghai")
AFTERNOON = datetime(2026, 11, 18, 15, 0, tzinfo=SHANGHAI)
"""Wednesday after the cut-off: promised for Thursday 12:00."""


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def close(depot: Depot | None, day: date) -> None:
    """An administrator closes the day by hand."""
    with transaction():
        calendars.set_days(depot.id if depot else None, day, day, DayStatus.CLOSED, "盘点", SYSTEM, AFTERNOON)


def change(exchange: Exchange, due_at: datetime, reason: str = "客户要求", version: str | None = None) -> None:
    with transaction():
        orders.change_promise(exchange.order.id, due_at, reason=reason, actor=SYSTEM, now=AFTERNOON, version=version)


def test_a_promise_set_by_hand_keeps_the_first_and_its_reason(context: Flask) -> None:
    depot = make_depot()
    exchange = make_exchange(depot, make_part(), confirmed_at=AFTERNOON, now=AFTERNOON)
    first = local("2026-11-19T12:00")
    change(exchange, local("2026-11-20T10:00"))
    session.expire_all()
    order = session.get_one(DispatchOrder, exchange.order.id)
    assert (order.first_due_at, order.due_at) == (first, local("2026-11-20T10:00"))
    assert order.promise_changed_by_hand
    (kept,) = session.scalars(select(PromiseChange)).all()
    assert (kept.old_due_at, kept.new_due_at, kept.reason) == (first, order.due_at, "客户要求")


@pytest.mark.parametrize(
    ("due_at", "reason", "version", "code"),
    [
        (AFTERNOON, "客户要求", None, "promise_in_past"),
        (AFTERNOON + timedelta(days=367), "客户要求", None, "promise_too_far"),
        (AFTERNOON + timedelta(days=1), "  ", None, "value_missing"),
        (AFTERNOON + timedelta(days=1), "长" * 301, None, "text_too_long"),
        (AFTERNOON + timedelta(days=1), "客户要求", "0", "moved_on"),
    ],
)
def test_a_promise_that_cannot_be_is_refused(
    context: Flask, due_at: datetime, reason: str, version: str | None, code: str
) -> None:
    exchange = make_exchange(make_depot(), make_part(), confirmed_at=AFTERNOON, now=AFTERNOON)
    with pytest.raises((Invalid, Conflict)) as refused:
        change(exchange, due_at, reason, version)
    assert refused.value.code == code
    session.expire_all()
    assert session.get_one(DispatchOrder, exchange.order.id).due_at == local("2026-11-19T12:00")
    assert session.scalars(select(PromiseChange)).all() == []


def test_a_calendar_change_counts_open_promises_again_and_leaves_those_set_by_hand(context: Flask) -> None:
    depot, elsewhere = make_depot(), make_depot("BJ", "北京备件库")
    counted = make_exchange(depot, make_part(), confirmed_at=AFTERNOON, now=AFTERNOON)
    by_hand = make_exchange(depot, make_part(), confirmed_at=AFTERNOON, now=AFTERNOON)
    away = make_exchange(elsewhere, make_part(), confirmed_at=AFTERNOON, now=AFTERNOON)
    change(by_hand, local("2026-11-19T16:00"))
    close(depot, date(2026, 11, 19))
    session.expire_all()
    due = {
        "counted": session.get_one(DispatchOrder, counted.order.id).due_at,
        "by hand": session.get_one(DispatchOrder, by_hand.order.id).due_at,
        "away": session.get_one(DispatchOrder, away.order.id).due_at,
    }
    assert due == {
        "counted": local("2026-11-20T12:00"),
        "by hand": local("2026-11-19T16:00"),
        "away": local("2026-11-19T12:00"),
    }
    (step,) = [entry for entry in entries(counted.case.id) if entry.kind == "promise_changed"]
    assert datetime.fromisoformat(step.data["old"]) == local("2026-11-19T12:00")
    assert datetime.fromisoformat(step.data["new"]) == local("2026-11-20T12:00")
    assert datetime.fromisoformat(step.data["first"]) == local("2026-11-19T12:00")
    assert step.data["reason"] == "calendar"
    assert is_whole(lock_case(counted.case.id, SYSTEM))


def test_a_calendar_change_counts_open_returns_again(context: Flask) -> None:
    depot = make_depot()
    part = make_part()
    put_stock(part, ["S1"], make_bin(depot))
    exchange = make_exchange(depot, part)
    shipment = send(exchange.order)
    with transaction():
        receipts.confirm_receipt(
            shipment.id, received_on=date(2026, 11, 18), proof="签收单", actor=SYSTEM, now=NOON + timedelta(hours=2)
        )
    close(None, date(2026, 11, 25))
    session.expire_all()
    (obligation,) = session.scalars(select(Obligation)).all()
    assert (obligation.first_due_on, obligation.due_on) == (date(2026, 12, 2), date(2026, 12, 3))
    (step,) = [entry for entry in entries(exchange.case.id) if entry.kind == "return_recounted"]
    assert (step.data["old"], step.data["new"]) == ("2026-12-02", "2026-12-03")


def test_an_order_that_has_left_keeps_its_promise(context: Flask) -> None:
    depot = make_depot()
    part = make_part()
    put_stock(part, ["S1"], make_bin(depot))
    exchange = make_exchange(depot, part, confirmed_at=AFTERNOON, now=AFTERNOON)
    send(exchange.order, now=AFTERNOON)
    close(depot, date(2026, 11, 19))
    session.expire_all()
    assert session.get_one(DispatchOrder, exchange.order.id).due_at == local("2026-11-19T12:00")
    with pytest.raises(Conflict) as refused:
        change(exchange, local("2026-11-20T12:00"))
    assert refused.value.code == "order_not_open"


def test_a_waiting_line_is_reserved_by_hand_when_it_was_passed_over(context: Flask) -> None:
    depot = make_depot()
    part = make_part()
    exchange = make_exchange(depot, part)
    line_id = orders.lines_of(exchange.order)[0].id
    with transaction():
        assert not waiting.reserve_waiting(exchange.order.id, line_id, actor=SYSTEM, now=NOON)
    with transaction():
        put_stock(part, ["S1"], make_bin(depot))
        freed.take()  # as if its case had been in somebody's hands
    with transaction():
        assert waiting.reserve_waiting(exchange.order.id, line_id, actor=SYSTEM, now=NOON)
    with pytest.raises(Conflict) as refused, transaction():
        waiting.reserve_waiting(exchange.order.id, line_id, actor=SYSTEM, now=NOON)
    assert refused.value.code == "line_not_allowed"
    assert [entry.kind for entry in entries(exchange.case.id)][-1] == "line_reserved"


def test_a_case_is_closed_only_when_no_order_of_it_is_open(app: Flask) -> None:
    with app.app_context():
        depot, part = make_depot(), make_part()
        exchange = make_exchange(depot, part)
        told = len(entries(exchange.case.id))
        session.remove()
    address, fields = (
        f"/cases/{exchange.case.id}/close",
        {"reason": "用户已恢复", "version": str(exchange.case.version)},
    )
    for language, words in (
        (
            "en",
            f"The case cannot be closed: order {exchange.order.number} of {exchange.rma.number} is still open and takes "
            "stock. Dispatch it or cancel it first, then close the case.",
        ),
        (
            "zh",
            f"服务单不能关闭：{exchange.rma.number} 的发货任务 {exchange.order.number} 尚未完成，仍会占用库存。"
            "请先发货或取消，再关闭服务单。",
        ),
    ):
        answer = send_form(browser(app, Role.ENGINEER, language), address, **fields)
        assert answer.status_code == 409 and words in answer.text and "用户已恢复" in answer.text
    with app.app_context():
        case = session.get_one(ServiceCase, exchange.case.id)
        assert (case.state, case.closed_at, case.version) == (CaseState.OPEN, None, exchange.case.version)
        assert len(entries(case.id)) == told
        with transaction():
            cancelling.cancel_lines(exchange.order.id, reason="误报", actor=SYSTEM, now=NOON)
        session.remove()
    assert send_form(browser(app, Role.ENGINEER), address, **fields).status_code == 302
    with app.app_context():
        assert session.get_one(ServiceCase, exchange.case.id).state is CaseState.CLOSED


def test_a_case_whose_order_was_dispatched_is_closed(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    put_stock(part, ["S1"], make_bin(depot))
    exchange = make_exchange(depot, part)
    with pytest.raises(Conflict, match="case_has_open_order"), transaction():
        cases.close_case(exchange.case.id, "好了", actor=SYSTEM, now=NOON)
    send(exchange.order)
    with transaction():
        cases.close_case(exchange.case.id, "好了", actor=SYSTEM, now=NOON)
    assert session.get_one(ServiceCase, exchange.case.id).state is CaseState.CLOSED
