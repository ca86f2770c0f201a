"""A depot's printer and scanners, and the list of labels that were sent to printers."""

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.errors import SparesError
from spares.labels import queries, services
from spares.labels.forms import LabelSettingsForm
from spares.labels.scan_patterns import parse_patterns
from spares.labels.scan_reading import Reading, ScanRules, read_scan
from spares.labels.words import FORMS, JOB_STATES, JOB_TONES, problem_words
from spares.once import perform_once
from spares.web import PAGE_SIZE, Routes, explain, page_number, refusal_status, refusals_on

routes = Routes()


@routes.form("/depots/<int:depot_id>/labels")
@allow(Permission.SETTINGS_EDIT)
def label_settings(depot_id: int) -> ResponseReturnValue:
    """The depot's printer and scanners, and a box that shows how a code is read with what is typed, saved or not."""
    depot = calendars.depot(depot_id)
    row = queries.settings_of(depot_id)
    form = LabelSettingsForm()
    reading: Reading | None = None
    if request.method == "GET":
        form.show(row)
    seen = request.form.get("version", "")
    if form.validate_on_submit():
        with refusals_on(form):
            values = services.checked(form.values())
            if request.form.get("act") == "try":
                ends = [tuple(filter(None, [end])) for end in (values.scan_prefix, values.scan_suffix)]
                reading = read_scan(
                    form.sample.data or "", ScanRules(ends[0], ends[1], parse_patterns(values.patterns))
                )
            else:

                def act() -> str:
                    version = int(seen) if seen.isdecimal() and len(seen) < 10 else -1
                    services.change_settings(depot_id, values, version, actor=current_actor(), now=g.now)
                    return url_for("label_settings", depot_id=depot_id)

                target = perform_once(request.form.get("request_key", ""), g.now, act)
                flash(_("Saved."), "success")
                return redirect(target)
    page = render_template(
        "labels/label_settings.html",
        depot=depot,
        form=form,
        reading=reading,
        forms=FORMS,
        version=seen or row.version,
        has_printer=bool(row.printer_host),
    )
    good = request.method == "GET" or (reading is not None and not form.errors)
    return page, 200 if good else refusal_status()


@routes.get("/labels/sent")
@allow(Permission.STOCK_MOVE)
def label_job_list() -> str:
    """What was sent to label printers, and why something was not printed."""
    return _jobs()


@routes.post("/labels/sent/<int:message_id>/again")
@allow(Permission.STOCK_MOVE)
def label_job_again(message_id: int) -> ResponseReturnValue:
    """Print labels (again) now."""

    def act() -> str:
        services.send_again(message_id, actor=current_actor(), now=g.now)
        return url_for("label_job_list")

    return _done(act, _("The labels are sent to the printer again."))


@routes.post("/labels/sent/<int:message_id>/withdraw")
@allow(Permission.STOCK_MOVE)
def label_job_withdraw(message_id: int) -> ResponseReturnValue:
    """Do not print labels that still wait."""

    def act() -> str:
        services.withdraw(message_id, actor=current_actor(), now=g.now)
        return url_for("label_job_list")

    return _done(act, _("These labels will not be printed."))


def _done(act: Callable[[], str], words: str) -> ResponseReturnValue:
    try:
        target = perform_once(request.form.get("request_key", ""), g.now, act)
    except SparesError as error:
        if error.status in (403, 404):
            raise
        return _jobs(refusal=explain(error)), error.status
    flash(words, "success")
    return redirect(target)


def _jobs(refusal: str = "") -> str:
    rows, more = queries.jobs(page=page_number(), size=PAGE_SIZE)
    return render_template(
        "labels/job_list.html",
        rows=rows,
        more=more,
        page=page_number(),
        refusal=refusal,
        states=JOB_STATES,
        tones=JOB_TONES,
        problem=problem_words,
    )
