"""Pages that show stock: serial numbers, places and postings."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.errors import SparesError
from spares.inventory import queries, services, stock_queries, stock_services
from spares.inventory.exports import sheet_response, unit_columns, unit_rows
from spares.inventory.holders import holder_labels
from spares.inventory.models import DEPOT_KINDS, Condition, HoldOutcome, LocationKind
from spares.inventory.parts_forms import LocationForm
from spares.inventory.stock_queries import UnitFilter
from spares.inventory.unit_panels import unit_panels
from spares.inventory.words import CONDITION_TONES, CONDITIONS, PLACES, POSTINGS, place_label
from spares.once import perform_once
from spares.web import PAGE_SIZE, Routes, explain, page_number, refusal_status, refusals_on
from spares.whole_numbers import whole

routes = Routes()
WORDS = {
    "conditions": CONDITIONS,
    "tones": CONDITION_TONES,
    "places": PLACES,
    "postings": POSTINGS,
    "place_label": place_label,
}


@routes.get("/units")
@allow(Permission.STOCK_SEE)
def unit_list() -> str:
    """Serial numbers and where they are."""
    wanted = wanted_units(request.args)
    known = stock_queries.choices(wanted)
    rows, following = stock_queries.units(wanted, known, after=request.args.get("after", "")[:200], size=PAGE_SIZE)
    where = [(f"depot:{key}", name) for key, name in known.depots]
    where += [(f"place:{key}", PLACES[kind]) for key, kind in known.places]
    return render_template(
        "inventory/unit_list.html", rows=rows, following=following, wanted=wanted, where=where, **WORDS
    )


@routes.get("/units/export.<kind>")
@allow(Permission.STOCK_SEE)
def unit_export(kind: str) -> ResponseReturnValue:
    """What the list shows, all pages of it."""
    wanted = wanted_units(request.args)
    return sheet_response(kind, _("Units"), unit_columns(), unit_rows(wanted, stock_queries.choices(wanted)))


@routes.get("/units/find")
@allow(Permission.STOCK_SEE)
def unit_find() -> str:
    """Where a serial number is, at once: one statement beside the sign-in."""
    text = request.args.get("q", "").strip()[:80]
    return render_template("inventory/unit_find.html", text=text, rows=stock_queries.find_units(text), **WORDS)


@routes.get("/units/<int:unit_id>")
@allow(Permission.STOCK_SEE)
def unit_show(unit_id: int) -> str:
    """A unit's whole life."""
    life = stock_queries.unit_life(unit_id)
    holders = holder_labels([span.hold.line_id for span in life.holds])
    in_depot = life.now is not None and life.now.location.kind in DEPOT_KINDS
    sent_for = {
        span.hold.line_id for span in life.holds if span.hold.line_id and span.outcome in {None, HoldOutcome.POSTED}
    }
    panels = unit_panels(life.unit, sent_for, current_actor())
    return render_template(
        "inventory/unit_show.html", life=life, holders=holders, in_depot=in_depot, panels=panels, **WORDS
    )


@routes.get("/places")
@allow(Permission.STOCK_SEE)
def location_list() -> str:
    """The depots' places."""
    depots = queries.depots()
    asked = whole(request.args.get("depot", ""))
    depot_id = asked if asked in {one.id for one in depots} else None
    text = request.args.get("q", "").strip()[:40]
    rows, more = queries.locations(depot_id=depot_id, text=text, page=page_number(), size=PAGE_SIZE)
    return render_template(
        "inventory/location_list.html",
        rows=rows,
        more=more,
        page=page_number(),
        text=text,
        depot_id=depot_id,
        depots=[(one.id, one.name) for one in depots],
        may_add=current_actor().may(Permission.STOCK_ADJUST),
        **WORDS,
    )


@routes.get("/places/<int:location_id>")
@allow(Permission.STOCK_SEE)
def location_show(location_id: int) -> str:
    """What lies at a place."""
    location, depot, rows = queries.location_page(location_id)
    where = f"place:{location.id}"
    return render_template(
        "inventory/location_show.html",
        location=location,
        depot=depot,
        rows=rows,
        where=where,
        is_bin=location.kind is LocationKind.BIN,
        **WORDS,
    )


@routes.form("/places/new")
@allow(Permission.STOCK_ADJUST)
def location_new() -> ResponseReturnValue:
    """A new bin."""
    form = LocationForm()
    form.depot.choices = [SelectChoice(depot.id, depot.name) for depot in queries.depots()]
    if form.validate_on_submit():
        with refusals_on(form):

            def act() -> str:
                place = services.add_bin(
                    form.depot.data, form.code.data or "", form.name.data or "", actor=current_actor(), now=g.now
                )
                return url_for("location_show", location_id=place.id)

            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("The bin is there."), "success")
            return redirect(target)
    page = render_template("inventory/location_new.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.get("/postings/<int:posting_id>")
@allow(Permission.STOCK_SEE)
def posting_show(posting_id: int) -> ResponseReturnValue:
    """What moved together, who posted it and when."""
    return _posting_page(posting_id)


@routes.post("/postings/<int:posting_id>/reverse")
@allow(Permission.STOCK_ADJUST)
def posting_reverse(posting_id: int) -> ResponseReturnValue:
    """Take a posting back by a new one."""
    key = request.form.get("request_key", "")
    reason = request.form.get("reason", "")

    def act() -> str:
        made = stock_services.reverse_posting(
            posting_id, reason, request_key=f"reverse:{key}", actor=current_actor(), now=g.now
        )
        return url_for("posting_show", posting_id=made)

    try:
        target = perform_once(key, g.now, act)
    except SparesError as error:
        if error.status in (403, 404):
            raise
        return _posting_page(posting_id, refusal=explain(error), reason=reason), error.status
    flash(_("Taken back. The stock is where it was before."), "success")
    return redirect(target)


def _posting_page(posting_id: int, refusal: str = "", reason: str = "") -> str:
    after = request.args.get("after", "")
    mark = int(after) if after.isdecimal() and len(after) < 19 else 0
    posting, name, undone_by, steps, following = stock_queries.posting_page(posting_id, after=mark, size=PAGE_SIZE)
    may_undo = (
        current_actor().may(Permission.STOCK_ADJUST)
        and undone_by is None
        and posting.kind in stock_services.UNDONE_HERE
    )
    return render_template(
        "inventory/posting_show.html",
        posting=posting,
        who=name,
        undone_by=undone_by,
        steps=steps,
        following=following,
        may_undo=may_undo,
        refusal=refusal,
        reason=reason,
        **WORDS,
    )


def wanted_units(args: MultiDict[str, str]) -> UnitFilter:
    """The list's filter as an address or a form says it; what makes no sense counts as not said."""
    condition = args.get("condition", "")
    return UnitFilter(
        serial=args.get("q", "").strip()[:80],
        part=args.get("part", "").strip()[:250],
        bin=args.get("bin", "").strip()[:40],
        where=args.get("where", "")[:30],
        condition=Condition(condition) if condition in set(Condition) else None,
    )
