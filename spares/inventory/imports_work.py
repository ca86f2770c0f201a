"""The worker's part of an import: one run at a time, chunk by chunk, resumed behind what is done.

A worker holds a run by its lease, which every chunk renews and checks: whoever finds another lease there, or the run
cancelled, lets go. On SQLite a chunk keeps every other writer out, so it is small, and a pause as long as itself follows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import insert, or_, select

from spares.accounts import audit
from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import User
from spares.db import session, transaction
from spares.errors import Conflict, SparesError
from spares.inventory import import_parts, import_stock, imports
from spares.inventory.import_models import ImportKind, ImportRefusal, ImportRun, ImportState
from spares.inventory.import_outcome import Fate, Outcome
from spares.inventory.import_rows import PartRow, StockRow
from spares.sheets.reading import Row, Sheet

Clock = Callable[[], datetime]
log = structlog.get_logger("spares.imports")
CHUNK = 200
LEASE = timedelta(minutes=2)
RENEWED_EVERY = timedelta(seconds=20)
ATTEMPTS = 5
"""How often a run is taken up without coming forward before it is given up."""
RETRY_AFTER = timedelta(seconds=2)
LONGEST_PAUSE_SECONDS = 0.25


class _Lost(Exception):
    """The run was cancelled, another worker has it, or we were told to stop."""


class _Hold:
    """A run in this worker's hands."""

    def __init__(self, run_id: int, until: datetime, read_clock: Clock, stopping: Callable[[], bool]) -> None:
        self.run_id = run_id
        self._stopping = stopping
        self._until: datetime | None = until
        self._read_clock = read_clock

    @contextmanager
    def writing(self) -> Iterator[tuple[ImportRun, datetime]]:
        """A transaction on the run, with the lease renewed. Raises _Lost when the run is no longer ours."""
        now = self._read_clock()
        with transaction():
            run = imports.lock_run(self.run_id)
            if run.state is not ImportState.RUNNING or run.leased_until != self._until:
                raise _Lost
            run.leased_until = now + LEASE
            yield run, now
            session.flush()
            until = run.leased_until
        self._until = until

    def renew(self) -> None:
        """Renew the lease when it is time: while rows are only read, no chunk does it."""
        if self._until is None or self._read_clock() > self._until - LEASE + RENEWED_EVERY:
            with self.writing():
                pass
        self.stop_if_told()

    def stop_if_told(self) -> None:
        """When this process is about to end, put the run down for the next one at once. Raises _Lost then."""
        if self._stopping():
            with self.writing() as (run, now):
                run.leased_until, run.attempts = now - LEASE, max(0, run.attempts - 1)
            raise _Lost


