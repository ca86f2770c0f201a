"""What a spare request will bring, before it is sent: the promise with its reason, the device, and the stock."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.services import check_confirmed_at
from spares.dispatch.cutoff import Promise
from spares.dispatch.orders import promise_for
from spares.dispatch.promise_words import PromiseWords, promise_words
from spares.dispatch.stock_queue import Turn, kept_back
from spares.errors import SparesError
from spares.inventory.availability import Offer, offers
from spares.rma.request_forms import RequestForm
from spares.rma.request_reading import Reading, confirmed_instant
from spares.web import explain

Promised = tuple[Promise, datetime]
"""A promise and the confirmation that it is counted from."""


@dataclass(frozen=True)
class StockLine:
    """What a line would get. `offer` None is a back-order; `offer.rank` above 0 a substitute. `free` counts what is left
    for this line after the lines before it."""

    number: str
    quantity: int
    offer: Offer | None
    free: int


def preview(form: RequestForm, reading: Reading, depot: Depot, now: datetime) -> dict[str, Any]:
    """Everything the live region shows, by name."""
    promised, refusal = _promise(form, reading, depot, now)
    stock = _stock(reading, depot.id, _turn(form, reading, promised))
    promise = (
        _words(promised, depot, now, waiting=any(line.offer is None for line in stock)) if promised and stock else None
    )
    device = reading.device
    return {
        "promise": promise,
        "promise_refusal": refusal,
        "stock": stock,
        "unknown_parts": _unknown_parts(form, reading),
        "device": device,
        "other_customer": device if device and reading.customer and device.customer.id != reading.customer.id else None,
        "today": calendars.depot_calendar(depot).local_day(now),
    }


def _unknown_parts(form: RequestForm, reading: Reading) -> list[str]:
    """What is wrong with the part numbers that were typed, in words, each once."""
    places = [form.part, form.wanted, *(entry.form.part for entry in form.lines)]
    found = [explain(error) for at, error in reading.problems if at.data and any(at is place for place in places)]
    return list(dict.fromkeys(found))


def _promise(form: RequestForm, reading: Reading, depot: Depot, now: datetime) -> tuple[Promised | None, str]:
    try:
        confirmed_at = confirmed_instant(form, reading, depot)
        if confirmed_at is None:
            return None, ""
        if reading.used is None:
            check_confirmed_at(confirmed_at, now)
        return (promise_for(depot, confirmed_at), confirmed_at), ""
    except SparesError as error:
        return None, explain(error)


def _words(promised: Promised, depot: Depot, now: datetime, *, waiting: bool) -> PromiseWords:
    promise, confirmed_at = promised
    return promise_words(
        promise.due_at,
        promise.kind,
        promise.reason,
        confirmed_at,
        promise.provisional,
        now,
        calendars.depot_calendar(depot),
        cutoff=depot.cutoff,
        waiting=waiting,
    )


def _turn(form: RequestForm, reading: Reading, promised: Promised | None) -> Turn | None:
    """Where the request would stand in the queue; None while its promise or level is not known."""
    level = reading.used.level if reading.used is not None else form.level.data
    if promised is None or level not in set(FaultLevel):
        return None
    return Turn(due_at=promised[0].due_at, level=FaultLevel(level))


def _stock(reading: Reading, depot_id: int, turn: Turn | None) -> list[StockLine]:
    """Each line in turn takes what it would get, so that two lines are not promised the same unit; and what others ahead in
    the queue wait for is promised to nobody."""
    asked = {line.part.id for line in reading.wanted if line.part is not None}
    available = {part_id: offers(part_id, depot_id) for part_id in asked}
    some_free = any(offer.free for found in available.values() for offer in found)
    taken = kept_back(asked, depot_id, turn) if turn and some_free else Counter[int]()
    lines = []
    for line in reading.wanted:
        if line.part is None:
            continue
        found = None
        for offer in available[line.part.id]:
            if offer.free - taken[offer.part.id] >= line.quantity:
                found = offer
                break
        free = found.free - taken[found.part.id] if found else 0
        if found is not None:
            taken[found.part.id] += line.quantity
        lines.append(StockLine(line.part.part_number, line.quantity, found, free))
    return lines
