"""A deadline that touches a year without a notice says so: on paper, in the report, when it is set by hand; and the
timeline tells when it no longer does, though neither the time nor the day has changed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from spares.accounts.access import SYSTEM
from spares.calendars.notice import NoticeDay, NoticeStatus
from spares.calendars.services import import_notice
from spares.cases.timeline import entries
from spares.db import session, transaction
from spares.dispatch import orders
from spares.dispatch.documents import PROVISIONAL, shipping_slip_for
from spares.dispatch.models import DispatchOrder
from spares.reports.overdue import overdue_as_of
from spares.reports.overdue_export import as_csv
from spares.rma import obligations, receipts
from spares.rma.documents import return_slip_for
from spares.rma.models import Obligation
from spares.rma.queries import exchange
from tests.conftest import NOON
from tests.dispatch.making import make_exchange, pack_all, pick_all, send
from tests.factories import make_bin, make_depot, make_part, put_stock

SHANGHAI = ZoneInfo("Asia/Shanghai")
EVE = datetime(2026, 12, 31, 15, 0, tzinfo=SHANGHAI)  # after the cut-off: promised for Monday 2027-01-04, 12:00


def publish() -> None:
    """The notice of 2027: it closes New Year's Day, as the estimate did."""
    with transaction():
        import_notice(2027, [NoticeDay(date(2027, 1, 1), NoticeStatus.OFF, "元旦")], "国办发明电", SYSTEM, EVE)


def test_the_shipping_slip_marks_a_provisional_promise_and_a_notice_ends_it(context: Flask) -> None:
    depot, part = make_depot(), make_part("SW-24")
    put_stock(part, ["S1"], make_bin(depot))
    made = make_exchange(depot, part, confirmed_at=EVE, now=EVE)
    pick_all(made.order)
    shipment = pack_all(made.order)
    order = session.get_one(DispatchOrder, made.order.id)
    assert shipping_slip_for(shipment, order, code_url="x")["promised_at"] == f"2027-01-04 12:00{PROVISIONAL}"
    publish()
    order = session.get_one(DispatchOrder, made.order.id, populate_existing=True)
    assert (order.promise_provisional, order.due_at) == (False, datetime(2027, 1, 4, 12, tzinfo=SHANGHAI))
    assert shipping_slip_for(shipment, order, code_url="x")["promised_at"] == "2027-01-04 12:00"
    (told,) = [one for one in entries(made.case.id) if one.kind == "promise_confirmed"]
    assert told.data["provisional"] is False
    with transaction():
        orders.recount_promises(None, date(2027, 1, 1), date(2027, 1, 1), SYSTEM, EVE)
    assert len([one for one in entries(made.case.id) if one.kind == "promise_confirmed"]) == 1


@pytest.mark.parametrize(("due_at", "provisional"), [("2026-12-31T16:00", False), ("2027-01-05T10:00", True)])
def test_a_promise_set_by_hand_is_provisional_by_its_own_day(context: Flask, due_at: str, provisional: bool) -> None:
    depot, part = make_depot(), make_part("SW-24")
    put_stock(part, ["S1"], make_bin(depot))
    made = make_exchange(depot, part, confirmed_at=EVE, now=EVE)
    assert made.order.promise_provisional
    at = datetime.fromisoformat(due_at).replace(tzinfo=SHANGHAI)
    with transaction():
        orders.change_promise(made.order.id, at, reason="客户要求", actor=SYSTEM, now=EVE)
    order = session.get_one(DispatchOrder, made.order.id, populate_existing=True)
    assert (order.due_at, order.promise_provisional) == (at, provisional)


def owed_from(received_on: date) -> tuple[int, Obligation]:
    """An exchange whose good part the customer received on that day; its RMA and what is owed for it."""
    depot, part = make_depot(), make_part("SW-24", price_minor=1000)
    put_stock(part, ["S1"], make_bin(depot))
    made = make_exchange(depot, part)
    shipment = send(made.order)
    told = datetime(received_on.year, received_on.month, received_on.day, 12, tzinfo=SHANGHAI)
    with transaction():
        (one,) = receipts.confirm_receipt(shipment.id, received_on=received_on, proof="签收", actor=SYSTEM, now=told)
    return made.rma.id, one


def test_a_return_is_marked_on_its_slip_and_in_the_report_until_the_notice(context: Flask) -> None:
    rma_id, one = owed_from(date(2026, 12, 28))
    due = one.due_on
    assert due is not None and due.year == 2027
    slip = return_slip_for(exchange(rma_id, SYSTEM), "x")
    assert (slip.return_by, slip.provisional) == (due.isoformat(), True)
    late = datetime(2027, 1, 29, 12, tzinfo=SHANGHAI)
    with context.test_request_context():
        report = overdue_as_of(date(2027, 1, 29), now=late)
        assert [line.provisional for line in report.lines] == [True]
        assert "暂定，待国务院通知" in b"".join(as_csv(report, SHANGHAI)).decode("utf-8-sig")
    publish()
    one = session.get_one(Obligation, one.id, populate_existing=True)
    assert (one.due_on, one.due_provisional) == (due, False)
    assert not return_slip_for(exchange(rma_id, SYSTEM), "x").provisional
    (told,) = [entry for entry in entries(one.case_id) if entry.kind == "return_confirmed"]
    assert (told.data["due"], told.data["provisional"]) == (due.isoformat(), False)


def test_a_day_set_by_hand_is_provisional_by_itself(context: Flask) -> None:
    _rma_id, one = owed_from(date(2026, 12, 1))
    assert (one.due_on, one.due_provisional) == (date(2026, 12, 15), False)
    with transaction():
        obligations.extend(one.id, date(2027, 1, 6), reason="客户出差", actor=SYSTEM, now=NOON + timedelta(days=20))
    one = session.get_one(Obligation, one.id, populate_existing=True)
    assert (one.due_on, one.due_provisional) == (date(2027, 1, 6), True)
