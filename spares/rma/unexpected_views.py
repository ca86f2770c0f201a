"""The door for what nobody expects: nothing is turned away."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.errors import Invalid, NotFound
from spares.rma import queries, unexpected
from spares.rma.acting import once_to, page_key
from spares.rma.arrivals import Difference
from spares.rma.discrepancy_queries import case_number
from spares.rma.forms import UnexpectedForm
from spares.rma.models import Discrepancy, DiscrepancyKind
from spares.rma.routes import routes
from spares.rma.words import found_words, shipment_of
from spares.web import refusal_status, refusals_on


@routes.form("/returns/unexpected")
@allow(Permission.RETURN_RECEIVE)
def return_unexpected() -> ResponseReturnValue:
    """Take in what nobody expects: nothing is turned away at the door."""
    form = UnexpectedForm()
    if request.method == "GET":
        form.serial.data = request.args.get("serial", "")[:80]
    taken: list[Discrepancy] = []
    asked: _Contradicted | None = None
    recorded: Discrepancy | None = None

    def act() -> None:
        nonlocal recorded
        part_id = _part(form.part_number.data or "")
        recorded = unexpected.recorded_already(part_id, form.serial.data or "")
        difference = unexpected.contradiction(part_id, form.serial.data or "")
        if difference is not None and difference.question != request.form.get("anyway"):
            raise _Contradicted(difference)
        found = unexpected.receive_unexpected(
            calendars.default_depot().id,
            part_id=part_id,
            serial=form.serial.data or "",
            quantity=form.quantity.data or 1,
            sender=form.sender.data or "",
            waybill=form.waybill.data or "",
            note=form.note.data or "",
            actor=current_actor(),
            now=g.now,
            case_id=_case(form.case_number.data or ""),
            customer_id=_customer(form.customer_code.data or ""),
        )
        taken.append(found)

    if form.validate_on_submit():
        with refusals_on(form):
            try:
                answer = once_to(url_for("discrepancy_list"), act)
            except _Contradicted as contradicted:
                asked = contradicted
            else:
                for one in taken:
                    flash(_taken_in(one, again=recorded is not None), "warning")
                return answer
    page = render_template(
        "rma/return_unexpected.html",
        form=form,
        key=page_key(),
        asked=asked.difference if asked else None,
        shipment=shipment_of(asked.difference.expected) if asked else "",
        recorded=recorded,
        found_words=found_words,
    )
    return page, 200 if request.method == "GET" else refusal_status()


class _Contradicted(Exception):
    """The books have the unit elsewhere, which may be a misread code: nothing is done until a person says so once more."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.question)
        self.difference = difference


def _taken_in(one: Discrepancy, *, again: bool) -> str:
    number = case_number(one)
    if again:
        return str(_("Recorded already under case %(case)s; it is noted on the timeline. Keep it apart.", case=number))
    if one.kind is DiscrepancyKind.ELSEWHERE:
        return str(
            _(
                "Recorded under case %(case)s; nothing was booked. Keep it apart until an RMA administrator has decided.",
                case=number,
            )
        )
    return str(_("Taken in under case %(case)s. An RMA administrator decides.", case=number))


def _part(text: str) -> int:
    found = queries.part_ids(text)
    if not found:
        raise Invalid("part_unknown", field="part_number", typed=text.strip())
    return found[0]


def _case(text: str) -> int | None:
    if not text.strip():
        return None
    found = queries.case_id_of(text, current_actor())
    if found is None:
        raise NotFound("case_unknown", field="case_number", typed=text.strip())
    return found


def _customer(text: str) -> int | None:
    if not text.strip():
        return None
    found = queries.customer_id_of(text)
    if found is None:
        raise NotFound("customer_unknown", field="customer_code", typed=text.strip())
    return found
