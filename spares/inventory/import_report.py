"""The report of refused rows, in the reader's language: line, column, what stood there, and why."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask_babel import gettext as _

from spares.errors import Invalid
from spares.inventory.import_models import ImportKind, ImportRefusal
from spares.inventory.import_rows import TEMPLATES
from spares.inventory.import_words import column_word, sentence
from spares.sheets.writing import Column, ColumnKind, write_csv, write_table_csv
from spares.sheets.xlsx_writing import SheetSpec, write_xlsx
from spares.web import zone

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def reason(refusal: ImportRefusal) -> str:
    """Why the row was refused, as a sentence."""
    error = Invalid(refusal.code)
    error.facts = refusal.facts
    return sentence(error)


def report_csv(refusals: Iterable[ImportRefusal]) -> Iterator[bytes]:
    """The refused rows as a CSV file that a spreadsheet opens as it is."""
    return write_table_csv(_columns(), _rows(refusals), zone=zone())


def report_xlsx(refusals: Iterable[ImportRefusal]) -> bytes:
    """The refused rows as a workbook."""
    return write_xlsx([SheetSpec(_("Refused rows"), _columns(), _rows(refusals))], zone=zone())


def template_file(kind: ImportKind, form: str) -> bytes:
    """An empty table with the titles of every column that this kind of import understands; `form` is csv or xlsx."""
    titles = TEMPLATES[kind.value]
    if form == "csv":
        return b"".join(write_csv(titles, []))
    columns = [Column(key=title, title=title, width=16) for title in titles]
    return write_xlsx([SheetSpec("导入", columns, [])], zone=zone())


def _columns() -> list[Column]:
    return [
        Column("line", _("Line"), ColumnKind.INT),
        Column("column", _("Column")),
        Column("value", _("Value")),
        Column("reason", _("Reason")),
    ]


def _rows(refusals: Iterable[ImportRefusal]) -> Iterator[dict[str, Any]]:
    for row in refusals:
        yield {"line": row.line, "column": column_word(row.column), "value": row.value, "reason": reason(row)}
