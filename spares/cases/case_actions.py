"""What can be done to a case on its page: note, attach, take over, close, confirm a fault; and its files."""

from datetime import UTC

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares import settings
from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.cases import queries, services
from spares.cases.case_page import case_page
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.forms import AttachForm, FaultForm, NoteForm
from spares.cases.models import CaseState, ServiceCase
from spares.cases.routes import routes
from spares.cases.timeline import check_seen, lock_case
from spares.errors import Conflict, Invalid
from spares.files.downloads import content_disposition
from spares.files.storage import Upload, store, stored_file, uploads
from spares.inventory.part_lookup import parts_by_number, the_part
from spares.once import perform_once
from spares.web import as_utc, explain, refusal_status, refusals_on, zone

MOST_TEXT = 4000


@routes.post("/cases/<int:case_id>/note")
@allow(Permission.NOTES_ADD)
def case_note(case_id: int) -> ResponseReturnValue:
    """Add a note; anybody who sees the case may."""
    queries.case_seen(case_id, current_actor())
    form = NoteForm()
    if form.validate_on_submit():

        def act() -> str:
            services.add_note(case_id, form.text.data or "", actor=current_actor(), now=g.now)
            return url_for("case_show", case_id=case_id)

        with refusals_on(form):
            return redirect(perform_once(form.request_key.data or "", g.now, act))
    return case_page(case_id, note=form), refusal_status()


@routes.post("/cases/<int:case_id>/files")
@allow(Permission.NOTES_ADD)
def case_attach(case_id: int) -> ResponseReturnValue:
    """Put files on the case."""
    queries.case_seen(case_id, current_actor())
    form = AttachForm()
    sent = uploads(form.files.data)
    if form.validate_on_submit():
        with refusals_on(form):
            if not sent:
                raise Invalid("attachment_missing", field="files")
            target = perform_once(
                form.request_key.data or "", g.now, lambda: _attach(case_id, sent, str(form.purpose.data))
            )
            return redirect(target)
    return case_page(case_id, files=form), refusal_status()


@routes.post("/cases/<int:case_id>/take-over")
@allow(Permission.CASES_EDIT)
def case_take_over(case_id: int) -> ResponseReturnValue:
    """Become the case's engineer."""
    queries.case_seen(case_id, current_actor())

    def act() -> str:
        services.take_over(case_id, actor=current_actor(), now=g.now)
        return url_for("case_show", case_id=case_id)

    target = perform_once(_key(), g.now, act)
    flash(_("The case is yours now."), "success")
    return redirect(target)


@routes.post("/cases/<int:case_id>/close")
@allow(Permission.CASES_EDIT)
def case_close(case_id: int) -> ResponseReturnValue:
    """Close the case with what solved it."""
    queries.case_seen(case_id, current_actor())
    typed = request.form.get("reason", "")

    def act() -> str:
        case = lock_case(case_id, current_actor())
        check_seen(request.form.get("version"), case.version, case.id)
        services.close_case(case_id, typed, actor=current_actor(), now=g.now)
        return url_for("case_show", case_id=case_id)

    try:
        if len(typed) > MOST_TEXT:
            raise Invalid("text_too_long", limit=MOST_TEXT)
        target = perform_once(_key(), g.now, act)
    except (Invalid, Conflict) as error:
        return case_page(case_id, error=explain(error), typed=typed), error.status
    flash(_("Closed."), "success")
    return redirect(target)


@routes.form("/cases/<int:case_id>/confirm")
@allow(Permission.FAULT_CONFIRM)
def fault_confirm(case_id: int) -> ResponseReturnValue:
    """Confirm a fault without asking for a spare yet."""
    case = queries.case_seen(case_id, current_actor())
    form = FaultForm()
    if request.method == "GET":
        _prefill(form, case)
        return _fault_page(form, case)
    sent = uploads(form.attachments.data)
    target = None
    with refusals_on(form):
        if form.validate():
            target = _confirm(form, case, sent)
    if target is not None:
        flash(_("The fault is confirmed."), "success")
        return redirect(target)
    if sent and not form.attachments.errors:
        again = _("Please choose the files again, a browser does not keep them: %(names)s", names=_names(sent))
        form.attachments.errors = [again]
    return _fault_page(form, queries.case_seen(case_id, current_actor())), refusal_status()


@routes.get("/attachments/<int:attachment_id>")
@allow(Permission.CASES_SEE)
def file_show(attachment_id: int) -> Response:
    """A case's file, saved by the browser under its own name; its type is what its content was found to be."""
    attachment = queries.attachment_seen(attachment_id, current_actor())
    stored = stored_file(attachment.file_id)
    headers = {"Content-Disposition": content_disposition(stored.name), "X-Content-Type-Options": "nosniff"}
    return Response(stored.data, content_type=stored.content_type, headers=headers)


def _attach(case_id: int, sent: list[Upload], purpose: str) -> str:
    actor = current_actor()
    case = lock_case(case_id, actor)
    for upload in sent:
        stored = store(upload, by=actor.id, now=g.now, blame="files")
        services.attach(case, stored.id, stored.name, purpose, actor=actor, now=g.now)
    return url_for("case_show", case_id=case_id)


def _confirm(form: FaultForm, case: ServiceCase, sent: list[Upload]) -> str:
    case_id, part_id = case.id, _faulty_part(form)
    try:
        confirmed_at = as_utc(form.confirmed_at.data, zone().key)  # type: ignore[arg-type]
    except OverflowError:
        hours, at = settings.current().backdate_confirmation_hours, form.confirmed_at.data
        raise Invalid(
            "confirmed_too_long_ago", field="confirmed_at", at=at.replace(tzinfo=UTC) if at else None, hours=hours
        ) from None

    def act() -> str:
        locked = lock_case(case_id, current_actor())
        services.confirm_fault(
            locked,
            part_id=part_id,
            serial=form.serial.data or "",
            level=FaultLevel(form.level.data),
            finding=form.finding.data or "",
            confirmed_at=confirmed_at,
            actor=current_actor(),
            now=g.now,
        )
        for upload in sent:
            stored = store(upload, by=current_actor().id, now=g.now, blame="attachments")
            services.attach(locked, stored.id, stored.name, "finding", actor=current_actor(), now=g.now)
        return url_for("case_show", case_id=case_id)

    return perform_once(form.request_key.data or "", g.now, act)


def _faulty_part(form: FaultForm) -> int:
    typed = (form.part.data or "").strip()
    if typed:
        return the_part(parts_by_number([typed])[typed], typed, "part").id
    devices = queries.devices_with(form.serial.data or "")
    if not devices:
        raise Invalid("part_needed", field="part")
    if len(devices) > 1:
        raise Conflict("serial_of_several", field="part", parts=sorted(one.part.part_number for one in devices))
    return devices[0].part.id


def _prefill(form: FaultForm, case: ServiceCase) -> None:
    form.confirmed_at.data = g.now.astimezone(zone()).replace(tzinfo=None, second=0, microsecond=0)
    form.level.data = case.level.value
    known = queries.device(case.equipment_id) if case.equipment_id else None
    if known is not None:
        form.serial.data = known.equipment.serial


def _fault_page(form: FaultForm, case: ServiceCase) -> str:
    hours = settings.current().backdate_confirmation_hours
    return render_template(
        "cases/fault_confirm.html", form=form, case=case, hours=hours, is_open=case.state is CaseState.OPEN
    )


def _key() -> str:
    return request.form.get("request_key", "")


def _names(sent: list[Upload]) -> str:
    return ", ".join(upload.name for upload in sent)
