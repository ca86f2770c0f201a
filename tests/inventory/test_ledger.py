"""The ledger: what is posted and held, and that a refusal changes nothing at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.errors import Conflict, Invalid, NotFound, SparesError
from spares.inventory import ledger
from spares.inventory.models import Hold, HoldEnd, Location, LocationKind, Posting, PostingKind, Tracking
from tests.conftest import NOON
from tests.inventory.ledger_rows import (
    FAULTY,
    GOOD,
    World,
    add_line,
    add_part,
    add_units,
    balances,
    build_world,
    findings,
    moves,
    post,
    step,
    stock_pieces,
    stock_units,
    tables,
    where,
)

BY_SYSTEM = {"actor": SYSTEM, "now": NOON}


@pytest.fixture
def world(context: Flask) -> World:
    return build_world()


@contextmanager
def refused(kind: type[SparesError], code: str, **facts: object) -> Iterator[None]:
    """The block is refused with that error, and every table is as it was."""
    before = tables()
    with pytest.raises(kind) as caught:
        yield
    assert (caught.value.code, caught.value.facts) == (code, facts)
    assert tables() == before
    assert findings() == []


def hold(line_id: int, part_id: int, world: World, quantity: int = 1) -> bool:
    with transaction():
        return ledger.hold_available(line_id, part_id, world.depot, quantity, **BY_SYSTEM)


def held(line_id: int) -> list[Hold]:
    return ledger.open_holds([line_id])


def test_a_posting_moves_units_and_pieces_and_keeps_the_event(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    unit, other = add_units(part, "SN1", "SN2")
    posting = post(
        world,
        PostingKind.RECEIVE,
        step(part, world.supplier, world.receiving, unit_id=other),
        step(cable, world.supplier, world.receiving, 7),
        step(part, world.supplier, world.receiving, unit_id=unit),
        reason="采购",
        reference="PO-9",
        case_id=world.case,
    )
    row = session.get_one(Posting, posting)
    assert (row.kind, row.request_key, row.occurred_at, row.recorded_at, row.actor_id, row.reason, row.reference) == (
        PostingKind.RECEIVE,
        "receive:1",
        NOON,
        NOON,
        None,
        "采购",
        "PO-9",
    )
    assert (row.case_id, row.reverses_id) == (world.case, None)
    assert moves() == [
        (posting, part, unit, 1, world.supplier, "good", world.receiving, "good"),
        (posting, part, other, 1, world.supplier, "good", world.receiving, "good"),
        (posting, cable, None, 7, world.supplier, "good", world.receiving, "good"),
    ]
    assert balances() == {(part, world.receiving, "good"): (2, 0), (cable, world.receiving, "good"): (7, 0)}
    assert where(unit) == (world.receiving, "good", None)
    assert findings() == []


def test_stock_goes_on_from_place_to_place_and_condition_to_condition(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    (unit,) = stock_units(world, part, world.receiving, "SN1")
    stock_pieces(world, cable, world.receiving, 7)
    post(
        world,
        PostingKind.PUT_AWAY,
        step(part, world.receiving, world.bins[0], unit_id=unit),
        step(cable, world.receiving, world.bins[0], 4),
    )
    post(
        world,
        PostingKind.INSPECT,
        step(part, world.bins[0], world.returns, unit_id=unit, conditions=(GOOD, FAULTY)),
        step(cable, world.bins[0], world.bins[0], 1, conditions=(GOOD, FAULTY)),
    )
    assert balances() == {
        (part, world.returns, "faulty"): (1, 0),
        (cable, world.receiving, "good"): (3, 0),
        (cable, world.bins[0], "good"): (3, 0),
        (cable, world.bins[0], "faulty"): (1, 0),
    }
    assert where(unit) == (world.returns, "faulty", None)
    assert findings() == []


def test_places_outside_the_depots_keep_no_balance_and_never_run_out(world: World) -> None:
    cable = add_part("CABLE-1", Tracking.COUNTED)
    post(world, PostingKind.DELIVER, step(cable, world.transit, world.customer, 500))
    post(world, PostingKind.RETURN, step(cable, world.customer, world.returns, 900, conditions=(FAULTY, FAULTY)))
    assert balances() == {(cable, world.returns, "faulty"): (900, 0)}
    assert findings() == []


def test_a_unit_that_the_ledger_has_never_seen_may_come_back_from_a_customer(world: World) -> None:
    part = add_part("SW-1")
    (unit,) = add_units(part, "STRANGER")
    post(
        world, PostingKind.RETURN, step(part, world.customer, world.returns, unit_id=unit, conditions=(FAULTY, FAULTY))
    )
    assert where(unit) == (world.returns, "faulty", None)


Steps = Callable[[World, dict[str, int]], list[ledger.Step]]
NONSENSE: dict[str, tuple[Steps, type[SparesError], str, dict[str, object]]] = {
    "nothing to post": (lambda w, k: [], Invalid, "posting_empty", {}),
    "from a place to itself": (
        lambda w, k: [step(k["cable"], w.bins[0], w.bins[0], 1)],
        Invalid,
        "step_goes_nowhere",
        {},
    ),
    "no pieces": (lambda w, k: [step(k["cable"], w.bins[0], w.bins[1], 0)], Invalid, "step_goes_nowhere", {}),
    "less than no pieces": (
        lambda w, k: [step(k["cable"], w.bins[0], w.bins[1], -2)],
        Invalid,
        "step_goes_nowhere",
        {},
    ),
    "a unit in two steps": (
        lambda w, k: [
            step(k["part"], w.bins[0], w.bins[1], unit_id=k["unit"]),
            step(k["part"], w.bins[1], w.bins[2], unit_id=k["unit"]),
        ],
        Invalid,
        "unit_twice",
        {},
    ),
    "two of one serial": (
        lambda w, k: [step(k["part"], w.bins[0], w.bins[1], 2, unit_id=k["unit"])],
        Invalid,
        "one_per_serial",
        {},
    ),
    "a serial-tracked part without its serial": (
        lambda w, k: [step(k["part"], w.bins[0], w.bins[1])],
        Invalid,
        "part_is_serial",
        {},
    ),
    "a serial for a counted part": (
        lambda w, k: [step(k["cable"], w.bins[0], w.bins[1], unit_id=k["unit"])],
        Invalid,
        "part_is_counted",
        {"part_number": "CABLE-1"},
    ),
    "a unit as another part": (
        lambda w, k: [step(k["other"], w.bins[0], w.bins[1], unit_id=k["unit"])],
        Invalid,
        "unit_of_other_part",
        {"serial": "SN1"},
    ),
    "a new unit as another part": (
        lambda w, k: [step(k["other"], w.supplier, w.bins[1], unit_id=k["new"])],
        Invalid,
        "unit_of_other_part",
        {"serial": "SN9"},
    ),
    "a part that there is not": (
        lambda w, k: [step(999_999, w.bins[0], w.bins[1])],
        NotFound,
        "part_unknown",
        {"typed": "999999"},
    ),
    "a unit that is elsewhere": (
        lambda w, k: [step(k["part"], w.bins[1], w.bins[2], unit_id=k["unit"])],
        Conflict,
        "unit_elsewhere",
        {"serial": "SN1"},
    ),
    "a unit in another condition": (
        lambda w, k: [step(k["part"], w.bins[0], w.bins[2], unit_id=k["unit"], conditions=(FAULTY, GOOD))],
        Conflict,
        "unit_elsewhere",
        {"serial": "SN1"},
    ),
    "a new unit that is in a bin already": (
        lambda w, k: [step(k["part"], w.bins[0], w.bins[2], unit_id=k["new"])],
        Conflict,
        "unit_elsewhere",
        {"serial": "SN9"},
    ),
    "received a second time": (
        lambda w, k: [step(k["part"], w.supplier, w.bins[2], unit_id=k["unit"])],
        Conflict,
        "unit_elsewhere",
        {"serial": "SN1"},
    ),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_what_makes_no_sense_is_refused_as_a_whole(world: World, case: str) -> None:
    keys = {"part": add_part("SW-1"), "other": add_part("SW-2"), "cable": add_part("CABLE-1", Tracking.COUNTED)}
    (keys["unit"],) = stock_units(world, keys["part"], world.bins[0], "SN1")
    (keys["new"],) = add_units(keys["part"], "SN9")
    stock_pieces(world, keys["cable"], world.bins[0], 5)
    steps, kind, code, facts = NONSENSE[case]
    wanted = steps(world, keys)
    if wanted:
        wanted.insert(0, step(keys["cable"], world.bins[0], world.bins[2], 1))
    with refused(kind, code, **facts):
        post(world, PostingKind.MOVE, *wanted)


def test_more_pieces_than_there_are_cannot_leave(world: World) -> None:
    cable = add_part("CABLE-1", Tracking.COUNTED)
    stock_pieces(world, cable, world.bins[0], 5)
    with refused(Conflict, "stock_short", part_id=cable, location_id=world.bins[0], wanted=6):
        post(
            world,
            PostingKind.DISPATCH,
            step(cable, world.bins[0], world.transit, 3),
            step(cable, world.bins[0], world.transit, 3),
        )
    with refused(Conflict, "stock_short", part_id=cable, location_id=world.bins[1], wanted=1):
        post(world, PostingKind.DISPATCH, step(cable, world.bins[1], world.transit, 1))


def test_the_same_event_is_posted_once(world: World) -> None:
    cable = add_part("CABLE-1", Tracking.COUNTED)
    stock_pieces(world, cable, world.bins[0], 5)
    post(world, PostingKind.MOVE, step(cable, world.bins[0], world.bins[1], 1), request_key="move:form-7")
    before = tables()
    with pytest.raises(IntegrityError, match="request_key"):
        post(world, PostingKind.MOVE, step(cable, world.bins[0], world.bins[1], 1), request_key="move:form-7")
    assert tables() == before


def test_a_hold_takes_the_oldest_units_bin_by_bin(world: World) -> None:
    part = add_part("SW-1")
    late = stock_units(world, part, world.bins[1], "B1", "B2")
    early = stock_units(world, part, world.bins[0], "A1", "A2")
    stock_units(world, part, world.receiving, "R1")
    line = add_line(world, part, 3)
    assert hold(line, part, world, 3) is True
    assert [(h.unit_id, h.location_id, h.quantity, h.held_at, h.actor_id) for h in held(line)] == [
        (early[0], world.bins[0], 1, NOON, None),
        (early[1], world.bins[0], 1, NOON, None),
        (late[0], world.bins[1], 1, NOON, None),
    ]
    assert balances() == {
        (part, world.bins[0], "good"): (2, 2),
        (part, world.bins[1], "good"): (2, 1),
        (part, world.receiving, "good"): (1, 0),
    }
    assert [where(unit)[2] for unit in (*early, *late)] == [*(h.id for h in held(line)), None]
    assert findings() == []


def test_a_hold_of_pieces_empties_bins_in_order(world: World) -> None:
    cable = add_part("CABLE-1", Tracking.COUNTED)
    for bin_id, quantity in zip(world.bins, (3, 1, 9), strict=True):
        stock_pieces(world, cable, bin_id, quantity)
    first, second = add_line(world, cable, 2), add_line(world, cable, 5)
    assert hold(first, cable, world, 2) is True
    assert hold(second, cable, world, 5) is True
    assert [(h.location_id, h.quantity, h.unit_id) for h in held(second)] == [
        (world.bins[0], 1, None),
        (world.bins[1], 1, None),
        (world.bins[2], 3, None),
    ]
    assert balances() == {
        (cable, world.bins[0], "good"): (3, 3),
        (cable, world.bins[1], "good"): (1, 1),
        (cable, world.bins[2], "good"): (9, 3),
    }
    assert findings() == []


def test_a_hold_is_all_or_none(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    stock_units(world, part, world.bins[0], "A1", "A2")
    stock_units(world, part, world.returns, "R1")
    stock_pieces(world, cable, world.bins[0], 2)
    stock_pieces(world, cable, world.bins[1], 2)
    lines = add_line(world, part, 3), add_line(world, cable, 5)
    before = tables()
    assert hold(lines[0], part, world, 3) is False
    assert hold(lines[1], cable, world, 5) is False
    assert tables() == before


def test_only_good_pieces_in_the_depots_own_bins_are_held(world: World) -> None:
    cable = add_part("CABLE-1", Tracking.COUNTED)
    with transaction():
        elsewhere = Location(kind=LocationKind.BIN, code="X1", code_key="X1")
        session.add(elsewhere)
    stock_pieces(world, cable, elsewhere.id, 5)
    stock_pieces(world, cable, world.receiving, 5)
    post(world, PostingKind.RETURN, step(cable, world.customer, world.bins[0], 5, conditions=(FAULTY, FAULTY)))
    line = add_line(world, cable)
    before = tables()
    assert hold(line, cable, world) is False
    assert tables() == before


def test_a_hold_of_nothing_is_refused(world: World) -> None:
    part = add_part("SW-1")
    stock_units(world, part, world.bins[0], "A1")
    line = add_line(world, part)
    with refused(Invalid, "number_out_of_range", first=1, last=1_000_000):
        hold(line, part, world, 0)


def test_a_chosen_unit_is_held(world: World) -> None:
    part = add_part("SW-1")
    _, wanted = stock_units(world, part, world.bins[0], "A1", "A2")
    line = add_line(world, part)
    with transaction():
        ledger.hold_unit(line, wanted, **BY_SYSTEM)
    (row,) = held(line)
    assert (row.unit_id, row.location_id, row.quantity) == (wanted, world.bins[0], 1)
    assert where(wanted) == (world.bins[0], "good", row.id)
    assert findings() == []
    with refused(Conflict, "unit_held", serial="A2"), transaction():
        ledger.hold_unit(add_line_inside(world, part), wanted, **BY_SYSTEM)


def add_line_inside(world: World, part_id: int) -> int:
    from tests.inventory.ledger_rows import new_line

    return new_line(world.order, 99, part_id)


def test_a_unit_that_is_not_good_or_not_in_a_bin_is_not_held(world: World) -> None:
    part = add_part("SW-1")
    (received,) = stock_units(world, part, world.receiving, "R1")
    (faulty,) = add_units(part, "F1")
    post(
        world,
        PostingKind.RETURN,
        step(part, world.customer, world.bins[0], unit_id=faulty, conditions=(FAULTY, FAULTY)),
    )
    (unseen,) = add_units(part, "U1")
    line = add_line(world, part)
    for unit, serial in ((received, "R1"), (faulty, "F1"), (unseen, "U1"), (999_999, "999999")):
        with refused(Conflict, "unit_not_available", serial=serial), transaction():
            ledger.hold_unit(line, unit, **BY_SYSTEM)


@pytest.mark.parametrize("expired", [False, True])
def test_released_stock_is_free_again(world: World, expired: bool) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    (unit,) = stock_units(world, part, world.bins[0], "A1")
    stock_pieces(world, cable, world.bins[0], 5)
    lines = [add_line(world, part), add_line(world, cable, 5)]
    assert hold(lines[0], part, world) and hold(lines[1], cable, world, 5)
    holds = ledger.open_holds(lines)
    with transaction():
        ledger.release(holds, **BY_SYSTEM, reason="取消", expired=expired)
    assert ledger.open_holds(lines) == []
    assert [(e.hold_id, e.outcome.value, e.ended_at, e.reason) for e in session.scalars(select(HoldEnd))] == [
        (h.id, "expired" if expired else "released", NOON, "取消") for h in holds
    ]
    assert balances() == {(part, world.bins[0], "good"): (1, 0), (cable, world.bins[0], "good"): (5, 0)}
    assert where(unit) == (world.bins[0], "good", None)
    assert hold(lines[0], part, world) is True
    assert findings() == []


def test_a_hold_ends_once(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    (unit,) = stock_units(world, part, world.bins[0], "A1")
    stock_pieces(world, cable, world.bins[0], 5)
    lines = [add_line(world, part), add_line(world, cable, 2), add_line(world, cable, 2)]
    assert hold(lines[0], part, world) and hold(lines[1], cable, world, 2) and hold(lines[2], cable, world, 2)
    ended = ledger.open_holds(lines[:2])
    with transaction():
        ledger.release(ended, **BY_SYSTEM, reason="取消")
    for one in ended:
        with refused(Conflict, "hold_ended"), transaction():
            ledger.release([one], **BY_SYSTEM, reason="取消")
    with refused(Conflict, "hold_ended"):
        post(world, PostingKind.DISPATCH, step(cable, world.bins[0], world.transit, 2), holds=ended[1:])
    with refused(Conflict, "hold_ended"):
        post(world, PostingKind.DISPATCH, step(part, world.bins[0], world.transit, unit_id=unit), holds=ended[:1])
    with refused(Conflict, "hold_ended"), transaction():
        ledger.release(held(lines[2]) * 2, **BY_SYSTEM, reason="取消")


def test_a_posting_uses_up_what_was_held(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    (unit,) = stock_units(world, part, world.bins[0], "A1")
    stock_pieces(world, cable, world.bins[0], 5)
    lines = [add_line(world, part), add_line(world, cable, 3)]
    assert hold(lines[0], part, world) and hold(lines[1], cable, world, 3)
    holds = ledger.open_holds(lines)
    post(
        world,
        PostingKind.DISPATCH,
        step(part, world.bins[0], world.transit, unit_id=unit),
        step(cable, world.bins[0], world.transit, 3),
        holds=holds,
    )
    assert ledger.open_holds(lines) == []
    assert {e.hold_id: e.outcome.value for e in session.scalars(select(HoldEnd))} == {h.id: "posted" for h in holds}
    assert balances() == {(cable, world.bins[0], "good"): (2, 0)}
    assert where(unit) == (world.transit, "good", None)
    assert findings() == []


def test_held_stock_does_not_leave_for_anybody_else(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    (unit,) = stock_units(world, part, world.bins[0], "A1")
    stock_pieces(world, cable, world.bins[0], 5)
    assert hold(add_line(world, part), part, world) and hold(add_line(world, cable, 3), cable, world, 3)
    with refused(Conflict, "unit_held", serial="A1"):
        post(world, PostingKind.MOVE, step(part, world.bins[0], world.bins[1], unit_id=unit))
    with refused(Conflict, "stock_short", part_id=cable, location_id=world.bins[0], wanted=3):
        post(world, PostingKind.ADJUST, step(cable, world.bins[0], world.difference, 3))
    post(world, PostingKind.ADJUST, step(cable, world.bins[0], world.difference, 2))
    assert balances()[cable, world.bins[0], "good"] == (3, 3)


def test_a_posting_must_take_what_its_holds_hold(world: World) -> None:
    """Otherwise a hold would end as posted while its unit stays where it is."""
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    _, other = stock_units(world, part, world.bins[0], "A1", "A2")
    for bin_id in world.bins[:2]:
        stock_pieces(world, cable, bin_id, 5)
    lines = [add_line(world, part), add_line(world, cable, 4)]
    assert hold(lines[0], part, world) and hold(lines[1], cable, world, 4)
    with refused(Invalid, "hold_not_used"):
        post(
            world,
            PostingKind.DISPATCH,
            step(part, world.bins[0], world.transit, unit_id=other),
            holds=ledger.open_holds(lines[:1]),
        )
    for from_bin, quantity in ((world.bins[0], 3), (world.bins[1], 4)):
        with refused(Invalid, "hold_not_used"):
            post(
                world,
                PostingKind.DISPATCH,
                step(cable, from_bin, world.transit, quantity),
                holds=ledger.open_holds(lines[1:]),
            )


def test_a_held_unit_is_swapped_by_releasing_and_holding(world: World) -> None:
    part = add_part("SW-1")
    first, second = stock_units(world, part, world.bins[0], "A1", "A2")
    line = add_line(world, part)
    assert hold(line, part, world)
    with transaction():
        ledger.release(held(line), **BY_SYSTEM, reason="serial_swapped")
        ledger.hold_unit(line, second, **BY_SYSTEM)
    assert [h.unit_id for h in held(line)] == [second]
    assert where(first) == (world.bins[0], "good", None)
    with transaction():
        holds = held(line)
        ledger.post(
            PostingKind.MOVE,
            [step(part, world.bins[0], world.bins[1], unit_id=second)],
            request_key="move:held",
            occurred_at=NOON,
            **BY_SYSTEM,
            holds=holds,
        )
        ledger.hold_unit(line, second, **BY_SYSTEM)
    (row,) = held(line)
    assert (row.unit_id, row.location_id) == (second, world.bins[1])
    assert balances() == {(part, world.bins[0], "good"): (1, 0), (part, world.bins[1], "good"): (1, 1)}
    assert findings() == []


def reverse(world: World, posting: int, reason: str = "扫错货位") -> int:
    with transaction():
        return ledger.reverse(posting, request_key=world.key("reverse"), **BY_SYSTEM, reason=reason)


def test_a_posting_is_taken_back_by_one_that_names_it(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    units = stock_units(world, part, world.bins[0], "A1", "A2")
    stock_pieces(world, cable, world.bins[0], 5)
    before, old_moves = balances(), moves()
    posting = post(
        world,
        PostingKind.MOVE,
        *(step(part, world.bins[0], world.bins[1], unit_id=u) for u in units),
        step(cable, world.bins[0], world.bins[0], 2, conditions=(GOOD, FAULTY)),
        reference="DO-000001",
        case_id=world.case,
    )
    new = reverse(world, posting)
    row = session.get_one(Posting, new)
    assert (row.kind, row.reverses_id, row.reason, row.reference, row.case_id) == (
        PostingKind.REVERSE,
        posting,
        "扫错货位",
        "DO-000001",
        world.case,
    )
    assert balances() == before
    assert moves()[len(old_moves) + 3 :] == [
        (new, part, units[0], 1, world.bins[1], "good", world.bins[0], "good"),
        (new, part, units[1], 1, world.bins[1], "good", world.bins[0], "good"),
        (new, cable, None, 2, world.bins[0], "faulty", world.bins[0], "good"),
    ]
    assert findings() == []
    with refused(Conflict, "already_reversed"):
        reverse(world, posting)
    again = reverse(world, new, "没有扫错")
    assert session.get_one(Posting, again).reverses_id == new
    assert where(units[0]) == (world.bins[1], "good", None)
    assert findings() == []


def test_what_has_moved_on_is_not_taken_back(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    (unit,) = add_units(part, "A1")
    received = post(world, PostingKind.RECEIVE, step(part, world.supplier, world.bins[0], unit_id=unit))
    pieces = stock_pieces(world, cable, world.bins[0], 5)
    line = add_line(world, part)
    assert hold(line, part, world)
    with refused(Conflict, "unit_held", serial="A1"):
        reverse(world, received)
    with transaction():
        ledger.release(held(line), **BY_SYSTEM, reason="取消")
    post(world, PostingKind.MOVE, step(part, world.bins[0], world.bins[1], unit_id=unit))
    post(world, PostingKind.MOVE, step(cable, world.bins[0], world.bins[1], 1))
    with refused(Conflict, "unit_elsewhere", serial="A1"):
        reverse(world, received)
    with refused(Conflict, "stock_short", part_id=cable, location_id=world.bins[0], wanted=5):
        reverse(world, pieces)
    with refused(Invalid, "reason_missing"):
        reverse(world, received, "  ")
    with refused(NotFound, "not_found"):
        reverse(world, 999_999)


def test_several_calls_in_one_transaction_are_one_step(world: World) -> None:
    part, cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
    stock_units(world, part, world.bins[0], "A1")
    stock_pieces(world, cable, world.bins[0], 5)
    lines = [add_line(world, part), add_line(world, cable, 9)]
    before = tables()
    with pytest.raises(RuntimeError, match="no stock"), transaction():
        locked = ledger.lock_parts([cable, part])
        assert {key: one.tracking for key, one in locked.items()} == {part: Tracking.SERIAL, cable: Tracking.COUNTED}
        assert ledger.hold_available(lines[0], part, world.depot, 1, **BY_SYSTEM) is True
        assert ledger.hold_available(lines[1], cable, world.depot, 9, **BY_SYSTEM) is False
        raise RuntimeError("no stock")
    assert tables() == before


def test_a_place_that_was_undone_is_not_remembered(world: World) -> None:
    """SQLite gives its key to the next place, which may be of another kind."""
    cable = add_part("CABLE-1", Tracking.COUNTED)

    def receive_into(kind: LocationKind, code: str) -> int:
        place = Location(kind=kind, code=code, code_key=code, depot_id=world.depot)
        session.add(place)
        session.flush()
        steps = [step(cable, world.supplier, place.id, 5)]
        ledger.post(PostingKind.RECEIVE, steps, request_key=f"receive:{code}", occurred_at=NOON, **BY_SYSTEM)
        return place.id

    with pytest.raises(RuntimeError, match="undone"), transaction():
        receive_into(LocationKind.VENDOR, "V")
        raise RuntimeError("undone")
    with transaction():
        kept = receive_into(LocationKind.BIN, "B")
    assert balances() == {(cable, kept, "good"): (5, 0)}
    assert findings() == []
