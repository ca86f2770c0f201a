"""The report of refused rows, in the reader's language: line, column, what stood there, and why."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from spares.errors import Invalid
from spares.inventory.import_models import ImportRefusal
from spares.sheets.writing import write_csv
from spares.web import explain


def reason(refusal: ImportRefusal) -> str:
    """Why the row was refused, as a sentence."""
    return explain(
        Invalid(refusal.code, **{name: fact for name, fact in refusal.facts.items() if name not in {"code", "field"}})
    )


def report_csv(refusals: Iterable[ImportRefusal]) -> Iterator[bytes]:
    """The refused rows as a CSV file that a spreadsheet opens as it is."""
    header = [_("Line"), _("Column"), _("Value"), _("Reason")]
    return write_csv(header, ([row.line, row.column, row.value, reason(row)] for row in refusals))
