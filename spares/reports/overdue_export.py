"""The overdue report as CSV, XLSX and PDF: the same lines and sums as on the screen, in the reader's language."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import chain
from typing import Any

from flask_babel import gettext as _

from spares.pdf.table import Column as PdfColumn
from spares.pdf.table import table_report
from spares.reports.overdue import OverdueLine, OverdueReport, Sum
from spares.reports.words import BUCKETS, STATES
from spares.sheets.money import Money
from spares.sheets.writing import Column, ColumnKind, write_table_csv
from spares.sheets.xlsx_writing import SheetSpec, write_xlsx
from spares.web import instant, money


def columns() -> list[Column]:
    """What each line says, in order."""
    return [
        Column("case", _("Case")),
        Column("rma", _("RMA")),
        Column("customer", _("Customer")),
        Column("part", _("Part owed")),
        Column("faulty_serial", _("Faulty serial")),
        Column("shipped_part", _("Part sent")),
        Column("shipped_serial", _("Replacement serial")),
        Column("shipped_on", _("Shipped"), ColumnKind.DATE),
        Column("received_on", _("Received by customer"), ColumnKind.DATE),
        Column("due_on", _("Due"), ColumnKind.DATE),
        Column("notice", _("Holiday notice")),
        Column("days", _("Working days overdue"), ColumnKind.INT),
        Column("ageing", _("Ageing")),
        Column("state", _("State")),
        Column("quantity", _("Quantity"), ColumnKind.INT),
        Column("amount", _("Price at dispatch"), ColumnKind.MONEY),
        Column("currency", _("Currency")),
    ]


def cells(line: OverdueLine) -> dict[str, Any]:
    """A line as typed values. The amount is the price times the quantity, as in the totals."""
    worth = None if line.price_minor is None else Money(line.price_minor * line.quantity, line.currency)
    return {
        "case": line.case_number,
        "rma": line.rma_number,
        "customer": line.customer,
        "part": line.part_number,
        "faulty_serial": line.faulty_serial,
        "shipped_part": line.shipped_part_number,
        "shipped_serial": line.shipped_serial,
        "shipped_on": line.shipped_on,
        "received_on": line.received_on,
        "due_on": line.due_on,
        "notice": _("Provisional: notice not published") if line.provisional else "",
        "days": line.days_overdue,
        "ageing": str(BUCKETS[line.bucket]),
        "state": str(STATES[line.state][0]),
        "quantity": line.quantity,
        "amount": worth,
        "currency": line.currency if worth else "",
    }


def as_csv(report: OverdueReport, zone: tzinfo) -> Iterator[bytes]:
    """One table, its totals last: a row a currency."""
    *others, last = _totals(report)
    yield from write_table_csv(columns(), chain(map(cells, report.lines), others), zone=zone, totals=last)


def as_xlsx(report: OverdueReport, zone: tzinfo) -> bytes:
    """Three sheets: the lines with their totals, by ageing, by customer."""
    *others, last = _totals(report)
    lines = SheetSpec(_("Overdue returns"), columns(), chain(map(cells, report.lines), others), totals=last)
    sums = [
        Column("name", _("Ageing")),
        Column("lines", _("Lines"), ColumnKind.INT),
        Column("amount", _("Amount"), ColumnKind.MONEY),
        Column("currency", _("Currency")),
    ]
    ageing = [row for bucket, total in report.by_bucket.items() for row in _sum_rows(str(BUCKETS[bucket]), total)]
    by_customer = [row for (_id, name), total in report.by_customer.items() for row in _sum_rows(name, total)]
    customer_columns = [Column("name", _("Customer")), *sums[1:]]
    specs = [lines, SheetSpec(_("By ageing"), sums, ageing), SheetSpec(_("By customer"), customer_columns, by_customer)]
    return write_xlsx(specs, zone=zone)


def as_pdf(report: OverdueReport, organisation: str, made_at: datetime) -> bytes:
    """The report on A4 landscape, for signing and filing."""
    wanted = [
        "case",
        "rma",
        "customer",
        "part",
        "faulty_serial",
        "shipped_serial",
        "shipped_on",
        "due_on",
        "days",
        "state",
    ]
    titles = {column.key: column.title for column in columns()}
    widths = {"customer": 3.0, "part": 2.4, "faulty_serial": 2.2, "shipped_serial": 2.2, "days": 1.2}
    shown = [PdfColumn(titles[key], widths.get(key, 1.7), number=key == "days") for key in wanted]
    shown.append(PdfColumn(titles["amount"], 2.0, number=True))
    rows = ([_printed(cells(line), key) for key in wanted] + [_worth(line)] for line in report.lines)
    totals = [_("Total"), _("%(number)d lines", number=report.total.lines)] + [""] * (len(wanted) - 2)
    totals.append(" + ".join(money(minor, code) for code, minor in sorted(report.total.amounts.items())) or "–")
    heading = _("Overdue returns as of %(day)s", day=report.as_of.isoformat())
    known = _("Computed from what was known at the end of that day; working days of the depot.")
    footer = f"{organisation} · {instant(made_at)}"
    return table_report([heading, known], shown, rows, totals, footer)


def _printed(values: dict[str, Any], key: str) -> str:
    """A cell on paper, where a provisional deadline says so beside the state and takes no column of its own."""
    return f"{values[key]} · {values['notice']}" if key == "state" and values["notice"] else str(values[key])


def _worth(line: OverdueLine) -> str:
    return money(None if line.price_minor is None else line.price_minor * line.quantity, line.currency)


def _totals(report: OverdueReport) -> list[dict[str, Any]]:
    """A row for every currency, at least one."""
    found = [
        {"case": _("Total"), "amount": Money(minor, code), "currency": code}
        for code, minor in sorted(report.total.amounts.items())
    ]
    return found or [{"case": _("Total"), "amount": None, "currency": ""}]


def _sum_rows(name: str, total: Sum) -> list[dict[str, Any]]:
    if not total.amounts:
        return [{"name": name, "lines": total.lines, "amount": None, "currency": ""}]
    return [
        {"name": name, "lines": total.lines if place == 0 else None, "amount": Money(minor, code), "currency": code}
        for place, (code, minor) in enumerate(sorted(total.amounts.items()))
    ]
