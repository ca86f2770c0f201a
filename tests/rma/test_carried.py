"""Nobody takes goods from the returns shelf by hand while a return or an undecided arrival carries them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.errors import Conflict
from spares.inventory import places, stock_services
from spares.inventory.availability import offers
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, LocationKind, Posting, StockBalance
from spares.inventory.stock_services import Pieces
from spares.rma import returns, unexpected
from spares.rma.lifecycle import ObligationState
from spares.rma.models import Obligation
from spares.rma.returns import Arrival, Disposition, Inspection
from tests.conftest import NOON
from tests.factories import post
from tests.rma import making
from tests.rma.conftest import Pages
from tests.rma.making import fresh, modules_running, whereabouts

LATER = NOON + timedelta(days=2)
G, F, I = Condition.GOOD, Condition.FAULTY, Condition.TO_INSPECT  # noqa: E741


def books() -> tuple[list[tuple[int, int, str, int, int]], int]:
    """Every balance, and how many postings there are; the ledger is whole."""
    session.expire_all()
    assert list(verify()) == []
    rows = session.scalars(select(StockBalance).where(StockBalance.on_hand > 0))
    balances = sorted((b.part_id, b.location_id, b.condition.value, b.on_hand, b.held) for b in rows)
    return balances, session.scalar(select(func.count(Posting.id))) or 0


def by_hand(unit_ids: list[int], pieces: list[Pieces], to: int) -> dict[str, Callable[[], int]]:
    """Everything that takes stock from where it is by hand."""
    return {
        "move": lambda: stock_services.move(unit_ids, to, pieces=pieces, request_key="m", actor=SYSTEM, now=LATER),
        "put away": lambda: stock_services.put_away(
            unit_ids, to, pieces=pieces, request_key="p", actor=SYSTEM, now=LATER
        ),
        "good": lambda: stock_services.change_condition(
            unit_ids, G, "看着没坏", pieces=pieces, request_key="g", actor=SYSTEM, now=LATER
        ),
        "lost": lambda: stock_services.adjust_lost(
            unit_ids, "盘点未见", pieces=pieces, request_key="l", actor=SYSTEM, now=LATER
        ),
    }


def test_a_returned_part_is_not_made_available_by_hand(pages: Pages) -> None:
    obligation = making.received(pages.world)
    assert obligation.id == 1
    keeper = pages.browser(Role.RMA_ADMIN)
    before = books()
    form = {"depot": pages.world.depot.id, "serials": "F9", "reason": "看着没坏", "condition": "good"}
    good = post(keeper, "/stock/adjust", form | {"change": "condition", "new_condition": "good", "request_key": "a"})
    words = "F9 在返还区，属于 RMA-000001。请先在该记录中检验并处置，之后方可移动。"
    assert good.status_code == 409
    assert words in good.text
    lost = post(keeper, "/stock/adjust", form | {"change": "lost", "new_condition": "good", "request_key": "b"})
    assert (lost.status_code, words in lost.text) == (409, True)
    moved = post(keeper, "/stock/move", form | {"to": pages.world.bin.code, "request_key": "c"})
    assert (moved.status_code, words in moved.text) == (409, True)
    assert books() == before
    assert [offer.free for offer in offers(pages.world.part.id, pages.world.depot.id)] == [3]
    inspected = post(keeper, "/returns/1/inspect", {"result": "fault_found", "request_key": "d"})
    assert inspected.status_code == 302
    assert fresh(obligation).state is ObligationState.INSPECTED
    assert whereabouts("F9") == (LocationKind.RETURNS, F)


@pytest.mark.parametrize("judged", [False, True])
def test_a_unit_that_a_return_carries_stays_until_it_is_settled(context: Flask, judged: bool) -> None:
    world = making.make_world()
    obligation = making.received(world)
    if judged:
        with transaction():
            returns.inspect(obligation.id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=LATER)
    assert obligation.received_unit_id is not None
    before = books()
    for act in by_hand([obligation.received_unit_id], [], world.bin.id).values():
        with pytest.raises(Conflict) as caught, transaction():
            act()
        assert (caught.value.code, caught.value.field) == ("unit_carried", "serials")
        assert caught.value.facts == {"serial": "F9", "record": "RMA-000001"}
        assert books() == before


def test_a_settled_unit_is_free_again(context: Flask) -> None:
    world = making.make_world()
    obligation = making.received(world)
    with transaction():
        returns.inspect(obligation.id, Inspection.NO_FAULT_FOUND, note="", actor=SYSTEM, now=LATER)
    with transaction():
        returns.settle(obligation.id, Disposition.STOCK, reason="", location_id=world.bin.id, actor=SYSTEM, now=LATER)
    assert obligation.received_unit_id is not None
    with transaction():
        stock_services.change_condition(
            [obligation.received_unit_id], F, "后来坏了", request_key="c", actor=SYSTEM, now=LATER
        )
    assert whereabouts("F9") == (LocationKind.BIN, F)


def test_pieces_that_a_return_carries_stay_until_it_is_settled(context: Flask) -> None:
    world = making.make_world()
    obligation = modules_running(world, 5)
    with transaction():
        arrival = Arrival(part_id=obligation.part_id, serial="", quantity=5)
        returns.receive_return(obligation.id, arrival, actor=SYSTEM, now=LATER)
    shelf = places.inside(LocationKind.RETURNS, world.depot.id)
    for condition in (I, F):
        before = books()
        pieces = [Pieces(part_id=obligation.part_id, location_id=shelf, condition=condition, quantity=2)]
        for act in by_hand([], pieces, world.bin.id).values():
            with pytest.raises(Conflict) as caught, transaction():
                act()
            assert (caught.value.code, caught.value.field) == ("pieces_carried", "quantity")
            assert caught.value.facts == {"part_number": "SFP-10G", "records": ["RMA-000001"]}
            assert books() == before
        if condition is I:
            with transaction():
                returns.inspect(obligation.id, Inspection.FAULT_FOUND, note="", actor=SYSTEM, now=LATER)


def test_an_unexpected_arrival_stays_until_it_is_decided(context: Flask) -> None:
    world = making.make_world()
    with transaction():
        found = unexpected.receive_unexpected(
            world.depot.id,
            part_id=world.part.id,
            serial="X1",
            quantity=1,
            sender="",
            waybill="",
            note="",
            actor=SYSTEM,
            now=LATER,
            case_id=world.case.id,
        )
    assert found.unit_id is not None
    before = books()
    for act in by_hand([found.unit_id], [], world.bin.id).values():
        with pytest.raises(Conflict) as caught, transaction():
            act()
        assert caught.value.facts == {"serial": "X1", "record": world.case.number}
        assert books() == before


def test_pieces_back_at_the_depot_that_no_record_carries_are_not_moved_uninspected(context: Flask) -> None:
    world = making.make_world()
    obligation = modules_running(world, 5)
    with transaction():
        arrival = Arrival(part_id=obligation.part_id, serial="", quantity=5)
        returns.receive_return(obligation.id, arrival, actor=SYSTEM, now=LATER)
    with transaction():  # as records from before goods had rows of their own
        session.get_one(Obligation, obligation.id).state = ObligationState.CANCELLED
    before = books()
    shelf = places.inside(LocationKind.RETURNS, world.depot.id)
    pieces = [Pieces(part_id=obligation.part_id, location_id=shelf, condition=I, quantity=2)]
    with pytest.raises(Conflict) as caught, transaction():
        by_hand([], pieces, world.bin.id)["move"]()
    assert caught.value.code == "pieces_await_inspection"
    assert books() == before
