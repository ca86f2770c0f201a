"""Codes, checked against an independent reader and against ReportLab's own encoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.graphics.barcode.code128 import Code128Auto

from spares.pdf.codes import QUIET, code128, code128_modules, qr
from spares.pdf.page import Paper
from tests.pdf.reading import codes, pages


def read(draw: str, text: str) -> list[tuple[str, str]]:
    paper = Paper()
    sheet = paper.sheet()
    if draw == "qr":
        sheet.qr(30, 30, 28, text)
    else:
        sheet.code128(20, 30, 10, text)
    return codes(pages(paper.finish("code", lambda sheet, number, count: None))[0])


@pytest.mark.parametrize(
    "text", ["SH-20261120-0007", "1234", "12345", "A1234", "A123456B", "12", "9", "~ !", "S" * 30, "00A000000A0000"]
)
def test_code128_is_read(text: str) -> None:
    assert read("code128", text) == [("Code128", text)]


@pytest.mark.parametrize("text", ["", "备件", "a\tb", "é"])
def test_what_code128_cannot_carry_is_not_drawn(text: str) -> None:
    assert code128(text) == ()
    assert code128_modules(text) == 0


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_a_symbol_is_never_longer_than_reportlabs(text: str) -> None:
    theirs = Code128Auto(text, barWidth=1, quiet=0)
    theirs.validate()
    theirs.encode()
    theirs.decompose()
    theirs.computeSize()
    assert code128_modules(text) - 2 * QUIET <= theirs.width


@pytest.mark.parametrize("text", ["SH-1", "https://spares.example.org/r/RMA-2026-000123", "x" * 200])
def test_qr_is_read(text: str) -> None:
    assert read("qr", text) == [("QRCode", text)]


def test_qr_rectangles_do_not_overlap() -> None:
    side, rectangles = qr("https://spares.example.org/r/RMA-2026-000123")
    dark = [(x + i, y + j) for x, y, width, height in rectangles for i in range(width) for j in range(height)]
    assert len(dark) == len(set(dark))
    assert max(max(place) for place in dark) == side - 1
