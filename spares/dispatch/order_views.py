"""An order's page, picking by scanning, and the promise set anew."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars.closed_moments import why_closed
from spares.cases.access import must_see
from spares.cases.timeline import entries
from spares.cases.words import told
from spares.db import transaction
from spares.dispatch import board as boards
from spares.dispatch import orders, picking, queries, waiting
from spares.dispatch.board import BoardRow
from spares.dispatch.board_views import after_picking, depot_of, next_url, promised
from spares.dispatch.forms import PromiseForm, sent_key
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchOrder
from spares.dispatch.routes import routes
from spares.dispatch.stock_queue import places
from spares.dispatch.words import (
    DOCUMENTS,
    LINE_STATES,
    LINE_TONES,
    METHODS,
    NEXT_STEPS,
    SHIPMENT_STATES,
    SHIPMENT_TONES,
    address_of,
    reason_words,
)
from spares.errors import Conflict, Invalid, NotFound, SparesError
from spares.labels.queries import read
from spares.once import perform_once
from spares.web import as_utc, explain, refusal_status, refusals_on


@routes.get("/dispatch/<number>")
@allow(Permission.DISPATCH_SEE)
def order_show(number: str) -> str:
    """Everything about an order, with its next step."""
    return order_page(seen_order(number).order.id)


@routes.get("/dispatch/<number>/pick")
@allow(Permission.DISPATCH_WORK)
def order_pick(number: str) -> str:
    """Pick by scanning each serial; counted parts by a button."""
    return _pick_page(seen_order(number))


@routes.post("/dispatch/<number>/pick/scan")
@allow(Permission.DISPATCH_WORK)
def order_scan(number: str) -> ResponseReturnValue:
    """One scan. A repeat of it is harmless by itself: the piece is picked already."""
    row = seen_order(number)
    text = read(request.form.get("q", "")).text[:200]
    tone, title, note, status = "good", "", "", 200
    try:
        with transaction():
            done = picking.pick_scanned(row.order.id, text, actor=current_actor(), now=g.now)
        title = _("%(serial)s: picked for line %(line)s", serial=done.serial, line=done.line_no)
        if done.again:
            tone, title = "warn", _("%(serial)s was picked already", serial=done.serial)
        elif done.swapped_from:
            tone = "warn"
            note = _("Recorded: %(reserved)s was reserved and stays on its shelf.", reserved=done.swapped_from)
    except SparesError as error:
        tone, status = "bad", error.status
        title, note = _("%(scanned)s refused", scanned=text.strip()[:80] or "–"), explain(error)
        note = _bin_instead(text, row.order.depot_id, error.facts) or note
    if "HX-Request" not in request.headers:
        flash(f"{title} {note}".strip(), {"good": "success", "warn": "warning", "bad": "error"}[tone])
        return redirect(after_picking(seen_order(number)) if status == 200 else url_for("order_pick", number=number))
    row = seen_order(number)
    answer = make_response(
        render_template("dispatch/order_scanned.html", row=row, tone=tone, title=title, note=note, **_words()), status
    )
    if status == 200 and not _to_pick(row) and row.next_step is boards.NextStep.PACK:
        flash(f"{title} {note}".strip(), "warning" if tone == "warn" else "success")
        answer.headers["HX-Redirect"] = url_for("order_pack", number=number)
    return answer


@routes.post("/dispatch/<number>/lines/<int:line_id>/pick")
@allow(Permission.DISPATCH_WORK)
def line_pick(number: str, line_id: int) -> ResponseReturnValue:
    """Confirm that the pieces of a counted line are in the box."""
    row = seen_order(number)

    def act() -> str:
        picking.pick_counted(row.order.id, line_id, actor=current_actor(), now=g.now)
        return url_for("order_pick", number=row.order.number)

    if _refused(act):
        return redirect(url_for("order_pick", number=row.order.number))
    return redirect(after_picking(seen_order(number)))


@routes.post("/dispatch/<number>/lines/<int:line_id>/put-back")
@allow(Permission.DISPATCH_WORK)
def line_unpick(number: str, line_id: int) -> ResponseReturnValue:
    """Put a picked item back on its shelf; it stays reserved."""
    row = seen_order(number)

    def act() -> str:
        picking.unpick(row.order.id, line_id, actor=current_actor(), now=g.now)
        return url_for("order_pick", number=row.order.number)

    if not _refused(act):
        flash(_("Put back. It stays reserved for this order."), "success")
    return redirect(url_for("order_pick", number=row.order.number))


@routes.post("/dispatch/<number>/lines/<int:line_id>/reserve")
@allow(Permission.DISPATCH_WORK)
def line_reserve(number: str, line_id: int) -> ResponseReturnValue:
    """Look for stock for a waiting line again."""
    row = seen_order(number)
    target = url_for("order_show", number=row.order.number)

    def act() -> str:
        if not waiting.reserve_waiting(row.order.id, line_id, actor=current_actor(), now=g.now):
            raise Conflict("still_waiting")
        return target

    if not _refused(act):
        flash(_("Reserved."), "success")
    return redirect(target)


@routes.form("/dispatch/<number>/promise")
@allow(Permission.PROMISE_CHANGE)
def promise_change(number: str) -> ResponseReturnValue:
    """Set the promise anew, with a reason; the first one stays visible."""
    row = seen_order(number)
    depot, calendar = depot_of(row.order)
    form = PromiseForm()
    if request.method == "GET":
        form.due_at.data = calendar.local(row.order.due_at).replace(tzinfo=None)
    elif form.validate():
        closed = why_closed(depot, form.due_at.data)

        def act() -> str:
            due_at = as_utc(form.local(), depot.time_zone)
            version = request.form.get("version", "")
            orders.change_promise(
                row.order.id, due_at, reason=form.reason.data or "", actor=current_actor(), now=g.now, version=version
            )
            if (
                closed and not form.keep_closed.data
            ):  # asked last: of a time that cannot be promised there is nothing to ask
                raise Invalid("closed_then", field="due_at", why=closed)
            return url_for("order_show", number=row.order.number)

        with refusals_on(form):
            target = perform_once(sent_key(), g.now, act)
            done = _("The promise was changed. The first one stays visible.")
            flash(f"{done} {closed}".strip(), "success")
            return redirect(target)
    row = seen_order(number)
    page = render_template(
        "dispatch/promise_change.html",
        row=row,
        form=form,
        closed=why_closed(depot, form.due_at.data),
        promise=promised(row, depot, calendar, g.now),
        version=request.form.get("version") or row.order.version,
        changes=queries.promise_changes(row.order.id),
        reason_words=reason_words,
    )
    return page, 200 if request.method == "GET" else refusal_status()


@routes.post("/dispatch/<number>/promise/day")
@allow(Permission.PROMISE_CHANGE)
def promise_preview(number: str) -> str:
    """Whether the depot is closed at the instant typed; a part of the page. Writes nothing."""
    depot, _calendar = depot_of(seen_order(number).order)
    form = PromiseForm()
    return render_template("dispatch/promise_closed.html", form=form, closed=why_closed(depot, form.due_at.data))


def seen_order(number: str) -> BoardRow:
    """The order with its lines as they are now. Raises NotFound when there is none that the person may see."""
    row = boards.one(queries.order_key(number))
    if row is None:
        raise NotFound("not_found")
    must_see(row.order.case, current_actor())
    return row


def order_page(order_id: int, *, refusal: str = "", refused_at: str = "", reason: str = "") -> str:
    """The order's page; also with a refused cancellation: `refused_at` is the address that refused, which keeps what was
    typed."""
    row = boards.one(order_id)
    if row is None:
        raise NotFound("not_found")
    order = row.order
    depot, calendar = depot_of(order)
    sent = queries.shipments_of(order.id)
    subjects = [order.rma_number, *(one.number for one in sent)]
    return render_template(
        "dispatch/order_show.html",
        row=row,
        places=places([order.id] if row.is_waiting else []),
        order=order,
        depot=depot,
        promise=promised(row, depot, calendar, g.now) if order.is_open else None,
        changes=queries.promise_changes(order.id),
        shipments=sent,
        papers=queries.papers(subjects),
        steps_done=timeline_of(order),
        may=current_actor().may,
        Permission=Permission,
        next_url=next_url,
        refusal=refusal,
        refused_at=refused_at,
        reason=reason,
        rma_url=address_of("rma", order.rma_number),
        case_url=url_for("case_show", case_id=order.case_id),
        **_words(),
    )


def timeline_of(order: DispatchOrder) -> list[dict[str, Any]]:
    """The case's steps that concern this order's exchange, newest first."""
    mine = {order.number, order.rma_number}
    found = [one for one in entries(order.case_id) if one.data.get("order") in mine or one.data.get("rma") in mine]
    return [told(one) for one in reversed(found)]


def _words() -> dict[str, Any]:
    return {
        "states": LINE_STATES,
        "tones": LINE_TONES,
        "methods": METHODS,
        "steps": NEXT_STEPS,
        "shipment_states": SHIPMENT_STATES,
        "shipment_tones": SHIPMENT_TONES,
        "documents": DOCUMENTS,
        "reason_words": reason_words,
    }


def _pick_page(row: BoardRow) -> str:
    depot, calendar = depot_of(row.order)
    return render_template(
        "dispatch/order_pick.html", row=row, promise=promised(row, depot, calendar, g.now), **_words()
    )


def _bin_instead(text: str, depot_id: int, facts: Mapping[str, Any]) -> str:
    """What to say when a bin's code was scanned where a serial is wanted; nothing when it was none, or no serial is."""
    code = queries.bin_named(text, depot_id) if text.strip() and facts.get("expected", "–") != "–" else ""
    if not code:
        return ""
    said: str = _(
        "%(bin)s is a bin. Scan the serial on the part that lies in it. %(order)s expects: %(expected)s.",
        bin=code,
        order=facts["order"],
        expected=facts["expected"],
    )
    return said


def _to_pick(row: BoardRow) -> bool:
    return any(line.state is LineState.RESERVED for line in row.lines)


def _refused(act: Callable[[], str]) -> bool:
    """Act once for the form that was sent; a refusal becomes a message on the page that follows."""
    try:
        perform_once(sent_key(), g.now, act)
    except SparesError as error:
        flash(explain(error), "error")
        return True
    return False
