"""`spares parts import` and `spares stock import`."""

import time
from pathlib import Path

import click

from spares.accounts.access import SYSTEM
from spares.calendars.queries import default_depot
from spares.clock import now
from spares.db import session, transaction
from spares.errors import SparesError
from spares.inventory import import_queries, imports, imports_work
from spares.inventory.import_models import ImportKind, ImportRun, ImportState
from spares.inventory.import_report import reason, report_csv
from spares.inventory.import_words import sentence
from spares.inventory.places import ensure_places

SHOWN_ROWS = 20
POLL_SECONDS = 0.2


@click.group()
def parts() -> None:
    """The parts catalogue."""


@parts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the refused rows to this CSV file."
)
def import_parts_command(file: Path, report: Path | None) -> None:
    """Import parts from a CSV or XLSX file.

    Needs the columns manufacturer and part_number; takes description, model and name (joined), category (or kind),
    price, currency, minimum_level, tracking, return_required, weight and weight_unit. Good rows are imported, the others
    reported. Exit code 0 when every row was good, 3 when rows were refused, 1 when the file cannot be imported."""
    _run(file, ImportKind.PARTS, {}, report)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--make-bins", is_flag=True, help="Make bins that do not exist yet.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the refused rows to this CSV file."
)
def import_stock_command(file: Path, make_bins: bool, report: Path | None) -> None:
    """Import opening stock of the first depot from a CSV or XLSX file.

    Needs the columns part_number and bin; serial for serial-tracked parts, quantity for counted ones; takes
    manufacturer and condition. Exit codes as with `spares parts import`."""
    depot_id = default_depot().id
    with transaction():
        ensure_places(depot_id)
    _run(file, ImportKind.STOCK, {"depot_id": depot_id, "make_bins": make_bins}, report)


def _run(file: Path, kind: ImportKind, options: dict[str, object], report: Path | None) -> None:
    try:
        upload = imports.check(file.read_bytes(), file.name, kind)
    except SparesError as error:
        raise click.ClickException(sentence(error)) from error
    with transaction():
        run_id = imports.prepare(upload, options=options, actor=SYSTEM, now=now()).id
        imports.start(run_id, actor=SYSTEM)
    run = _ended(run_id)
    click.echo(
        f"{run.rows_total} rows: {run.rows_new} new, {run.rows_changed} changed, {run.rows_unchanged} unchanged, "
        f"{run.rows_refused} refused"
    )
    if report is not None:
        with report.open("wb") as output:
            output.writelines(report_csv(import_queries.all_refusals(run_id)))
        click.echo(f"Refused rows: {report}")
    elif run.rows_refused:
        few = import_queries.refusals(run_id, page=1, size=SHOWN_ROWS)
        click.echo(b"".join(report_csv(few)).decode("utf-8-sig"), err=True)
        more = import_queries.refusal_count(run_id) - SHOWN_ROWS
        if more > 0:
            click.echo(f"… and {more} more; --report FILE writes them all.", err=True)
    failure = import_queries.failure_of(run)
    if failure is not None:
        raise click.ClickException(reason(failure))
    if run.state is not ImportState.DONE:
        raise click.ClickException(f"The import was cancelled behind row {run.rows_done}.")
    if run.rows_refused:
        raise SystemExit(3)


def _ended(run_id: int) -> ImportRun:
    """The run once it has ended: imported here, unless a worker that is running anyway was faster."""
    while True:
        session.expire_all()
        run = session.get_one(ImportRun, run_id)
        ended = run.state in imports.ENDED
        session.rollback()
        if ended:
            return session.get_one(ImportRun, run_id, populate_existing=True)
        if not imports_work.advance(now, run_id=run_id):
            time.sleep(POLL_SECONDS)
