"""The embedded font: read once, shared by every document, embedded as the few glyphs that a document draws.

ReportLab parses the file and writes the PDF objects. The subset is made here, since its own TTFont copies the whole 7
MB outline table for every 256 characters and moves a shared read position, which two threads must not do. Every
function of this module reads only; a `Glyphs` belongs to one document.

Bold is the regular outline with a stroke around it: no second file, no second subset, and a rare character in a bold
name looks like its neighbours.
"""

from __future__ import annotations

import re
import threading
import unicodedata
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from struct import pack, unpack
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFStream
from reportlab.pdfbase.ttfonts import TTFontFace

FONT_FILE = "NotoSansSC-Regular.ttf"
BASE_NAME = "NotoSansSC"
GETA = "〓"

_SPACES = re.compile(r"\s+")
_lock = threading.Lock()


@dataclass(frozen=True)
class Outlines:
    """The font file, as far as drawing needs it. Widths are in ems; keys are single characters."""

    widths: dict[str, float]
    glyph_of: dict[int, int]
    places: Sequence[int]
    metrics: Sequence[tuple[int, int]]
    glyf: bytes
    tables: dict[str, bytes]
    descriptor: dict[str, object]


def outlines() -> Outlines:
    """The font, parsed at the first call (about 0.1 s) and kept for the life of the process."""
    with _lock:
        return _outlines()


def outlines_path() -> Path:
    """Where the font file lies."""
    return Path(str(files("spares").joinpath("fonts", FONT_FILE)))


@cache
def _outlines() -> Outlines:
    face: Any = TTFontFace(str(outlines_path()))
    descriptor = {
        "Type": "/FontDescriptor",
        "Flags": 4,
        "FontBBox": PDFArray([round(value) for value in face.bbox]),
        "ItalicAngle": 0,
        "Ascent": round(face.ascent),
        "Descent": round(face.descent),
        "CapHeight": round(face.capHeight),
        "StemV": 80,
    }
    return Outlines(
        widths={chr(code): width / 1000 for code, width in face.charWidths.items()},
        glyph_of=face.charToGlyph,
        places=face.glyphPos,
        metrics=face.hmetrics,
        glyf=face.get_table("glyf"),
        tables={tag: face.get_table(tag) for tag in ("head", "hhea", "maxp")},
        descriptor=descriptor,
    )


@lru_cache(maxsize=4096)
def printable(text: str) -> str:
    """The text as it will be drawn: one line, and nothing in it that the font cannot show.

    White space of any kind, line breaks included, becomes one blank; control and invisible format characters and
    variation selectors are dropped. A character without a glyph, after composing accents, becomes 〓 and its code
    point in brackets, so that a reader sees that something stands there and can look it up: 𠮷 prints as 〓[U+20BB7].
    """
    widths = outlines().widths
    text = unicodedata.normalize("NFC", _SPACES.sub(" ", text).strip())
    if all(char in widths for char in text) and text.isprintable():
        return text
    return "".join(_visible(char, widths) for char in text).strip()


def _visible(char: str, widths: dict[str, float]) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Cf") or "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return ""
    return char if char in widths else f"{GETA}[U+{ord(char):04X}]"


def width_of(text: str, size: float) -> float:
    """Width in points of printable text at `size` points."""
    return sum(map(outlines().widths.__getitem__, text)) * size


@dataclass(frozen=True)
class Subset:
    """A ready part of the font: `codes` maps a character to the hexadecimal code that shows it."""

    codes: dict[str, str]
    file: bytes
    file_length: int
    widths: str
    to_unicode: bytes


def subset_of(characters: Iterable[str]) -> Subset:
    """Cut the given characters out of the font; the same characters in the same order give the same bytes."""
    chars = list(dict.fromkeys(characters))
    font = _subset_file(chars)
    widths = outlines().widths
    listed = ""
    for code, char in enumerate(chars, 1):
        if widths[char] != 1:
            follows = code > 1 and widths[chars[code - 2]] != 1
            listed = f"{listed[:-1]} " if follows else f"{listed}{code}["
            listed += f"{round(widths[char] * 1000)}]"
    return Subset(
        codes={char: f"{code:04X}" for code, char in enumerate(chars, 1)},
        file=zlib.compress(font, 9),
        file_length=len(font),
        widths=f"[{listed}]",
        to_unicode=zlib.compress(_to_unicode(chars).encode("ascii"), 9),
    )


