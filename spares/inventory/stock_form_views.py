"""The forms that move and adjust stock by hand; they work for typed lists as well as for a single unit."""

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.db import session
from spares.errors import Invalid
from spares.inventory import queries, stock_queries, stock_services
from spares.inventory.models import Condition, Location, LocationKind, Part, Tracking
from spares.inventory.stock_arrivals import Arriving
from spares.inventory.stock_checks import named_units, place_typed
from spares.inventory.stock_forms import AdjustForm, MoveForm
from spares.inventory.stock_scans import MOST_LINES, lines_of
from spares.inventory.stock_services import Pieces
from spares.labels.queries import read
from spares.once import perform_once
from spares.web import Routes, refusal_status, refusals_on

routes = Routes()


@routes.form("/stock/move")
@allow(Permission.STOCK_MOVE)
def stock_move() -> ResponseReturnValue:
    """Move listed serial numbers, or a quantity of a counted part, to a bin."""
    form = MoveForm()
    _prepare(form)
    if form.validate_on_submit():

        def act() -> str:
            unit_ids, pieces = _named(form)
            target = place_typed(form.to.data or "", form.depot.data, "to")
            made = stock_services.move(
                unit_ids, target.id, pieces=pieces, request_key=_key("move"), actor=current_actor(), now=g.now
            )
            return url_for("posting_show", posting_id=made)

        with refusals_on(form):
            return _done(act, _("Moved."))
    page = render_template("inventory/stock_move.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.form("/stock/adjust")
@allow(Permission.STOCK_ADJUST)
def stock_adjust() -> ResponseReturnValue:
    """Make the books agree with the shelf, with a reason."""
    form = AdjustForm()
    _prepare(form)
    if form.validate_on_submit():

        def act() -> str:
            return url_for("posting_show", posting_id=_adjust(form))

        with refusals_on(form):
            return _done(act, _("Adjusted."))
    page = render_template("inventory/stock_adjust.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


def _adjust(form: AdjustForm) -> int:
    reason = form.reason.data or ""
    common: dict[str, Any] = {"request_key": _key("adjust"), "actor": current_actor(), "now": g.now}
    if form.change.data == "found":
        part = queries.find_part(form.part.data or "")
        condition = Condition(form.condition.data)
        if part.tracking is Tracking.COUNTED:
            items = [Arriving(part_id=part.id, quantity=_quantity(form), condition=condition)]
        else:
            serials = _lines(form)
            items = [Arriving(part_id=part.id, serial=serial, condition=condition) for serial in serials]
        return stock_services.adjust_found(form.depot.data, items, _place(form), reason, **common)
    unit_ids, pieces = _named(form)
    if form.change.data == "lost":
        return stock_services.adjust_lost(unit_ids, reason, pieces=pieces, **common)
    condition = Condition(form.new_condition.data)
    return stock_services.change_condition(unit_ids, condition, reason, pieces=pieces, **common)


def _named(form: MoveForm | AdjustForm) -> tuple[list[int], list[Pieces]]:
    """The units or the pieces that the form names."""
    typed = (form.part.data or "").strip()
    part: Part | None = queries.find_part(typed) if typed else None
    if part is not None and part.tracking is Tracking.COUNTED:
        place, condition = _place(form), Condition(form.condition.data)
        return [], [Pieces(part_id=part.id, location_id=place, condition=condition, quantity=_quantity(form))]
    units = named_units(_lines(form), part.id if part else None)
    return [known.unit.id for known in units], []


def _lines(form: MoveForm | AdjustForm) -> list[str]:
    lines = lines_of(read(line).text for line in lines_of([form.serials.data or ""]))
    if len(lines) > MOST_LINES:
        raise Invalid("too_many_lines", field="serials", most=MOST_LINES)
    return lines


def _quantity(form: MoveForm | AdjustForm) -> int:
    if form.quantity.data is None:
        raise Invalid("text_missing", field="quantity")
    return int(form.quantity.data)


def _place(form: MoveForm | AdjustForm) -> int:
    return place_typed(form.place.data or "", form.depot.data, "place").id


def _prepare(form: MoveForm | AdjustForm) -> None:
    """The depots to choose from, and on GET what the address names: a unit, or a counted part at a place."""
    form.depot.choices = [SelectChoice(depot.id, depot.name) for depot in queries.depots()]
    if request.method != "GET":
        return
    args = request.args
    form.part.data = args.get("part", "")[:250]
    if args.get("condition") in set(Condition):
        form.condition.data = args["condition"]
    place: Location | None = None
    if _is_key(args.get("unit", "")):
        life = stock_queries.unit_life(int(args["unit"]))
        form.serials.data, form.part.data = life.unit.serial, queries.part_name(life.part)
        place = life.now.location if life.now else None
    elif _is_key(args.get("place", "")):
        place = session.get(Location, int(args["place"]))
        form.place.data = place.code if place and place.kind is LocationKind.BIN else ""
    if place is not None and place.depot_id is not None:
        form.depot.data = place.depot_id


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 16


def _key(event: str) -> str:
    return f"{event}:{request.form.get('request_key', '')}"


def _done(act: Any, words: str) -> ResponseReturnValue:
    target = perform_once(request.form.get("request_key", ""), g.now, act)
    flash(words, "success")
    return redirect(target)
