"""The customer's receipt of the good part: the list of those to chase, and the form that starts the clock."""

from datetime import date, datetime
from typing import Any

from flask import flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares import settings
from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.dispatch.lifecycle import ShipmentState
from spares.dispatch.words import METHODS
from spares.errors import Invalid
from spares.files.storage import uploads
from spares.numbers import NumberKind, key_of
from spares.rma import queries, receipts, worklists
from spares.rma.acting import attach_uploads, once, page_key
from spares.rma.deadlines import return_due
from spares.rma.forms import FIRST_DAY, LAST_DAY, ReceiptForm
from spares.rma.routes import routes
from spares.web import PAGE_SIZE, explain, page_number, refusal_status, refusals_on


@routes.get("/receipts")
@allow(Permission.RMA_SEE)
def receipt_list() -> str:
    """What was dispatched and never confirmed, the oldest first: without the receipt no clock runs."""
    text = request.args.get("q", "").strip()[:80]
    rows, total = worklists.unconfirmed(current_actor(), text=text, page=page_number(), size=PAGE_SIZE)
    calendar = calendars.depot_calendar(calendars.default_depot())
    today = calendar.local_day(g.now)
    return render_template(
        "rma/receipt_list.html",
        rows=[
            (row, (today - calendar.local_day(row.shipment.dispatched_at)).days)
            for row in rows
            if row.shipment.dispatched_at
        ],
        total=total,
        pages=-(-total // PAGE_SIZE),
        page=page_number(),
        text=text,
        chase_after=settings.current().chase_receipt_after_days,
        methods=METHODS,
    )


@routes.form("/receipts/<number>")
@allow(Permission.RECEIPT_CONFIRM)
def receipt_confirm(number: str) -> ResponseReturnValue:
    """The customer has it since that day: says before and after when the faulty part must be sent back."""
    shipment_id = key_of(NumberKind.SHIPMENT, number) or 0
    shipment, order, case, customer = queries.shipment_of(shipment_id, current_actor())
    rma_number, case_id = order.rma_number, case.id
    was_lost = shipment.state is ShipmentState.LOST
    depot = calendars.depot(order.depot_id)
    today = calendars.depot_calendar(depot).local_day(g.now)
    form = ReceiptForm()
    if request.method == "GET":
        form.received_on.data = today
    if form.validate_on_submit():
        sent = uploads([form.attachment.data])
        started: list[Any] = []

        def act() -> str:
            assert form.received_on.data is not None  # noqa: S101
            started.extend(
                receipts.confirm_receipt(
                    shipment_id,
                    received_on=form.received_on.data,
                    proof=form.proof.data or "",
                    actor=current_actor(),
                    now=g.now,
                )
            )
            attach_uploads(sent, case_id, "receipt", blame="attachment")
            return url_for("rma_show", number=rma_number)

        with refusals_on(form):
            answer = once(act)
            _tell(started)
            return answer
    page = render_template(
        "rma/receipt_confirm.html",
        shipment=shipment,
        order=order,
        case=case,
        customer=customer,
        items=queries.shipped_items(shipment_id),
        owes=queries.owes(shipment_id, was_lost=was_lost),
        was_lost=was_lost,
        form=form,
        key=page_key(),
        today=today,
        is_open=was_lost or shipment.state is ShipmentState.DISPATCHED,
        due=_due(form.received_on.data, depot),
        doubt="" if form.received_on.errors else _doubt(form.received_on.data, shipment.dispatched_at, depot),
        methods=METHODS,
    )
    return page, 200 if request.method == "GET" else refusal_status()


@routes.post("/receipts/<number>/due")
@allow(Permission.RECEIPT_CONFIRM)
def receipt_preview(number: str) -> str:
    """The return day that the day typed would give; a part of the page."""
    shipment, order, _case, _customer = queries.shipment_of(key_of(NumberKind.SHIPMENT, number) or 0, current_actor())
    try:
        received_on = date.fromisoformat(request.form.get("received_on", ""))
    except ValueError:
        received_on = None
    depot = calendars.depot(order.depot_id)
    doubt = _doubt(received_on, shipment.dispatched_at, depot)
    return render_template("rma/_receipt_due.html", due=_due(received_on, depot), doubt=doubt)


def _due(received_on: date | None, depot: Depot) -> dict[str, Any] | None:
    """What the receipt on that day would mean; None without a sensible day."""
    if received_on is None or not FIRST_DAY <= received_on <= LAST_DAY:
        return None
    days = settings.current().return_within_days
    due = return_due(received_on, calendars.depot_calendar(depot), days)
    return {"received_on": received_on, "due_on": due.due_on, "provisional": due.provisional, "days": days}


def _doubt(received_on: date | None, dispatched_at: datetime | None, depot: Depot) -> str:
    """Why the receipt cannot have been on that day, in the words of the refusal that sending it would meet."""
    calendar = calendars.depot_calendar(depot)
    today = calendar.local_day(g.now)
    if received_on is None or not FIRST_DAY <= received_on <= LAST_DAY:
        return ""
    left_on = calendar.local_day(dispatched_at) if dispatched_at is not None else received_on
    if received_on < left_on:
        return explain(Invalid("received_before_dispatch", day=received_on, left_on=left_on))
    return explain(Invalid("date_in_future", day=received_on)) if received_on > today else ""


def _tell(started: list[Any]) -> None:
    due = sorted({one.due_on for one in started if one.due_on is not None})
    if due:
        days = ", ".join(day.isoformat() for day in due)
        flash(_("Receipt confirmed. The faulty part must be sent back by %(days)s.", days=days), "success")
    else:
        flash(_("Receipt confirmed."), "success")
