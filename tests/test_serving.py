"""`spares serve` as people start it: a process of its own, killed and stopped at the worst moments."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from spares.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from tests.conftest import Databases
from tests.processes import PATIENCE, Start, counted, fetch, free_port, said_until, starting


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `spares …` with its data below tmp_path."""
    with starting(tmp_path) as begin:
        yield begin


def test_the_first_start_makes_everything_and_the_second_keeps_it(start: Start, tmp_path: Path) -> None:
    port = str(free_port())
    began = time.monotonic()
    first = start("serve", "--demo", PORT=port)
    said = said_until(first, "Stop with Ctrl-C.")
    assert time.monotonic() - began < 30
    assert f"http://localhost:{port}" in said
    assert DEMO_PASSWORD in said
    assert all(re.search(rf"{username} +{role.value}", said) for username, role, _ in DEMO_ACCOUNTS)
    status, page = fetch(f"http://127.0.0.1:{port}/sign-in")
    assert (status, '<html lang="zh-CN">' in page, "演示数据库" in page) == (200, True, True)
    assert fetch(f"http://127.0.0.1:{port}/readyz") == (200, "ready\n")
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=PATIENCE) == 0
    url = f"sqlite:///{tmp_path}/spares.sqlite3"
    cases = counted(url, "service_case")
    assert cases > 10
    second = start("serve", "--demo", PORT=port)
    assert "Loading" not in said_until(second, "Stop with Ctrl-C.")
    second.send_signal(signal.SIGINT)
    assert second.wait(timeout=PATIENCE) == 0
    _, complaints = second.communicate()
    assert "Traceback" not in complaints
    assert counted(url, "service_case") == cases


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_while_the_demo_is_loading_leaves_none_of_it(start: Start, databases: Databases, kind: str) -> None:
    url = databases.empty(kind)
    environ = {"SPARES_DATABASE_URL": url, "SPARES_SECRET_KEY": "k" * 40, "PORT": str(free_port())}
    victim = start("serve", "--demo", **environ)
    said_until(victim, "Loading")
    time.sleep(0.5)
    victim.kill()
    assert victim.wait(timeout=PATIENCE) == -signal.SIGKILL
    assert "Serving" not in victim.communicate()[0]
    assert counted(url, "user_account") == counted(url, "service_case") == 0
    survivor = start("serve", "--demo", **environ)
    said_until(survivor, "Stop with Ctrl-C.")
    survivor.kill()
    survivor.wait(timeout=PATIENCE)
    assert counted(url, "user_account") == len(DEMO_ACCOUNTS)
    assert counted(url, "service_case") > 10
    checked = start("stock", "verify", **environ)
    assert (checked.communicate(timeout=PATIENCE)[0], checked.returncode) == ("", 0)
    databases.drop(url)


def test_a_port_in_use_is_said_before_anything_is_done(start: Start, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = start("serve", "--demo", PORT=port)
        _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert complaints.startswith(f"Error: Cannot listen on 127.0.0.1:{port} (Address already in use).")
    assert counted(f"sqlite:///{tmp_path}/spares.sqlite3", "user_account") == 0


def test_the_commands_of_a_production_start(start: Start, tmp_path: Path) -> None:
    """Serving comes after init, init may be repeated, and a demo stays on a loopback address unless told otherwise."""
    port = str(free_port())
    process = start("serve", PORT=port)
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert complaints == "Error: The database has not been made yet: run `spares init` first.\n"
    for _ in range(2):
        process = start("init")
        assert process.communicate(timeout=PATIENCE) == (
            "The database is ready.\n"
            "Nobody can sign in yet. Make the first administrator with:\n"
            "  spares user add NAME --role administrator\n",
            "",
        )
    assert counted(f"sqlite:///{tmp_path}/spares.sqlite3", "depot") == 1
    worker = start("worker")
    said_until(worker, "Waiting for work")
    assert start("demo").wait(timeout=PATIENCE) == 0
    worker.send_signal(signal.SIGTERM)
    assert (worker.communicate(timeout=PATIENCE)[1], worker.returncode) == ("", 0)
    process = start("serve", "--host", "0.0.0.0", PORT=port)  # noqa: S104
    _, complaints = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "This is a demo database with well-known passwords; it is not served on 0.0.0.0." in complaints
    told = start("serve", "--host", "0.0.0.0", PORT=port, SPARES_SERVE_DEMO_PUBLICLY="1")  # noqa: S104
    assert f"http://0.0.0.0:{port}" in said_until(told, "Stop with Ctrl-C.")
