"""The settings of the whole product, on one page."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares import settings
from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import settings_changes
from spares.calendars.forms import SettingsForm
from spares.once import perform_once
from spares.web import Routes, refusal_status, refusals_on

routes = Routes()


@routes.form("/settings")
@allow(Permission.SETTINGS_EDIT)
def settings_edit() -> ResponseReturnValue:
    """Names, terms and limits."""
    form = SettingsForm()
    if request.method == "GET":
        settings.forget()
        form.process(obj=settings.current())
    seen = request.form.get("version", "")
    if form.validate_on_submit():

        def act() -> str:
            version = int(seen) if seen.isdecimal() and len(seen) < 10 else -1
            values = {key: form[key].data for key in settings.Settings.__dataclass_fields__ if key in form}
            values = {key: "" if value is None else value for key, value in values.items()}
            settings_changes.change_settings(values, version, current_actor(), g.now)
            return url_for("settings_edit")

        with refusals_on(form):
            try:
                target = perform_once(request.form.get("request_key", ""), g.now, act)
            finally:
                settings.forget()
            flash(_("Saved."), "success")
            return redirect(target)
    version = seen or settings_changes.version()
    page = render_template("calendars/settings_edit.html", form=form, version=version)
    return page, 200 if request.method == "GET" else refusal_status()
