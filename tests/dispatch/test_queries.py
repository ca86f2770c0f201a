"""What a scanned text names here."""

from flask import Flask

from spares.dispatch.queries import find
from spares.web import Hit
from tests.dispatch.making import make_exchange, send
from tests.factories import make_bin, make_depot, make_part, put_stock


def test_orders_shipments_and_waybills_are_found(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    put_stock(part, ["S1", "S2"], make_bin(depot))
    order = make_exchange(depot, part).order
    first = send(order, waybill="SF 77-1")
    second = send(make_exchange(depot, part).order, waybill="sf77-1")
    shipment = [Hit("shipment", one.number, "shipment_show", {"number": one.number}) for one in (first, second)]
    assert find(" do1 ") == [Hit("dispatch_order", order.number, "order_show", {"number": order.number})]
    assert find("ＳＨ-000001") == shipment[:1]
    assert find("ＳＦ77-1\r\n") == shipment[::-1]
    for nothing in ("DO-999", "SH-999", "RMA-000001", "S1", "", "  ", "<b>"):
        assert find(nothing) == []
