"""Commands about a depot's days: show a year, import a year's notice. They run as the system, which may do anything."""

import csv
import io
from calendar import day_abbr, month_name
from datetime import date
from pathlib import Path
from typing import BinaryIO

import click
from flask_babel import force_locale

from spares.accounts.access import SYSTEM
from spares.calendars import queries
from spares.calendars.models import Depot
from spares.calendars.notice import NoticeRefused, unnamed_fixed_days
from spares.calendars.notice_file import read_notice
from spares.calendars.services import import_notice
from spares.calendars.year_view import DayKind, DayView, YearView, notice_changes, year_view
from spares.clock import now
from spares.db import transaction
from spares.errors import NotFound, SparesError
from spares.sheets.writing import harmless
from spares.web import explain, local_day

SAID = {
    DayKind.HOLIDAY: "holiday",
    DayKind.MAKEUP: "make-up",
    DayKind.OPENED: "opened",
    DayKind.CLOSED: "closed",
}


@click.group(short_help="A depot's days: show a year, import a year's notice.")
def calendar() -> None:
    """A depot's days: show a year, import a year's notice."""


@calendar.command(short_help="Show a year: holidays, make-up days, days set by hand.")
@click.option("--year", type=int, help="The year to show; this year if left out.")
@click.option("--depot", "code", help="The depot's code; the first depot if left out.")
@click.option("--csv", "as_csv", is_flag=True, help="Write every day of the year as a CSV table.")
def show(year: int | None, code: str | None, as_csv: bool) -> None:
    """Show a year of a depot: per month its working days, and every day that is not like others of its weekday.

    With --csv, every day of the year as a row: day, kind, works (yes or no), name_zh, name_en, reason. The kinds are
    working, weekend, holiday, makeup, opened and closed (by hand).
    """
    try:
        depot = _depot(code)
        view = year_view(depot, local_day(now()).year if year is None else year)
    except SparesError as error:
        raise _failure(error) from error
    click.echo(_table(view) if as_csv else _text(depot, view), nl=False)


@calendar.command("import", short_help="Import the State Council's notice of a year.")
@click.argument("file", type=click.File("rb"))
@click.option("--year", type=int, required=True, help="The year that the notice is for.")
@click.option("--source", help="Where the notice is from, as its number; the file's name if left out.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
def import_(file: BinaryIO, year: int, source: str | None, dry_run: bool) -> None:
    """Import the State Council's notice of a year; from then on the year is not provisional, and open deadlines that it
    touches are counted again.

    FILE is a CSV (UTF-8 or GB18030) or XLSX table with the columns day (2027-01-01), status (off or work) and name.
    Every bad row is named, and then nothing is imported. Importing the same again changes nothing.
    """
    name = Path(file.name).name
    try:
        days = read_notice(file.read(), name, year)
        changes = notice_changes(year, days)
        if not dry_run:
            with transaction():
                span = import_notice(year, days, source or name, SYSTEM, now())
    except SparesError as error:
        raise _failure(error) from error
    for day in unnamed_fixed_days(year, days):
        click.echo(f"Warning: {day} is a statutory holiday, but the notice does not name it as off.", err=True)
    for change in changes:
        click.echo(f"{_day_words(change.day)} {'worked' if change.will_work else 'off   '} {change.name}".rstrip())
    if dry_run:
        click.echo(f"Nothing was imported: {len(days)} days read, {_changes(len(changes))} of working days to come.")
    elif span is None:
        click.echo(f"The notice of {year} was imported before; nothing changed.")
    else:
        click.echo(f"Imported the notice of {year}: {len(days)} days, {_changes(len(changes))} of working days.")


def _changes(count: int) -> str:
    return "1 change" if count == 1 else f"{count} changes"


def _depot(code: str | None) -> Depot:
    if code is None:
        return queries.default_depot()
    for depot in queries.depots():
        if depot.code == code.upper():
            return depot
    raise NotFound("no_such_depot", id=code)


def _failure(error: SparesError) -> click.ClickException:
    with force_locale("en"):
        lines = [explain(error)]
        if isinstance(error, NoticeRefused):
            lines += [explain(problem) for problem in error.problems]
    return click.ClickException("\n".join(lines))


def _table(view: YearView) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["day", "kind", "works", "name_zh", "name_en", "reason"])
    for one in view.days:
        works = "yes" if one.works else "no"
        texts = [harmless(text) for text in (one.name_zh, one.name_en, one.reason)]
        writer.writerow([one.day.isoformat(), one.kind.value, works, *texts])
    return out.getvalue()


def _text(depot: Depot, view: YearView) -> str:
    lines = [
        f"{view.year}  {depot.code}  {depot.name}",
        f"Open {depot.opens:%H:%M}-{depot.closes:%H:%M}, make-up days "
        f"{'worked' if depot.makeup_days_open else 'not worked'}. {view.working_days} working days.",
    ]
    if view.provisional:
        lines.append(
            f"PROVISIONAL: the notice of {view.year} is not published (待国务院通知). Holidays are an estimate."
        )
    for month, days in zip(month_name[1:], view.months, strict=True):
        lines += ["", f"{month}: {sum(one.works for one in days)} working days"]
        lines += [_line(one) for one in days if one.kind in SAID]
    return "\n".join(lines) + "\n"


def _line(one: DayView) -> str:
    works = "worked" if one.works else "not worked"
    words = " · ".join(word for word in (one.name_zh, one.reason) if word)
    return f"  {_day_words(one.day)}  {SAID[one.kind]:<8} {works:<11} {words}".rstrip()


def _day_words(day: date) -> str:
    return f"{day} {day_abbr[day.weekday()]}"
