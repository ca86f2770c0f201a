"""Cancelling what has not left yet: the whole request, or a line of it."""

from collections.abc import Callable

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.cases.timeline import check_seen
from spares.dispatch.forms import sent_key
from spares.dispatch.models import DispatchOrder
from spares.dispatch.order_views import order_page, seen_order
from spares.dispatch.orders import lock_order
from spares.errors import SparesError
from spares.once import perform_once
from spares.rma import requests
from spares.rma.routes import routes
from spares.web import explain


@routes.post("/dispatch/<number>/cancel")
@allow(Permission.REQUEST_CANCEL)
def order_cancel(number: str) -> ResponseReturnValue:
    """Cancel everything of the order's RMA that has not left."""

    def cancel(order: DispatchOrder, reason: str) -> None:
        requests.cancel_request(order.rma_id, reason=reason, actor=current_actor(), now=g.now)

    return _cancel(number, cancel, _("Cancelled. The stock is free again."))


@routes.post("/dispatch/<number>/lines/<int:line_id>/cancel")
@allow(Permission.REQUEST_CANCEL)
def line_cancel(number: str, line_id: int) -> ResponseReturnValue:
    """Cancel one line that has not left."""

    def cancel(order: DispatchOrder, reason: str) -> None:
        requests.cancel_line(order.id, line_id, reason=reason, actor=current_actor(), now=g.now)

    return _cancel(number, cancel, _("The line is cancelled. Its stock is free again."))


def _cancel(number: str, cancel: Callable[[DispatchOrder, str], None], words: str) -> ResponseReturnValue:
    seen = seen_order(number).order
    order_id = seen.id
    reason = request.form.get("reason", "")[:500]

    def act() -> str:
        order, case = lock_order(order_id, current_actor())
        check_seen(request.form.get("version", ""), order.version, case.id)
        cancel(order, reason)
        return url_for("order_show", number=order.number)

    try:
        target = perform_once(sent_key(), g.now, act)
    except SparesError as error:
        return order_page(order_id, refusal=explain(error), refused_at=request.path, reason=reason), error.status
    flash(words, "success")
    return redirect(target)
