"""The faulty part comes back: announced, received at the door, inspected, and given its place."""

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.errors import Conflict, Invalid
from spares.files.storage import uploads
from spares.inventory.models import Part, Tracking
from spares.labels.queries import read
from spares.numbers import scan_key
from spares.rma import queries, returns
from spares.rma.acting import attach_uploads, once, once_to, page_key, seen_version
from spares.rma.arrivals import Content, content_of
from spares.rma.discrepancy_queries import case_number, open_elsewhere
from spares.rma.due_words import due_words
from spares.rma.forms import BY_ENGINEER, AnnounceForm, InspectForm, ReceiveForm, SettleForm, empty_to_none
from spares.rma.lifecycle import RECEIVABLE
from spares.rma.models import Discrepancy, DiscrepancyKind, Obligation
from spares.rma.obligations import lock_returns
from spares.rma.routes import routes
from spares.rma.shelf import Disposition, Inspection, dispositions
from spares.rma.undelivered import came_back_undelivered
from spares.rma.words import INSPECTIONS, STATES, TONES, found_words
from spares.web import refusal_status, refusals_on


@routes.form("/returns/receive")
@routes.form("/returns/receive/<number>")
@allow(Permission.RETURN_RECEIVE)
def return_receive(number: str = "") -> ResponseReturnValue:
    """Scan the return slip, a number, waybill or serial; then the serial that is in the box."""
    if not number:
        return _find_expected()
    rma_id = queries.rma_id_of(number)
    form = ReceiveForm()
    form.obligation.choices = []
    asked: _Differs | None = None
    if form.validate_on_submit():
        with refusals_on(form):
            try:
                return _receive(form, number, rma_id)
            except _Differs as differs:
                asked = differs
                form.serial.data = ""  # the next scan stands alone in the field
    rows = _expected(number, rma_id)
    open_rows = [one for one in rows if one.state in RECEIVABLE]
    form.obligation.choices = [SelectChoice(str(one.id), _label(one)) for one in open_rows]
    counted = [one for one in open_rows if one.part.tracking is Tracking.COUNTED]
    if request.method == "GET" and len(open_rows) == len(counted) == 1:
        form.quantity.data = counted[0].outstanding
    page = render_template(
        "rma/return_receive.html",
        number=number,
        rows=rows,
        open_rows=open_rows,
        counted=counted,
        asked=asked,
        recorded=open_elsewhere(asked.content.known.unit.id) if asked is not None and asked.content.known else None,
        differences=[
            found_words(one.kind.value, one.expected, one.found) for one in (asked.content.differences if asked else ())
        ],
        due={one.id: due_words(one, g.now, calendars.depot_calendar(calendars.depot(one.depot_id))) for one in rows},
        form=form,
        key=page_key(),
        states=STATES,
        tones=TONES,
    )
    return page, 200 if request.method == "GET" else refusal_status()


def _find_expected() -> ResponseReturnValue:
    """The first step: what came is looked up by whatever can be scanned on it."""
    text = read(request.values.get("q", "")).text[:200]
    rows = queries.expected(text, current_actor()) if text else []
    numbers = {one.rma.number for one in rows}
    if len(numbers) == 1:
        return redirect(url_for("return_receive", number=numbers.pop()))
    return render_template("rma/return_find.html", text=text, rows=rows, states=STATES, tones=TONES)


class _Differs(Exception):
    """What came is not what is owed, which may be a misread code: nothing is done until a person says so once more."""

    def __init__(self, content: Content, serial: str) -> None:
        super().__init__(content.question)
        self.content, self.serial = content, serial