def advance(read_clock: Clock, *, run_id: int | None = None, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Import the oldest run that waits or was left behind by a worker that died (or only the one named), to its end or
    until `stopping` says so; whether there was one."""
    hold = _lease(read_clock, run_id, stopping)
    if hold is None:
        return False
    try:
        _work(hold)
    except _Lost:
        log.info("import_let_go", run=hold.run_id)
    except Exception as error:
        session.rollback()
        log.warning("import_stopped", run=hold.run_id, exc_info=not isinstance(error, SparesError), problem=str(error))
        _stopped(hold, error)
    return True


def _lease(read_clock: Clock, run_id: int | None, stopping: Callable[[], bool]) -> _Hold | None:
    now = read_clock()
    query = select(ImportRun).where(
        or_(
            ImportRun.state == ImportState.WAITING,
            (ImportRun.state == ImportState.RUNNING) & (ImportRun.leased_until < now),
        )
    )
    if run_id is not None:
        query = query.where(ImportRun.id == run_id)
    if session.scalar(query.with_only_columns(ImportRun.id).limit(1)) is None:
        session.rollback()
        return None
    with transaction():
        run = session.scalars(query.order_by(ImportRun.id).limit(1).with_for_update(skip_locked=True)).first()
        if run is None:
            return None
        run.state, run.leased_until = ImportState.RUNNING, now + LEASE
        run.attempts += 1
        if run.attempts > ATTEMPTS:
            _end_failed(run, Conflict("import_crashed", rows=run.rows_done, attempts=ATTEMPTS), now)
            return None
        return _Hold(run.id, run.leased_until, read_clock, stopping)


def _work(hold: _Hold) -> None:
    run = session.get_one(ImportRun, hold.run_id)
    kind, file = run.kind, imports.file_of(run)
    data, name = file.data, file.name
    session.rollback()
    sheet = imports.open_for(kind, data, name)
    total = _counted(sheet, hold)
    with hold.writing() as (run, _now):
        run.rows_total = total
        done = run.rows_done
    _import(hold, kind, sheet, done)


def _counted(sheet: Sheet, hold: _Hold) -> int:
    """How many rows there are. Reading them all before the first is imported shows a file that is broken further down."""
    total = 0
    for _row in sheet.rows():
        total += 1
        if total % 5000 == 0:
            hold.renew()
    return total


def _import(hold: _Hold, kind: ImportKind, sheet: Sheet, done: int) -> None:
    seen: dict[tuple[str, ...], int] = {}
    rows = sheet.rows()
    while done_rows := list(islice(rows, min(CHUNK, done))):
        imports.checked(kind, done_rows, seen)
        done -= len(done_rows)
        hold.renew()
    while chunk := list(islice(rows, CHUNK)):
        good, refused = imports.checked(kind, chunk, seen)
        began = time.perf_counter()
        _import_chunk(hold, chunk, good, refused)
        hold.stop_if_told()
        time.sleep(min(time.perf_counter() - began, LONGEST_PAUSE_SECONDS))
    with hold.writing() as (run, now):
        _end_done(run, now)


def _import_chunk(
    hold: _Hold, rows: list[Row], good: list[tuple[int, PartRow | StockRow]], refused: dict[int, list[SparesError]]
) -> None:
    with hold.writing() as (run, now):
        outcome = _apply(run, good, now)
        for position, faults in refused.items():
            outcome.refuse(position, faults)
        if outcome.refused:
            refusals = sorted(outcome.refused.items())
            found = [imports.refusal_row(run.id, rows[p], fault) for p, faults in refusals for fault in faults]
            session.execute(insert(ImportRefusal), found)
        run.rows_done += len(rows)
        run.rows_new += outcome.count(Fate.NEW)
        run.rows_changed += outcome.count(Fate.CHANGED)
        run.rows_unchanged += outcome.count(Fate.UNCHANGED)
        run.rows_refused += outcome.count(Fate.REFUSED)
        run.attempts = 0


def _apply(run: ImportRun, good: list[tuple[int, PartRow | StockRow]], now: datetime) -> Outcome:
    if run.kind is ImportKind.PARTS:
        return import_parts.apply([(p, row) for p, row in good if isinstance(row, PartRow)])
    return import_stock.apply(
        [(p, row) for p, row in good if isinstance(row, StockRow)],
        depot_id=run.options["depot_id"],
        make_bins=run.options["make_bins"],
        request_key=f"import:{run.id}:{run.rows_done}",
        actor=_actor(run),
        now=now,
    )


def _stopped(hold: _Hold, error: Exception) -> None:
    """A refusal of the file, or of the person, ends the run; anything else (a clash with another writer, a busy
    database, a fault of ours) is tried again a little later, but not for ever."""
    final = isinstance(error, SparesError) and not isinstance(error, Conflict)
    try:
        with hold.writing() as (run, now):
            if final or run.attempts >= ATTEMPTS:
                crashed = Conflict("import_crashed", rows=run.rows_done, attempts=run.attempts)
                _end_failed(run, error if isinstance(error, SparesError) else crashed, now)
            else:
                run.leased_until = now + RETRY_AFTER * run.attempts
    except _Lost:
        log.info("import_let_go", run=hold.run_id)


def _end_failed(run: ImportRun, error: SparesError, now: datetime) -> None:
    session.execute(insert(ImportRefusal), [{"run_id": run.id, **imports.failure(error)}])
    run.state, run.finished_at, run.leased_until = ImportState.FAILED, now, None
    audit.record("import_failed", f"import {run.number}", {"rows": run.rows_done}, actor=_actor(run), now=now)
    log.warning("import_failed", run=run.id, code=error.code)


def _end_done(run: ImportRun, now: datetime) -> None:
    run.state, run.finished_at, run.leased_until = ImportState.DONE, now, None
    counts = {
        "rows": run.rows_total,
        "new": run.rows_new,
        "changed": run.rows_changed,
        "unchanged": run.rows_unchanged,
        "refused": run.rows_refused,
    }
    audit.record(f"{run.kind.value}_imported", f"import {run.number}", counts, actor=_actor(run), now=now)


def _actor(run: ImportRun) -> Actor:
    if run.created_by_id is None:
        return SYSTEM
    user = session.get_one(User, run.created_by_id)
    return Actor(id=user.id, name=user.display_name, role=user.role)
