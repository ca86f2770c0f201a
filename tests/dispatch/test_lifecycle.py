"""Every state × verb of both tables against tables written by hand, in the rules and through the services."""

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.dispatch import cancelling, picking, shipping, waiting
from spares.dispatch.lifecycle import LineState, LineVerb, ShipmentState, ShipmentVerb, line_after, shipment_after
from spares.dispatch.models import DispatchLine, Shipment
from spares.errors import Conflict, SparesError
from spares.inventory import freed
from spares.inventory.ledger_check import verify
from spares.inventory.models import Hold, HoldEnd, Posting, Tracking
from spares.rma import receipts
from tests.conftest import NOON
from tests.dispatch.making import make_exchange, pack_all, pick_all, send
from tests.factories import make_bin, make_depot, make_part, put_stock

TABLES = Path(__file__).parent.parent / "resources"
LATER = NOON + timedelta(minutes=30)


def table(name: str) -> dict[tuple[str, str], str]:
    """Where each verb leads from each state; an empty text where it is refused."""
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return {
            (row["state"], verb): after
            for row in csv.DictReader(file)
            for verb, after in row.items()
            if verb != "state"
        }


LINES, SHIPMENTS = table("line_moves.csv"), table("shipment_moves.csv")


def test_the_tables_by_hand_name_every_state_and_verb() -> None:
    assert set(LINES) == {(state.value, verb.value) for state in LineState for verb in LineVerb}
    assert set(SHIPMENTS) == {(state.value, verb.value) for state in ShipmentState for verb in ShipmentVerb}


@pytest.mark.parametrize(("state", "verb"), list(LINES))
def test_a_line_moves_as_the_table_says(state: str, verb: str) -> None:
    after = LINES[state, verb]
    if after:
        assert line_after(LineState(state), LineVerb(verb)) == after
        return
    with pytest.raises(Conflict) as refused:
        line_after(LineState(state), LineVerb(verb))
    assert (refused.value.code, refused.value.facts) == ("line_not_allowed", {"state": state, "verb": verb})


@pytest.mark.parametrize(("state", "verb"), list(SHIPMENTS))
def test_a_shipment_moves_as_the_table_says(state: str, verb: str) -> None:
    after = SHIPMENTS[state, verb]
    if after:
        assert shipment_after(ShipmentState(state), ShipmentVerb(verb)) == after
        return
    with pytest.raises(Conflict) as refused:
        shipment_after(ShipmentState(state), ShipmentVerb(verb))
    assert (refused.value.code, refused.value.facts) == ("shipment_not_allowed", {"state": state, "verb": verb})


def brought_to(state: LineState) -> Iterator[tuple[DispatchLine, Shipment | None]]:
    """Lines of a counted part in that state, a new one each time, so that every verb meets it untouched."""
    depot = make_depot()
    bin_ = make_bin(depot)
    while True:
        part = make_part(tracking=Tracking.COUNTED, price_minor=100)
        if state is not LineState.BACK_ORDERED:
            put_stock(part, 5, bin_)
        order = make_exchange(depot, part).order
        line = session.scalars(select(DispatchLine).where(DispatchLine.order_id == order.id)).one()
        shipment = None
        if state is LineState.BACK_ORDERED:
            with transaction():
                put_stock(part, 5, bin_)
                freed.take()  # as if its case had been in somebody's hands
        elif state is LineState.PICKED:
            pick_all(order)
        elif state is LineState.PACKED:
            shipment = pack_all(order)
        elif state is LineState.CANCELLED:
            with transaction():
                cancelling.cancel_lines(order.id, reason="误报", actor=SYSTEM, now=NOON)
        elif state is not LineState.RESERVED:
            shipment = send(order)
            end = ENDINGS.get(state)
            if end is not None:
                with transaction():
                    end(shipment.id)
        line = session.get_one(DispatchLine, line.id, populate_existing=True)
        assert line.state is state
        yield line, shipment


def delivered(shipment_id: int) -> None:
    receipts.confirm_receipt(
        shipment_id, received_on=NOON.date(), proof="签收单", actor=SYSTEM, now=NOON + timedelta(hours=1)
    )


