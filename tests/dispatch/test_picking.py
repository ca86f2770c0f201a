"""Picking by scanning: the right serial, a swap, a repeat, and everything that is refused."""

import pytest
from flask import Flask

from spares.accounts.access import SYSTEM
from spares.cases.timeline import entries
from spares.db import session, transaction
from spares.dispatch import picking
from spares.dispatch.orders import Wanted
from spares.dispatch.picking import Picked
from spares.errors import Conflict
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, Tracking
from tests.conftest import NOON
from tests.dispatch.making import Exchange, lines_now, make_exchange
from tests.factories import make_bin, make_depot, make_part, put_stock


def scan(exchange: Exchange, text: str) -> Picked:
    with transaction():
        return picking.pick_scanned(exchange.order.id, text, actor=SYSTEM, now=NOON)


def refused(exchange: Exchange, text: str) -> Conflict:
    before = [(line.state, line.serials) for line in lines_now(exchange.order)]
    with pytest.raises(Conflict) as error:
        scan(exchange, text)
    assert [(line.state, line.serials) for line in lines_now(exchange.order)] == before
    return error.value


def test_the_reserved_serial_is_picked_and_a_second_scan_is_harmless(context: Flask) -> None:
    depot = make_depot()
    part = make_part()
    put_stock(part, ["S1", "S2"], make_bin(depot))
    exchange = make_exchange(depot, part)
    assert scan(exchange, " ｓ1\r\n") == Picked(1, "S1")
    assert scan(exchange, "S1") == Picked(1, "S1", again=True)
    assert [(line.state, line.serials) for line in lines_now(exchange.order)] == [("picked", ["S1"])]
    assert list(verify()) == []


def test_another_good_serial_of_the_part_is_swapped_and_recorded(context: Flask) -> None:
    depot = make_depot()
    part = make_part()
    put_stock(part, ["S1", "S2"], make_bin(depot))
    exchange = make_exchange(depot, part)
    assert scan(exchange, "S2") == Picked(1, "S2", swapped_from="S1")
    (swap,) = [entry for entry in entries(exchange.case.id) if entry.kind == "serial_swapped"]
    assert (swap.data["reserved"], swap.data["picked"]) == ("S1", "S2")
    with transaction():
        picking.unpick(exchange.order.id, lines_now(exchange.order)[0].id, actor=SYSTEM, now=NOON)
    assert [(line.state, line.serials) for line in lines_now(exchange.order)] == [("reserved", ["S2"])]
    told = [(entry.kind, entry.data.get("serial")) for entry in entries(exchange.case.id)][-3:]
    assert told == [("serial_swapped", None), ("picked", "S2"), ("put_back", "S2")]
    assert list(verify()) == []


def test_each_wrong_serial_is_refused_with_what_was_expected(context: Flask) -> None:
    depot = make_depot()
    bin_ = make_bin(depot)
    part, other = make_part(), make_part()
    put_stock(part, ["S1", "S2"], bin_)
    put_stock(part, ["BAD"], bin_, Condition.FAULTY)
    put_stock(other, ["X1"], bin_)
    exchange, rival = make_exchange(depot, part), make_exchange(depot, part)
    unknown = refused(exchange, "NOBODY")
    wanted = f"S1 ({part.part_number})"
    assert (unknown.code, unknown.facts["expected"]) == ("serial_wrong", wanted)
    foreign = refused(exchange, "X1")
    assert (foreign.code, foreign.facts["expected"]) == ("serial_not_expected", wanted)
    assert (foreign.facts["scanned"], foreign.facts["part"]) == ("X1", other.part_number)
    catalogue = refused(exchange, part.part_number.lower())
    assert (catalogue.code, catalogue.facts["expected"]) == ("part_scanned", wanted)
    held = refused(exchange, "S2")
    assert (held.code, held.facts["holder"], held.facts["expected"]) == ("serial_held", rival.order.number, wanted)
    bad = refused(exchange, "BAD")
    assert (bad.code, bad.facts["scanned"], bad.facts["expected"]) == ("serial_not_good", "BAD", wanted)
    assert {one.facts["order"] for one in (unknown, foreign, catalogue, held, bad)} == {exchange.order.number}
    assert refused(exchange, "   ").code == "serial_wrong"
    assert list(verify()) == []


def test_a_counted_line_is_confirmed_and_a_serial_line_must_be_scanned(context: Flask) -> None:
    depot = make_depot()
    bin_ = make_bin(depot)
    unit_part, counted = make_part(), make_part(tracking=Tracking.COUNTED)
    put_stock(unit_part, ["S1"], bin_)
    put_stock(counted, 5, bin_)
    exchange = make_exchange(depot, unit_part, Wanted(part_id=counted.id, quantity=3))
    first, second = lines_now(exchange.order)
    with pytest.raises(Conflict) as error, transaction():
        picking.pick_counted(exchange.order.id, first.id, actor=SYSTEM, now=NOON)
    assert error.value.code == "scan_the_serial"
    with transaction():
        picking.pick_counted(exchange.order.id, second.id, actor=SYSTEM, now=NOON)
    session.expire_all()
    assert [line.state for line in lines_now(exchange.order)] == ["reserved", "picked"]
    (picked,) = [entry.data for entry in entries(exchange.case.id) if entry.kind == "picked"]
    assert (picked["line"], picked["quantity"], picked["serial"]) == (2, 3, "")
