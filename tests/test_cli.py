"""The `spares` command: help for all of it without loading any, and refusals as one clear line."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import click
import pytest
from click.testing import CliRunner, Result

from spares.cli import COMMANDS, cli
from spares.config import WORDS
from tests.conftest import Databases

KEY = "k" * 40


def run(folder: Path, *arguments: str, **environ: str) -> Result:
    """What the command says and its exit code, with its data below the folder. The log stays as it is: it belongs to the
    process, and this one is the tests'."""
    settings = {
        "SPARES_DATA_DIR": str(folder),
        "SPARES_DATABASE_URL": None,
        "SPARES_SECRET_KEY": None,
        "LANG": "C.UTF-8",
    }
    with patch("spares.logs.configure"):
        return CliRunner().invoke(cli, list(arguments), env=settings | environ, prog_name="spares")


def test_help_lists_every_command_and_loads_none() -> None:
    script = (
        "import sys; from spares.cli import cli; cli(['--help'], standalone_mode=False); "
        "print(sorted({'flask', 'sqlalchemy.orm', 'waitress', 'reportlab', 'spares.app'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    for name, (_, _, words) in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert words.split()[0] in done.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(tmp_path: Path, name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    answer = run(tmp_path, name, "--help")
    assert answer.exit_code == 0
    assert answer.output.startswith(f"Usage: spares {name} ")
    assert command.help
    if isinstance(command, click.Group):
        for part, inner in command.commands.items():
            assert inner.help, f"{name} {part}"
            assert run(tmp_path, name, part, "--help").exit_code == 0


def test_an_unknown_command_is_a_wrong_use(tmp_path: Path) -> None:
    answer = run(tmp_path, "dance")
    assert answer.exit_code == 2
    assert "No such command 'dance'" in answer.output


def test_a_missing_setting_is_said_in_a_sentence(tmp_path: Path) -> None:
    answer = run(tmp_path, "init", SPARES_DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert answer.exit_code == 1
    assert answer.output == f"Error: {WORDS['secret_key_missing'] % {'variable': 'SPARES_SECRET_KEY'}}\n"
    answer = run(tmp_path, "init", SPARES_HTTPS="maybe")
    assert (answer.exit_code, answer.output) == (1, "Error: SPARES_HTTPS is 'maybe'; write 1 or 0.\n")


@pytest.mark.parametrize("arguments", [("user", "add", "kim", "--role", "finance"), ("stock", "verify"), ("demo",)])
def test_a_database_that_was_not_made_is_said(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    answer = run(tmp_path, *arguments)
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: The database cannot be used: ")
    assert answer.output.endswith("If it has not been made yet, run `spares init` first.\n")


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    url = "postgresql://spares@127.0.0.1:1/none"
    answer = run(tmp_path, "stock", "verify", SPARES_DATABASE_URL=url, SPARES_SECRET_KEY=KEY)
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: The database cannot be used: ")
    assert "Traceback" not in answer.output


def test_a_refusal_is_one_line_in_words(tmp_path: Path, databases: Databases) -> None:
    url = databases.fresh("sqlite")
    environ = {"SPARES_DATABASE_URL": url, "SPARES_SECRET_KEY": KEY}
    assert run(tmp_path, "user", "add", "kim", "--role", "finance", **environ).exit_code == 0
    answer = run(tmp_path, "user", "add", "kim", "--role", "finance", **environ)
    assert (answer.exit_code, answer.output) == (1, "Error: The user name kim is taken.\n")
    databases.drop(url)
