"""Imports survive their workers: a killed one is resumed, two never do one row twice, a broken one is given up."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import AuditEntry, Role
from spares.clock import now
from spares.db import session, transaction
from spares.inventory import imports, imports_work
from spares.inventory.import_models import ImportKind, ImportRefusal, ImportRun, ImportState
from spares.inventory.ledger_check import verify
from spares.inventory.models import Part, StockBalance, Unit, UnitState
from tests.factories import make_bin, make_depot, make_part, make_user

PARTS = "厂商,备件型号,描述\n" + "".join(
    f"华为,{'' if n % 40 == 7 else f'P-{n % 300:04d}'},第 {n} 行\n" for n in range(320)
)
"""320 rows: 8 lack their number, and 19 of the last 20 repeat an earlier line."""


def begin(text: str, kind: ImportKind = ImportKind.PARTS, **options: object) -> int:
    upload = imports.check(text.encode(), "sheet.csv", kind)
    with transaction():
        run_id = imports.prepare(upload, options=options, actor=SYSTEM, now=now()).id
        imports.start(run_id, actor=SYSTEM)
    return run_id


def later(minutes: int) -> Callable[[], datetime]:
    return lambda: now() + timedelta(minutes=minutes)


def finish(minutes: int = 5) -> None:
    for step in range(40):
        if not imports_work.advance(later(minutes * (step + 1))):
            return


def run_of(run_id: int) -> ImportRun:
    session.rollback()
    return session.get_one(ImportRun, run_id, populate_existing=True)


def counts(run_id: int) -> tuple[object, ...]:
    run = run_of(run_id)
    found = (run.state, run.rows_total, run.rows_done, run.rows_new, run.rows_changed, run.rows_unchanged)
    return (*found, run.rows_refused)


def refused(run_id: int) -> list[tuple[int, str, str, dict[str, object]]]:
    rows = session.scalars(select(ImportRefusal).where(ImportRefusal.run_id == run_id).order_by(ImportRefusal.line))
    return [(row.line, row.column, row.code, row.facts) for row in rows]


def catalogue() -> list[tuple[str, str, int]]:
    return [(p.part_number, p.description, p.version) for p in session.scalars(select(Part).order_by(Part.part_number))]


def test_a_killed_worker_is_resumed_with_the_same_result(context: Flask, database_url: str) -> None:
    session.rollback()
    run_id = begin(PARTS)
    for chunk, done in ((2, 100), (0, 100), (3, 250)):
        killed = subprocess.run(
            [sys.executable, "-m", "tests.inventory.import_worker", database_url, str(chunk)], check=False
        )
        assert killed.returncode == -signal.SIGKILL
        assert counts(run_id)[:3] == (ImportState.RUNNING, 320, done)
        assert not imports_work.advance(now), "its lease has not run out"
        with transaction():
            session.get_one(ImportRun, run_id).leased_until = now() - timedelta(seconds=1)
    finish()
    assert counts(run_id) == (ImportState.DONE, 320, 320, 293, 0, 0, 27)
    assert refused(run_id) == expected_refusals()
    parts = catalogue()
    assert len(parts) == 293
    assert {version for *_, version in parts} == {1}
    assert parts[0] == ("P-0000", "第 0 行", 1)

    again = begin(PARTS)
    finish()
    assert counts(again) == (ImportState.DONE, 320, 320, 0, 0, 293, 27)
    assert refused(again) == expected_refusals()
    assert catalogue() == parts


def expected_refusals() -> list[tuple[int, str, str, dict[str, object]]]:
    found: list[tuple[int, str, str, dict[str, object]]] = []
    for n in range(320):
        if n % 40 == 7:
            found.append((n + 2, "part_number", "import_value_missing", {}))
        elif n >= 300:
            facts = {"value": f"P-{n - 300:04d}", "first_line": n - 298}
            missing = (n - 300) % 40 == 7
            if not missing:
                found.append((n + 2, "part_number", "repeats_line", facts))
    return found


def test_a_killed_stock_import_posts_nothing_twice(context: Flask, database_url: str) -> None:
    depot = make_depot()
    make_bin(depot, "A-01")
    make_part("SW")
    make_part("CABLE", tracking="counted")
    text = "备件型号,序列号,数量,货位\n" + "".join(f"SW,S{n},,B-{n % 7}\n" for n in range(120)) + "CABLE,,40,A-01\n"
    run_id = begin(text, ImportKind.STOCK, depot_id=depot.id, make_bins=True)
    killed = subprocess.run([sys.executable, "-m", "tests.inventory.import_worker", database_url, "1"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert session.scalar(select(func.count()).select_from(Unit)) == 50
    finish()
    assert counts(run_id) == (ImportState.DONE, 121, 121, 121, 0, 0, 0)
    assert session.scalar(select(func.count()).select_from(UnitState)) == 120
    assert session.scalars(select(StockBalance.on_hand).where(StockBalance.on_hand == 40)).all() == [40]
    assert list(verify()) == []


def test_a_run_is_leased_to_one_worker(context: Flask) -> None:
    run_id = begin(PARTS)
    hold = imports_work._lease(now, None, lambda: False)
    assert hold is not None
    assert not imports_work.advance(now)
    assert not imports_work.advance(now, run_id=run_id)
    assert imports_work.advance(later(3)), "a lease of two minutes has run out by then"
    assert counts(run_id)[0] is ImportState.DONE
    with pytest.raises(imports_work._Lost), hold.writing():
        pass


def test_a_worker_that_was_asleep_lets_go(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one worker reads its second chunk, its lease runs out and another one does the whole rest."""
    monkeypatch.setattr(imports_work, "CHUNK", 50)
    run_id = begin(PARTS)
    import_chunk, slept = imports_work._import_chunk, []

    def sleepy(hold: imports_work._Hold, *args: object) -> None:
        if run_of(run_id).rows_done == 50 and not slept:
            slept.append(hold)
            assert imports_work.advance(later(3))
        import_chunk(hold, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(imports_work, "_import_chunk", sleepy)
    assert imports_work.advance(now)
    assert len(slept) == 1
    assert counts(run_id) == (ImportState.DONE, 320, 320, 293, 0, 0, 27)
    assert refused(run_id) == expected_refusals()
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "parts_imported")).all()
    assert [(e.subject, e.data["new"]) for e in entries] == [("import IM-000001", 293)]


