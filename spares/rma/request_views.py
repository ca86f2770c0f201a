"""The engineer's main job on one page: confirm a fault and ask for the spare."""

from datetime import datetime

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from spares.accounts.access import Actor, Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.cases import queries as cases
from spares.cases.models import FaultConfirmation, ServiceCase
from spares.cases.services import attach, confirm_fault, open_case
from spares.cases.timeline import lock_case
from spares.errors import Conflict, NotFound, SparesError
from spares.files.storage import Upload, store, uploads
from spares.once import perform_once
from spares.rma.request_forms import ANEW, BY_PERSON, FAULT, MOST_LINES, RequestForm
from spares.rma.request_plan import Plan, plan_of
from spares.rma.request_preview import preview
from spares.rma.request_reading import Reading, check_whole, confirmed_instant, look_up, read, site_values
from spares.rma.request_standing import check_asked, standing_confirmation
from spares.rma.requests import request_spares
from spares.rma.routes import routes
from spares.web import explain, refusal_status, refusals_on
from spares.whole_numbers import whole

DESTINATION = ("consignee", "phone", "address", "second_contact")


@routes.form("/request")
@allow(Permission.SPARES_REQUEST, Permission.FAULT_CONFIRM)
def request_new() -> ResponseReturnValue:
    """Confirm a fault and request spares for it; `?case=`, `?serial=`, `?part=`, `?wanted=` and `?quantity=` fill in
    what is known."""
    form, depots = _form()
    if request.method == "GET":
        _prefill(form, depots[0])
        return _page(form, _depot(form, depots), look_up(form, current_actor())[0])
    if not {"look", "add_line", "take_case", "new_case", "confirm_anew", "confirm_known"}.isdisjoint(request.form):
        _take_case(form)
        _take_confirmation(form)
        if "add_line" in request.form and len(form.lines) < MOST_LINES:
            form.lines.append_entry()
        return _page(form, _depot(form, depots), look_up(form, current_actor())[0])
    sent = uploads(form.attachments.data)
    depot = _depot(form, depots)
    target = _request(form, depot, sent)
    if target is not None:
        flash(_("Requested. The depot has it on its board."), "success")
        return redirect(target)
    if sent and not form.attachments.errors:
        form.attachments.errors = [
            _("Please choose the files again, a browser does not keep them: %(names)s", names=_names(sent))
        ]
    return _page(form, depot, read(form, current_actor())), refusal_status()


@routes.post("/request/preview")
@allow(Permission.SPARES_REQUEST)
def request_preview() -> str:
    """What will be promised and what is in stock, for what is typed so far. Writes nothing."""
    form, depots = _form()
    depot = _depot(form, depots)
    took_case = _take_case(form)
    _take_confirmation(form)
    reading, changed = look_up(form, current_actor())
    for_customer = request.form.get("ship_customer", "")
    redraw = reading.customer is not None and str(reading.customer.id) != for_customer
    if redraw:
        _fill_destination(form, reading, untouched=_is_untouched(form, for_customer))
    seen = preview(form, reading, depot, g.now)
    return render_template(
        "rma/request_preview.html",
        form=form,
        reading=reading,
        redraw=redraw,
        took_case=took_case or changed,
        **_fault(reading, partial=True),
        **seen,
    )


@routes.post("/request/destination")
@allow(Permission.SPARES_REQUEST)
def request_destination() -> str:
    """The destination's fields again, filled from the site that was chosen."""
    form, _depots = _form()
    reading = read(form, current_actor())
    _fill_destination(form, reading, untouched=True)
    return render_template("rma/request_destination.html", form=form, reading=reading)


@routes.post("/request/line")
@allow(Permission.SPARES_REQUEST)
def request_line() -> str:
    """One more empty line, numbered after those that are there."""
    form, _depots = _form()
    if len(form.lines) >= MOST_LINES:
        return ""
    return render_template("rma/request_line.html", line=form.lines.append_entry())


def _form() -> tuple[RequestForm, list[Depot]]:
    form = RequestForm()
    depots = list(calendars.depots())
    if not depots:
        raise NotFound("no_depot")
    form.depot.choices = [SelectChoice(depot.id, depot.name) for depot in depots]
    if form.depot.data is None:
        form.depot.data = depots[0].id
    return form, depots


def _take_case(form: RequestForm) -> bool:
    """Put into the form what a button beside the device chose: an open case that was offered, or a new one."""
    number = request.form.get("take_case", "")[:40]
    if number:
        form.case_mode.data, form.case_number.data = "existing", number
    elif "new_case" in request.form:
        form.case_mode.data, form.case_number.data = "new", ""
    pressed = bool(number) or "new_case" in request.form
    if pressed:
        form.case_chosen.data = BY_PERSON
    return pressed


def _take_confirmation(form: RequestForm) -> None:
    """Put into the form what a button beside the standing confirmation chose: another one, or it after all."""
    if "confirm_anew" in request.form:
        form.confirmation.data = ANEW
    elif "confirm_known" in request.form:
        form.confirmation.data = ""


def _depot(form: RequestForm, depots: list[Depot]) -> Depot:
    return next((depot for depot in depots if depot.id == form.depot.data), depots[0])


