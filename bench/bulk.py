"""Writes rows in bulk past the product, as a restore would: foreign keys and most indexes wait until all rows are in.

Rows are tuples in the order of the table's columns, already in the form that the driver takes."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Table
from sqlalchemy.engine import Dialect

from spares.db import Base, db

CHUNK = 20_000
Row = tuple[Any, ...]
Raw = Callable[[Any], Any]


def raw_forms(table: Table, dialect: Dialect) -> dict[str, Raw | None]:
    """How each column's Python value becomes the driver's; None where it is the same. JSON is given as text."""
    forms: dict[str, Raw | None] = {}
    for column in table.columns:
        is_json = column.type.__class__.__name__ == "JSON"
        forms[column.name] = None if is_json else column.type.dialect_impl(dialect).bind_processor(dialect)
    return forms


class Bulk:
    """The open database. Use as a context manager: on the way out the indexes are built and the keys go on after ours.

    Everything else must have let go of the database."""

    def __init__(self) -> None:
        self.dialect = db.engine.dialect
        self._rows: dict[str, list[Row]] = defaultdict(list)
        self._raw = {table.name: raw_forms(table, self.dialect) for table in Base.metadata.sorted_tables}
        url = db.engine.url
        db.engine.dispose()
        self._indexes: list[tuple[str, str]] = []
        if self.dialect.name == "sqlite":
            self._sqlite = sqlite3.connect(str(url.database), isolation_level=None)
            self._begin_sqlite()
        else:
            plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._postgresql = psycopg.connect(plain)
            self._begin_postgresql()

    def __enter__(self) -> "Bulk":
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            for name in list(self._rows):
                self._write(name)
            if self.dialect.name == "sqlite":
                self._end_sqlite()
            else:
                self._end_postgresql()
        (self._sqlite if self.dialect.name == "sqlite" else self._postgresql).close()

    def raw(self, table: str, column: str, value: Any) -> Any:
        """The value as the driver takes it."""
        form = self._raw[table][column]
        return value if form is None or value is None else form(value)

    def add(self, table: str, row: Row) -> None:
        """One row more, columns in the table's order."""
        rows = self._rows[table]
        rows.append(row)
        if len(rows) >= CHUNK:
            self._write(table)

    def add_named(self, table: str, values: dict[str, Any]) -> None:
        """One row by column names; what is not named is null."""
        columns = self._raw[table]
        self.add(table, tuple(self.raw(table, name, values.get(name)) for name in columns))

    def _write(self, table: str) -> None:
        rows, columns = self._rows[table], list(self._raw[table])
        if not rows:
            return
        names = ", ".join(f'"{column}"' for column in columns)
        if self.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            self._sqlite.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)
        else:
            with self._postgresql.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        rows.clear()

    def _begin_sqlite(self) -> None:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-800000", "temp_store=MEMORY"):
            self._sqlite.execute(f"PRAGMA {pragma}")
        self._indexes = self._sqlite.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        ).fetchall()
        for name, _ in self._indexes:
            self._sqlite.execute(f'DROP INDEX "{name}"')
        self._sqlite.execute("BEGIN")

    def _end_sqlite(self) -> None:
        for _, sql in self._indexes:
            self._sqlite.execute(sql)
        self._sqlite.execute("COMMIT")
        self._sqlite.execute("PRAGMA journal_mode=WAL")

    def _begin_postgresql(self) -> None:
        found = self._postgresql.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)"
        )
        self._indexes = [(str(name), str(sql)) for name, sql in found]
        for name, _ in self._indexes:
            self._postgresql.execute(f"DROP INDEX {name}")
        # As a restore does: no trigger, not even a foreign key's, looks at each row.
        self._postgresql.execute("SET session_replication_role = replica")

    def _end_postgresql(self) -> None:
        for _, sql in self._indexes:
            self._postgresql.execute(sql)
        for table in Base.metadata.sorted_tables:
            if "id" in table.columns:
                self._postgresql.execute(
                    f"SELECT setval(seq, (SELECT coalesce(max(id), 0) + 1 FROM {table.name}), false)"
                    f" FROM pg_get_serial_sequence('{table.name}', 'id') AS seq WHERE seq IS NOT NULL"
                )
        self._postgresql.commit()
        self._postgresql.autocommit = True
        self._postgresql.execute("VACUUM ANALYZE")
