"""The `spares` command: every part of it lives with the slice it belongs to and is loaded when it is called."""

import sys
from importlib import import_module
from typing import Any

import click
from click.exceptions import ClickException
from sqlalchemy.exc import OperationalError, ProgrammingError

from spares.config import WORDS
from spares.errors import SparesError

COMMANDS = {
    "serve": ("spares.serving", "serve", "Serve the web pages (and, unless told otherwise, do the background work)."),
    "worker": ("spares.worker", "worker", "Do the background work: messages, labels, imports, stock for what waits."),
    "init": ("spares.serving", "init", "Make or upgrade the database, the first depot and its places."),
    "demo": ("spares.demo.cli", "demo", "Fill an empty database with an invented company."),
    "backup": ("spares.backup", "backup", "Copy the embedded database to a file, while it is in use."),
    "restore": ("spares.backup", "restore", "Put a backup of the embedded database back."),
    "user": ("spares.accounts.cli", "user", "People who sign in."),
    "parts": ("spares.inventory.import_cli", "parts", "The parts catalogue."),
    "stock": ("spares.inventory.cli", "stock", "The stock ledger."),
    "calendar": ("spares.calendars.cli", "calendar", "Working days of the depots."),
    "deadlines": ("spares.rma.cli", "deadlines", "Count the deadlines of a history again."),
    "report": ("spares.reports.cli", "report", "Reports for finance."),
}
WITHOUT_DATABASE = {"deadlines"}


class LazyGroup(click.Group):
    """Loads a command's module only when it is called, so that `--help` is quick and a missing extra hurts nobody else."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in a stable order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in sorted(COMMANDS)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command inside the application; a refusal becomes one clear line and exit code 1."""
        name = ctx.invoked_subcommand or (ctx._protected_args or [""])[0]
        try:
            if name in COMMANDS and name not in WITHOUT_DATABASE and not _asks_for_help():
                from spares.app import create_app

                ctx.with_resource(create_app().app_context())
            return super().invoke(ctx)
        except SparesError as error:
            raise ClickException(_words(error)) from error
        except (OperationalError, ProgrammingError) as error:
            raise ClickException(
                f"The database cannot be used: {error.orig}. If it has not been made yet, run `spares init` first."
            ) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="spares", message="%(version)s")
def cli() -> None:
    """Spare-parts depot and RMA desk.

    Settings come from the environment: SPARES_DATABASE_URL, SPARES_DATA_DIR, SPARES_SECRET_KEY, SPARES_BASE_URL, PORT.
    See docs/deployment.md for all of them."""


def main() -> None:
    """Entry point of the `spares` command."""
    cli(prog_name="spares")


def _asks_for_help() -> bool:
    return bool({"--help", "-h"} & set(sys.argv[1:]))


def _words(error: SparesError) -> str:
    from flask import has_app_context

    if not has_app_context():
        return WORDS[error.code] % error.facts if error.code in WORDS else str(error)
    from spares.web import explain

    return explain(error)
