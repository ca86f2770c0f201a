"""Browsers by name, and the audit's entries in words."""

from dataclasses import fields

import pytest
from flask import Flask
from flask_babel import force_locale

from spares.accounts import audit_words
from spares.accounts.models import AuditEntry
from spares.accounts.words import browser
from spares.calendars.services import DepotValues
from spares.settings import Settings
from tests.conftest import NOON
from tests.factories import make_bin, make_depot, make_part, make_user

TAIL = "(KHTML, like Gecko) Chrome/120.0.0.0"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {TAIL} Safari/537.36", "Chrome, Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 {TAIL} Safari/537.36 Edg/120.0", "Edge, Windows"),
        (f"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 {TAIL} Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox, Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 200, "x" * 60),
        ("", ""),
    ],
)
def test_a_browser_by_name(agent: str, words: str) -> None:
    assert browser(agent) == words


def entry(subject: str, **data: object) -> AuditEntry:
    return AuditEntry(at=NOON, actor_id=None, action="x", subject=subject, data=data)


def test_details_of_an_entry_in_words(context: Flask) -> None:
    changed = entry(
        "user 7", role=["engineer", "finance"], phone=["", "1"], reason="离职", other=True, many=["a", "b", "c"]
    )
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        assert audit_words.details(changed, {}) == [
            ("角色", "工程师", "财务"),
            ("电话", "", "1"),
            ("原因", None, "离职"),
            ("other", None, "是"),
            ("many", None, "a, b, c"),
        ]


def test_the_subject_of_an_entry_in_words(context: Flask) -> None:
    anna = audit_words.Named("安娜", "/people/7")
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        assert audit_words.subject(entry("user 7"), {("user", "7"): anna}) == anna
        assert audit_words.subject(entry("user 8"), {("user", "7"): anna}) == audit_words.Named("人员 8")
        assert audit_words.subject(entry("thing x y"), {}) == audit_words.Named("thing x y")
        assert audit_words.subject(entry("thing"), {}) == audit_words.Named("thing")


def test_entries_name_what_people_know_and_lead_there(context: Flask) -> None:
    part, other = make_part("PS-1"), make_part("PS-2")
    depot = make_depot()
    place = make_bin(depot)
    person = make_user(username="anna")
    entries = [
        entry(f"part {part.id}", substitute=other.id, tracking="counted"),
        entry(f"location {place.id}", depot=depot.id),
        entry(f"depot {depot.id}", name=["甲", "乙"]),
        entry(f"user {person.id}"),
        entry("import IM-000001"),
        entry("setting default_currency", value=["CNY", "USD"]),
        entry("calendar", status="closed"),
        entry("part 999999", substitute=999998),
    ]
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        records = audit_words.records_of(entries)
        assert [audit_words.subject(one, records) for one in entries] == [
            audit_words.Named("备件型号 PS-1", f"/parts/{part.id}"),
            audit_words.Named(f"货位 {place.code}", f"/places/{place.id}"),
            audit_words.Named(f"备件库 {depot.name}", f"/depots/{depot.id}"),
            audit_words.Named(person.display_name, f"/people/{person.id}"),
            audit_words.Named("导入 IM-000001", "/imports/IM-000001"),
            audit_words.Named("设置项 币种", "/settings"),
            audit_words.Named("工作日历", "/calendar"),
            audit_words.Named("备件型号 999999"),
        ]
        assert [audit_words.details(one, records) for one in entries] == [
            [("同级替换品", None, "PS-2"), ("管理方式", None, "按数量")],
            [("备件库", None, depot.name)],
            [("中文名称", "甲", "乙")],
            [],
            [],
            [("值", "CNY", "USD")],
            [("设为", None, "闭库，不计工作日")],
            [("同级替换品", None, "999998")],
        ]


def test_every_setting_and_every_value_of_a_depot_has_its_words(context: Flask) -> None:
    kept = {field.name for field in fields(DepotValues)}
    assert kept - audit_words.FACTS.keys() == set()
    with context.test_request_context(), force_locale("zh_Hans_CN"):
        names = [field.name for field in fields(Settings)]
        found = audit_words.records_of([entry(f"setting {name}") for name in names])
    assert [name for name in names if ("setting", name) not in found] == []
