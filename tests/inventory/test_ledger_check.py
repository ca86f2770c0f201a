"""What the check says after somebody edited the database by hand: the table, the row, and both values."""

import pytest
from flask import Flask
from sqlalchemy import text

from spares.accounts.access import SYSTEM
from spares.db import db, session, transaction
from spares.errors import Conflict
from spares.inventory import ledger
from spares.inventory.ledger_check import count_moves, rebuild, verify
from spares.inventory.ledger_facts import Finding
from spares.inventory.models import PostingKind, Tracking
from tests.conftest import NOON
from tests.inventory.ledger_rows import (
    World,
    add_line,
    add_part,
    build_world,
    findings,
    post,
    step,
    stock_pieces,
    stock_units,
    tables,
)


class Depot:
    """Two units (SN1 held, SN2 dispatched under a hold that ended) and pieces (5 came, 2 moved on, 1 held)."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.part, self.cable = add_part("SW-1"), add_part("CABLE-1", Tracking.COUNTED)
        self.sn1, self.sn2 = stock_units(world, self.part, world.bins[0], "SN1", "SN2")
        stock_pieces(world, self.cable, world.bins[0], 5)
        lines = [add_line(world, self.part), add_line(world, self.part), add_line(world, self.cable)]
        with transaction():
            by_system = {"actor": SYSTEM, "now": NOON}
            ledger.hold_unit(lines[0], self.sn1, **by_system)
            ledger.hold_unit(lines[1], self.sn2, **by_system)
            assert ledger.hold_available(lines[2], self.cable, world.depot, 1, **by_system)
        self.hold1, self.hold2, self.hold3 = (ledger.open_holds([line])[0].id for line in lines)
        left = step(self.part, world.bins[0], world.transit, unit_id=self.sn2)
        self.dispatch = post(world, PostingKind.DISPATCH, left, holds=ledger.open_holds([lines[1]]), reason="发货")
        self.moved = post(world, PostingKind.MOVE, step(self.cable, world.bins[0], world.bins[1], 2))
        session.remove()

    @property
    def unposted(self) -> str:
        """What is said of the hold of SN2 when its dispatch is not what it was."""
        return f"hold {self.hold2}: ended as posted, but no such posting took it: expected 1, found 0"

    def balance(self, expected: str, found: str, *, cable: bool = True, place: int = 0) -> str:
        part, location = self.cable if cable else self.part, self.world.bins[place]
        name = f"stock_balance part {part}, location {location}, good"
        return f"{name}: is not what the ledger says: expected {expected}, found {found}"


@pytest.fixture
def depot(context: Flask) -> Depot:
    return Depot(build_world())


def edit(statement: str, **values: object) -> None:
    """What somebody with the database's password can do: switch the triggers and keys off, and change a row."""
    session.remove()
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
            for (trigger,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        assert connection.execute(text(statement), values).rowcount == 1
        if not sqlite:
            connection.execute(text("SET session_replication_role = DEFAULT"))
        connection.commit()
        if sqlite:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


def test_silent_when_all_is_well(depot: Depot) -> None:
    assert findings() == []
    assert count_moves() == 5
    session.rollback()


def test_an_empty_ledger_is_sound(context: Flask) -> None:
    assert list(verify()) == []


def test_a_changed_quantity(depot: Depot) -> None:
    edit("UPDATE move SET quantity = 1 WHERE posting_id = :id", id=depot.moved)
    assert findings() == [
        f"move 5: was changed after it was posted (posting {depot.moved})",
        depot.balance("4 on hand, 1 held", "3 on hand, 1 held"),
        depot.balance("1 on hand, 0 held", "2 on hand, 0 held", place=1),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "reason = '别的'",
        "request_key = 'dispatch:99'",
        "occurred_at = '2026-11-18 04:00:01'",
        "recorded_at = '2026-11-17 04:00:00'",
        "reference = 'DO-000009'",
        "kind = 'lose'",
    ],
)
def test_a_changed_posting(depot: Depot, change: str) -> None:
    edit(f"UPDATE posting SET {change} WHERE id = :id", id=depot.dispatch)
    told = [f"move 4: was changed after it was posted (posting {depot.dispatch})"]
    if change.startswith(("reason", "recorded_at", "kind")):
        told.append(depot.unposted)
    assert findings() == told


