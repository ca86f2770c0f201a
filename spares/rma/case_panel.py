"""A case's exchanges, on the case's page: both legs of each with where they stand."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from spares.accounts.access import Actor
from spares.calendars import queries as calendars
from spares.cases.models import ServiceCase
from spares.cases.panels import adds_panel
from spares.db import session
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.promise_words import PromiseWords, order_promise
from spares.dispatch.words import LINE_STATES, LINE_TONES
from spares.rma.due_words import DueWords, due_words
from spares.rma.models import Obligation, Rma
from spares.rma.words import STATES, TONES


@dataclass
class ExchangeRow:
    """One RMA. Every promise of an order that is still open, every line sent, every part owed back."""

    rma: Rma
    promises: list[PromiseWords] = field(default_factory=list)
    lines: list[DispatchLine] = field(default_factory=list)
    returns: list[tuple[Obligation, DueWords]] = field(default_factory=list)


def exchanges_of(case_id: int, now: datetime) -> list[ExchangeRow]:
    """The case's exchanges, the newest first; a fixed number of statements."""
    rmas = session.scalars(select(Rma).where(Rma.case_id == case_id).order_by(Rma.id.desc())).all()
    rows = {rma.id: ExchangeRow(rma) for rma in rmas}
    if not rows:
        return []
    depots = {depot.id: depot for depot in calendars.depots()}
    days = {depot.id: calendars.depot_calendar(depot) for depot in depots.values()}
    lines = selectinload(DispatchOrder.lines)
    orders = select(DispatchOrder).where(DispatchOrder.case_id == case_id).order_by(DispatchOrder.id)
    for order in session.scalars(
        orders.options(lines.joinedload(DispatchLine.part), lines.joinedload(DispatchLine.unit))
    ):
        row = rows[order.rma_id]
        row.lines += order.lines
        if order.is_open:
            waiting = any(line.state is LineState.BACK_ORDERED for line in order.lines)
            cutoff = depots[order.depot_id].cutoff
            row.promises.append(order_promise(order, now, days[order.depot_id], cutoff=cutoff, waiting=waiting))
    owed = select(Obligation).where(Obligation.case_id == case_id).options(joinedload(Obligation.part))
    for one in session.scalars(owed.order_by(Obligation.id)):
        rows[one.rma_id].returns.append((one, due_words(one, now, days[one.depot_id])))
    return list(rows.values())


def _panel(case: ServiceCase, actor: Actor, now: datetime) -> tuple[str, dict[str, Any]]:
    words = {"lines": LINE_STATES, "line_tones": LINE_TONES, "returns": STATES, "return_tones": TONES}
    return "rma/case_panel.html", {"exchanges": exchanges_of(case.id, now), "words": words}


adds_panel(_panel)
