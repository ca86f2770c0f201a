"""What is done about a stocktake's differences: the list, one difference with its explanation, and the posting."""

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.db import session
from spares.errors import Invalid, SparesError
from spares.inventory import (
    queries,
    stocktake_deciding,
    stocktake_evaluation,
    stocktake_posting,
    stocktake_queries,
    stocktake_words,
)
from spares.inventory.holders import holder_labels
from spares.inventory.models import Condition, Location
from spares.inventory.stocktake_forms import DecideForm
from spares.inventory.stocktake_lifecycle import UNDECIDED, DifferenceState, RunState
from spares.inventory.stocktake_models import DifferenceKind, StocktakeDifference
from spares.inventory.words import CONDITIONS, POSTINGS, place_label
from spares.once import perform_once
from spares.web import Routes, explain, refusal_status, refusals_on
from spares.whole_numbers import whole

routes = Routes()
SHOWN_NETTED = 200
SHOWN_STATES = [state for state in DifferenceState if state is not DifferenceState.EXPLAINED]
WORDS: dict[str, Any] = {
    "words": stocktake_words,
    "conditions": CONDITIONS,
    "postings": POSTINGS,
    "place_label": place_label,
}


@routes.get("/stocktakes/<number>/differences")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_differences(number: str) -> str:
    """The differences by bin, and what the ledger explained."""
    return _list(number)


@routes.post("/stocktakes/<number>/look-again")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_look_again(number: str) -> ResponseReturnValue:
    """Put count and ledger side by side once more."""
    run_id = stocktake_queries.run_of(number).id

    def act() -> str:
        stocktake_deciding.look_again(run_id, actor=current_actor(), now=g.now)
        return url_for("stocktake_differences", number=number)

    return _done(number, act, _("Compared again, as of now."))


@routes.post("/stocktakes/<number>/accept")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_accept(number: str) -> ResponseReturnValue:
    """Accept the chosen differences with one reason: all of them or none."""
    run_id = stocktake_queries.run_of(number).id
    chosen = {key for text in request.form.getlist("difference") if (key := whole(text)) is not None}
    reason = request.form.get("reason", "")

    def act() -> str:
        if not chosen:
            raise Invalid("stocktake_none_chosen")
        for key in sorted(chosen):
            row, run = stocktake_queries.difference_of(key)
            if run.id != run_id:
                raise Invalid("stocktake_none_chosen")
            stocktake_deciding.accept(row.id, reason, actor=current_actor(), now=g.now)
        return url_for("stocktake_differences", number=number)

    words = ngettext("%(num)s difference accepted.", "%(num)s differences accepted.", len(chosen))
    return _done(number, act, words, reason=reason, chosen=chosen)


@routes.get("/stocktakes/differences/<int:difference_id>")
@allow(Permission.STOCKTAKE_SEE)
def stocktake_difference(difference_id: int) -> str:
    """One difference: what was counted, what moved, what was done."""
    return _difference(difference_id)


@routes.post("/stocktakes/differences/<int:difference_id>/decide")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_decide(difference_id: int) -> ResponseReturnValue:
    """Accept it, or leave it as it is: with a reason."""
    row, run = stocktake_queries.difference_of(difference_id)
    number, unknown = run.number, row.kind is DifferenceKind.UNKNOWN
    form = DecideForm()
    if form.validate_on_submit():

        def act() -> str:
            reason, actor = form.reason.data or "", current_actor()
            if request.form.get("verb") == "leave":
                stocktake_deciding.leave(difference_id, reason, actor=actor, now=g.now)
            else:
                typed = (form.part.data or "").strip()
                part_id = queries.find_part(typed).id if unknown and typed else None
                condition = Condition(form.condition.data) if unknown and form.condition.data else None
                stocktake_deciding.accept(
                    difference_id, reason, part_id=part_id, condition=condition, actor=actor, now=g.now
                )
            return url_for("stocktake_differences", number=number)

        with refusals_on(form):
            target = perform_once(_key(), g.now, act)
            flash(_("Decided."), "success")
            return redirect(target)
    return _difference(difference_id, decide=form), refusal_status()


@routes.post("/stocktakes/differences/<int:difference_id>/approve")
@allow(Permission.STOCKTAKE_APPROVE)
def stocktake_approve(difference_id: int) -> ResponseReturnValue:
    """Agree as the second person."""
    return _one(
        difference_id,
        lambda: stocktake_deciding.approve(difference_id, actor=current_actor(), now=g.now),
        _("Approved."),
    )


@routes.post("/stocktakes/differences/<int:difference_id>/reject")
@allow(Permission.STOCKTAKE_APPROVE)
def stocktake_reject(difference_id: int) -> ResponseReturnValue:
    """Do not agree."""
    reason = request.form.get("reason", "")
    return _one(
        difference_id,
        lambda: stocktake_deciding.reject(difference_id, reason, actor=current_actor(), now=g.now),
        _("Not approved. The difference is to be decided again."),
        reason,
    )


@routes.post("/stocktakes/differences/<int:difference_id>/reopen")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_reopen(difference_id: int) -> ResponseReturnValue:
    """Take a decision back."""
    return _one(
        difference_id,
        lambda: stocktake_deciding.reopen(difference_id, actor=current_actor(), now=g.now),
        _("The decision is taken back."),
    )


