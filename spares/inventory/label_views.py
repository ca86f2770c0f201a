"""Labels for units and bins: chosen ones, everything that a list shows, or what a posting brought."""

from collections.abc import Sequence
from typing import Any

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from spares.accounts.access import Permission
from spares.accounts.guard import allow
from spares.inventory import label_queries, stock_queries
from spares.inventory.models import Location, Part, Unit
from spares.inventory.stock_views import wanted_units
from spares.labels.layout import BinLabel, UnitLabel
from spares.labels.pages import MOST, Batch, depot_name, label_file, label_page, label_print
from spares.web import Routes
from spares.whole_numbers import whole

routes = Routes()
_FILTERS = ("q", "part", "bin", "where", "condition")


@routes.get("/labels/units")
@allow(Permission.STOCK_SEE)
def label_units() -> ResponseReturnValue:
    """What labels can be made of these units."""
    return label_page(_units(request.args))


@routes.get("/labels/units.<kind>")
@allow(Permission.STOCK_SEE)
def label_units_file(kind: str) -> ResponseReturnValue:
    """The units' labels as a file."""
    return label_file(_units(request.args), kind)


@routes.post("/labels/units/print")
@allow(Permission.STOCK_MOVE)
def label_units_print() -> ResponseReturnValue:
    """The units' labels to the printer."""
    return label_print(_units(request.form))


@routes.get("/labels/bins")
@allow(Permission.STOCK_SEE)
def label_bins() -> ResponseReturnValue:
    """What labels can be made of these bins."""
    return label_page(_bins(request.args))


@routes.get("/labels/bins.<kind>")
@allow(Permission.STOCK_SEE)
def label_bins_file(kind: str) -> ResponseReturnValue:
    """The bins' labels as a file."""
    return label_file(_bins(request.args), kind)


@routes.post("/labels/bins/print")
@allow(Permission.STOCK_MOVE)
def label_bins_print() -> ResponseReturnValue:
    """The bins' labels to the printer."""
    return label_print(_bins(request.form))


def _units(said: MultiDict[str, str]) -> Batch:
    """The units that the address or the form names: by key, by a posting, or by the list's filter."""
    following: list[tuple[str, str]] | None = None
    keys = _keys(said, "unit")
    posting = whole(said.get("posting", ""))
    if keys:
        again = [("unit", str(key)) for key in keys]
        rows = label_queries.units(keys)
        back = url_for("unit_show", unit_id=keys[0]) if len(keys) == 1 else url_for("unit_list")
    elif posting is not None:
        after = whole(said.get("after", "")) or 0
        again = [("posting", str(posting)), ("after", str(after))]
        rows, mark = label_queries.units_of_posting(posting, after=after, size=MOST)
        following = [("posting", str(posting)), ("after", str(mark))] if mark else None
        back = url_for("posting_show", posting_id=posting)
    else:
        filters = [(name, said[name]) for name in _FILTERS if said.get(name)]
        again = [*filters, ("after", said.get("after", "")[:200])]
        wanted = wanted_units(said)
        found, more = stock_queries.units(
            wanted, stock_queries.choices(wanted), after=said.get("after", "")[:200], size=MOST
        )
        rows = [(row.unit, row.part, row.location.depot_id) for row in found]
        following = [*filters, ("after", more)] if more else None
        back = url_for("unit_list", **_named(filters))
    depots = {depot_id for _unit, _part, depot_id in rows if depot_id is not None}
    return Batch(
        labels=[_unit_label(unit, part) for unit, part, _depot_id in rows],
        title=_("Unit labels"),
        file_name="unit-labels",
        endpoint="label_units",
        back=back,
        said=again,
        depot_id=min(depots, default=None),
        following=following,
    )


def _bins(said: MultiDict[str, str]) -> Batch:
    """The bins by key, or those that the list's filter shows."""
    keys, depot_id = _keys(said, "place"), whole(said.get("depot", ""))
    text = said.get("q", "").strip()[:40]
    after = whole(said.get("after", "")) or 0
    rows: Sequence[Location]
    following = None
    if keys:
        again = [("place", str(key)) for key in keys]
        rows = label_queries.bins(keys)
        back = url_for("location_show", location_id=keys[0]) if len(keys) == 1 else url_for("location_list")
    else:
        filters = [("depot", str(depot_id))] if depot_id else []
        filters += [("q", text)] if text else []
        again = [*filters, ("after", str(after))]
        rows, mark = label_queries.bins_like(text, depot_id, after=after, size=MOST)
        following = [*filters, ("after", str(mark))] if mark else None
        back = url_for("location_list", **_named(filters))
    return Batch(
        labels=[_bin_label(row) for row in rows],
        title=_("Bin labels"),
        file_name="bin-labels",
        endpoint="label_bins",
        back=back,
        said=again,
        depot_id=min((row.depot_id for row in rows if row.depot_id is not None), default=None),
        following=following,
    )


def _unit_label(unit: Unit, part: Part) -> UnitLabel:
    return UnitLabel(
        part_number=part.part_number,
        manufacturer=part.manufacturer,
        description=part.description,
        serial=unit.serial,
        serial_words=_("Serial number"),
        base_url=current_app.config["SPARES_BASE_URL"],
    )


def _bin_label(row: Location) -> BinLabel:
    return BinLabel(
        code=row.code,
        place=row.name,
        depot=depot_name(row.depot) if row.depot else "",
        base_url=current_app.config["SPARES_BASE_URL"],
    )


def _named(filters: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return dict(filters)


def _keys(said: MultiDict[str, str], name: str) -> list[int]:
    """The record keys under that name, each once, no more than one file takes."""
    found = [whole(text) for text in said.getlist(name)[:MOST]]
    return list(dict.fromkeys(key for key in found if key is not None))
