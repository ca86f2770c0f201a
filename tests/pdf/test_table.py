"""The table report, read back."""

import re

import pytest

from spares.pdf.table import Column, table_report
from tests.pdf.reading import embedded_fonts, flat, pages, texts

COLUMNS = [Column("服务单", 2), Column("客户", 3), Column("金额", 1, number=True)]


def report(rows: list[tuple[str, str, str]]) -> bytes:
    titles = ["逾期未返还", "截至 2026-11-22"]
    return table_report(titles, COLUMNS, rows, [("合计", "", "1,234.50")], "郑州备件库")


def test_titles_heads_cells_totals_and_footer_are_there() -> None:
    (text,) = texts(report([("CS-1", "洛阳示例银行", "1,234.50")]))
    lines = ["".join(line.split()) for line in text.splitlines()]
    assert lines[:4] == ["逾期未返还", "截至2026-11-22", "服务单客户金额", "CS-1洛阳示例银行1,234.50"]
    assert "".join(lines[4:]) == "合计1,234.50第1页共1页/Page1of1郑州备件库"


def test_two_hundred_rows_each_once_in_order_with_heads_and_page_numbers() -> None:
    written = texts(report([(f"CS-{n:04d}", "<b>客户</b>𠮷", str(n)) for n in range(200)]))
    assert len(written) > 4
    for number, text in enumerate(written, 1):
        assert "服务单" in text
        assert f"Page {number} of {len(written)}" in text
    assert re.findall(r"CS-\d{4}", "".join(written)) == [f"CS-{n:04d}" for n in range(200)]
    assert flat(report([("a", "<b>客户</b>𠮷", "1")])).count("<b>客户</b>〓[U+20BB7]") == 1


def test_a_cell_taller_than_a_page_goes_on_and_nothing_is_lost() -> None:
    words = "".join(f"{n:05d}号" for n in range(1500))
    data = report([("CS-1", words, "1"), ("CS-2", "乙", "2")])
    assert len(texts(data)) == 3
    assert re.findall(r"\d{5}(?=号)", flat(data)) == [f"{n:05d}" for n in range(1500)]
    assert embedded_fonts(data) == {"/AAAAAB+NotoSansSC"}
    assert pages(data, 72)[0].size == (842, 596)


def test_a_short_row_is_refused() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer"):
        table_report(["x"], COLUMNS, [("only", "two")], [], "")


def test_no_rows_is_a_report_too() -> None:
    assert "服务单" in flat(table_report(["空"], COLUMNS, [], [], ""))
