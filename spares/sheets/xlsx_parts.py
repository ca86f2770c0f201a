"""The parts of a workbook beside its sheets: which sheets there are, how numbers are shown, the shared strings.

Everything is read as a stream of XML events without building a tree, so memory does not follow the number of elements.
Names are compared without their namespace: the format's two dialects, strict and transitional, differ in
nothing else that matters here."""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from spares.errors import Invalid
from spares.sheets.packages import Package

_WORKBOOK = "xl/workbook.xml"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PADDED = re.compile(r"0{2,}")

Attributes = dict[str, str]


class Listener:
    """What is told about the XML events; `name` and the attributes' names come without their prefix."""

    def started(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def ended(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """A piece of text, perhaps not the last one of its element."""


def parse(package: Package, part: str, listener: Listener) -> Iterator[None]:
    """Tell `listener` about a part, pausing after every piece of it.

    Raises Invalid: `xlsx_broken` for anything but well-formed XML of the expected shape, `xlsx_document_type`."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type(part)
    parser.StartElementHandler = lambda name, attributes: listener.started(
        name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()}
    )
    parser.EndElementHandler = lambda name: listener.ended(name.rpartition(":")[2])
    parser.CharacterDataHandler = listener.text
    try:
        for piece in package.pieces(part):
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise Invalid("xlsx_broken", part=part) from error
    yield


def _refuse_document_type(part: str) -> Callable[..., None]:
    def refuse(*_declaration: object) -> None:
        raise Invalid("xlsx_document_type", part=part)

    return refuse


@dataclass(slots=True)
class _Workbook(Listener):
    """`sheets` are name, state and relationship of each sheet; `counts_from_1904` is the old Macintosh calendar."""

    sheets: list[tuple[str, str, str]] = field(default_factory=list)
    counts_from_1904: bool = False

    def started(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            self.sheets.append((attributes["name"], attributes.get("state", "visible"), attributes["id"]))
        elif name == "workbookPr":
            self.counts_from_1904 = attributes.get("date1904") in ("1", "true")


@dataclass(slots=True)
class _Relationships(Listener):
    """Target by relationship, for each kind of target ("worksheet", "sharedStrings", …)."""

    targets: dict[str, dict[str, str]] = field(default_factory=dict)

    def started(self, name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            kind = attributes["Type"].rpartition("/")[2]
            path = posixpath.normpath(posixpath.join("/xl", attributes["Target"])).lstrip("/")
            self.targets.setdefault(kind, {})[attributes["Id"]] = path


@dataclass(slots=True)
class _Styles(Listener):
    """The number format of each cell style, in the order by which cells refer to it."""

    formats: dict[int, str] = field(default_factory=lambda: dict(BUILTIN_FORMATS))
    of_cells: list[int] = field(default_factory=list)
    within: bool = False

    def started(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt":
            self.formats[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "cellXfs":
            self.within = True
        elif name == "xf" and self.within:
            self.of_cells.append(int(attributes.get("numFmtId", "0")))

    def ended(self, name: str) -> None:
        if name == "cellXfs":
            self.within = False


@dataclass(slots=True)
class _SharedStrings(Listener):
    """Texts as shown: runs are joined, phonetic guides (`rPh`) left out, an overlong text cut one past the limit."""

    limit: int
    texts: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    length: int = 0
    listening: bool = False
    phonetic: bool = False

    def started(self, name: str, attributes: Attributes) -> None:
        if name == "si":
            self.runs, self.length = [], 0
        elif name == "rPh":
            self.phonetic = True
        elif name == "t":
            self.listening = not self.phonetic

    def ended(self, name: str) -> None:
        if name == "si":
            self.texts.append(unescaped("".join(self.runs)))
        elif name == "rPh":
            self.phonetic = False
        elif name == "t":
            self.listening = False

    def text(self, text: str) -> None:
        if self.listening and self.length <= self.limit:
            self.runs.append(text)
            self.length += len(text)


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheet to read and what its cells refer to.

    `date_styles` and `duration_styles` are the cell styles that show a number as such, `padded_styles` those that show
    it with leading zeros, with the number of digits: people store part numbers so."""

    sheet_name: str
    sheet_part: str
    counts_from_1904: bool
    strings: list[str]
    date_styles: frozenset[int]
    duration_styles: frozenset[int]
    padded_styles: dict[int, int]


def unescaped(text: str) -> str:
    """A stored text with the format's own escapes (`_x000D_` is a carriage return) undone."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def read_workbook(package: Package, text_limit: int) -> Workbook:
    """Find the first visible sheet.

    Raises Invalid: `xlsx_no_visible_sheet`, and those of `parse`."""
    workbook, relations, styles = _Workbook(), _Relationships(), _Styles()
    _drain(package, _WORKBOOK, workbook)
    _drain(package, "xl/_rels/workbook.xml.rels", relations)
    worksheets = relations.targets.get("worksheet", {})
    shown_sheets = [(name, key) for name, state, key in workbook.sheets if state == "visible"]
    visible = [(name, worksheets[key]) for name, key in shown_sheets if key in worksheets]
    if not visible:
        raise Invalid("xlsx_no_visible_sheet")
    for part in relations.targets.get("styles", {}).values():
        _drain(package, part, styles)
    strings = _SharedStrings(text_limit)
    for part in relations.targets.get("sharedStrings", {}).values():
        _drain(package, part, strings)
    shown = [(style, styles.formats.get(number, "General")) for style, number in enumerate(styles.of_cells)]
    return Workbook(
        sheet_name=visible[0][0],
        sheet_part=visible[0][1],
        counts_from_1904=workbook.counts_from_1904,
        strings=strings.texts,
        date_styles=frozenset(style for style, code in shown if is_date_format(code)),
        duration_styles=frozenset(style for style, code in shown if is_timedelta_format(code)),
        padded_styles={style: len(code) for style, code in shown if _PADDED.fullmatch(code)},
    )


def _drain(package: Package, part: str, listener: Listener) -> None:
    for _ in parse(package, part, listener):
        pass
