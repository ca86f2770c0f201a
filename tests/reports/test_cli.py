"""`spares report overdue`: the same report as the screen's, in a chosen language, with the screen's filters."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from spares.accounts.models import Role
from spares.errors import NotFound
from spares.reports.cli import report
from tests.factories import make_user, sign_in
from tests.reports.making import make_shop, sent_to

NOW = datetime(2026, 12, 11, 10, 0, tzinfo=UTC)


@pytest.fixture
def finance(app: Flask) -> FlaskClient:
    with app.app_context():
        shop = make_shop()
        sent_to(shop, "甲公司", "F1", "2026-10-12T10:00", "2026-10-13")
        sent_to(shop, "乙公司", "F2", "2026-11-23T10:00", "2026-11-24")
        client = app.test_client()
        with time_machine.travel(NOW, tick=False):
            sign_in(client, make_user(Role.FINANCE))
    return client


def run(client: FlaskClient, *arguments: str) -> Result:
    with time_machine.travel(NOW, tick=False), client.application.app_context():
        return CliRunner().invoke(report, ["overdue", *arguments])


def downloaded(client: FlaskClient, query: str, language: str = "en") -> bytes:
    with time_machine.travel(NOW, tick=False):
        return client.get(f"/reports/overdue/export.csv?{query}", headers={"Accept-Language": language}).data


@pytest.mark.parametrize(
    ("arguments", "query", "serials"),
    [
        ((), "", ["F1", "F2"]),
        (("--customer", "乙公司"), "customer=2", ["F2"]),
        (("--customer", "K1"), "customer=1", ["F1"]),
        (("--depot", "zz"), "depot=1", ["F1", "F2"]),
        (("--ageing", "1-5"), "bucket=1-5", ["F2"]),
        (("--ageing", "over_30"), "bucket=over_30", ["F1"]),
        (("--state", "not_sent"), "state=not_sent", ["F1", "F2"]),
        (("--state", "late_on_its_way"), "state=late_on_its_way", []),
        (("--as-of", "2026-11-30"), "as_of=2026-11-30", ["F1"]),
    ],
)
def test_the_filters_are_the_screens(
    finance: FlaskClient, arguments: tuple[str, ...], query: str, serials: list[str]
) -> None:
    result = run(finance, "--language", "en", *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes == downloaded(finance, query)
    text = result.stdout_bytes.decode("utf-8-sig")
    assert [serial for serial in ("F1", "F2") if f",{serial}," in text] == serials


def test_the_language_is_chosen_or_that_of_the_environment(
    finance: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chinese, english = downloaded(finance, "", "zh-CN"), downloaded(finance, "")
    assert chinese != english
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert run(finance).stdout_bytes == chinese
    assert run(finance, "--language", "en").stdout_bytes == english
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert run(finance).stdout_bytes == english
    assert run(finance, "--language", "zh").stdout_bytes == chinese
    written = tmp_path / "overdue.pdf"
    result = run(finance, "--language", "zh", "--format", "pdf", "--output", str(written))
    assert (result.exit_code, result.stdout) == (0, f"{written}: 2 lines\n")
    assert written.read_bytes().startswith(b"%PDF-")


def test_a_filter_that_names_nothing_is_refused(finance: FlaskClient) -> None:
    for arguments, code in ((("--customer", "丙公司"), "customer_unknown"), (("--depot", "BJ"), "no_such_depot")):
        result = run(finance, *arguments)
        assert isinstance(result.exception, NotFound)
        assert (result.exception.code, result.stdout) == (code, "")
    for arguments in (("--state", "running"), ("--ageing", "7"), ("--language", "fr"), ("--format", "pdf")):
        assert run(finance, *arguments).exit_code == 2


@pytest.mark.parametrize("day", ["yesterday", "2026-12-12", "2000-12-31", "9999-12-31"])
def test_a_bad_day_is_refused(finance: FlaskClient, day: str) -> None:
    result = run(finance, "--as-of", day)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--as-of" in result.stderr


def test_the_table_can_be_read_by_a_program(finance: FlaskClient) -> None:
    rows = list(csv.reader(io.StringIO(run(finance, "--language", "en").stdout_bytes.decode("utf-8-sig"))))
    assert len({len(row) for row in rows if len(row) > 2}) == 1
