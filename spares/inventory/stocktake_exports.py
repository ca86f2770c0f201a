"""A stocktake's result as a sheet: every difference, explained ones too, with what was counted, booked and decided."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _

from spares.inventory import stocktake_queries
from spares.inventory.models import Condition
from spares.inventory.stocktake_models import DifferenceKind, StocktakeRun
from spares.inventory.stocktake_words import DIFFERENCE_STATES, KINDS
from spares.inventory.words import CONDITIONS, place_label
from spares.numbers import NumberKind, number
from spares.sheets.money import Money
from spares.sheets.writing import Column, ColumnKind


def result_columns() -> list[Column]:
    """The columns of the result sheet."""
    return [
        Column("bin", _("Bin")),
        Column("kind", _("Difference")),
        Column("part_number", _("Part number")),
        Column("serial", _("Serial number")),
        Column("condition", _("Condition")),
        Column("counted", _("Counted pieces"), ColumnKind.INT),
        Column("expected", _("Booked pieces"), ColumnKind.INT),
        Column("difference", _("More or fewer"), ColumnKind.INT),
        Column("booked_at", _("Booked at")),
        Column("counted_at", _("Counted at"), ColumnKind.INSTANT),
        Column("value", _("Worth"), ColumnKind.MONEY),
        Column("state", _("State")),
        Column("reason", _("Reason")),
        Column("decided", _("Decided by")),
        Column("approved", _("Approved by")),
        Column("posting", _("Posting")),
    ]


def result_rows(run: StocktakeRun) -> Iterator[dict[str, Any]]:
    """Every difference of the run, by bin."""
    for row, decided, approved in stocktake_queries.differences(run.id):
        known = row.kind is not DifferenceKind.UNKNOWN or row.part_id is not None
        yield {
            "bin": str(place_label(row.place)),
            "kind": str(KINDS[row.kind]),
            "part_number": row.part.part_number if row.part is not None else "",
            "serial": row.serial,
            "condition": str(CONDITIONS[Condition(row.condition)]) if known else "",
            "counted": row.counted,
            "expected": row.expected,
            "difference": row.counted - row.expected,
            "booked_at": str(place_label(row.booked)) if row.booked is not None else "",
            "counted_at": row.counted_at,
            "value": None if row.value_minor is None else Money(row.value_minor, row.currency),
            "state": str(DIFFERENCE_STATES[row.state][0]),
            "reason": row.reason,
            "decided": decided or "",
            "approved": approved or "",
            "posting": number(NumberKind.POSTING, row.posting_id) if row.posting_id is not None else "",
        }
