"""Copies of the embedded database: never half of one, never over another, never of something else."""

import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from tests.conftest import Databases
from tests.test_cli import KEY, run

Command = Callable[..., Result]


@pytest.fixture
def live(tmp_path: Path, databases: Databases) -> Path:
    """An embedded database in use."""
    file = Path(databases.fresh("sqlite").removeprefix("sqlite:///"))
    return file.rename(tmp_path / "spares.sqlite3")


def parts(file: Path) -> int:
    """How many settings were ever changed, which stands for any content."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM setting_value").fetchone()[0])


def add(file: Path, times: int = 1) -> None:
    """Change something, as a running server would."""
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        for _ in range(times):
            connection.execute("INSERT INTO setting_value (key, value, set_at) VALUES ('x', '1', '2026-11-18')")
            connection.commit()


def test_a_copy_is_whole_private_and_alone(tmp_path: Path, live: Path) -> None:
    add(live, 3)
    answer = run(tmp_path, "backup", str(tmp_path / "copy"))
    assert answer.exit_code == 0, answer.output
    assert parts(tmp_path / "copy") == 3
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy"]


def test_copying_goes_on_beside_writers(tmp_path: Path, live: Path) -> None:
    writer = threading.Thread(target=add, args=(live, 200))
    writer.start()
    answer = run(tmp_path, "backup", str(tmp_path / "copy"))
    writer.join()
    assert answer.exit_code == 0
    with closing(sqlite3.connect(tmp_path / "copy")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert 0 <= parts(tmp_path / "copy") <= 200
    assert parts(live) == 200


def test_a_backup_is_never_written_over(tmp_path: Path, live: Path) -> None:
    (tmp_path / "copy").write_text("precious", encoding="utf-8")
    answer = run(tmp_path, "backup", str(tmp_path / "copy"))
    assert answer.exit_code == 1
    assert "exists already" in answer.output
    assert (tmp_path / "copy").read_text(encoding="utf-8") == "precious"


def test_restoring_brings_back_what_was_copied(tmp_path: Path, live: Path) -> None:
    add(live, 2)
    run(tmp_path, "backup", str(tmp_path / "copy"))
    add(live, 5)
    answer = run(tmp_path, "restore", "--yes", str(tmp_path / "copy"))
    assert answer.exit_code == 0, answer.output
    assert parts(live) == 2


def test_restoring_asks_first(tmp_path: Path, live: Path) -> None:
    run(tmp_path, "backup", str(tmp_path / "copy"))
    add(live)
    answer = run(tmp_path, "restore", str(tmp_path / "copy"))
    assert answer.exit_code == 1
    assert f"Replace everything in {live}" in answer.output
    assert parts(live) == 1


def test_nothing_else_is_restored(tmp_path: Path, live: Path) -> None:
    add(live)
    for name, content in (("empty", b""), ("text", b"hello" * 1000)):
        (tmp_path / name).write_bytes(content)
    run(tmp_path, "backup", str(tmp_path / "newer"))
    with closing(sqlite3.connect(tmp_path / "newer")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
        connection.commit()
    run(tmp_path, "backup", str(tmp_path / "torn"))
    whole = (tmp_path / "torn").read_bytes()
    (tmp_path / "torn").write_bytes(whole[: len(whole) // 2])
    for name in ("empty", "text", "newer", "torn"):
        answer = run(tmp_path, "restore", "--yes", str(tmp_path / name))
        assert answer.exit_code == 1, name
        assert answer.output.startswith("Error: "), name
        assert "Traceback" not in answer.output
        assert parts(live) == 1


def test_postgresql_has_tools_of_its_own(tmp_path: Path) -> None:
    environ = {"SPARES_DATABASE_URL": "postgresql://127.0.0.1:1/none", "SPARES_SECRET_KEY": KEY}
    answer = run(tmp_path, "backup", str(tmp_path / "copy"), **environ)
    assert answer.exit_code == 1
    assert answer.output == "Error: This is for the embedded database. For PostgreSQL use pg_dump and pg_restore.\n"
