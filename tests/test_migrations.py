"""Migrations: up and down on both databases with rows in the tables, no drift from the models, nothing lost on the way."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError

import spares.tables  # noqa: F401
from spares import settings
from spares.accounts.access import SYSTEM
from spares.accounts.models import AuditEntry
from spares.app import shipped
from spares.calendars.models import DayStatus
from spares.calendars.notice import NoticeDay, NoticeStatus
from spares.calendars.services import import_notice, set_day
from spares.cases import services
from spares.cases.timeline import lock_case, record
from spares.db import Base, db, session, transaction
from spares.dispatch import documents
from spares.dispatch.models import DispatchOrder, DocumentKind, PromiseChange
from spares.files import storage
from spares.files.storage import Upload
from spares.inventory import imports, imports_work, ledger, stocktake_counting, stocktake_services
from spares.inventory.import_models import ImportKind
from spares.inventory.models import PostingKind, Tracking
from spares.inventory.stocktake_models import Scope
from spares.rma import returns
from spares.rma.models import Obligation
from spares.rma.returns import Arrival
from tests.conftest import DATABASES, NOON, Databases, serving
from tests.inventory.ledger_rows import (
    World,
    add_line,
    add_part,
    build_world,
    findings,
    post,
    step,
    stock_pieces,
    stock_units,
    tables,
)
from tests.rma import making

MIGRATIONS = shipped("migrations")
APPEND_ONLY = {
    "audit_entry",
    "case_attachment",
    "day_override",
    "document",
    "document_print",
    "fault_confirmation",
    "hold",
    "hold_end",
    "move",
    "obligation_event",
    "posting",
    "promise_change",
    "setting_value",
    "shipment_line",
    "stocktake_count",
    "stocktake_event",
    "timeline_entry",
    "year_notice",
}


def revisions() -> list[str]:
    """Every revision, oldest first; one line without branches."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    return [script.revision for script in scripts.walk_revisions()][::-1]


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Flask]:
    """An application on a database without any table."""
    url = databases.empty(request.param)
    with serving(url) as app, app.app_context():
        yield app
        session.remove()
    databases.drop(url)


def some_of_everything() -> World:
    """Stock that has come, is held and has gone, with the case it went for; an exchange whose faulty part came back under
    another serial; an import with a refused line; and a row at least in every other table that is only added to."""
    world = build_world()
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    unit, _ = stock_units(world, part, world.bins[0], "SN1", "SN2")
    stock_pieces(world, cable, world.bins[0], 5)
    lines = [add_line(world, part), add_line(world, part), add_line(world, cable, 2)]
    with transaction():
        case = lock_case(world.case, SYSTEM)
        record(case, "spares_requested", actor=SYSTEM, now=NOON, rma="RMA-000001")
        session.add(AuditEntry(at=NOON, actor_id=None, action="tried", subject="migrations", data={}))
        for line, wanted, quantity in zip(lines, (part, part, cable), (1, 1, 2), strict=True):
            assert ledger.hold_available(line, wanted, world.depot, quantity, actor=SYSTEM, now=NOON)
    post(
        world,
        PostingKind.DISPATCH,
        step(part, world.bins[0], world.transit, unit_id=unit),
        holds=ledger.open_holds(lines[:1]),
        request_key="dispatch of SN1",
    )
    exchange = making.make_world("BJ")
    making.received(exchange, Arrival(part_id=exchange.part.id, serial="X1"))
    import_parts()
    papers_and_days(exchange)
    count_a_bin(world)
    session.remove()
    return world


def count_a_bin(world: World) -> None:
    """A stocktake of a bin in which something unknown lies."""
    by_system = {"actor": SYSTEM, "now": NOON}
    with transaction():
        run = stocktake_services.open_run(world.depot, Scope.BINS, bin_ids=world.bins[2:3], **by_system)
        counted = stocktake_counting.begin_bin(run.id, world.bins[2], **by_system)
        stocktake_counting.scan(counted.id, "UNKNOWN-1", **by_system)
        stocktake_counting.finish_bin(counted.id, **by_system)


def import_parts() -> None:
    """One line taken, one refused."""
    upload = imports.check(b"manufacturer,part number\nAcme,PN-1\nAcme,\n", "a.csv", ImportKind.PARTS)
    with transaction():
        run_id = imports.prepare(upload, options={}, actor=SYSTEM, now=NOON).id
    with transaction():
        imports.start(run_id, actor=SYSTEM)
    assert imports_work.advance(lambda: NOON)


