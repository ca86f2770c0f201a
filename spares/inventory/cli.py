"""`spares stock`."""

import click

from spares.inventory.import_cli import import_stock_command


@click.group()
def stock() -> None:
    """The stock ledger."""


stock.add_command(import_stock_command)
