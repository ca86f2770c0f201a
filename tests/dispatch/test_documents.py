"""What a shipping slip says, taken from the records."""

from flask import Flask

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.dispatch import documents
from spares.dispatch.models import DispatchOrder, Shipment
from spares.inventory import services as inventory
from tests.conftest import NOON
from tests.dispatch.making import make_exchange, pack_all
from tests.factories import make_bin, make_depot, make_part, put_stock


def test_the_duty_to_return_is_that_of_the_part_asked_for(context: Flask) -> None:
    depot = make_depot()
    asked_for, sent = make_part("SW-24"), make_part("SW-25", return_required=False)
    put_stock(sent, ["S1"], make_bin(depot))
    with transaction():
        row = inventory.add_substitute(asked_for.id, sent.id, 1, actor=SYSTEM, now=NOON)
        inventory.approve_substitute(row.id, actor=SYSTEM, now=NOON)
    exchange = make_exchange(depot, asked_for)
    shipment = session.get_one(Shipment, pack_all(exchange.order).id)
    order = session.get_one(DispatchOrder, exchange.order.id)
    slip = documents.shipping_slip_for(shipment, order, code_url="")
    assert (slip["return_required"], slip["lines"][0]["nature"]) == (True, "substitute")
