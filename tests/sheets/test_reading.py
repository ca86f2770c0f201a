import csv
import io
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spares.errors import Invalid
from spares.sheets.reading import Limits, Sheet, open_sheet
from spares.sheets.writing import Column, write_csv
from spares.sheets.xlsx_writing import SheetSpec, write_xlsx
from tests.parts_lists import LISTS
from tests.sheets.factories import header, inline, parts, zipped

ALIASES = {"厂商": "manufacturer", "型号": "part_number"}


def refused(data: bytes, filename: str, **options: object) -> tuple[str, dict[str, object]]:
    with pytest.raises(Invalid) as refusal:
        list(open_sheet(data, filename, **options).rows())  # type: ignore[arg-type]
    return refusal.value.code, refusal.value.facts


def test_a_csv_file_is_understood_and_says_how() -> None:
    data = "厂商;型号 ;Qty\r\n华为;02311;3\r\n\r\n;;\r\n思科;WS-C;\r\n".encode("gbk")
    sheet = open_sheet(data, "备件.CSV", aliases=ALIASES, required=("part_number",))
    assert (sheet.kind, sheet.encoding, sheet.delimiter, sheet.sheet_name) == ("csv", "gb18030", ";", None)
    assert sheet.titles == ["厂商", "型号 ", "Qty"]
    assert sheet.header == ["manufacturer", "part_number", "qty"]
    expected = [
        (2, {"manufacturer": "华为", "part_number": "02311", "qty": "3"}, None),
        (5, {"manufacturer": "思科", "part_number": "WS-C", "qty": ""}, None),
    ]
    for _ in range(2):
        assert [(row.line, row.values, row.problem) for row in sheet.rows()] == expected


def test_a_workbook_is_understood_and_says_how() -> None:
    rows = header("厂商", "型号") + f'<row r="4">{inline("B4", "02311")}</row>'
    sheet = open_sheet(zipped(parts(rows)), "a.xlsx", aliases=ALIASES)
    assert (sheet.kind, sheet.encoding, sheet.delimiter, sheet.sheet_name) == ("xlsx", None, None, "备件")
    assert [(row.line, row.values) for row in sheet.rows()] == [(4, {"manufacturer": "", "part_number": "02311"})]


def test_rows_with_problems_are_told_apart_and_the_others_still_come() -> None:
    data = b"a,Long,,\n1,2,3,\n1,2,,\n1,123456\n1\n"
    first, *rest = _problems(open_sheet(data, "a.csv", limits=Limits(cell_length=5)))
    assert first == (2, ("too_many_cells", {"line": 2, "cells": 4, "columns": 2}), {"a": "1", "long": "2"})
    assert rest == [
        (3, None, {"a": "1", "long": "2"}),
        (4, ("cell_too_long", {"line": 4, "column": "Long", "length": 6, "limit": 5}), {"a": "1", "long": "12345"}),
        (5, None, {"a": "1", "long": ""}),
    ]


def _problems(sheet: Sheet) -> Iterator[tuple[int, tuple[str, dict[str, object]] | None, dict[str, str]]]:
    for row in sheet.rows():
        yield row.line, (row.problem.code, row.problem.facts) if row.problem else None, row.values


def test_a_problem_of_a_cell_names_its_column() -> None:
    rows = header("编号", "价格") + '<row r="2"><c r="A2"><v>7</v></c><c r="B2" t="e"><v>#N/A</v></c></row>'
    (row,) = _problems(open_sheet(zipped(parts(rows)), "a.xlsx"))
    assert row == (2, ("cell_error", {"line": 2, "column": "价格", "value": "#N/A"}), {"编号": "7", "价格": "#N/A"})


def test_a_header_cell_without_a_value_is_refused() -> None:
    rows = '<row r="1"><c r="A1"><f>B1</f></c></row>'
    assert refused(zipped(parts(rows)), "a.xlsx") == ("formula_without_value", {"line": 1, "column": "A", "cell": "A1"})


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)


