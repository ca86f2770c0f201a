from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from spares.calendars.chinese_holidays import chinese_calendar, published_years
from spares.errors import Invalid
from spares.workdays import DayStatus
from tests.oracles import notices_work

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("makeup", ["closed", "open"])
def test_agrees_day_by_day_with_the_notices(makeup: str) -> None:
    calendar, works = chinese_calendar(makeup == "open"), notices_work(makeup)
    day, differences = date(2006, 1, 1), []
    while day.year <= 2026:
        if calendar.is_working_day(day) != works(day):
            differences.append(day)
        day += timedelta(days=1)
    assert differences == []


def test_make_up_weekends_of_2026() -> None:
    closed, opened = chinese_calendar(False), chinese_calendar(True)
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    differing = [day for day in days if closed.is_working_day(day) != opened.is_working_day(day)]
    assert [f"{day:%m-%d}" for day in differing] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert sum(map(closed.is_working_day, days)) == 242
    assert sum(map(opened.is_working_day, days)) == 248


def test_years_without_a_notice_are_provisional() -> None:
    assert published_years() == frozenset(range(2001, 2027))
    calendar = chinese_calendar(False)
    assert not calendar.is_provisional(date(2001, 1, 1), date(2026, 12, 31))
    assert calendar.is_provisional(date(2026, 12, 31), date(2027, 1, 1))
    assert calendar.is_provisional(date(2100, 1, 1), date(2100, 1, 2))
    extra = chinese_calendar(False, published_years_extra=[2027])
    assert not extra.is_provisional(date(2026, 12, 31), date(2027, 12, 31))
    assert extra.is_provisional(date(2027, 12, 31), date(2028, 1, 1))


def test_estimates_the_statutory_days_of_a_year_without_a_notice() -> None:
    calendar = chinese_calendar(True)
    assert calendar.status(date(2027, 2, 8)) is DayStatus.HOLIDAY
    assert calendar.status(date(2027, 10, 1)) is DayStatus.HOLIDAY
    assert calendar.status(date(2027, 3, 1)) is DayStatus.WORKING
    assert calendar.status(date(2027, 10, 9)) is DayStatus.WEEKEND


def test_what_was_entered_by_hand_outranks_everything() -> None:
    entered = {
        date(2026, 10, 1): True,  # a holiday
        date(2026, 10, 10): False,  # a make-up Saturday
        date(2026, 11, 20): False,  # an ordinary Friday
        date(2026, 11, 21): True,  # an ordinary Saturday
        date(2026, 11, 22): False,  # closed as it is
    }
    calendar = chinese_calendar(True, entered)
    assert {day: calendar.is_working_day(day) for day in entered} == entered
    assert calendar.status(date(2026, 11, 20)) is DayStatus.CLOSED
    assert calendar.is_working_day(date(2026, 9, 20))
    assert chinese_calendar(True).is_working_day(date(2026, 11, 20))


def test_a_notice_replaces_the_librarys_year() -> None:
    notice = {
        date(2026, 12, 26): True,  # a Saturday of the year before, worked in exchange
        date(2026, 12, 31): False,
        date(2027, 1, 1): False,
        date(2027, 10, 8): False,
        date(2027, 10, 9): True,
    }
    for makeup_open in (False, True):
        calendar = chinese_calendar(makeup_open, notices={2027: notice})
        assert calendar.is_working_day(date(2026, 12, 26)) is makeup_open
        assert calendar.is_working_day(date(2027, 10, 9)) is makeup_open
        assert calendar.status(date(2026, 12, 31)) is DayStatus.HOLIDAY
        assert calendar.status(date(2027, 10, 8)) is DayStatus.HOLIDAY
        assert calendar.is_working_day(date(2027, 10, 1)), "the library's estimate is gone"
        assert calendar.status(date(2026, 10, 1)) is DayStatus.HOLIDAY, "other years stay"
        assert not calendar.is_provisional(date(2026, 1, 1), date(2027, 12, 31))
    overridden = chinese_calendar(True, {date(2027, 10, 9): False}, notices={2027: notice})
    assert overridden.status(date(2027, 10, 9)) is DayStatus.CLOSED


def test_equal_arguments_give_the_same_calendar() -> None:
    day = date(2026, 11, 20)
    assert chinese_calendar(True, {day: False}) is chinese_calendar(True, {day: False})
    assert chinese_calendar(True, {day: False}) is not chinese_calendar(True, {day: True})
    assert chinese_calendar(True) is not chinese_calendar(False)


def test_another_place_and_other_hours() -> None:
    urumqi = ZoneInfo("Asia/Urumqi")
    calendar = chinese_calendar(False, tz=urumqi, opens=time(10), closes=time(19))
    due = calendar.add_working_time(datetime(2026, 9, 30, 18, tzinfo=urumqi), timedelta(hours=2))
    assert due == datetime(2026, 10, 8, 11, tzinfo=urumqi)


def test_covers_2001_to_2100() -> None:
    calendar = chinese_calendar(False)
    assert calendar.is_working_day(date(2100, 12, 31)) is True
    assert calendar.is_working_day(date(2001, 1, 1)) is False
    for day in (date(2000, 12, 31), date(2101, 1, 1), date(9999, 12, 31)):
        with pytest.raises(Invalid, match="date_out_of_range"):
            calendar.is_working_day(day)
