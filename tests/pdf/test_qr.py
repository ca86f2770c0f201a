"""QR codes, read back from pages, and their masks weighed by segno's own, independent rule."""

import pytest
import segno
from segno import encoder

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
