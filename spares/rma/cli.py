"""Commands about exchanges."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

import click

from spares.rma.recount import Problem, Unreadable, recount


@click.command(short_help="Count the deadlines of a history again.")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--output",
    type=click.File("wb", lazy=True, atomic=True),
    default="-",
    help="Write the answer to this file, replaced as a whole, rather than to standard output.",
)
def deadlines(file: BinaryIO, output: BinaryIO) -> None:
    """Count the deadlines of a history again. No database is needed, and local overrides do not apply.

    FILE is a CSV table (UTF-8 or GB18030; - is standard input) with the columns, in any order:

    \b
      kind    dispatch, swap72h, return10d, confirm1h, confirm8h or confirm24h
      makeup  whether make-up weekends are worked: closed or open
              (ignored for the confirm kinds, which count every day)
      at      ISO 8601 with an offset, as 2026-11-20T13:59:59+08:00: the instant of
              the fault's confirmation, of the faulty unit's receipt, of the good
              part's receipt, or of the case's opening

    The same rows come out in the same order, every value as it was, other columns too, with two columns added:

    \b
      due     the deadline, an instant with +08:00; for return10d the last day
      note    same_day or next_morning for dispatch, otherwise empty

    The answer is UTF-8 without a byte order mark; empty lines are left out. If any row cannot be read, nothing is
    written: every such row is named on standard error with its line, column and value, and the exit code is 1. A
    wrong option or a missing file gives the exit code 2.
    """
    try:
        answer = _recounted(file.read())
    except Unreadable as unreadable:
        for problem in unreadable.problems:
            click.echo(str(problem), err=True)
        count = len(unreadable.problems)
        click.echo(f"Nothing was written: {count} {'problem' if count == 1 else 'problems'}.", err=True)
        raise SystemExit(1) from unreadable
    output.write(answer)


def _recounted(content: bytes) -> bytes:
    answer = io.StringIO(newline="")
    csv.writer(answer, lineterminator="\n").writerows(recount(_numbered(_decoded(content))))
    return answer.getvalue().encode("utf-8")


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable([Problem(1, "", "", "cannot be read: the file is neither UTF-8 nor GB18030")])


def _numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable([Problem(line, "", "", f"cannot be read as CSV: {error}")]) from error