@pytest.mark.parametrize(
    ("data", "filename", "code", "facts"),
    [
        (b"", "a.csv", "sheet_file_empty", {}),
        (b"x" * 1001, "a.csv", "sheet_file_too_large", {"size": 1001, "limit": 1000}),
        (b"a,b\n", "a.ods", "sheet_kind_unknown", {"found": ".ods", "allowed": [".csv", ".tsv", ".txt", ".xlsx"]}),
        (b"a,b\n", "noname", "sheet_kind_unknown", {"found": "", "allowed": [".csv", ".tsv", ".txt", ".xlsx"]}),
        (OLE, "a.xlsx", "xlsx_encrypted_or_xls", {}),
        (OLE, "a.xls", "xlsx_encrypted_or_xls", {}),
        (b"a,b\n", "a.xls", "xlsx_encrypted_or_xls", {}),
        (b"PK\x03\x04", "a.xlsm", "xlsx_macros", {}),
        (b"PK\x03\x04", "a.csv", "sheet_not_what_it_says", {"claimed": ".csv", "found": "zip"}),
        (b"a,b\n1,2\n", "a.xlsx", "sheet_not_what_it_says", {"claimed": ".xlsx", "found": "text"}),
        (b"PK\x03\x04", "a.xlsx", "xlsx_broken", {"part": "zip"}),
        (b"\xef\xbb\xbf \r\n;;\n\n", "a.csv", "sheet_empty", {}),
        (b"a,b\n1,2\n1,2\n1,2\n\n1,2", "a.csv", "sheet_too_long", {"limit": 3}),
        (b"a,b,c,d,e\n", "a.csv", "sheet_too_wide", {"columns": 5, "limit": 4}),
        (b"a,A \n", "a.csv", "columns_repeated", {"columns": ["a", "A"]}),
        (b"a,,c\n", "a.csv", "columns_untitled", {"columns": ["B"]}),
        (b'a,b\n1,"2\n', "a.csv", "csv_quotes_unbalanced", {"line": 2}),
    ],
)
def test_what_cannot_be_read_is_refused(data: bytes, filename: str, code: str, facts: dict[str, object]) -> None:
    assert refused(data, filename, limits=Limits(file_bytes=1000, rows=3, columns=4)) == (code, facts)


def test_missing_columns_are_named() -> None:
    found = refused("厂商,x\n".encode(), "a.csv", aliases=ALIASES, required=("part_number", "x", "qty"))
    assert found == ("columns_missing", {"columns": ["part_number", "qty"], "found": ["厂商", "x"]})


def test_a_hundred_thousand_rows_stream_through_little_memory() -> None:
    lines = ([f"SN{number:08}", "光模块 SFP-10G", "3", "2026-11-22"] for number in range(100_000))
    as_csv = b"".join(write_csv(["serial", "model", "qty", "day"], lines))
    columns = [Column("serial", "serial"), Column("model", "model")]
    values = ({"serial": f"SN{number:08}", "model": "光模块 SFP-10G"} for number in range(100_000))
    as_xlsx = write_xlsx([SheetSpec("x", columns, values)], zone=UTC)
    for data, name in ((as_csv, "a.csv"), (as_xlsx, "a.xlsx")):
        tracemalloc.start()
        sheet = open_sheet(data, name)
        count = sum(1 for row in sheet.rows() if row.values["model"] == "光模块 SFP-10G")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 100_000
        assert peak < 3_000_000, name


texts = st.text(st.characters(codec="gb18030", exclude_characters="\0\ufeff", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(texts, texts), max_size=8), st.sampled_from(["utf-8-sig", "gb18030", "utf-16"]))
def test_every_text_comes_back_from_csv(rows: list[tuple[str, str]], encoding: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("编号", "说明"), *rows])
    sheet = open_sheet(text.getvalue().encode(encoding), "a.csv")
    assert [tuple(row.values.values()) for row in sheet.rows()] == [row for row in rows if any(map(str.strip, row))]


@pytest.mark.parametrize("parts_list", LISTS)
def test_a_parts_list_is_read_to_its_last_row(parts_list: Callable[[], bytes]) -> None:
    sheet = open_sheet(parts_list(), "network_parts.csv", required=("manufacturer", "part_number"))
    rows = list(sheet.rows())
    assert (len(rows), rows[0].line, rows[-1].line) == (3769, 2, 3770)
    assert [row for row in rows if row.problem] == []
    keys = Counter((row.values["manufacturer"], row.values["part_number"]) for row in rows if row.values["part_number"])
    assert (sum(keys.values()), len(keys)) == (3769 - 459, 3293)


@pytest.mark.parametrize("parts_list", LISTS)
def test_a_parts_list_reads_the_same_in_every_form(parts_list: Callable[[], bytes]) -> None:
    data = parts_list()
    original = open_sheet(data, "a.csv")
    expected = [(row.line, row.values) for row in original.rows()]
    workbook = write_xlsx(
        [SheetSpec("x", [Column(key, key) for key in original.header], (values for _, values in expected))], zone=UTC
    )
    others = {
        "gbk.csv": data.decode().encode("gb18030"),
        "utf16.csv": data.decode().encode("utf-16"),
        "bom.csv": b"\xef\xbb\xbf" + data,
        "book.xlsx": workbook,
    }
    for name, other in others.items():
        assert [(row.line, row.values) for row in open_sheet(other, name).rows()] == expected, name
