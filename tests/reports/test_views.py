"""The report's pages through the client: figures, filters, downloads, bad days."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from spares.accounts.models import Role
from tests.factories import make_user, sign_in
from tests.reports.making import make_shop, sent_to

NOW = datetime(2026, 12, 11, 10, 0, tzinfo=UTC)


@pytest.fixture
def finance(app: Flask) -> FlaskClient:
    with app.app_context():
        shop = make_shop()
        sent_to(shop, "<b>甲公司</b>", "F1", "2026-10-12T10:00", "2026-10-13")
        sent_to(shop, "乙公司", "F2", "2026-11-23T10:00", "2026-11-24")
        client = app.test_client()
        with time_machine.travel(NOW, tick=False):
            sign_in(client, make_user(Role.FINANCE))
    return client


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    with time_machine.travel(NOW, tick=False):
        answer = client.get(address, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def test_today_in_figures(finance: FlaskClient) -> None:
    text = page(finance, "/reports/overdue")
    assert "逾期未返还（截至 2026-12-11）" in text
    assert "CNY 2,469.12" in text
    assert "&lt;b&gt;甲公司&lt;/b&gt;" in text
    assert "<b>甲公司" not in text


def test_a_past_day_and_filters(finance: FlaskClient) -> None:
    text = page(finance, "/reports/overdue?as_of=2026-11-30")
    assert "F1" in text
    assert "F2" not in text
    assert "没有逾期" in page(finance, "/reports/overdue?as_of=2026-10-27")
    assert "F1" not in page(finance, "/reports/overdue?bucket=1-5")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("yesterday", "不是日期"),
        ("2026-13-01", "不是日期"),
        ("9999-12-31", "在将来"),
        ("2026-12-12", "在将来"),
        ("<i>", "&lt;i&gt;"),
        ("1900-01-01", "最早可截至 2001-01-01"),
        ("0001-01-01", "最早可截至 2001-01-01"),
    ],
)
def test_a_bad_day_is_explained(finance: FlaskClient, day: str, words: str) -> None:
    assert words in page(finance, f"/reports/overdue?as_of={day}", 422)
    page(finance, f"/reports/overdue/export.csv?as_of={day}", 422)


def test_a_refused_day_is_left_out_of_the_downloads_and_loses_no_filter(finance: FlaskClient) -> None:
    text = page(finance, "/reports/overdue?as_of=2026-12-12&state=not_sent&bucket=1-5", 422)
    assert "F2" in text
    assert "F1" not in text
    links = re.findall(r'href="(/reports/overdue/export[^"]*)"', text)
    assert links == [f"/reports/overdue/export.{kind}?state=not_sent&amp;bucket=1-5" for kind in ("csv", "xlsx", "pdf")]
    assert page(finance, unescape(links[0])).count("F2") == 1


def test_a_day_before_the_calendar_is_explained(finance: FlaskClient) -> None:
    page(finance, "/reports/overdue?as_of=0001-01-01", 422)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf"])
def test_downloads(finance: FlaskClient, kind: str) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = finance.get(f"/reports/overdue/export.{kind}?as_of=2026-12-11")
    assert answer.status_code == 200
    assert (
        "filename*=UTF-8''" in answer.headers["Content-Disposition"]
        or "filename=" in answer.headers["Content-Disposition"]
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "pdf": b"%PDF"}[kind] == answer.data[
        : {"csv": 3, "xlsx": 2, "pdf": 4}[kind]
    ]


def test_filters_that_leave_nothing_are_not_read_as_nothing_overdue(finance: FlaskClient) -> None:
    text = page(finance, "/reports/overdue?customer=1&bucket=1-5")
    assert "没有符合筛选条件的逾期" in text
    assert "全部逾期共 2 笔" in text
    assert "均已寄回" not in text
    assert '<option value="1" selected>&lt;b&gt;甲公司&lt;/b&gt;</option>' in text
    assert '<option value="2">乙公司</option>' in text


def test_a_customer_with_nothing_overdue_stays_chosen(finance: FlaskClient) -> None:
    text = page(finance, "/reports/overdue?as_of=2026-11-30&customer=2")
    assert '<option value="2" selected>乙公司</option>' in text
    assert "全部逾期共 1 笔" in text
    assert "均已寄回。可选择其他日期。" in page(finance, "/reports/overdue?as_of=2026-10-27")


def test_a_part_of_the_report_says_so_in_the_name_of_its_file(finance: FlaskClient) -> None:
    with time_machine.travel(NOW, tick=False):
        part = finance.get("/reports/overdue/export.csv?state=not_sent", headers={"Accept-Language": "en"})
        whole = finance.get(
            "/reports/overdue/export.csv?customer=999999&depot=999999", headers={"Accept-Language": "en"}
        )
    assert (
        part.headers["Content-Disposition"] == 'attachment; filename="Overdue returns 2026-12-11 (only Not sent).csv"'
    )
    assert whole.headers["Content-Disposition"] == 'attachment; filename="Overdue returns 2026-12-11.csv"'
    assert whole.get_data(as_text=True).count("SW-24") == part.get_data(as_text=True).count("SW-24") == 4


def test_the_figures_of_a_month(finance: FlaskClient) -> None:
    text = page(finance, "/reports/figures?month=2026-11")
    assert "2026-11 发货承诺" in text
    assert "100.0 %" in text
    assert page(finance, "/reports/figures?month=9999-99")
