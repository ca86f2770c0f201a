"""What the ledger asks once: the kinds of places once a process, the lock of a part once a transaction, and of a unit that
was just made nothing."""

import pytest
from flask import Flask

from spares.accounts.models import Role
from spares.db import transaction
from spares.errors import NotFound
from spares.inventory import ledger, places
from spares.inventory.ledger_stock import unit_states
from spares.inventory.models import LocationKind
from spares.inventory.remembered import locked_parts, made_units
from spares.inventory.services import add_substitute, approve_substitute
from tests.conftest import NOON
from tests.factories import make_actor, make_depot, make_part


def test_a_place_is_asked_for_once_and_only_when_committed(context: Flask, statements: list[str]) -> None:
    depot = make_depot()
    with pytest.raises(RuntimeError, match="undone"), transaction():
        shelf = places.inside(LocationKind.RETURNS, depot.id)
        raise RuntimeError("undone")
    statements.clear()
    with transaction():
        assert places.inside(LocationKind.RETURNS, depot.id) == shelf
        assert places.inside(LocationKind.RETURNS, depot.id) == shelf
    assert len([one for one in statements if "location" in one]) == 1
    with transaction():
        assert places.inside(LocationKind.RETURNS, depot.id) == shelf
    assert len([one for one in statements if "location" in one]) == 1


def test_a_place_that_was_missing_is_asked_for_again(context: Flask) -> None:
    with transaction(), pytest.raises(NotFound, match="place_missing"):
        places.outside(LocationKind.SUPPLIER)
    make_depot()
    with transaction():
        assert places.outside(LocationKind.SUPPLIER) > 0


def test_a_part_is_locked_once_a_transaction(context: Flask, statements: list[str]) -> None:
    one, other = make_part("A-1").id, make_part("A-2").id
    statements.clear()
    with transaction():
        first = ledger.lock_parts([one])
        assert ledger.lock_parts([one]) == first
        assert len(statements) == 1
        assert ledger.lock_parts([other, one]).keys() == {one, other}
        assert len(statements) == 2
        with pytest.raises(NotFound, match="part_unknown"):
            ledger.lock_parts([one, 999_999])
    assert locked_parts() == {}
    statements.clear()
    with pytest.raises(RuntimeError, match="undone"), transaction():
        ledger.lock_parts([one])
        raise RuntimeError("undone")
    assert locked_parts() == {}
    with transaction():
        ledger.lock_parts([one])
    assert len(statements) == 2


def test_a_part_and_its_approved_substitutes_are_locked_by_one_statement(context: Flask, statements: list[str]) -> None:
    wanted, approved, proposed, other = (make_part(f"A-{n}").id for n in range(4))
    keeper = make_actor(Role.ADMINISTRATOR)
    with transaction():
        approve_substitute(add_substitute(wanted, approved, 1, actor=keeper, now=NOON).id, actor=keeper, now=NOON)
        add_substitute(wanted, proposed, 2, actor=keeper, now=NOON)
    statements.clear()
    with transaction():
        ledger.lock_families([wanted])
        assert locked_parts().keys() == {wanted, approved}
        ledger.lock_parts([approved])
        assert len(statements) == 1
        ledger.lock_families([other, wanted])
        assert locked_parts().keys() == {wanted, approved, other}


def test_only_unknown_units_are_made_and_they_are_new_once(context: Flask, statements: list[str]) -> None:
    part = make_part("A-1").id
    first, again = ({"part_id": part, "serial": text, "serial_key": text} for text in ("S1", "S2"))
    with transaction():
        made = ledger.make_units([first])
        assert list(made) == [(part, "S1")]
        assert ledger.make_units([]) == {}
        (unit_id,) = made.values()
        statements.clear()
        assert unit_states([unit_id]) == ({}, {unit_id: part})
        assert statements == []
        assert unit_states([unit_id]) == ({}, {unit_id: part})
        assert len(statements) == 1
    with pytest.raises(RuntimeError, match="undone"), transaction():
        assert list(ledger.make_units([first, again])) == [(part, "S2")]
        raise RuntimeError("undone")
    assert made_units() == {}
    with transaction():
        assert list(ledger.make_units([first, again])) == [(part, "S2")]
    assert made_units() == {}
