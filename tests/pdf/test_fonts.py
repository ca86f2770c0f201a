"""The vendored font, what it can draw, and what stands in for what it cannot."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pypdfium2
import pytest

from spares.pdf.fonts import FONT_FILE, outlines, printable, subset_of, width_of
from spares.pdf.page import Paper
from tests.pdf.reading import texts

FOLDER = files("spares").joinpath("fonts")


def test_vendored_files_are_the_listed_ones() -> None:
    lines = [line.split() for line in FOLDER.joinpath("SHA256SUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    assert sorted(listed) == [FONT_FILE, "OFL.txt"]
    for name, digest in listed.items():
        assert hashlib.sha256(FOLDER.joinpath(name).read_bytes()).hexdigest() == digest
    assert "SIL Open Font License" in FOLDER.joinpath("OFL.txt").read_text()


def test_names_and_every_gb2312_character_have_a_glyph() -> None:
    rows = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    characters = [char for row in rows if len(char := row.decode("gb2312", "ignore")) == 1]
    assert len(characters) == 6763
    missing = [char for char in [*characters, *"喆堃镕㐂㛃〓✂"] if char not in outlines().widths]
    assert missing == []


def test_no_glyph_is_a_composite_which_the_subset_would_break() -> None:
    font = outlines()
    starts = (font.glyf[at : at + 2] for at, end in zip(font.places, font.places[1:], strict=False) if end > at)
    assert all(start < b"\x80" for start in starts)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("王喆", "王喆"),
        ("𠮷", "〓[U+20BB7]"),
        ("a\r\nb\tc\u2028d\u00a0e\u3000f", "a b c d e f"),
        ("a\x00\x07\x1bb\x7f\x85", "ab"),
        ("\u202ea\u200bb\ufeff\ufe0f", "ab"),
        ("e\u0301", "é"),
        ("葛\U000e0100城", "葛城"),
        ("\ud800", "〓[U+D800]"),
        ("🙂", "〓[U+1F642]"),
        ("  ", ""),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_what_is_drawn(text: str, drawn: str) -> None:
    assert printable(text) == drawn
    assert printable(drawn) == drawn


def test_widths_are_in_points() -> None:
    assert width_of("备件", 10) == 20
    assert 5 < width_of("0", 10) < 6


def test_a_subset_does_not_depend_on_repeats() -> None:
    assert subset_of("备件备件库") == subset_of("备件库")
    assert subset_of("备件库").codes == {"备": "0001", "件": "0002", "库": "0003"}


def test_many_characters_of_one_document_are_all_read_back() -> None:
    characters = [chr(code) for code in range(0x4E00, 0x4E00 + 1500)]
    paper = Paper()
    sheet = paper.sheet()
    for n in range(0, 1500, 50):
        sheet.text(10, 10 + n / 10, "".join(characters[n : n + 50]))
    data = paper.finish("all", lambda sheet, number, count: None)
    assert "".join(texts(data)[0].split()) == "".join(characters)
    page = pypdfium2.PdfDocument(data)[0]
    assert "".join(page.get_textpage().get_text_range().split()) == "".join(characters)


def test_threads_draw_the_same_bytes() -> None:
    def draw(n: int) -> bytes:
        paper = Paper()
        paper.sheet().text(10, 10, f"备件库{n % 4}" + "郑州洛阳开封许昌"[n % 4 :])
        return paper.finish("t", lambda sheet, number, count: None)

    alone = [draw(n) for n in range(80)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(draw, range(80))) == alone
