"""The calendar's pages, as an administrator and everybody else use them."""

import io
import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from spares import settings
from spares.accounts.models import Role
from spares.calendars import queries
from spares.calendars.models import DayStatus, Depot
from spares.db import session
from tests.calendars.making import add_depot, audit, counts
from tests.factories import make_user, sign_in

NOTICE = "day,status,name\r\n2027-01-01,off,元旦\r\n2027-02-20,work,春节调休\r\n"
FRIDAY = date(2026, 11, 20)


def browser(context: Flask, role: Role = Role.ADMINISTRATOR, language: str = "en") -> FlaskClient:
    client = context.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    sign_in(client, make_user(role))
    return client


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"the page has no hidden field {name}"
    return found[1]


def send(client: FlaskClient, address: str, shown_at: str = "", **fields: object) -> TestResponse:
    """Post a form with the hidden fields of the page it is shown on."""
    page = client.get(shown_at or address).text
    names = [name for name in ("csrf_token", "request_key", "version") if f'name="{name}"' in page]
    sent = {name: hidden(page, name) for name in names} | fields
    session.rollback()
    return client.post(address, data=sent, content_type="multipart/form-data")


def test_a_year_at_a_glance(context: Flask) -> None:
    add_depot()
    page = browser(context).get("/calendar?year=2026").text
    assert "Calendar 2026" in page
    assert "242 working days" in page
    assert "Holiday · National Day" in page
    assert "Provisional" not in page
    assert 'href="/calendar?year=2025&amp;depot=ZZ"' in page
    assert 'href="/calendar/days?depot=ZZ&amp;day=2026-11-20"' in page


def test_a_year_in_chinese_with_its_provisional_banner(context: Flask) -> None:
    add_depot()
    page = browser(context, language="zh-CN").get("/calendar?year=2027").text
    assert "2027 年工作日历" in page
    assert "待国务院通知" in page
    assert "节假日 · 国庆节" in page
    assert "holiday" not in page.replace("day-holiday", "")


@pytest.mark.parametrize("year", ["", "1999", "9999", "x", "２０２６", "20260"])
def test_a_year_that_is_none_shows_this_one(context: Flask, year: str) -> None:
    add_depot()
    response = browser(context).get("/calendar", query_string={"year": year})
    assert response.status_code == 200
    assert re.search(r"<h1>Calendar 20\d\d</h1>", response.text)


def test_a_depot_that_is_not_there_is_not_found(context: Flask) -> None:
    client = browser(context)
    assert client.get("/calendar").status_code == 404
    add_depot()
    assert client.get("/calendar?depot=SH").status_code == 404
    assert client.get("/depots/99").status_code == 404


def test_days_are_set_and_stand_in_the_history(context: Flask) -> None:
    depot = add_depot()
    client = browser(context)
    response = send(
        client,
        "/calendar/days",
        depot="ZZ",
        first="2026-11-20",
        last="2026-11-21",
        status="closed",
        reason="<b>盘点</b>",
    )
    assert (response.status_code, response.location) == (302, "/calendar?year=2026&depot=ZZ")
    assert {day: word.status for day, word in queries.words(depot.id).items()} == {
        FRIDAY: DayStatus.CLOSED,
        date(2026, 11, 21): DayStatus.CLOSED,
    }
    page = client.get("/calendar?year=2026").text
    assert "Closed by hand · &lt;b&gt;盘点&lt;/b&gt;" in page
    assert "241 working days" in page


def test_a_refused_day_keeps_what_was_typed(context: Flask) -> None:
    add_depot()
    client = browser(context)
    response = send(client, "/calendar/days", depot="", first="2026-11-20", status="library", reason="误录")
    assert response.status_code == 422
    assert "Nothing was set by hand for these days" in response.text
    assert 'value="2026-11-20"' in response.text
    assert 'value="误录"' in response.text
    for wrong in ({"first": "9999-12-31"}, {"first": "yesterday"}, {"status": "maybe"}, {"depot": "SH"}):
        fields = {"depot": "", "first": "2026-11-20", "status": "closed", "reason": "x"} | wrong
        assert send(client, "/calendar/days", **fields).status_code == 422
    assert counts()["day_override"] == 0


