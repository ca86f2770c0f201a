from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spares.errors import Invalid
from spares.workdays import Calendar, DayStatus, seven_day_calendar

SHANGHAI, BERLIN, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
ONE_DAY = timedelta(days=1)
ALL_DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]

days = st.dates(FIRST, LAST)
middle_days = st.dates(date(2024, 3, 1), date(2025, 6, 30))  # so that an answer lies inside the years covered
amounts = st.timedeltas(timedelta(microseconds=1), timedelta(hours=200)) | st.integers(1, 25).map(
    lambda n: timedelta(hours=8 * n)
)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    some_days = st.frozensets(days, max_size=40)
    holidays, closed = draw(some_days), draw(st.frozensets(days, max_size=5))
    return Calendar(
        draw(st.sampled_from([SHANGHAI, BERLIN, NEW_YORK])),
        FIRST.year,
        LAST.year,
        holidays=holidays,
        closed_days=closed,
        open_days=draw(some_days) - holidays - closed,
        opens=draw(st.sampled_from([time(9), time(8, 30), time(3, 0, 1)])),
        closes=draw(st.sampled_from([time(17), time(18, 15), time(23, 59, 59, 999_999)])),
    )


@st.composite
def instants(draw: st.DrawFn, calendar: Calendar) -> datetime:
    """Any microsecond, and often an edge of the day, written down in any zone."""
    clock = draw(st.times() | st.sampled_from([time(), calendar.opens, calendar.closes, time(14), time.max]))
    local = datetime.combine(draw(middle_days), clock, calendar.tz)
    return local.astimezone(draw(st.sampled_from([UTC, SHANGHAI, NEW_YORK, timezone(timedelta(hours=14))])))


def works(calendar: Calendar, day: date) -> bool:
    if day in calendar.open_days:
        return True
    return day.weekday() < 5 and day not in calendar.holidays and day not in calendar.closed_days