def papers_and_days(exchange: making.World) -> None:
    """A slip printed, a promise changed, a proof attached, a setting and days of the calendar set."""
    by_system = {"actor": SYSTEM, "now": NOON}
    with transaction():
        document = documents.freeze(DocumentKind.SHIPPING_SLIP, "SH-000001", {"to": "李工"}, **by_system)
        documents.count_print(document, **by_system)
        order = session.scalars(select(DispatchOrder).where(DispatchOrder.depot_id == exchange.depot.id)).one()
        session.add(
            PromiseChange(
                order_id=order.id,
                old_due_at=NOON,
                new_due_at=NOON + timedelta(hours=1),
                reason="与客户商定",
                changed_at=NOON,
                actor_id=None,
            )
        )
        proof = storage.store(Upload("签收单.txt", "到货".encode()), by=None, now=NOON)
        services.attach(lock_case(exchange.case.id, SYSTEM), proof.id, proof.name, "receipt", **by_system)
        settings.change("return_within_days", 12, set_by_id=None, now=NOON)
        set_day(None, date(2027, 3, 3), DayStatus.CLOSED, "盘点", SYSTEM, NOON)
        import_notice(2027, [NoticeDay(date(2027, 1, 1), NoticeStatus.OFF, "元旦")], "放假通知", SYSTEM, NOON)


def table_names() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def described(index: dict[str, object]) -> str:
    """An index as text; its options hold the condition of a partial one as an object, which is no text by itself."""
    options = index.pop("dialect_options", {})
    assert isinstance(options, dict)
    return str(sorted([*index.items(), *((name, str(option)) for name, option in options.items())], key=str))


def schema() -> dict[str, object]:
    """Columns, keys, indexes and triggers of every table, in a form that can be compared."""
    with db.engine.connect() as connection:
        looked = inspect(connection)
        found: dict[str, object] = {
            name: (
                sorted((c["name"], str(c["type"]), c["nullable"]) for c in looked.get_columns(name)),
                sorted(str(sorted(key.items(), key=str)) for key in looked.get_foreign_keys(name)),
                sorted(described(dict(index)) for index in looked.get_indexes(name)),
                sorted(str(sorted(key.items(), key=str)) for key in looked.get_unique_constraints(name)),
                sorted(str(sorted(check.items(), key=str)) for check in looked.get_check_constraints(name)),
            )
            for name in looked.get_table_names()
        }
        found["triggers"] = triggers(connection)
        return found


def triggers(connection: Connection) -> dict[str, set[str]]:
    """What each table refuses: the verbs of its triggers."""
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT tbl_name, upper(substr(name, instr(name, '_no_') + 4)) FROM sqlite_master WHERE type = 'trigger'"
        )
    else:
        query = (
            "SELECT tgrelid::regclass::text, verb FROM pg_trigger, "
            "(VALUES ('DELETE', 8), ('UPDATE', 16), ('TRUNCATE', 32)) AS verbs (verb, bit) "
            "WHERE NOT tgisinternal AND tgenabled = 'O' AND tgtype & bit > 0"
        )
    found: dict[str, set[str]] = {}
    for table, verb in connection.execute(text(query)):
        found.setdefault(table, set()).add(verb)
    return found


def broken_keys() -> list[object]:
    """Rows without their parents. PostgreSQL does not let them be; SQLite is asked."""
    with db.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            return []
        return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))


def test_up_and_down_and_up_again(empty: Flask) -> None:
    upgrade(str(MIGRATIONS))
    first = schema()
    assert table_names() == {*Base.metadata.tables, "alembic_version"}
    downgrade(str(MIGRATIONS), "base")
    assert table_names() == {"alembic_version"}
    with db.engine.connect() as connection:
        assert triggers(connection) == {}
        if connection.dialect.name == "postgresql":
            assert connection.execute(text("SELECT proname FROM pg_proc WHERE proname = 'refuse_change'")).all() == []
    upgrade(str(MIGRATIONS))
    assert schema() == first


def test_up_and_down_one_by_one_with_rows_in_the_tables(empty: Flask) -> None:
    """Where a revision keeps the tables, it keeps their rows: what was there at the top is there after the way down to
    the first schema and up again. The last step down drops them, full as they are."""
    upgrade(str(MIGRATIONS))
    some_of_everything()
    rows = tables()
    session.remove()
    assert sum(len(found) for found in rows.values()) > 100
    assert {"rma", "obligation", "discrepancy", "import_run", "import_refusal", *APPEND_ONLY} <= {
        table for table, found in rows.items() if found
    }
    steps = revisions()
    for revision in steps[-2::-1]:
        downgrade(str(MIGRATIONS), revision)
        assert broken_keys() == []
    kept = table_names()
    for revision in steps[1:]:
        upgrade(str(MIGRATIONS), revision)
        assert broken_keys() == []
    assert tables() == {table: found if table in kept else [] for table, found in rows.items()}
    assert findings() == []
    session.remove()
    downgrade(str(MIGRATIONS), "base")
    assert table_names() == {"alembic_version"}


def take_in(piece: Obligation, quantity: int) -> None:
    with transaction():
        arrival = Arrival(part_id=piece.part_id, serial="", quantity=quantity)
        returns.receive_return(piece.id, arrival, actor=SYSTEM, now=NOON + timedelta(days=1))


