"""Two hundred spare requests (SPARES_TEST_REQUESTS says otherwise) from eight processes for a hundred units, some of the
processes killed on the way: every request is there once and whole, and no unit is promised to two customers."""

import os
from collections import Counter

from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.cases import services as cases
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import FaultConfirmation, ServiceCase, TimelineEntry
from spares.cases.timeline import entries, is_whole, lock_case
from spares.db import session
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.orders import ShipTo, Wanted
from spares.inventory.ledger_check import verify
from spares.inventory.models import Hold
from spares.once import RequestKey, perform_once
from spares.rma import requests
from spares.rma.models import Obligation, Rma
from tests.cases import making
from tests.conftest import NOON
from tests.racing import Task, die, race

HERE = "tests.rma.test_request_races"
CASES = 40
REQUESTS = int(os.environ.get("SPARES_TEST_REQUESTS", "200"))
"""SPARES_TEST_REQUESTS=1000 races a thousand whole requests; the ledger's own race does so in every run."""
SHIP_TO = ShipTo(consignee="李工", phone="13800000000", address="郑州市金水区花园路 1 号")


def request_one(task: Task) -> str:
    """What the request page does: confirm the fault and request the part, in one transaction, once however often sent."""

    def act() -> str:
        case = lock_case(task["case"], SYSTEM)
        confirmation = cases.confirm_fault(
            case,
            part_id=task["part"],
            serial=f"F{task['number']}",
            level=FaultLevel.C1,
            finding="电源板故障",
            confirmed_at=NOON,
            actor=SYSTEM,
            now=NOON,
        )
        wanted = [Wanted(part_id=task["part"])]
        _, order = requests.request_spares(
            case, confirmation, depot_id=task["depot"], wanted=wanted, ship_to=SHIP_TO, actor=SYSTEM, now=NOON
        )
        if task["dies"] == "before" and not task["again"]:
            die()
        (state,) = session.scalars(select(DispatchLine.state).where(DispatchLine.order_id == order.id))
        return f"/{state.value}"

    outcome = perform_once(f"request:{task['number']}", NOON, act)
    if task["dies"] == "after" and not task["again"]:
        die()
    return outcome


def tasks_for(cases_: list[int], depot: int, part: int, count: int, deaths: dict[int, str]) -> list[Task]:
    return [
        {"number": n, "case": cases_[n % len(cases_)], "depot": depot, "part": part, "dies": deaths.get(n, "")}
        for n in range(count)
    ]


def open_cases(count: int) -> list[int]:
    customer, _site = making.make_customer()
    return [making.make_case(customer).id for _ in range(count)]


def assert_every_request_is_whole(count: int, case_ids: list[int]) -> None:
    """One confirmation, RMA, order, line, obligation and key a request, hung together, and each told on its case."""
    session.rollback()
    for table in (FaultConfirmation, Rma, DispatchOrder, DispatchLine, Obligation, RequestKey):
        assert session.scalar(select(func.count()).select_from(table)) == count, table.__name__
    together = (
        select(func.count(func.distinct(Rma.id)))
        .join(FaultConfirmation, FaultConfirmation.id == Rma.confirmation_id)
        .join(ServiceCase, ServiceCase.id == Rma.case_id)
        .join(DispatchOrder, DispatchOrder.rma_id == Rma.id)
        .join(DispatchLine, DispatchLine.order_id == DispatchOrder.id)
        .join(Obligation, Obligation.line_id == DispatchLine.id)
        .where(
            FaultConfirmation.case_id == Rma.case_id,
            DispatchOrder.case_id == Rma.case_id,
            Obligation.rma_id == Rma.id,
            Obligation.serial == FaultConfirmation.serial,
        )
    )
    assert session.scalar(together) == count
    assert session.scalar(select(func.count(func.distinct(FaultConfirmation.serial)))) == count
    told: Counter[str] = Counter()
    for case_id in case_ids:
        listed = entries(case_id)
        assert is_whole(session.get_one(ServiceCase, case_id), listed)
        told.update(entry.kind for entry in listed)
    assert told == {"case_opened": len(case_ids), "fault_confirmed": count, "spares_requested": count}
    assert session.scalar(select(func.count()).select_from(TimelineEntry)) == 2 * count + len(case_ids)


def test_two_hundred_requests_for_a_hundred_units(context: Flask, database_url: str) -> None:
    depot, part = making.make_depot(), making.make_part("SW-24")
    making.stock(depot, part, *(f"S{n:03d}" for n in range(100)))
    case_ids = open_cases(CASES)
    depot_id, part_id = depot.id, part.id
    session.remove()
    deaths = {21: "after", REQUESTS // 3: "before", REQUESTS // 2: "before", REQUESTS - 90: "after"}
    outcomes = race(
        f"{HERE}:request_one",
        database_url,
        tasks_for(case_ids, depot_id, part_id, REQUESTS, deaths),
        killed_after=[9, 14, 20],
    )
    assert Counter(outcome for _, outcome in outcomes) == {"/reserved": 100, "/back_ordered": REQUESTS - 100}
    assert_every_request_is_whole(REQUESTS, case_ids)
    reserved = select(DispatchLine.id).where(DispatchLine.state == LineState.RESERVED)
    holds = session.scalars(select(Hold)).all()
    assert {hold.line_id for hold in holds} == set(session.scalars(reserved))
    assert (len(holds), len({hold.unit_id for hold in holds})) == (100, 100)
    assert list(verify()) == []


def test_the_exact_part_goes_first_then_the_substitute(context: Flask, database_url: str) -> None:
    depot, part, other = making.make_depot(), making.make_part("SW-24"), making.make_part("SW-48")
    making.make_substitute(part, other)
    making.stock(depot, part, *(f"S{n}" for n in range(12)))
    making.stock(depot, other, *(f"O{n}" for n in range(9)))
    case_ids = open_cases(5)
    depot_id, part_id, other_id = depot.id, part.id, other.id
    session.remove()
    tasks = tasks_for(case_ids, depot_id, part_id, 80, {7: "before", 50: "after"})
    # Some ask for the substitute itself, so that the two parts are locked in both orders at once.
    for task in tasks[3::4]:
        task["part"] = other_id
    outcomes = race(f"{HERE}:request_one", database_url, tasks, workers=4, killed_after=[5])
    assert Counter(outcome for _, outcome in outcomes) == {"/reserved": 21, "/back_ordered": 59}
    assert_every_request_is_whole(80, case_ids)
    given = session.execute(
        select(DispatchLine.part_id, func.count(func.distinct(Hold.unit_id)))
        .join(Hold, Hold.line_id == DispatchLine.id)
        .group_by(DispatchLine.part_id)
    )
    assert {row[0]: row[1] for row in given} == {part_id: 12, other_id: 9}
    assert list(verify()) == []
