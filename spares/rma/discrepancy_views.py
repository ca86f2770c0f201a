"""The inbox of what came other than expected, each decided with a reason."""

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.inventory.words import place_label
from spares.rma import discrepancies, queries, unexpected, worklists
from spares.rma.acting import once, page_key
from spares.rma.amounts import amount_typed, as_typed
from spares.rma.arrivals import NOT_WHAT_IS_OWED
from spares.rma.discrepancies import Resolution
from spares.rma.discrepancy_queries import (
    ChargeStanding,
    DiscrepancyRecord,
    charge_standing,
    depot_of_arrival,
    discrepancy_of,
    way_back,
    with_records,
)
from spares.rma.forms import PlaceForm, PutRightForm, ResolveForm, empty_to_none
from spares.rma.models import DiscrepancyKind
from spares.rma.routes import routes
from spares.rma.shelf import Disposition, Inspection
from spares.rma.standing import standing_of
from spares.rma.words import DISCREPANCIES, STATES, TONES, decision_words, found_words, record_words, shipment_of
from spares.web import PAGE_SIZE, money, page_number, refusal_status, refusals_on


@routes.get("/discrepancies")
@allow(Permission.RMA_SEE)
def discrepancy_list() -> str:
    """What came other than expected: undecided first."""
    decided = request.args.get("decided") == "1"
    rows, total = worklists.discrepancies(current_actor(), decided=decided, page=page_number(), size=PAGE_SIZE)
    return render_template(
        "rma/discrepancy_list.html",
        rows=with_records(rows),
        decided=decided,
        total=total,
        page=page_number(),
        pages=-(-total // PAGE_SIZE),
        kinds=DISCREPANCIES,
        decision_words=decision_words,
        record_words=record_words,
    )


@routes.form("/discrepancies/<int:discrepancy_id>")
@allow(Permission.OBLIGATION_DECIDE)
def discrepancy_resolve(discrepancy_id: int) -> ResponseReturnValue:
    """Decide it: what came is accepted, goes back, or is charged; an unexpected arrival gets its place."""
    record = discrepancy_of(discrepancy_id, current_actor())
    if record.discrepancy.kind is DiscrepancyKind.ELSEWHERE:
        return _put_right(record)
    if record.obligation is None:
        return _place_unexpected(record)
    form = ResolveForm()
    standing = charge_standing(record.obligation)
    form.offer(discrepancies.resolutions(record.discrepancy, record.obligation), charged=standing is not None)
    if request.method == "GET" and record.discrepancy.kind is not DiscrepancyKind.ACCESSORIES:
        form.amount.data = as_typed(record.obligation.worth_minor)
    charges, amount, currency = form.resolution.data == Resolution.CHARGE, 0, record.obligation.currency

    def act() -> str:
        nonlocal amount
        amount = amount_typed(form.amount.data or "") if charges else 0
        discrepancies.resolve(
            discrepancy_id,
            Resolution(form.resolution.data),
            reason=form.reason.data or "",
            actor=current_actor(),
            now=g.now,
            amount_minor=amount if charges else None,
        )
        return url_for("rma_show", number=record.rma_number)

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            if amount:
                flash(_("Decided. Charged %(amount)s.", amount=money(amount, currency)), "success")
            else:
                flash(_("Decided."), "success")
            return answer
    return _page(record, form, standing)


def _place_unexpected(record: DiscrepancyRecord) -> ResponseReturnValue:
    form = PlaceForm()
    depot_id = depot_of_arrival(record.discrepancy.id) or calendars.default_depot().id
    form.offer([(one.id, one.code) for one in queries.bins(depot_id)])

    def act() -> str:
        unexpected.place(
            record.discrepancy.id,
            Inspection(form.result.data),
            Disposition(form.disposition.data),
            reason=form.reason.data or "",
            actor=current_actor(),
            now=g.now,
            location_id=empty_to_none(form.location.data),
            carrier=form.carrier.data or "",
            waybill=form.waybill.data or "",
        )
        return url_for("discrepancy_list")

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            flash(_("Decided."), "success")
            return answer
    return _page(record, form)


def _put_right(record: DiscrepancyRecord) -> ResponseReturnValue:
    form = PutRightForm()

    def act() -> str:
        reason = form.reason.data or ""
        gone = form.gone.data
        discrepancies.put_right(record.discrepancy.id, reason=reason, actor=current_actor(), now=g.now, gone=gone)
        return url_for("discrepancy_list")

    if form.validate_on_submit():
        with refusals_on(form):
            answer = once(act)
            flash(_("Decided."), "success")
            return answer
    return _page(record, form)


def _page(
    record: DiscrepancyRecord, form: ResolveForm | PlaceForm | PutRightForm, standing: ChargeStanding | None = None
) -> ResponseReturnValue:
    row = record.discrepancy
    is_elsewhere = row.kind is DiscrepancyKind.ELSEWHERE
    page = render_template(
        "rma/discrepancy_resolve.html",
        record=record,
        is_elsewhere=is_elsewhere,
        expected=record_words(row.expected) if is_elsewhere else row.expected,
        shipment=shipment_of(row.expected) if is_elsewhere else "",
        known=standing_of(row.unit_id) if is_elsewhere and row.unit_id is not None else None,
        place_label=place_label,
        sent_back=way_back(row.id) if row.resolution == Disposition.SEND_BACK else "",
        form=form,
        standing=standing,
        key=page_key(),
        found_words=found_words,
        decision_words=decision_words,
        kinds=DISCREPANCIES,
        ends_the_debt=record.discrepancy.kind in NOT_WHAT_IS_OWED,
        states=STATES,
        tones=TONES,
    )
    return page, 200 if request.method == "GET" else refusal_status()
