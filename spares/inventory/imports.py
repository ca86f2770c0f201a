"""Imports: a file is checked and previewed, then imported by the worker in chunks, each a transaction of its own.

A run can be killed at any moment: what was imported stays and is counted, and the next worker goes on behind it. A row is
imported once or refused once; a file that turns out to be broken further down is refused whole before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from spares.accounts import audit
from spares.accounts.access import Actor, Permission
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound, SparesError
from spares.files.models import StoredFile
from spares.inventory import import_parts, import_stock
from spares.inventory.import_models import ImportKind, ImportRun, ImportState
from spares.inventory.import_outcome import Outcome, RowRefused
from spares.inventory.import_rows import PART_COLUMNS, STOCK_COLUMNS, PartRow, StockRow, part_row, stock_row
from spares.sheets.reading import Row, Sheet, open_sheet

PREVIEWED_ROWS = 200
ALIASES: dict[ImportKind, Mapping[str, str]] = {ImportKind.PARTS: PART_COLUMNS, ImportKind.STOCK: STOCK_COLUMNS}
REQUIRED: dict[ImportKind, Sequence[str]] = {
    ImportKind.PARTS: ("manufacturer", "part_number"),
    ImportKind.STOCK: ("part_number", "bin"),
}
ENDED = frozenset({ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED})
KNOWN: dict[ImportKind, frozenset[str]] = {kind: frozenset(titles.values()) for kind, titles in ALIASES.items()}


@dataclass(frozen=True)
class Preview:
    """What the first rows would do, and how the file was understood."""

    sheet: Sheet
    rows: Sequence[Row]
    outcome: Outcome
    ignored_columns: Sequence[str]
    more: bool


@dataclass(frozen=True)
class Upload:
    """A file that has been found to be a table of its kind, at least as far as a preview reads."""

    kind: ImportKind
    name: str
    data: bytes


def check(data: bytes, filename: str, kind: ImportKind) -> Upload:
    """Read the header and the first rows. Raises Invalid when the file is no table that can be read, lacks a column or
    has no rows. Reading takes a while and writes nothing, so it happens before the transaction that keeps the file."""
    sheet = open_for(kind, data, filename)
    if not list(islice(sheet.rows(), PREVIEWED_ROWS)):
        raise Invalid("import_no_rows")
    name = "".join(character for character in filename if character.isprintable())
    return Upload(kind, name[-200:], data)


def prepare(upload: Upload, *, options: Mapping[str, Any], actor: Actor, now: datetime) -> ImportRun:
    """Keep a checked file and its run, to be previewed and then started. `options` of a stock import: `depot_id`, and
    `make_bins`, whether bins that do not exist are made."""
    actor.must(Permission.IMPORTS_RUN)
    stored = StoredFile(
        name=upload.name,
        content_type="application/octet-stream",
        size=len(upload.data),
        sha256=sha256(upload.data).hexdigest(),
        data=upload.data,
        uploaded_at=now,
        uploaded_by_id=actor.id,
    )
    session.add(stored)
    session.flush()
    run = ImportRun(
        kind=upload.kind,
        file_id=stored.id,
        state=ImportState.PREVIEWED,
        created_at=now,
        created_by_id=actor.id,
        options=dict(options),
    )
    session.add(run)
    session.flush()
    return run


def start(run_id: int, *, actor: Actor) -> ImportRun:
    """Hand a previewed run to the worker. Raises Conflict when it was started before."""
    actor.must(Permission.IMPORTS_RUN)
    run = lock_run(run_id)
    if run.state is not ImportState.PREVIEWED:
        raise Conflict("import_started", number=run.number)
    run.state = ImportState.WAITING
    session.flush()
    return run


def cancel(run_id: int, *, actor: Actor, now: datetime) -> ImportRun:
    """Stop a run, or discard a preview; what was imported by then stays and is reported. Raises Conflict when it has
    ended."""
    actor.must(Permission.IMPORTS_RUN)
    run = lock_run(run_id)
    if run.state in ENDED:
        raise Conflict("import_ended", number=run.number)
    if run.state is not ImportState.PREVIEWED:
        audit.record("import_cancelled", f"import {run.number}", {"rows": run.rows_done}, actor=actor, now=now)
    run.state, run.finished_at, run.leased_until = ImportState.CANCELLED, now, None
    session.flush()
    return run


def preview(run: ImportRun) -> Preview:
    """What the first 200 rows would do; nothing is written."""
    stored = file_of(run)
    sheet = open_for(run.kind, stored.data, stored.name)
    rows = list(islice(sheet.rows(), PREVIEWED_ROWS + 1))
    more = len(rows) > PREVIEWED_ROWS
    rows = rows[:PREVIEWED_ROWS]
    good, refused = checked(run.kind, rows, {})
    outcome = previewed(run, good)
    for position, faults in refused.items():
        outcome.refuse(position, faults)
    ignored = [title for title, key in zip(sheet.titles, sheet.header, strict=False) if key not in KNOWN[run.kind]]
    return Preview(sheet, rows, outcome, ignored, more)


def open_for(kind: ImportKind, data: bytes, filename: str) -> Sheet:
    """The table in the file, with its columns named as this kind of import names them."""
    return open_sheet(data, filename, aliases=ALIASES[kind], required=REQUIRED[kind])


def checked(
    kind: ImportKind, rows: Sequence[Row], seen: dict[tuple[str, ...], int]
) -> tuple[list[tuple[int, PartRow | StockRow]], dict[int, list[SparesError]]]:
    """The rows that can be read, by their position, and the refusals of the others. `seen` remembers which line first said
    what, over all chunks; a repeat is refused with both lines named."""
    good: list[tuple[int, PartRow | StockRow]] = []
    refused: dict[int, list[SparesError]] = {}
    for position, row in enumerate(rows):
        try:
            if row.problem is not None:
                raise RowRefused([row.problem])
            read: PartRow | StockRow
            if kind is ImportKind.PARTS:
                read = part_row(row.values)
                key: tuple[str, ...] = import_parts.identity(read)
            else:
                read = stock_row(row.values)
                key = import_stock.identity(read)
        except RowRefused as error:
            refused[position] = error.faults
            continue
        first = seen.setdefault(key, row.line)
        if first != row.line:
            serial = read.serial if isinstance(read, StockRow) else ""
            column = "serial" if serial else "part_number"
            value = serial or read.part_number
            refused[position] = [Conflict("repeats_line", field=column, value=value, first_line=first)]
        else:
            good.append((position, read))
    return good, refused


def previewed(run: ImportRun, good: Sequence[tuple[int, PartRow | StockRow]]) -> Outcome:
    """What importing these rows would do."""
    if run.kind is ImportKind.PARTS:
        return import_parts.preview([(p, row) for p, row in good if isinstance(row, PartRow)])
    rows = [(p, row) for p, row in good if isinstance(row, StockRow)]
    return import_stock.preview(rows, depot_id=run.options["depot_id"], make_bins=run.options["make_bins"])


def lock_run(run_id: int) -> ImportRun:
    """The run, locked and fresh. Raises NotFound."""
    query = select(ImportRun).where(ImportRun.id == run_id).with_for_update()
    run = session.scalars(query.execution_options(populate_existing=True)).first()
    if run is None:
        raise NotFound("not_found")
    return run


def waiting() -> int:
    """How many runs wait for the worker or are in its hands."""
    query = select(func.count()).where(ImportRun.state.in_([ImportState.WAITING, ImportState.RUNNING]))
    return session.scalar(query) or 0


def file_of(run: ImportRun) -> StoredFile:
    """The run's file with its bytes."""
    query = select(StoredFile).where(StoredFile.id == run.file_id).options(undefer(StoredFile.data))
    return session.scalars(query).one()


