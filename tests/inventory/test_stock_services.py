"""Stock moved by hand: exact balances and places after each step, and refusals that leave both as they were."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role
from spares.db import session, transaction
from spares.errors import Conflict, Forbidden, Invalid, NotFound, SparesError
from spares.inventory import ledger, ledger_check, places, stock_services
from spares.inventory.ledger import Step
from spares.inventory.models import (
    Condition,
    Location,
    LocationKind,
    Move,
    Part,
    Posting,
    PostingKind,
    StockBalance,
    Tracking,
    Unit,
    UnitState,
)
from spares.inventory.stock_arrivals import Arriving
from spares.inventory.stock_services import Pieces
from tests.conftest import NOON
from tests.factories import make_bin, make_depot, make_part, put_stock

G, F, I = Condition.GOOD, Condition.FAULTY, Condition.TO_INSPECT  # noqa: E741


def books() -> tuple[list[tuple[int, int, Condition, int, int]], list[tuple[int, int, Condition]], int]:
    """Balances, unit states and how many postings there are; and the ledger must agree with its caches."""
    session.expire_all()
    assert [str(finding) for finding in ledger_check.verify()] == []
    rows = session.scalars(select(StockBalance).where(StockBalance.on_hand > 0))
    balances = sorted((b.part_id, b.location_id, b.condition, b.on_hand, b.held) for b in rows)
    states = sorted((s.unit_id, s.location_id, s.condition) for s in session.scalars(select(UnitState)))
    return balances, states, session.scalar(select(func.count(Posting.id))) or 0


def refused(kind: type[SparesError], code: str, act: Callable[[], object]) -> SparesError:
    """`act` is refused in a transaction of its own and changes nothing."""
    before = books()
    with pytest.raises(kind) as caught, transaction():
        act()
    assert caught.value.code == code
    assert books() == before
    return caught.value


def receive(depot_id: int, items: list[Arriving], key: str = "receive:1", **more: object) -> int:
    with transaction():
        return stock_services.receive(depot_id, items, request_key=key, actor=SYSTEM, now=NOON, **more)  # type: ignore[arg-type]


def serials(part: Part, *texts: str) -> list[Arriving]:
    return [Arriving(part_id=part.id, serial=text) for text in texts]


def test_serials_and_quantities_arrive_in_one_posting(context: Flask) -> None:
    depot, part, cable = make_depot(), make_part("A"), make_part("B", tracking=Tracking.COUNTED)
    area = places.inside(LocationKind.RECEIVING, depot.id)
    shelf = make_bin(depot)
    posting_id = receive(
        depot.id,
        [
            *serials(part, " sn-1", "SN-2"),
            Arriving(part_id=cable.id, quantity=40),
            Arriving(part_id=cable.id, quantity=2, condition=F, location_id=shelf.id),
        ],
        reference=" 采购单  PO2026-7 ",
    )
    balances, states, count = books()
    assert balances == [(part.id, area, G, 2, 0), (cable.id, area, G, 40, 0), (cable.id, shelf.id, F, 2, 0)]
    units = session.scalars(select(Unit).order_by(Unit.id)).all()
    assert [(u.serial, u.serial_key) for u in units] == [("sn-1", "SN-1"), ("SN-2", "SN-2")]
    assert states == [(units[0].id, area, G), (units[1].id, area, G)]
    posting = session.get_one(Posting, posting_id)
    assert (posting.kind, posting.reference, posting.occurred_at) == (PostingKind.RECEIVE, "采购单 PO2026-7", NOON)
    assert count == 1
    supplier = places.outside(LocationKind.SUPPLIER)
    assert set(session.scalars(select(Move.from_location_id))) == {supplier}


def test_several_hundred_serials_take_few_statements(context: Flask, statements: list[str]) -> None:
    depot, part = make_depot(), make_part()
    statements.clear()
    receive(depot.id, serials(part, *(f"SN{n:05d}" for n in range(600))))
    assert len(statements) < 40
    assert books()[0] == [(part.id, places.inside(LocationKind.RECEIVING, depot.id), G, 600, 0)]


def test_a_serial_that_is_in_the_depot_is_refused_naming_where(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    put_stock(part, ["SN1"], make_bin(depot, "A-01-01"))
    error = refused(Conflict, "unit_in_depot", lambda: _receive(depot.id, serials(part, "SN9", "ｓｎ1")))
    assert (error.facts["serial"], error.facts["place"], error.field) == ("SN1", "A-01-01", "serials")
    assert session.scalars(select(Unit.serial)).all() == ["SN1"]


def _receive(depot_id: int, items: list[Arriving], **more: object) -> int:
    return stock_services.receive(depot_id, items, request_key="again", actor=SYSTEM, now=NOON, **more)  # type: ignore[arg-type]


def test_a_unit_that_is_at_the_customers_comes_back_through_returns_only(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    shelf = make_bin(depot)
    (unit,) = put_stock(part, ["SN1"], shelf)
    _send(unit, shelf, LocationKind.CUSTOMER)
    error = refused(Conflict, "unit_outside", lambda: _receive(depot.id, serials(part, "SN1")))
    assert error.facts == {"serial": "SN1"}


def _send(unit: Unit, shelf: Location, kind: LocationKind) -> None:
    step = Step(
        part_id=unit.part_id,
        unit_id=unit.id,
        from_id=shelf.id,
        from_condition=G,
        to_id=places.outside(kind),
        to_condition=G,
    )
    with transaction():
        ledger.post(PostingKind.DISPATCH, [step], request_key="out", occurred_at=NOON, actor=SYSTEM, now=NOON)


def test_the_same_serial_of_another_part_is_another_unit(context: Flask) -> None:
    depot, one, two = make_depot(), make_part("A", "华为"), make_part("A", "新华三")
    receive(depot.id, [*serials(one, "SN1"), *serials(two, "SN1")])
    assert sorted(session.scalars(select(Unit.part_id))) == [one.id, two.id]


def test_bad_arrivals_are_refused(context: Flask) -> None:
    depot, other = make_depot("ZZ"), make_depot("LY")
    part, cable = make_part("A"), make_part("B", tracking=Tracking.COUNTED)
    away = make_bin(other)
    returns = places.inside(LocationKind.RETURNS, depot.id)
    for items, more, code in [
        ([], {}, "nothing_listed"),
        (serials(part, "SN1", "sn 1"), {}, "serial_twice"),
        (serials(part, " "), {}, "serial_missing"),
        (serials(part, "x" * 81), {}, "text_too_long"),
        (serials(cable, "SN1"), {}, "part_is_counted"),
        ([Arriving(part_id=cable.id, quantity=0)], {}, "number_out_of_range"),
        ([Arriving(part_id=part.id, serial="SN1", quantity=2)], {}, "one_per_serial"),
        (serials(part, "SN1"), {"location_id": away.id}, "other_depot_place"),
        (serials(part, "SN1"), {"location_id": returns}, "place_unsuitable"),
        (serials(part, "SN1"), {"reference": "x" * 81}, "text_too_long"),
    ]:
        refused(Invalid, code, lambda items=items, more=more: _receive(depot.id, items, **more))  # type: ignore[misc]
    refused(NotFound, "part_unknown", lambda: _receive(depot.id, [Arriving(part_id=999)]))


def test_who_may_not_move_stock_is_refused(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    for role in (Role.ENGINEER, Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR):
        actor = Actor(id=None, name="x", role=role)
        with pytest.raises(Forbidden), transaction():
            stock_services.receive(depot.id, serials(part, "S"), request_key="k", actor=actor, now=NOON)
    assert books() == ([], [], 0)


def test_an_administrator_may_import_the_opening_stock(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    actor = Actor(id=None, name="x", role=Role.ADMINISTRATOR)
    with transaction():
        key = stock_services.receive(depot.id, serials(part, "S"), request_key="k", actor=actor, now=NOON, opening=True)
    assert session.get_one(Posting, key).kind is PostingKind.OPENING


def test_stock_is_put_away_and_moved(context: Flask) -> None:
    depot, part, cable = make_depot(), make_part("A"), make_part("B", tracking=Tracking.COUNTED)
    area = session.get_one(Location, places.inside(LocationKind.RECEIVING, depot.id))
    units = put_stock(part, ["SN1", "SN2"], area)
    put_stock(cable, 10, area)
    shelf, other = make_bin(depot, "A-1"), make_bin(depot, "A-2")
    with transaction():
        stock_services.put_away([u.id for u in units], shelf.id, request_key="p", actor=SYSTEM, now=NOON)
    pieces = Pieces(part_id=cable.id, location_id=area.id, condition=G, quantity=4)
    with transaction():
        stock_services.move([units[1].id], other.id, pieces=[pieces], request_key="m", actor=SYSTEM, now=NOON)
    balances, states, _ = books()
    assert balances == [
        (part.id, shelf.id, G, 1, 0),
        (part.id, other.id, G, 1, 0),
        (cable.id, area.id, G, 6, 0),
        (cable.id, other.id, G, 4, 0),
    ]
    assert states == [(units[0].id, shelf.id, G), (units[1].id, other.id, G)]
    kinds = session.scalars(select(Posting.kind).order_by(Posting.id)).all()
    assert kinds[2:] == [PostingKind.PUT_AWAY, PostingKind.MOVE]


def test_held_stock_stays_where_it_is(context: Flask, dispatch_line: int) -> None:
    depot, part = make_depot("AA"), make_part()
    shelf, other = make_bin(depot, "A-1"), make_bin(depot, "A-2")
    (unit,) = put_stock(part, ["SN1"], shelf)
    with transaction():
        ledger.hold_unit(dispatch_line, unit.id, actor=SYSTEM, now=NOON)
    error = refused(
        Conflict,
        "stock_held",
        lambda: stock_services.move([unit.id], other.id, request_key="m", actor=SYSTEM, now=NOON),
    )
    assert (error.facts["serial"], error.facts["since"]) == ("SN1", NOON)
    for act in (
        lambda: stock_services.adjust_lost([unit.id], "不见了", request_key="l", actor=SYSTEM, now=NOON),
        lambda: stock_services.change_condition([unit.id], F, "坏了", request_key="c", actor=SYSTEM, now=NOON),
    ):
        refused(Conflict, "stock_held", act)


def test_moves_that_make_no_sense_are_refused(context: Flask) -> None:
    depot, elsewhere, part = make_depot("ZZ"), make_depot("LY"), make_part()
    cable = make_part(tracking=Tracking.COUNTED)
    shelf, away = make_bin(depot, "A-1"), make_bin(elsewhere, "A-1")
    here, gone = put_stock(part, ["SN1", "SN2"], shelf)
    put_stock(cable, 5, shelf)
    _send(gone, shelf, LocationKind.CUSTOMER)
    bench = places.inside(LocationKind.BENCH, depot.id)
    area = places.inside(LocationKind.RECEIVING, depot.id)

    def move(unit_ids: list[int], to: int, *pieces: Pieces) -> Callable[[], int]:
        return lambda: stock_services.move(unit_ids, to, pieces=pieces, request_key="m", actor=SYSTEM, now=NOON)

    refused(Invalid, "already_there", move([here.id], shelf.id))
    refused(Conflict, "other_depot", move([here.id], away.id))
    refused(Conflict, "unit_outside", move([gone.id], shelf.id))
    refused(Invalid, "place_unsuitable", move([here.id], bench))
    refused(NotFound, "not_found", move([999], shelf.id))
    refused(Invalid, "posting_empty", move([], shelf.id))
    many = Pieces(part_id=cable.id, location_id=shelf.id, condition=G, quantity=6)
    refused(Conflict, "stock_short", move([], area, many))
    none = Pieces(part_id=cable.id, location_id=shelf.id, condition=G, quantity=0)
    refused(Invalid, "number_out_of_range", move([], area, none))
    serial = Pieces(part_id=part.id, location_id=shelf.id, condition=G, quantity=1)
    refused(Invalid, "part_is_serial", move([], area, serial))


def test_what_came_back_waits_for_its_inspection(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    shelf = make_bin(depot)
    returns = places.inside(LocationKind.RETURNS, depot.id)
    (unit,) = put_stock(part, ["SN1"], shelf)
    step = Step(part_id=part.id, unit_id=unit.id, from_id=shelf.id, from_condition=G, to_id=returns, to_condition=I)
    with transaction():
        ledger.post(PostingKind.RETURN, [step], request_key="r", occurred_at=NOON, actor=SYSTEM, now=NOON)
    refused(
        Conflict,
        "unit_awaits_inspection",
        lambda: stock_services.put_away([unit.id], shelf.id, request_key="p", actor=SYSTEM, now=NOON),
    )


def test_found_and_lost_go_through_the_difference(context: Flask) -> None:
    depot, part, cable = make_depot(), make_part("A"), make_part("B", tracking=Tracking.COUNTED)
    shelf = make_bin(depot)
    (unit,) = put_stock(part, ["SN1"], shelf)
    put_stock(cable, 10, shelf)
    with transaction():
        stock_services.adjust_lost(
            [unit.id],
            "盘点未见",
            pieces=[Pieces(part_id=cable.id, location_id=shelf.id, condition=G, quantity=3)],
            request_key="l",
            actor=SYSTEM,
            now=NOON,
        )
    balances, states, _ = books()
    assert balances == [(cable.id, shelf.id, G, 7, 0)]
    assert states == [(unit.id, places.outside(LocationKind.DIFFERENCE), G)]
    refused(Conflict, "unit_written_off", lambda: _receive(depot.id, serials(part, "SN1")))
    with transaction():
        posting_id = stock_services.adjust_found(
            depot.id,
            [Arriving(part_id=part.id, serial="SN1", condition=F), Arriving(part_id=cable.id, quantity=1)],
            shelf.id,
            "在隔壁货位",
            request_key="f",
            actor=SYSTEM,
            now=NOON,
        )
    balances, states, _ = books()
    assert balances == [(part.id, shelf.id, F, 1, 0), (cable.id, shelf.id, G, 8, 0)]
    assert states == [(unit.id, shelf.id, F)]
    assert session.get_one(Posting, posting_id).reason == "在隔壁货位"


def test_a_condition_changes_in_its_place_with_a_reason(context: Flask) -> None:
    depot, part, cable = make_depot(), make_part("A"), make_part("B", tracking=Tracking.COUNTED)
    shelf = make_bin(depot)
    (unit,) = put_stock(part, ["SN1"], shelf)
    put_stock(cable, 10, shelf)

    def change(condition: Condition, reason: str, quantity: int = 2) -> int:
        pieces = [Pieces(part_id=cable.id, location_id=shelf.id, condition=G, quantity=quantity)]
        return stock_services.change_condition(
            [unit.id], condition, reason, pieces=pieces, request_key="c", actor=SYSTEM, now=NOON
        )

    refused(Invalid, "reason_missing", lambda: change(F, "  "))
    refused(Invalid, "text_too_long", lambda: change(F, "x" * 301))
    refused(Invalid, "scrap_by_disposal", lambda: change(Condition.SCRAPPED, "坏"))
    refused(Invalid, "condition_same", lambda: change(G, "坏"))
    with transaction():
        change(F, "开箱即坏")
    assert books()[0] == [
        (part.id, shelf.id, F, 1, 0),
        (cable.id, shelf.id, F, 2, 0),
        (cable.id, shelf.id, G, 8, 0),
    ]


def test_a_posting_is_taken_back_once(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    posting_id = receive(depot.id, serials(part, "SN1", "SN2"))

    def reverse(reason: str = "收错货") -> int:
        return stock_services.reverse_posting(posting_id, reason, request_key="rev", actor=SYSTEM, now=NOON)

    refused(Invalid, "reason_missing", lambda: reverse(""))
    with transaction():
        reverse_id = reverse()
    assert session.get_one(Posting, reverse_id).reverses_id == posting_id
    supplier = places.outside(LocationKind.SUPPLIER)
    balances, states, _ = books()
    assert balances == []
    assert [place for _, place, _ in states] == [supplier, supplier]
    refused(Conflict, "already_reversed", reverse)
    refused(
        Conflict,
        "reversed_elsewhere",
        lambda: stock_services.reverse_posting(reverse_id, "再", request_key="rr", actor=SYSTEM, now=NOON),
    )
    receive(depot.id, serials(part, "SN1"), key="receive:2")
    assert books()[0] == [(part.id, places.inside(LocationKind.RECEIVING, depot.id), G, 1, 0)]


def test_what_has_moved_on_is_not_taken_back(context: Flask) -> None:
    depot, part = make_depot(), make_part()
    shelf = make_bin(depot)
    posting_id = receive(depot.id, serials(part, "SN1"))
    unit = session.scalars(select(Unit)).one()
    with transaction():
        stock_services.put_away([unit.id], shelf.id, request_key="p", actor=SYSTEM, now=NOON)
    refused(
        Conflict,
        "unit_elsewhere",
        lambda: stock_services.reverse_posting(posting_id, "错", request_key="rev", actor=SYSTEM, now=NOON),
    )
    refused(
        NotFound,
        "not_found",
        lambda: stock_services.reverse_posting(999, "错", request_key="rev", actor=SYSTEM, now=NOON),
    )
