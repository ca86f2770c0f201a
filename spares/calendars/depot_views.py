"""Depots: the list, a new one, and a change of one."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries, services
from spares.calendars.forms import DepotForm
from spares.calendars.services import DepotValues
from spares.once import perform_once
from spares.web import Routes, refusal_status, refusals_on

routes = Routes()


@routes.get("/depots")
@allow(Permission.SETTINGS_EDIT)
def depot_list() -> str:
    """Every depot with its hours."""
    return render_template("calendars/depot_list.html", depots=queries.depots())


@routes.form("/depots/new")
@allow(Permission.SETTINGS_EDIT)
def depot_new() -> ResponseReturnValue:
    """Add a depot."""
    form = DepotForm()
    if request.method == "GET":
        form.show(DepotValues(code="", name=""))
    if form.validate_on_submit():

        def act() -> str:
            services.add_depot(form.values(), current_actor(), g.now)
            return url_for("depot_list")

        with refusals_on(form):
            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("The depot was added."), "success")
            return redirect(target)
    page = render_template("calendars/depot_edit.html", form=form, depot=None)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.form("/depots/<int:depot_id>")
@allow(Permission.SETTINGS_EDIT)
def depot_edit(depot_id: int) -> ResponseReturnValue:
    """Change a depot's names, address or hours."""
    depot = queries.depot(depot_id)
    form = DepotForm()
    if request.method == "GET":
        form.show(depot)
    seen = request.form.get("version", "")
    if form.validate_on_submit():

        def act() -> str:
            version = int(seen) if seen.isdecimal() and len(seen) < 10 else 0
            services.edit_depot(depot_id, form.values(), version, current_actor(), g.now)
            return url_for("depot_list")

        with refusals_on(form):
            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("Saved. If the hours changed, open deadlines were counted again."), "success")
            return redirect(target)
    page = render_template("calendars/depot_edit.html", form=form, depot=depot, version=seen or depot.version)
    return page, 200 if request.method == "GET" else refusal_status()
