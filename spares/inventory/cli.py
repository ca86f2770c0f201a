"""Commands about stock. They run in an application context, which the `spares` command pushes."""

import click

from spares.db import transaction
from spares.errors import Conflict
from spares.inventory.import_cli import import_stock_command
from spares.inventory.ledger_check import rebuild, verify


@click.group(short_help="Check and import stock.")
def stock() -> None:
    """Check and import stock."""


stock.add_command(import_stock_command)


@stock.command("verify", short_help="Check that the ledger adds up.")
@click.option("--rebuild", "anew", is_flag=True, help="Then make balances and unit states anew from the ledger.")
def stock_verify(anew: bool) -> None:
    """Check that the ledger is what was posted, and that balances and unit states are what the ledger says.

    Silent, with the exit code 0, when all is well. Otherwise every row that does not add up is printed, and the exit
    code is 1. People may go on working meanwhile.

    With --rebuild, balances and unit states are made anew afterwards, and the exit code is 0 when that puts everything
    right. The ledger itself is never changed: when its own rows are damaged nothing is rebuilt, and the exit code is 1;
    restore them from a backup. Stock stands still while it runs.
    """
    found = _report()
    if not found:
        return
    if not anew:
        raise SystemExit(1)
    try:
        with transaction():
            rebuild()
    except Conflict as refusal:
        click.echo("Nothing was rebuilt: rows of the ledger itself are damaged. Restore them from a backup.", err=True)
        raise SystemExit(1) from refusal
    click.echo("Balances and unit states were rebuilt from the ledger.", err=True)
    if _report():
        raise SystemExit(1)


def _report() -> int:
    """Print what does not add up, as it is found; how much it is."""
    count = 0
    for finding in verify():
        click.echo(str(finding))
        count += 1
    return count
