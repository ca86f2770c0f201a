"""The import of a year's notice: first the file, then what it would change, then the import.

The rows travel through the page that shows the changes and are checked anew when they come back; nothing is kept on the
server in between."""

import csv
import io
from collections.abc import Sequence

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries, services
from spares.calendars.forms import NoticeConfirmForm, NoticeForm, entered
from spares.calendars.notice import NoticeDay, NoticeRefused, unnamed_fixed_days
from spares.calendars.notice_file import read_notice
from spares.calendars.words import weekday_names
from spares.calendars.year_view import notice_changes
from spares.errors import SparesError
from spares.once import perform_once
from spares.web import Routes, explain, local_day

routes = Routes()


@routes.form("/calendar/notice")
@allow(Permission.CALENDAR_EDIT)
def notice_import() -> ResponseReturnValue:
    """Choose the file; the answer shows what it would change."""
    form = NoticeForm()
    if request.method == "GET":
        form.year.data = local_day(g.now).year + 1
        return _page(form)
    if not form.validate():
        return _page(form), 422
    try:
        days = read_notice(form.file.data.read(), form.file.data.filename or "", entered(form.year.data))
    except SparesError as refused:
        return _page(form, _sentences(refused)), refused.status
    return _preview(form, days)


@routes.post("/calendar/notice/import")
@allow(Permission.CALENDAR_EDIT)
def notice_confirm() -> ResponseReturnValue:
    """Import the notice whose changes were shown."""
    form = NoticeConfirmForm()
    if not form.validate():
        return _page(NoticeForm()), 422

    def act() -> str:
        year = entered(form.year.data)
        days = read_notice((form.rows.data or "").encode(), "notice.csv", year)
        services.import_notice(year, days, form.source.data or "", current_actor(), g.now)
        return url_for("calendar_show", year=year)

    try:
        target = perform_once(request.form.get("request_key", ""), g.now, act)
    except SparesError as refused:
        if refused.status == 403:
            raise
        return _page(NoticeForm(), _sentences(refused)), refused.status
    flash(_("The notice is imported. Open deadlines that it touches were counted again."), "success")
    return redirect(target)


def _page(form: NoticeForm, problems: Sequence[str] = ()) -> str:
    return render_template("calendars/notice_import.html", form=form, problems=problems)


def _preview(form: NoticeForm, days: list[NoticeDay]) -> str:
    year = entered(form.year.data)
    confirm = NoticeConfirmForm(formdata=None, year=year, source=form.source.data, rows=_as_csv(days))
    return render_template(
        "calendars/notice_preview.html",
        form=confirm,
        weekdays=weekday_names(),
        days=sorted(days, key=lambda row: row.day),
        changes=notice_changes(year, days),
        missing=unnamed_fixed_days(year, days),
        replaces=queries.notice_days(year) is not None,
    )


def _sentences(refused: SparesError) -> list[str]:
    problems = refused.problems if isinstance(refused, NoticeRefused) else []
    return [explain(refused), *(explain(problem) for problem in problems)]


def _as_csv(days: Sequence[NoticeDay]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["day", "status", "name"])
    writer.writerows([row.day.isoformat(), row.status.value, row.name] for row in days)
    return out.getvalue()
