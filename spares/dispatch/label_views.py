"""Labels for a shipment's cartons: one each, saying which of how many."""

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow
from spares.dispatch.board_views import depot_of
from spares.dispatch.routes import routes
from spares.dispatch.shipment_views import seen_shipment
from spares.labels.layout import CartonLabel
from spares.labels.pages import MOST, Batch, depot_name, label_file, label_page, label_print
from spares.whole_numbers import whole


@routes.get("/shipments/<number>/labels")
@allow(Permission.DISPATCH_SEE)
def label_cartons(number: str) -> ResponseReturnValue:
    """What labels can be made of the shipment's cartons."""
    return label_page(_cartons(number))


@routes.get("/shipments/<number>/labels.<kind>")
@allow(Permission.DISPATCH_SEE)
def label_cartons_file(number: str, kind: str) -> ResponseReturnValue:
    """The cartons' labels as a file."""
    return label_file(_cartons(number), kind)


@routes.post("/shipments/<number>/labels/print")
@allow(Permission.DISPATCH_WORK)
def label_cartons_print(number: str) -> ResponseReturnValue:
    """The cartons' labels to the printer."""
    return label_print(_cartons(number))


def _cartons(number: str) -> Batch:
    shipment = seen_shipment(number)
    order = shipment.order
    depot, _calendar = depot_of(order)
    count = shipment.packages
    after = min(whole(request.values.get("after", "")) or 0, count)
    person = " ".join(part for part in (order.consignee, order.phone) if part)
    labels = [
        CartonLabel(
            number=shipment.number,
            rma_number=order.rma_number,
            carton=carton,
            carton_words=_("Carton %(carton)s of %(count)s", carton=carton, count=count),
            from_words=_("From"),
            depot=depot_name(depot),
            to_words=_("To"),
            consignee=f"{person} · {order.site_name}" if order.site_name else person,
            address=order.address,
            base_url=current_app.config["SPARES_BASE_URL"],
        )
        for carton in range(after + 1, min(count, after + MOST) + 1)
    ]
    return Batch(
        labels=labels,
        title=_("Carton labels of %(number)s", number=shipment.number),
        file_name=f"{shipment.number}-cartons",
        endpoint="label_cartons",
        args={"number": shipment.number},
        back=url_for("shipment_show", number=shipment.number),
        said=[("after", str(after))],
        following=[("after", str(after + MOST))] if count > after + MOST else None,
        depot_id=order.depot_id,
    )
