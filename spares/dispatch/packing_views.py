"""Closing picked lines into a shipment."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.cases.timeline import check_seen
from spares.dispatch import queries, shipping
from spares.dispatch.board_views import depot_of, promised
from spares.dispatch.forms import PackForm, grams, sent_key
from spares.dispatch.lifecycle import LineState, ShipmentState
from spares.dispatch.order_views import seen_order
from spares.dispatch.orders import lock_order
from spares.dispatch.routes import routes
from spares.once import perform_once
from spares.web import refusal_status, refusals_on


@routes.form("/dispatch/<number>/pack")
@allow(Permission.DISPATCH_WORK)
def order_pack(number: str) -> ResponseReturnValue:
    """How many packages and how heavy; all picked lines unless some are left for a later shipment."""
    row = seen_order(number)
    picked = [line for line in row.lines if line.state is LineState.PICKED]
    form = PackForm()
    form.lines.choices = [(line.id, _line_words(line.part_number, line.quantity, line.serials)) for line in picked]
    if request.method == "GET":
        form.lines.data = [line.id for line in picked]
    elif form.validate():

        def act() -> str:
            order, case = lock_order(row.order.id, current_actor())
            check_seen(request.form.get("version", ""), order.version, case.id)
            shipment = shipping.pack(
                order.id,
                packages=form.packages.data or 0,
                weight_grams=grams(form.weight.data or ""),
                line_ids=form.lines.data,
                actor=current_actor(),
                now=g.now,
            )
            return url_for("shipment_show", number=shipment.number)

        with refusals_on(form):
            target = perform_once(sent_key(), g.now, act)
            flash(_("Packed. Print the slips, then scan the waybill."), "success")
            return redirect(target)
    row = seen_order(number)
    depot, calendar = depot_of(row.order)
    page = render_template(
        "dispatch/order_pack.html",
        row=row,
        form=form,
        picked=picked,
        packed=[one for one in queries.shipments_of(row.order.id) if one.state is not ShipmentState.REOPENED],
        left=[line for line in row.lines if line.state in {LineState.RESERVED, LineState.BACK_ORDERED}],
        promise=promised(row, depot, calendar, g.now),
        version=request.form.get("version") or row.order.version,
    )
    return page, 200 if request.method == "GET" else refusal_status()


def _line_words(part_number: str, quantity: int, serials: list[str]) -> str:
    return f"{part_number} × {quantity}" if not serials else f"{part_number} · {', '.join(serials)}"
