"""QR codes, read back from pages, and their masks weighed by segno's own, independent rule."""

import pytest
import segno
from segno import encoder

from spares.pdf import qr as qr_module
from spares.pdf.page import Paper
from spares.pdf.qr import _number, _rows, penalty, qr
from tests.pdf.reading import codes, pages

URL = "https://spares.example.org/r/RMA-2026-{:06d}"


@pytest.mark.parametrize("text", ["SH-1", URL.format(7), "x" * 200, "返修单 𠮷"])
def test_it_is_read(text: str) -> None:
    paper = Paper()
    paper.sheet().qr(30, 30, 28, text)
    assert codes(pages(paper.finish("code", lambda sheet, number, count: None))[0]) == [("QRCode", text)]


@pytest.mark.parametrize("text", ["SH-1", "12345", URL.format(1), URL.format(2), "x" * 150])
def test_it_is_what_segno_draws_with_one_of_the_masks(text: str) -> None:
    side, rectangles = qr(text)
    dark = [(x + i, y + j) for x, y, width, height in rectangles for i in range(width) for j in range(height)]
    assert len(dark) == len(set(dark))
    drawn = [bytearray((x, y) in set(dark) for x in range(side)) for y in range(side)]
    assert drawn in [list(segno.make_qr(text, error="m", mask=mask).matrix) for mask in range(8)]


@pytest.mark.parametrize("length", [1, 5, 9, 20, 40, 60, 90, 120, 150, 200, 300])
def test_no_code_shows_what_was_drawn_before_it(length: int) -> None:
    """What the codes of one version share is taken from the first of them: no part of its data may be."""
    for first in ("a", "b", "c", "d"):
        qr_module._known.clear()
        qr_module.qr.cache_clear()
        qr(first * length)
        for text in ("w" * length, "x" * length, "yz" * (length // 2) or "y", "7" * length):
            assert drawn_by_segno(text), (first, text)


def drawn_by_segno(text: str) -> bool:
    """Whether our code is one of the eight that segno draws."""
    side, rectangles = qr(text)
    dark = {(x + i, y + j) for x, y, width, height in rectangles for i in range(width) for j in range(height)}
    drawn = [bytearray((x, y) in dark for x in range(side)) for y in range(side)]
    return drawn in [list(segno.make_qr(text, error="m", mask=mask).matrix) for mask in range(8)]


def test_the_penalty_is_segnos_and_the_best_mask_wins() -> None:
    for n in range(6):
        text = URL.format(n)
        matrices = [segno.make_qr(text, error="m", mask=mask).matrix for mask in range(8)]
        side = len(matrices[0])
        ours = [penalty(_number(matrix), side) for matrix in matrices]
        theirs = [sum(encoder.mask_scores(matrix, side, side)) for matrix in matrices]
        more = [ours[mask] - theirs[mask] for mask in range(8)]  # finders that overlap: segno counts one of them
        assert more.count(0) >= 4
        assert set(more) <= {0, 40, 80}
        drawn, best = qr(text)[1], matrices[ours.index(min(ours))]
        assert sum(width * height for _, _, width, height in drawn) == sum(map(sum, best))


def test_a_symbol_survives_its_number() -> None:
    matrix = segno.make_qr("SH-1", error="m").matrix
    assert _rows(_number(matrix), len(matrix)) == ["".join(map(str, row)) for row in matrix]
