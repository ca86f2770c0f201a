"""The embedded font as dots, held against what pdfium draws from the same font."""

import pytest
from PIL import Image, ImageFilter

from spares.pdf.page import Paper
from spares.pdf.raster import Bitmap, bitmap
from tests.pdf.reading import pages


def image(drawn: Bitmap) -> Image.Image:
    found = Image.new("L", (drawn.width, len(drawn.rows)), 255)
    for y, row in enumerate(drawn.rows):
        for x in range(drawn.width):
            if row >> (drawn.width - 1 - x) & 1:
                found.putpixel((x, y), 0)
    return found


@pytest.mark.parametrize("text", ["备件库", "喆堃镕", "Ag%ÄéÅ", "〓“”…", "鑫龘"])
def test_it_looks_like_what_a_pdf_viewer_draws(text: str) -> None:
    size = 48
    drawn = bitmap(text, size)
    paper = Paper(size=(60.0, 20.0))
    paper.sheet().text(0, 12, text, 24)
    (page,) = pages(paper.finish("x", lambda *_: None), 144)
    top = round(12 / 25.4 * 144) - drawn.ascent
    viewed = page.crop((0, top, drawn.width, top + len(drawn.rows)))
    ours, theirs = image(drawn), viewed.point(lambda dot: 0 if dot < 128 else 255)
    for one, other in ((ours, theirs), (theirs, ours)):
        near = other.filter(ImageFilter.MinFilter(3))  # outlines differ by a dot at their edges
        dark = [place for place, dot in enumerate(one.tobytes()) if dot == 0]
        beside = near.tobytes()
        assert len(dark) > 300
        assert sum(beside[place] != 0 for place in dark) / len(dark) < 0.01


def test_blank_and_hidden_characters() -> None:
    assert not any(bitmap(" ", 24).rows)
    assert bitmap("", 24).width == 2
    assert bitmap("a\x00b", 24) == bitmap("ab", 24)
    assert bitmap("𠮷", 24) == bitmap("〓[U+20BB7]", 24)


def test_bold_is_wider_by_a_dot() -> None:
    plain, bold = bitmap("备", 24), bitmap("备", 24, bold=True)
    assert all(b & a == a for a, b in zip(plain.rows, bold.rows, strict=True))
    assert sum(map(int.bit_count, bold.rows)) > sum(map(int.bit_count, plain.rows))