def _prefill(form: RequestForm, depot: Depot) -> None:
    """What is known before anything is typed: the case or device that led here, and the time."""
    form.confirmed_at.data = calendars.depot_calendar(depot).local(g.now).replace(tzinfo=None, second=0, microsecond=0)
    form.serial.data = request.args.get("serial", "")[:80]
    form.part.data, form.wanted.data = request.args.get("part", "")[:80], request.args.get("wanted", "")[:80]
    form.quantity.data = whole(request.args.get("quantity", "")) or 1
    number = request.args.get("case", "")[:40]
    if not number:
        form.case_mode.data = "existing" if cases.own_open_cases(current_actor(), 1) else "new"
        return
    form.case_number.data = number
    try:
        case = cases.case_numbered(number, current_actor())
    except SparesError as error:
        form.case_number.errors = [explain(error)]
        return
    form.level.data = case.level.value
    if form.serial.data:
        return
    standing = standing_confirmation(case.id)
    if standing is not None:
        form.serial.data = standing.confirmation.serial
        return
    known = cases.device(case.equipment_id) if case.equipment_id else None
    if known is not None:
        form.serial.data = known.equipment.serial


def _page(form: RequestForm, depot: Depot, reading: Reading) -> str:
    typed = any(form[name].data for name in DESTINATION)
    _fill_destination(form, reading, untouched=not typed)
    return render_template(
        "rma/request_new.html",
        form=form,
        reading=reading,
        own_cases=cases.own_open_cases(current_actor()),
        depot=depot,
        more_lines=len(form.lines) < MOST_LINES,
        **_fault(reading, partial=False),
        **preview(form, reading, depot, g.now),
    )


def _fault(reading: Reading, *, partial: bool) -> dict[str, object]:
    """How the fault's fields are to be drawn: `fault_state` names it, and `fault_redraw` says that the page around
    the `partial` answer shows another."""
    parts = [str(reading.confirmed.confirmation.id) if reading.confirmed else "", "used" if reading.used else ""]
    state = " ".join([*parts, *(asked.rma.number for asked in reading.asked if asked.seen), str(len(reading.asked))])
    return {
        "fault_state": state,
        "fault_redraw": partial and request.form.get("fault_state") != state,
        "anew_pressed": "confirm_anew" in request.form,
    }


def _fill_destination(form: RequestForm, reading: Reading, *, untouched: bool) -> None:
    """Offer the customer's places; fill in the chosen one's details unless a person has typed others."""
    if reading.sites:
        form.site.choices = [SelectChoice(str(site.id), site.name) for site in reading.sites]
        form.site.choices.append(SelectChoice("other", _("Another address")))
        form.site.data = str(reading.site.id) if reading.site is not None else "other"
    else:
        form.site.choices, form.site.data = [SelectChoice("", _("Another address"))], ""
    if not untouched:
        return
    values = site_values(reading.site) if reading.site is not None else {}
    for name in DESTINATION:
        form[name].data = values.get(name, "")


def _is_untouched(form: RequestForm, for_customer: str) -> bool:
    """Whether the destination is empty or still as a site of the customer before had filled it in."""
    typed = {name: (form[name].data or "").strip() for name in DESTINATION}
    if not any(typed.values()):
        return True
    if not (for_customer.isdecimal() and len(for_customer) < 19):
        return False
    known = [site_values(site) for site in cases.sites_of(int(for_customer))]
    return any(all(values[name] == typed[name] for name in typed) for values in known)


def _request(form: RequestForm, depot: Depot, sent: list[Upload]) -> str | None:
    """Do it; the address of the result, or None when the form has the reasons against it."""
    target: str | None = None
    with refusals_on(form):
        valid = form.validate()
        reading = read(form, current_actor())
        if reading.used is not None:
            for name in FAULT:  # not asked for: they are those of the confirmation
                form[name].errors = []
            valid = not form.errors
        confirmed_at = confirmed_instant(form, reading, depot)
        check_whole(form, reading, confirmed_at, g.now)
        for at, error in reading.problems:
            at.errors = [*at.errors, explain(error)]
        form.lines.errors = [entry.errors for entry in form.lines if entry.errors]
        if valid and not reading.problems and confirmed_at is not None:
            plan = plan_of(form, reading, depot.id, confirmed_at)
            target = perform_once(form.request_key.data or "", g.now, lambda: _act(plan, sent, g.now))
    return target


def _act(plan: Plan, sent: list[Upload], now: datetime) -> str:
    actor = current_actor()
    if plan.case_id is not None:
        case = lock_case(plan.case_id, current_actor())
    else:
        case = open_case(**plan.new_case, level=plan.level, actor=actor, now=now)
    if not plan.another:
        check_asked(plan.units, actor)
    confirmation = _confirmation(case, plan, actor, now)
    for upload in sent:
        stored = store(upload, by=actor.id, now=now, blame="attachments")
        attach(case, stored.id, stored.name, "finding", actor=actor, now=now)
    rma, _order = request_spares(
        case,
        confirmation,
        depot_id=plan.depot_id,
        wanted=plan.wanted,
        ship_to=plan.ship_to,
        actor=actor,
        now=now,
    )
    return url_for("rma_show", number=rma.number)


def _confirmation(case: ServiceCase, plan: Plan, actor: Actor, now: datetime) -> FaultConfirmation:
    """The standing confirmation that the person was shown, or a new one. Raises Conflict when another one stands."""
    if plan.case_id is not None and not plan.anew:
        standing = standing_confirmation(case.id, plan.serial, plan.faulty_part_id)
        found = standing.confirmation if standing else None
        if (found.id if found else None) != plan.confirmation_id:
            raise Conflict("confirmed_already", field="confirmation")
        if found is not None:
            return found
    return confirm_fault(
        case,
        part_id=plan.faulty_part_id,
        serial=plan.serial,
        level=plan.level,
        finding=plan.finding,
        confirmed_at=plan.confirmed_at,
        actor=actor,
        now=now,
    )


def _names(sent: list[Upload]) -> str:
    return ", ".join(upload.name for upload in sent)
