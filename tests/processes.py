"""Starting the product as people do: processes of their own, and what they say."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60
Start = Callable[..., subprocess.Popen[str]]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def starting(folder: Path) -> Iterator[Start]:
    """Gives what starts `spares …` with its data in the folder; whatever still runs afterwards is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "spares", *arguments],
            cwd=ROOT,
            env=os.environ | {"SPARES_DATA_DIR": str(folder), "LANG": "C.UTF-8"} | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def said_until(process: subprocess.Popen[str], wanted: str) -> str:
    """What the process printed up to the line that holds `wanted`."""
    assert process.stdout
    said = ""
    while wanted not in said:
        line = process.stdout.readline()
        assert line, f"it ended after: {said}\n{process.communicate(timeout=PATIENCE)[1]}"
        said += line
    return said


def fetch(address: str) -> tuple[int, str]:
    """Status and text of a page."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310  our own address
            return answer.status, answer.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8")


def counted(url: str, table: str) -> int:
    """How many rows the table has; none while it cannot be read."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)
    except DatabaseError:
        return 0
    finally:
        engine.dispose()
