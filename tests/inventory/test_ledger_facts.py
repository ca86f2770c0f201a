"""Rows beside the moves, edited by hand: units, places, parents that are gone, and holds that have ended."""

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts.access import SYSTEM
from spares.calendars.models import Depot as DepotRow
from spares.db import session, transaction
from spares.inventory import ledger
from spares.inventory.models import Hold
from tests.conftest import NOON
from tests.factories import make_bin
from tests.inventory.ledger_rows import build_world, findings
from tests.inventory.test_ledger_check import Depot, edit


@pytest.fixture
def depot(context: Flask) -> Depot:
    return Depot(build_world())


def named(*rows: str) -> None:
    """Each row is the subject of a finding."""
    found = findings()
    for row in rows:
        assert [line for line in found if line.startswith(f"{row}: ")], (row, found)


def test_a_serial_edited_by_hand(depot: Depot) -> None:
    edit("UPDATE unit SET serial = 'SN9' WHERE id = :id", id=depot.sn1)
    assert findings() == [f"unit {depot.sn1}: is not found by its serial: expected SN9, found SN1"]


def test_the_key_of_a_serial_edited_by_hand(depot: Depot) -> None:
    edit("UPDATE unit SET serial_key = 'SN9' WHERE id = :id", id=depot.sn1)
    assert findings() == [f"unit {depot.sn1}: is not found by its serial: expected SN1, found SN9"]


@pytest.mark.parametrize("kind", ["receiving", "returns", "customer"])
def test_a_bin_made_another_place(depot: Depot, kind: str) -> None:
    """What lies there would no longer be available."""
    place = depot.world.bins[0]
    edit("UPDATE location SET kind = :kind WHERE id = :id", kind=kind, id=place)
    named(f"location {place}")


def test_the_receiving_area_made_a_bin(depot: Depot) -> None:
    place = depot.world.receiving
    edit("UPDATE location SET kind = 'bin' WHERE id = :id", id=place)
    expected = "expected RECEIVING, receiving, found bin"
    assert findings() == [f"location {place}: is of another kind than its code says: {expected}"]


def test_a_code_edited_by_hand(depot: Depot) -> None:
    row = session.get_one(DepotRow, depot.world.depot)
    place = make_bin(row, "B-01").id
    assert findings() == []
    edit("UPDATE location SET code = 'B-02', code_key = 'B-02' WHERE id = :id", id=place)
    where = f"in depot {depot.world.depot}"
    assert findings() == [f"location {place}: is not what was added: expected B-01 {where}, found B-02 {where}"]
    edit("UPDATE location SET code = 'B-01' WHERE id = :id", id=place)
    assert findings() == [f"location {place}: is not found by its code: expected B-01, found B-02"]


def test_a_deleted_posting(depot: Depot) -> None:
    edit("DELETE FROM posting WHERE id = :id", id=depot.dispatch)
    found = findings()
    assert found[0] == f"posting {depot.dispatch}: is gone, but move 4 belongs to it"


def test_an_inserted_posting(depot: Depot) -> None:
    edit(
        "INSERT INTO posting (kind, request_key, occurred_at, recorded_at, reason, reference) "
        "SELECT kind, 'again', occurred_at, recorded_at, reason, reference FROM posting WHERE id = :id",
        id=depot.dispatch,
    )
    assert findings() == [f"posting {depot.moved + 1}: has no moves"]


def test_an_inserted_move(depot: Depot) -> None:
    edit(
        "INSERT INTO move (posting_id, part_id, quantity, from_location_id, from_condition, to_location_id, "
        "to_condition, digest, previous_id) SELECT posting_id, part_id, quantity, from_location_id, from_condition, "
        "to_location_id, to_condition, digest, id FROM move WHERE posting_id = :id",
        id=depot.moved,
    )
    named("move 6", f"stock_balance part {depot.cable}, location {depot.world.bins[0]}, good")


def test_an_inserted_hold(depot: Depot) -> None:
    """Of a unit it is named itself; of pieces the place is, where more is held than the balance says."""
    edit(
        "INSERT INTO hold (line_id, part_id, unit_id, location_id, quantity, held_at) "
        "SELECT line_id, part_id, unit_id, location_id, quantity, held_at FROM hold WHERE id = :id",
        id=depot.hold3,
    )
    assert findings() == [depot.balance("3 on hand, 2 held", "3 on hand, 1 held")]
    edit(
        "INSERT INTO hold (line_id, part_id, unit_id, location_id, quantity, held_at) "
        "SELECT line_id, part_id, unit_id, location_id, quantity, held_at FROM hold WHERE id = :id",
        id=depot.hold2,
    )
    named("hold 5")


def test_a_deleted_unit(depot: Depot) -> None:
    edit("DELETE FROM unit WHERE id = :id", id=depot.sn2)
    named(f"unit {depot.sn2}")


@pytest.mark.parametrize(
    "change",
    [
        "unit_id = 1",
        "location_id = location_id + 1",
        "quantity = 2",
        "held_at = '2026-11-19 04:00:00'",
    ],
)
def test_an_edited_hold_that_has_ended(depot: Depot, change: str) -> None:
    assert depot.sn1 == 1
    edit(f"UPDATE hold SET {change} WHERE id = :id", id=depot.hold2)
    named(f"hold_end {depot.hold2}" if "held_at" in change else f"hold {depot.hold2}")


@pytest.mark.parametrize("change", ["outcome = 'released'", "ended_at = '2026-11-18 04:00:01'", "reason = '别的'"])
def test_an_edited_end_of_a_hold(depot: Depot, change: str) -> None:
    edit(f"UPDATE hold_end SET {change} WHERE hold_id = :id", id=depot.hold2)
    named(f"hold_end {depot.hold2}" if "outcome" in change else f"hold {depot.hold2}")


def test_a_released_hold_made_a_posted_one(depot: Depot) -> None:
    with transaction():
        ledger.release(ledger.open_holds([_line(depot)]), actor=SYSTEM, now=NOON, reason="取消")
    assert findings() == []
    edit("UPDATE hold_end SET outcome = 'posted' WHERE hold_id = :id", id=depot.hold1)
    assert findings() == [f"hold {depot.hold1}: ended as posted, but no such posting took it: expected 1, found 0"]


def test_a_released_hold_moved_to_where_its_unit_never_was(depot: Depot) -> None:
    with transaction():
        ledger.release(ledger.open_holds([_line(depot)]), actor=SYSTEM, now=NOON, reason="取消")
    place = depot.world.bins[2]
    edit("UPDATE hold SET location_id = :place WHERE id = :id", place=place, id=depot.hold1)
    assert findings() == [f"hold {depot.hold1}: held unit {depot.sn1} where it never was good"]


def test_a_deleted_hold_that_had_ended(depot: Depot) -> None:
    edit("DELETE FROM hold WHERE id = :id", id=depot.hold2)
    assert findings() == [f"hold {depot.hold2}: is gone, but has ended"]


def _line(depot: Depot) -> int:
    return session.scalars(select(Hold.line_id).where(Hold.id == depot.hold1)).one()