ENDINGS: dict[LineState, Callable[[int], object]] = {
    LineState.RECEIVED: delivered,
    LineState.LOST: lambda key: receipts.lose_shipment(key, reason="丢件", actor=SYSTEM, now=LATER),
    LineState.UNDELIVERABLE: lambda key: receipts.take_back_undelivered(key, reason="拒收", actor=SYSTEM, now=LATER),
}
LINE_SERVICES: dict[LineVerb, Callable[[DispatchLine], object]] = {
    LineVerb.RESERVE: lambda line: waiting.reserve_waiting(line.order_id, line.id, actor=SYSTEM, now=LATER),
    LineVerb.PICK: lambda line: picking.pick_counted(line.order_id, line.id, actor=SYSTEM, now=LATER),
    LineVerb.UNPICK: lambda line: picking.unpick(line.order_id, line.id, actor=SYSTEM, now=LATER),
    LineVerb.PACK: lambda line: shipping.pack(
        line.order_id, packages=1, weight_grams=None, line_ids=[line.id], actor=SYSTEM, now=LATER
    ),
    LineVerb.CANCEL: lambda line: cancelling.cancel_lines(
        line.order_id, line_ids=[line.id], reason="误报", actor=SYSTEM, now=LATER
    ),
}
SHIPMENT_SERVICES: dict[ShipmentVerb, Callable[[int], object]] = {
    ShipmentVerb.DISPATCH: lambda key: receipts.dispatch_shipment(
        key, carrier="顺丰", waybill="SF1002", actor=SYSTEM, now=LATER
    ),
    ShipmentVerb.REOPEN: lambda key: shipping.reopen(key, reason="装错", actor=SYSTEM, now=LATER),
    ShipmentVerb.CONFIRM_RECEIPT: delivered,
    ShipmentVerb.LOSE: ENDINGS[LineState.LOST],
    ShipmentVerb.RETURN_UNDELIVERED: ENDINGS[LineState.UNDELIVERABLE],
}


def counts() -> tuple[int | None, ...]:
    """How many rows the ledger has: a refusal adds none."""
    return tuple(session.scalar(select(func.count()).select_from(kind)) for kind in (Posting, Hold, HoldEnd))


@pytest.mark.parametrize("state", list(LineState))
def test_the_services_keep_to_the_lines_table(context: Flask, state: LineState) -> None:
    cases = brought_to(state)
    for verb, service in LINE_SERVICES.items():
        line, _ = next(cases)
        expected, before = LINES[state.value, verb.value], counts()
        try:
            with transaction():
                service(line)
        except SparesError as error:
            assert (expected, error.code) == ("", "line_not_allowed"), verb
            assert counts() == before
        else:
            assert expected, f"{verb} was done"
        session.expire_all()
        assert session.get_one(DispatchLine, line.id).state == (expected or state), verb
    assert list(verify()) == []


@pytest.mark.parametrize("state", list(ShipmentState))
def test_the_services_keep_to_the_shipments_table(context: Flask, state: ShipmentState) -> None:
    reached = {
        ShipmentState.PACKED: LineState.PACKED,
        ShipmentState.REOPENED: LineState.PACKED,
        ShipmentState.DISPATCHED: LineState.DISPATCHED,
        ShipmentState.DELIVERED: LineState.RECEIVED,
        ShipmentState.LOST: LineState.LOST,
        ShipmentState.UNDELIVERABLE: LineState.UNDELIVERABLE,
    }
    cases = brought_to(reached[state])
    for verb, service in SHIPMENT_SERVICES.items():
        _, shipment = next(cases)
        assert shipment is not None
        if state is ShipmentState.REOPENED:
            with transaction():
                shipping.reopen(shipment.id, reason="漏件", actor=SYSTEM, now=NOON)
        expected, before = SHIPMENTS[state.value, verb.value], counts()
        try:
            with transaction():
                service(shipment.id)
        except SparesError as error:
            assert (expected, error.code) == ("", "shipment_not_allowed"), verb
            assert counts() == before
        else:
            assert expected, f"{verb} was done"
        session.expire_all()
        assert session.get_one(Shipment, shipment.id).state == (expected or state), verb
    assert list(verify()) == []
