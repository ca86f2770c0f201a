"""Depots and days are changed by those who may, whole or not at all, with a record, and the slices above are told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from flask import Flask

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role
from spares.calendars import queries, services
from spares.calendars.models import DayStatus, Depot
from spares.calendars.notice import NoticeDay, NoticeRefused, NoticeStatus
from spares.calendars.services import DepotValues, Span
from spares.db import session, transaction
from spares.errors import Conflict, Forbidden, Invalid, NotFound
from tests.calendars.making import NOTICE_2027, add_depot, audit, counts
from tests.conftest import NOON
from tests.factories import make_actor

FRIDAY = date(2026, 11, 20)
YEAR_2027 = (date(2027, 1, 1), date(2027, 12, 31))
ZHENGZHOU = DepotValues(code="ZZ", name="郑州备件库")
OTHERS = [role for role in Role if role is not Role.ADMINISTRATOR]

Told = list[tuple[str | None, date, date, Actor, datetime]]


@pytest.fixture
def told(context: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """What the slices above were told."""
    calls: Told = []

    def note(depot: Depot | None, first: date, last: date, actor: Actor, now: datetime) -> None:
        calls.append((depot.code if depot else None, first, last, actor, now))

    monkeypatch.setattr(services, "recount_hooks", [])
    services.when_days_change(note)
    services.when_days_change(note)
    yield calls


def works(depot: Depot, day: date) -> bool:
    return queries.depot_calendar(depot).is_working_day(day)


def test_a_depot_is_added_with_the_hours_of_the_contract(told: Told) -> None:
    boss = make_actor(Role.ADMINISTRATOR)
    with transaction():
        depot = services.add_depot(replace(ZHENGZHOU, code=" ｚｚ ", address=" 郑州市\n金水区 1 号 "), boss, NOON)
    assert (depot.code, depot.name, depot.address) == ("ZZ", "郑州备件库", "郑州市 金水区 1 号")
    assert (depot.opens, depot.closes, depot.cutoff, depot.morning_by) == (time(9), time(17), time(14), time(12))
    assert not depot.makeup_days_open
    [(action, subject, data)] = audit()
    assert (action, subject) == ("depot_added", f"depot {depot.id}")
    assert data["opens"] == "09:00"
    assert told == []


def test_a_new_depot_is_told_once_to_the_slices_above(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[str] = []

    def note(depot: Depot) -> None:
        added.append(depot.code)

    monkeypatch.setattr(services, "added_hooks", [])
    services.when_depot_added(note)
    services.when_depot_added(note)
    with transaction():
        services.add_depot(ZHENGZHOU, SYSTEM, NOON)
    assert added == ["ZZ"]


BAD_VALUES: list[tuple[dict[str, Any], str, str]] = [
    ({"code": ""}, "depot_code_unusable", "code"),
    ({"code": "郑州"}, "depot_code_unusable", "code"),
    ({"code": "SH"}, "depot_code_taken", "code"),
    ({"code": "Z" * 21}, "text_too_long", "code"),
    ({"name": " "}, "name_missing", "name"),
    ({"name": "库" * 81}, "text_too_long", "name"),
    ({"address": "\x00"}, "text_not_printable", "address"),
    ({"time_zone": "Asia/Zhengzhou"}, "time_zone_unknown", "time_zone"),
    (
        {"time_zone": "Europe/Berlin", "opens": time(1), "morning_by": time(12)},
        "clocks_change_while_open",
        "time_zone",
    ),
    ({"opens": time(17)}, "closes_before_opening", "closes"),
    ({"cutoff": time(9)}, "cutoff_outside_hours", "cutoff"),
    ({"cutoff": time(17)}, "cutoff_outside_hours", "cutoff"),
    ({"morning_by": time(9)}, "morning_outside_hours", "morning_by"),
    ({"morning_by": time(17, 1)}, "morning_outside_hours", "morning_by"),
]


@pytest.mark.parametrize(("change", "code", "field"), BAD_VALUES)
def test_a_depot_that_cannot_be_is_refused(told: Told, change: dict[str, Any], code: str, field: str) -> None:
    add_depot("SH")
    depot = add_depot()
    before = counts()
    bad = replace(replace(ZHENGZHOU, code="NEW"), **change)
    for act in (
        lambda: services.add_depot(bad, SYSTEM, NOON),
        lambda: services.edit_depot(depot.id, bad, 1, SYSTEM, NOON),
    ):
        with pytest.raises(Invalid) as refused, transaction():
            act()
        assert (refused.value.code, refused.value.field) == (code, field)
    assert counts() == before
    assert depot.version == 1
    assert told == []


def test_opening_make_up_days_touches_every_day(told: Told) -> None:
    depot, boss = add_depot(), make_actor(Role.ADMINISTRATOR)
    values = replace(ZHENGZHOU, name_en=depot.name_en, makeup_days_open=True)
    assert not works(depot, date(2026, 10, 10))
    with transaction():
        span = services.edit_depot(depot.id, values, 1, boss, NOON)
    assert span == services.ALL_DAYS
    assert works(depot, date(2026, 10, 10))
    assert depot.version == 2
    assert audit() == [("depot_changed", f"depot {depot.id}", {"makeup_days_open": [False, True]})]
    assert told == [("ZZ", date(2001, 1, 1), date(2100, 12, 31), boss, NOON)]


def test_a_new_address_touches_no_day_and_the_same_values_change_nothing(told: Told) -> None:
    depot = add_depot()
    values = replace(ZHENGZHOU, name_en=depot.name_en)
    with transaction():
        assert services.edit_depot(depot.id, values, 1, SYSTEM, NOON) is None
    assert (depot.version, audit()) == (1, [])
    with transaction():
        assert services.edit_depot(depot.id, replace(values, phone="0371-1"), 1, SYSTEM, NOON) is None
    assert (depot.version, depot.phone) == (2, "0371-1")
    assert told == []


def test_a_stale_page_does_not_change_a_depot(told: Told) -> None:
    depot = add_depot(version=2)
    with pytest.raises(Conflict, match="stale_page"), transaction():
        services.edit_depot(depot.id, replace(ZHENGZHOU, name="别名"), 1, SYSTEM, NOON)
    session.refresh(depot)
    assert depot.name == "郑州备件库"
    with pytest.raises(NotFound, match="no_such_depot"), transaction():
        services.edit_depot(depot.id + 1, ZHENGZHOU, 1, SYSTEM, NOON)


def test_a_day_is_closed_for_all_depots_and_opened_for_one(told: Told) -> None:
    depot, other, boss = add_depot(), add_depot("SH"), make_actor(Role.ADMINISTRATOR)
    with transaction():
        assert services.set_day(None, FRIDAY, DayStatus.CLOSED, " 年度\n盘点 ", boss, NOON) == Span(FRIDAY, FRIDAY)
    with transaction():
        services.set_day(depot.id, FRIDAY, DayStatus.OPEN, "照常", boss, NOON)
    assert (works(depot, FRIDAY), works(other, FRIDAY)) == (True, False)
    [newest, first] = queries.history(depot.id, FRIDAY, FRIDAY)
    assert (first.reason, first.set_at, first.set_by_id) == ("年度 盘点", NOON, boss.id)
    assert newest.depot_id == depot.id
    said = {"first": "2026-11-20", "last": "2026-11-20"}
    assert audit() == [
        ("days_set", "calendar", {**said, "status": "closed", "reason": "年度 盘点"}),
        ("days_set", f"depot {depot.id}", {**said, "status": "open", "reason": "照常"}),
    ]
    assert told == [(None, FRIDAY, FRIDAY, boss, NOON), ("ZZ", FRIDAY, FRIDAY, boss, NOON)]


def test_a_range_of_days_past_ones_too(told: Told) -> None:
    depot = add_depot()
    span = Span(date(2026, 11, 16), date(2026, 11, 24))
    with transaction():
        assert services.set_days(depot.id, span.first, span.last, DayStatus.CLOSED, "洪水", SYSTEM, NOON) == span
    assert [works(depot, date(2026, 11, day)) for day in (13, 16, 24, 25)] == [True, False, False, True]
    assert [call[:3] for call in told] == [("ZZ", span.first, span.last)]


def test_taking_back_touches_only_the_days_that_had_a_word(told: Told) -> None:
    depot = add_depot()
    with transaction():
        services.set_day(depot.id, FRIDAY, DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    with transaction():
        span = services.set_days(depot.id, *YEAR_OF_FRIDAY, DayStatus.LIBRARY, "误录", SYSTEM, NOON)
    assert span == Span(FRIDAY, FRIDAY)
    assert works(depot, FRIDAY)
    assert counts()["day_override"] == 2


YEAR_OF_FRIDAY = (date(2026, 1, 1), date(2026, 12, 31))
BAD_DAYS: list[tuple[date, date, DayStatus, str, str, str]] = [
    (date(2000, 12, 31), FRIDAY, DayStatus.OPEN, "x", "date_out_of_range", "first"),
    (FRIDAY, date(9999, 1, 1), DayStatus.OPEN, "x", "date_out_of_range", "last"),
    (FRIDAY, date(2026, 11, 19), DayStatus.OPEN, "x", "days_backwards", "last"),
    (FRIDAY, date(2027, 11, 21), DayStatus.OPEN, "x", "too_many_days", "last"),
    (FRIDAY, FRIDAY, DayStatus.CLOSED, " ", "reason_missing", "reason"),
    (FRIDAY, FRIDAY, DayStatus.CLOSED, "x" * 201, "text_too_long", "reason"),
    (FRIDAY, FRIDAY, DayStatus.LIBRARY, "x", "nothing_to_take_back", "status"),
]


@pytest.mark.parametrize(("first", "last", "status", "reason", "code", "field"), BAD_DAYS)
def test_days_that_cannot_be_set(
    told: Told, first: date, last: date, status: DayStatus, reason: str, code: str, field: str
) -> None:
    depot = add_depot()
    with transaction():
        services.set_day(None, FRIDAY, DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    told.clear()
    before = counts()
    with pytest.raises(Invalid) as refused, transaction():
        services.set_days(depot.id, first, last, status, reason, SYSTEM, NOON)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert counts() == before
    assert told == []


def test_a_day_of_a_depot_that_is_not_there(told: Told) -> None:
    with pytest.raises(NotFound, match="no_such_depot"), transaction():
        services.set_day(7, FRIDAY, DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    assert counts()["day_override"] == 0


def test_a_notice_decides_its_year(told: Told) -> None:
    depot, boss = add_depot(), make_actor(Role.ADMINISTRATOR)
    assert queries.depot_calendar(depot).is_provisional(*YEAR_2027)
    assert works(depot, date(2027, 2, 11))
    with transaction():
        span = services.import_notice(2027, NOTICE_2027, " 国办发明电〔2026〕7号 ", boss, NOON)
    assert span == Span(*YEAR_2027)
    assert not queries.depot_calendar(depot).is_provisional(*YEAR_2027)
    assert not works(depot, date(2027, 2, 11))
    [notice] = queries.year_notices(2027)
    assert (notice.source, notice.imported_at, notice.imported_by_id) == ("国办发明电〔2026〕7号", NOON, boss.id)
    assert audit() == [
        ("notice_imported", "calendar", {"year": 2027, "source": "国办发明电〔2026〕7号", "days": len(NOTICE_2027)})
    ]
    assert told == [(None, *YEAR_2027, boss, NOON)]


def test_the_same_notice_again_changes_nothing(told: Told) -> None:
    with transaction():
        services.import_notice(2027, NOTICE_2027, "通知", SYSTEM, NOON)
    before = counts()
    with transaction():
        assert services.import_notice(2027, NOTICE_2027[::-1], "通知再次", SYSTEM, NOON) is None
    assert counts() == before
    assert len(told) == 1


def test_a_corrected_notice_replaces_the_earlier_one(told: Told) -> None:
    depot = add_depot()
    december = NoticeDay(date(2026, 12, 31), NoticeStatus.OFF, "元旦")
    with transaction():
        services.import_notice(2027, [*NOTICE_2027, december], "通知", SYSTEM, NOON)
    assert not works(depot, date(2026, 12, 31))
    with transaction():
        span = services.import_notice(2027, NOTICE_2027[:-1], "更正", SYSTEM, NOON)
    assert span == Span(date(2026, 12, 31), date(2027, 12, 31))
    assert works(depot, date(2026, 12, 31))
    assert works(depot, date(2027, 10, 1))


def test_a_notice_with_a_bad_row_is_refused_whole(told: Told) -> None:
    bad = [*NOTICE_2027, NoticeDay(date(2027, 3, 1), NoticeStatus.WORK, "", 17), replace(NOTICE_2027[0], line=18)]
    with pytest.raises(NoticeRefused) as refused, transaction():
        services.import_notice(2027, bad, "通知", SYSTEM, NOON)
    assert [(problem.code, problem.facts["line"]) for problem in refused.value.problems] == [
        ("notice_work_on_weekday", 17),
        ("notice_day_repeated", 18),
    ]
    with pytest.raises(Invalid, match="source_missing"), transaction():
        services.import_notice(2027, NOTICE_2027, " ", SYSTEM, NOON)
    assert set(counts().values()) == {0}
    assert told == []


@pytest.mark.parametrize("role", OTHERS)
def test_who_may_not_changes_nothing(told: Told, role: Role) -> None:
    depot, other = add_depot(), make_actor(role)
    before = counts()
    for act in (
        lambda: services.add_depot(replace(ZHENGZHOU, code="SH"), other, NOON),
        lambda: services.edit_depot(depot.id, replace(ZHENGZHOU, name="别名"), 1, other, NOON),
        lambda: services.set_day(None, FRIDAY, DayStatus.CLOSED, "盘点", other, NOON),
        lambda: services.import_notice(2027, NOTICE_2027, "通知", other, NOON),
    ):
        with pytest.raises(Forbidden, match="not_allowed"), transaction():
            act()
    assert counts() == before
    assert depot.name == "郑州备件库"
    assert told == []


def test_a_hook_that_fails_undoes_the_change(told: Told) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("recount failed")

    services.when_days_change(fail)
    with pytest.raises(RuntimeError, match="recount failed"), transaction():
        services.set_day(None, FRIDAY, DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    assert set(counts().values()) == {0}
