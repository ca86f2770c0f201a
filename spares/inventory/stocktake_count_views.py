"""Counting at the shelf: a scan opens a bin, scans count what lies in it, a button says that it is done.

The counting page knows what was scanned and nothing of what is expected."""

from collections.abc import Callable

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.db import session
from spares.errors import Conflict, SparesError
from spares.inventory import queries, stocktake_counting, stocktake_queries, stocktake_words
from spares.inventory.models import Condition, Location, LocationKind, Part, Tracking
from spares.inventory.places import find_location
from spares.inventory.stock_scans import Scan
from spares.inventory.stocktake_forms import PiecesForm
from spares.inventory.stocktake_lifecycle import BinState
from spares.inventory.stocktake_models import StocktakeBin, StocktakeRun
from spares.inventory.words import CONDITIONS
from spares.labels.queries import read
from spares.numbers import scan_key
from spares.once import perform_once
from spares.web import Routes, explain, refusal_status, refusals_on

routes = Routes()
SHOWN = 100
"""Counts listed on the page; the number of all of them stands above the list."""


@routes.post("/stocktakes/<number>/bins")
@allow(Permission.STOCKTAKE_COUNT)
def stocktake_begin(number: str) -> ResponseReturnValue:
    """The bin that was scanned: begin it, or go on with it."""
    run = stocktake_queries.run_of(number)
    run_id, depot_id, text = run.id, run.depot_id, read(request.form.get("q", "")).text[:200]

    def act() -> str:
        place = find_location(text, depot_id)
        one = stocktake_counting.begin_bin(run_id, place.id, actor=current_actor(), now=g.now)
        return url_for("stocktake_count", bin_id=one.id)

    try:
        target = perform_once(_key(), g.now, act)
    except SparesError as error:
        if error.status == 403:
            raise
        flash(explain(error), "error")
        target = url_for("stocktake_show", number=number)
    if "HX-Request" in request.headers:
        return make_response("", {"HX-Redirect": target})
    return redirect(target)


@routes.get("/stocktakes/bins/<int:bin_id>")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_count(bin_id: int) -> ResponseReturnValue:
    """The counting page of a bin."""
    return _page(bin_id, PiecesForm(formdata=None, part=request.args.get("part", "")[:250]))


@routes.post("/stocktakes/bins/<int:bin_id>/scan")
@allow(Permission.STOCKTAKE_COUNT)
def stocktake_scan(bin_id: int) -> ResponseReturnValue:
    """One scan: a serial is counted; the number of a counted part asks for its pieces."""
    reading = read(request.form.get("q", ""))
    text = reading.text[:200]
    htmx = "HX-Request" in request.headers
    refused = _no_serial(bin_id, text)
    if isinstance(refused, Part):
        target = url_for("stocktake_count", bin_id=bin_id, part=queries.part_name(refused))
        return make_response("", {"HX-Redirect": target}) if htmx else redirect(target)
    count_id = 0
    if refused is None:
        refused, count_id = _counted(bin_id, text, reading.part if reading.serial else "")
    if not htmx:
        flash(f"{refused.title}: {refused.text}", {"good": "success", "warn": "warning", "bad": "error"}[refused.tone])
        return redirect(url_for("stocktake_count", bin_id=bin_id))
    count, _counts = stocktake_queries.counted_in(bin_id)
    page = render_template("inventory/stocktake_scan.html", scan=refused, count_id=count_id, count=count)
    return make_response(page, {"good": 200, "warn": 200, "bad": 422}[refused.tone])


@routes.post("/stocktakes/bins/<int:bin_id>/pieces")
@allow(Permission.STOCKTAKE_COUNT)
def stocktake_pieces(bin_id: int) -> ResponseReturnValue:
    """Pieces of a counted part."""
    form = PiecesForm()
    if form.validate_on_submit():

        def act() -> str:
            part = queries.find_part(form.part.data or "")
            condition = Condition(form.condition.data)
            stocktake_counting.count_pieces(
                bin_id, part.id, form.quantity.data or 0, condition, actor=current_actor(), now=g.now
            )
            return url_for("stocktake_count", bin_id=bin_id)

        with refusals_on(form):
            return redirect(perform_once(_key(), g.now, act))
    return _page(bin_id, form), refusal_status()


@routes.post("/stocktakes/counts/<int:count_id>/undo")
@allow(Permission.STOCKTAKE_COUNT)
def stocktake_undo(count_id: int) -> ResponseReturnValue:
    """Take a count back."""

    bin_id = stocktake_queries.bin_of(count_id)

    def act() -> str:
        stocktake_counting.undo(count_id, actor=current_actor(), now=g.now)
        return url_for("stocktake_count", bin_id=bin_id)

    return _done(bin_id, act, _("Taken back."))


