"""The overdue report, written down by hand for days before, on and after each fact."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.calendars.models import DayStatus
from spares.calendars.notice import NoticeDay, NoticeStatus
from spares.calendars.queries import depot
from spares.calendars.services import DepotValues, edit_depot, import_notice, set_day
from spares.db import session, transaction
from spares.dispatch.models import Shipment
from spares.reports.overdue import Filters, overdue_as_of
from spares.rma import discrepancies, obligations, receipts, returns
from spares.rma.deadlines import AgeingBucket, ReturnState
from spares.rma.discrepancies import Resolution
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation
from tests.reports.making import CHIEF, Shop, arrived, left_for, local, lost_and_found, make_shop, sent_to

LATER = local("2026-12-31T12:00")


def lines(day: str, filters: Filters = Filters(), now: str = "") -> list[tuple[str, int, str]]:
    """Serial, working days overdue and state of each line as of that day."""
    report = overdue_as_of(date.fromisoformat(day), filters, now=local(now) if now else LATER)
    return [(line.faulty_serial, line.days_overdue, line.state.value) for line in report.lines]


def test_a_return_is_overdue_from_day_eleven(context: Flask) -> None:
    sent_to(make_shop(), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")  # due Wed 2026-12-02
    assert lines("2026-12-02") == []
    assert lines("2026-12-03") == [("F1", 1, "not_sent")]
    assert lines("2026-12-04") == [("F1", 2, "not_sent")]
    assert lines("2026-12-06") == [("F1", 2, "not_sent")]
    assert lines("2026-12-07") == [("F1", 3, "not_sent")]


def test_the_present_day_gives_the_same_as_the_day_looked_back_on(context: Flask) -> None:
    sent_to(make_shop(), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    assert lines("2026-12-07", now="2026-12-07T16:00") == lines("2026-12-07") == [("F1", 3, "not_sent")]


def test_sent_in_time_is_never_overdue_and_sent_late_stays_until_it_is_here(context: Flask) -> None:
    shop = make_shop()
    early = sent_to(shop, "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    late = sent_to(shop, "乙公司", "F2", "2026-11-17T10:00", "2026-11-18")
    with transaction():
        returns.announce_return(
            early.id, posted_on=date(2026, 12, 2), carrier="", waybill="", actor=CHIEF, now=local("2026-12-02T16:00")
        )
    with transaction():
        returns.announce_return(
            late.id, posted_on=date(2026, 12, 4), carrier="", waybill="", actor=CHIEF, now=local("2026-12-04T16:00")
        )
    with transaction():
        found = returns.Arrival(part_id=shop.part.id, serial="F2")
        returns.receive_return(late.id, found, actor=CHIEF, now=local("2026-12-08T10:00"))
    assert lines("2026-12-03") == [("F2", 1, "not_sent")]
    assert lines("2026-12-04") == [("F2", 2, "late_on_its_way")]
    assert lines("2026-12-07") == [("F2", 3, "late_on_its_way")]
    assert lines("2026-12-08") == []


def test_what_was_learned_later_does_not_change_an_earlier_day(context: Flask) -> None:
    owed = sent_to(make_shop(), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    before = lines("2026-12-08")
    with transaction():
        returns.announce_return(
            owed.id, posted_on=date(2026, 12, 2), carrier="", waybill="", actor=CHIEF, now=local("2026-12-10T09:00")
        )
    assert before == lines("2026-12-08") == [("F1", 4, "not_sent")]
    assert lines("2026-12-09") == [("F1", 5, "not_sent")]
    assert lines("2026-12-10") == []


def test_an_extension_counts_from_the_day_it_was_given(context: Flask) -> None:
    owed = sent_to(make_shop(), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    with transaction():
        obligations.extend(owed.id, date(2026, 12, 9), reason="机房封闭", actor=CHIEF, now=local("2026-12-07T09:00"))
    assert lines("2026-12-04") == [("F1", 2, "not_sent")]
    assert lines("2026-12-07") == []
    assert lines("2026-12-10") == [("F1", 1, "not_sent")]
    (line,) = overdue_as_of(date(2026, 12, 10), now=LATER).lines
    assert (line.first_due_on, line.due_on) == (date(2026, 12, 2), date(2026, 12, 9))


def test_waived_and_charged_returns_leave_the_report_on_that_day(context: Flask) -> None:
    shop = make_shop()
    waived = sent_to(shop, "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    charged = sent_to(shop, "乙公司", "F2", "2026-11-17T10:00", "2026-11-18")
    with transaction():
        obligations.waive(waived.id, reason="客户销毁", actor=CHIEF, now=local("2026-12-04T09:00"))
    with transaction():
        obligations.charge(
            charged.id, charged.worth_minor or 0, reason="合同", actor=CHIEF, now=local("2026-12-07T09:00")
        )
    assert sorted(lines("2026-12-03")) == [
        ("F1", 1, "not_sent"),
        ("F2", 1, "not_sent"),
    ]
    assert lines("2026-12-04") == [("F2", 2, "not_sent")]
    assert lines("2026-12-07") == []


def test_sums_ageing_and_customers_agree_with_the_lines(context: Flask) -> None:
    shop = make_shop()
    for faulty, confirmed, received in (
        ("F1", "2026-10-12T10:00", "2026-10-13"),  # due 2026-10-27: 33 working days on 2026-12-11
        ("F2", "2026-11-02T10:00", "2026-11-03"),  # due 2026-11-17: 18
        ("F3", "2026-11-16T10:00", "2026-11-17"),  # due 2026-12-01: 8
        ("F4", "2026-11-23T10:00", "2026-11-24"),  # due 2026-12-08: 3
    ):
        sent_to(shop, "甲公司" if faulty in {"F1", "F4"} else "乙公司", faulty, confirmed, received)
    report = overdue_as_of(date(2026, 12, 11), now=LATER)
    assert [(line.faulty_serial, line.days_overdue, line.bucket) for line in report.lines] == [
        ("F1", 33, AgeingBucket.OVER_30),
        ("F2", 18, AgeingBucket.UP_TO_30),
        ("F3", 8, AgeingBucket.UP_TO_10),
        ("F4", 3, AgeingBucket.UP_TO_5),
    ]
    assert (report.total.lines, report.total.amounts, report.total.without_price) == (4, {"CNY": 4 * 123_456}, 0)
    assert {bucket: total.lines for bucket, total in report.by_bucket.items()} == dict.fromkeys(AgeingBucket, 1)
    assert sorted((name, total.amounts["CNY"]) for (_, name), total in report.by_customer.items()) == [
        ("乙公司", 123_456),
        ("乙公司", 123_456),
        ("甲公司", 123_456),
        ("甲公司", 123_456),
    ]  # four customers, of whom two pairs share a name
    assert lines("2026-12-11", Filters(bucket=AgeingBucket.UP_TO_10)) == [("F3", 8, "not_sent")]
    assert lines("2026-12-11", Filters(state=ReturnState.LATE_ON_ITS_WAY)) == []
    customer = report.lines[0].customer_id
    assert lines("2026-12-11", Filters(customer_id=customer)) == [("F1", 33, "not_sent")]


def test_a_part_without_a_price_is_counted_apart(context: Flask) -> None:
    sent_to(make_shop(price_minor=None), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    total = overdue_as_of(date(2026, 12, 4), now=LATER).total
    assert (total.lines, total.amounts, total.without_price) == (1, {}, 1)


def test_the_price_is_that_of_the_dispatch(context: Flask) -> None:
    shop = make_shop()
    sent_to(shop, "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    with transaction():
        shop.part.price_minor = 999
    (line,) = overdue_as_of(date(2026, 12, 4), now=LATER).lines
    assert (line.price_minor, line.shipped_serial, line.rma_number) == (123_456, "S1", "RMA-000001")
    assert (line.shipped_on, line.received_on, line.due_on) == (
        date(2026, 11, 17),
        date(2026, 11, 18),
        date(2026, 12, 2),
    )


def test_days_are_counted_with_the_depots_own_calendar(context: Flask) -> None:
    sent_to(make_shop(), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    with transaction():
        set_day(None, date(2026, 12, 3), DayStatus.CLOSED, "盘点", SYSTEM, local("2026-12-01T09:00"))
    assert lines("2026-12-03") == []
    assert lines("2026-12-04") == [("F1", 1, "not_sent")]


def test_a_due_day_that_a_calendar_change_brought_forward_is_kept_when_looked_back_on(context: Flask) -> None:
    sent_to(make_shop(), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")  # due Wed 2026-12-02
    with transaction():
        set_day(None, date(2026, 11, 21), DayStatus.OPEN, "加班", SYSTEM, local("2026-11-20T09:00"))
    assert lines("2026-12-02", now="2026-12-02T16:00") == [("F1", 1, "not_sent")]  # due Tue 2026-12-01
    assert lines("2026-12-02") == [("F1", 1, "not_sent")]


def test_a_calendar_that_was_changed_later_does_not_change_an_earlier_day(context: Flask) -> None:
    sent_to(make_shop(), "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")  # due Wed 2026-12-02
    sent = [("2026-12-03", 1), ("2026-12-04", 2), ("2026-12-07", 3), ("2026-12-08", 4)]
    assert [(day, overdue) for day, _ in sent for _, overdue, _ in lines(day)] == sent
    with transaction():
        set_day(None, date(2026, 12, 3), DayStatus.CLOSED, "停电", SYSTEM, local("2026-12-07T09:00"))
    told = [("2026-12-03", 1), ("2026-12-04", 2), ("2026-12-07", 2), ("2026-12-08", 3)]
    assert [(day, overdue) for day, _ in told for _, overdue, _ in lines(day)] == told
    with transaction():
        set_day(None, date(2026, 12, 3), DayStatus.LIBRARY, "看错了", SYSTEM, local("2026-12-08T09:00"))
    told = [("2026-12-03", 1), ("2026-12-04", 2), ("2026-12-07", 2), ("2026-12-08", 4)]
    assert [(day, overdue) for day, _ in told for _, overdue, _ in lines(day)] == told


def test_a_notice_that_was_imported_later_does_not_change_an_earlier_day(context: Flask) -> None:
    sent_to(
        make_shop(), "甲公司", "F1", "2026-12-17T10:00", "2026-12-18"
    )  # due Mon 2027-01-04, by the library's estimate
    late = "2027-01-31T12:00"
    assert lines("2027-01-06", now=late) == [("F1", 2, "not_sent")]
    days = [NoticeDay(date(2027, 1, day), NoticeStatus.OFF, "元旦") for day in (1, 4, 5)]
    with transaction():
        import_notice(2027, days, "通知", SYSTEM, local("2027-01-07T00:00"))
    assert lines("2027-01-06", now=late) == [("F1", 2, "not_sent")]
    assert lines("2027-01-07", now=late) == [("F1", 1, "not_sent")]  # due Wed 2027-01-06


def test_make_up_days_that_were_opened_later_do_not_change_an_earlier_day(context: Flask) -> None:
    shop = make_shop()
    sent_to(shop, "甲公司", "F1", "2026-09-07T10:00", "2026-09-08")  # due Tue 2026-09-22
    before = lines("2026-10-12")
    with transaction():
        values = DepotValues(code="ZZ", name=shop.depot.name, makeup_days_open=True)
        edit_depot(shop.depot.id, values, depot(shop.depot.id).version, SYSTEM, local("2026-10-13T09:00"))
    # Sunday 2026-09-20 and Saturday 2026-10-10 are worked in exchange: the first brings the due day forward.
    assert before == lines("2026-10-12") == [("F1", 8, "not_sent")]
    assert lines("2026-10-13") == [("F1", 11, "not_sent")]


def test_a_wrong_thing_is_out_of_the_report_until_it_is_turned_down_and_then_as_late_as_ever(context: Flask) -> None:
    shop = make_shop()
    owed = sent_to(shop, "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")  # due Wed 2026-12-02
    with transaction():
        returns.announce_return(
            owed.id,
            posted_on=date(2026, 12, 4),
            carrier="顺丰",
            waybill="SF9",
            actor=CHIEF,
            now=local("2026-12-04T16:00"),
        )
    with transaction():
        box = returns.Arrival(part_id=None, serial="", empty_box=True)
        (row,) = returns.receive_return(owed.id, box, actor=CHIEF, now=local("2026-12-08T10:00"))
    with transaction():
        discrepancies.resolve(row.id, Resolution.STILL_OWED, reason="空箱", actor=CHIEF, now=local("2026-12-10T10:00"))
    expected = {
        "2026-12-02": [],
        "2026-12-03": [("F1", 1, "not_sent")],
        "2026-12-04": [("F1", 2, "late_on_its_way")],
        "2026-12-07": [("F1", 3, "late_on_its_way")],
        "2026-12-08": [],
        "2026-12-09": [],
        "2026-12-10": [("F1", 6, "not_sent")],
        "2026-12-15": [("F1", 9, "not_sent")],
    }
    assert {day: lines(day) for day in expected} == expected
    assert lines("2026-12-10", now="2026-12-10T16:00") == expected["2026-12-10"]
    with transaction():
        found = returns.Arrival(part_id=shop.part.id, serial="F1")
        returns.receive_return(owed.id, found, actor=CHIEF, now=local("2026-12-16T10:00"))
    assert {day: lines(day) for day in expected} == expected
    assert lines("2026-12-16") == lines("2026-12-31", now="2026-12-31T12:00") == []


def test_a_parcel_sent_in_time_with_the_wrong_thing_in_it_did_not_keep_the_day(context: Flask) -> None:
    shop = make_shop()
    owed = sent_to(shop, "甲公司", "F1", "2026-11-17T10:00", "2026-11-18")
    with transaction():
        returns.announce_return(
            owed.id,
            posted_on=date(2026, 12, 1),
            carrier="顺丰",
            waybill="SF9",
            actor=CHIEF,
            now=local("2026-12-01T16:00"),
        )
    assert lines("2026-12-04") == []
    with transaction():
        other = returns.Arrival(part_id=shop.part.id, serial="X1")
        (row,) = returns.receive_return(owed.id, other, actor=CHIEF, now=local("2026-12-07T10:00"))
    with transaction():
        discrepancies.resolve(row.id, Resolution.SEND_BACK, reason="错件", actor=CHIEF, now=local("2026-12-08T10:00"))
    assert (lines("2026-12-04"), lines("2026-12-07")) == ([], [])
    assert lines("2026-12-08") == lines("2026-12-08", now="2026-12-08T16:00") == [("F1", 4, "not_sent")]


FOUND = {
    "2026-12-03": [],
    "2026-12-10": [],
    "2026-12-11": [],  # the day before it was told
    "2026-12-14": [("F1", 8, "not_sent")],
    "2026-12-18": [("F1", 12, "not_sent")],
}
"""Due on Wednesday 2026-12-02, which was learned on Monday 2026-12-14; before that nothing was owed."""


def written_off(shop: Shop) -> Shipment:
    shipment = left_for(shop, "甲公司", "F1", "2026-11-17T10:00")
    with transaction():
        receipts.lose_shipment(shipment.id, reason="丢失", actor=CHIEF, now=local("2026-11-20T09:00"))
    return shipment


def turned_down(shop: Shop, owed_id: int, serial: str, received: str, decided: str) -> None:
    """Another serial comes for it, and is not accepted."""
    with transaction():
        other = returns.Arrival(part_id=shop.part.id, serial=serial)
        (row,) = returns.receive_return(owed_id, other, actor=CHIEF, now=local(received))
    with transaction():
        discrepancies.resolve(row.id, Resolution.SEND_BACK, reason="错件", actor=CHIEF, now=local(decided))


def test_what_was_written_off_as_lost_and_received_after_all_is_owed_from_that_day_on(context: Flask) -> None:
    owed = lost_and_found(make_shop(), "F1", lost="2026-11-20T09:00", told="2026-12-14T09:00")
    assert {day: lines(day) for day in FOUND} == FOUND
    assert lines("2026-12-14", now="2026-12-14T16:00") == FOUND["2026-12-14"]
    assert lines("2026-12-18", now="2026-12-18T16:00") == FOUND["2026-12-18"]
    (line,) = overdue_as_of(date(2026, 12, 18), now=LATER).lines
    assert (line.due_on, line.first_due_on, line.quantity) == (date(2026, 12, 2), date(2026, 12, 2), 1)
    assert lines("2026-12-18", Filters(customer_id=line.customer_id, bucket=line.bucket)) == FOUND["2026-12-18"]
    with transaction():
        found = returns.Arrival(part_id=owed.part_id, serial="F1")
        returns.receive_return(owed.id, found, actor=CHIEF, now=local("2026-12-21T10:00"))
    assert {day: lines(day) for day in FOUND} == FOUND
    assert lines("2026-12-21") == lines("2026-12-31", now="2026-12-31T12:00") == []


def test_another_thing_turned_down_before_the_shipment_was_found_changes_nothing(context: Flask) -> None:
    shop = make_shop()
    shipment = written_off(shop)
    (owed_id,) = session.scalars(select(Obligation.id))
    turned_down(shop, owed_id, "X1", "2026-11-24T09:00", "2026-11-25T09:00")
    assert session.get_one(Obligation, owed_id, populate_existing=True).state is ObligationState.CANCELLED
    arrived(shipment, "2026-11-18", told="2026-12-14T09:00")
    assert {day: lines(day) for day in FOUND} == FOUND
    assert lines("2026-12-18", now="2026-12-18T16:00") == FOUND["2026-12-18"]
    turned_down(shop, owed_id, "X2", "2026-12-21T09:00", "2026-12-22T09:00")
    assert (lines("2026-12-21"), lines("2026-12-22")) == ([], [("F1", 14, "not_sent")])
    assert {day: lines(day) for day in FOUND} == FOUND


def test_another_thing_turned_down_after_the_shipment_was_found_is_owed_from_then_on(context: Flask) -> None:
    shop = make_shop()
    shipment = written_off(shop)
    (owed_id,) = session.scalars(select(Obligation.id))
    with transaction():
        other = returns.Arrival(part_id=shop.part.id, serial="X1")
        (row,) = returns.receive_return(owed_id, other, actor=CHIEF, now=local("2026-11-24T09:00"))
    arrived(shipment, "2026-11-18", told="2026-12-14T09:00")
    with transaction():
        discrepancies.resolve(row.id, Resolution.SEND_BACK, reason="错件", actor=CHIEF, now=local("2026-12-16T09:00"))
    expected = {"2026-12-14": [], "2026-12-15": [], "2026-12-16": [("F1", 10, "not_sent")]}
    assert {day: lines(day) for day in expected} == expected
    assert lines("2026-12-16", now="2026-12-16T16:00") == expected["2026-12-16"]


def test_the_right_part_that_came_while_the_shipment_was_lost_stays_received(context: Flask) -> None:
    shop = make_shop()
    shipment = written_off(shop)
    (owed_id,) = session.scalars(select(Obligation.id))
    with transaction():
        found = returns.Arrival(part_id=shop.part.id, serial="F1")
        returns.receive_return(owed_id, found, actor=CHIEF, now=local("2026-11-24T09:00"))
    arrived(shipment, "2026-11-18", told="2026-12-14T09:00")
    assert [lines(day) for day in FOUND] == [[]] * len(FOUND)
    assert lines("2026-12-18", now="2026-12-18T16:00") == []


@pytest.mark.parametrize("verb", ["waive", "charge"])
def test_what_was_found_can_be_given_up_like_any_other(context: Flask, verb: str) -> None:
    owed = lost_and_found(make_shop(), "F1", lost="2026-11-20T09:00", told="2026-12-14T09:00")
    with transaction():
        if verb == "waive":
            obligations.waive(owed.id, reason="合同", actor=CHIEF, now=local("2026-12-16T09:00"))
        else:
            obligations.charge(owed.id, 5000, reason="合同", actor=CHIEF, now=local("2026-12-16T09:00"))
    assert (lines("2026-12-15"), lines("2026-12-16")) == ([("F1", 9, "not_sent")], [])
