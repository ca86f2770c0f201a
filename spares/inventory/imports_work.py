"""The worker's part of an import: one run at a time, chunk by chunk, resumed behind what is done."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import insert, or_, select

from spares.accounts import audit
from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import User
from spares.db import session, transaction
from spares.errors import Invalid
from spares.inventory import import_parts, import_stock, imports
from spares.inventory.import_models import ImportKind, ImportRefusal, ImportRun, ImportState
from spares.inventory.import_parts import Outcome
from spares.inventory.import_rows import PartRow, StockRow
from spares.sheets.reading import Row, Sheet

log = structlog.get_logger("spares.imports")
CHUNK = 500
LEASE = timedelta(minutes=2)


def advance(read_clock: Callable[[], datetime]) -> bool:
    """Import the oldest run that waits or was left behind by a worker that died; whether there was one."""
    run_id = _lease(read_clock())
    if run_id is None:
        return False
    run = session.get_one(ImportRun, run_id)
    kind, file = run.kind, imports.file_of(run)
    data, name = file.data, file.name
    session.rollback()
    try:
        sheet = imports.open_for(kind, data, name)
        total = sum(1 for _ in sheet.rows())
    except Invalid as error:
        _fail(run_id, error, read_clock())
        return True
    if _note_total(run_id, total, read_clock()):
        _import(run_id, kind, sheet, read_clock)
    return True


def _lease(now: datetime) -> int | None:
    with transaction():
        run = session.scalars(
            select(ImportRun)
            .where(
                or_(
                    ImportRun.state == ImportState.WAITING,
                    (ImportRun.state == ImportState.RUNNING) & (ImportRun.leased_until < now),
                )
            )
            .order_by(ImportRun.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if run is None:
            return None
        run.state, run.leased_until = ImportState.RUNNING, now + LEASE
        return run.id


def _note_total(run_id: int, total: int, now: datetime) -> bool:
    with transaction():
        run = imports.lock_run(run_id)
        if run.state is not ImportState.RUNNING:
            return False
        run.rows_total, run.leased_until = total, now + LEASE
    return True


def _fail(run_id: int, error: Invalid, now: datetime) -> None:
    with transaction():
        run = imports.lock_run(run_id)
        session.execute(insert(ImportRefusal), [{"run_id": run_id, **imports.broken(error)}])
        run.state, run.finished_at, run.leased_until = ImportState.FAILED, now, None
    log.warning("import_failed", run=run_id, code=error.code)


def _import(run_id: int, kind: ImportKind, sheet: Sheet, read_clock: Callable[[], datetime]) -> None:
    seen: dict[tuple[str, ...], int] = {}
    position = 0
    for rows in _chunks(sheet.rows()):
        good, refused = imports.checked(kind, rows, seen)
        begins, position = position, position + len(rows)
        with transaction():
            now = read_clock()
            run = imports.lock_run(run_id)
            if run.state is not ImportState.RUNNING:
                return
            if run.rows_done >= position:
                continue
            outcome = _apply(run, good, begins, now)
            outcome.refused.update(refused)
            if outcome.refused:
                found = [imports.refusal_row(run_id, rows[p], error) for p, error in sorted(outcome.refused.items())]
                session.execute(insert(ImportRefusal), found)
            run.rows_done = position
            run.rows_new += outcome.new
            run.rows_changed += outcome.changed
            run.rows_unchanged += outcome.unchanged
            run.rows_refused += len(outcome.refused)
            run.leased_until = now + LEASE
    _finish(run_id, read_clock())


def _apply(run: ImportRun, good: list[tuple[int, PartRow | StockRow]], begins: int, now: datetime) -> Outcome:
    if run.kind is ImportKind.PARTS:
        return import_parts.apply([(p, row) for p, row in good if isinstance(row, PartRow)])
    return import_stock.apply(
        [(p, row) for p, row in good if isinstance(row, StockRow)],
        depot_id=run.options["depot_id"],
        make_bins=run.options["make_bins"],
        request_key=f"import:{run.id}:{begins}",
        actor=_actor(run),
        now=now,
    )


def _actor(run: ImportRun) -> Actor:
    if run.created_by_id is None:
        return SYSTEM
    user = session.get_one(User, run.created_by_id)
    return Actor(id=user.id, name=user.display_name, role=user.role)


def _finish(run_id: int, now: datetime) -> None:
    with transaction():
        run = imports.lock_run(run_id)
        if run.state is not ImportState.RUNNING:
            return
        run.state, run.finished_at, run.leased_until = ImportState.DONE, now, None
        counts = {
            "rows": run.rows_total,
            "new": run.rows_new,
            "changed": run.rows_changed,
            "unchanged": run.rows_unchanged,
            "refused": run.rows_refused,
        }
        audit.record(f"{run.kind.value}_imported", run.number, counts, actor=_actor(run), now=now)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