@routes.post("/stocktakes/bins/<int:bin_id>/finish")
@allow(Permission.STOCKTAKE_COUNT)
def stocktake_finish(bin_id: int) -> ResponseReturnValue:
    """Everything in the bin was counted."""

    def act() -> str:
        one = stocktake_counting.finish_bin(bin_id, actor=current_actor(), now=g.now)
        return url_for("stocktake_show", number=session.get_one(StocktakeRun, one.run_id).number)

    return _done(bin_id, act, _("The bin is counted. Scan the next one."))


@routes.post("/stocktakes/bins/<int:bin_id>/again")
@allow(Permission.STOCKTAKE_COUNT)
def stocktake_again(bin_id: int) -> ResponseReturnValue:
    """Count a finished bin from the beginning."""

    def act() -> str:
        one = stocktake_counting.count_again(bin_id, request.form.get("reason", ""), actor=current_actor(), now=g.now)
        return url_for("stocktake_count", bin_id=one.id)

    return _done(bin_id, act, _("Count the bin from the beginning. The earlier counts no longer count."))


def _no_serial(bin_id: int, text: str) -> Scan | Part | None:
    """What a scan is when it is no serial: a bin, a part with serial numbers, or a counted part, whose pieces are asked
    for."""
    key = scan_key(text)
    one = session.get(StocktakeBin, bin_id)
    depot_id = one.location.depot_id if one is not None else None
    place = session.scalar(
        select(Location.code).where(
            Location.code_key == key, Location.depot_id == depot_id, Location.kind == LocationKind.BIN
        )
    )
    if place is not None:
        return Scan("bad", place, _("This is a bin. Finish the bin that you are counting first."))
    parts = session.scalars(select(Part).where(Part.part_number_key == key).limit(2)).all() if key else []
    if any(part.tracking is Tracking.SERIAL for part in parts):
        return Scan("bad", text.strip(), _("This is the part number. Scan the serial number."))
    return parts[0] if parts else None


def _counted(bin_id: int, text: str, part_number: str) -> tuple[Scan, int]:
    """Count the serial, and what to say about it; `part_number` where the code names that too. The words of a repeat are
    those of the first time."""

    def act() -> str:
        taken = stocktake_counting.scan(bin_id, text, part_number=part_number, actor=current_actor(), now=g.now)
        said = "again" if taken.again else {True: "here", False: "elsewhere", None: "unknown"}[taken.booked_here]
        return f"{said} {taken.count_id}"

    words = {
        "here": ("good", _("Counted.")),
        "again": ("warn", _("Counted already.")),
        "elsewhere": ("warn", _("Counted as found here: the books have it somewhere else.")),
        "unknown": ("warn", _("Counted as found here: nobody knows this serial number.")),
    }
    try:
        said, _space, count_id = perform_once(_key(), g.now, act).partition(" ")
        if said not in words:  # the key was another form's
            raise Conflict("stale_page")
    except SparesError as error:
        if error.status in (403, 404):
            raise
        return Scan("bad", text.strip()[:80] or "–", explain(error)), 0
    tone, sentence = words[said]
    return Scan(tone, text.strip(), sentence), 0 if said == "again" else int(count_id)


def _page(bin_id: int, form: PiecesForm, refusal: str = "") -> str:
    run, one, facts = stocktake_queries.bin_page(bin_id, SHOWN)
    count, listed = stocktake_queries.counted_in(bin_id)
    return render_template(
        "inventory/stocktake_count.html",
        run=run,
        one=one,
        facts=facts,
        count=count,
        listed=listed,
        counting=one.state is BinState.COUNTING,
        may_count=current_actor().may(Permission.STOCKTAKE_COUNT),
        form=form,
        asks_pieces=bool(form.part.data),
        conditions=CONDITIONS,
        scope_part=session.get_one(Part, run.part_id).part_number if run.part_id is not None else "",
        refusal=refusal,
        words=stocktake_words,
    )


def _done(bin_id: int, act: Callable[[], str], words: str) -> ResponseReturnValue:
    """A button of the counting page: done once, or the bin as it stands now, and why not."""
    try:
        target = perform_once(_key(), g.now, act)
    except Conflict as refusal:
        return _page(bin_id, PiecesForm(formdata=None), explain(refusal)), refusal.status
    flash(words, "success")
    return redirect(target)


def _key() -> str:
    return request.form.get("request_key", "")
