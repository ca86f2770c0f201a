"""Shipments and their papers. What ends a shipment (dispatch, loss, return) concerns the exchange and is the RMA's."""

from datetime import UTC, date, datetime, time, timedelta

from flask import Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.cases.access import must_see
from spares.cases.timeline import check_seen
from spares.db import session
from spares.dispatch import documents, queries, shipping
from spares.dispatch.board_views import depot_of
from spares.dispatch.documents import kilograms
from spares.dispatch.forms import DispatchForm, sent_key
from spares.dispatch.lifecycle import LineState, ShipmentState
from spares.dispatch.lost import replaced_by
from spares.dispatch.models import DeliveryMethod, Document, Shipment
from spares.dispatch.orders import lock_shipment
from spares.dispatch.promise_words import order_promise
from spares.dispatch.routes import routes
from spares.dispatch.words import DOCUMENTS, METHODS, SHIPMENT_STATES, SHIPMENT_TONES, address_of
from spares.errors import NotFound, SparesError
from spares.once import perform_once
from spares.web import PAGE_SIZE, explain, page_number, zone


@routes.get("/shipments")
@allow(Permission.DISPATCH_SEE)
def shipment_list() -> str:
    """Shipments, newest first, found by waybill or number."""
    text, state = request.args.get("q", "").strip()[:80], request.args.get("state", "")
    promise = request.args.get("promise", "")
    since, until = _day("since"), _day("until")
    found, more = queries.shipments(
        current_actor(),
        text=text,
        state=ShipmentState(state) if state in set(ShipmentState) else None,
        page=page_number(),
        size=PAGE_SIZE,
        promise_met={"kept": True, "missed": False}.get(promise),
        left_from=_midnight(since) if since else None,
        left_before=_midnight(until + timedelta(days=1)) if until else None,
    )
    return render_template(
        "dispatch/shipment_list.html",
        promise=promise,
        since=since,
        until=until,
        shipments=found,
        more=more,
        page=page_number(),
        text=text,
        state=state,
        state_options=[(one.value, words) for one, words in SHIPMENT_STATES.items()],
        states=SHIPMENT_STATES,
        tones=SHIPMENT_TONES,
    )


@routes.get("/shipments/<number>")
@allow(Permission.DISPATCH_SEE)
def shipment_show(number: str) -> str:
    """A shipment with its lines and papers, and the form that dispatches it."""
    return shipment_page(seen_shipment(number).id)


@routes.post("/shipments/<number>/reopen")
@allow(Permission.DISPATCH_WORK)
def shipment_reopen(number: str) -> ResponseReturnValue:
    """Open a packed shipment again, with a reason."""
    shipment = seen_shipment(number)
    reason = request.form.get("reason", "")

    def act() -> str:
        locked, order, case = lock_shipment(shipment.id, current_actor())
        check_seen(request.form.get("version", ""), locked.version, case.id)
        shipping.reopen(locked.id, reason=reason, actor=current_actor(), now=g.now)
        return url_for("order_show", number=order.number)

    try:
        target = perform_once(sent_key(), g.now, act)
    except SparesError as error:
        return refused_page(shipment.id, error, reason)
    flash(_("Opened again. A slip printed for it is void."), "success")
    return redirect(target)


@routes.post("/shipments/<number>/slip")
@allow(Permission.DISPATCH_WORK)
def slip_print(number: str) -> ResponseReturnValue:
    """Print the shipping slip: its content is frozen the first time, and again when more is known."""
    shipment = seen_shipment(number)
    code_url = current_app.config["SPARES_BASE_URL"] + url_for("shipment_show", number=shipment.number)

    def act() -> str:
        document, copy_no = documents.print_shipping_slip(
            shipment.id, code_url=code_url, actor=current_actor(), now=g.now
        )
        return url_for("document_show", document_id=document.id, copy_no=copy_no)

    return redirect(perform_once(sent_key(), g.now, act))


