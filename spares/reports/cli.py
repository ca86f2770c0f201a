"""`spares report`."""

import sys
from datetime import date, datetime
from pathlib import Path

import click
from flask_babel import force_locale

from spares import settings
from spares.calendars.queries import FIRST_DAY, default_depot, depot_calendar, depots
from spares.cases.queries import customer_named
from spares.clock import now
from spares.errors import NotFound
from spares.reports import overdue_export
from spares.reports.overdue import Filters, OverdueReport, overdue_as_of
from spares.reports.words import STATES
from spares.rma.deadlines import AgeingBucket, ReturnState
from spares.web import locale, zone

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}


@click.group()
def report() -> None:
    """Reports for finance."""


@report.command("overdue")
@click.option("--as-of", "as_of", metavar="YYYY-MM-DD", help="The depot-local day; today when left out.")
@click.option("--customer", metavar="TEXT", help="Only this customer's: the number or the whole name.")
@click.option("--depot", metavar="CODE", help="Only this depot's.")
@click.option(
    "--ageing",
    type=click.Choice([bucket.value for bucket in AgeingBucket]),
    help="Only those so many working days overdue.",
)
@click.option("--state", type=click.Choice([state.value for state in STATES]), help="Only those that stand so.")
@click.option(
    "--language", type=click.Choice(list(LANGUAGES)), help="Of the titles and words; as LANG says when left out."
)
@click.option("--format", "kind", type=click.Choice(["csv", "xlsx", "pdf"]), default="csv", show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; CSV goes to standard output without it.",
)
def overdue_command(
    as_of: str | None,
    customer: str | None,
    depot: str | None,
    ageing: str | None,
    state: str | None,
    language: str | None,
    kind: str,
    output: Path | None,
) -> None:
    """Overdue returns as of a day, past days included: the same table as the page and its downloads, with the same
    filters."""
    if output is None and kind != "csv":
        raise click.UsageError(f"--format {kind} needs --output FILE")
    moment: datetime = now()
    filters = Filters(
        customer_id=customer_named(customer).id if customer else None,
        depot_id=_depot_id(depot) if depot else None,
        bucket=AgeingBucket(ageing) if ageing else None,
        state=ReturnState(state) if state else None,
    )
    found = overdue_as_of(_day(as_of, moment), filters, now=moment)
    data = _drawn(kind, found, LANGUAGES[language] if language else locale(), moment)
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)
        click.echo(f"{output}: {found.total.lines} lines")


def _day(typed: str | None, moment: datetime) -> date:
    today = depot_calendar(default_depot()).local_day(moment)
    try:
        day = date.fromisoformat(typed) if typed else today
    except ValueError:
        raise click.BadParameter("write the day as 2026-11-22", param_hint="--as-of") from None
    if not FIRST_DAY <= day <= today:
        raise click.BadParameter(f"the report can be made from {FIRST_DAY} to today, {today}", param_hint="--as-of")
    return day


def _depot_id(code: str) -> int:
    for depot in depots():
        if depot.code == code.strip().upper():
            return depot.id
    raise NotFound("no_such_depot", id=code)


def _drawn(kind: str, found: OverdueReport, language: str, moment: datetime) -> bytes:
    named = settings.current()
    with force_locale(language):
        if kind == "csv":
            return b"".join(overdue_export.as_csv(found, zone()))
        if kind == "xlsx":
            return overdue_export.as_xlsx(found, zone())
        organisation = named.organisation_en if language == "en" else named.organisation_zh
        return overdue_export.as_pdf(found, organisation, moment)
