"""Labels as ZPL II, the language of most label printers: the same places and words as the PDF.

What comes from a record never reaches the printer as a command: in field data everything but letters, digits, blanks and a
few harmless marks is written as `_` and two hexadecimal digits (^FH), so `^`, `~` and line breaks cannot end a field. Text
that is not plain ASCII is sent as a picture (`spares.pdf.raster`), since printers print nothing where their font has no
character; ^CI28 says that what remains is UTF-8."""

from collections.abc import Sequence
from functools import lru_cache

from spares.labels.layout import HEIGHT, MODULES, WIDTH, Bars, Item, Label, Rule, Square, Text
from spares.pdf import codes
from spares.pdf.fonts import printable
from spares.pdf.page import PT
from spares.pdf.qr import qr
from spares.pdf.raster import Bitmap, bitmap

DOTS_PER_MM = {203: 8, 300: 12}
"""Dots a millimetre by the printer's dots an inch, as the makers give them."""

_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-/:()?=&%+'*#;@!$")
_START_B, _START_C, _TO_B, _TO_C, _GREATER = ">:", ">;", ">6", ">5", ">0"


def zpl(labels: Sequence[Label], dpi: int) -> str:
    """One format a label, plain ASCII throughout. `dpi` is a key of DOTS_PER_MM."""
    return "".join(_format(label.items(), DOTS_PER_MM[dpi]) for label in labels)


def field_data(text: str) -> str:
    """The text with everything that could be a command as hexadecimal digits; stands behind ^FH_."""
    return "".join(
        char if char in _HARMLESS else "".join(f"_{byte:02X}" for byte in char.encode("utf-8")) for char in text
    )


def _format(items: Sequence[Item], dots: int) -> str:
    head = f"^XA^CI28^PW{round(WIDTH * dots)}^LL{round(HEIGHT * dots)}^LH0,0^LS0\n"
    return head + "".join(_item(item, dots) for item in items) + "^XZ\n"


def _item(item: Item, dots: int) -> str:
    x, y = round(item.x * dots), round(item.y * dots)
    match item:
        case Text():
            return _text(item, x, y, dots)
        case Bars():
            return _bars(item, y, dots)
        case Square():
            scale = max(1, int(item.side * dots / qr(item.text)[0]))
            return f"^FO{x},{y}^BQN,2,{scale}^FH_^FDMA,{field_data(item.text)}^FS\n"
        case Rule():
            return f"^FO{x},{y}^GB{round(item.width * dots)},2,2^FS\n"


def _text(item: Text, x: int, y: int, dots: int) -> str:
    shown, size = printable(item.text), item.size / PT * dots
    if shown.replace("…", "").isascii():
        shown = shown.replace("…", "...")
        return f"^FT{x},{y}^A0N,{round(size)},{round(size * 0.9)}^FH_^FD{field_data(shown)}^FS\n"
    picture = bitmap(shown, round(size), bold=item.bold)
    return f"^FO{x},{max(0, y - picture.ascent)}{_graphic(picture)}^FS\n"


def _bars(item: Bars, y: int, dots: int) -> str:
    """Without a change of character set where there is room for it: some printers that only imitate ZPL know none."""
    widest, narrowest = (round(module * dots) for module in (MODULES[0], MODULES[-1]))
    modules, data = _one_set(item.text)
    if modules * narrowest > WIDTH * dots:
        modules, data = codes.code128_modules(item.text), _many_sets(item.text)
    narrow = max(narrowest, min(widest, int(WIDTH * dots / modules)))
    left = max(round(item.x * dots), codes.QUIET * narrow)
    if left + (modules - codes.QUIET) * narrow > WIDTH * dots:
        left = int(WIDTH * dots - (modules - 2 * codes.QUIET) * narrow) // 2
    height = round(item.height * dots)
    return f"^FO{left},{y}^BY{narrow}^BCN,{height},N,N,N,N^FH_^FD{data}^FS\n"


def _one_set(text: str) -> tuple[int, str]:
    """The symbol's modules and data in one character set: pairs of digits, or all characters."""
    pairs = text.isdecimal() and len(text) % 2 == 0
    values = len(text) // 2 if pairs else len(text)
    start, said = (_START_C, text) if pairs else (_START_B, "".join(map(_character, text)))
    return 11 * (values + 2) + 13 + 2 * codes.QUIET, start + said


def _many_sets(text: str) -> str:
    """The data of the same symbol as in the PDF, runs of digits in pairs."""
    said, in_c = "", False
    for value in codes.code128_values(text):
        if value in (codes.START_B, codes.START_C):
            in_c = value == codes.START_C
            said += _START_C if in_c else _START_B
        elif value == codes.TO_B and in_c:
            said, in_c = said + _TO_B, False
        elif value == codes.TO_C and not in_c:
            said, in_c = said + _TO_C, True
        else:
            said += f"{value:02d}" if in_c else _character(chr(value + 32))
    return said


def _character(char: str) -> str:
    return _GREATER if char == ">" else field_data(char)


@lru_cache(maxsize=512)
def _graphic(picture: Bitmap) -> str:
    """^GFA with its rows compressed: `,` is a rest of light dots, `:` the row above again, letters say how often."""
    a_row = (picture.width + 7) // 8
    rows, before = [], ""
    for row in picture.rows:
        digits = f"{row << (a_row * 8 - picture.width):0{a_row * 2}X}"
        said = ":" if digits == before else _packed(digits)
        before = digits
        rows.append(said)
    total = a_row * len(picture.rows)
    return f"^GFA,{total},{total},{a_row},{''.join(rows)}"


def _packed(digits: str) -> str:
    kept = digits.rstrip("0")
    if len(kept) % 2:
        kept += "0"
    said, at = "", 0
    while at < len(kept):
        end = at
        while end < len(kept) and kept[end] == kept[at]:
            end += 1
        said += _times(end - at) + kept[at]
        at = end
    return said + ("," if len(kept) < len(digits) else "")


def _times(count: int) -> str:
    """How often the next digit stands: `G` is once … `Y` 19 times, `g` 20 … `z` 400 times; once is left unsaid."""
    said = ""
    while count >= 420:
        said, count = said + "z", count - 400
    if count >= 20:
        said, count = said + chr(ord("g") + count // 20 - 1), count % 20
    return said + (chr(ord("G") + count - 1) if count and (count > 1 or said) else "")
