"""What waits for stock gets it by itself, in turn, whichever way it comes; and nobody behind is given it before."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from structlog.testing import capture_logs

from spares import worker
from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.calendars.models import Depot
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import ServiceCase
from spares.cases.timeline import entries, is_whole, lock_case, record
from spares.db import session, transaction
from spares.dispatch import cancelling, orders
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.orders import Wanted
from spares.dispatch.stock_queue import IN_TURN, Place, parts_to_offer, places
from spares.errors import Conflict
from spares.inventory import freed, ledger, services, stock_services
from spares.inventory import places as stock_places
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, Hold, Location, LocationKind, Part, StockBalance, Tracking, Unit
from spares.inventory.stock_arrivals import Arriving
from spares.outbox import Message
from tests.conftest import NOON
from tests.dispatch.desk import statements
from tests.dispatch.making import make_exchange, state_of, substitute, waiting_in
from tests.factories import make_actor, make_bin, make_depot, make_part, put_stock
from tests.racing import Task, race

HERE = "tests.dispatch.test_waiting"
YESTERDAY = NOON - timedelta(days=1)
QUEUE = int(os.environ.get("SPARES_TEST_QUEUE", "48"))
"""How many lines wait in the race; SPARES_TEST_QUEUE=500 makes a long queue of it."""


def test_stock_goes_by_promise_then_level_then_age(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    shelf = make_bin(depot)
    third = make_exchange(depot, part, level=FaultLevel.C1)
    fourth = make_exchange(depot, part, level=FaultLevel.C1)
    last = make_exchange(depot, part, level=FaultLevel.C3)
    first = make_exchange(depot, part, confirmed_at=YESTERDAY, level=FaultLevel.C2)
    second = make_exchange(depot, part, confirmed_at=YESTERDAY, level=FaultLevel.C3)
    turn = (first, second, third, fourth, last)
    lines = [orders.lines_of(one.order)[0].id for one in turn]
    assert places([one.order.id for one in turn]) == {line: Place(n, 5) for n, line in enumerate(lines, start=1)}
    assert places([fourth.order.id]) == {lines[3]: Place(4, 5)} and places([]) == {}
    for arrived in range(1, 6):
        put_stock(part, [f"S{arrived}"], shelf)
        assert waiting_in(*turn) == list(range(arrived, 5))
    assert list(verify()) == [] and parts_to_offer() == []


def put_away(depot: Depot, part: Part) -> None:
    put_stock(part, ["S1"], session.get_one(Location, stock_places.inside(LocationKind.RECEIVING, depot.id)))
    assert len(session.scalars(select(Hold)).all()) == 0
    (unit,) = stock_units(part)
    shelf = make_bin(depot)
    with transaction():
        stock_services.put_away([unit], shelf.id, request_key="put", actor=SYSTEM, now=NOON)


def found_good(depot: Depot, part: Part) -> None:
    put_stock(part, ["S1"], make_bin(depot), Condition.TO_INSPECT)
    (unit,) = stock_units(part)
    with transaction():
        stock_services.change_condition([unit], Condition.GOOD, "复检", request_key="ok", actor=SYSTEM, now=NOON)


def freed_by_a_cancellation(depot: Depot, part: Part) -> None:
    """The unit is taken by an order before the one that waits, which is then cancelled."""
    with transaction():
        put_stock(part, ["S1"], make_bin(depot))
        freed.take()
    order = make_exchange(depot, part, confirmed_at=YESTERDAY).order
    assert len(session.scalars(select(Hold)).all()) == 1
    with transaction():
        cancelling.cancel_lines(order.id, reason="误报", actor=SYSTEM, now=NOON)


def taken_back(depot: Depot, part: Part) -> None:
    """A posting that took the unit away by mistake is reversed."""
    with transaction():
        put_stock(part, ["S1"], make_bin(depot))
        freed.take()
    (unit,) = stock_units(part)
    with transaction():
        posting = stock_services.adjust_lost([unit], "找不到", request_key="lost", actor=SYSTEM, now=NOON)
    with transaction():
        stock_services.reverse_posting(posting, "找到了", request_key="back", actor=SYSTEM, now=NOON)


def approved_in_its_stead(depot: Depot, part: Part) -> None:
    other = make_part()
    put_stock(other, ["X1"], make_bin(depot))
    row = substitute(part, other, approved=False)
    with transaction():
        services.approve_substitute(row, actor=SYSTEM, now=NOON)


def stock_units(part: Part) -> list[int]:
    return list(session.scalars(select(Unit.id).where(Unit.part_id == part.id)))


@pytest.mark.parametrize("arrive", [put_away, found_good, freed_by_a_cancellation, taken_back, approved_in_its_stead])
def test_every_way_in_which_stock_comes_serves_the_queue(context: Flask, arrive: Callable[[Depot, Part], None]) -> None:
    depot, part = make_depot(), make_part()
    exchange = make_exchange(depot, part)
    arrive(depot, part)
    assert state_of(exchange) == "reserved"
    assert entries(exchange.case.id)[-1].kind == "line_served"
    assert list(verify()) == []


def test_neither_another_depot_nor_the_receiving_area_serves_it(context: Flask) -> None:
    depot, other, part = make_depot(), make_depot("BJ", "北京备件库"), make_part()
    exchange = make_exchange(depot, part)
    put_stock(part, ["S1"], make_bin(other))
    put_stock(part, ["S2"], session.get_one(Location, stock_places.inside(LocationKind.RECEIVING, depot.id)))
    put_stock(part, ["S3"], make_bin(depot), Condition.FAULTY)
    assert state_of(exchange) == "back_ordered"


def test_a_substitute_serves_it_where_the_part_itself_does_not_come_at_the_same_time(context: Flask) -> None:
    depot, part, other = make_depot(), make_part("A"), make_part("B")
    substitute(part, other, approved=True)
    first, second = make_exchange(depot, part, confirmed_at=YESTERDAY), make_exchange(depot, part)
    shelf = make_bin(depot)
    with transaction():
        put_stock(other, ["B1"], shelf)
        put_stock(part, ["A1"], shelf)
    assert waiting_in(first, second) == []
    (one,), (two,) = orders.lines_of(first.order), orders.lines_of(second.order)
    assert (one.part_id, one.substitution_reason) == (part.id, "")
    assert (two.part_id, two.requested_part_id, two.substitution_reason) == (other.id, part.id, "no_exact_stock")


def test_what_a_line_waits_for_is_kept_from_those_behind_it_alone(context: Flask) -> None:
    depot, part = make_depot(), make_part(tracking=Tracking.COUNTED)
    shelf = make_bin(depot)
    many = make_exchange(depot, Wanted(part_id=part.id, quantity=5))
    few = make_exchange(depot, Wanted(part_id=part.id, quantity=2))
    put_stock(part, 3, shelf)
    assert waiting_in(many, few) == [0, 1]
    newer = make_exchange(depot, Wanted(part_id=part.id, quantity=1))
    pressing = make_exchange(depot, Wanted(part_id=part.id, quantity=1), confirmed_at=YESTERDAY)
    assert waiting_in(many, few, newer, pressing) == [0, 1, 2]
    put_stock(part, 5, shelf)
    assert waiting_in(many, few, newer, pressing) == [2]
    with transaction():
        cancelling.cancel_lines(many.order.id, reason="误报", actor=SYSTEM, now=NOON)
    assert waiting_in(few, newer) == []
    assert list(verify()) == []


def test_a_line_for_which_the_books_disagree_refuses_no_receipt(context: Flask) -> None:
    depot, part, other = make_depot(), make_part(), make_part()
    shelf = make_bin(depot)
    damaged = make_exchange(depot, other, confirmed_at=YESTERDAY)
    healthy = make_exchange(depot, other)
    substitute(other, part, approved=True)
    with transaction():
        session.add(StockBalance(part_id=other.id, location_id=shelf.id, condition=Condition.GOOD, on_hand=1, held=0))
    with capture_logs() as logged, transaction():
        put_stock(part, ["S1"], shelf)
        freed.note_part(other.id, NOON)
    assert waiting_in(damaged, healthy) == [0]
    (line,) = orders.lines_of(damaged.order)
    told = {"line": line.id, "order": damaged.order.number, "part_id": other.id, "code": "stock_caches_differ"}
    assert [one for one in logged if one["event"] == "line_not_served"] == [
        {"event": "line_not_served", "log_level": "error"} | told
    ]
    assert entries(damaged.case.id)[-1].kind != "line_served"
    assert len(session.scalars(select(Hold)).all()) == 1
    assert len(list(verify())) == 1


def test_whoever_asked_and_the_engineer_of_the_case_are_told(context: Flask) -> None:
    depot, part = make_depot(), make_part("XG-1")
    engineer = make_actor(Role.ENGINEER, email="li@example.org")
    exchange = make_exchange(depot, part, actor=engineer)
    put_stock(part, ["S1"], make_bin(depot))
    (message,) = session.scalars(select(Message).where(Message.recipient == "li@example.org"))
    assert message.subject == f"已到货并预留 Stock reserved: {exchange.rma.number} / {exchange.case.number}"
    assert "等待的备件已到货并预留：XG-1 × 1" in message.body and message.case_id == exchange.case.id
    step = entries(exchange.case.id)[-1]
    assert (step.kind, step.actor_name) == ("line_served", "system")
    assert step.data == {
        "order": exchange.order.number,
        "rma": exchange.rma.number,
        "line": 1,
        "part": "XG-1",
        "quantity": 1,
        "substitute": False,
    }
    assert is_whole(session.get_one(ServiceCase, exchange.case.id))


def test_a_refused_arrival_serves_nobody(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    exchange = make_exchange(depot, part)
    with pytest.raises(RuntimeError), transaction():
        put_stock(part, ["S1"], make_bin(depot))
        raise RuntimeError("the page went wrong")
    assert state_of(exchange) == "back_ordered"
    with transaction():
        assert freed.take() == {}


def test_the_worker_offers_what_was_passed_over(app: Flask) -> None:
    with app.app_context():
        depot, part = make_depot(), make_part()
        exchange = make_exchange(depot, part)
        with transaction():
            put_stock(part, ["S1"], make_bin(depot))
            freed.take()
        assert state_of(exchange) == "back_ordered" and parts_to_offer() == [part.id]
        session.remove()
    worker.offer_stock(app)
    with app.app_context():
        assert state_of(exchange) == "reserved" and parts_to_offer() == []


def test_one_bad_part_keeps_nothing_from_the_others(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        depot, bad, good = make_depot(), make_part(), make_part()
        shelf = make_bin(depot)
        exchanges = [make_exchange(depot, part) for part in (bad, good)]
        with transaction():
            for serial, part in (("S1", bad), ("S2", good)):
                put_stock(part, [serial], shelf)
            freed.take()
        bad_id = bad.id
        assert parts_to_offer() == [bad_id, good.id]
        session.remove()
    offer = worker.waiting.offer

    def refusing(part_id: int, *, now: datetime) -> int:
        if part_id == bad_id:
            raise Conflict("stock_caches_differ", part_id=part_id)
        return offer(part_id, now=now)

    monkeypatch.setattr(worker.waiting, "offer", refusing)
    with capture_logs() as logged:
        worker.offer_stock(app)
    with app.app_context():
        assert [state_of(one) for one in exchanges] == ["back_ordered", "reserved"]
    assert [(one["event"], one["part_id"]) for one in logged] == [("stock_not_offered", bad_id)]


def test_an_arrival_that_nobody_waits_for_asks_once(app: Flask) -> None:
    with app.app_context():
        depot, part, other = make_depot(), make_part(), make_part()
        shelf = make_bin(depot)
        make_exchange(depot, other)
        put_stock(part, ["S0"], shelf)
    with app.app_context(), statements(app) as sent:
        put_stock(part, ["S1"], shelf)
    assert len([one for one in sent if "dispatch_line" in one]) == 1


def arrive_or_note(task: Task) -> str:
    """A unit arrives at its bin; or somebody works on a case while that happens."""
    with transaction():
        if "case" in task:
            case = lock_case(task["case"], SYSTEM)
            record(case, "note", actor=SYSTEM, now=NOON, text="电话")
            return "noted"
        items = [Arriving(part_id=task["part"], serial=task["serial"])]
        stock_services.receive(
            task["depot"],
            items,
            location_id=task["bin"],
            request_key=f"receive:{task['serial']}",
            actor=SYSTEM,
            now=NOON,
        )
    return "arrived"


def test_eight_receive_at_once_and_the_order_is_kept(context: Flask, database_url: str) -> None:
    depot, part = make_depot(), make_part()
    shelf = make_bin(depot)
    levels = list(FaultLevel)
    cases = [make_exchange(depot, part, level=levels[n % 3]).case.id for n in range(QUEUE)]
    arrivals: list[Task] = [
        {"part": part.id, "depot": depot.id, "bin": shelf.id, "serial": f"S{n:04d}"} for n in range(QUEUE * 3 // 4)
    ]
    notes: list[Task] = [{"case": case_id} for case_id in cases[::2]]
    session.remove()
    outcomes = race(f"{HERE}:arrive_or_note", database_url, [*notes[::2], *arrivals, *notes[1::2]])
    assert sorted(outcome for _, outcome in outcomes) == ["arrived"] * len(arrivals) + ["noted"] * len(notes)
    worker.offer_stock(context)
    session.rollback()
    query = select(DispatchLine.state).join(DispatchOrder, DispatchOrder.id == DispatchLine.order_id)
    states = session.scalars(query.order_by(*IN_TURN)).all()
    served = len(arrivals)
    assert states == [LineState.RESERVED] * served + [LineState.BACK_ORDERED] * (QUEUE - served)
    holds = session.scalars(select(Hold)).all()
    assert (len(holds), len({hold.unit_id for hold in holds}), len({hold.line_id for hold in holds})) == (served,) * 3
    assert all(is_whole(session.get_one(ServiceCase, case_id)) for case_id in cases)
    assert ledger.open_holds([hold.line_id for hold in holds]) == holds and list(verify()) == []
