"""What the lists show, as CSV or XLSX: every page of it, within limits, so that a download cannot starve the bench."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from flask import Response, abort, stream_with_context
from flask_babel import gettext as _

from spares.inventory import queries, stock_queries
from spares.inventory.stock_queries import Choices, UnitFilter
from spares.inventory.words import CONDITIONS, TRACKINGS, place_label
from spares.sheets.limits import limited
from spares.sheets.money import Money
from spares.sheets.writing import Column, ColumnKind, write_table_csv
from spares.sheets.xlsx_writing import SheetSpec, write_xlsx
from spares.web import zone

STRIDE = 1000
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def sheet_response(kind: str, title: str, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]]) -> Response:
    """The rows as a download; `kind` is csv or xlsx, anything else is not found. The first column holds text.

    It ends at `limited`'s number of rows, and then says so."""
    if kind not in TYPES:
        abort(404)
    rows = limited(rows, columns[0].key)
    if kind == "csv":
        body: Any = stream_with_context(write_table_csv(columns, rows, zone=zone()))
    else:
        body = write_xlsx([SheetSpec(title, columns, rows)], zone=zone())
    response = Response(body, content_type=TYPES[kind])
    response.headers.set("Content-Disposition", "attachment", filename=f"{title}.{kind}")
    return response


def part_columns() -> list[Column]:
    """The columns of the parts export."""
    return [
        Column("part_number", _("Part number")),
        Column("manufacturer", _("Manufacturer")),
        Column("description", _("Description")),
        Column("category", _("Category")),
        Column("tracking", _("Counted")),
        Column("price", _("Price"), ColumnKind.MONEY),
        Column("free", _("Free"), ColumnKind.INT),
        Column("on_hand", _("On hand, good"), ColumnKind.INT),
        Column("minimum_level", _("Minimum level"), ColumnKind.INT),
    ]


def part_rows(wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every part that the filter finds."""
    for page in count(1):
        rows, more = queries.parts(**wanted, page=page, size=STRIDE)
        for row in rows:
            part = row.part
            yield {
                "part_number": part.part_number,
                "manufacturer": part.manufacturer,
                "description": part.description,
                "category": part.category,
                "tracking": str(TRACKINGS[part.tracking]),
                "price": None if part.price_minor is None else Money(part.price_minor, part.currency),
                "free": row.free,
                "on_hand": row.on_hand,
                "minimum_level": part.minimum_level,
            }
        if not more:
            return


def unit_columns() -> list[Column]:
    """The columns of the units export."""
    return [
        Column("serial", _("Serial number")),
        Column("part_number", _("Part number")),
        Column("manufacturer", _("Manufacturer")),
        Column("condition", _("Condition")),
        Column("depot", _("Depot")),
        Column("place", _("Place")),
        Column("reserved", _("Reserved")),
    ]


def unit_rows(wanted: UnitFilter, known: Choices) -> Iterator[dict[str, Any]]:
    """Every unit that the filter finds, in the list's order."""
    after: str | None = ""
    while True:
        rows, after = stock_queries.units(wanted, known, after=after or "", size=STRIDE)
        for row in rows:
            yield {
                "serial": row.unit.serial,
                "part_number": row.part.part_number,
                "manufacturer": row.part.manufacturer,
                "condition": str(CONDITIONS[row.state.condition]),
                "depot": row.depot.name if row.depot else "",
                "place": str(place_label(row.location)),
                "reserved": _("reserved") if row.state.hold_id is not None else "",
            }
        if after is None:
            return