def test_a_changed_destination(depot: Depot) -> None:
    customer = depot.world.customer
    edit("UPDATE move SET to_location_id = :to WHERE posting_id = :id", id=depot.dispatch, to=customer)
    transit = depot.world.transit
    assert findings() == [
        f"move 4: was changed after it was posted (posting {depot.dispatch})",
        f"unit_state {depot.sn2}: is not what the ledger says: expected part {depot.part} at location {customer}, "
        f"good, after move 4, found part {depot.part} at location {transit}, good, after move 4",
    ]


def test_a_changed_digest_breaks_the_chain_after_it_too(depot: Depot) -> None:
    edit("UPDATE move SET digest = :digest WHERE unit_id = :unit AND id = 2", digest="0" * 64, unit=depot.sn2)
    assert findings() == [
        "move 2: was changed after it was posted (posting 1)",
        f"move 4: was changed after it was posted (posting {depot.dispatch})",
    ]


def test_a_deleted_move_in_the_middle(depot: Depot) -> None:
    edit("DELETE FROM move WHERE id = 3")
    assert findings() == [
        "move 5: does not follow the move before it: expected None, found 3",
        f"move 5: was changed after it was posted (posting {depot.moved})",
        "posting 2: has no moves",
        f"move part {depot.cable}, location {depot.world.bins[0]}, good: more left than ever came: "
        "expected 0 or more, found -2",
        f"hold part {depot.cable}, location {depot.world.bins[0]}, good: more is held than is there: "
        "expected -2 at most, found 1",
        depot.balance("-2 on hand, 1 held", "3 on hand, 1 held"),
    ]


def test_a_deleted_last_move(depot: Depot) -> None:
    edit("DELETE FROM move WHERE posting_id = :id", id=depot.dispatch)
    at = f"part {depot.part} at location {depot.world.bins[0]}, good, after move 2"
    found = f"part {depot.part} at location {depot.world.transit}, good, after move 4"
    assert findings() == [
        f"posting {depot.dispatch}: has no moves",
        f"unit_state {depot.sn2}: is not what the ledger says: expected {at}, found {found}",
        depot.balance("2 on hand, 1 held", "1 on hand, 1 held", cable=False),
        depot.unposted,
    ]


def test_a_deleted_hold_end(depot: Depot) -> None:
    edit("DELETE FROM hold_end WHERE hold_id = :id", id=depot.hold2)
    bin_a = depot.world.bins[0]
    assert findings() == [
        f"hold {depot.hold2}: holds unit {depot.sn2} where it is not: expected part {depot.part} at location {bin_a}, "
        f"good, found part {depot.part} at location {depot.world.transit}, good, after move 4",
        f"hold part {depot.part}, location {bin_a}, good: more is held than is there: expected 1 at most, found 2",
        f"unit_state {depot.sn2}: names the wrong hold: expected {depot.hold2}, found None",
        depot.balance("1 on hand, 2 held", "1 on hand, 1 held", cable=False),
    ]


def test_a_deleted_hold(depot: Depot) -> None:
    edit("DELETE FROM hold WHERE id = :id", id=depot.hold3)
    assert findings() == [depot.balance("3 on hand, 0 held", "3 on hand, 1 held")]


def test_a_unit_held_twice(depot: Depot) -> None:
    edit(
        "INSERT INTO hold (line_id, part_id, unit_id, location_id, quantity, held_at) "
        "SELECT line_id, part_id, unit_id, location_id, 1, held_at FROM hold WHERE id = :id",
        id=depot.hold1,
    )
    assert findings() == [
        f"hold 4: holds unit {depot.sn1}, which hold {depot.hold1} has already",
        f"hold part {depot.part}, location {depot.world.bins[0]}, good: more is held than is there: "
        "expected 1 at most, found 2",
        f"unit_state {depot.sn1}: names the wrong hold: expected 4, found {depot.hold1}",
        depot.balance("1 on hand, 2 held", "1 on hand, 1 held", cable=False),
    ]