def _receive(form: ReceiveForm, number: str, rma_id: int) -> ResponseReturnValue:
    found: list[Discrepancy] | None = None
    taken = came = ""
    recorded: Discrepancy | None = None
    photos = uploads([form.photo.data])

    def act() -> None:
        nonlocal found, taken, came, recorded
        case, rows = lock_returns(rma_id, current_actor())
        open_rows = [one for one in rows if one.state in RECEIVABLE]
        if not open_rows:
            raise Conflict("nothing_receivable", number=number)
        # What was asked about stands until something else is scanned: an empty Enter neither answers nor forgets.
        serial = (form.serial.data or "").strip() or request.form.get("scanned", "").strip()[:80]
        obligation = _stands_for(form, serial, open_rows)
        empty = bool(form.empty_box.data)
        arrival = returns.Arrival(
            part_id=None if empty else _part_in_box(form.part_number.data or "", serial, obligation),
            serial="" if empty else serial,
            quantity=form.quantity.data,
            accessories_missing=form.accessories_missing.data or "",
            note=form.note.data or "",
            empty_box=empty,
            packages=form.packages.data,
        )
        content = content_of(obligation, arrival)
        if content.part is not None and content.part.tracking is Tracking.COUNTED and form.quantity.data is None:
            raise Invalid("value_missing", field="quantity")
        if content.question not in {"", request.form.get("anyway", "")}:
            raise _Differs(content, serial)
        recorded = open_elsewhere(content.known.unit.id) if content.known is not None else None
        taken = serial or obligation.part.part_number
        found = returns.take_return(obligation, case, arrival, content, actor=current_actor(), now=g.now)
        came = _so_far(obligation)
        attach_uploads(photos, obligation.case_id, "damage", blame="photo")

    answer = once_to(url_for("return_receive", number=number), act)
    if found:
        if recorded is not None and found[0].id == recorded.id:
            flash(
                _(
                    "Recorded already under case %(case)s; it is noted on the timeline. Keep it apart.",
                    case=case_number(recorded),
                ),
                "warning",
            )
        elif found[0].kind is DiscrepancyKind.ELSEWHERE:
            flash(
                _("Recorded as a discrepancy; nothing was booked, and the return is still owed. Keep it apart."),
                "warning",
            )
        else:
            flash(_("Taken in, but it differs from what was expected. An RMA administrator decides."), "warning")
        for row in found:
            flash(found_words(row.kind.value, row.expected, row.found), "error")
    elif came:
        flash(came, "warning")
    elif found is not None:
        flash(_("Taken in: %(what)s, as expected.", what=taken), "success")
    return answer


def _so_far(obligation: Obligation) -> str:
    """What of a counted part is still out after some of it came."""
    if not obligation.came_quantity or obligation.state not in RECEIVABLE:
        return ""
    facts = {"came": obligation.came_quantity, "owed": obligation.quantity, "out": obligation.outstanding}
    if obligation.due_on is None:
        return str(_("Taken in: %(came)s of %(owed)s pieces are here, %(out)s still to come.", **facts))
    day = obligation.due_on.isoformat()
    words = _(
        "Taken in: %(came)s of %(owed)s pieces are here, %(out)s still to be sent back by %(day)s.", day=day, **facts
    )
    return str(words)


def _expected(number: str, rma_id: int) -> list[Obligation]:
    """The returns of the exchange. Raises NotFound for an exchange that the person may not see."""
    rows = [one for one in queries.expected(number, current_actor()) if one.rma_id == rma_id]
    if not rows:
        queries.exchange(rma_id, current_actor())
    return rows


def _stands_for(form: ReceiveForm, serial: str, open_rows: list[Obligation]) -> Obligation:
    """The return that the box is for: the one chosen, the one whose serial was scanned, or the only one."""
    chosen = [one for one in open_rows if str(one.id) == form.obligation.data]
    matching = [one for one in open_rows if serial and one.serial_key == scan_key(serial)]
    if len(chosen or matching or open_rows) == 1:
        return (chosen or matching or open_rows)[0]
    raise Invalid("which_return", field="obligation", serial=serial)


def _part_in_box(part_number: str, serial: str, obligation: Obligation) -> int:
    """The part by the number typed; without one the expected part, unless the serial is known as another part's alone."""
    if part_number.strip():
        found = queries.part_ids(part_number)
        if not found:
            raise Invalid("part_unknown", field="part_number", typed=part_number.strip())
        return obligation.part_id if obligation.part_id in found else found[0]
    if not serial or scan_key(serial) == obligation.serial_key:
        return obligation.part_id
    known = queries.parts_of_serial(serial)
    return known[0] if len(known) == 1 else obligation.part_id


