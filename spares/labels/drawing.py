"""Labels as PDF: one a page of 100 x 50 mm for a label printer, or two by five on A4 label sheets."""

from collections.abc import Sequence

from spares.labels.layout import HEIGHT, WIDTH, Bars, Label, Rule, Square, Text
from spares.pdf.page import A4, Paper, Sheet

COLUMNS, ROWS = 2, 5
A_SHEET = COLUMNS * ROWS
LEFT, TOP = (A4[0] - COLUMNS * WIDTH) / 2, (A4[1] - ROWS * HEIGHT) / 2
"""The A4 grid in mm: labels touch each other, 5 mm free at the sides, 23.5 mm above and below."""


def on_roll(labels: Sequence[Label], title: str) -> bytes:
    """One label a page of its own size."""
    paper = Paper(size=(WIDTH, HEIGHT))
    for label in labels:
        _draw(paper.sheet(), label, 0, 0)
    return paper.finish(title, _no_foot)


def on_sheets(labels: Sequence[Label], title: str, *, start: int = 1) -> bytes:
    """On A4 label sheets, row by row; the first label at place `start` (1 to A_SHEET) of a partly used sheet."""
    paper, sheet = Paper(), None
    for place, label in enumerate(labels, start - 1):
        place %= A_SHEET
        if sheet is None or place == 0:
            sheet = paper.sheet()
        row, column = divmod(place, COLUMNS)
        _draw(sheet, label, LEFT + column * WIDTH, TOP + row * HEIGHT)
    return paper.finish(title, _no_foot)


def _no_foot(_sheet: Sheet, _number: int, _count: int) -> None:
    """A label has none."""


def _draw(sheet: Sheet, label: Label, dx: float, dy: float) -> None:
    for item in label.items():
        x, y = item.x + dx, item.y + dy
        match item:
            case Text():
                sheet.text(x, y, item.text, item.size, bold=item.bold)
            case Bars():
                sheet.code128(x, y, item.height, item.text, item.module)
            case Square():
                sheet.qr(x, y, item.side, item.text)
            case Rule():
                sheet.rule(x, y, x + item.width, y)
