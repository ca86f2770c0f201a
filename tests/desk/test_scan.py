"""The box at the top of every page: each number of an exchange leads to its record."""

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases import services as cases
from spares.db import session, transaction
from spares.desk import scan
from spares.desk.words import KINDS
from spares.dispatch import picking, shipping
from spares.rma import receipts
from spares.rma.models import Obligation
from tests.conftest import NOON
from tests.factories import make_user, put_stock, sign_in
from tests.rma import making


@pytest.mark.parametrize(
    ("typed", "kind", "endpoint"),
    [
        ("S1", "unit", "unit_show"),
        (" ｓ1 ", "unit", "unit_show"),
        ("sw-24", "part", "part_show"),
        ("A-01-01", "location", "location_show"),
        ("CS-000001", "case", "case_show"),
        ("RMA-000001", "rma", "rma_show"),
        ("F9", "obligation", "rma_show"),
        ("DO-000001", "dispatch_order", "order_show"),
        ("SH-000001", "shipment", "shipment_show"),
        ("sf 100", "shipment", "shipment_show"),
        ("c1", "customer", "customer_show"),
        ("HT-2024-7", "customer", "customer_show"),
        ("PO-000001", "posting", "posting_show"),
    ],
)
def test_each_number_leads_to_its_record(context: Flask, typed: str, kind: str, endpoint: str) -> None:
    world = making.make_world()
    making.dispatched(world)
    with transaction():
        cases.add_contract(world.customer.id, number="HT-2024-7", actor=SYSTEM)
    (hit,) = scan.find(typed)
    assert (hit.kind, hit.endpoint) == (kind, endpoint)
    assert hit.kind in KINDS


@pytest.mark.parametrize("typed", ["", "   ", "NOBODY", "RMA", "x" * 500])
def test_what_names_nothing_leads_nowhere(context: Flask, typed: str) -> None:
    making.make_world()
    assert scan.find(typed) == []


def led_to(app: Flask, typed: str, role: Role = Role.WAREHOUSE) -> str:
    client = app.test_client()
    sign_in(client, make_user(role))
    answer = client.get("/scan", query_string={"q": typed})
    return answer.location if answer.status_code == 302 else ""


def test_the_warehouse_is_led_to_receive_a_serial_that_is_expected_back(context: Flask) -> None:
    world = making.make_world()
    making.running(world)
    assert led_to(context, " f9 ") == "/returns/receive/RMA-000001"
    for role in (Role.RMA_ADMIN, Role.ENGINEER, Role.FINANCE):
        assert led_to(context, "F9", role) == "/rma/RMA-000001", role


def test_nothing_is_received_before_the_good_part_left(context: Flask) -> None:
    world = making.make_world()
    making.asked(world)
    assert led_to(context, "F9") == "/rma/RMA-000001"


def test_a_serial_of_two_open_exchanges_asks_which(context: Flask) -> None:
    world = making.make_world()
    making.running(world)
    with transaction():
        first = session.scalars(select(Obligation)).one()
        first.serial_key = first.serial = "F10"
    world.faulty = ["F10"]
    rma, order = making.asked(world)
    with transaction():
        picking.pick_scanned(order.id, "S2", actor=SYSTEM, now=NOON)
    with transaction():
        shipment = shipping.pack(order.id, packages=1, weight_grams=4200, actor=SYSTEM, now=NOON)
    with transaction():
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill="SF101", actor=SYSTEM, now=NOON)
    assert rma.number == "RMA-000002"
    assert led_to(context, "F10") == "/returns/receive?q=F10"


def test_a_unit_of_the_stock_opens_its_page_although_it_is_expected(context: Flask) -> None:
    world = making.make_world()
    making.running(world)
    put_stock(world.part, ["F9"], world.bin)
    assert led_to(context, "F9").startswith("/units/")
