"""The RMA administrator's first screen, exchanges by what blocks them, and the returns by where they stand."""

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

from flask import Response, g, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.files.downloads import content_disposition
from spares.rma import worklists
from spares.rma.due_words import DueWords, due_words
from spares.rma.models import Obligation
from spares.rma.routes import routes
from spares.rma.words import STATES, TONES
from spares.rma.worklists import Block, ReturnTab, Row
from spares.sheets.limits import limited
from spares.sheets.writing import Column, ColumnKind, write_table_csv
from spares.sheets.xlsx_writing import SheetSpec, write_xlsx
from spares.web import PAGE_SIZE, page_number, zone
from spares.whole_numbers import whole
from spares.workdays import Calendar

BLOCKS: dict[Block, Any] = {
    Block.UNCONFIRMED: _l("Receipt not confirmed"),
    Block.OVERDUE: _l("Overdue"),
    Block.DISCREPANCY: _l("Discrepancies"),
    Block.BACK_ORDERED: _l("Waiting for stock"),
    Block.LOST: _l("Lost, to be sent anew"),
    Block.TO_INSPECT: _l("To inspect"),
    Block.ALL: _l("All"),
}
RETURN_TABS: dict[ReturnTab, Any] = {
    ReturnTab.ON_ITS_WAY: _l("On its way back"),
    ReturnTab.TO_INSPECT: _l("To inspect"),
    ReturnTab.TO_PLACE: _l("To be given a place"),
    ReturnTab.OVERDUE: _l("Overdue"),
    ReturnTab.TO_COME: _l("To be sent back"),
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORTED_AT_ONCE = 2000


@routes.get("/rma")
@allow(Permission.RMA_SEE)
def rma_list() -> str:
    """Exchanges by what blocks them."""
    block, text = _asked()
    rows, counts = worklists.exchanges(block, current_actor(), g.now, text=text, page=page_number(), size=PAGE_SIZE)
    by_depot = worklists.calendars_by_depot()
    return render_template(
        "rma/rma_list.html",
        rows=[(row, _worst(row.obligations, by_depot)) for row in rows],
        counts=counts,
        block=block,
        blocks=BLOCKS,
        text=text,
        page=page_number(),
        pages=-(-counts[block] // PAGE_SIZE),
        total=counts[block],
        states=STATES,
        tones=TONES,
        sent_days={
            row.rma.id: [
                (_today(row, by_depot) - shipment.dispatched_at.astimezone(zone()).date()).days
                for shipment in row.shipments
                if shipment.state == "dispatched" and shipment.dispatched_at is not None
            ]
            for row in rows
        },
    )


@routes.get("/rma/export.<any(csv, xlsx):kind>")
@allow(Permission.RMA_SEE)
def rma_export(kind: str) -> Response:
    """The list that is shown, whole, as CSV or XLSX."""
    block, text = _asked()
    columns = _columns()
    rows = limited(_export_rows(block, text), "number")
    if kind == "csv":
        body, content_type = b"".join(write_table_csv(columns, rows, zone=zone())), "text/csv; charset=utf-8"
    else:
        body, content_type = write_xlsx([SheetSpec(str(BLOCKS[block]), columns, rows)], zone=zone()), XLSX
    disposition = content_disposition(f"rma-{block.value}.{kind}")
    return Response(body, content_type=content_type, headers={"Content-Disposition": disposition})


@routes.get("/returns")
@allow(Permission.RMA_SEE)
def return_list() -> str:
    """Returns by where they stand: on their way, to inspect, overdue, still to come."""
    asked = request.args.get("tab", ReturnTab.ON_ITS_WAY)
    tab = ReturnTab(asked) if asked in set(ReturnTab) else ReturnTab.ON_ITS_WAY
    text = request.args.get("q", "").strip()[:80]
    depots = calendars.depots()
    asked_depot = whole(request.args.get("depot", ""))
    depot_id = asked_depot if asked_depot in {one.id for one in depots} else None
    rows, counts = worklists.returns_in(
        tab, current_actor(), g.now, text=text, depot_id=depot_id, page=page_number(), size=PAGE_SIZE
    )
    by_depot = worklists.calendars_by_depot()
    return render_template(
        "rma/return_list.html",
        rows=[(one, due_words(one, g.now, by_depot[one.depot_id])) for one in rows],
        counts=counts,
        tab=tab,
        tabs_words=RETURN_TABS,
        text=text,
        depot_id=depot_id,
        depot_options=[(one.id, one.name) for one in depots],
        page=page_number(),
        pages=-(-counts[tab] // PAGE_SIZE),
        total=counts[tab],
        states=STATES,
        tones=TONES,
    )


def _asked() -> tuple[Block, str]:
    asked = request.args.get("tab", Block.UNCONFIRMED)
    block = Block(asked) if asked in set(Block) else Block.UNCONFIRMED
    return block, request.args.get("q", "").strip()[:80]


def _today(row: Row, by_depot: dict[int, Calendar]) -> date:
    depot_id = row.obligations[0].depot_id if row.obligations else next(iter(by_depot))
    return by_depot[depot_id].local_day(g.now)


def _worst(obligations: list[Obligation], by_depot: dict[int, Calendar]) -> DueWords | None:
    """The return of an exchange that presses most: the earliest due of those that still run."""
    running = [one for one in obligations if one.due_on is not None and one.closed_recorded_at is None]
    if not running:
        return None
    first = min(running, key=lambda one: (one.due_on or date.max, one.id))
    return due_words(first, g.now, by_depot[first.depot_id])


def _columns() -> list[Column]:
    return [
        Column("number", _("Exchange")),
        Column("case", _("Case")),
        Column("customer", _("Customer")),
        Column("requested_at", _("Asked for"), ColumnKind.INSTANT),
        Column("parts", _("Parts")),
        Column("serials", _("Faulty serials")),
        Column("waybills", _("Waybills")),
        Column("due_on", _("Return date"), ColumnKind.DATE),
        Column("states", _("Returns")),
    ]


def _export_rows(block: Block, text: str) -> Iterator[dict[str, Any]]:
    """Every row of the list, read a page at a time."""
    for page in count(1):
        rows, _counts = worklists.exchanges(block, current_actor(), g.now, text=text, page=page, size=EXPORTED_AT_ONCE)
        for row in rows:
            due = [one.due_on for one in row.obligations if one.due_on is not None]
            yield {
                "number": row.rma.number,
                "case": row.case.number,
                "customer": row.customer.name,
                "requested_at": row.rma.requested_at,
                "parts": ", ".join(line.part.part_number for line in row.lines),
                "serials": ", ".join(one.serial for one in row.obligations if one.serial),
                "waybills": ", ".join(one.waybill for one in row.shipments if one.waybill),
                "due_on": min(due) if due else None,
                "states": ", ".join(sorted({str(STATES[one.state]) for one in row.obligations})),
            }
        if len(rows) < EXPORTED_AT_ONCE:
            return
