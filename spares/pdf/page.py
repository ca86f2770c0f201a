"""Drawing on A4: a sheet collects PDF operators, a paper collects sheets and turns them into bytes.

Places are millimetres from the top left corner, type sizes are points, one scale for everything. ReportLab's document
layer writes the file; its canvas and its flowables are left out, since they spend most of a slip's time on work that
a form with a fixed layout does not need (`bench/slips.py` measures it).

Whatever is drawn as text is drawn literally: there is no markup to escape. The same calls give the same bytes:
ReportLab is told to write no time stamp.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

from reportlab import rl_config
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFDocument, PDFPage, PDFStream

from spares.pdf import codes
from spares.pdf.fonts import Glyphs, Subset, printable, width_of
from spares.pdf.qr import qr
from spares.pdf.wrap import wrap

A4 = (210.0, 297.0)
A4_LANDSCAPE = (297.0, 210.0)
PT = 72 / 25.4

TINY, SMALL, BODY, STRONG, LARGE, DUTY, HUGE = 6.5, 7.5, 9.5, 12.0, 18.0, 22.0, 34.0
GREY = 0.35  # dark enough to survive a bad copier
LEADING = 1.32  # of the type size

rl_config.invariant = 1  # no time stamp, no comments: the same document is the same bytes


def leading(size: float) -> float:
    """The distance between two baselines in mm."""
    return size * LEADING / PT


class Sheet:
    """One page being drawn."""

    def __init__(self, glyphs: Glyphs, size: tuple[float, float]) -> None:
        self.size = size
        self._glyphs = glyphs
        self._height = size[1] * PT
        self._ops: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = BODY,
        *,
        bold: bool = False,
        grey: float = 0,
        align: float = 0,
    ) -> float:
        """Draw one line with its baseline at y; `align` 0 starts, 0.5 centres, 1 ends it at x. Returns its width."""
        text = printable(text)
        if not text:
            return 0
        width = width_of(text, size)
        left = x * PT - width * align
        shown = self._glyphs.show(text, size)
        place = f"{left:.1f} {self._height - y * PT:.1f} Td "
        if bold:
            self._ops.append(f"q 2 Tr 1 j {size * 0.034:.2f} w BT {place}{shown} ET Q")
        elif grey:
            self._ops.append(f"{grey:g} g BT {place}{shown} ET 0 g")
        else:
            self._ops.append(f"BT {place}{shown} ET")
        return width / PT

    def lines(self, x: float, y: float, width: float, text: str, size: float = BODY, *, bold: bool = False) -> float:
        """Draw wrapped text, the first baseline at y; returns the height taken in mm (0 for nothing)."""
        wrapped = wrap(text, width * PT, size)
        for n, line in enumerate(wrapped):
            self.text(x, y + n * leading(size), line, size, bold=bold)
        return len(wrapped) * leading(size)

    def rule(self, x1: float, y1: float, x2: float, y2: float, width: float = 0.5, dash: str = "") -> None:
        """A straight line, `width` in points; `dash` is a PDF dash array such as "4 3"."""
        path = f"{x1 * PT:.2f} {self._height - y1 * PT:.2f} m {x2 * PT:.2f} {self._height - y2 * PT:.2f} l S"
        self._ops.append(f"q [{dash}] 0 d {width:g} w {path} Q" if dash else f"{width:g} w {path}")

    def box(self, x: float, y: float, width: float, height: float, line: float = 0.5) -> None:
        """An empty rectangle; y is its top."""
        self._ops.append(f"{line:g} w {self._rectangle(x, y, width, height)} S")

    def shade(self, x: float, y: float, width: float, height: float, grey: float = 0.92) -> None:
        """A filled rectangle without outline; draw it before what stands on it."""
        self._ops.append(f"{grey:g} g {self._rectangle(x, y, width, height)} f 0 g")

    def _rectangle(self, x: float, y: float, width: float, height: float) -> str:
        return f"{x * PT:.2f} {self._height - (y + height) * PT:.2f} {width * PT:.2f} {height * PT:.2f} re"

    def tick(self, x: float, y: float, side: float) -> None:
        """A tick in a square whose top left corner is x, y."""
        points = [(x + side * fx) * PT for fx in (0.2, 0.42, 0.82)]
        heights = [self._height - (y + side * fy) * PT for fy in (0.52, 0.78, 0.22)]
        (a, b, c), (d, e, f) = points, heights
        self._ops.append(f"1.4 w {a:.2f} {d:.2f} m {b:.2f} {e:.2f} l {c:.2f} {f:.2f} l S")

    def code128(self, x: float, y: float, height: float, text: str, module: float = codes.MODULE) -> None:
        """Bars from x on, `module` mm the narrowest, or nothing if the text cannot be a Code128; leave `codes.QUIET` modules
        free on both sides.

        Each bar is drawn a little narrower than it is, since ink spreads and renderers round a bar up to whole dots.
        """
        left, bottom = x * PT, self._height - (y + height) * PT
        thin = codes.SPREAD
        bars = " ".join(f"{at + thin / 2:g} 0 {width - thin:g} 1 re" for at, width in codes.code128(text))
        if bars:
            head = f"q {module * PT:.4f} 0 0 {height * PT:.2f} {left:.2f} {bottom:.2f} cm "
            self._ops.append(f"{head}{bars} f Q")

    def qr(self, x: float, y: float, side: float, text: str) -> None:
        """A QR code whose dark square is `side` mm wide; leave a fifth of that free around it as its quiet zone."""
        modules, rectangles = qr(text)
        unit = side / modules * PT
        head = f"q {unit:.4f} 0 0 {-unit:.4f} {x * PT:.2f} {self._height - y * PT:.2f} cm "
        self._ops.append(head + " ".join(f"{a} {b} {c} {d} re" for a, b, c, d in rectangles) + " f Q")

    def stream(self) -> bytes:
        """The page's operators, compressed."""
        return zlib.compress("\n".join(self._ops).encode("ascii"), 9)