def refusal_row(run_id: int, row: Row, error: SparesError) -> dict[str, Any]:
    """A refusal as it is kept: the line, the column, what stood there, and the reason as a code with its facts."""
    column = error.field or str(error.facts.get("column", ""))
    value = str(error.facts.get("value") or row.values.get(column, ""))
    if not value.strip():
        value = " / ".join(text.strip() for text in row.values.values() if text.strip())
    facts = {name: _plain(fact) for name, fact in error.facts.items()}
    return {
        "run_id": run_id,
        "line": row.line,
        "column": _shown(column)[:60],
        "value": _shown(value)[:200],
        "code": error.code,
        "facts": facts,
    }


def failure(error: SparesError) -> dict[str, Any]:
    """Why a run as a whole could not go on, as it is kept: a refusal of no row."""
    return {
        "line": int(error.facts.get("line", 0) or 0),
        "column": "",
        "value": "",
        "code": error.code,
        "facts": {name: _plain(fact) for name, fact in error.facts.items()},
    }


def _plain(fact: Any) -> Any:
    if isinstance(fact, (list, tuple, set, frozenset)):
        return [_plain(each) for each in fact]
    return _shown(fact) if isinstance(fact, str) else fact if isinstance(fact, (int, bool, type(None))) else str(fact)


def _shown(text: str) -> str:
    """The text without what cannot be shown or stored (a zero byte)."""
    return "".join(character if character.isprintable() else " " for character in text)
