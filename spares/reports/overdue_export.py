"""The overdue report as CSV, XLSX and PDF: the same lines and sums as on the screen, in the reader's language."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from itertools import chain
from typing import Any

from flask_babel import gettext as _

from spares.pdf.table import Column as PdfColumn
from spares.pdf.table import Section, table_report
from spares.reports.overdue import OverdueLine, OverdueReport, Sum
from spares.reports.words import BUCKETS, STATES, filter_line
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
    """One table, its totals last: a row a currency, and one for what has no price. The filters stand in the file's name."""
    *others, last = _totals(report)
    yield from write_table_csv(columns(), chain(map(cells, report.lines), others), zone=zone, totals=last)


def as_xlsx(report: OverdueReport, zone: tzinfo) -> bytes:
    """Three sheets: the lines with their totals, by ageing, by customer; below each the filters in force."""
    notes = [filter_line(report)]
    lines = SheetSpec(_("Overdue returns"), columns(), map(cells, report.lines), _totals(report), notes)
    sums = [
        Column("name", _("Ageing")),
        Column("lines", _("Lines"), ColumnKind.INT),
        Column("amount", _("Amount"), ColumnKind.MONEY),
        Column("currency", _("Currency")),
        Column("without_price", _("Without a price"), ColumnKind.INT),
    ]
    ageing = [row for bucket, total in report.by_bucket.items() for row in _sum_rows(str(BUCKETS[bucket]), total)]
    by_customer = [row for (_id, name), total in report.by_customer.items() for row in _sum_rows(name, total)]
    customer_columns = [Column("name", _("Customer")), *sums[1:]]
    specs = [
        lines,
        SheetSpec(_("By ageing"), sums, ageing, notes=notes),
        SheetSpec(_("By customer"), customer_columns, by_customer, notes=notes),
    ]
    return write_xlsx(specs, zone=zone)


def as_pdf(report: OverdueReport, organisation: str, made_at: datetime) -> bytes:
    """The report on A4 landscape, for signing and filing: every fact of the other exports, two to a column."""
    shown = [
        PdfColumn(_("RMA") + "\n" + _("Case"), 1.7),
        PdfColumn(_("Customer"), 3.0),
        PdfColumn(_("Part owed") + "\n" + _("Faulty serial"), 2.6),
        PdfColumn(_("Part sent") + "\n" + _("Replacement serial"), 2.6),
        PdfColumn(_("Shipped") + "\n" + _("Received by customer"), 1.9),
        PdfColumn(_("Due") + "\n" + _("State"), 2.2),
        PdfColumn(_("Working days overdue") + "\n" + _("Ageing"), 2.2, number=True),
        PdfColumn(_("Quantity"), 1.1, number=True),
        PdfColumn(_("Price at dispatch"), 2.0, number=True),
    ]
    totals = [_total_row(_("Total"), _lines_count(report.total.lines), _amounts(report.total))]
    if report.total.without_price:
        totals.append(_total_row(_("Without a price"), _lines_count(report.total.without_price), _("not in the total")))
    heading = _("Overdue returns as of %(day)s", day=report.as_of.isoformat())
    known = _("Computed from what was known at the end of that day; working days of the depot.")
    sections = [
        _section(_("By ageing"), _("Ageing"), [(str(BUCKETS[key]), total) for key, total in report.by_bucket.items()]),
        _section(_("By customer"), _("Customer"), [(name, total) for (_id, name), total in report.by_customer.items()]),
    ]
    footer = f"{organisation} · {instant(made_at)}"
    rows = map(_printed, report.lines)
    return table_report([heading, filter_line(report), known], shown, rows, totals, footer, sections)


def _printed(line: OverdueLine) -> list[str]:
    """The cells of a line on paper."""
    said = cells(line)
    return [
        f"{line.rma_number}\n{line.case_number}",
        line.customer,
        f"{line.part_number}\n{line.faulty_serial or '–'}",
        f"{line.shipped_part_number}\n{line.shipped_serial or '–'}",
        f"{line.shipped_on}\n{line.received_on}",
        "\n".join(word for word in (str(line.due_on), said["state"], said["notice"]) if word),
        f"{line.days_overdue}\n{said['ageing']}",
        str(line.quantity),
        money(None if line.price_minor is None else line.price_minor * line.quantity, line.currency),
    ]


def _total_row(name: str, lines: str, amount: str) -> list[str]:
    return [name, lines, "", "", "", "", "", "", amount]


def _section(title: str, name: str, sums: Sequence[tuple[str, Sum]]) -> Section:
    shown = [
        PdfColumn(name, 6),
        PdfColumn(_("Lines"), 1, number=True),
        PdfColumn(_("Without a price"), 1.5, number=True),
        PdfColumn(_("Amount"), 3, number=True),
    ]
    rows = [[label, str(total.lines), str(total.without_price), _amounts(total)] for label, total in sums]
    return Section(title, shown, rows)


def _amounts(total: Sum) -> str:
    return " + ".join(money(minor, code) for code, minor in sorted(total.amounts.items())) or "–"


def _lines_count(number: int) -> str:
    return str(_("Lines: %(number)d", number=number))


def _totals(report: OverdueReport) -> list[dict[str, Any]]:
    """A row for every currency, at least one, and one that says how many lines have no price, if any."""
    total = report.total
    priced: list[tuple[str, Money | None]] = [
        (code, Money(minor, code)) for code, minor in sorted(total.amounts.items())
    ]
    rows: list[dict[str, Any]] = [
        {"case": _("Total"), "amount": worth, "currency": code} for code, worth in priced or [("", None)]
    ]
    rows[0]["rma"] = _lines_count(total.lines)
    if total.without_price:
        rows.append({"case": _("Without a price"), "rma": _lines_count(total.without_price)})
    return rows


def _sum_rows(name: str, total: Sum) -> list[dict[str, Any]]:
    """A row for every currency, at least one; the counts stand in the first."""
    amounts: list[tuple[str, Money | None]] = [
        (code, Money(minor, code)) for code, minor in sorted(total.amounts.items())
    ]
    rows: list[dict[str, Any]] = [
        {"name": name, "amount": worth, "currency": code} for code, worth in amounts or [("", None)]
    ]
    rows[0] |= {"lines": total.lines, "without_price": total.without_price}
    return rows
