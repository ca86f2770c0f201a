"""Pages of stocktakes: the list, what to count next, a run, and its way from counting to posted."""

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from spares import settings
from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars.models import Depot
from spares.db import session
from spares.errors import Invalid, SparesError
from spares.inventory import queries, stocktake_proposing, stocktake_queries, stocktake_services, stocktake_words
from spares.inventory.exports import sheet_response
from spares.inventory.models import Location, LocationKind
from spares.inventory.stock_scans import lines_of
from spares.inventory.stocktake_exports import result_columns, result_rows
from spares.inventory.stocktake_forms import OpenForm
from spares.inventory.stocktake_lifecycle import BinState
from spares.inventory.stocktake_models import Scope
from spares.numbers import scan_key
from spares.once import perform_once
from spares.web import PAGE_SIZE, Routes, explain, local_day, page_number, refusal_status, refusals_on
from spares.whole_numbers import whole

routes = Routes()
MOST_BINS = 2_000


@routes.get("/stocktakes")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_list() -> str:
    """Stocktakes, newest first."""
    rows, more = stocktake_queries.runs(page=page_number(), size=PAGE_SIZE)
    return render_template(
        "inventory/stocktake_list.html", rows=rows, more=more, page=page_number(), words=stocktake_words
    )


@routes.get("/stocktakes/proposals")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_proposals() -> str:
    """Which bins to count next, and why."""
    depots = queries.depots()
    asked = whole(request.args.get("depot", ""))
    depot = next((one for one in depots if one.id == asked), depots[0] if depots else None)
    currency = settings.current().default_currency
    found = stocktake_proposing.proposals(depot, local_day(g.now), currency) if depot is not None else []
    counting = stocktake_proposing.being_counted(depot.id) if depot is not None else {}
    found.sort(key=lambda row: row[1].id in counting)
    due = sum(one.is_due and place.id not in counting for one, place in found)
    return render_template(
        "inventory/stocktake_proposals.html",
        rows=found[:PAGE_SIZE],
        due=due,
        counting=counting,
        total=len(found),
        depot=depot,
        depots=[(one.id, one.name) for one in depots],
        currency=currency,
    )


@routes.form("/stocktakes/new")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_new() -> ResponseReturnValue:
    """Open a stocktake; the proposals come here with their bins filled in."""
    form = OpenForm()
    form.depot.choices = [SelectChoice(depot.id, depot.name) for depot in queries.depots()]
    if request.method == "GET":
        _fill(form)
    if form.validate_on_submit():

        def act() -> str:
            scope = Scope(form.scope.data)
            run = stocktake_services.open_run(
                form.depot.data,
                scope,
                bin_ids=_bins(form) if scope is Scope.BINS else (),
                part_id=queries.find_part(form.part.data or "").id if scope is Scope.PART else None,
                note=form.note.data or "",
                actor=current_actor(),
                now=g.now,
            )
            return url_for("stocktake_show", number=run.number)

        with refusals_on(form):
            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("The stocktake is open. Scan the first bin."), "success")
            return redirect(target)
    page = render_template("inventory/stocktake_new.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.get("/stocktakes/<number>")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_show(number: str) -> str:
    """How far a stocktake is: bin by bin, and who counts what. Nothing expected is shown."""
    return _show(number)


@routes.post("/stocktakes/<number>/close")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_close(number: str) -> ResponseReturnValue:
    """End the counting."""

    def act(run_id: int) -> str:
        run = stocktake_services.close_counting(run_id, actor=current_actor(), now=g.now)
        return url_for("stocktake_differences", number=run.number)

    return _act(number, act, _("The counting has ended. These are the differences."))


@routes.post("/stocktakes/<number>/resume")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_resume(number: str) -> ResponseReturnValue:
    """Go back to counting."""

    def act(run_id: int) -> str:
        run = stocktake_services.resume_counting(run_id, actor=current_actor(), now=g.now)
        return url_for("stocktake_show", number=run.number)

    return _act(number, act, _("Bins can be counted again."))


@routes.post("/stocktakes/<number>/cancel")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_cancel(number: str) -> ResponseReturnValue:
    """End it without posting."""
    reason = request.form.get("reason", "")

    def act(run_id: int) -> str:
        run = stocktake_services.cancel_run(run_id, reason, actor=current_actor(), now=g.now)
        return url_for("stocktake_show", number=run.number)

    return _act(number, act, _("The stocktake is cancelled. Nothing was posted."), reason=reason)


@routes.get("/stocktakes/<number>/result.<kind>")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_export(number: str, kind: str) -> ResponseReturnValue:
    """The differences and what was done about them, as a sheet."""
    run = stocktake_queries.run_of(number)
    stocktake_queries.refuse_while_counting(run)
    return sheet_response(kind, _("Stocktake %(number)s", number=run.number), result_columns(), result_rows(run))


def _show(number: str, refusal: str = "", cancel_refusal: str = "", reason: str = "") -> str:
    run = stocktake_queries.run_of(number)
    bins = stocktake_queries.bin_rows(run)
    states = [row.one.state for row in bins]
    return render_template(
        "inventory/stocktake_show.html",
        run=run,
        depot=session.get_one(Depot, run.depot_id),
        bins=bins,
        finished=states.count(BinState.FINISHED),
        waiting=states.count(BinState.WAITING),
        counting=states.count(BinState.COUNTING),
        differences=sum(row.differences for row in bins),
        events=stocktake_queries.events_of(run.id),
        refusal=refusal,
        cancel_refusal=cancel_refusal,
        reason=reason,
        words=stocktake_words,
    )


def _act(number: str, act: Callable[[int], str], words: str, reason: str = "") -> ResponseReturnValue:
    """One of the run's buttons: done once, or the run's page with the refusal."""
    run_id = stocktake_queries.run_of(number).id
    try:
        target = perform_once(request.form.get("request_key", ""), g.now, lambda: act(run_id))
    except SparesError as error:
        if error.status in (403, 404):
            raise
        at_reason = error.field == "reason"
        refusals = {"cancel_refusal" if at_reason else "refusal": explain(error)}
        return _show(number, **refusals, reason=reason), error.status
    flash(words, "success")
    return redirect(target)


def _fill(form: OpenForm) -> None:
    """The bins that the proposals' page sends along, as their codes."""
    keys = {key for text in request.args.getlist("bin")[:MOST_BINS] if (key := whole(text)) is not None}
    if not keys:
        return
    places = session.scalars(select(Location).where(Location.id.in_(keys)).order_by(Location.code_key)).all()
    form.bins.data = "\n".join(place.code for place in places)
    if places:
        form.depot.data = places[0].depot_id


def _bins(form: OpenForm) -> list[int]:
    """The keys of the bins that were typed. Raises Invalid naming the first that the depot does not have."""
    codes = lines_of([form.bins.data or ""])
    if len(codes) > MOST_BINS:
        raise Invalid("stocktake_too_many_bins", field="bins", most=MOST_BINS)
    query = select(Location.code_key, Location.id).where(
        Location.depot_id == form.depot.data,
        Location.kind == LocationKind.BIN,
        Location.code_key.in_([scan_key(code) for code in codes]),
    )
    found = dict(session.execute(query).all())
    for code in codes:
        if scan_key(code) not in found:
            raise Invalid("location_unknown", field="bins", typed=code[:40])
    return list(found.values())
