import io
import tracemalloc
from datetime import date, datetime, timedelta

import openpyxl
import pytest

from spares.errors import Invalid
from spares.sheets.rows import CellProblem, Limits
from spares.sheets.xlsx_source import XlsxSource
from tests.sheets.factories import STRICT, header, inline, parts, zipped


def source(rows: str, **options: str) -> XlsxSource:
    return XlsxSource(zipped(parts(rows, **options)), Limits())


def cells(row: str, **options: str) -> list[str]:
    (only,) = source(f'<row r="1">{row}</row>', **options).raw_rows()
    assert only.problem is None
    return list(only.cells)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1"><v>123</v></c>', "123"),
        ('<c r="A1"><v>123.0</v></c>', "123"),
        ('<c r="A1"><v>-0</v></c>', "0"),
        ('<c r="A1"><v>123456789012345</v></c>', "123456789012345"),
        ('<c r="A1"><v>1.23456789012345E14</v></c>', "123456789012345"),
        ('<c r="A1"><v>1E3</v></c>', "1000"),
        ('<c r="A1"><v>0.10000000000000001</v></c>', "0.1"),
        ('<c r="A1"><v>1.5000</v></c>', "1.5"),
        ('<c r="A1" s="3"><v>123</v></c>', "00123"),
        ('<c r="A1" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="A1" t="b"><v>0</v></c>', "FALSE"),
        ('<c r="A1" s="1"><v>46348</v></c>', "2026-11-22"),
        ('<c r="A1" s="2"><v>46348.58333333333</v></c>', "2026-11-22T14:00:00"),
        ('<c r="A1" s="2"><v>46348.583321759259</v></c>', "2026-11-22T13:59:59"),
        ('<c r="A1" s="2"><v>0.5</v></c>', "12:00:00"),
        ('<c r="A1" s="4"><v>1.5</v></c>', "36:00:00"),
        ('<c r="A1" t="d"><v>2026-11-22</v></c>', "2026-11-22"),
        ('<c r="A1" t="str"><f>A2&amp;"x"</f><v>cached</v></c>', "cached"),
        ('<c r="A1"><f>1+1</f><v>2</v></c>', "2"),
        (inline("A1", "a_x000D__x005F_b"), "a\r_b"),
        ('<c r="A1" t="inlineStr"><is><r><t>光</t></r><r><t>模块</t></r></is></c>', "光模块"),
        ('<c r="A1" t="s"><v>0</v></c>', "交换机"),
        ('<c t="s"><v>1</v></c>', "備品 two"),
    ],
)
def test_a_cell_reads_as_people_see_it(cell: str, text: str) -> None:
    strings = (
        "<si><t>交换机</t></si>"
        '<si><r><t>備品</t></r><r><t xml:space="preserve"> two</t></r><rPh sb="0" eb="2"><t>ビヒン</t></rPh></si>'
    )
    assert cells(cell, strings=strings) == [text]


def test_the_old_macintosh_calendar_is_honoured() -> None:
    assert cells('<c r="A1" s="1"><v>44886</v></c>', properties='<workbookPr date1904="1"/>') == ["2026-11-22"]


def test_the_strict_dialect_is_read() -> None:
    assert cells(inline("A1", "x"), namespace=STRICT) == ["x"]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ('<c r="A1"><f>NOW()</f></c>', ("formula_without_value", {"cell": "A1"})),
        ('<c r="A1"><f>NOW()</f><v></v></c>', ("formula_without_value", {"cell": "A1"})),
        ('<c r="A1" t="e"><v>#N/A</v></c>', ("cell_error", {"value": "#N/A"})),
        ('<c r="A1" s="1"><v>99999999</v></c>', ("cell_date_impossible", {"value": "99999999"})),
        ('<c r="A1"><v>1.23456789012345E19</v></c>', ("number_digits_lost", {"value": "1.23456789012345E19"})),
    ],
)
def test_a_cell_without_a_trustworthy_value_is_a_problem_of_its_row(cell: str, problem: tuple[str, object]) -> None:
    (row,) = source(f'<row r="1">{cell}</row>').raw_rows()
    assert row.problem == CellProblem(0, *problem)


def test_an_empty_result_of_a_text_formula_is_no_problem() -> None:
    rows = list(source('<row r="1"><c r="A1" t="str"><f>""</f><v></v></c></row>').raw_rows())
    assert [row for row in rows if row.problem] == []


