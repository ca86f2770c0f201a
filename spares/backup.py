"""Copies of the embedded database, taken and put back while it may be in use.

SQLite's own online copy is used, so a copy is always one moment's whole state. PostgreSQL has better tools of its own."""

import sqlite3
from contextlib import closing
from pathlib import Path

import click
from flask import current_app
from sqlalchemy.engine import make_url

from spares.config import Config
from spares.db import db, session
from spares.health import known_schemas, newest_schema


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the embedded database to FILE, which must not exist yet. People may go on working meanwhile."""
    source = _database()
    if file.exists():
        raise click.ClickException(f"{file} exists already; a backup never overwrites one.")
    unfinished = file.with_name(file.name + ".part")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    _copy(source, unfinished)
    with closing(sqlite3.connect(unfinished)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it that belongs to it
    unfinished.rename(file)
    click.echo(f"Copied to {file} ({file.stat().st_size:,} bytes).")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, yes: bool) -> None:
    """Put the backup FILE in the place of the embedded database. What is in the database now is lost.

    Stop the servers and the worker first. A backup of an older version is brought to this version's schema by
    `spares init` afterwards; a damaged file, or one of a newer version, is refused before anything is touched."""
    target = _database()
    _check(file)
    if not yes:
        click.confirm(f"Replace everything in {target} with {file}?", abort=True)
    session.remove()
    db.engine.dispose()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _copy(file, target)
    except sqlite3.DatabaseError:
        # What lies there is no database any more, so there is nothing to copy into.
        for end in ("", "-wal", "-shm"):
            target.with_name(target.name + end).unlink(missing_ok=True)
        _copy(file, target)
    click.echo(f"Restored from {file}. Now run `spares init` and `spares stock verify`.")


def _database() -> Path:
    config: Config = current_app.config["SPARES_CONFIG"]
    url = make_url(config.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise click.ClickException("This is for the embedded database. For PostgreSQL use pg_dump and pg_restore.")
    return Path(url.database)


def _check(file: Path) -> None:
    try:
        with closing(_opened(file)) as connection:
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            stands_at = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise click.ClickException(f"{file} is not a backup of Spares: {error}.") from error
    if not sound or stands_at is None:
        raise click.ClickException(f"{file} is damaged; nothing was changed.")
    migrations: Path = current_app.extensions["spares_migrations"]
    if stands_at[0] not in known_schemas(migrations):
        raise click.ClickException(
            f"{file} has the schema {stands_at[0]}, which this version ({newest_schema(migrations)}) does not know; "
            "restore it with the version that made it."
        )


def _copy(source: Path, target: Path) -> None:
    with closing(_opened(source)) as reading, closing(sqlite3.connect(target, timeout=30)) as writing:
        reading.backup(writing)


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
