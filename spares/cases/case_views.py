"""Cases: the list, one case with all that belongs to it, and a new one."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.utils import redirect

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.cases import queries
from spares.cases.case_page import case_page
from spares.cases.case_queries import CaseRow, Filter, cases_page
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.forms import CaseForm
from spares.cases.models import CaseState
from spares.cases.routes import routes
from spares.cases.services import Caller, open_case
from spares.cases.words import LEVELS, STATES
from spares.errors import Conflict, Invalid
from spares.files.downloads import content_disposition
from spares.once import perform_once
from spares.sheets.limits import limited
from spares.sheets.writing import Column, ColumnKind, write_table_csv
from spares.sheets.xlsx_writing import SheetSpec, write_xlsx
from spares.web import PAGE_SIZE, page_number, refusal_status, refusals_on, zone

EXPORTED_AT_ONCE = 2000


@routes.get("/cases")
@allow(Permission.CASES_SEE)
def case_list() -> str:
    """Cases, one's own open ones unless asked otherwise."""
    chosen = _filter()
    rows, more = cases_page(chosen, current_actor(), page_number(), PAGE_SIZE)
    return render_template(
        "cases/case_list.html",
        rows=rows,
        more=more,
        page=page_number(),
        chosen=chosen,
        levels=LEVELS,
        states=STATES,
        level_options=[("", _("Every level"))] + [(level.value, words) for level, words in LEVELS.items()],
    )


@routes.get("/cases.csv")
@allow(Permission.CASES_SEE)
def case_export_csv() -> Response:
    """What the list shows, as CSV."""
    lines = write_table_csv(_columns(), _exported(), zone=zone())
    return _download(b"".join(lines), "cases.csv", "text/csv; charset=utf-8")


@routes.get("/cases.xlsx")
@allow(Permission.CASES_SEE)
def case_export_xlsx() -> Response:
    """What the list shows, as a workbook."""
    book = write_xlsx([SheetSpec(_("Cases"), _columns(), _exported())], zone=zone())
    return _download(book, "cases.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@routes.get("/cases/<int:case_id>")
@allow(Permission.CASES_SEE)
def case_show(case_id: int) -> str:
    """One case with its clock, confirmations, exchanges and timeline."""
    return case_page(case_id)


@routes.form("/cases/new")
@allow(Permission.CASES_EDIT)
def case_new() -> ResponseReturnValue:
    """Open a case without asking for a spare."""
    form = CaseForm()
    if form.validate_on_submit():
        target = None
        with refusals_on(form):
            target = _open(form)
        if target is not None:
            return redirect(target)
    page = render_template("cases/case_new.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


def _open(form: CaseForm) -> str:
    devices = queries.devices_with(form.serial.data or "")
    if len(devices) > 1:
        raise Conflict("serial_of_several", field="serial", parts=sorted(one.part.part_number for one in devices))
    known = devices[0] if devices else None
    if (form.customer.data or "").strip():
        customer_id = queries.customer_named(form.customer.data or "").id
    elif known is not None:
        customer_id = known.customer.id
    else:
        raise Invalid("customer_needed", field="customer")
    mine = known if known is not None and known.customer.id == customer_id else None
    facts: dict[str, Any] = {
        "equipment_id": mine.equipment.id if mine else None,
        "site_id": mine.site.id if mine and mine.site else None,
        "contract_id": mine.contract.id if mine and mine.contract else None,
    }
    caller = Caller(
        name=form.contact_name.data or "", phone=form.contact_phone.data or "", email=form.contact_email.data or ""
    )

    def act() -> str:
        case = open_case(
            customer_id=customer_id,
            title=form.title.data or "",
            level=FaultLevel(form.level.data),
            description=form.description.data or "",
            external_number=form.external_number.data or "",
            caller=caller,
            actor=current_actor(),
            now=g.now,
            **facts,
        )
        return url_for("case_show", case_id=case.id)

    return perform_once(form.request_key.data or "", g.now, act)


def _filter() -> Filter:
    """What the address asks for; without a word about it, the engineer's own open cases, and everybody's for others."""
    asked = request.args
    whose = asked.get("whose") or ("mine" if current_actor().may(Permission.CASES_EDIT) and not asked else "all")
    state = asked.get("state", "" if asked else CaseState.OPEN.value)
    level = asked.get("level", "")
    return Filter(
        whose=whose,
        state=CaseState(state) if state in set(CaseState) else None,
        level=FaultLevel(level) if level in set(FaultLevel) else None,
        text=asked.get("q", "").strip()[:120],
    )


def _columns() -> list[Column]:
    return [
        Column("number", _("Case number")),
        Column("customer", _("Customer")),
        Column("title", _("Title")),
        Column("serial", _("Serial")),
        Column("level", _("Fault level")),
        Column("state", _("State")),
        Column("assigned", _("Engineer")),
        Column("opened_at", _("Opened"), ColumnKind.INSTANT),
        Column("closed_at", _("Closed at"), ColumnKind.INSTANT),
    ]


def _exported() -> Iterator[Mapping[str, Any]]:
    return limited(_rows_exported(), "number")


def _rows_exported() -> Iterator[dict[str, str | datetime | None]]:
    for page in count(1):
        rows, more = cases_page(_filter(), current_actor(), page, EXPORTED_AT_ONCE)
        yield from map(_export_row, rows)
        if not more:
            return


def _export_row(row: CaseRow) -> dict[str, str | datetime | None]:
    case = row.case
    return {
        "number": case.number,
        "customer": row.customer,
        "title": case.title,
        "serial": row.serial,
        "level": case.level.value,
        "state": str(STATES[case.state]),
        "assigned": row.assigned,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
    }


def _download(body: bytes, name: str, mime_type: str) -> Response:
    return Response(body, mimetype=mime_type, headers={"Content-Disposition": content_disposition(name)})
