"""A table report on A4 landscape: title, repeated head, right-aligned numbers, wrapped cells, totals, page x of y."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spares.pdf.form import PAGE
from spares.pdf.page import A4_LANDSCAPE, BODY, LARGE, PT, SMALL, Paper, Sheet, leading
from spares.pdf.wrap import clip, wrap

LEFT, RIGHT, TOP, BOTTOM = 12.0, 285.0, 12.0, 196.0
WIDTH = RIGHT - LEFT
PAD = 1.2  # mm on each side of a cell's text
GAP = 1.8  # mm over and under a row's text together


@dataclass(frozen=True)
class Column:
    """A column's heading, its share of the width, and whether its cells are numbers, which end at its right edge."""

    title: str
    share: float = 1
    number: bool = False


@dataclass(frozen=True)
class Section:
    """A further table under a title of its own, such as the sums of the first one by something."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


def table_report(
    title_lines: Sequence[str],
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    totals: Sequence[Sequence[str]],
    footer: str,
    sections: Sequence[Section] = (),
) -> bytes:
    """The report as a PDF. Cells are texts that the caller has formatted, one for every column, else ValueError; a line
    break in a cell begins a new line there.

    The first title line is the heading, the others stand below it; `totals` are more rows, in bold, after the last;
    `sections` follow them; `footer` stands on every page beside page x of y. Words come from the caller, in his
    language; the page numbers are in both.
    """
    table = _Table(columns)
    table.titles(title_lines)
    for row in rows:
        table.row(row)
    for row in totals:
        table.row(row, bold=True)
    for section in sections:
        table.section(section)

    def foot(sheet: Sheet, number: int, count: int) -> None:
        sheet.rule(LEFT, BOTTOM + 2, RIGHT, BOTTOM + 2, 0.4)
        pages = f"{PAGE.zh.format(number, count)} / {PAGE.en.format(number, count)}"
        taken = sheet.text(RIGHT, BOTTOM + 6, pages, SMALL, align=1)
        sheet.text(LEFT, BOTTOM + 6, clip(footer, (WIDTH - taken - 6) * PT, SMALL), SMALL)

    return table.paper.finish(title_lines[0] if title_lines else "", foot)


class _Table:
    """Where the drawing stands."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = _shared_out(columns)
        self.paper = Paper(size=A4_LANDSCAPE)
        self.sheet = self.paper.sheet()
        self.y = TOP
        self.fresh = True  # nothing but headings on the page yet

    def titles(self, lines: Sequence[str]) -> None:
        for n, line in enumerate(lines):
            size = SMALL if n else LARGE
            self.y += leading(size) * 0.9
            self.y += self.sheet.lines(LEFT, self.y, WIDTH, line, size, bold=not n) - leading(size) * 0.9
        self.y += 2
        self.head()

    def section(self, section: Section) -> None:
        """The section's title and table; the title stays on one page with the headings and the first row."""
        self.columns = _shared_out(section.columns)
        taken = leading(BODY) + self.measure([column.title for column in section.columns])[1]
        if section.rows:
            taken += self.measure(section.rows[0])[1]
        self.y += 5
        if self.y + taken > BOTTOM:
            self.sheet = self.paper.sheet()
            self.y = TOP
        self.y += leading(BODY)
        self.sheet.text(LEFT, self.y - 1.2, section.title, BODY, bold=True)
        self.head()
        for row in section.rows:
            self.row(row)

    def head(self) -> None:
        """The headings, on a grey band."""
        cells = [column.title for column, _ in self.columns]
        wrapped, height = self.measure(cells)
        self.sheet.shade(LEFT, self.y, WIDTH, height)
        self.draw(wrapped, height, bold=True)
        self.sheet.rule(LEFT, self.y, RIGHT, self.y, 0.8)
        self.fresh = True

    def row(self, cells: Sequence[str], bold: bool = False) -> None:
        """One row, whole on this page or on the next; one that is taller than a page goes on there."""
        wrapped, height = self.measure(cells)
        while self.y + height > BOTTOM:
            if not self.fresh:
                self.sheet = self.paper.sheet()
                self.y = TOP
                self.head()
                continue
            fit = int((BOTTOM - self.y - GAP) / leading(SMALL))
            self.draw([lines[:fit] for lines in wrapped], fit * leading(SMALL) + GAP, bold)
            wrapped = [lines[fit:] for lines in wrapped]
            height = _height(wrapped)
        self.draw(wrapped, height, bold)
        self.sheet.rule(LEFT, self.y, RIGHT, self.y, 0.8 if bold else 0.25)

    def measure(self, cells: Sequence[str]) -> tuple[list[tuple[str, ...]], float]:
        """The cells' lines, and the height of the row."""
        wrapped = [
            tuple(line for part in cell.split("\n") for line in wrap(part, (width - 2 * PAD) * PT, SMALL))
            for cell, (_, width) in zip(cells, self.columns, strict=True)
        ]
        return wrapped, _height(wrapped)

    def draw(self, wrapped: Sequence[Sequence[str]], height: float, bold: bool) -> None:
        self.fresh = False
        x = LEFT
        for lines, (column, width) in zip(wrapped, self.columns, strict=True):
            for n, line in enumerate(lines):
                at = self.y + GAP / 2 + leading(SMALL) * (n + 0.78)
                if column.number:
                    self.sheet.text(x + width - PAD, at, line, SMALL, bold=bold, align=1)
                else:
                    self.sheet.text(x + PAD, at, line, SMALL, bold=bold)
            x += width
        self.y += height


def _shared_out(columns: Sequence[Column]) -> list[tuple[Column, float]]:
    shares = sum(column.share for column in columns)
    return [(column, WIDTH * column.share / shares) for column in columns]


def _height(wrapped: Sequence[Sequence[str]]) -> float:
    return max((len(lines) for lines in wrapped), default=1) * leading(SMALL) + GAP