def test_rows_and_cells_that_are_left_out_keep_the_numbers_of_the_others() -> None:
    rows = source(header("a") + '<row r="7">' + inline("C7", "x") + '</row><row r="1048576"><c><v>1</v></c></row>')
    assert [(row.line, row.cells) for row in rows.raw_rows()] == [(1, ["a"]), (7, ["", "", "x"]), (1_048_576, ["1"])]


def test_a_cell_far_to_the_right_costs_no_more_than_the_limit() -> None:
    (row,) = source('<row r="1"><c r="XFD1"><v>1</v></c></row>').raw_rows()
    assert len(row.cells) == Limits().columns + 2


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"></row><row r="1"></row>',
        '<row r="1048577"></row>',
        '<row r="x"></row>',
        '<row r="1"><c r="B1"/><c r="A1"/></row>',
        '<row r="1"><c r="A2"/></row>',
        '<row r="1"><c r="ZZZ1"/></row>',
        '<row r="1"><c r="A1" t="s"><v>5</v></c></row>',
        '<row r="1"><c r="A1" t="s"><v>-1</v></c></row>',
        '<row r="1"><c r="A1"><v>nonsense</v></c></row>',
        '<row r="1"><c r="A1"><v>nan</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></row>',
        "<row>&unknown;</row>",
    ],
)
def test_a_sheet_that_is_not_well_formed_is_refused(rows: str) -> None:
    with pytest.raises(Invalid) as refusal:
        list(source(rows).raw_rows())
    assert (refusal.value.code, refusal.value.facts) == ("xlsx_broken", {"part": "xl/worksheets/sheet1.xml"})


@pytest.mark.parametrize("part", ["xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_a_missing_part_is_refused(part: str) -> None:
    with pytest.raises(Invalid) as refusal:
        list(
            XlsxSource(
                zipped({name: content for name, content in parts("").items() if name != part}), Limits()
            ).raw_rows()
        )
    assert (refusal.value.code, refusal.value.facts) == ("xlsx_broken", {"part": part})


def test_the_first_visible_sheet_is_read_and_named() -> None:
    sheets = '<sheet name="秘" sheetId="1" state="hidden" r:id="rId1"/><sheet name="二" sheetId="2" r:id="rId2"/>'
    read = source(header("first"), sheets=sheets)
    assert (read.sheet_name, [row.cells for row in read.raw_rows()]) == ("二", [["second"]])
    with pytest.raises(Invalid) as refusal:
        source("", sheets='<sheet name="秘" sheetId="1" state="veryHidden" r:id="rId1"/>')
    assert refusal.value.code == "xlsx_no_visible_sheet"


def test_a_workbook_by_another_program_reads_the_same() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "库存"
    sheet.append(["编号", "数量", "日期", "时刻", "比例", "真", "合并"])
    sheet.append(["00042", 7, date(2026, 11, 22), datetime.fromisoformat("2026-11-22T13:59:59"), 0.25, True, "m"])
    sheet.append(["=1+1", 10**14, date(9999, 12, 31), timedelta(hours=30), -1.5, False, None])
    sheet.merge_cells("G2:G3")
    output = io.BytesIO()
    book.save(output)
    read = XlsxSource(output.getvalue(), Limits())
    first, second, third = read.raw_rows()
    assert (read.sheet_name, first.cells) == ("库存", ["编号", "数量", "日期", "时刻", "比例", "真", "合并"])
    assert second.cells == ["00042", "7", "2026-11-22", "2026-11-22T13:59:59", "0.25", "TRUE", "m"]
    assert third.problem == CellProblem(0, "formula_without_value", {"cell": "A3"})


def test_blank_rows_by_the_hundred_thousand_take_no_memory_and_hide_nothing() -> None:
    blank = "".join(f'<row r="{line}"><c r="A{line}" s="1"/></row>' for line in range(2, 100_001))
    last = '<row r="1048576">' + inline("A1048576", "last") + "</row>"
    dimension = '<dimension ref="A1:XFD1048576"/>'
    read = XlsxSource(zipped(parts(header("a") + blank + last, before_data=dimension)), Limits())
    tracemalloc.start()
    rows = [(row.line, row.cells) for row in read.raw_rows()]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == [(1, ["a"]), (1_048_576, ["last"])]
    assert peak < 1_000_000
