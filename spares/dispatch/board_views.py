"""The depot's board, and the scan that starts the work on an order."""

from datetime import datetime, time, timedelta
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.calendars.models import Depot
from spares.db import transaction
from spares.dispatch import board as boards
from spares.dispatch import picking
from spares.dispatch.board import BoardRow, Show
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DeliveryMethod, DispatchOrder
from spares.dispatch.promise_words import order_promise
from spares.dispatch.routes import routes
from spares.dispatch.stock_queue import places
from spares.dispatch.words import LINE_STATES, LINE_TONES, METHODS, NEXT_STEPS
from spares.errors import Conflict, NotFound, SparesError
from spares.labels.queries import read
from spares.numbers import NumberKind, key_of, number, scan_key
from spares.web import PAGE_SIZE, explain, page_number
from spares.workdays import Calendar


@routes.get("/board")
@allow(Permission.DISPATCH_SEE)
def board_show() -> str:
    """What a depot has to send, the earliest promise first."""
    return render_template("dispatch/board_show.html", **board_page())


def board_page() -> dict[str, Any]:
    """What the board's template shows for the present request; the warehouse's start page shows it too."""
    depots = calendars.depots()
    if not depots:
        raise NotFound("no_depot")
    wanted = request.args.get("depot", "")
    depot = next((one for one in depots if one.code == wanted), depots[0])
    calendar = calendars.depot_calendar(depot)
    today = calendar.local_day(g.now)
    show, method = request.args.get("show", ""), request.args.get("method", "")
    shown = Show(show) if show in set(Show) else Show.ALL
    rows, more = boards.board(
        depot.id,
        current_actor(),
        show=shown,
        method=DeliveryMethod(method) if method in set(DeliveryMethod) else None,
        now=g.now,
        day_begins=calendar.at(today, time()),
        day_ends=calendar.at(today + timedelta(days=1), time()),
        page=page_number(),
        size=PAGE_SIZE,
    )
    return {
        "places": places([row.order.id for row in rows if row.is_waiting]),
        "rows": [(row, promised(row, depot, calendar, g.now)) for row in rows],
        "more": more,
        "page": page_number(),
        "depot": depot,
        "depot_options": [(one.code, one.name) for one in depots],
        "method_options": [(one.value, words) for one, words in METHODS.items()],
        "show": shown,
        "Show": Show,
        "method": method,
        "methods": METHODS,
        "states": LINE_STATES,
        "tones": LINE_TONES,
        "steps": NEXT_STEPS,
        "may_work": current_actor().may(Permission.DISPATCH_WORK),
        "next_url": next_url,
    }


@routes.post("/board/scan")
@allow(Permission.DISPATCH_WORK)
def board_scan() -> ResponseReturnValue:
    """A scan at the board: a reserved serial is picked for its order at once, an order's number opens the order."""
    text = read(request.form.get("q", "")).text[:200]
    back = url_for("board_show", depot=request.form.get("depot") or None)
    key = key_of(NumberKind.DISPATCH_ORDER, text)
    if key is not None:
        return redirect(url_for("order_show", number=number(NumberKind.DISPATCH_ORDER, key)))
    found = boards.orders_holding(scan_key(text)) if scan_key(text) else []
    try:
        if not found:
            raise picking.not_reserved(text)
        if len(found) > 1:
            raise Conflict("serial_reserved_twice", scanned=text.strip()[:80])
        with transaction():
            picking.pick_scanned(found[0], text, actor=current_actor(), now=g.now)
    except SparesError as error:
        flash(explain(error), "error")
        return redirect(back)
    row = boards.one(found[0])
    if row is None:
        return redirect(back)
    flash(_("%(serial)s picked.", serial=text.strip()), "success")
    return redirect(after_picking(row))


def after_picking(row: BoardRow) -> str:
    """Where a pick leads: on with picking, or to packing when nothing more is to be picked."""
    if any(line.state is LineState.RESERVED for line in row.lines):
        return url_for("order_pick", number=row.order.number)
    return url_for("order_pack", number=row.order.number)


def next_url(row: BoardRow) -> str:
    """Where the next step of an order is done."""
    match row.next_step:
        case boards.NextStep.PICK:
            return url_for("order_pick", number=row.order.number)
        case boards.NextStep.PACK:
            return url_for("order_pack", number=row.order.number)
        case boards.NextStep.DISPATCH:
            return url_for("shipment_show", number=packed_in(row))
    return url_for("order_show", number=row.order.number)


def packed_in(row: BoardRow) -> str:
    """The number of the order's first packed shipment, or nothing."""
    return next((line.shipment_number for line in row.lines if line.shipment_number), "")


def promised(row: BoardRow, depot: Depot, calendar: Calendar, now: datetime) -> dict[str, Any]:
    """The promise of an order that has not left, in words, for the macro `deadline`."""
    return dict(order_promise(row.order, now, calendar, cutoff=depot.cutoff, waiting=row.is_waiting))


def depot_of(order: DispatchOrder) -> tuple[Depot, Calendar]:
    """The order's depot and its calendar."""
    depot = calendars.depot(order.depot_id)
    return depot, calendars.depot_calendar(depot)