def test_cancelling_stops_at_the_end_of_a_chunk(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_work, "CHUNK", 50)
    run_id = begin(PARTS)
    import_chunk = imports_work._import_chunk

    def cancelled(hold: imports_work._Hold, *args: object) -> None:
        import_chunk(hold, *args)  # type: ignore[arg-type]
        if run_of(run_id).rows_done == 100:
            with transaction():
                imports.cancel(run_id, actor=SYSTEM, now=now())

    monkeypatch.setattr(imports_work, "_import_chunk", cancelled)
    assert imports_work.advance(now)
    assert counts(run_id) == (ImportState.CANCELLED, 320, 100, 97, 0, 0, 3)
    assert len(catalogue()) == 97
    assert not imports_work.advance(later(60))


def test_a_worker_told_to_stop_puts_the_run_down(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_work, "CHUNK", 50)
    run_id = begin(PARTS)
    assert imports_work.advance(now, stopping=lambda: run_of(run_id).rows_done >= 150)
    assert counts(run_id)[:3] == (ImportState.RUNNING, 320, 150)
    assert imports_work.advance(now), "the next worker need not wait for a lease"
    assert counts(run_id) == (ImportState.DONE, 320, 320, 293, 0, 0, 27)


def test_a_chunk_that_cannot_be_imported_is_given_up(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_work, "CHUNK", 50)
    run_id = begin(PARTS)
    apply, tries = imports_work._apply, []

    def faulty(run: ImportRun, *args: object) -> object:
        if run.rows_done == 100:
            tries.append(run.attempts)
            raise ZeroDivisionError("a fault of ours")
        return apply(run, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(imports_work, "_apply", faulty)
    finish()
    assert tries == [0, 1, 2, 3, 4, 5]
    assert counts(run_id)[:3] == (ImportState.FAILED, 320, 100)
    assert refused(run_id)[0] == (0, "", "import_crashed", {"rows": 100, "attempts": 5})
    assert len(catalogue()) == 97
    assert not imports_work.advance(later(600))


def test_a_fault_that_passes_costs_nothing(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = begin(PARTS)
    apply, tries = imports_work._apply, []

    def faulty(*args: object) -> object:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("passes")
        return apply(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(imports_work, "_apply", faulty)
    finish()
    assert counts(run_id) == (ImportState.DONE, 320, 320, 293, 0, 0, 27)


def test_workers_that_die_on_a_run_leave_it_in_the_end(context: Flask) -> None:
    run_id = begin(PARTS)
    for minutes in range(0, 15, 3):
        assert imports_work._lease(later(minutes), None, lambda: False) is not None
    assert not imports_work.advance(later(15))
    assert counts(run_id)[:3] == (ImportState.FAILED, 0, 0)
    assert refused(run_id) == [(0, "", "import_crashed", {"rows": 0, "attempts": 5})]


def test_a_person_who_may_no_longer_move_stock_ends_the_run(context: Flask) -> None:
    depot = make_depot()
    make_bin(depot, "A-01")
    make_part("SW")
    user = make_user(Role.RMA_ADMIN)
    run_id = begin("备件型号,序列号,货位\nSW,S1,A-01\n", ImportKind.STOCK, depot_id=depot.id, make_bins=False)
    with transaction():
        session.get_one(ImportRun, run_id).created_by_id = user.id
        user.role = Role.FINANCE
        session.add(user)
    assert imports_work.advance(now)
    assert counts(run_id)[0] is ImportState.FAILED
    assert refused(run_id)[0][2] == "not_allowed"
    assert session.scalar(select(func.count()).select_from(Unit)) == 0
