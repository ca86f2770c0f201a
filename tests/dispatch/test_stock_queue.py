"""Who leaves his place in the queue leaves what was kept for him, and it goes to the next in the same transaction."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from spares import worker
from spares.accounts.access import SYSTEM
from spares.calendars.models import DayStatus
from spares.calendars.services import set_day
from spares.cases.timeline import entries
from spares.db import session, transaction
from spares.dispatch import cancelling, orders
from spares.dispatch.models import DispatchOrder
from spares.dispatch.orders import Wanted
from spares.inventory import services, stock_services
from spares.inventory.availability import free_in_bins
from spares.inventory.ledger_check import verify
from spares.inventory.models import Tracking
from spares.inventory.stock_arrivals import Arriving
from tests.conftest import NOON
from tests.dispatch.making import Exchange, make_exchange, state_of, substitute, waiting_in
from tests.factories import make_bin, make_depot, make_part, put_stock
from tests.racing import Task, race

HERE = "tests.dispatch.test_stock_queue"
YESTERDAY = NOON - timedelta(days=1)


def cancelled(first: Exchange) -> None:
    cancelling.cancel_lines(first.order.id, reason="误报", actor=SYSTEM, now=NOON)


def put_behind(first: Exchange) -> None:
    orders.change_promise(first.order.id, NOON + timedelta(days=9), reason="用户改期", actor=SYSTEM, now=NOON)


def one_line_cancelled(first: Exchange) -> None:
    waits = orders.lines_of(first.order)[0]
    cancelling.cancel_lines(first.order.id, reason="误报", actor=SYSTEM, now=NOON, line_ids=[waits.id])


@pytest.mark.parametrize("leave", [cancelled, put_behind, one_line_cancelled])
@pytest.mark.parametrize("stands_in", [False, True])
def test_what_was_kept_for_a_line_that_leaves_its_place_goes_to_the_next_at_once(
    context: Flask, leave: Callable[[Exchange], None], stands_in: bool
) -> None:
    depot, part, other = make_depot(), make_part(tracking=Tracking.COUNTED), make_part(tracking=Tracking.COUNTED)
    spare = make_part()
    shelf = make_bin(depot)
    put_stock(spare, ["X1"], shelf)
    if stands_in:
        substitute(part, other, approved=True)
    wanted = other if stands_in else part
    first = make_exchange(depot, Wanted(part_id=part.id, quantity=5), spare, confirmed_at=YESTERDAY)
    second = make_exchange(depot, Wanted(part_id=wanted.id, quantity=2))
    third = make_exchange(depot, Wanted(part_id=wanted.id, quantity=2))
    put_stock(wanted, 3, shelf)
    assert waiting_in(second, third) == [0, 1] and state_of(first) == "back_ordered reserved"
    with transaction():
        leave(first)
    assert waiting_in(second, third) == [1]
    assert entries(second.case.id)[-1].kind == "line_served"
    assert list(verify()) == []


def test_a_line_that_is_put_first_gets_what_is_there(context: Flask) -> None:
    depot, part = make_depot(), make_part(tracking=Tracking.COUNTED)
    many = make_exchange(depot, Wanted(part_id=part.id, quantity=5))
    few = make_exchange(depot, Wanted(part_id=part.id, quantity=2))
    put_stock(part, 3, make_bin(depot))
    with transaction():
        soon = NOON + timedelta(minutes=5)
        orders.change_promise(few.order.id, soon, reason="用户加急", actor=SYSTEM, now=NOON)
    assert waiting_in(many, few) == [0]
    assert session.get_one(DispatchOrder, few.order.id).promise_changed_by_hand is True
    assert [entry.kind for entry in entries(few.case.id)][-2:] == ["promise_changed", "line_served"]


def test_a_calendar_that_puts_the_first_behind_serves_the_next(context: Flask) -> None:
    depot, part = make_depot(), make_part(tracking=Tracking.COUNTED)
    first = make_exchange(depot, Wanted(part_id=part.id, quantity=5), confirmed_at=YESTERDAY)
    by_hand = make_exchange(depot, Wanted(part_id=part.id, quantity=2))
    with transaction():
        due = first.order.due_at + timedelta(minutes=1)
        orders.change_promise(by_hand.order.id, due, reason="用户改期", actor=SYSTEM, now=YESTERDAY)
    put_stock(part, 3, make_bin(depot))
    assert waiting_in(first, by_hand) == [0, 1]
    day = first.order.due_at.astimezone(ZoneInfo(depot.time_zone)).date()
    with transaction():
        set_day(depot.id, day, DayStatus.CLOSED, "盘点", SYSTEM, NOON)
    assert session.get_one(DispatchOrder, first.order.id).due_at > due
    assert waiting_in(first, by_hand) == [0]
    assert list(verify()) == []


def test_a_substitute_that_is_withdrawn_is_kept_no_longer(context: Flask) -> None:
    depot, part, other = make_depot(), make_part(tracking=Tracking.COUNTED), make_part(tracking=Tracking.COUNTED)
    row = substitute(part, other, approved=True)
    first = make_exchange(depot, Wanted(part_id=part.id, quantity=5), confirmed_at=YESTERDAY)
    second = make_exchange(depot, Wanted(part_id=other.id, quantity=2))
    put_stock(other, 3, make_bin(depot))
    assert waiting_in(first, second) == [0, 1]
    with transaction():
        services.withdraw_substitute(row, "不兼容", actor=SYSTEM, now=NOON)
    assert waiting_in(first, second) == [0]


def test_a_refused_cancellation_gives_nothing_away(context: Flask) -> None:
    depot, part = make_depot(), make_part(tracking=Tracking.COUNTED)
    many = make_exchange(depot, Wanted(part_id=part.id, quantity=5))
    few = make_exchange(depot, Wanted(part_id=part.id, quantity=2))
    put_stock(part, 3, make_bin(depot))
    with pytest.raises(RuntimeError), transaction():
        cancelled(many)
        raise RuntimeError("the page went wrong")
    assert waiting_in(many, few) == [0, 1]


def leave_or_arrive(task: Task) -> str:
    """Somebody cancels an order that waits, or puts its promise behind; or pieces arrive at the bin."""
    with transaction():
        if "bin" in task:
            stock_services.receive(
                task["depot"],
                [Arriving(part_id=task["part"], quantity=1)],
                location_id=task["bin"],
                request_key=f"receive:{task['number']}",
                actor=SYSTEM,
                now=NOON,
            )
            return "arrived"
        if task["cancel"]:
            cancelling.cancel_lines(task["order"], reason="误报", actor=SYSTEM, now=NOON)
            return "cancelled"
        orders.change_promise(task["order"], NOON + timedelta(days=9), reason="用户改期", actor=SYSTEM, now=NOON)
        return "put behind"


def test_many_leave_while_stock_of_two_parts_that_stand_in_for_each_other_comes(
    context: Flask, database_url: str
) -> None:
    depot, one, two = make_depot(), make_part(tracking=Tracking.COUNTED), make_part(tracking=Tracking.COUNTED)
    shelf = make_bin(depot)
    substitute(one, two, approved=True)
    substitute(two, one, approved=True)
    parts = [(one, two), (two, one)]
    wanted = [[Wanted(part_id=part.id, quantity=3) for part in parts[n % 2]] for n in range(24)]
    made = [make_exchange(depot, *lines) for lines in wanted]
    leaving: list[Task] = [{"order": first.order.id, "cancel": n % 3 == 0} for n, first in enumerate(made[:16])]
    arriving: list[Task] = [
        {"depot": depot.id, "part": parts[n % 2][0].id, "bin": shelf.id, "number": n} for n in range(32)
    ]
    session.remove()
    tasks = [task for n, task in enumerate(leaving) for task in (arriving[2 * n], task, arriving[2 * n + 1])]
    outcomes = Counter(outcome for _, outcome in race(f"{HERE}:leave_or_arrive", database_url, tasks))
    assert outcomes == {"arrived": 32, "cancelled": 6, "put behind": 10}
    worker.offer_stock(context)
    states = Counter(state for exchange in made for state in state_of(exchange).split())
    # Of each part sixteen came, which serve five lines of three; whoever is ahead takes whichever there is enough of.
    assert states == {"cancelled": 12, "reserved": 10, "back_ordered": 26}
    assert sum(free_in_bins([one.id, two.id]).values()) == 2 and list(verify()) == []