@routes.form("/stocktakes/<number>/post")
@allow(Permission.STOCKTAKE_RUN)
def stocktake_post(number: str) -> ResponseReturnValue:
    """What will be posted, and the button that does it."""
    run = stocktake_queries.run_of(number)
    if request.method == "GET":
        return _confirmation(number)
    run_id = run.id

    def act() -> str:
        key = f"stocktake:{run_id}"
        stocktake_posting.post_run(run_id, request_key=key, actor=current_actor(), now=g.now)
        return url_for("stocktake_differences", number=number)

    try:
        target = perform_once(_key(), g.now, act)
    except SparesError as error:
        if error.status in (403, 404):
            raise
        return _confirmation(number, explain(error)), error.status
    flash(_("Posted. The books are what was counted."), "success")
    return redirect(target)


def _list(number: str, refusal: str = "", reason: str = "", chosen: set[int] | None = None) -> str:
    run = stocktake_queries.run_of(number)
    rows = [] if run.state is RunState.COUNTING else stocktake_queries.differences(run.id, SHOWN_STATES)
    states = [row.state for row, _by, _second in rows]
    judging = run.state is RunState.JUDGING
    outcome = stocktake_evaluation.evaluate(run) if judging else None
    netted = outcome.netted if outcome else []
    places = session.scalars(select(Location).where(Location.id.in_({one.place_id for one in netted})))
    return render_template(
        "inventory/stocktake_differences.html",
        run=run,
        rows=rows,
        open_count=sum(state in UNDECIDED for state in states),
        accepted=states.count(DifferenceState.ACCEPTED),
        as_booked=outcome.as_booked if outcome else None,
        netted=netted[:SHOWN_NETTED],
        netted_count=len(netted),
        places={place.id: place_label(place) for place in places},
        judging=judging,
        may_decide=judging and current_actor().may(Permission.STOCKTAKE_RUN),
        refusal=refusal,
        reason=reason,
        chosen=chosen or set(),
        **WORDS,
    )


def _difference(
    difference_id: int,
    decide: DecideForm | None = None,
    refusal: str = "",
    reason: str = "",
) -> str:
    row, run = stocktake_queries.difference_of(difference_id)
    counts = stocktake_queries.counts_of(row)
    starts = [one.began_at for _fact, one, _who in counts if one.began_at is not None]
    holds = stocktake_posting.holds_on([row]) if row.state in {*UNDECIDED, DifferenceState.ACCEPTED} else []
    lines = {hold.line_id for hold in holds}
    actor, judging = current_actor(), run.state is RunState.JUDGING
    return render_template(
        "inventory/stocktake_difference.html",
        row=row,
        run=run,
        counts=counts,
        moves=stocktake_queries.moves_around(row, min([row.counted_at, *starts])),
        events=stocktake_queries.events_of(run.id, row.id),
        holders=list(holder_labels(lines).values()),
        decide=decide or DecideForm(formdata=None, part=row.part.part_number if row.part is not None else ""),
        may_count=judging and actor.may(Permission.STOCKTAKE_COUNT) and row.state is DifferenceState.OPEN,
        may_decide=judging and actor.may(Permission.STOCKTAKE_RUN),
        may_approve=judging and actor.may(Permission.STOCKTAKE_APPROVE) and actor.id != row.decided_by_id,
        refusal=refusal,
        reason=reason,
        **WORDS,
    )


def _confirmation(number: str, refusal: str = "") -> str:
    run = stocktake_queries.run_of(number)
    rows = stocktake_queries.differences(run.id, SHOWN_STATES)
    accepted = [row for row, _by, _second in rows if row.state is DifferenceState.ACCEPTED]
    missing = [row for row in accepted if row.kind is not DifferenceKind.FOUND]
    holds = stocktake_posting.holds_on(missing)
    return render_template(
        "inventory/stocktake_post.html",
        run=run,
        accepted=accepted,
        left=sum(row.state is DifferenceState.LEFT for row, _by, _second in rows),
        open_count=sum(row.state in UNDECIDED for row, _by, _second in rows),
        sums=_sums(accepted),
        holders=list(holder_labels({hold.line_id for hold in holds}).values()),
        judging=run.state is RunState.JUDGING,
        refusal=refusal,
        **WORDS,
    )


def _sums(rows: list[StocktakeDifference]) -> list[tuple[str, int, int]]:
    """By currency: what is booked out, and what is booked in, in minor units."""
    sums: dict[str, list[int]] = {}
    for row in rows:
        if row.value_minor:
            sums.setdefault(row.currency, [0, 0])[row.counted > row.expected] += row.value_minor
    return [(currency, out, more) for currency, (out, more) in sorted(sums.items())]


def _one(difference_id: int, act: Callable[[], object], words: str, reason: str = "") -> ResponseReturnValue:
    """A button of the difference's page."""
    _row, run = stocktake_queries.difference_of(difference_id)
    number = run.number

    def answer() -> str:
        act()
        return url_for("stocktake_differences", number=number)

    try:
        target = perform_once(_key(), g.now, answer)
    except SparesError as error:
        if error.status in (403, 404):
            raise
        return _difference(difference_id, refusal=explain(error), reason=reason), error.status
    flash(words, "success")
    return redirect(target)


def _done(
    number: str, act: Callable[[], str], words: str, reason: str = "", chosen: set[int] | None = None
) -> ResponseReturnValue:
    """A button of the list."""
    try:
        target = perform_once(_key(), g.now, act)
    except SparesError as error:
        if error.status in (403, 404):
            raise
        return _list(number, explain(error), reason, chosen), error.status
    flash(words, "success")
    return redirect(target)


def _key() -> str:
    return request.form.get("request_key", "")
