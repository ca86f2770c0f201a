"""The three exports say what the report says, to the cent, read back with independent readers."""

import csv
import io
from datetime import date, datetime

import openpyxl
import pytest
from flask import Flask
from pypdf import PdfReader

from spares.reports import overdue_export
from spares.reports.overdue import OverdueReport, overdue_as_of
from tests.reports.making import SHANGHAI, local, make_shop, sent_to

NOW = local("2026-12-11T18:00")


@pytest.fixture
def report(context: Flask) -> OverdueReport:
    shop = make_shop()
    sent_to(shop, "=甲公司", "F1", "2026-10-12T10:00", "2026-10-13")
    sent_to(shop, "乙公司", "F2", "2026-11-23T10:00", "2026-11-24")
    return overdue_as_of(date(2026, 12, 11), now=NOW)


def test_csv(report: OverdueReport) -> None:
    text = b"".join(overdue_export.as_csv(report, SHANGHAI)).decode("utf-8-sig")
    header, first, second, total = list(csv.reader(io.StringIO(text)))
    assert header[:4] == ["Case", "RMA", "Customer", "Part owed"]
    row = dict(zip(header, first, strict=True))
    assert row["Customer"] == "'=甲公司"
    assert (row["Faulty serial"], row["Replacement serial"], row["Due"]) == ("F1", "S1", "2026-10-27")
    assert (row["Working days overdue"], row["Price at dispatch"], row["Currency"]) == ("33", "1234.56", "CNY")
    assert dict(zip(header, second, strict=True))["Working days overdue"] == "3"
    assert dict(zip(header, total, strict=True))["Price at dispatch"] == "2469.12"


def test_xlsx(report: OverdueReport) -> None:
    book = openpyxl.load_workbook(io.BytesIO(overdue_export.as_xlsx(report, SHANGHAI)))
    assert book.sheetnames == ["Overdue returns", "By ageing", "By customer"]
    sheet = book["Overdue returns"]
    header, first, _, total = list(sheet.iter_rows(values_only=True))
    row = dict(zip(header, first, strict=True))
    assert row["Customer"] == "=甲公司"
    assert sheet["C2"].data_type == "s"
    assert row["Due"] == datetime(2026, 10, 27)  # noqa: DTZ001  a spreadsheet's date has no zone
    assert (row["Working days overdue"], row["Price at dispatch"]) == (33, 1234.56)
    assert dict(zip(header, total, strict=True))["Price at dispatch"] == 2469.12
    assert sheet.freeze_panes == "A2"
    by_customer = [row[:4] for row in book["By customer"].iter_rows(min_row=2, values_only=True)]
    assert by_customer == [("=甲公司", 1, 1234.56, "CNY"), ("乙公司", 1, 1234.56, "CNY")]


def test_pdf(report: OverdueReport) -> None:
    document = PdfReader(io.BytesIO(overdue_export.as_pdf(report, "示例服务公司", NOW)))
    text = "".join(page.extract_text() for page in document.pages)
    for words in ("Overdue returns as of 2026-12-11", "=甲公司", "CNY 1,234.56", "CNY 2,469.12", "2 lines", "F2"):
        assert words in text
    assert "2026-12-11 18:00" in text


def test_an_empty_report_is_a_table_with_its_total(context: Flask) -> None:
    make_shop()
    empty = overdue_as_of(date(2026, 12, 11), now=NOW)
    text = b"".join(overdue_export.as_csv(empty, SHANGHAI)).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["Case", "Total"]
    assert len(PdfReader(io.BytesIO(overdue_export.as_pdf(empty, "x", NOW))).pages) == 1
