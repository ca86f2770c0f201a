"""The second count, blind like the first: what to look at once more, bin by bin, and never what the books have."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.inventory import stocktake_deciding, stocktake_queries
from spares.inventory.stocktake_forms import RecountForm
from spares.inventory.stocktake_lifecycle import DifferenceState, RunState
from spares.inventory.stocktake_models import DifferenceKind
from spares.once import perform_once
from spares.web import Routes, refusal_status, refusals_on

routes = Routes()


@routes.get("/stocktakes/<number>/second-counts")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_second_counts(number: str) -> str:
    """What is to be counted a second time, in the order of the bins."""
    run = stocktake_queries.run_of(number)
    judging = run.state is RunState.JUDGING
    return render_template(
        "inventory/stocktake_second_counts.html",
        run=run,
        judging=judging,
        rows=stocktake_queries.second_counts(run.id) if judging else [],
    )


@routes.form("/stocktakes/differences/<int:difference_id>/recount")
@allow(Permission.STOCKTAKE_COUNT)
def stocktake_recount(difference_id: int) -> ResponseReturnValue:
    """Look once more at a serial, or count the pieces of a part in a bin once more."""
    row, run = stocktake_queries.difference_of(difference_id)
    pieces, number = row.kind is DifferenceKind.PIECES, run.number
    form = RecountForm()
    if request.method == "POST" and (not pieces or form.validate_on_submit()):

        def act() -> str:
            seen = request.form.get("seen") == "yes"
            quantity = form.quantity.data if pieces else None
            stocktake_deciding.recount(difference_id, seen=seen, quantity=quantity, actor=current_actor(), now=g.now)
            return url_for("stocktake_second_counts", number=number)

        with refusals_on(form):
            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("The second count stands from now on."), "success")
            return redirect(target)
    row, run = stocktake_queries.difference_of(difference_id)
    page = render_template(
        "inventory/stocktake_recount.html",
        run=run,
        row=row,
        form=form,
        open=run.state is RunState.JUDGING and row.state is DifferenceState.OPEN,
    )
    return page, 200 if request.method == "GET" else refusal_status()
