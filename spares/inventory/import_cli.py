"""`spares parts import` and `spares stock import`."""

from pathlib import Path

import click

from spares.accounts.access import SYSTEM
from spares.calendars.queries import default_depot
from spares.clock import now
from spares.db import session, transaction
from spares.inventory import imports, imports_work
from spares.inventory.import_models import ImportKind, ImportRun, ImportState
from spares.inventory.import_report import report_csv
from spares.inventory.places import ensure_places


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

    Needs the columns manufacturer and part_number; takes description (or model), category (or kind), price, currency,
    minimum_level, tracking, return_required, weight and weight_unit. Good rows are imported, the others reported;
    exit code 3 when any row was refused."""
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
    manufacturer and condition. Exit code 3 when any row was refused."""
    depot_id = default_depot().id
    with transaction():
        ensure_places(depot_id)
    _run(file, ImportKind.STOCK, {"depot_id": depot_id, "make_bins": make_bins}, report)


def _run(file: Path, kind: ImportKind, options: dict[str, object], report: Path | None) -> None:
    with transaction():
        run_id = imports.prepare(file.read_bytes(), file.name, kind, options=options, actor=SYSTEM, now=now()).id
        imports.start(run_id, actor=SYSTEM)
    while _state(run_id) in {ImportState.WAITING, ImportState.RUNNING}:
        if not imports_work.advance(now):
            raise click.ClickException("Another worker is importing; try again when it has finished.")
    run = session.get_one(ImportRun, run_id)
    click.echo(
        f"{run.rows_total} rows: {run.rows_new} new, {run.rows_changed} changed, {run.rows_unchanged} unchanged, "
        f"{run.rows_refused} refused"
    )
    refused = imports.refusals(run_id)
    if report is not None:
        report.write_bytes(b"".join(report_csv(refused)))
        click.echo(f"Refused rows: {report}")
    elif refused:
        click.echo(b"".join(report_csv(refused[:20])).decode("utf-8-sig"), err=True)
        if len(refused) > 20:
            click.echo(f"… and {len(refused) - 20} more; --report FILE writes them all.", err=True)
    if refused:
        raise SystemExit(3)


def _state(run_id: int) -> ImportState:
    session.expire_all()
    state = session.get_one(ImportRun, run_id).state
    session.rollback()
    return state
