"""The wheel runs outside the checkout: pages, styles, fonts, both languages and the migrations travel in it."""

import os
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import PATIENCE, ROOT, fetch, free_port, said_until


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the tree, as `make wheel` does."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("spares-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[Path]:
    """The `spares` command of a fresh environment with the wheel in it. What the wheel depends on is borrowed from the
    environment of this run, so that nothing is downloaded; its own `spares` is not."""
    home = wheel.parent / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=PATIENCE)
    python = home / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pip", "-q", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)],
        check=True,
        timeout=PATIENCE,
    )
    yield home / "bin" / "spares"


def names_in(folder: Path, pattern: str) -> set[str]:
    """The files that git would keep below the folder, by their path in it."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_everything_travels_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    for folder, place, pattern in (
        ("templates", "spares/templates", "*.html"),
        ("migrations", "spares/migrations", "*.py"),
        ("spares/static", "spares/static", "*"),
        ("spares/fonts", "spares/fonts", "*"),
        ("spares", "spares", "*.py"),
    ):
        wanted = {f"{place}/{name}" for name in names_in(ROOT / folder, pattern)}
        assert wanted
        assert not wanted - inside
    assert "spares/translations/zh_Hans_CN/LC_MESSAGES/messages.mo" in inside
    assert not [name for name in inside if name.startswith(("tests/", "tools/", "docs/", "instance/", "bench/"))]


def test_it_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SPARES_"))}
    environ |= {"SPARES_DATA_DIR": str(tmp_path / "data"), "LANG": "C.UTF-8"}

    def spares(*arguments: str) -> str:
        done = subprocess.run(
            [str(installed), *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Serve the web pages" in spares("--help")
    assert spares("--version") == "0.1.0\n"
    port = str(free_port())
    server = subprocess.Popen(
        [str(installed), "serve", "--demo", "--port", port],
        cwd=tmp_path,
        env=environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said_until(server, "Stop with Ctrl-C.")
        address = f"http://127.0.0.1:{port}"
        status, page = fetch(f"{address}/sign-in")
        assert (status, "<h1>登录</h1>" in page) == (200, True)
        assert fetch(f"{address}/readyz") == (200, "ready\n")
        assert fetch(f"{address}/static/app.css")[0] == 200
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=PATIENCE)
    assert server.returncode == 0
    assert spares("stock", "verify") == ""
    where = subprocess.run(
        [str(installed.parent / "python"), "-c", "import spares, spares.pdf.fonts; print(spares.__file__)"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed.parent.parent)
