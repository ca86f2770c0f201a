"""What ends a shipment's stay in the depot or its way to the customer. The obligation to send the faulty part back hangs
on it, so these acts are the exchange's and not the depot's alone."""

from collections.abc import Callable

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Actor, Permission
from spares.accounts.guard import allow, current_actor
from spares.cases.timeline import check_seen
from spares.db import session
from spares.dispatch.forms import DispatchForm, sent_key
from spares.dispatch.models import DispatchOrder, Shipment
from spares.dispatch.shipment_views import refused_page, seen_shipment, shipment_page
from spares.errors import SparesError
from spares.once import perform_once
from spares.rma import receipts
from spares.rma.routes import routes
from spares.web import refusal_status, refusals_on


@routes.post("/shipments/<number>/dispatch")
@allow(Permission.DISPATCH_WORK)
def shipment_dispatch(number: str) -> ResponseReturnValue:
    """Hand over: the stock leaves, and the promise is met or missed."""
    shipment_id = seen_shipment(number).id
    form = DispatchForm()

    def act() -> str:
        departed = receipts.dispatch_shipment(
            shipment_id,
            carrier=form.carrier.data or "",
            waybill=form.waybill.data or "",
            actor=current_actor(),
            now=g.now,
        )
        _check_seen(departed.shipment)
        return url_for("shipment_show", number=departed.shipment.number)

    if form.validate():
        with refusals_on(form):
            target = perform_once(sent_key(), g.now, act)
            flash(_("Dispatched."), "success")
            return redirect(target)
    return shipment_page(shipment_id, form=form), refusal_status()


@routes.post("/shipments/<number>/lose")
@allow(Permission.OBLIGATION_DECIDE)
def shipment_lose(number: str) -> ResponseReturnValue:
    """Lost in transit, after the carrier's word."""
    return _end(number, receipts.lose_shipment, _("Written off as lost."))


@routes.post("/shipments/<number>/undelivered")
@allow(Permission.DISPATCH_WORK)
def shipment_undelivered(number: str) -> ResponseReturnValue:
    """Refused or undeliverable, and back at the depot."""
    return _end(number, receipts.take_back_undelivered, _("Taken back. The parts wait on the returns shelf."))


def _end(number: str, service: Callable[..., Shipment], words: str) -> ResponseReturnValue:
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
    flash(words, "success")
    return redirect(target)


def _check_seen(shipment: Shipment) -> None:
    """The page showed the version before the step that has just been taken."""
    order = session.get_one(DispatchOrder, shipment.order_id)
    check_seen(request.form.get("version", ""), shipment.version - 1, order.case_id)