@routes.post("/documents/<int:document_id>/print")
@allow(Permission.DISPATCH_WORK)
def document_print(document_id: int) -> ResponseReturnValue:
    """Print a frozen document again, as a copy."""
    document = session.get(Document, document_id)
    if document is None:
        raise NotFound("document_unknown")
    must_see(queries.document_case(document), current_actor())

    def act() -> str:
        again = session.get_one(Document, document_id)
        copy_no = documents.count_print(again, actor=current_actor(), now=g.now)
        return url_for("document_show", document_id=document_id, copy_no=copy_no)

    return redirect(perform_once(sent_key(), g.now, act))


@routes.get("/documents/<int:document_id>/<int:copy_no>.pdf")
@allow(Permission.DISPATCH_SEE)
def document_show(document_id: int, copy_no: int) -> Response:
    """The PDF of a print that was made."""
    document = documents.printed(document_id, copy_no)
    must_see(queries.document_case(document), current_actor())
    response = Response(documents.draw(document, copy_no), mimetype="application/pdf")
    name = f"{document.subject}-{document.kind.value.replace('_', '-')}-{copy_no}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def seen_shipment(number: str) -> Shipment:
    """The shipment with its order and case. Raises NotFound when there is none that the person may see."""
    return queries.shipment(queries.shipment_key(number), current_actor())


def shipment_page(
    shipment_id: int,
    *,
    form: DispatchForm | None = None,
    refusal: str = "",
    refused_at: str = "",
    reason: str = "",
    reason_refused: bool = False,
) -> str:
    """The shipment's page, also with a refused dispatch (`form`) or another refused act: `refused_at` is the address
    that refused, whose form keeps what was typed; `reason_refused` when it is the reason that is wrong."""
    shipment = queries.shipment(shipment_id, current_actor())
    order = shipment.order
    depot, calendar = depot_of(order)
    papers = queries.papers([shipment.number, order.rma_number])
    carriers = queries.carriers() if shipment.state is ShipmentState.PACKED else []
    if form is None:
        form = DispatchForm(formdata=None)
        if carriers and order.method is DeliveryMethod.COURIER:
            form.carrier.data = carriers[0]
    lines = queries.sent_lines([shipment.id])[shipment.id]
    return render_template(
        "dispatch/shipment_show.html",
        shipment=shipment,
        replaced=replaced_by([one.line.id for one in lines if one.line.state is LineState.LOST]),
        order=order,
        depot=depot,
        form=form,
        carriers=carriers,
        promise=order_promise(order, g.now, calendar, cutoff=depot.cutoff, waiting=False)
        if shipment.state is ShipmentState.PACKED
        else None,
        lines=lines,
        papers=papers,
        printed=queries.prints_by_kind(papers),
        weight=kilograms(shipment.weight_grams),
        needs_waybill=order.method is DeliveryMethod.COURIER,
        refusal=refusal,
        refused_at=refused_at,
        reason=reason,
        reason_refused=reason_refused,
        may=current_actor().may,
        Permission=Permission,
        methods=METHODS,
        states=SHIPMENT_STATES,
        tones=SHIPMENT_TONES,
        documents=DOCUMENTS,
        rma_url=address_of("rma", order.rma_number),
        case_url=url_for("case_show", case_id=order.case_id),
        has=current_app.view_functions.__contains__,
    )


def refused_page(shipment_id: int, error: SparesError, reason: str) -> tuple[str, int]:
    """The shipment's page after an act with a reason was refused, open at that act."""
    page = shipment_page(
        shipment_id,
        refusal=explain(error),
        refused_at=request.path,
        reason=reason,
        reason_refused=error.field == "reason",
    )
    return page, error.status


def _day(name: str) -> date | None:
    """The day in the address, when it is one that the calendar knows."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if 2001 <= day.year <= 2100 else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), zone()).astimezone(UTC)
