"""Workbooks out: typed cells, a header that stays in sight, a filter on every column, and totals in bold.

XlsxWriter keeps one row in memory at a time and the rest in a temporary file, so a long table costs no more than a
short one until the finished file is read back."""

import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from spares.errors import Invalid
from spares.sheets.money import Money
from spares.sheets.writing import Column, Value, cell_value

_SHEET_ROWS = 1_048_576
_CELL_CHARACTERS = 32_767
_EXACT_DIGITS = 15
_FIRST_DAY = date(1900, 3, 1)
_NAME_UNITS = 31
_NARROWEST, _WIDEST = 8, 60
_DATE_FORMAT = "yyyy-mm-dd"
_INSTANT_FORMAT = "yyyy-mm-dd hh:mm:ss"


@dataclass(frozen=True, slots=True)
class SheetSpec:
    """One sheet of a workbook: `rows` have a value for each column under its key; `totals` likewise, in bold below
    them, where a word may stand in any column. The totals are values, not formulas: they are what the screen said.
    `notes` are lines of text below it all; neither they nor the totals are sorted or filtered with the rows."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Mapping[str, Any]]
    totals: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()


def write_xlsx(sheets: Sequence[SheetSpec], *, zone: tzinfo) -> bytes:
    """A finished workbook. Instants are shown in `zone`, since a spreadsheet knows no zones.

    Numbers too long for a spreadsheet's 15 digits and dates before March 1900 are written as text, and text beyond
    32,767 characters is cut and ends in "…".

    Raises Invalid: `export_too_long` where a sheet would have more rows than the format allows."""
    output = io.BytesIO()
    workbook = xlsxwriter.Workbook(output, {"constant_memory": True})
    names: list[str] = []
    for spec in sheets:
        names.append(sheet_name(spec.name, taken=names))
        _SheetWriter(workbook, workbook.add_worksheet(names[-1]), spec, zone).write()
    workbook.close()
    return output.getvalue()


def sheet_name(wanted: str, *, taken: Sequence[str] = ()) -> str:
    """The nearest name that the format allows: at most 31 UTF-16 units, none of []:*?/\\, no apostrophe at either end,
    not "History", and unlike the names already taken in any case of letters."""
    text = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", wanted)
    text = _cut(text, _NAME_UNITS).strip("' ")
    if not text or text.casefold() == "history":
        text = f"{text} 1".strip()
    used = {name.casefold() for name in taken}
    name, count = text, 1
    while name.casefold() in used:
        count += 1
        suffix = f" {count}"
        name = _cut(text, _NAME_UNITS - len(suffix)).rstrip("' ") + suffix
    return name


def _cut(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")


def _shown_width(text: str) -> int:
    """Wide characters (Chinese) take two places."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


class _SheetWriter:
    def __init__(self, workbook: Workbook, sheet: Worksheet, spec: SheetSpec, zone: tzinfo) -> None:
        self._workbook = workbook
        self._sheet = sheet
        self._spec = spec
        self._zone = zone
        self._formats: dict[tuple[str, bool], Format] = {}
        self._widths = [_shown_width(column.title) + 3 for column in spec.columns]

    def write(self) -> None:
        header = self._workbook.add_format({"bold": True, "bg_color": "#E7ECF2", "bottom": 1})
        for index, column in enumerate(self._spec.columns):
            self._sheet.write_string(0, index, column.title, header)
        self._sheet.freeze_panes(1, 0)
        number = 0
        for number, row in enumerate(self._spec.rows, 1):
            self._write_row(number, row, bold=False)
        self._sheet.autofilter(0, 0, number, len(self._spec.columns) - 1)
        below = number + 1
        for place, row in enumerate(self._spec.totals, below):
            self._write_row(place, row, bold=True)
        for place, note in enumerate(self._spec.notes, below + len(self._spec.totals)):
            self._write_text(place, 0, note, bold=False)
        for index, column in enumerate(self._spec.columns):
            fitted = max(_NARROWEST, min(_WIDEST, self._widths[index]))
            self._sheet.set_column(index, index, column.width or fitted)

    def _write_row(self, number: int, row: Mapping[str, Any], *, bold: bool) -> None:
        if number >= _SHEET_ROWS:
            raise Invalid("export_too_long", limit=_SHEET_ROWS)
        for index, column in enumerate(self._spec.columns):
            value = row.get(column.key)
            if not (bold and isinstance(value, str)):
                value = cell_value(column, value, self._zone)
            shown = self._write_cell(number, index, value, bold=bold)
            self._widths[index] = max(self._widths[index], shown + 2)

    def _write_cell(self, row: int, index: int, value: Value, *, bold: bool) -> int:
        """Write one cell and return how many places it takes."""
        match value:
            case None:
                if bold:
                    self._sheet.write_blank(row, index, None, self._format("", bold))
                return 0
            case Money():
                return self._write_number(row, index, value.as_decimal(), value.number_format, bold=bold)
            case int() | Decimal():
                return self._write_number(row, index, Decimal(value), "0", bold=bold)
            case date():
                shape = _INSTANT_FORMAT if isinstance(value, datetime) else _DATE_FORMAT
                if (value.date() if isinstance(value, datetime) else value) < _FIRST_DAY:
                    return self._write_text(row, index, value.isoformat(), bold=bold)
                self._sheet.write_datetime(row, index, value, self._format(shape, bold))
                return len(shape)
        return self._write_text(row, index, value, bold=bold)

    def _write_number(self, row: int, index: int, value: Decimal, shape: str, *, bold: bool) -> int:
        if len(value.as_tuple().digits) > _EXACT_DIGITS:
            return self._write_text(row, index, format(value, "f"), bold=bold)
        self._sheet.write_number(row, index, value, self._format(shape, bold))
        return len(format(value, ",f")) + len(shape.partition("]")[0].lstrip("[$0"))

    def _write_text(self, row: int, index: int, text: str, *, bold: bool) -> int:
        if len(text) > _CELL_CHARACTERS:
            text = text[: _CELL_CHARACTERS - 1] + "…"
        self._sheet.write_string(row, index, text, self._format("", bold))
        return max(map(_shown_width, text[:200].splitlines()), default=0)

    def _format(self, shape: str, bold: bool) -> Format | None:
        if not shape and not bold:
            return None
        if (shape, bold) not in self._formats:
            top = {"bold": True, "top": 1} if bold else {}
            self._formats[shape, bold] = self._workbook.add_format(top | ({"num_format": shape} if shape else {}))
        return self._formats[shape, bold]