def test_pieces_that_came_in_full_go_down_and_up(empty: Flask) -> None:
    upgrade(str(MIGRATIONS))
    owed = making.modules_running(making.make_world())
    take_in(owed, 5)
    rows = tables()
    session.remove()
    downgrade(str(MIGRATIONS), "0003")
    upgrade(str(MIGRATIONS))
    assert tables() == rows
    row = session.scalars(select(Obligation)).one()
    assert (row.quantity, row.received_quantity, row.came_quantity) == (5, 5, 0)


@pytest.mark.parametrize("target", ["0003", "base"])
def test_goods_that_came_without_ending_the_debt_are_not_lost_on_the_way_down(
    empty: Flask, target: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The older schema cannot say that two of five pieces came: it is told, and nothing is changed."""
    upgrade(str(MIGRATIONS))
    owed = making.modules_running(making.make_world())
    take_in(owed, 2)
    assert (making.fresh(owed).outstanding, len(making.came_for(owed))) == (3, 1)
    before = schema(), tables()
    session.remove()
    with pytest.raises(SystemExit):
        downgrade(str(MIGRATIONS), target)
    assert "cannot go back before 0004: 2 rows of the table obligation" in caplog.text
    assert (schema(), tables()) == before
    assert version() == [revisions()[-1]]


def version() -> list[str]:
    """Where the database says it stands."""
    with db.engine.connect() as connection:
        return list(connection.scalars(text("SELECT version_num FROM alembic_version")))


def test_every_script_is_dated_and_named_and_goes_both_ways() -> None:
    for path in sorted((MIGRATIONS / "versions").glob("*.py")):
        date, clock, name = path.stem.split("_", 2)
        assert (len(date), len(clock), bool(name)) == (8, 4, True), path.name
        assert (date + clock).isdecimal(), path.name
        content = path.read_text(encoding="utf-8")
        assert "def upgrade() -> None:" in content and "def downgrade() -> None:" in content, path.name


def test_the_models_are_what_the_migrations_make(context: Flask) -> None:
    with db.engine.connect() as connection:
        migration = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(migration, Base.metadata) == []


def test_a_drift_would_be_seen(context: Flask) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE part ADD COLUMN forgotten INTEGER"))
        connection.execute(text("DROP INDEX ix_part_category"))
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert sorted(difference[0] for difference in differences) == ["add_index", "remove_column"]


def test_append_only_tables_have_their_triggers(context: Flask) -> None:
    with db.engine.connect() as connection:
        verbs = {"UPDATE", "DELETE"} if connection.dialect.name == "sqlite" else {"UPDATE", "DELETE", "TRUNCATE"}
        assert triggers(connection) == dict.fromkeys(APPEND_ONLY, verbs)


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_triggers_refuse_to_change_rows(context: Flask, table: str) -> None:
    some_of_everything()
    before = tables()
    session.remove()
    assert before[table]
    column = Base.metadata.tables[table].primary_key.columns[0].name
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if db.engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
            connection.execute(text(statement))
    assert tables() == before


TRAP = '''"""Try the batch trap."""

import sqlalchemy as sa
from alembic import op

revision = "9{number}"
down_revision = "{down}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {body}


def downgrade() -> None:
    pass
'''


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """A copy of the migrations that a test may add to."""
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def add_script(scripts: Path, number: int, down: str, body: str) -> None:
    path = scripts / "versions" / f"20300101_000{number}_trap.py"
    path.write_text(TRAP.format(number=number, down=down, body=body), encoding="utf-8")


def test_rebuilding_a_parent_table_keeps_its_children(empty: Flask, scripts: Path) -> None:
    """Alembic changes a SQLite table by copying it and dropping the old one. With foreign keys on, the drop would delete
    the rows that cascade from it."""
    body = """op.create_table("parent", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "child",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey("parent.id", ondelete="CASCADE"), nullable=False),
    )
    op.execute("INSERT INTO parent (id) VALUES (1)")
    op.execute("INSERT INTO child (id, parent_id) VALUES (5, 1)")"""
    add_script(scripts, 1, revisions()[-1], body)
    upgrade(str(scripts))
    rebuild = """sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("parent", recreate="always" if sqlite else "never") as batch:
        batch.add_column(sa.Column("note", sa.Text))"""
    add_script(scripts, 2, "91", rebuild)
    upgrade(str(scripts))
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT id, note FROM parent")).all() == [(1, None)]
        assert connection.execute(text("SELECT id, parent_id FROM child")).all() == [(5, 1)]
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_script_that_leaves_rows_without_parents_is_undone(empty: Flask, scripts: Path) -> None:
    upgrade(str(MIGRATIONS))
    some_of_everything()
    before = schema(), tables()
    session.remove()
    add_script(scripts, 1, revisions()[-1], """op.execute("CREATE TABLE harmless (id INTEGER)")""")
    add_script(scripts, 2, "91", """op.execute("DELETE FROM customer")""")
    with pytest.raises((SystemExit, DBAPIError)):
        upgrade(str(scripts))
    assert (schema(), tables()) == before
    assert version() == [revisions()[-1]]
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
