"""Both slips of a real exchange, from the services to the text on the paper."""

import io
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role, User
from spares.cases import services as cases
from spares.cases.models import ServiceCase
from spares.cases.timeline import lock_case
from spares.db import session, transaction
from spares.dispatch import documents, picking, shipping, shipping_slip
from spares.dispatch.models import DispatchOrder, Shipment
from spares.dispatch.orders import lines_of
from spares.inventory.models import Part
from spares.rma import receipts, return_slip
from spares.rma.documents import return_slip_for
from spares.rma.queries import exchange
from tests.conftest import NOON
from tests.factories import make_user
from tests.rma import making
from tests.rma.making import PRICE, World


@pytest.fixture
def world(context: Flask) -> World:
    return making.make_world()


def person(name: str) -> Actor:
    user: User = make_user(Role.WAREHOUSE, display_name=name)
    return Actor(id=user.id, name=name, role=Role.WAREHOUSE)


def words(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())


def shipped(shipment: Shipment, order: DispatchOrder) -> dict[str, object]:
    return documents.shipping_slip_for(
        session.get_one(Shipment, shipment.id), session.get_one(DispatchOrder, order.id), code_url="x"
    )


def test_the_shipping_slip_names_who_picked_and_packed_and_what_it_is_worth(world: World) -> None:
    picker, packer = person("拣货员周"), person("复核员郑")
    _rma, order = making.asked(world, 2)
    with transaction():
        picking.pick_scanned(order.id, "S1", actor=packer, now=NOON)
        first = session.scalars(select(DispatchOrder).where(DispatchOrder.id == order.id)).one()
        line = lines_of(first)[0]
        picking.unpick(order.id, line.id, actor=packer, now=NOON)
        picking.pick_scanned(order.id, "S1", actor=picker, now=NOON)
        picking.pick_scanned(order.id, "S2", actor=picker, now=NOON)
        shipment = shipping.pack(order.id, packages=1, weight_grams=4200, actor=packer, now=NOON)
    with transaction():
        session.get_one(Part, world.part.id).price_minor = PRICE * 2
    with transaction():
        receipts.dispatch_shipment(shipment.id, carrier="顺丰", waybill="SF100", actor=packer, now=NOON)
    slip = shipped(shipment, order)
    assert (slip["picked_by"], slip["checked_by"], slip["prepared_by"]) == ("拣货员周", None, "复核员郑")
    assert slip["insured_value"] == "CNY 2,468.00"
    text = words(shipping_slip.render(shipping_slip.from_json(slip)))
    assert ("拣货员周" in text, text.count("复核员郑"), "CNY 2,468.00" in text, "良品" in text) == (True, 1, True, True)


def test_what_is_not_known_stays_blank(world: World) -> None:
    with transaction():
        session.get_one(Part, world.part.id).price_minor = None
    rma, shipment, _ = making.dispatched(world)
    slip = shipped(shipment, session.get_one(DispatchOrder, shipment.order_id))
    assert (slip["picked_by"], slip["checked_by"], slip["insured_value"]) == (None, None, None)
    back = return_slip_for(exchange(rma.id, SYSTEM), "x")
    assert back.in_warranty is None
    assert (back.lines[0].accessories, back.lines[0].software_version, back.lines[0].data_erased) == (None, None, None)


@pytest.mark.parametrize(
    ("contract_ends", "of", "said"),
    [
        (date(2026, 11, 18), "case", True),
        (date(2026, 11, 17), "case", False),
        (date(2026, 11, 18), "equipment", True),
        (date(2026, 11, 17), "equipment", False),
    ],
)
def test_in_warranty_on_the_day_of_the_fault(world: World, contract_ends: date, of: str, said: bool) -> None:
    with transaction():
        contract = cases.add_contract(world.customer.id, number="HT-1", warranty_ends_on=contract_ends, actor=SYSTEM)
        if of == "case":
            session.get_one(ServiceCase, lock_case(world.case.id, SYSTEM).id).contract_id = contract.id
        else:
            cases.add_equipment(
                world.customer.id, part_id=world.part.id, serial="f9", contract_id=contract.id, actor=SYSTEM
            )
    rma, _shipment, _ = making.dispatched(world)
    slip = return_slip_for(exchange(rma.id, SYSTEM), "x")
    assert slip.in_warranty is said
    blank = replace(slip, in_warranty=None)
    other = replace(slip, in_warranty=not said)
    assert len({return_slip.render(one) for one in (slip, blank, other)}) == 3