def open_spans(calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    for day in ALL_DAYS:
        if works(calendar, day):
            begin, end = (datetime.combine(day, clock, calendar.tz) for clock in (calendar.opens, calendar.closes))
            yield begin.astimezone(UTC), end.astimezone(UTC)


def walked(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    for opening, closing in open_spans(calendar):
        begin = max(opening, start)
        if begin < closing:
            if amount <= closing - begin:
                return begin + amount
            amount -= closing - begin
    raise AssertionError("the walk left the years covered")


# Days


@given(calendars())
def test_knows_each_day(calendar: Calendar) -> None:
    assert [calendar.is_working_day(day) for day in ALL_DAYS] == [works(calendar, day) for day in ALL_DAYS]


@given(calendars(), middle_days)
def test_next_working_days(calendar: Calendar, day: date) -> None:
    following = [other for other in ALL_DAYS if other > day and works(calendar, other)]
    assert calendar.next_working_day(day) == following[0]
    assert calendar.first_working_day_on_or_after(day) == (day if works(calendar, day) else following[0])


@given(calendars(), middle_days, st.integers(-20, 60))
def test_adds_working_days(calendar: Calendar, day: date, n: int) -> None:
    before = [other for other in ALL_DAYS if other < day and works(calendar, other)]
    after = [other for other in ALL_DAYS if other > day and works(calendar, other)]
    assert calendar.add_working_days(day, n) == (after[n - 1] if n > 0 else before[n] if n else day)


@given(calendars(), days, days)
def test_counts_working_days(calendar: Calendar, one: date, other: date) -> None:
    low, high = sorted((one, other))
    count = sum(works(calendar, day) for day in ALL_DAYS if low < day <= high)
    assert calendar.working_days_between(low, high) == count
    assert calendar.working_days_between(high, low) == -count


def test_says_why_a_day_is_not_worked() -> None:
    calendar = Calendar(
        SHANGHAI,
        2026,
        2026,
        holidays=frozenset({date(2026, 10, 2), date(2026, 10, 3)}),
        closed_days=frozenset({date(2026, 10, 9), date(2026, 10, 11)}),
        open_days=frozenset({date(2026, 10, 10)}),
    )
    statuses = {day: calendar.status(date(2026, 10, day)) for day in (1, 2, 3, 4, 9, 10, 11)}
    assert statuses == {
        1: DayStatus.WORKING,
        2: DayStatus.HOLIDAY,
        3: DayStatus.HOLIDAY,
        4: DayStatus.WEEKEND,
        9: DayStatus.CLOSED,
        10: DayStatus.WORKING,
        11: DayStatus.CLOSED,
    }


@pytest.mark.parametrize(
    ("one", "other", "provisional"),
    [
        (date(2026, 12, 1), date(2026, 12, 31), False),
        (date(2026, 12, 31), date(2027, 1, 1), True),
        (date(2027, 1, 1), date(2026, 12, 31), True),
        (date(2027, 6, 1), date(2027, 6, 2), True),
        (date(2026, 1, 1), date(2030, 1, 1), True),
        (date(2028, 1, 1), date(2028, 12, 31), False),
        (date(2028, 12, 31), date(2029, 1, 1), True),
        (date(2030, 1, 1), date(2030, 1, 1), False),
    ],
)
def test_knows_which_spans_are_provisional(one: date, other: date, provisional: bool) -> None:
    calendar = Calendar(SHANGHAI, 2026, 2030, provisional_years=frozenset({2027, 2029}))
    assert calendar.is_provisional(one, other) is provisional


# Instants


@given(st.data(), calendars(), amounts)
def test_adds_working_time_as_a_walk_does(data: st.DataObject, calendar: Calendar, amount: timedelta) -> None:
    start = data.draw(instants(calendar))
    due = calendar.add_working_time(start, amount)
    assert due == walked(calendar, start, amount)
    assert due.tzinfo is UTC


@given(st.data(), calendars(), amounts)
def test_the_answer_is_the_earliest_instant(data: st.DataObject, calendar: Calendar, amount: timedelta) -> None:
    start = data.draw(instants(calendar))
    due = calendar.add_working_time(start, amount)
    assert calendar.working_time_between(start, due) == amount
    assert calendar.working_time_between(start, due - timedelta(microseconds=1)) < amount


@given(st.data(), calendars(), st.integers(0, 30))
def test_open_time_up_to_a_closing_ends_at_that_closing(data: st.DataObject, calendar: Calendar, later: int) -> None:
    start = data.draw(instants(calendar))
    closings = [closing for _, closing in open_spans(calendar) if closing > start]
    amount = calendar.working_time_between(start, closings[later])
    assert calendar.add_working_time(start, amount) == closings[later]


@given(st.data(), calendars(), amounts, amounts)
def test_amounts_add_up(data: st.DataObject, calendar: Calendar, one: timedelta, other: timedelta) -> None:
    start = data.draw(instants(calendar))
    in_two_steps = calendar.add_working_time(calendar.add_working_time(start, one), other)
    assert in_two_steps == calendar.add_working_time(start, one + other)


@given(st.data(), calendars())
def test_measures_working_time(data: st.DataObject, calendar: Calendar) -> None:
    start, end = sorted((data.draw(instants(calendar)), data.draw(instants(calendar))))
    overlaps = (min(end, closing) - max(start, opening) for opening, closing in open_spans(calendar))
    total = sum((overlap for overlap in overlaps if overlap > timedelta()), timedelta())
    assert calendar.working_time_between(start, end) == total
    assert calendar.working_time_between(end, start) == -total


@given(st.data(), calendars())
def test_reads_the_places_clocks(data: st.DataObject, calendar: Calendar) -> None:
    instant = data.draw(instants(calendar))
    local = instant.astimezone(calendar.tz)
    assert calendar.local(instant) == instant
    assert calendar.local(instant).utcoffset() == local.utcoffset()
    assert calendar.local_day(instant) == local.date()
    assert calendar.at(local.date(), time(14)) == datetime.combine(local.date(), time(14), calendar.tz)


def test_more_amounts_than_are_remembered() -> None:
    calendar = Calendar(SHANGHAI, 2026, 2026)
    monday = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)
    due = [calendar.add_working_time(monday, timedelta(seconds=n)) for n in range(1, 1_500)]
    assert due == [monday + timedelta(seconds=n) for n in range(1, 1_500)]


def test_no_time_at_all_ends_where_it_began() -> None:
    calendar = Calendar(SHANGHAI, 2026, 2026)
    sunday = datetime(2026, 11, 22, 20, tzinfo=SHANGHAI)
    assert calendar.add_working_time(sunday, timedelta()) == sunday
    assert calendar.add_working_time(sunday, timedelta()).tzinfo is UTC


def test_a_week_of_seven_days() -> None:
    calendar = seven_day_calendar(SHANGHAI, 2026, 2027, time(9), time(17))
    assert all(calendar.is_working_day(date(2026, 10, day)) for day in range(1, 32))
    due = calendar.add_working_time(datetime(2026, 10, 3, 16, tzinfo=SHANGHAI), timedelta(hours=8))
    assert due == datetime(2026, 10, 4, 16, tzinfo=SHANGHAI)


def test_days_keep_their_wall_clock_over_summer_time() -> None:
    calendar = Calendar(BERLIN, 2026, 2026)
    friday = datetime(2026, 3, 27, 16, tzinfo=BERLIN)  # the clocks go forward on Sunday
    assert calendar.add_working_time(friday, timedelta(hours=2)) == datetime(2026, 3, 30, 8, tzinfo=UTC)


# Refusals


@pytest.mark.parametrize("tz", [SHANGHAI, BERLIN])
def test_refuses_what_lies_outside_the_years_covered(tz: ZoneInfo) -> None:
    calendar = Calendar(tz, 2026, 2026)
    friday = datetime(2026, 12, 31, 10, tzinfo=tz)
    for question in (
        lambda: calendar.is_working_day(date(2025, 12, 31)),
        lambda: calendar.is_working_day(date(9999, 1, 1)),
        lambda: calendar.next_working_day(date(2026, 12, 31)),
        lambda: calendar.add_working_days(date(2026, 1, 1), -1),
        lambda: calendar.add_working_days(date(2026, 1, 1), 0) and calendar.add_working_days(date(2027, 1, 1), 0),
        lambda: calendar.working_days_between(date(2026, 1, 1), date(2027, 1, 1)),
        lambda: calendar.add_working_time(friday, timedelta(hours=8)),
        lambda: calendar.add_working_time(friday, timedelta(days=999_999)),
        lambda: calendar.add_working_time(friday + ONE_DAY, timedelta()),
        lambda: calendar.local(datetime(2025, 12, 31, 23, 59, 59, tzinfo=tz)),
        lambda: calendar.local_day(datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))),
        lambda: calendar.local_day(datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
        lambda: calendar.at(date(2027, 1, 1), time(9)),
    ):
        with pytest.raises(Invalid) as refusal:
            question()
        assert refusal.value.code == "date_out_of_range"
        assert (refusal.value.facts["first"], refusal.value.facts["last"]) == (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("tz", [SHANGHAI, BERLIN])
def test_covers_the_first_and_the_last_instant(tz: ZoneInfo) -> None:
    calendar = Calendar(tz, 2026, 2026)
    assert calendar.local_day(datetime(2026, 1, 1, tzinfo=tz)) == date(2026, 1, 1)
    assert calendar.local_day(datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=tz)) == date(2026, 12, 31)