def _subset_file(chars: Sequence[str]) -> bytes:
    """A TrueType file whose glyph n + 1 draws chars[n]; it has the six tables that a PDF viewer needs.

    Every glyph states the whole font's bounding box, and its left edge as side bearing, instead of its own: a viewer
    draws the same, and the file compresses better.
    """
    font = outlines()
    indices = [0, *(font.glyph_of[ord(char)] for char in chars)]
    head = font.tables["head"]
    frame, parts, places, place = head[36:44], [], [0], 0
    for index in indices:
        data = font.glyf[font.places[index] : font.places[index + 1]]
        data = data and data[:2] + frame + data[10:]
        if len(data) % 2:
            data += b"\0"
        parts.append(data)
        place += len(data)
        places.append(place)
    count, long = len(indices), place >= 0x20000
    tables = {
        "glyf": b"".join(parts),
        "head": font.tables["head"][:8]
        + b"\0\0\0\0"
        + font.tables["head"][12:50]
        + pack(">H", long)
        + font.tables["head"][52:],
        "hhea": font.tables["hhea"][:34] + pack(">H", count),
        "hmtx": b"".join(pack(">H", font.metrics[index][0]) + frame[:2] for index in indices),
        "loca": pack(f">{count + 1}L", *places) if long else pack(f">{count + 1}H", *(at // 2 for at in places)),
        "maxp": font.tables["maxp"][:4] + pack(">H", count) + font.tables["maxp"][6:],
    }
    return _sfnt(tables)


def _sfnt(tables: dict[str, bytes]) -> bytes:
    """Join tables, given in the order of their tags, into one file."""
    reach = 1 << (len(tables).bit_length() - 1)
    head = [pack(">LHHHH", 0x00010000, len(tables), reach * 16, reach.bit_length() - 1, (len(tables) - reach) * 16)]
    body, place = [], 12 + 16 * len(tables)
    for tag, data in tables.items():
        padded = data + b"\0" * (-len(data) % 4)
        checksum = sum(unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        head.append(tag.encode("ascii") + pack(">LLL", checksum, place, len(data)))
        body.append(padded)
        place += len(padded)
    return b"".join(head + body)


def _to_unicode(chars: Sequence[str]) -> str:
    blocks = []
    for start in [0, *range(255, len(chars), 256)]:  # a range keeps the first byte of its codes
        block = chars[start : 255 if not start else start + 256]
        shown = "".join(f"<{char.encode('utf-16-be').hex().upper()}>" for char in block)
        blocks.append(f"1 beginbfrange\n<{start + 1:04X}><{start + len(block):04X}>[{shown}]\nendbfrange\n")
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        + "".join(blocks)
        + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
    )


class Glyphs:
    """The glyphs of one document: a ready subset of its form's words (F1), and what its data adds (F2)."""

    def __init__(self, form: Subset | None) -> None:
        self._form = form
        self._fixed = form.codes if form else {}
        self._added: dict[str, str] = {}

    def show(self, text: str, size: float) -> str:
        """The operators that show printable text from the current place on."""
        fixed = self._fixed
        try:
            return f"/F1 {size:g} Tf<{''.join(map(fixed.__getitem__, text))}>Tj"
        except KeyError:
            pass
        out: list[str] = []
        added, last = self._added, ""
        for char in text:
            code = fixed.get(char)
            name = "F1" if code else "F2"
            if code is None:
                code = added.get(char)
                if code is None:
                    code = added[char] = f"{len(added) + 1:04X}"
            if name != last:
                out.append(f"{'>Tj' if last else ''}/{name} {size:g} Tf<")
                last = name
            out.append(code)
        return "".join(out) + (">Tj" if last else "")

    def embed(self, document: Any) -> None:
        """Add the fonts to a ReportLab PDFDocument's resources; call once, after the last page is drawn."""
        fonts = document.idToObject["BasicFonts"].dict
        if self._form:
            fonts["F1"] = _embed(document, self._form, "AAAAAA")
        if self._added:
            fonts["F2"] = _embed(document, subset_of(self._added), "AAAAAB")


def _embed(document: Any, part: Subset, tag: str) -> Any:
    name = f"/{tag}+{BASE_NAME}"
    file = PDFStream(PDFDictionary({"Filter": "/FlateDecode", "Length1": part.file_length}), part.file)
    descriptor = dict(outlines().descriptor, FontName=name, FontFile2=document.Reference(file))
    descendant = {
        "Type": "/Font",
        "Subtype": "/CIDFontType2",
        "BaseFont": name,
        "CIDSystemInfo": "<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>",
        "CIDToGIDMap": "/Identity",
        "DW": 1000,
        "W": part.widths,
        "FontDescriptor": document.Reference(PDFDictionary(descriptor)),
    }
    words = PDFStream(PDFDictionary({"Filter": "/FlateDecode"}), part.to_unicode)
    font = {
        "Type": "/Font",
        "Subtype": "/Type0",
        "BaseFont": name,
        "Encoding": "/Identity-H",
        "DescendantFonts": PDFArray([document.Reference(PDFDictionary(descendant))]),
        "ToUnicode": document.Reference(words),
    }
    return document.Reference(PDFDictionary(font))
