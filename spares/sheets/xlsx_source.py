"""The first visible sheet of an XLSX workbook as rows of text: what a person sees in the cells, exactly.

A formula counts by the value that was stored with it. Rows and cells that the file leaves out cost nothing, however
large the sheet claims to be."""

import re
from collections import deque
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from spares.sheets.packages import Package
from spares.sheets.rows import CellProblem, Limits, RawRow
from spares.sheets.xlsx_parts import Attributes, Listener, Workbook, parse, read_workbook, unescaped

_ROWS = 1_048_576
_COLUMNS = 16_384
_COORDINATE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_EXACT_DIGITS = 15


class XlsxSource:
    """An uploaded workbook that has been measured and found harmless.

    Raises Invalid: those of `spares.sheets.packages` and `spares.sheets.xlsx_parts`."""

    kind = "xlsx"
    encoding: str | None = None
    delimiter: str | None = None

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._package = Package(data, limits)
        self._workbook = read_workbook(self._package, limits.cell_length)
        self.sheet_name: str | None = self._workbook.sheet_name

    def raw_rows(self) -> Iterator[RawRow]:
        """Every row that the sheet has, the header first, blank ones too.

        Raises Invalid: `xlsx_broken`."""
        listener = _SheetListener(self._workbook, self._limits)
        for _ in parse(self._package, self._workbook.sheet_part, listener):
            while listener.rows:
                yield listener.rows.popleft()


class _SheetListener(Listener):
    """Collects the rows of one sheet. It keeps no more than the row at hand and the rows not yet fetched."""

    def __init__(self, workbook: Workbook, limits: Limits) -> None:
        self.rows: deque[RawRow] = deque()
        self._workbook = workbook
        self._limits = limits
        self._line = 0
        self._column = -1
        self._cells: list[str] = []
        self._problem: CellProblem | None = None
        self._attributes: Attributes = {}
        self._pieces: list[str] = []
        self._length = 0
        self._listening = False
        self._phonetic = False
        self._has_formula = False
        self._in_row = False

    def started(self, name: str, attributes: Attributes) -> None:
        if name in ("v", "t"):
            self._listening = self._in_row and not self._phonetic
        elif name == "c" and self._in_row:
            self._start_cell(attributes)
        elif name == "f":
            self._has_formula = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "rPh":
            self._phonetic = True

    def text(self, text: str) -> None:
        if self._listening and self._length <= self._limits.cell_length:
            self._pieces.append(text)
            self._length += len(text)

    def ended(self, name: str) -> None:
        if name in ("v", "t"):
            self._listening = False
        elif name == "c" and self._in_row:
            self._end_cell()
        elif name == "row":
            self._in_row = False
            if self._cells or self._problem:
                self.rows.append(RawRow(self._line, self._cells, self._problem))
        elif name == "rPh":
            self._phonetic = False

    def _start_row(self, attributes: Attributes) -> None:
        line = int(attributes["r"]) if "r" in attributes else self._line + 1
        if not self._line < line <= _ROWS:
            raise ValueError("rows must rise")
        self._line, self._column = line, -1
        self._cells, self._problem, self._in_row = [], None, True

    def _start_cell(self, attributes: Attributes) -> None:
        column = self._column + 1
        if "r" in attributes:
            match = _COORDINATE.fullmatch(attributes["r"])
            if match is None or int(match[2]) != self._line:
                raise ValueError("a cell must lie in its row")
            column = _column_number(match[1])
        if not self._column < column < _COLUMNS:
            raise ValueError("cells must rise")
        self._column, self._attributes = column, attributes
        self._pieces, self._length = [], 0
        self._has_formula = self._phonetic = False

    def _end_cell(self) -> None:
        stored = "".join(self._pieces)
        kind = self._attributes.get("t", "n")
        if self._has_formula and not stored and kind != "str":
            self._blame("formula_without_value", cell=self._attributes.get("r", ""))
        if not stored:
            return
        text = self._as_text(kind, stored)
        # A cell far to the right counts as too many cells; the empty ones before it are not made up.
        while len(self._cells) < min(self._column, self._limits.columns + 1):
            self._cells.append("")
        self._cells.append(text)

    def _blame(self, code: str, **facts: object) -> None:
        if self._problem is None:
            self._problem = CellProblem(self._column, code, facts)

    def _as_text(self, kind: str, stored: str) -> str:
        if kind == "s":
            index = int(stored)
            if index < 0:
                raise ValueError("no such text")
            return self._workbook.strings[index]
        if kind in ("str", "inlineStr"):
            return unescaped(stored)
        if kind == "b":
            return "TRUE" if int(stored) else "FALSE"
        if kind == "e":
            self._blame("cell_error", value=stored)
            return stored
        if kind == "d":
            return stored
        return self._number_as_text(stored)

    def _number_as_text(self, stored: str) -> str:
        style = int(self._attributes.get("s", "0"))
        if style in self._workbook.date_styles:
            return self._instant_as_text(stored, is_duration=style in self._workbook.duration_styles)
        width = self._workbook.padded_styles.get(style, 0)
        if _WHOLE.fullmatch(stored):
            return str(int(stored)).zfill(width)
        try:
            number = Decimal(repr(float(stored)))
        except InvalidOperation as error:
            raise ValueError("not a number") from error
        if not number.is_finite():
            raise ValueError("not a number")
        if number.adjusted() >= _EXACT_DIGITS:
            # A spreadsheet keeps 15 digits of a number; what stood behind them is already lost.
            self._blame("number_digits_lost", value=stored)
        if number == number.to_integral_value():
            return format(number.to_integral_value(), "f").zfill(width)
        return format(number.normalize(), "f")

    def _instant_as_text(self, stored: str, *, is_duration: bool) -> str:
        epoch = MAC_EPOCH if self._workbook.counts_from_1904 else WINDOWS_EPOCH
        try:
            value: object = from_excel(float(stored), epoch, timedelta=is_duration)
        except (ValueError, OverflowError):
            self._blame("cell_date_impossible", value=stored)
            return stored
        if isinstance(value, timedelta):
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        if isinstance(value, datetime) and value.time() == time():
            return value.date().isoformat()
        return value.isoformat() if isinstance(value, datetime | time) else stored


def _column_number(name: str) -> int:
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