@routes.form("/returns/<int:obligation_id>/announce")
@allow(Permission.RETURN_ANNOUNCE)
def return_announce(obligation_id: int) -> ResponseReturnValue:
    """The customer, or the engineer who carries it, has sent the faulty part."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    calendar = calendars.depot_calendar(calendars.depot(obligation.depot_id))
    form = AnnounceForm()
    if request.method == "GET":
        form.posted_on.data = calendar.local_day(g.now)

    def act() -> str:
        carried = form.method.data == BY_ENGINEER
        assert form.posted_on.data is not None  # noqa: S101
        returns.announce_return(
            obligation_id,
            posted_on=form.posted_on.data,
            carrier="" if carried else form.carrier.data or "",
            waybill="" if carried else form.waybill.data or "",
            actor=current_actor(),
            now=g.now,
            version=seen_version(),
        )
        return url_for("rma_show", number=obligation.rma.number)

    if form.validate_on_submit():
        with refusals_on(form):
            if form.method.data != BY_ENGINEER and not (form.waybill.data or "").strip():
                raise Invalid("value_missing", field="waybill")
            answer = once(act)
            flash(_("Noted: the faulty part is on its way."), "success")
            return answer
    return _page("rma/return_announce.html", obligation, form, due=due_words(obligation, g.now, calendar))


@routes.form("/returns/<int:obligation_id>/inspect")
@allow(Permission.RETURN_INSPECT)
def return_inspect(obligation_id: int) -> ResponseReturnValue:
    """What the bench found."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    form = InspectForm()
    ours = came_back_undelivered(obligation)
    form.offer(empty=obligation.received_part_id is None, ours=ours)

    def act() -> str:
        result = Inspection(form.result.data)
        note = form.note.data or ""
        returns.inspect(obligation_id, result, note=note, actor=current_actor(), now=g.now, version=seen_version())
        return url_for("return_settle", obligation_id=obligation_id)

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            flash(_("The finding is recorded. Now give the part its place."), "success")
            return answer
    return _page("rma/return_inspect.html", obligation, form, part=_received_part(obligation), ours=ours)


@routes.form("/returns/<int:obligation_id>/settle")
@allow(Permission.RETURN_INSPECT)
def return_settle(obligation_id: int) -> ResponseReturnValue:
    """Where the inspected part goes; then nothing is open any more."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    form = SettleForm()
    result = Inspection(obligation.inspection) if obligation.inspection else None
    fitting = dispositions(result) if result is not None else ()
    bins = [(one.id, one.code) for one in queries.bins(obligation.depot_id)] if Disposition.STOCK in fitting else []
    form.offer(fitting, bins)

    def act() -> str:
        returns.settle(
            obligation_id,
            Disposition(form.disposition.data),
            reason=form.reason.data or "",
            actor=current_actor(),
            now=g.now,
            location_id=empty_to_none(form.location.data),
            version=seen_version(),
        )
        return url_for("rma_show", number=obligation.rma.number)

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            flash(_("Settled."), "success")
            return answer
    return _page(
        "rma/return_settle.html",
        obligation,
        form,
        part=_received_part(obligation),
        finding=INSPECTIONS[result] if result is not None else "",
        undecided=queries.undecided(obligation_id),
        bins=bins,
    )


def _page(template: str, obligation: Obligation, form: Any, **more: Any) -> ResponseReturnValue:
    page = render_template(
        template,
        obligation=obligation,
        form=form,
        key=page_key(),
        version=seen_version() or obligation.version,
        states=STATES,
        tones=TONES,
        found_words=found_words,
        **more,
    )
    return page, 200 if request.method == "GET" else refusal_status()


def _label(obligation: Obligation) -> str:
    pieces = f" × {obligation.outstanding}" if obligation.part.tracking is Tracking.COUNTED else ""
    return f"{obligation.serial or '–'} · {obligation.part.part_number}{pieces}"


def _received_part(obligation: Obligation) -> Part | None:
    return queries.part(obligation.received_part_id) if obligation.received_part_id is not None else None
