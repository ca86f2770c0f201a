"""Giving the customer longer: a decision with a day and a reason; the first day stays visible."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.calendars.closed_moments import why_closed
from spares.errors import Invalid
from spares.rma import obligations, queries
from spares.rma.acting import once, page_key, seen_version
from spares.rma.due_words import due_words
from spares.rma.forms import ExtendForm
from spares.rma.routes import routes
from spares.rma.words import STATES, TONES
from spares.web import refusal_status, refusals_on

USUAL_EXTENSION = 5
"""Working days that the form suggests."""


@routes.form("/returns/<int:obligation_id>/extend")
@allow(Permission.OBLIGATION_DECIDE)
def return_extend(obligation_id: int) -> ResponseReturnValue:
    """Give the customer until a later day."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    depot = calendars.depot(obligation.depot_id)
    calendar = calendars.depot_calendar(depot)
    form = ExtendForm()
    if request.method == "GET" and obligation.due_on is not None:
        start = max(obligation.due_on, calendar.local_day(g.now))
        form.due_on.data = calendar.add_working_days(start, USUAL_EXTENSION)

    closed = why_closed(depot, form.due_on.data)

    def act() -> str:
        assert form.due_on.data is not None  # noqa: S101
        if closed and not form.keep_closed.data:
            raise Invalid("closed_then", field="due_on", why=closed)
        obligations.extend(
            obligation_id,
            form.due_on.data,
            reason=form.reason.data or "",
            actor=current_actor(),
            now=g.now,
            version=seen_version(),
        )
        return url_for("rma_show", number=obligation.rma.number)

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            done = _("Extended. The first day stays visible.")
            flash(f"{done} {closed}".strip(), "success")
            return answer
    page = render_template(
        "rma/return_extend.html",
        obligation=obligation,
        form=form,
        closed=closed,
        key=page_key(),
        version=seen_version() or obligation.version,
        due=due_words(obligation, g.now, calendar),
        states=STATES,
        tones=TONES,
    )
    return page, 200 if request.method == "GET" else refusal_status()


@routes.post("/returns/<int:obligation_id>/extend/day")
@allow(Permission.OBLIGATION_DECIDE)
def extension_preview(obligation_id: int) -> str:
    """Whether the depot is closed on the day typed; a part of the page. Writes nothing."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    form = ExtendForm()
    closed = why_closed(calendars.depot(obligation.depot_id), form.due_on.data)
    return render_template("rma/return_closed.html", form=form, closed=closed)
