"""What ends a shipment's stay in the depot or its way to the customer. The obligation to send the faulty part back hangs
on it, so these acts are the exchange's and not the depot's alone."""

from collections.abc import Callable

from flask import Response, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Actor, Permission
from spares.accounts.guard import allow, current_actor
from spares.cases.access import must_see
from spares.cases.timeline import check_seen
from spares.db import session
from spares.dispatch.documents import draw_together, print_shipping_slip, printed
from spares.dispatch.forms import DispatchForm, sent_key
from spares.dispatch.models import DispatchOrder, Shipment
from spares.dispatch.queries import document_case, shipment_key
from spares.dispatch.shipment_views import refused_page, seen_shipment, shipment_page
from spares.errors import SparesError
from spares.numbers import NumberKind
from spares.numbers import number as format_number
from spares.once import perform_once, perform_once_for
from spares.rma import receipts
from spares.rma.documents import print_return_slip
from spares.rma.queries import exchange
from spares.rma.routes import routes
from spares.web import explain, refusal_status, refusals_on


@routes.post("/shipments/<number>/dispatch")
@allow(Permission.DISPATCH_WORK)
def shipment_dispatch(number: str) -> ResponseReturnValue:
    """Hand over: the stock leaves, and the promise is met or missed."""
    shipment_id = shipment_key(number)
    form = DispatchForm()

    def act() -> None:
        departed = receipts.dispatch_shipment(
            shipment_id,
            carrier=form.carrier.data or "",
            waybill=form.waybill.data or "",
            shared=form.shared.data,
            actor=current_actor(),
            now=g.now,
        )
        _check_seen(departed.shipment)

    if form.validate():
        with refusals_on(form):
            result = url_for("shipment_show", number=format_number(NumberKind.SHIPMENT, shipment_id))
            target = perform_once_for(result, sent_key(), g.now, act)
            flash(_("Dispatched."), "success")
            return redirect(target)
    return shipment_page(shipment_id, form=form), refusal_status()


@routes.post("/shipments/<number>/slips")
@allow(Permission.DISPATCH_WORK, Permission.RETURN_ANNOUNCE)
def slips_print(number: str) -> ResponseReturnValue:
    """Print what goes into the box: the shipping slip and the return slip, in one file; each counts as a print of its own."""
    shipment = seen_shipment(number)
    rma = exchange(shipment.order.rma_id, current_actor()).rma
    base = current_app.config["SPARES_BASE_URL"]
    code_url = base + url_for("shipment_show", number=shipment.number)
    receiving_url = base + url_for("return_receive", number=rma.number)

    def act() -> str:
        actor = current_actor()
        out, out_copy = print_shipping_slip(shipment.id, code_url=code_url, actor=actor, now=g.now)
        back, back_copy = print_return_slip(rma.id, receiving_url=receiving_url, actor=actor, now=g.now)
        return url_for("slips_show", out_id=out.id, out_copy=out_copy, back_id=back.id, back_copy=back_copy)

    try:
        return redirect(perform_once(sent_key(), g.now, act))
    except SparesError as error:
        return shipment_page(shipment.id, refusal=explain(error)), error.status


@routes.get("/documents/<int:out_id>/<int:out_copy>/<int:back_id>/<int:back_copy>.pdf")
@allow(Permission.DISPATCH_SEE)
def slips_show(out_id: int, out_copy: int, back_id: int, back_copy: int) -> Response:
    """The PDF of two prints that were made, one after the other."""
    prints = [(printed(key, copy), copy) for key, copy in ((out_id, out_copy), (back_id, back_copy))]
    for document, _copy in prints:
        must_see(document_case(document), current_actor())
    response = Response(draw_together(prints), mimetype="application/pdf")
    name = "-".join(f"{document.subject}-{copy}" for document, copy in prints)
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


@routes.post("/shipments/<number>/lose")
@allow(Permission.OBLIGATION_DECIDE)
def shipment_lose(number: str) -> ResponseReturnValue:
    """Lost in transit, after the carrier's word."""
    return _end(number, receipts.lose_shipment, _("Written off as lost. Send another if it is still needed."), "info")


@routes.post("/shipments/<number>/undelivered")
@allow(Permission.DISPATCH_WORK)
def shipment_undelivered(number: str) -> ResponseReturnValue:
    """Refused, undeliverable, or lost and found, and back at the depot."""
    return _end(number, receipts.take_back_undelivered, _("Taken back. The parts wait on the returns shelf."))


def _end(number: str, service: Callable[..., Shipment], words: str, tone: str = "success") -> ResponseReturnValue:
    shipment_id = seen_shipment(number).id
    reason = request.form.get("reason", "")[:500]
    actor: Actor = current_actor()

    def act() -> str:
        ended = service(shipment_id, reason=reason, actor=actor, now=g.now)
        _check_seen(ended)
        return url_for("shipment_show", number=ended.number)

    try:
        target = perform_once(sent_key(), g.now, act)
    except SparesError as error:
        return refused_page(shipment_id, error, reason)
    flash(words, tone)
    return redirect(target)


def _check_seen(shipment: Shipment) -> None:
    """The page showed the version before the step that has just been taken."""
    order = session.get_one(DispatchOrder, shipment.order_id)
    check_seen(request.form.get("version", ""), shipment.version - 1, order.case_id)