@pytest.mark.parametrize("tz", [SHANGHAI, BERLIN])
def test_refuses_naive_instants_and_negative_amounts(tz: ZoneInfo) -> None:
    calendar = Calendar(tz, 2026, 2026)
    naive = datetime(2026, 11, 23, 9)  # noqa: DTZ001
    for question in (calendar.local, calendar.local_day, lambda at: calendar.add_working_time(at, timedelta(hours=1))):
        with pytest.raises(TypeError):
            question(naive)
    with pytest.raises(ValueError, match="forwards only"):
        calendar.add_working_time(naive.replace(tzinfo=UTC), timedelta(seconds=-1))


def test_refuses_a_calendar_that_contradicts_itself() -> None:
    day = frozenset({date(2026, 10, 1)})
    for facts in (
        {"open_days": day, "holidays": day},
        {"open_days": day, "closed_days": day},
        {"opens": time(17), "closes": time(9)},
        {"last_year": 2025},
    ):
        with pytest.raises(ValueError, match=r"open and closed|at least one year"):
            Calendar(**({"tz": SHANGHAI, "first_year": 2026, "last_year": 2026} | facts))


def test_refuses_clocks_that_change_during_opening_hours() -> None:
    with pytest.raises(ValueError, match=r"Europe/Berlin change during opening hours on 2026-03-29"):
        Calendar(BERLIN, 2026, 2026, opens=time(1))


# How much work a question is


class CountedList(list[Any]):
    """A list that counts look-ups, and cannot be walked through."""

    looked_up = 0

    def __getitem__(self, index: Any) -> Any:
        assert not isinstance(index, slice)
        self.looked_up += 1
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("the days were walked through")


@pytest.mark.parametrize("tz", [SHANGHAI, BERLIN])
def test_a_long_span_takes_no_more_look_ups_than_a_short_one(tz: ZoneInfo) -> None:
    calendar = Calendar(tz, 2001, 2100)
    tables = []
    for name in ("_before", "_days", "_openings", "_over"):
        tables.append(CountedList(getattr(calendar, name)))
        object.__setattr__(calendar, name, tables[-1])

    def look_ups(question: Any) -> int:
        before = sum(table.looked_up for table in tables)
        question()
        return sum(table.looked_up for table in tables) - before

    start, far = datetime(2001, 1, 1, 10, tzinfo=tz), datetime(2100, 12, 30, 10, tzinfo=tz)
    for short, long in (
        (
            lambda: calendar.add_working_time(start, timedelta(hours=1)),
            lambda: calendar.add_working_time(start, timedelta(hours=200_000)),
        ),
        (
            lambda: calendar.working_time_between(start, start + ONE_DAY),
            lambda: calendar.working_time_between(start, far),
        ),
        (
            lambda: calendar.add_working_days(start.date(), 1),
            lambda: calendar.add_working_days(start.date(), 25_000),
        ),
        (
            lambda: calendar.working_days_between(start.date(), start.date() + ONE_DAY),
            lambda: calendar.working_days_between(start.date(), far.date()),
        ),
    ):
        assert 0 < look_ups(short) <= 4
        assert look_ups(long) == look_ups(short)
