"""A unit's page names the exchanges that name its serial, and leads the warehouse to the door when it comes back."""

from flask import Flask
from sqlalchemy import select

from spares import settings
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.dispatch.models import DispatchLine
from spares.inventory.models import Unit
from spares.rma.unit_panel import exchanges_of_unit
from tests.conftest import NOON
from tests.factories import make_actor, make_user, put_stock, sign_in
from tests.rma import making


def page_of(app: Flask, serial: str, role: Role = Role.WAREHOUSE) -> str:
    client = app.test_client()
    sign_in(client, make_user(role))
    unit_id = session.scalars(select(Unit.id).where(Unit.serial == serial)).one()
    return client.get(f"/units/{unit_id}").text


def card(page: str) -> str:
    """The part of the page between the facts and the unit's life."""
    return page.split("当前状态")[1].split("全部经历")[0]


def test_a_unit_that_went_out_names_its_exchange(context: Flask) -> None:
    making.dispatched(making.make_world())
    shown = card(page_of(context, "S1"))
    for words in ("RMA-000001", "换出的良品", "SW-24", "运输中", "某银行"):
        assert words in shown, words
    assert "/returns/receive/" not in shown
    assert "RMA-000001" not in page_of(context, "S2")


def test_a_unit_that_is_expected_back_leads_the_warehouse_to_receiving(context: Flask) -> None:
    world = making.make_world()
    put_stock(world.part, ["F9"], world.bin)
    making.running(world)
    shown = card(page_of(context, "F9"))
    for words in ("RMA-000001", "应返还的故障件", "待寄回", 'href="/returns/receive/RMA-000001"'):
        assert words in shown, words
    assert "/returns/receive/" not in card(page_of(context, "F9", Role.ENGINEER))


def test_what_came_back_is_not_received_again(context: Flask) -> None:
    world = making.make_world()
    making.received(world)
    shown = card(page_of(context, "F9"))
    assert "已收到，待检" in shown
    assert "/returns/receive/" not in shown


def test_an_exchange_of_a_case_that_may_not_be_seen_is_left_out(context: Flask) -> None:
    making.dispatched(making.make_world())
    with transaction():
        settings.change("engineers_see_all_cases", False, set_by_id=None, now=NOON)
    unit = session.scalars(select(Unit).where(Unit.serial == "S1")).one()
    line_ids = session.scalars(select(DispatchLine.id)).all()
    assert exchanges_of_unit(unit, line_ids, make_actor(Role.ENGINEER)) == []
    assert [one.rma.number for one in exchanges_of_unit(unit, line_ids, make_actor(Role.WAREHOUSE))] == ["RMA-000001"]