class _Page(PDFPage):  # type: ignore[misc,unused-ignore]
    """What ReportLab's canvas would set on every page."""

    def __init__(self) -> None:
        super().__init__()
        self.Rotate, self.ExtGState, self._shadingUsed = 0, None, {}  # type: ignore[var-annotated]


Foot = Callable[[Sheet, int, int], None]
"""Draws the foot of a page: the sheet, its number, and how many there are."""


def together(title: str, parts: Sequence[Callable[[Paper], Foot]]) -> bytes:
    """Several documents in one file. Each keeps its own page numbers and begins on the front of a sheet, so that printing
    on both sides puts the pages of two documents on no one sheet."""
    paper = Paper()
    feet: list[tuple[Foot, int, int] | None] = []
    for draw_on in parts:
        if len(paper.sheets) % 2:
            paper.sheet()
            feet.append(None)
        before = len(paper.sheets)
        foot = draw_on(paper)
        count = len(paper.sheets) - before
        feet += [(foot, number, count) for number in range(1, count + 1)]

    def foot_of(sheet: Sheet, number: int, _count: int) -> None:
        own = feet[number - 1]
        if own is not None:
            foot, number_in_part, count = own
            foot(sheet, number_in_part, count)

    return paper.finish(title, foot_of)


class Paper:
    """A document of sheets of one size. `form` is a font subset made ready for the words that every copy carries."""

    def __init__(self, form: Subset | None = None, size: tuple[float, float] = A4) -> None:
        self.sheets: list[Sheet] = []
        self.size = size
        self._glyphs = Glyphs(form)

    def sheet(self) -> Sheet:
        """Begin a new page."""
        self.sheets.append(Sheet(self._glyphs, self.size))
        return self.sheets[-1]

    def finish(self, title: str, foot: Foot) -> bytes:
        """Call `foot(sheet, number, count)` on every page, now that the count is known, and write the file."""
        for number, sheet in enumerate(self.sheets, 1):
            foot(sheet, number, len(self.sheets))
        document = PDFDocument(compression=1, invariant=1, lang="zh-CN")
        document.setTitle(printable(title))
        document.setAuthor("")
        document.setSubject("")
        document.setCreator("")
        width, height = (round(side * PT, 2) for side in self.size)
        for sheet in self.sheets:
            page = _Page()
            page.Contents = PDFStream(PDFDictionary({"Filter": "/FlateDecode"}), sheet.stream())
            page.MediaBox = PDFArray([0, 0, width, height])
            document.addPage(page)
        self._glyphs.embed(document)
        data: bytes = document.GetPDFData(None)
        return data


def height_of(text: str | None, width: float, size: float = BODY) -> float:
    """The height in mm that `Sheet.lines` will take for the text."""
    return len(wrap(text or "", width * PT, size)) * leading(size)


def tallest(parts: Sequence[tuple[str | None, float, float]]) -> float:
    """The largest height of (text, width in mm, size) standing side by side."""
    return max((height_of(text, width, size) for text, width, size in parts), default=0)
