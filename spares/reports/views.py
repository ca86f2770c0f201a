"""What finance and managers read."""

from datetime import date

from flask import Response, g, render_template, request
from flask_babel import gettext as _

from spares import settings
from spares.accounts.access import Permission
from spares.accounts.guard import allow
from spares.calendars.queries import FIRST_DAY, default_depot, depot_calendar
from spares.errors import Invalid, NotFound, SparesError
from spares.files.downloads import content_disposition
from spares.reports import overdue_export
from spares.reports.figures import figures_for
from spares.reports.overdue import Filters, OverdueReport, overdue_as_of
from spares.reports.words import BUCKETS, EXPLANATIONS, SEPARATOR, SPANS, STATES, filter_names
from spares.rma.deadlines import AgeingBucket, ReturnState
from spares.web import PAGE_SIZE, Routes, explain, explains, page_language, page_number, zone

routes = Routes()
explains(EXPLANATIONS)
MIME_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@routes.get("/reports/overdue")
@allow(Permission.OVERDUE_SEE)
def overdue_show() -> str | tuple[str, int]:
    """Overdue returns as of any day up to today, with ageing, by customer, and the records behind each figure."""
    today = depot_calendar(default_depot()).local_day(g.now)
    problem, status = "", 200
    try:
        day = _asked_day(today)
    except SparesError as error:
        problem, status, day = explain(error), error.status, today
    report = overdue_as_of(day, _filters(), now=g.now)
    page = page_number()
    shown = report.lines[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    pages = max(1, -(-len(report.lines) // PAGE_SIZE))
    body = render_template(
        "reports/overdue_show.html",
        report=report,
        lines=shown,
        day=day,
        today=today,
        typed_day=request.args.get("as_of", day.isoformat()),
        filters=report.filters,
        problem=problem,
        page=page,
        pages=pages,
        buckets=BUCKETS,
        spans=SPANS,
        states=STATES,
        customers=list(report.customers.items()),
        depot_options=list(report.depots.items()),
    )
    return body, status


@routes.get("/reports/overdue/export.<kind>")
@allow(Permission.OVERDUE_SEE)
def overdue_export_file(kind: str) -> Response:
    """What the screen shows with the same filters, all pages of it, as a file."""
    if kind not in MIME_TYPES:
        raise NotFound("not_found")
    day = _asked_day(depot_calendar(default_depot()).local_day(g.now))
    report = overdue_as_of(day, _filters(), now=g.now)
    response = Response(_drawn(kind, report), mimetype=MIME_TYPES[kind])
    name = _("Overdue returns %(day)s", day=day.isoformat())
    if report.filtered:
        name = _("%(name)s (only %(filters)s)", name=name, filters=SEPARATOR.join(filter_names(report)))
    response.headers["Content-Disposition"] = content_disposition(f"{name}.{kind}")
    return response


@routes.get("/reports/figures")
@allow(Permission.FIGURES_SEE)
def figures_show() -> str:
    """Promises kept and missed in a month, open breaches, and stock health; every figure opens the records behind it."""
    return render_template("reports/figures_show.html", figures=figures_for(request.args.get("month", ""), g.now))


def _drawn(kind: str, report: OverdueReport) -> bytes:
    if kind == "csv":
        return b"".join(overdue_export.as_csv(report, zone()))
    if kind == "xlsx":
        return overdue_export.as_xlsx(report, zone())
    named = settings.current()
    organisation = named.organisation_zh if page_language() == "zh-CN" else named.organisation_en
    return overdue_export.as_pdf(report, organisation, g.now)


def _asked_day(today: date) -> date:
    """The day in the address. Raises Invalid for a day that is none, lies in the future, or too far back."""
    typed = request.args.get("as_of", "").strip()
    try:
        day = date.fromisoformat(typed) if typed else today
    except ValueError:
        raise Invalid("report_day_unknown", field="as_of", typed=typed[:40]) from None
    if day < FIRST_DAY:
        raise Invalid("report_day_too_early", field="as_of", day=day, first=FIRST_DAY)
    if day > today:
        raise Invalid("report_day_in_future", field="as_of", day=day, today=today)
    return day


def _filters() -> Filters:
    """The filters in the address; one that names nothing shows everything."""
    bucket, state = request.args.get("bucket", ""), request.args.get("state", "")
    return Filters(
        customer_id=_key("customer"),
        depot_id=_key("depot"),
        bucket=AgeingBucket(bucket) if bucket in set(AgeingBucket) else None,
        state=ReturnState(state) if state in {s.value for s in STATES} else None,
    )


def _key(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
