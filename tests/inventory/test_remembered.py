"""What the ledger asks once: the kinds of places once a process, the lock of a part once a transaction."""

import pytest
from flask import Flask

from spares.db import transaction
from spares.errors import NotFound
from spares.inventory import ledger, places
from spares.inventory.models import LocationKind
from spares.inventory.remembered import locked_parts
from tests.factories import make_depot, make_part


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
