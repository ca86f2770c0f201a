"""What the slice's tests share: a dispatch line to hold stock for, and a record of the statements that were run."""

from collections.abc import Iterator
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import event

from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import Customer, FaultConfirmation, ServiceCase
from spares.db import Base, db, session, transaction
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DeliveryMethod, DispatchLine, DispatchOrder
from spares.rma.models import Rma, RmaKind
from tests.conftest import NOON
from tests.factories import make_depot, make_part

Row = TypeVar("Row", bound=Base)


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every statement sent to the database; clear it before what is to be counted."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def dispatch_line(context: Flask) -> int:
    """The key of a dispatch line that wants stock."""
    depot, part = make_depot("LINE"), make_part("LINE-PART")
    level = FaultLevel.C2
    with transaction():
        customer = _added(Customer(code="C1", name="示例客户"))
        case = _added(
            ServiceCase(
                customer_id=customer.id, title="x", level=level, opened_at=NOON, opened_by_id=None, assigned_to_id=None
            )
        )
        confirmation = _added(
            FaultConfirmation(
                case_id=case.id,
                part_id=part.id,
                serial="X",
                serial_key="X",
                level=level,
                finding="x",
                confirmed_at=NOON,
                recorded_at=NOON,
                confirmed_by_id=None,
            )
        )
        rma = _added(
            Rma(
                case_id=case.id,
                confirmation_id=confirmation.id,
                kind=RmaKind.ADVANCE_REPLACEMENT,
                requested_at=NOON,
                requested_by_id=None,
            )
        )
        order = _added(
            DispatchOrder(
                rma_id=rma.id,
                case_id=case.id,
                depot_id=depot.id,
                level=level,
                confirmed_at=NOON,
                promise_kind="same_day",
                promise_reason="before_cutoff",
                promise_provisional=False,
                first_due_at=NOON,
                due_at=NOON,
                created_at=NOON,
                method=DeliveryMethod.COURIER,
                consignee="李",
                phone="1",
                address="x",
            )
        )
        line = _added(
            DispatchLine(
                order_id=order.id,
                line_no=1,
                requested_part_id=part.id,
                part_id=part.id,
                quantity=1,
                state=LineState.RESERVED,
            )
        )
        return line.id


def _added(row: Row) -> Row:
    session.add(row)
    session.flush()
    return row
