"""`spares demo`."""

import click

from spares.clock import now
from spares.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from spares.demo.story import load


@click.command()
def demo() -> None:
    """Fill an empty, prepared database with an invented company and eight weeks of its depot's life.

    Refused when anybody has an account already: a demo and real work never share a database."""
    if not load(now()):
        raise click.ClickException("This database has accounts already; demo data goes into an empty one only.")
    click.echo(f"Demo data loaded. Password of every demo account: {DEMO_PASSWORD}")
    for username, role, name in DEMO_ACCOUNTS:
        click.echo(f"  {username:<12} {role.value:<14} {name}")
