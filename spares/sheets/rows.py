"""What every kind of table is turned into: a header and numbered rows of text, within limits."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from spares.errors import Invalid

_MEGABYTE = 1024 * 1024
_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one uploaded table may cost. Sizes are in bytes, `cell_length` in characters.

    `members`, `unpacked_bytes` and `unpacked_ratio` concern XLSX, which is a zip archive: how many members it may have,
    how large they may be together once unpacked, and how many times larger than packed a member may become."""

    file_bytes: int = 20 * _MEGABYTE
    rows: int = 200_000
    columns: int = 100
    cell_length: int = 4_000
    members: int = 1_000
    unpacked_bytes: int = 200 * _MEGABYTE
    unpacked_ratio: int = 250


class CellProblem(NamedTuple):
    """Why one cell cannot be used; `position` counts columns from 0."""

    position: int
    code: str
    facts: dict[str, Any]


class RawRow(NamedTuple):
    """A row as its file has it, before the header gives its cells their names."""

    line: int
    cells: Sequence[str]
    problem: CellProblem | None


@dataclass(frozen=True, slots=True)
class Row:
    """One data row. `line` is the number that people see beside it in their editor or spreadsheet; the first is 1.

    `values` has every column of the header; a cell that the file leaves out is "". When `problem` is set, the row must
    not be used: the problem is the refusal to show for it, with `line` and, where one cell is to blame, `column`."""

    line: int
    values: dict[str, str]
    problem: Invalid | None = None


def normalised(title: str) -> str:
    """A header cell as a key: "　Part　NUMBER " and "part_number" are the same column."""
    text = unicodedata.normalize("NFKC", title.translate(_INVISIBLE)).strip().casefold()
    return re.sub(r"\s+", "_", text)


def letters(index: int) -> str:
    """The name that a spreadsheet gives to a column: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def header_keys(
    titles: Sequence[str], *, aliases: Mapping[str, str], required: Sequence[str], limits: Limits
) -> list[str]:
    """The keys of a header row, with the aliases applied.

    Raises Invalid: `sheet_too_wide`, `cell_too_long`, `columns_untitled`, `columns_repeated`, `columns_missing`."""
    if len(titles) > limits.columns:
        raise Invalid("sheet_too_wide", columns=len(titles), limit=limits.columns)
    for index, title in enumerate(titles):
        if len(title) > limits.cell_length:
            raise Invalid("cell_too_long", line=1, column=letters(index), length=len(title), limit=limits.cell_length)
    known = {normalised(alias): key for alias, key in aliases.items()}
    keys = [known.get(normalised(title), normalised(title)) for title in titles]
    untitled = [letters(index) for index, key in enumerate(keys) if not key]
    if untitled:
        raise Invalid("columns_untitled", columns=untitled)
    repeated = [title.strip() for title, key in zip(titles, keys, strict=True) if keys.count(key) > 1]
    if repeated:
        raise Invalid("columns_repeated", columns=repeated)
    missing = [key for key in required if key not in keys]
    if missing:
        raise Invalid("columns_missing", columns=missing, found=[title.strip() for title in titles])
    return keys
