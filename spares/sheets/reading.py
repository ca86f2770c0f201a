"""The one way in for uploaded tables: bytes and a file name in, a checked header and a stream of rows out.

The same sheet can be read several times (first for the preview, then for the import); each reading starts again."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePath

from spares.errors import Invalid
from spares.sheets.csv_source import CsvSource
from spares.sheets.rows import CellProblem, Limits, RawRow, Row, header_keys, letters
from spares.sheets.xlsx_source import XlsxSource

__all__ = ["Limits", "Row", "Sheet", "open_sheet"]

_KINDS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx"}
_MACRO_SUFFIXES = {".xlsm", ".xltm", ".xlam"}
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP = b"PK\x03\x04"


class Sheet:
    """A table whose header has been understood.

    `header` has the keys of the columns in the file's order, `titles` what the file calls them. `kind` is "csv" or
    "xlsx"; `encoding` and `delimiter` are set for CSV, `sheet_name` (which sheet of the workbook is read) for XLSX."""

    def __init__(
        self, source: CsvSource | XlsxSource, *, aliases: Mapping[str, str], required: Sequence[str], limits: Limits
    ) -> None:
        self._source = source
        self._limits = limits
        self.kind: str = source.kind
        self.encoding: str | None = source.encoding
        self.delimiter: str | None = source.delimiter
        self.sheet_name: str | None = source.sheet_name
        first = next(self._filled(), None)
        if first is None:
            raise Invalid("sheet_empty")
        if first.problem:
            raise _refusal(first.line, first.problem, first.cells)
        self.titles = list(first.cells)
        while not self.titles[-1].strip():
            self.titles.pop()
        self.header = header_keys(self.titles, aliases=aliases, required=required, limits=limits)

    def rows(self) -> Iterator[Row]:
        """The rows below the header, blank ones left out.

        Raises Invalid: `sheet_too_long` when there are more than allowed, and whatever stops the file from being read
        to its end (`csv_quotes_unbalanced`, `csv_nul`, `xlsx_broken`), so nothing is kept before the last row came."""
        filled = self._filled()
        next(filled)
        for count, raw in enumerate(filled, 1):
            if count > self._limits.rows:
                raise Invalid("sheet_too_long", limit=self._limits.rows)
            yield self._row(raw)

    def _filled(self) -> Iterator[RawRow]:
        return (raw for raw in self._source.raw_rows() if raw.problem or any(map(str.strip, raw.cells)))

    def _row(self, raw: RawRow) -> Row:
        width, limit = len(self.header), self._limits.cell_length
        cells = [cell[:limit] for cell in raw.cells[:width]]
        values = dict(zip(self.header, chain(cells, [""] * (width - len(cells))), strict=True))
        if raw.problem:
            return Row(raw.line, values, _refusal(raw.line, raw.problem, self.titles))
        if len(raw.cells) > width and any(map(str.strip, raw.cells[width:])):
            problem = Invalid("too_many_cells", line=raw.line, cells=len(raw.cells), columns=width)
            return Row(raw.line, values, problem)
        for title, cell in zip(self.titles, raw.cells, strict=False):
            if len(cell) > limit:
                column, length = title.strip(), len(cell)
                problem = Invalid("cell_too_long", line=raw.line, column=column, length=length, limit=limit)
                return Row(raw.line, values, problem)
        return Row(raw.line, values)


def open_sheet(
    data: bytes,
    filename: str,
    *,
    limits: Limits | None = None,
    aliases: Mapping[str, str] | None = None,
    required: Sequence[str] = (),
) -> Sheet:
    """Find out what an uploaded table is and read its header; its rows are read later, through the result.

    `aliases` maps other titles of a column (in Chinese, say) to its key; both sides are compared without regard to
    case, width and spaces. `required` names the keys that must be there.

    Raises Invalid: `sheet_file_empty`, `sheet_file_too_large`, `sheet_kind_unknown`, `sheet_not_what_it_says`,
    `sheet_empty`, those of the header (`spares.sheets.rows`), of CSV and of XLSX."""
    limits = limits or Limits()
    if not data:
        raise Invalid("sheet_file_empty")
    if len(data) > limits.file_bytes:
        raise Invalid("sheet_file_too_large", size=len(data), limit=limits.file_bytes)
    suffix = PurePath(filename).suffix.casefold()
    if suffix in _MACRO_SUFFIXES:
        raise Invalid("xlsx_macros")
    if suffix == ".xls" or data.startswith(_OLE):
        raise Invalid("xlsx_encrypted_or_xls")
    claimed = _KINDS.get(suffix)
    if claimed is None:
        raise Invalid("sheet_kind_unknown", found=suffix, allowed=sorted(_KINDS))
    is_zip = data.startswith(_ZIP)
    if is_zip != (claimed == "xlsx"):
        raise Invalid("sheet_not_what_it_says", claimed=suffix, found="zip" if is_zip else "text")
    source = XlsxSource(data, limits) if claimed == "xlsx" else CsvSource(data)
    return Sheet(source, aliases=aliases or {}, required=required, limits=limits)


def _refusal(line: int, problem: CellProblem, titles: Sequence[str]) -> Invalid:
    title = titles[problem.position].strip() if problem.position < len(titles) else ""
    return Invalid(problem.code, line=line, column=title or letters(problem.position), **problem.facts)