def test_a_unit_made_one_of_another_part(depot: Depot) -> None:
    edit("UPDATE unit SET part_id = :cable WHERE id = :id", cable=depot.cable, id=depot.sn1)
    assert findings() == [f"unit {depot.sn1}: is of another part: expected part {depot.part}, found part {depot.cable}"]


CACHE_EDITS = {
    "condition": "UPDATE unit_state SET condition = 'faulty' WHERE unit_id = :sn1",
    "hold taken off": "UPDATE unit_state SET hold_id = NULL WHERE unit_id = :sn1",
    "unit gone": "DELETE FROM unit_state WHERE unit_id = :sn1",
    "on hand": "UPDATE stock_balance SET on_hand = 7 WHERE part_id = :cable AND location_id = :first",
    "balance gone": "DELETE FROM stock_balance WHERE part_id = :cable AND location_id = :first",
    "balance from nowhere": "INSERT INTO stock_balance VALUES (:cable, :third, 'good', 4, 0)",
}


def said_of(change: str, depot: Depot) -> list[str]:
    where = f"part {depot.part} at location {depot.world.bins[0]}"
    good = f"{where}, good, after move 1"
    return {
        "condition": [
            f"unit_state {depot.sn1}: is not what the ledger says: expected {good}, found {where}, faulty, after move 1"
        ],
        "hold taken off": [f"unit_state {depot.sn1}: names the wrong hold: expected {depot.hold1}, found None"],
        "unit gone": [f"unit_state {depot.sn1}: is missing: expected {good}, found nothing"],
        "on hand": [depot.balance("3 on hand, 1 held", "7 on hand, 1 held")],
        "balance gone": [depot.balance("3 on hand, 1 held", "0 on hand, 0 held")],
        "balance from nowhere": [depot.balance("0 on hand, 0 held", "4 on hand, 0 held", place=2)],
    }[change]


@pytest.mark.parametrize("change", CACHE_EDITS)
def test_a_changed_cache_is_named_and_rebuilt(depot: Depot, change: str) -> None:
    before = tables()
    first, _, third = depot.world.bins
    values = {"sn1": depot.sn1, "cable": depot.cable, "first": first, "third": third}
    edit(CACHE_EDITS[change], **{key: value for key, value in values.items() if f":{key}" in CACHE_EDITS[change]})
    assert findings() == said_of(change, depot)
    with transaction():
        rebuild()
    assert findings() == []
    assert tables() == before


def test_a_rebuild_leaves_the_rows_of_the_ledger_alone(depot: Depot) -> None:
    before = tables()
    with transaction():
        rebuild()
    assert tables() == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE move SET quantity = 1 WHERE id = 5",
        "DELETE FROM hold_end WHERE hold_id = 2",
        "DELETE FROM move WHERE id = 3",
    ],
)
def test_damaged_rows_are_not_made_the_truth(depot: Depot, change: str) -> None:
    """The caches still know better than the rows: they are kept, for whoever restores the rows."""
    edit(change)
    before = tables()
    with pytest.raises(Conflict, match="ledger_damaged"), transaction():
        rebuild()
    assert tables() == before


def test_the_check_sees_one_instant_while_people_work(depot: Depot) -> None:
    """It has read the moves when somebody posts: the balances it reads later must still be those of before."""
    found: list[Finding] = []
    session.remove()
    check = verify()
    edit("UPDATE unit_state SET condition = 'faulty' WHERE unit_id = :sn1", sn1=depot.sn1)
    first = next(check)
    assert first.table == "unit_state"
    with db.engine.begin() as other:
        other.execute(text("UPDATE stock_balance SET on_hand = on_hand + 9 WHERE on_hand > 2"))
    found += check
    session.remove()
    assert found == []


def test_findings_read_well() -> None:
    assert str(Finding("posting", "7", "has no moves")) == "posting 7: has no moves"
    assert str(Finding("move", "7", "is wrong", "1", "2")) == "move 7: is wrong: expected 1, found 2"