def test_the_same_form_sent_twice_acts_once(context: Flask) -> None:
    add_depot()
    client = browser(context)
    fields = {"depot": "", "first": "2026-11-20", "status": "closed", "reason": "盘点", "request_key": "one"}
    first, second = (send(client, "/calendar/days", **fields) for _ in range(2))
    assert first.location == second.location == "/calendar?year=2026"
    assert counts()["day_override"] == 1


def test_a_form_without_its_key_does_nothing(context: Flask) -> None:
    add_depot()
    fields = {"depot": "", "first": "2026-11-20", "status": "closed", "reason": "盘点", "request_key": ""}
    assert send(browser(context), "/calendar/days", **fields).status_code == 422
    assert counts()["day_override"] == 0


def test_a_notice_is_shown_before_it_is_imported(context: Flask) -> None:
    depot = add_depot()
    client = browser(context)
    shown = send(
        client, "/calendar/notice", year="2027", source="国办发明电", file=(io.BytesIO(NOTICE.encode()), "n.csv")
    )
    assert shown.status_code == 200
    assert "2027-05-01, 2027-10-01" in shown.text
    assert counts()["year_notice"] == 0
    fields = {name: hidden(shown.text, name) for name in ("csrf_token", "request_key", "year", "source", "rows")}
    session.rollback()
    done = client.post("/calendar/notice/import", data=fields)
    assert (done.status_code, done.location) == (302, "/calendar?year=2027")
    assert [word.reason for word in (queries.notice_days(2027) or {}).values()] == ["元旦", "春节调休"]
    assert not queries.depot_calendar(depot).is_provisional(date(2027, 1, 1), date(2027, 1, 1))
    assert audit()[-1][0] == "notice_imported"


def test_a_bad_notice_names_every_row_and_a_tampered_one_is_checked_anew(context: Flask) -> None:
    add_depot()
    client = browser(context)
    bad = NOTICE + "2027-02-22,work,\r\n2028-01-01,off,\r\n"
    response = send(client, "/calendar/notice", year="2027", source="x", file=(io.BytesIO(bad.encode()), "n.csv"))
    assert response.status_code == 422
    assert "Line 4: 2027-02-22 is a day from Monday to Friday" in response.text
    assert "Line 5: 2028-01-01 is not between 2026-12-25 and 2027-12-31." in response.text
    response = send(client, "/calendar/notice/import", shown_at="/calendar/notice", year="2027", source="x", rows=bad)
    assert response.status_code == 422
    for year, rows in (("x", NOTICE), ("2027", "")):
        response = send(
            client, "/calendar/notice/import", shown_at="/calendar/notice", year=year, source="x", rows=rows
        )
        assert response.status_code == 422
    assert counts()["year_notice"] == 0


DEPOT = {
    "code": "SH",
    "name": "上海备件库",
    "time_zone": "Asia/Shanghai",
    "opens": "09:00",
    "closes": "17:00",
    "cutoff": "14:00",
    "morning_by": "12:00",
}


def test_a_depot_is_added_and_changed(context: Flask) -> None:
    client = browser(context)
    assert send(client, "/depots/new", **DEPOT).location == "/depots"
    depot = queries.default_depot()
    assert "上海备件库" in client.get("/depots").text
    refused = send(client, f"/depots/{depot.id}", **(DEPOT | {"cutoff": "18:00"}))
    assert refused.status_code == 422
    assert "The cut-off must lie between opening and closing." in refused.text
    assert send(client, f"/depots/{depot.id}", **(DEPOT | {"makeup_days_open": "y"})).location == "/depots"
    session.expire_all()
    assert queries.depot_calendar(queries.default_depot()).is_working_day(date(2026, 10, 10))
    stale = send(client, f"/depots/{depot.id}", **(DEPOT | {"version": "1"}))
    assert stale.status_code == 409
    assert "Somebody changed this record" in stale.text
    session.expire_all()
    assert session.get_one(Depot, depot.id).makeup_days_open


