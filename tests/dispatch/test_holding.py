"""The stock pages name the order that a unit is held for."""

from flask import Flask

from spares.dispatch.holding import holders
from spares.dispatch.orders import lines_of
from spares.inventory.holders import Holder, holder_labels
from tests.dispatch.making import make_exchange
from tests.factories import make_bin, make_depot, make_part, put_stock


def test_a_held_unit_names_its_order(context: Flask) -> None:
    depot = make_depot()
    part = make_part()
    put_stock(part, ["S1"], make_bin(depot))
    order = make_exchange(depot, part).order
    (line,) = lines_of(order)
    named = Holder(order.number, "order_show", {"number": order.number})
    assert holders([line.id]) == holder_labels([line.id]) == {line.id: named}
    assert holders([]) == holders([line.id + 1]) == {}
