import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from spares.sheets.money import Money
from spares.sheets.writing import Column, ColumnKind, Value, cell_value, harmless, write_csv, write_table_csv

ZONE = ZoneInfo("Asia/Shanghai")


def read_back(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def test_the_bytes_are_those_that_excel_reads() -> None:
    rows: list[list[Value]] = [["华为", 3, None], ['a "b"', Decimal("-1.50"), "x,y\nz"]]
    assert b"".join(write_csv(["厂商", "数量", "备注"], rows)) == (
        '\ufeff厂商,数量,备注\r\n华为,3,\r\n"a ""b""",-1.50,"x,y\nz"\r\n'.encode()
    )


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(sign: str) -> None:
    text = f'{sign}HYPERLINK("http://x")'
    assert harmless(text) == "'" + text
    assert read_back(b"".join(write_csv([text], [[text]]))) == [["'" + text], ["'" + text]]


@pytest.mark.parametrize("text", ["", "SN-1", "a=b", " =1", "'=1", "1-2"])
def test_other_text_is_left_alone(text: str) -> None:
    assert harmless(text) == text


def test_numbers_stay_numbers() -> None:
    row: list[Value] = [-5, Money(-123456, "CNY"), Money(-7, "JPY"), Decimal("-0.5"), date(2026, 11, 22)]
    assert read_back(b"".join(write_csv(list("abcde"), [row])))[1] == ["-5", "-1234.56", "-7", "-0.5", "2026-11-22"]


def test_a_long_table_comes_in_pieces() -> None:
    pieces = list(write_csv(["n"], ([number] for number in range(50_000))))
    assert len(pieces) == 6
    assert max(map(len, pieces)) < 70_000
    assert read_back(b"".join(pieces)) == [["n"], *([str(number)] for number in range(50_000))]


COLUMNS = [
    Column("rma", "RMA"),
    Column("days", "天数", ColumnKind.INT),
    Column("price", "价格", ColumnKind.MONEY),
    Column("due_on", "应返日", ColumnKind.DATE),
    Column("confirmed_at", "确认", ColumnKind.INSTANT),
]


def test_described_columns_are_written_in_the_depots_zone_with_totals() -> None:
    row = {
        "rma": "-RMA1",
        "days": 3,
        "price": Money(99, "CNY"),
        "due_on": date(2026, 12, 2),
        "confirmed_at": datetime(2026, 11, 20, 5, 59, 59, 999_999, UTC),
        "unlisted": "never shown",
    }
    totals = {"rma": "合计", "price": Money(99, "CNY")}
    assert read_back(b"".join(write_table_csv(COLUMNS, [row, {}], zone=ZONE, totals=totals))) == [
        ["RMA", "天数", "价格", "应返日", "确认"],
        ["'-RMA1", "3", "0.99", "2026-12-02", "2026-11-20 13:59:59"],
        ["", "", "", "", ""],
        ["合计", "", "0.99", "", ""],
    ]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (COLUMNS[0], 5),
        (COLUMNS[1], "5"),
        (COLUMNS[1], True),
        (COLUMNS[2], 5),
        (COLUMNS[3], datetime(2026, 11, 20, tzinfo=UTC)),
        (COLUMNS[4], date(2026, 11, 20)),
        (COLUMNS[4], datetime.fromisoformat("2026-11-20T10:00")),
    ],
)
def test_a_value_of_the_wrong_type_is_a_mistake_of_the_program(column: Column, value: object) -> None:
    with pytest.raises(TypeError, match=f"column {column.key} is of kind {column.kind}"):
        cell_value(column, value, ZONE)
