"""Which word counts of a day, and that asking is cheap."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from spares.accounts.access import SYSTEM
from spares.calendars import queries, services
from spares.calendars.models import DayOverride, DayStatus, Depot, YearNotice
from spares.db import db, session, transaction
from spares.errors import NotFound
from tests.calendars.making import add_depot
from tests.conftest import NOON

FRIDAY = date(2026, 11, 20)
SATURDAY = date(2026, 11, 21)
MAKEUP_SATURDAY = date(2026, 10, 10)


def say(day: date, status: DayStatus, depot: Depot | None = None, notice: YearNotice | None = None) -> None:
    with transaction():
        session.add(
            DayOverride(
                depot_id=depot.id if depot else None,
                day=day,
                status=status,
                reason="盘点",
                set_at=NOON,
                notice_id=notice.id if notice else None,
            )
        )


def notice(year: int) -> YearNotice:
    row = YearNotice(year=year, source="国办发明电", imported_at=NOON)
    with transaction():
        session.add(row)
    return row


def works(depot: Depot, day: date) -> bool:
    return queries.depot_calendar(depot).is_working_day(day)


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_the_default_depot_is_the_first_one(context: Flask) -> None:
    with pytest.raises(NotFound, match="no_depot"):
        queries.default_depot()
    first = add_depot()
    second = add_depot("SH")
    assert queries.default_depot() is first
    assert queries.depots() == [first, second]
    assert queries.depot(second.id) is second
    with pytest.raises(NotFound, match="no_such_depot"):
        queries.depot(second.id + 1)


def test_the_library_decides_where_nothing_was_said(context: Flask) -> None:
    depot = add_depot()
    assert [works(depot, day) for day in (FRIDAY, SATURDAY, date(2026, 10, 1), MAKEUP_SATURDAY)] == [
        True,
        False,
        False,
        False,
    ]


def test_make_up_days_are_open_where_the_depot_says_so(context: Flask) -> None:
    depot = add_depot()
    open_too = add_depot("SH", makeup_days_open=True)
    assert not works(depot, MAKEUP_SATURDAY)
    assert works(open_too, MAKEUP_SATURDAY)
    with transaction():
        depot.makeup_days_open = True
    assert works(depot, MAKEUP_SATURDAY)


def test_the_newest_word_of_a_day_counts(context: Flask) -> None:
    depot = add_depot()
    say(FRIDAY, DayStatus.CLOSED)
    assert not works(depot, FRIDAY)
    say(FRIDAY, DayStatus.OPEN)
    assert works(depot, FRIDAY)
    say(FRIDAY, DayStatus.CLOSED)
    say(FRIDAY, DayStatus.LIBRARY)
    assert works(depot, FRIDAY)


def test_a_word_for_the_depot_outranks_one_for_all_even_an_older_one(context: Flask) -> None:
    depot, other = add_depot(), add_depot("SH")
    say(FRIDAY, DayStatus.OPEN, depot)
    say(FRIDAY, DayStatus.CLOSED)
    assert works(depot, FRIDAY)
    assert not works(other, FRIDAY)


def test_taking_a_depots_word_back_lets_the_word_for_all_count_again(context: Flask) -> None:
    depot = add_depot()
    say(FRIDAY, DayStatus.CLOSED)
    say(FRIDAY, DayStatus.OPEN, depot)
    say(FRIDAY, DayStatus.LIBRARY, depot)
    assert not works(depot, FRIDAY)
    say(FRIDAY, DayStatus.LIBRARY)
    assert works(depot, FRIDAY)


def test_a_notice_replaces_the_library_and_ends_the_provisional_state(context: Flask) -> None:
    depot = add_depot(makeup_days_open=True)
    estimated, announced, makeup = date(2027, 2, 10), date(2027, 2, 15), date(2027, 2, 20)
    calendar = queries.depot_calendar(depot)
    assert calendar.is_provisional(announced, announced)
    assert [calendar.is_working_day(day) for day in (estimated, announced, makeup)] == [False, True, False]
    of_2027 = notice(2027)
    say(announced, DayStatus.CLOSED, notice=of_2027)
    say(makeup, DayStatus.OPEN, notice=of_2027)
    calendar = queries.depot_calendar(depot)
    assert not calendar.is_provisional(announced, announced)
    assert calendar.is_provisional(date(2028, 1, 1), date(2028, 1, 1))
    assert [calendar.is_working_day(day) for day in (estimated, announced, makeup)] == [True, False, True]


def test_a_later_notice_replaces_the_earlier_one_of_its_year(context: Flask) -> None:
    depot = add_depot()
    monday, tuesday = date(2027, 3, 1), date(2027, 3, 2)
    say(monday, DayStatus.CLOSED, notice=notice(2027))
    say(tuesday, DayStatus.CLOSED, notice=notice(2027))
    assert works(depot, monday)
    assert not works(depot, tuesday)
    assert list(queries.notice_days(2027) or {}) == [tuesday]
    assert queries.notice_days(2028) is None


def test_a_word_by_hand_outranks_a_newer_notice(context: Flask) -> None:
    depot = add_depot()
    monday = date(2027, 3, 1)
    say(monday, DayStatus.OPEN)
    say(monday, DayStatus.CLOSED, notice=notice(2027))
    assert works(depot, monday)


def test_a_warm_calendar_costs_one_statement_a_page(context: Flask) -> None:
    depot = add_depot()
    say(FRIDAY, DayStatus.CLOSED)
    first = queries.depot_calendar(depot)
    session.rollback()
    session.refresh(depot)
    with statements() as seen:
        assert queries.depot_calendar(depot) is first
        assert queries.depot_calendar(depot) is first
    assert len(seen) == 1


def test_the_calendar_as_it_was_known_costs_no_statement_more(context: Flask) -> None:
    depot = add_depot()
    say(FRIDAY, DayStatus.CLOSED)
    session.rollback()
    session.refresh(depot)
    with statements() as seen:
        now = queries.depot_calendar(depot)
        assert queries.depot_calendar(depot, known_at=NOON) is now
        before = queries.depot_calendar(depot, known_at=NOON - timedelta(microseconds=1))
        assert (now.is_working_day(FRIDAY), before.is_working_day(FRIDAY)) == (False, True)
    assert len(seen) == 3  # which words there are, the words, the notices


def test_an_edited_depot_is_known_as_it_was_by_one_statement(context: Flask) -> None:
    depot = add_depot()
    for at, opens, makeup in ((1, time(8), False), (2, time(10), False), (3, time(10), True)):
        with transaction():
            values = services.DepotValues(code="ZZ", name=depot.name, opens=opens, makeup_days_open=makeup)
            services.edit_depot(depot.id, values, depot.version, SYSTEM, NOON + timedelta(days=at))
    session.refresh(depot)
    queries.depot_calendar(depot)
    known = []
    with statements() as seen:
        for at in range(5):
            calendar = queries.depot_calendar(depot, known_at=NOON + timedelta(days=at))
            known.append((calendar.opens, calendar.is_working_day(MAKEUP_SATURDAY)))
    assert known == [(time(9), False), (time(8), False), (time(10), False), (time(10), True), (time(10), True)]
    assert len(seen) == 2  # the depots, and what was done to them


def test_the_depots_bring_word_of_their_days_along(context: Flask) -> None:
    depot = add_depot()
    first = queries.depot_calendar(depot)
    session.rollback()
    with statements() as seen:
        assert queries.default_depot().id == depot.id
        assert [one.id for one in queries.depots()] == [depot.id]
        assert queries.depot_calendar(depot) is first
    assert len(seen) == 1


def test_a_depot_and_its_days_take_one_statement(context: Flask) -> None:
    depot_id = add_depot().id
    say(FRIDAY, DayStatus.CLOSED)
    queries.depot_and_calendar(depot_id)
    session.rollback()
    with statements() as seen, transaction():
        found, calendar = queries.depot_and_calendar(depot_id)
    assert len(seen) == 1
    assert (found.id, calendar.is_working_day(FRIDAY)) == (depot_id, False)
    say(FRIDAY, DayStatus.OPEN)
    assert queries.depot_and_calendar(depot_id)[1].is_working_day(FRIDAY)
    with pytest.raises(NotFound, match="no_such_depot"):
        queries.depot_and_calendar(99)


def test_a_day_said_inside_a_transaction_counts_in_it_and_after_it(context: Flask) -> None:
    depot = add_depot()
    assert works(depot, FRIDAY)
    with transaction():
        assert works(depot, FRIDAY)
        row = DayOverride(depot_id=None, day=FRIDAY, status=DayStatus.CLOSED, reason="盘点", set_at=NOON)
        session.add(row)
        session.flush()
        assert not works(depot, FRIDAY)
    assert not works(depot, FRIDAY)


def test_what_an_undone_transaction_saw_is_forgotten(context: Flask) -> None:
    depot = add_depot()

    def close(day: date) -> None:
        session.add(DayOverride(depot_id=None, day=day, status=DayStatus.CLOSED, reason="盘点", set_at=NOON))
        session.flush()

    with pytest.raises(RuntimeError, match="undone"), transaction():
        close(FRIDAY)
        assert not works(depot, FRIDAY)
        raise RuntimeError("undone")
    with transaction():
        close(date(2026, 11, 19))  # on SQLite this row gets the id of the one that was undone
    assert works(depot, FRIDAY)
    assert not works(depot, date(2026, 11, 19))


def test_the_depots_own_hours_count(context: Flask) -> None:
    depot = add_depot(opens=time(8), closes=time(18))
    calendar = queries.depot_calendar(depot)
    assert (calendar.opens, calendar.closes) == (time(8), time(18))


def test_the_confirmation_clock_runs_every_day_from_nine_to_five(context: Flask) -> None:
    calendar = queries.seven_day(add_depot(opens=time(8)))
    assert calendar.is_working_day(date(2026, 10, 1))
    assert calendar.is_working_day(SATURDAY)
    assert (calendar.opens, calendar.closes) == (time(9), time(17))


def test_history_tells_every_word_of_the_days_newest_first(context: Flask) -> None:
    depot, other = add_depot(), add_depot("SH")
    say(FRIDAY, DayStatus.CLOSED)
    say(FRIDAY, DayStatus.OPEN, depot)
    say(FRIDAY, DayStatus.OPEN, other)
    say(SATURDAY, DayStatus.CLOSED, notice=notice(2026))
    say(date(2027, 1, 4), DayStatus.CLOSED)
    year = (date(2026, 1, 1), date(2026, 12, 31))
    assert [(row.day, row.status) for row in queries.history(depot.id, *year)] == [
        (FRIDAY, DayStatus.OPEN),
        (FRIDAY, DayStatus.CLOSED),
    ]
    assert [row.status for row in queries.history(None, *year)] == [DayStatus.CLOSED]


def test_the_imports_of_a_years_notice_newest_first(context: Flask) -> None:
    first, second = notice(2027), notice(2027)
    assert queries.year_notices(2027) == [second, first]
    assert queries.year_notices(2027)[0].imported_at == datetime(2026, 11, 18, 4, tzinfo=UTC)


def test_words_of_a_depot_are_those_for_all_with_its_own_over_them(context: Flask) -> None:
    depot = add_depot()
    say(FRIDAY, DayStatus.CLOSED)
    say(SATURDAY, DayStatus.OPEN, depot)
    assert {day: word.status for day, word in queries.words(depot.id).items()} == {
        FRIDAY: DayStatus.CLOSED,
        SATURDAY: DayStatus.OPEN,
    }
    assert list(queries.words(None)) == [FRIDAY]
    assert list(queries.own_words(depot.id)) == [SATURDAY]
