"""What stands where on a label of 100 x 50 mm; drawn as PDF by `drawing` and as ZPL by `zpl`, which thereby say the same.

Words arrive in the reader's language. A code is placed only where it can be read: bars in one of three widths that whole dots
of a label printer give, else none and a larger QR code, which always carries the same; a QR code whose squares would be too
small says less, or is left out. All places are millimetres from the label's top left corner."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from spares.labels.scan_reading import OWN_PATH
from spares.pdf import codes
from spares.pdf.fonts import printable, width_of
from spares.pdf.page import PT
from spares.pdf.qr import qr
from spares.pdf.wrap import clip, wrap

WIDTH, HEIGHT = 100.0, 50.0
EDGE = 3.0
MODULES = (0.375, 0.33, 0.25)
"""Widths of the narrowest bar in mm, the widest that fits is taken. 0.33 and more is read at 150 dpi, 0.25 (two dots of a
203 dpi printer) at 203 dpi; narrower bars are not printed."""
SQUARE = 0.38
"""The smallest square of a QR code in mm: three dots of a 203 dpi printer."""

Sizes = Sequence[tuple[float, int]]
"""Type sizes in points and on how many lines, in the order in which they are tried."""


@dataclass(frozen=True)
class Text:
    """One line, its baseline at y."""

    x: float
    y: float
    text: str
    size: float
    bold: bool = False


@dataclass(frozen=True)
class Bars:
    """A Code128; x is its first bar, y its top."""

    x: float
    y: float
    height: float
    text: str
    module: float


@dataclass(frozen=True)
class Square:
    """A QR code; x and y are the corner of its first square."""

    x: float
    y: float
    side: float
    text: str


@dataclass(frozen=True)
class Rule:
    """A straight line from left to right."""

    x: float
    y: float
    width: float


Item = Text | Bars | Square | Rule


class Label(Protocol):
    """What can be printed: its name for lists, and what stands where on it."""

    @property
    def name(self) -> str:
        """A few words: a serial, a bin, a shipment and carton."""

    def items(self) -> list[Item]:
        """What stands where."""


@dataclass(frozen=True, kw_only=True)
class UnitLabel:
    """On one device. Its condition is not printed: it changes. `serial_words` is what its number is called."""

    part_number: str
    manufacturer: str
    description: str
    serial: str
    serial_words: str
    base_url: str

    @property
    def name(self) -> str:
        """The serial number."""
        return self.serial

    def items(self) -> list[Item]:
        """Part and maker above, the serial number as bars and in letters below, the QR code at the right."""
        bars = bars_for(self.serial, 28.5, 11.5)
        square = square_for(self._codes(), 20.0 if bars else 31.0)
        room = WIDTH - 2 * EDGE - (square.side + 4.5 if square else 0)
        y, items = _column(
            EDGE, room, EDGE, 27.0,
            [
                (self.part_number, ((16, 1), (13, 1), (11, 1), (9.5, 2), (7.5, 3)), True),
                (self.manufacturer, ((8.5, 1),), False),
                (self.description, ((9, 2), (8, 3), (7, 3)), False),
            ],
        )  # fmt: skip
        if square:
            items.append(square)
        words = ((12, 1), (10, 1), (8.5, 1), (7.5, 2))
        if bars:
            items.append(bars)
            return [*items, *_numbered(self.serial_words, self.serial, 41.5, WIDTH - 2 * EDGE, words)]
        return [*items, *_numbered(self.serial_words, self.serial, max(y, 32.0) + 1, room, ((10, 3), (8.5, 4), (7, 5)))]

    def _codes(self) -> list[str]:
        """What the QR code may say, the best first: part and serial in one, where neither could be taken for the other."""
        said = [own_code(self.base_url, self.serial), self.serial]
        if not set("()") & set(self.part_number + self.serial):
            said.insert(0, own_code(self.base_url, f"(240){self.part_number}(21){self.serial}"))
        return said


@dataclass(frozen=True, kw_only=True)
class BinLabel:
    """On a shelf: its code in the largest type that fits."""

    code: str
    place: str
    depot: str
    base_url: str

    @property
    def name(self) -> str:
        """The bin's code."""
        return self.code

    def items(self) -> list[Item]:
        """The code in letters and as bars, the QR code at the right, whose shelf it is below."""
        square = square_for([own_code(self.base_url, self.code), self.code], 20.0)
        bars = bars_for(self.code, 27.0, 14.0)
        room = WIDTH - 2 * EDGE - (square.side + 4.5 if square else 0)
        sizes = ((46, 1), (38, 1), (32, 1), (26, 1), (21, 1), (16, 2), (11, 2), (9, 3))
        _, items = _column(EDGE, room, EDGE, 26.0, [(self.code, sizes, True)])
        if square:
            items.append(square)
        if bars:
            items.append(bars)
        below = " · ".join(part for part in (self.place, self.depot) if part)
        return [*items, Text(EDGE, 46.5, clip(below, (WIDTH - 2 * EDGE) * PT, 8.5), 8.5)]


