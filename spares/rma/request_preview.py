"""What a spare request will bring, before it is sent: the promise with its reason, the device, and the stock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.cases.services import check_confirmed_at
from spares.dispatch.orders import promise_for
from spares.dispatch.promise_words import PromiseWords, promise_words
from spares.errors import SparesError
from spares.inventory.availability import Offer, offers
from spares.rma.request_forms import RequestForm
from spares.rma.request_reading import Reading, confirmed_instant
from spares.web import explain


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
    stock = _stock(reading, depot.id)
    promise, refusal = _promise(form, reading, depot, now, waiting=any(line.offer is None for line in stock))
    device = reading.device
    return {
        "promise": promise,
        "promise_refusal": refusal,
        "stock": stock,
        "device": device,
        "other_customer": device if device and reading.customer and device.customer.id != reading.customer.id else None,
        "today": calendars.depot_calendar(depot).local_day(now),
    }


def _promise(
    form: RequestForm, reading: Reading, depot: Depot, now: datetime, *, waiting: bool
) -> tuple[PromiseWords | None, str]:
    try:
        confirmed_at = confirmed_instant(form, reading, depot)
        if confirmed_at is None:
            return None, ""
        if reading.used is None:
            check_confirmed_at(confirmed_at, now)
        promise = promise_for(depot, confirmed_at)
        words = promise_words(
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
    except SparesError as error:
        return None, explain(error)
    return words, ""


def _stock(reading: Reading, depot_id: int) -> list[StockLine]:
    """Each line in turn takes what it would get, so that two lines are not promised the same unit."""
    asked = {line.part.id for line in reading.wanted if line.part is not None}
    available = {part_id: offers(part_id, depot_id) for part_id in asked}
    taken: dict[int, int] = {}
    lines = []
    for line in reading.wanted:
        if line.part is None:
            continue
        found = None
        for offer in available[line.part.id]:
            if offer.free - taken.get(offer.part.id, 0) >= line.quantity:
                found = offer
                break
        free = found.free - taken.get(found.part.id, 0) if found else 0
        if found is not None:
            taken[found.part.id] = taken.get(found.part.id, 0) + line.quantity
        lines.append(StockLine(line.part.part_number, line.quantity, found, free))
    return lines
