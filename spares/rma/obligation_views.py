"""Decisions about a return that have a page of their own: giving the customer longer, charging him, and the waybill put
right. What stood before stays visible."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.calendars.closed_moments import why_closed
from spares.errors import Invalid
from spares.rma import obligations, queries, returns
from spares.rma.acting import once, page_key, seen_version
from spares.rma.amounts import amount_typed, as_typed
from spares.rma.due_words import due_words
from spares.rma.forms import ChargeForm, ExtendForm, WaybillForm
from spares.rma.models import Obligation
from spares.rma.obligations import FARTHEST_EXTENSION
from spares.rma.routes import routes
from spares.rma.words import STATES, TONES
from spares.web import money, refusal_status, refusals_on

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
        obligations.extend(
            obligation_id,
            form.due_on.data,
            reason=form.reason.data or "",
            actor=current_actor(),
            now=g.now,
            version=seen_version(),
        )
        if closed and not form.keep_closed.data:  # asked last: of a day that can be no new day there is nothing to ask
            raise Invalid("closed_then", field="due_on", why=closed)
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
        latest=calendar.local_day(g.now) + FARTHEST_EXTENSION,
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


@routes.form("/returns/<int:obligation_id>/charge")
@allow(Permission.OBLIGATION_CHARGE)
def return_charge(obligation_id: int) -> ResponseReturnValue:
    """The customer pays instead: the price at dispatch of what is out, unless another amount is agreed."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    form = ChargeForm()
    if request.method == "GET":
        form.amount.data = as_typed(obligation.worth_minor)
    amount = 0

    def act() -> str:
        nonlocal amount
        amount = amount_typed(form.amount.data or "")
        obligations.charge(
            obligation_id,
            amount,
            reason=form.reason.data or "",
            actor=current_actor(),
            now=g.now,
            version=seen_version(),
        )
        return url_for("rma_show", number=obligation.rma.number)

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            if amount:
                charged = money(amount, obligation.currency)
                flash(_("Charged %(amount)s. The charge is taken back if it comes.", amount=charged), "success")
            return answer
    return _page("rma/return_charge.html", obligation, form)


@routes.form("/returns/<int:obligation_id>/waybill")
@allow(Permission.RETURN_ANNOUNCE)
def return_waybill(obligation_id: int) -> ResponseReturnValue:
    """Put the waybill of a parcel right that is on its way."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    form = WaybillForm()
    if request.method == "GET":
        form.carrier.data, form.waybill.data = obligation.return_carrier, obligation.return_waybill

    def act() -> str:
        returns.correct_waybill(
            obligation_id,
            carrier=form.carrier.data or "",
            waybill=form.waybill.data or "",
            actor=current_actor(),
            now=g.now,
            version=seen_version(),
        )
        return url_for("rma_show", number=obligation.rma.number)

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            flash(_("Corrected. The first waybill stays in the history."), "success")
            return answer
    return _page("rma/return_waybill.html", obligation, form)


def _page(template: str, obligation: Obligation, form: ChargeForm | WaybillForm) -> ResponseReturnValue:
    page = render_template(
        template,
        obligation=obligation,
        form=form,
        key=page_key(),
        version=seen_version() or obligation.version,
        states=STATES,
        tones=TONES,
    )
    return page, 200 if request.method == "GET" else refusal_status()
