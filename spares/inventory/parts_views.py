"""Pages of the catalogue: the list, a part with its stock, substitutes and stock card, and the forms that change them."""

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares import settings
from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.db import transaction
from spares.errors import SparesError
from spares.inventory import queries, services, stock_queries
from spares.inventory.exports import part_columns, part_rows, sheet_response
from spares.inventory.models import Tracking
from spares.inventory.parts_forms import PartForm, SubstituteForm
from spares.inventory.queries import StockLevel
from spares.inventory.words import CONDITION_TONES, CONDITIONS, POSTINGS, TRACKINGS, place_label
from spares.once import perform_once
from spares.web import PAGE_SIZE, Routes, check_version, explain, page_number, refusal_status, refusals_on
from spares.whole_numbers import whole

routes = Routes()
CARD_SIZE = 20


@routes.get("/parts")
@allow(Permission.STOCK_SEE)
def part_list() -> str:
    """The catalogue."""
    depots = queries.depots()
    wanted = _wanted([depot.id for depot in depots])
    rows, more = queries.parts(**wanted, page=page_number(), size=PAGE_SIZE)
    return render_template(
        "inventory/part_list.html",
        rows=rows,
        more=more,
        page=page_number(),
        wanted=wanted,
        depots=depots,
        depot_options=[(depot.id, depot.name) for depot in depots],
    )


@routes.get("/parts/export.<kind>")
@allow(Permission.STOCK_SEE)
def part_export(kind: str) -> ResponseReturnValue:
    """What the list shows, all pages of it."""
    wanted = _wanted([depot.id for depot in queries.depots()])
    return sheet_response(kind, _("Parts"), part_columns(), part_rows(wanted))


@routes.get("/parts/suggest")
@allow(Permission.STOCK_SEE)
def part_suggest() -> str:
    """Options for a part field while it is typed in. The field's own name tells what was typed."""
    text = next((value for value in request.args.values() if value), "")
    return render_template("inventory/part_suggest.html", parts=queries.suggest_parts(text[:80]))


@routes.get("/parts/<int:part_id>")
@allow(Permission.STOCK_SEE)
def part_show(part_id: int) -> ResponseReturnValue:
    """A part: what there is of it, what may stand in for it, and what moved."""
    return _part_page(part_id)


@routes.form("/parts/new")
@allow(Permission.PARTS_EDIT)
def part_new() -> ResponseReturnValue:
    """Put a part into the catalogue."""
    form = PartForm()
    if request.method == "GET":
        form.tracking.data, form.currency.data = Tracking.SERIAL.value, settings.current().default_currency
        form.part_number.data = request.args.get("part_number", "")[:120]
    elif form.validate():
        with refusals_on(form):

            def act() -> str:
                part = services.add_part(form.values(), actor=current_actor(), now=g.now)
                return url_for("part_show", part_id=part.id)

            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("The part is in the catalogue."), "success")
            return redirect(target)
    page = render_template("inventory/part_edit.html", form=form, part=None)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.form("/parts/<int:part_id>/edit")
@allow(Permission.PARTS_EDIT)
def part_edit(part_id: int) -> ResponseReturnValue:
    """Change a part."""
    part = services.get_part(part_id)
    form = PartForm()
    if request.method == "GET":
        form.fill(part)
    elif form.validate():
        with refusals_on(form):
            with transaction():
                check_version(request.form.get("version"), services.get_part(part_id).version)
                services.edit_part(part_id, form.values(), actor=current_actor(), now=g.now)
            flash(_("Saved."), "success")
            return redirect(url_for("part_show", part_id=part_id))
    seen = request.form.get("version", part.version)
    page = render_template("inventory/part_edit.html", form=form, part=part, version=seen)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.post("/parts/<int:part_id>/substitutes")
@allow(Permission.PARTS_EDIT)
def substitute_add(part_id: int) -> ResponseReturnValue:
    """Propose a substitute; it counts once it has been approved."""
    form = SubstituteForm()
    if form.validate():
        with refusals_on(form):

            def act() -> str:
                try:
                    other = queries.find_part(form.substitute.data or "")
                except SparesError as error:
                    error.field = "substitute"
                    raise
                services.add_substitute(
                    part_id, other.id, form.rank.data or 0, form.note.data or "", actor=current_actor(), now=g.now
                )
                return url_for("part_show", part_id=part_id, _anchor="substitutes")

            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("The substitute is listed. It is offered to requests once it has been approved."), "success")
            return redirect(target)
    return _part_page(part_id, form=form)


@routes.get("/substitutes/<int:substitute_id>")
@allow(Permission.STOCK_SEE)
def substitute_show(substitute_id: int) -> ResponseReturnValue:
    """A substitution stands on the page of the part that it is for."""
    part_id = queries.substituted_part(substitute_id)
    return redirect(url_for("part_show", part_id=part_id, _anchor="substitutes"))


@routes.post("/substitutes/<int:substitute_id>/approve")
@allow(Permission.PARTS_EDIT)
def substitute_approve(substitute_id: int) -> ResponseReturnValue:
    """From now on requests are offered it."""
    return _on_substitute(
        substitute_id,
        lambda: services.approve_substitute(substitute_id, actor=current_actor(), now=g.now),
        _("Approved: requests are offered this substitute from now on."),
    )


@routes.post("/substitutes/<int:substitute_id>/withdraw")
@allow(Permission.PARTS_EDIT)
def substitute_withdraw(substitute_id: int) -> ResponseReturnValue:
    """No new request is offered it."""
    reason = request.form.get("reason", "")
    return _on_substitute(
        substitute_id,
        lambda: services.withdraw_substitute(substitute_id, reason, actor=current_actor(), now=g.now),
        _("Withdrawn: no new request is offered this substitute."),
    )


def _on_substitute(substitute_id: int, act: Callable[[], object], done: str) -> ResponseReturnValue:
    part_id = queries.substituted_part(substitute_id)
    try:
        with transaction():
            act()
    except SparesError as error:
        return _part_page(part_id, refusal=error)
    flash(done, "success")
    return redirect(url_for("part_show", part_id=part_id, _anchor="substitutes"))


def _part_page(
    part_id: int, form: SubstituteForm | None = None, refusal: SparesError | None = None
) -> ResponseReturnValue:
    part = services.get_part(part_id)
    before = request.args.get("after", "")
    mark = int(before) if before.isdecimal() and len(before) < 19 else None
    lines, following = stock_queries.stock_card(part_id, before=mark, size=CARD_SIZE)
    page = render_template(
        "inventory/part_show.html",
        part=part,
        standing=queries.standing(part_id),
        substitutions=queries.substitutions(part_id),
        lines=lines,
        following=following,
        form=form or SubstituteForm(formdata=None),
        conditions=CONDITIONS,
        tones=CONDITION_TONES,
        postings=POSTINGS,
        trackings=TRACKINGS,
        place_label=place_label,
        problems=[explain(refusal)] if refusal else [],
    )
    if refusal:
        return page, refusal.status
    return page, 200 if form is None else refusal_status()


def _wanted(depot_ids: list[int]) -> dict[str, Any]:
    """The list's filter as the address says it; what makes no sense counts as not said."""
    depot = whole(request.args.get("depot", ""))
    level = request.args.get("level", "")
    sort = request.args.get("sort", "number")
    return {
        "text": request.args.get("q", "").strip()[:80],
        "level": StockLevel(level) if level in set(StockLevel) else None,
        "depot_id": depot if depot in depot_ids else None,
        "sort": sort if sort.lstrip("-") in queries.PART_SORTS else "number",
    }
