import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from spares.errors import Invalid
from spares.sheets import xlsx_writing
from spares.sheets.money import Money
from spares.sheets.reading import open_sheet
from spares.sheets.writing import Column, ColumnKind
from spares.sheets.xlsx_writing import SheetSpec, sheet_name, write_xlsx

ZONE = ZoneInfo("Asia/Shanghai")
COLUMNS = [
    Column("rma", "RMA 编号"),
    Column("days", "天数", ColumnKind.INT, width=9),
    Column("price", "发货时价格", ColumnKind.MONEY),
    Column("due_on", "应返日", ColumnKind.DATE),
    Column("confirmed_at", "故障确认", ColumnKind.INSTANT),
]
ROW = {
    "rma": "=1+1",
    "days": -3,
    "price": Money(123456, "CNY"),
    "due_on": date(2026, 12, 2),
    "confirmed_at": datetime(2026, 11, 20, 5, 59, 59, tzinfo=UTC),
}


def book(*rows: dict[str, Any], totals: dict[str, Any] | None = None, columns: list[Column] = COLUMNS) -> bytes:
    return write_xlsx([SheetSpec("逾期未返还", columns, rows, [totals] if totals else ())], zone=ZONE)


def sheet_of(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]


def stored(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


def test_cells_have_types_and_formats() -> None:
    sheet = sheet_of(book(ROW, {}, totals={"rma": "合计", "price": Money(123456, "CNY")}))
    assert sheet.title == "逾期未返还"
    assert [cell.value for cell in sheet[1]] == ["RMA 编号", "天数", "发货时价格", "应返日", "故障确认"]
    shown = [(cell.value, cell.data_type, cell.number_format) for cell in sheet[2]]
    assert shown == [
        ("=1+1", "s", "General"),
        (-3, "n", "0"),
        (1234.56, "n", "[$CNY] #,##0.00"),
        (datetime.fromisoformat("2026-12-02"), "d", "yyyy-mm-dd"),
        (datetime.fromisoformat("2026-11-20T13:59:59"), "d", "yyyy-mm-dd hh:mm:ss"),
    ]
    assert [cell.value for cell in sheet[3]] == [None] * 5
    assert [cell.value for cell in sheet[4]] == ["合计", None, 1234.56, None, None]
    assert [cell.font.b for cell in sheet[4]] == [True] * 5
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:E3")
    assert "<f>" not in stored(book(ROW))


def test_columns_are_as_wide_as_their_content_and_chinese_counts_double() -> None:
    sheet = sheet_of(book({"rma": "中文说明" * 5}, {"rma": "x" * 500}))
    widths = [round(sheet.column_dimensions[letter].width) for letter in "ABC"]
    assert widths == [61, 10, 14]
    narrow = sheet_of(book({"rma": "中文说明" * 5}))
    assert round(narrow.column_dimensions["A"].width) == 43


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1, "CNY", "0.01"),
        (29, "CNY", "0.29"),
        (-110, "CNY", "-1.10"),
        (999_999_999_999_999, "CNY", "9999999999999.99"),
        (123_456_789_012_345, "JPY", "123456789012345"),
        (123_456_789_012_341, "KWD", "123456789012.341"),
    ],
)
def test_every_cent_survives_to_fifteen_digits(minor: int, currency: str, text: str) -> None:
    data = book({"price": Money(minor, currency)})
    assert re.findall(r'<c r="C2" s="\d+"><v>([^<]*)</v></c>', stored(data)) == [text]
    (row,) = open_sheet(data, "a.xlsx").rows()
    assert Decimal(row.values["发货时价格"]) == Decimal(text) == Money(minor, currency).as_decimal()
    assert Decimal(repr(sheet_of(data)["C2"].value)) == Decimal(text)


def test_what_a_spreadsheet_cannot_hold_is_written_as_text() -> None:
    big = {"price": Money(1_234_567_890_123_456, "CNY"), "days": 10**15, "due_on": date(1899, 12, 31)}
    cells = sheet_of(book(big, {"rma": "长" * 40_000}))
    assert [cell.value for cell in cells[2]] == [None, "1000000000000000", "12345678901234.56", "1899-12-31", None]
    assert cells["A3"].value == "长" * 32_766 + "…"


def test_the_last_days_of_the_calendar_hold() -> None:
    (row,) = open_sheet(book({"due_on": date(9999, 12, 31), "rma": "x_x0041_y"}), "a.xlsx").rows()
    assert (row.values["应返日"], row.values["rma_编号"]) == ("9999-12-31", "x_x0041_y")


def test_a_table_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_writing, "_SHEET_ROWS", 3)
    book(ROW, ROW)
    with pytest.raises(Invalid) as refusal:
        book(ROW, ROW, ROW)
    assert (refusal.value.code, refusal.value.facts) == ("export_too_long", {"limit": 3})


def test_several_sheets_get_names_of_their_own() -> None:
    specs = [SheetSpec(name, COLUMNS, [ROW]) for name in ("a/b", "A?B", "History", "")]
    names = openpyxl.load_workbook(io.BytesIO(write_xlsx(specs, zone=ZONE))).sheetnames
    assert names == ["a b", "A B 2", "History 1", "1"]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("'[Q1]: 逾期*?'", "Q1   逾期"),
        ("x" * 40, "x" * 31),
        ("库" * 40, "库" * 31),
        ("x" * 30 + "𠮷", "x" * 30),
        ("a\nb\x00c", "a b c"),
    ],
)
def test_a_sheets_name_is_made_fit(wanted: str, name: str) -> None:
    assert sheet_name(wanted) == name


def test_a_taken_name_gets_a_number_within_the_length() -> None:
    assert sheet_name("x" * 31, taken=["X" * 31, "x" * 29 + " 2"]) == "x" * 29 + " 3"
