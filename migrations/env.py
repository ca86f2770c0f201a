"""Run migrations on the application's own engine, the same scripts on SQLite and on PostgreSQL.

On SQLite a table is changed by rebuilding it; with foreign keys on, dropping the old copy would cascade into its
children. So they are switched off before the transaction and checked before it is committed. Alembic takes SQLite for a
database that cannot undo a change of schema and commits each script by itself; it can, so it is told to use one
transaction for all. A rebuilt table also loses its triggers: a script that changes an append-only table makes them anew,
and the tests look for them."""

from alembic import context
from flask import current_app
from sqlalchemy import Enum

import spares.tables  # noqa: F401  every model, so that a drift check sees them all
from spares.db import UtcDateTime, db

target_metadata = db.metadatas[None]


def render_item(kind, item, autogen_context):
    """Write our own column types as the plain types they are stored as."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    return False


def run_migrations_online() -> None:
    """Upgrade or downgrade inside one transaction."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=target_metadata,
                render_as_batch=True,
                compare_type=True,
                transactional_ddl=True,
                render_item=render_item,
            )
            with context.begin_transaction():
                context.run_migrations()
                if sqlite:
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(f"the migration would leave rows without their parents: {broken[:5]}")
        finally:
            if sqlite:
                connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


run_migrations_online()
