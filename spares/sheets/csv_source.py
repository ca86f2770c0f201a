"""CSV as people here have it: UTF-8 or GBK, or UTF-16 from Excel's "Unicode text", with commas, semicolons or tabs.

The bytes stay as they came and are decoded while they are read, so a file costs little more memory than its size."""

import csv
import io
import re
from collections.abc import Iterator

from spares.errors import Invalid
from spares.sheets.rows import RawRow

_PIECE = 256 * 1024
_DELIMITERS = (",", ";", "\t")
_THREE_BYTE_CHARACTERS = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}")


class CsvSource:
    """An uploaded CSV file whose encoding and delimiter have been found.

    Raises Invalid: `csv_nul` and `encoding_unknown`, both with the `line`."""

    kind = "csv"
    sheet_name: str | None = None

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.encoding: str | None = detect_encoding(data)
        self.delimiter: str | None = self._sniff_delimiter()

    def raw_rows(self) -> Iterator[RawRow]:
        """Every record, the header first; a record that spans lines has the number of its first line.

        Raises Invalid: `csv_quotes_unbalanced` with the line where the record starts, `csv_nul`, `cell_too_long`."""
        reader = csv.reader(self._lines(), delimiter=self.delimiter or ",", strict=True)
        while True:
            first = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "field larger" in str(error) and reader.line_num == first:
                    limit = csv.field_size_limit()
                    raise Invalid("cell_too_long", line=first, column="", length=limit + 1, limit=limit) from error
                raise Invalid("csv_quotes_unbalanced", line=first) from error
            yield RawRow(first, cells, None)

    def _lines(self) -> Iterator[str]:
        with io.TextIOWrapper(io.BytesIO(self._data), encoding=self.encoding, newline="") as text:
            for number, line in enumerate(text, 1):
                if "\0" in line:
                    raise Invalid("csv_nul", line=number)
                yield line

    def _sniff_delimiter(self) -> str:
        header = next((line for line in self._lines() if line.strip()), "")
        outside_quotes = re.sub(r'"[^"]*"?', "", header)
        return max(_DELIMITERS, key=outside_quotes.count)


def detect_encoding(data: bytes) -> str:
    """The name of the codec that reads all of `data` without a fault.

    GB18030 accepts nearly any bytes, so it is not asked about a file that is plainly UTF-8 with a damaged place: one
    with a byte order mark, or with several well-formed Chinese characters ahead of the damage.

    Raises Invalid: `csv_nul` and `encoding_unknown`, both with the `line`."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _checked_utf16(data)
    nul = data.find(b"\0")
    if nul >= 0:
        raise Invalid("csv_nul", line=_line_at(data, nul))
    signed = data.startswith(b"\xef\xbb\xbf")
    fault = _first_fault(data, "utf-8")
    if fault is None:
        return "utf-8-sig" if signed else "utf-8"
    if signed or len(_THREE_BYTE_CHARACTERS.findall(data, 0, fault)) >= 5:
        raise Invalid("encoding_unknown", line=_line_at(data, fault))
    other_fault = _first_fault(data, "gb18030")
    if other_fault is None:
        return "gb18030"
    raise Invalid("encoding_unknown", line=_line_at(data, max(fault, other_fault)))


def _checked_utf16(data: bytes) -> str:
    try:
        data.decode("utf-16")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-16", "ignore")
        raise Invalid("encoding_unknown", line=before.count("\n") + 1) from error
    return "utf-16"


def _first_fault(data: bytes, encoding: str) -> int | None:
    """The offset of the first byte that the codec refuses. Pieces end at a line feed, which no character contains."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start + _PIECE) + 1 or len(data)
        try:
            data[start:end].decode(encoding)
        except UnicodeDecodeError as error:
            return start + error.start
        start = end
    return None


def _line_at(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
