"""Every day of a year says what it is, whether it is worked, and who says so."""

from datetime import date

import pytest
from flask import Flask

from spares.accounts.access import SYSTEM
from spares.calendars import services
from spares.calendars.models import DayStatus, Depot
from spares.calendars.notice import NoticeDay, NoticeStatus
from spares.calendars.year_view import Change, DayKind, DayView, notice_changes, year_view
from spares.db import transaction
from spares.errors import Invalid
from tests.calendars.making import NOTICE_2027, add_depot
from tests.conftest import NOON


def on(depot: Depot, day: date) -> DayView:
    [found] = [one for one in year_view(depot, day.year).days if one.day == day]
    return found


def test_the_year_2026_as_published(context: Flask) -> None:
    depot = add_depot()
    view = year_view(depot, 2026)
    assert not view.provisional
    assert [len(month) for month in view.months] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert view.working_days == 242
    assert on(depot, date(2026, 11, 20)) == DayView(date(2026, 11, 20), DayKind.WORKING, True)
    assert on(depot, date(2026, 11, 21)) == DayView(date(2026, 11, 21), DayKind.WEEKEND, False)
    assert on(depot, date(2026, 10, 1)) == DayView(date(2026, 10, 1), DayKind.HOLIDAY, False, "国庆节", "National Day")
    assert on(depot, date(2026, 10, 6)).name_en == "Day off (substituted from 2026-09-20)"
    assert on(depot, date(2026, 10, 10)) == DayView(
        date(2026, 10, 10), DayKind.MAKEUP, False, "调休上班", "Make-up workday"
    )


def test_make_up_days_are_worked_where_the_depot_opens_them(context: Flask) -> None:
    depot = add_depot(makeup_days_open=True)
    assert on(depot, date(2026, 10, 10)).works
    assert year_view(depot, 2026).working_days == 248


def test_a_year_without_a_notice_is_provisional(context: Flask) -> None:
    view = year_view(add_depot(), 2027)
    assert view.provisional
    assert DayKind.MAKEUP not in {one.kind for one in view.days}


def test_a_word_by_hand_shows_its_reason_and_keeps_the_holidays_name(context: Flask) -> None:
    depot = add_depot()
    with transaction():
        services.set_day(None, date(2026, 10, 1), DayStatus.OPEN, "抢修", SYSTEM, NOON)
        services.set_day(depot.id, date(2026, 11, 20), DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    assert on(depot, date(2026, 10, 1)) == DayView(
        date(2026, 10, 1), DayKind.OPENED, True, "国庆节", "National Day", "抢修"
    )
    assert on(depot, date(2026, 11, 20)) == DayView(date(2026, 11, 20), DayKind.CLOSED, False, "", "", "盘点")


def test_an_imported_notice_names_the_days(context: Flask) -> None:
    depot = add_depot()
    december = NoticeDay(date(2026, 12, 31), NoticeStatus.OFF, "元旦")
    with transaction():
        services.import_notice(2027, [*NOTICE_2027, december], "通知", SYSTEM, NOON)
    assert not year_view(depot, 2027).provisional
    assert on(depot, date(2027, 2, 8)).name_en == "Chinese New Year (Spring Festival)"
    assert on(depot, date(2027, 2, 11)) == DayView(date(2027, 2, 11), DayKind.HOLIDAY, False, "春节", "春节")
    assert on(depot, date(2027, 2, 20)).kind is DayKind.MAKEUP
    assert on(depot, date(2027, 4, 5)).kind is DayKind.WORKING
    assert on(depot, date(2026, 12, 31)) == DayView(date(2026, 12, 31), DayKind.HOLIDAY, False, "元旦", "元旦")
    assert on(depot, date(2026, 10, 1)).kind is DayKind.HOLIDAY


def test_what_a_notice_would_change(context: Flask) -> None:
    changes = notice_changes(2027, NOTICE_2027)
    assert changes[:4] == [
        Change(date(2027, 2, 11), False, "春节"),
        Change(date(2027, 2, 12), False, "春节"),
        Change(date(2027, 2, 20), True, "春节调休"),
        Change(date(2027, 4, 5), True, ""),
    ]
    with transaction():
        services.import_notice(2027, NOTICE_2027, "通知", SYSTEM, NOON)
    assert notice_changes(2027, NOTICE_2027) == []


def test_a_year_that_no_calendar_covers(context: Flask) -> None:
    depot = add_depot()
    for year in (0, 2000, 2101):
        with pytest.raises(Invalid, match="year_out_of_range"):
            year_view(depot, year)
