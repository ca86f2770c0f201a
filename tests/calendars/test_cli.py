"""The commands show a year, and import a notice whole or not at all."""

import csv
from datetime import date
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask

from spares.accounts.access import SYSTEM
from spares.calendars import queries, services
from spares.calendars.cli import calendar
from spares.calendars.models import DayStatus
from spares.db import transaction
from tests.calendars.making import add_depot, audit, counts
from tests.conftest import NOON

NOTICE = "day,status,name\n2027-01-01,off,元旦\n2027-02-20,work,春节调休\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(calendar, list(arguments))


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "2027.csv"
    path.write_text(NOTICE, encoding="utf-8")
    return path


def test_show_a_published_year(context: Flask) -> None:
    depot = add_depot()
    with transaction():
        services.set_day(depot.id, date(2026, 11, 20), DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    result = run("show", "--year", "2026", "--depot", "zz")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[:2] == [
        "2026  ZZ  郑州备件库",
        "Open 09:00-17:00, make-up days not worked. 241 working days.",
    ]
    assert "  2026-10-01 Thu  holiday  not worked  国庆节" in lines
    assert "  2026-10-10 Sat  make-up  not worked  调休上班" in lines
    assert "  2026-11-20 Fri  closed   not worked  盘点" in lines
    assert "November: 20 working days" in lines
    assert "PROVISIONAL" not in result.output


@time_machine.travel(NOON, tick=False)
def test_show_this_year_unless_told_and_say_when_it_is_provisional(context: Flask) -> None:
    add_depot()
    assert run("show").output.startswith("2026  ZZ")
    assert "PROVISIONAL: the notice of 2027 is not published (待国务院通知)." in run("show", "--year", "2027").output


def test_show_every_day_as_csv(context: Flask) -> None:
    depot = add_depot()
    with transaction():
        services.set_day(depot.id, date(2026, 11, 20), DayStatus.CLOSED, "=1+1", SYSTEM, NOON)
    rows = list(csv.DictReader(run("show", "--year", "2026", "--csv").output.splitlines()))
    assert len(rows) == 365
    assert sum(row["works"] == "yes" for row in rows) == 241
    assert rows[273] == {
        "day": "2026-10-01",
        "kind": "holiday",
        "works": "no",
        "name_zh": "国庆节",
        "name_en": "National Day",
        "reason": "",
    }
    assert rows[323]["reason"] == "'=1+1"


def test_show_says_what_it_cannot(context: Flask) -> None:
    assert run("show").output == "Error: There is no depot yet. An administrator adds the first one.\n"
    add_depot()
    for arguments, words in (
        (("--depot", "SH"), "There is no such depot."),
        (("--year", "1900"), "Choose a year from 2001 to 2100."),
    ):
        result = run("show", *arguments)
        assert (result.exit_code, result.output) == (1, f"Error: {words}\n")


def test_import_says_what_changes_and_again_changes_nothing(context: Flask, notice: Path) -> None:
    depot = add_depot()
    dry = run("import", str(notice), "--year", "2027", "--dry-run")
    assert dry.exit_code == 0
    assert "Nothing was imported: 2 days read" in dry.output
    assert counts()["year_notice"] == 0
    result = run("import", str(notice), "--year", "2027", "--source", "国办发明电〔2026〕7号")
    assert result.exit_code == 0
    assert "2027-02-20 Sat worked 春节调休\n" in result.output
    assert "2027-02-08 Mon worked\n" in result.output
    assert "Warning: 2027-05-01 is a statutory holiday, but the notice does not name it as off." in result.output
    assert result.output.splitlines()[-1].startswith("Imported the notice of 2027: 2 days, ")
    assert audit() == [("notice_imported", "calendar", {"year": 2027, "source": "国办发明电〔2026〕7号", "days": 2})]
    assert not queries.depot_calendar(depot).is_provisional(date(2027, 1, 1), date(2027, 1, 1))
    before = counts()
    again = run("import", str(notice), "--year", "2027")
    assert again.output.splitlines()[-1] == "The notice of 2027 was imported before; nothing changed."
    assert counts() == before


def test_import_refuses_a_bad_row_and_imports_nothing(context: Flask, notice: Path) -> None:
    notice.write_text(NOTICE + "2027-02-22,work,\n2027-01-01,off,元旦\n", encoding="utf-8")
    result = run("import", str(notice), "--year", "2027")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Error: The notice was not imported: these rows must be corrected first (2).",
        "Line 4: 2027-02-22 is a day from Monday to Friday, which is worked anyway; only weekend days can be make-up "
        "workdays.",
        "Line 5: 2027-01-01 stands in line 2 already.",
    ]
    assert set(counts().values()) == {0}


def test_import_needs_a_year_and_a_file(context: Flask, notice: Path) -> None:
    assert run("import", str(notice)).exit_code == 2
    assert run("import", "not-there.csv", "--year", "2027").exit_code == 2