def settings_fields(**changes: str) -> dict[str, str]:
    values = {key: getattr(settings.Settings(), key) for key in settings.Settings.__dataclass_fields__}
    typed = {key: "y" if value is True else str(value) for key, value in values.items() if value is not False}
    return typed | {"stocktake_approval_minor": "5000.00"} | changes


def test_settings_are_changed_and_recorded(context: Flask) -> None:
    client = browser(context)
    response = send(client, "/settings", **settings_fields(product_name=" 备件 台 ", return_within_days="15"))
    assert (response.status_code, response.location) == (302, "/settings")
    settings.forget()
    assert (settings.current().product_name, settings.current().return_within_days) == ("备件 台", 15)
    assert audit() == [
        ("setting_changed", "setting product_name", {"value": ["Spares", "备件 台"]}),
        ("setting_changed", "setting return_within_days", {"value": [10, 15]}),
    ]
    assert "<title>Settings · 备件 台</title>" in client.get("/settings").text


def test_an_amount_is_typed_in_major_units(context: Flask) -> None:
    client = browser(context)
    assert 'value="5000.00"' in client.get("/settings").text
    send(client, "/settings", **settings_fields(stocktake_approval_minor="12,345.6"))
    settings.forget()
    assert settings.current().stocktake_approval_minor == 1_234_560
    assert 'value="12345.60"' in client.get("/settings").text
    kept = send(client, "/settings", **settings_fields(stocktake_approval_minor="1.005")).text
    assert 'value="1.005"' in kept


@pytest.mark.parametrize(
    ("changes", "words", "status"),
    [
        ({"stocktake_approval_minor": "a lot"}, "“a lot” is no amount.", 422),
        ({"stocktake_approval_minor": "1.005"}, "“1.005” is no amount.", 422),
        ({"stocktake_approval_minor": "1e99999999"}, "is no amount.", 422),
        ({"stocktake_approval_minor": "NaN"}, "is no amount.", 422),
        ({"stocktake_approval_minor": "-1"}, "Enter a number from 0 to 1000000000000.", 422),
        ({"stocktake_approval_minor": ""}, "Please fill this in.", 422),
        ({"case_number_pattern": "(a+)+"}, "Matching this expression could take too long.", 422),
        ({"case_number_pattern": "["}, "This is not a regular expression.", 422),
        ({"return_within_days": "0"}, "Enter a number from 1 to 60.", 422),
        ({"return_within_days": "ten"}, "Enter a whole number.", 422),
        ({"session_idle_minutes": "120", "session_absolute_hours": "1"}, "longer than a session may last", 422),
        ({"default_currency": "yuan"}, "Use the three letters of a currency", 422),
        ({"time_zone": "Mars"}, "There is no time zone of the name Mars.", 422),
        ({"product_name": "x" * 41}, "Enter at most 40 characters.", 422),
        ({"product_name": "x", "version": "7"}, "Somebody changed this record", 409),
    ],
)
def test_a_setting_that_cannot_be(context: Flask, changes: dict[str, str], words: str, status: int) -> None:
    client = browser(context)
    response = send(client, "/settings", **settings_fields(**({"product_name": "Changed"} | changes)))
    assert response.status_code == status
    assert words in response.text
    settings.forget()
    assert settings.current() == settings.Settings()
    assert counts()["audit_entry"] == 0


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_everybody_sees_the_calendar_and_only_an_administrator_changes_it(context: Flask, role: Role) -> None:
    depot = add_depot()
    client = browser(context, role)
    page = client.get("/calendar?year=2026")
    assert page.status_code == 200
    assert "/calendar/days" not in page.text
    for address in ("/calendar/days", "/calendar/notice", "/depots", "/depots/new", f"/depots/{depot.id}", "/settings"):
        assert client.get(address).status_code == 403
    before = counts()
    token = hidden(page.text, "csrf_token")
    fields = {"csrf_token": token, "first": "2026-11-20", "status": "closed", "reason": "x", "depot": ""}
    session.rollback()
    assert client.post("/calendar/days", data=fields).status_code == 403
    assert client.post("/calendar/notice/import", data=fields).status_code == 403
    assert client.post("/settings", data=fields | settings_fields()).status_code == 403
    assert counts() == before
