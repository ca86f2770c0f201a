"""Tables out, as CSV and as XLSX, from one description of the columns.

What people typed stays text: no cell that we write is ever taken for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any

from spares.sheets.money import Money

_PIECE = 64 * 1024
_STARTS_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")

Value = str | int | Decimal | Money | date | datetime | None


class ColumnKind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    INT = "int"
    MONEY = "money"
    DATE = "date"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table that is written.

    `key` finds the value in a row. Values are None (an empty cell) or, by kind, str, int, Money, date (depot-local) or
    an aware datetime. `width` is in characters of the spreadsheet's font; left out, it follows the content."""

    key: str
    title: str
    kind: ColumnKind = ColumnKind.TEXT
    width: int | None = None


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """A CSV file in pieces, as Excel reads it: UTF-8 with a byte order mark, lines ended by CR LF.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers, money and dates are written
    as they are. Naive datetimes are written as they stand: give instants in the depot's zone."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([harmless(title) for title in header])
    for row in rows:
        writer.writerow([_as_csv(value) for value in row])
        if buffer.tell() >= _PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_table_csv(
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, Any]],
    *,
    zone: tzinfo,
    totals: Mapping[str, Any] | None = None,
) -> Iterator[bytes]:
    """`write_csv` for described columns; instants are shown in `zone`, and the totals are the last line."""

    def lines() -> Iterator[list[Value]]:
        for row in rows:
            yield [cell_value(column, row.get(column.key), zone) for column in columns]
        if totals is not None:
            yield [_total_value(column, totals.get(column.key), zone) for column in columns]

    return write_csv([column.title for column in columns], lines())


def harmless(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet might run it: it starts with = + - @, a tab or a line
    break, or with the full-width form of such a sign."""
    return f"'{text}" if _STARTS_FORMULA.match(text) else text


def cell_value(column: Column, value: object, zone: tzinfo) -> Value:
    """The value as the column's kind wants it; an instant becomes a naive datetime in `zone`, without its fraction of
    a second. A value of another type is a mistake of the program: TypeError."""
    if value is None:
        return None
    match column.kind, value:
        case ColumnKind.TEXT, str(text):
            return text
        case ColumnKind.MONEY, Money() as money:
            return money
        case ColumnKind.INT, int(number) if not isinstance(number, bool):
            return number
        case ColumnKind.DATE, date() as day if not isinstance(day, datetime):
            return day
        case ColumnKind.INSTANT, datetime() as instant if instant.tzinfo is not None:
            return instant.astimezone(zone).replace(tzinfo=None, microsecond=0)
    raise TypeError(f"column {column.key} is of kind {column.kind} and cannot hold {value!r}")


def _total_value(column: Column, value: Any, zone: tzinfo) -> Value:
    """A totals row may have a word in any column ("Total")."""
    return value if isinstance(value, str) else cell_value(column, value, zone)


def _as_csv(value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return harmless(value)
        case Money():
            return format(value.as_decimal(), "f")
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
    return str(value)
