"""Code128, checked against an independent reader and against ReportLab's own encoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.graphics.barcode.code128 import Code128Auto

from spares.pdf.codes import QUIET, code128, code128_modules
from spares.pdf.page import Paper
from tests.pdf.reading import codes, pages


def read(text: str) -> list[tuple[str, str]]:
    paper = Paper()
    paper.sheet().code128(20, 30, 10, text)
    return codes(pages(paper.finish("code", lambda sheet, number, count: None))[0])


@pytest.mark.parametrize(
    "text", ["SH-20261120-0007", "1234", "12345", "A1234", "A123456B", "12", "9", "~ !", "S" * 30, "00A000000A0000"]
)
def test_code128_is_read(text: str) -> None:
    assert read(text) == [("Code128", text)]


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
