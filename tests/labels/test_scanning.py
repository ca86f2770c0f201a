"""Codes with prefix, separators and part numbers are understood at every box that takes a scan."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.inventory.models import Location, LocationKind, Part, Unit, UnitState
from spares.labels import queries, services
from spares.labels.services import LabelValues
from spares.web import fresh_key
from tests.conftest import NOON
from tests.dispatch.making import lines_now, make_exchange
from tests.factories import make_bin, make_depot, make_part, make_user, post, put_stock, sign_in
from tests.rma import making

SCRIPT = {"HX-Request": "true"}
SPELLINGS = {
    "prefix": "~{serial}",
    "AIM": "]C0{serial}",
    "our label": "https://spares.example.org/scan?q=(240){part}(21){serial}",
    "GS1 with FNC1": "]C1240{part}\x1d21{serial}",
    "GS1 in brackets": "(240){part}(21){serial}",
    "ISO 15434": "[)>\x1e06\x1d1P{part}\x1dS{serial}\x1e\x04",
    "template": "SN:{serial};PN:{part}",
}


def rules(depot_id: int) -> None:
    values = LabelValues(scan_prefix="~", patterns="SN:{serial};PN:{part}")
    with transaction():
        services.change_settings(depot_id, values, 0, actor=SYSTEM, now=NOON)


def browser(app: Flask, role: Role = Role.WAREHOUSE) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(role))
    return client


@pytest.fixture
def shelf(context: Flask) -> Location:
    depot = make_depot()
    rules(depot.id)
    return make_bin(depot, "A-01-01")


@pytest.mark.parametrize("how", SPELLINGS)
def test_the_scan_box_opens_the_unit(context: Flask, shelf: Location, how: str) -> None:
    part, other = make_part("SW-24"), make_part("SW-48")
    (unit,) = put_stock(part, ["S1"], shelf)
    if "{part}" in SPELLINGS[how]:
        put_stock(other, ["S1"], shelf)
    answer = browser(context).get("/scan", query_string={"q": SPELLINGS[how].format(serial="S1", part="SW-24")})
    assert (answer.status_code, answer.location) == (302, f"/units/{unit.id}")


def test_the_qr_code_of_a_bin_opens_the_bin(context: Flask, shelf: Location) -> None:
    client = browser(context)
    answer = client.get("/scan", query_string={"q": "https://elsewhere.example/scan?q=A-01-01"})
    assert (answer.status_code, answer.location) == (302, f"/places/{shelf.id}")
    assert client.get("/scan?q=A-01-01").location == f"/places/{shelf.id}"


@pytest.mark.parametrize("how", SPELLINGS)
def test_receiving_takes_the_serial_out_of_the_code(context: Flask, shelf: Location, how: str) -> None:
    part = make_part("SW-24")
    client = browser(context)
    place = {"part_id": part.id, "location_id": shelf.id}
    code = SPELLINGS[how].format(serial="S1", part="SW-24")
    answer = post(client, "/stock/receive/scan", {**place, "q": code}, headers=SCRIPT)
    assert answer.status_code == 200
    assert re.findall(r'name="serial" value="([^"]*)"', answer.get_data(as_text=True)) == ["S1"]
    typed = SPELLINGS[how].format(serial="S2", part="SW-24")
    answer = post(client, "/stock/receive", {**place, "serial": "S1", "more": typed, "request_key": fresh_key()})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    assert session.scalars(select(Unit.serial).order_by(Unit.serial)).all() == ["S1", "S2"]


@pytest.mark.parametrize("how", [how for how, spelling in SPELLINGS.items() if "{part}" in spelling])
def test_receiving_refuses_the_code_of_another_part(context: Flask, shelf: Location, how: str) -> None:
    part = make_part("SW-24")
    client = browser(context)
    place = {"part_id": part.id, "location_id": shelf.id}
    code = SPELLINGS[how].format(serial="S1", part="SW-48")
    answer = post(client, "/stock/receive/scan", {**place, "q": code}, headers=SCRIPT)
    assert answer.status_code == 422
    assert "SW-48" in answer.get_data(as_text=True)
    answer = post(client, "/stock/receive", {**place, "more": code, "request_key": fresh_key()})
    assert answer.status_code == 422
    assert session.scalars(select(Unit)).all() == []


@pytest.mark.parametrize("how", SPELLINGS)
def test_putting_away_and_moving(context: Flask, shelf: Location, how: str) -> None:
    part = make_part("SW-24")
    receiving = session.scalars(
        select(Location).where(Location.kind == LocationKind.RECEIVING, Location.depot_id == shelf.depot_id)
    ).one()
    (unit,) = put_stock(part, ["S1"], receiving)
    if "{part}" in SPELLINGS[how]:
        put_stock(make_part("SW-48"), ["S1"], receiving)
    client = browser(context)
    code = SPELLINGS[how].format(serial="S1", part="SW-24")
    answer = post(client, "/stock/put-away/scan", {"q": code, "request_key": fresh_key()}, headers=SCRIPT)
    assert (answer.status_code, f'value="{unit.id}"' in answer.get_data(as_text=True)) == (200, True)
    bin_code = "https://spares.example.org/scan?q=A-01-01" if how == "our label" else "~A-01-01"
    answer = post(
        client, "/stock/put-away/scan", {"q": bin_code, "unit": unit.id, "request_key": fresh_key()}, headers=SCRIPT
    )
    assert answer.status_code == 200
    assert where(part) == shelf.id
    target = make_bin(shelf.depot, "A-01-02")  # type: ignore[arg-type]
    answer = post(
        client,
        "/stock/move",
        {
            "depot": shelf.depot_id,
            "serials": code,
            "part": "SW-24",
            "to": "A-01-02",
            "condition": "good",
            "request_key": fresh_key(),
        },
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    assert where(part) == target.id


def where(part: Part) -> int:
    session.rollback()
    session.expire_all()
    query = select(UnitState.location_id).where(UnitState.part_id == part.id)
    return session.scalars(query).one()


@pytest.mark.parametrize("how", SPELLINGS)
def test_picking_at_the_order_and_at_the_board(context: Flask, shelf: Location, how: str) -> None:
    part = make_part("SW-24")
    put_stock(part, ["S1", "S2"], shelf)
    order = make_exchange(shelf.depot, part, part).order  # type: ignore[arg-type]
    client = browser(context)
    for address, serial in ((f"/dispatch/{order.number}/pick/scan", "S1"), ("/board/scan", "S2")):
        code = SPELLINGS[how].format(serial=serial, part="SW-24")
        assert post(client, address, {"q": code}, headers=SCRIPT).status_code in (200, 302)
    session.rollback()
    session.expire_all()
    assert [line.state.value for line in lines_now(order)] == ["picked", "picked"]


@pytest.mark.parametrize("how", SPELLINGS)
def test_receiving_a_return(context: Flask, how: str) -> None:
    world = making.make_world()
    rules(world.depot.id)
    making.running(world)
    client = browser(context)
    code = SPELLINGS[how].format(serial="F9", part="SW-24")
    answer = client.get("/returns/receive", query_string={"q": code})
    assert (answer.status_code, answer.location) == (302, "/returns/receive/RMA-000001")


def test_rules_are_read_now_and_then_alone(context: Flask, shelf: Location) -> None:
    assert queries.read("~S1").text == "S1"
    kept = context.extensions["spares_scan_rules"]["rules"]
    assert queries.scan_rules() is kept
