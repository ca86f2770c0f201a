"""The calendar's pages: a year at a glance, and days set by hand. The slice's other pages are taken in here."""

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.accounts.queries import names
from spares.calendars import audit_names as audit_names  # registers what the audit calls depots and settings
from spares.calendars import depot_views, notice_views, queries, services, settings_views
from spares.calendars.chinese_holidays import FIRST_YEAR, LAST_YEAR
from spares.calendars.forms import DaysForm
from spares.calendars.models import Depot
from spares.calendars.words import KINDS, MARKS, STATUSES, month_names, weekday_names
from spares.calendars.year_view import year_view
from spares.errors import NotFound
from spares.once import perform_once
from spares.web import Routes, local_day, refusal_status, refusals_on

routes = Routes()
routes.add_all(depot_views.routes)
routes.add_all(notice_views.routes)
routes.add_all(settings_views.routes)


@routes.get("/calendar")
@allow(Permission.CALENDAR_SEE)
def calendar_show() -> str:
    """A depot's year at a glance."""
    today = local_day(g.now)
    year = _year(request.args.get("year", ""), today.year)
    depot = _depot(request.args.get("depot", "")) or queries.default_depot()
    history = queries.history(depot.id, date(year, 1, 1), date(year, 12, 31))
    imports = queries.year_notices(year)
    people = {row.set_by_id for row in history} | {row.imported_by_id for row in imports}
    return render_template(
        "calendars/calendar_show.html",
        view=year_view(depot, year),
        depot=depot,
        depots=queries.depots(),
        today=today,
        years=range(FIRST_YEAR, LAST_YEAR + 1),
        history=history,
        imports=imports,
        names=names({person for person in people if person is not None}),
        month_names=month_names(),
        weekdays=weekday_names(),
        kinds=KINDS,
        marks=MARKS,
        statuses=STATUSES,
    )


@routes.form("/calendar/days")
@allow(Permission.CALENDAR_EDIT)
def day_set() -> ResponseReturnValue:
    """Say by hand what days are."""
    form = DaysForm()
    form.offer([("", _("All depots")), *((one.code, f"{one.code} · {one.name}") for one in queries.depots())])
    if request.method == "GET":
        form.depot.data = request.args.get("depot", "")
        form.first.data = _day(request.args.get("day", ""))
    if form.validate_on_submit():

        def act() -> str:
            depot = _depot(form.depot.data or "")
            first, last = form.days()
            services.set_days(
                depot.id if depot else None,
                first,
                last,
                form.status_chosen(),
                form.reason.data or "",
                current_actor(),
                g.now,
            )
            return url_for("calendar_show", year=first.year, depot=depot.code if depot else None)

        with refusals_on(form):
            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("Saved. Open deadlines that these days touch were counted again."), "success")
            return redirect(target)
    page = render_template("calendars/day_set.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


def _year(text: str, otherwise: int) -> int:
    """A year from an address; nonsense, and a year that no calendar covers, counts as none."""
    if len(text) == 4 and text.isascii() and text.isdecimal() and FIRST_YEAR <= int(text) <= LAST_YEAR:
        return int(text)
    return otherwise


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _depot(code: str) -> Depot | None:
    """The depot of that code, None for an empty one."""
    if not code:
        return None
    for depot in queries.depots():
        if depot.code == code:
            return depot
    raise NotFound("no_such_depot", field="depot")
