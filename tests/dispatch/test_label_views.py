"""A shipment's cartons have labels that say which of how many, where from and where to."""

import pytest
from flask import Flask

from spares.accounts.models import Role
from spares.db import session, transaction
from spares.dispatch.models import Shipment
from spares.labels import services
from spares.labels.services import LabelValues
from spares.outbox import Message
from spares.web import fresh_key
from tests.conftest import NOON
from tests.factories import make_user, post, sign_in
from tests.labels.reading import formats
from tests.pdf.reading import codes, flat, pages
from tests.rma import making


@pytest.fixture
def shipment(context: Flask) -> Shipment:
    world = making.make_world()
    making.dispatched(world)
    found = session.query(Shipment).one()
    with transaction():
        session.get_one(Shipment, found.id).packages = 3
    return session.get_one(Shipment, found.id)


@pytest.mark.parametrize(("language", "words"), [("zh_Hans_CN", "第2箱，共3箱"), ("en", "Carton2of3")])
def test_each_carton_has_its_label(context: Flask, shipment: Shipment, language: str, words: str) -> None:
    client = context.test_client()
    sign_in(client, make_user(Role.WAREHOUSE, language=language))
    assert client.get(f"/shipments/{shipment.number}/labels").status_code == 200
    data = client.get(f"/shipments/{shipment.number}/labels.pdf").data
    assert [text for page in pages(data) for form, text in codes(page) if form == "Code128"] == [shipment.number] * 3
    text = flat(data)
    assert words in text
    for fact in (shipment.order.rma_number, shipment.order.address, shipment.order.consignee):
        assert "".join(fact.split()) in text


def test_cartons_are_sent_to_the_depots_printer(context: Flask, shipment: Shipment) -> None:
    with transaction():
        services.change_settings(
            shipment.order.depot_id, LabelValues(printer_host="10.20.0.15"), 0, actor=making.SYSTEM, now=NOON
        )
    client = context.test_client()
    sign_in(client, make_user(Role.WAREHOUSE))
    answer = post(client, f"/shipments/{shipment.number}/labels/print", {"request_key": fresh_key()})
    assert (answer.status_code, answer.location) == (302, f"/shipments/{shipment.number}")
    assert len(formats(session.query(Message).order_by(Message.id.desc()).first().body)) == 3  # type: ignore[union-attr]


def test_a_shipment_that_is_none_has_no_labels(context: Flask) -> None:
    client = context.test_client()
    sign_in(client, make_user(Role.WAREHOUSE))
    assert client.get("/shipments/SH-000099/labels").status_code == 404
