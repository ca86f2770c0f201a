"""What comes back undelivered is inspected and given its place with the pages of the returns."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.dispatch.models import DispatchOrder
from spares.errors import Conflict, Invalid
from spares.inventory.availability import offers
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, LocationKind, Move, Part, StockBalance
from spares.rma import receipts, returns
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Discrepancy, Obligation, ObligationEvent
from spares.rma.returns import Disposition, Inspection
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import came_for, dispatched, fresh, whereabouts

LATER = NOON + timedelta(days=1)


def test_an_undelivered_part_goes_through_inspection_back_to_its_bin(pages: Pages) -> None:
    _rma, shipment, (obligation,) = dispatched(pages.world)
    keeper = pages.browser(Role.RMA_ADMIN)
    back = post(
        keeper,
        f"/shipments/{shipment.number}/undelivered",
        {"reason": "客户拒收", "request_key": "u", "version": str(shipment.version)},
    )
    assert back.status_code == 302
    assert fresh(obligation).state is ObligationState.CANCELLED
    (row,) = came_for(obligation)
    assert (row.state, row.serial, row.received_serial, row.received_quantity, row.due_on) == (
        ObligationState.RECEIVED,
        "S1",
        "S1",
        1,
        None,
    )
    listed = keeper.get("/returns?tab=to_inspect")
    assert f"/returns/{row.id}" in listed.text
    assert "S1" in listed.text
    shown = keeper.get(f"/returns/{row.id}/inspect")
    assert shown.status_code == 200
    assert "这是本库发出后未送达退回的货物" in shown.text
    assert ('value="damaged"' in shown.text, 'value="wrong_item"' in shown.text) == (True, False)
    assert [offer.free for offer in offers(pages.world.part.id, pages.world.depot.id)] == [3]
    wrong = post(keeper, f"/returns/{row.id}/inspect", {"result": "wrong_item", "request_key": "w", "version": "1"})
    assert wrong.status_code == 422
    assert fresh(row).state is ObligationState.RECEIVED
    sound = {"result": "no_fault_found", "request_key": "i", "version": "1"}
    assert post(keeper, f"/returns/{row.id}/inspect", sound).status_code == 302
    assert whereabouts("S1") == (LocationKind.RETURNS, Condition.GOOD)
    settled = post(
        keeper,
        f"/returns/{row.id}/settle",
        {"disposition": "stock", "location": str(pages.world.bin.id), "request_key": "s", "version": "2"},
    )
    assert settled.status_code == 302
    assert fresh(row).state is ObligationState.SETTLED
    assert fresh(obligation).state is ObligationState.CANCELLED
    assert whereabouts("S1") == (LocationKind.BIN, Condition.GOOD)
    assert [offer.free for offer in offers(pages.world.part.id, pages.world.depot.id)] == [4]
    assert f"/returns/{row.id}" not in keeper.get("/returns?tab=to_inspect").text
    events = session.scalars(
        select(ObligationEvent.kind).where(ObligationEvent.obligation_id == obligation.id).order_by(ObligationEvent.id)
    )
    assert list(events) == ["cancelled", "undelivered", "inspected", "settled"]


def test_every_line_gets_its_row_and_none_twice(context: Flask) -> None:
    world = making.make_world()
    _rma, shipment, owed = dispatched(world, 2)
    with transaction():
        receipts.take_back_undelivered(shipment.id, reason="拒收", actor=SYSTEM, now=LATER)
    assert [[row.received_serial for row in came_for(one)] for one in owed] == [["S1"], ["S2"]]
    with pytest.raises(Conflict), transaction():
        receipts.take_back_undelivered(shipment.id, reason="拒收", actor=SYSTEM, now=LATER)
    assert session.scalar(select(func.count(Obligation.id))) == 4
    assert list(verify()) == []


def test_a_part_that_need_not_be_returned_is_inspected_all_the_same(context: Flask) -> None:
    world = making.make_world()
    with transaction():
        session.execute(update(Part).where(Part.id == world.part.id).values(return_required=False))
    session.expire_all()
    _rma, shipment, owed = dispatched(world)
    assert owed == []
    with transaction():
        receipts.take_back_undelivered(shipment.id, reason="拒收", actor=SYSTEM, now=LATER)
    nothing, goods = session.scalars(select(Obligation).order_by(Obligation.id)).all()
    assert (nothing.state, nothing.came_for_id) == (ObligationState.CANCELLED, None)
    assert (goods.state, goods.came_for_id) == (ObligationState.RECEIVED, nothing.id)
    with transaction():
        returns.inspect(goods.id, Inspection.DAMAGED, note="", actor=SYSTEM, now=LATER)
    with transaction():
        returns.settle(goods.id, Disposition.REPAIR, reason="", actor=SYSTEM, now=LATER)
    assert whereabouts("S1") == (LocationKind.BENCH, Condition.IN_REPAIR)


def test_our_own_goods_are_never_a_wrong_item(context: Flask) -> None:
    world = making.make_world()
    _rma, shipment, (obligation,) = dispatched(world)
    with transaction():
        receipts.take_back_undelivered(shipment.id, reason="拒收", actor=SYSTEM, now=LATER)
    (row,) = came_for(obligation)
    moves = session.scalar(select(func.count(Move.id)))
    with pytest.raises(Invalid) as caught, transaction():
        returns.inspect(row.id, Inspection.WRONG_ITEM, note="", actor=SYSTEM, now=LATER)
    assert (caught.value.code, caught.value.field) == ("our_own_goods", "result")
    assert (fresh(row).state, fresh(row).inspection, fresh(row).version) == (ObligationState.RECEIVED, "", 1)
    assert session.scalar(select(func.count(Move.id))) == moves
    assert session.scalar(select(func.count(Discrepancy.id))) == 0


def test_undelivered_pieces_go_back_to_their_bin(context: Flask) -> None:
    world = making.make_world()
    module, obligation, shipment_id = making.modules_dispatched(world, 5)
    with transaction():
        receipts.take_back_undelivered(shipment_id, reason="拒收", actor=SYSTEM, now=LATER)
    (row,) = came_for(obligation)
    assert (row.received_part_id, row.received_unit_id, row.received_quantity) == (module.id, None, 5)
    with transaction():
        returns.inspect(row.id, Inspection.NO_FAULT_FOUND, note="", actor=SYSTEM, now=LATER)
        returns.settle(row.id, Disposition.STOCK, reason="", location_id=world.bin.id, actor=SYSTEM, now=LATER)
    balances = session.execute(
        select(StockBalance.location_id, StockBalance.condition, StockBalance.on_hand).where(
            StockBalance.part_id == module.id, StockBalance.on_hand > 0
        )
    ).all()
    assert [tuple(one) for one in balances] == [(world.bin.id, Condition.GOOD, 20)]
    assert list(verify()) == []
    assert session.scalar(select(DispatchOrder.is_open)) is False
