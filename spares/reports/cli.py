"""`spares report`."""

import sys
from datetime import date, datetime
from pathlib import Path

import click

from spares import settings
from spares.calendars.queries import default_depot, depot_calendar
from spares.clock import now
from spares.reports import overdue_export
from spares.reports.overdue import overdue_as_of
from spares.web import zone


@click.group()
def report() -> None:
    """Reports for finance."""


@report.command("overdue")
@click.option("--as-of", "as_of", metavar="YYYY-MM-DD", help="The depot-local day; today when left out.")
@click.option("--format", "kind", type=click.Choice(["csv", "xlsx", "pdf"]), default="csv", show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; CSV goes to standard output without it.",
)
def overdue_command(as_of: str | None, kind: str, output: Path | None) -> None:
    """Overdue returns as of a day, past days included: the same table as the page and its downloads."""
    moment: datetime = now()
    today = depot_calendar(default_depot()).local_day(moment)
    try:
        day = date.fromisoformat(as_of) if as_of else today
    except ValueError:
        raise click.BadParameter("write the day as 2026-11-22", param_hint="--as-of") from None
    if day > today:
        raise click.BadParameter(f"the report can be made up to today, {today}", param_hint="--as-of")
    if output is None and kind != "csv":
        raise click.UsageError(f"--format {kind} needs --output FILE")
    found = overdue_as_of(day, now=moment)
    if kind == "csv":
        data = b"".join(overdue_export.as_csv(found, zone()))
    elif kind == "xlsx":
        data = overdue_export.as_xlsx(found, zone())
    else:
        data = overdue_export.as_pdf(found, settings.current().organisation_zh, moment)
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)
        click.echo(f"{output}: {found.total.lines} lines")