@dataclass(frozen=True, kw_only=True)
class CartonLabel:
    """On one carton of a shipment. `carton_words` says which of how many; `from_words` and `to_words` name the two ends."""

    number: str
    rma_number: str
    carton: int
    carton_words: str
    from_words: str
    depot: str
    to_words: str
    consignee: str
    address: str
    base_url: str

    @property
    def name(self) -> str:
        """The shipment and which of its cartons."""
        return f"{self.number} · {self.carton_words}"

    def items(self) -> list[Item]:
        """The numbers and which carton above, to whom in the middle, the shipment's bars and from whom below."""
        square = square_for([own_code(self.base_url, self.number), self.number], 19.0)
        room = WIDTH - 2 * EDGE - (square.side + 4.5 if square else 0)
        _, items = _column(
            EDGE, room, EDGE, 23.0,
            [
                (self.carton_words, ((17, 1), (13, 1), (10, 1)), True),
                (self.number, ((13, 1), (10, 1)), True),
                (self.rma_number, ((10, 1),), False),
            ],
        )  # fmt: skip
        if square:
            items.append(square)
        items.append(Rule(EDGE, 23.6, WIDTH - 2 * EDGE))
        inset = 2 + max(_width(word, 7.5) for word in (self.to_words, self.from_words))
        whole = WIDTH - 2 * EDGE
        items.append(Text(EDGE, 27.6, self.to_words, 7.5))
        address = ((10, 1), (8.5, 2), (7, 2))
        lines = [(self.consignee, ((10, 1), (8.5, 1)), True), (self.address, address, False)]
        items += _column(EDGE + inset, whole - inset, 24.2, 37.4, lines)[1]
        bars = bars_for(self.number, 38.6, 8.6)
        left = max(62.0, bars.x + bars_width(bars) + codes.QUIET * bars.module + 1) if bars else EDGE
        if bars:
            items.append(bars)
        items.append(Text(left, 42.0, self.from_words, 7.5))
        return (
            items + _column(left, WIDTH - EDGE - left, 42.4, 48.0, [(self.depot, ((9, 1), (8, 2), (6.5, 2)), True)])[1]
        )


def own_code(base_url: str, said: str) -> str:
    """What our QR codes say: an address that opens the record on a phone, and that `scan_reading` takes apart."""
    return f"{base_url}{OWN_PATH}?q={quote(said, safe='()-._~:/')}"


def bars_for(text: str, y: float, height: float) -> Bars | None:
    """The bars of a text with their quiet zones inside the label; None when they would be too narrow to be read, or the text
    is more than printable ASCII."""
    count = codes.code128_modules(text)
    for module in MODULES:
        if count and count * module <= WIDTH:
            bars = (count - 2 * codes.QUIET) * module
            left = max(EDGE, codes.QUIET * module)
            if left + bars + codes.QUIET * module > WIDTH:
                left = (WIDTH - bars) / 2
            return Bars(left, y, height, text, module)
    return None


def bars_width(bars: Bars) -> float:
    """From the first bar to the last."""
    return (codes.code128_modules(bars.text) - 2 * codes.QUIET) * bars.module


def square_for(texts: Sequence[str], side: float) -> Square | None:
    """The QR code of the first text whose squares are large enough, at the label's right edge."""
    for text in texts:
        if len(text) <= 400 and side / qr(text)[0] >= SQUARE:
            return Square(WIDTH - EDGE - side, EDGE, side, text)
    return None


def fitted(text: str, width: float, sizes: Sizes) -> tuple[float, list[str]]:
    """The largest size at which the text fits, and its lines; at the smallest it is cut and ends with …"""
    for size, most in sizes:
        lines = wrap(text, width * PT, size)
        if len(lines) <= most:
            return size, list(lines)
    size, most = sizes[-1]
    lines = wrap(text, width * PT, size)
    return size, [*lines[: most - 1], clip(lines[most - 1] + "…" * (len(lines) > most), width * PT, size)]


def _width(text: str, size: float) -> float:
    return width_of(printable(text), size) / PT


def _column(
    x: float, width: float, top: float, bottom: float, blocks: Sequence[tuple[str, Sizes, bool]]
) -> tuple[float, list[Item]]:
    """Blocks of text below each other; a line that would pass `bottom` is left out, and the one before it cut."""
    y, items = top, list[Item]()
    for text, sizes, bold in blocks:
        room = [(size, min(most, int((bottom - y) / (size * 1.22 / PT)))) for size, most in sizes]
        room = [(size, most) for size, most in room if most > 0]
        if not text.strip() or not room:
            continue
        size, lines = fitted(text, width, room)
        for line in lines:
            items.append(Text(x, y + size * 0.95 / PT, line, size, bold))
            y += size * 1.22 / PT
    return y, items


def _numbered(words: str, number: str, top: float, width: float, sizes: Sizes) -> list[Item]:
    """A number with what it is called before it, small."""
    inset = _width(words, 7.5) + 2
    size, lines = fitted(number, width - inset, sizes)
    items: list[Item] = [Text(EDGE, top + size * 0.95 / PT, words, 7.5)]
    for n, line in enumerate(lines):
        items.append(Text(EDGE + inset, top + size * (0.95 + 1.22 * n) / PT, line, size, True))
    return items
