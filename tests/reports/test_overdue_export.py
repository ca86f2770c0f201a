"""The three exports say what the report says, to the cent, read back with independent readers."""

import csv
import io
from datetime import date, datetime

import openpyxl
import pytest
from flask import Flask
from pypdf import PdfReader

from spares.db import session, transaction
from spares.inventory.models import Part
from spares.reports import overdue_export
from spares.reports.overdue import Filters, OverdueReport, overdue_as_of
from spares.rma.deadlines import AgeingBucket
from tests.reports.making import SHANGHAI, local, lost_and_found, make_shop, sent_to

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


def test_what_was_lost_and_found_is_in_the_files_of_a_past_day(context: Flask) -> None:
    lost_and_found(make_shop(), "F1", lost="2026-11-20T09:00", told="2026-12-07T09:00")
    for day, serials in ((date(2026, 12, 4), []), (date(2026, 12, 8), ["F1"])):
        past = overdue_as_of(day, now=NOW)
        header, *rows, _total = list(
            csv.reader(io.StringIO(b"".join(overdue_export.as_csv(past, SHANGHAI)).decode("utf-8-sig")))
        )
        assert [row[header.index("Faulty serial")] for row in rows] == serials
        sheet = openpyxl.load_workbook(io.BytesIO(overdue_export.as_xlsx(past, SHANGHAI)))["Overdue returns"]
        column = [cell.value for cell in sheet[1]].index("Faulty serial")
        assert [
            row[column] for row in sheet.iter_rows(min_row=2, max_row=1 + len(serials), values_only=True)
        ] == serials


def test_xlsx(report: OverdueReport) -> None:
    book = openpyxl.load_workbook(io.BytesIO(overdue_export.as_xlsx(report, SHANGHAI)))
    assert book.sheetnames == ["Overdue returns", "By ageing", "By customer"]
    sheet = book["Overdue returns"]
    header, first, _, total, note = list(sheet.iter_rows(values_only=True))
    row = dict(zip(header, first, strict=True))
    assert row["Customer"] == "=甲公司"
    assert sheet["C2"].data_type == "s"
    assert row["Due"] == datetime(2026, 10, 27)  # noqa: DTZ001  a spreadsheet's date has no zone
    assert (row["Working days overdue"], row["Price at dispatch"]) == (33, 1234.56)
    assert dict(zip(header, total, strict=True))["Price at dispatch"] == 2469.12
    assert note[0] == "Filters: none; these are all overdue returns of that day."
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:Q3"
    by_customer = [row[:4] for row in book["By customer"].iter_rows(min_row=2, max_row=3, values_only=True)]
    assert by_customer == [("=甲公司", 1, 1234.56, "CNY"), ("乙公司", 1, 1234.56, "CNY")]


def test_pdf(report: OverdueReport) -> None:
    document = PdfReader(io.BytesIO(overdue_export.as_pdf(report, "示例服务公司", NOW)))
    text = "".join(page.extract_text() for page in document.pages)
    for words in ("Overdue returns as of 2026-12-11", "=甲公司", "CNY 1,234.56", "CNY 2,469.12", "Lines: 2", "F2"):
        assert words in text
    assert "2026-12-11 18:00" in text


@pytest.fixture
def partly_priced(context: Flask) -> None:
    """Two lines of two customers; the part had lost its price before the second was sent."""
    shop = make_shop()
    sent_to(shop, "甲公司", "F1", "2026-10-12T10:00", "2026-10-13")
    with transaction():
        session.get_one(Part, shop.part.id).price_minor = None
    sent_to(shop, "乙公司", "F2", "2026-11-23T10:00", "2026-11-24")


PART = "Filters: 乙公司 · 1–5 working days. They leave 1 of 2 overdue lines."


def only_yi() -> OverdueReport:
    everything = overdue_as_of(date(2026, 12, 11), now=NOW)
    (yi,) = (key for key, name in everything.customers.items() if name == "乙公司")
    chosen = Filters(customer_id=yi, bucket=AgeingBucket.UP_TO_5)
    return overdue_as_of(date(2026, 12, 11), chosen, now=NOW)


def pdf_lines(report: OverdueReport) -> list[str]:
    pages = PdfReader(io.BytesIO(overdue_export.as_pdf(report, "示例服务公司", NOW))).pages
    return [line for page in pages for line in page.extract_text().splitlines()]


def test_the_pdf_says_all_that_the_screen_says(partly_priced: None) -> None:
    lines = pdf_lines(overdue_as_of(date(2026, 12, 11), now=NOW))
    text = "\n".join(lines)
    for said in ("SW-24", "S1", "2026-10-13", "2026-10-27", "33", "Over 30 working days", "CS-000001", "RMA-000001"):
        assert said in text
    for row in (
        "Total Lines: 2 CNY 1,234.56",
        "Without a price Lines: 1 not in the total",
        "By ageing",
        "1–5 working days 1 1 –",
        "6–10 working days 0 0 –",
        "Over 30 working days 1 0 CNY 1,234.56",
        "By customer",
        "甲公司 1 0 CNY 1,234.56",
        "乙公司 1 1 –",
    ):
        assert row in lines


def test_a_part_of_the_report_says_so_on_every_paper_and_sheet(partly_priced: None) -> None:
    report = only_yi()
    lines = pdf_lines(report)
    assert lines[1] == PART
    assert not any("甲公司" in line for line in lines)
    book = openpyxl.load_workbook(io.BytesIO(overdue_export.as_xlsx(report, SHANGHAI)))
    for sheet in book.worksheets:
        assert [row[0] for row in sheet.iter_rows(values_only=True)][-1] == PART


def test_lines_without_a_price_are_counted_in_every_file(partly_priced: None) -> None:
    report = overdue_as_of(date(2026, 12, 11), now=NOW)
    text = b"".join(overdue_export.as_csv(report, SHANGHAI)).decode("utf-8-sig")
    *_, total, without = list(csv.reader(io.StringIO(text)))
    assert (total[:2], total[-2:]) == (["Total", "Lines: 2"], ["1234.56", "CNY"])
    assert (without[:2], without[-2:]) == (["Without a price", "Lines: 1"], ["", ""])
    book = openpyxl.load_workbook(io.BytesIO(overdue_export.as_xlsx(report, SHANGHAI)))
    *_, total_row, without_row, _ = list(book["Overdue returns"].iter_rows(values_only=True))
    assert (total_row[:2], total_row[-2:]) == (("Total", "Lines: 2"), (1234.56, "CNY"))
    assert (without_row[:2], without_row[-2:]) == (("Without a price", "Lines: 1"), (None, None))
    rows = book["By customer"].iter_rows(min_row=2, max_row=3, values_only=True)
    assert list(rows) == [("乙公司", 1, None, "", 1), ("甲公司", 1, 1234.56, "CNY", 0)]


def test_an_empty_report_is_a_table_with_its_total(context: Flask) -> None:
    make_shop()
    empty = overdue_as_of(date(2026, 12, 11), now=NOW)
    text = b"".join(overdue_export.as_csv(empty, SHANGHAI)).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(text))] == ["Case", "Total"]
    assert len(PdfReader(io.BytesIO(overdue_export.as_pdf(empty, "x", NOW))).pages) == 1
