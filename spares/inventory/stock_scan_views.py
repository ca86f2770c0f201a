"""The two scan loops at the bench: receive serial numbers of a part, and put units away bin by bin.

What was scanned lives in the page: each line carries a hidden field of the form that posts, and goes along with every
scan. Without a script the same addresses answer with the whole page."""

from dataclasses import dataclass

from flask import flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.errors import Invalid, SparesError
from spares.inventory import queries, services, stock_services
from spares.inventory.models import Location, Part, Tracking
from spares.inventory.stock_arrivals import Arriving
from spares.inventory.stock_checks import Known, depot_of_shelf, place_typed, shelf, units_by_id
from spares.inventory.stock_forms import ReceiveForm
from spares.inventory.stock_scans import (
    MOST_LINES,
    Scan,
    find_bin,
    judge_arrivals,
    judge_code,
    judge_taking,
    lines_of,
    serials_typed,
    unit_words,
)
from spares.inventory.words import place_label
from spares.labels.queries import read
from spares.once import perform_once
from spares.web import Routes, explain, refusal_status, refusals_on
from spares.whole_numbers import sent_number

routes = Routes()


@dataclass(frozen=True)
class Receipt:
    """What is being received, and to where."""

    part: Part
    location: Location
    reference: str

    @property
    def serial(self) -> bool:
        """Whether serial numbers are scanned, rather than pieces counted."""
        return self.part.tracking is Tracking.SERIAL


@routes.form("/stock/receive")
@allow(Permission.STOCK_MOVE)
def stock_receive() -> ResponseReturnValue:
    """First what and to where, then the serial numbers one after another, then one posting of them all."""
    if request.method == "GET":
        return _choose()
    typed = lines_of([request.form.get("more", "")])
    listed = lines_of(request.form.getlist("serial"))
    removed = request.form.get("remove")
    if removed is not None:
        return _receive_page(_receipt(), [line for line in listed if line != removed], typed="\n".join(typed))
    try:
        target = perform_once(_key(), g.now, lambda: _receive(listed, typed))
    except SparesError as error:
        if error.status == 403:
            raise
        return _receive_page(_receipt(), lines_of([*listed, *typed]), problems=[explain(error)]), error.status
    flash(_("Received."), "success")
    return redirect(target)


@routes.post("/stock/receive/scan")
@allow(Permission.STOCK_MOVE)
def stock_receive_scan() -> ResponseReturnValue:
    """Check one scan at once; nothing is stored."""
    receipt = _receipt()
    htmx = _by_script()
    earlier = lines_of(request.form.getlist("serial") if htmx else [request.form.get("earlier", "")])
    scan = judge_code(receipt.part, request.form.get("q", ""), earlier)
    if not htmx:
        return _receive_page(receipt, [*earlier, scan.value] if scan.value else earlier, said=scan)
    count = len(earlier) + bool(scan.value)
    return _answer(render_template("inventory/receive_scan.html", scan=scan, count=count), scan)


@routes.form("/stock/put-away")
@allow(Permission.STOCK_MOVE)
def stock_put_away() -> ResponseReturnValue:
    """Scan units, then the bin they go to; the bin posts them. POST takes one line out of the list again."""
    units = _units()
    removed = request.form.get("remove", "")
    return _put_away_page([known for known in units if str(known.unit.id) != removed])


@routes.post("/stock/put-away/scan")
@allow(Permission.STOCK_MOVE)
def stock_put_away_scan() -> ResponseReturnValue:
    """A serial number takes a unit in hand; a bin puts away everything in hand."""
    htmx = _by_script()
    units = _units()
    reading = read(request.form.get("q", ""))
    text = reading.text[:200]
    target = find_bin(text, units[0].location.depot_id if units else None)
    if target is not None:
        return _put_away(units, target, htmx)
    scan = judge_taking(text, units, reading.part)
    if not htmx:
        if scan.value:
            units = [*units, *units_by_id([int(scan.value)])]
        return _put_away_page(units, said=scan)
    count = len(units) + bool(scan.value)
    return _answer(render_template("inventory/put_away_scan.html", scan=scan, count=count), scan)


def _choose() -> ResponseReturnValue:
    form = ReceiveForm(request.args, meta={"csrf": False})
    depots = queries.depots()
    form.depot.choices = [SelectChoice(depot.id, depot.name) for depot in depots]
    if form.depot.data is None and depots:
        form.depot.data = depots[0].id
    if "depot" in request.args and form.validate():
        with refusals_on(form):
            part = queries.find_part(form.part.data or "")
            location = shelf(place_typed(form.place.data or "", form.depot.data, "place").id)
            return _receive_page(Receipt(part, location, (form.reference.data or "").strip()), [])
    page = render_template("inventory/stock_receive_choose.html", form=form)
    return page, refusal_status() if "depot" in request.args else 200


def _receipt() -> Receipt:
    """What the page says is being received. Raises NotFound for what does not exist (any more)."""
    part_id = sent_number("part_id")
    location_id = sent_number("location_id")
    return Receipt(services.get_part(part_id), shelf(location_id), _reference())


def _reference() -> str:
    return request.form.get("reference", "")[:200].strip()


def _items(listed: list[str], typed: list[str]) -> list[Arriving]:
    """What the page lists: a quantity when pieces are counted, else serial numbers. The service checks it against the
    part, which is looked up here only where codes were typed."""
    part_id = sent_number("part_id")
    if "quantity" in request.form:
        return [Arriving(part_id=part_id, quantity=sent_number("quantity"))]
    serials = lines_of([*listed, *serials_typed(services.get_part(part_id), typed)]) if typed else listed
    if len(serials) > MOST_LINES:
        raise Invalid("too_many_lines", field="serials", most=MOST_LINES)
    return [Arriving(part_id=part_id, serial=serial) for serial in serials]


def _receive(listed: list[str], typed: list[str]) -> str:
    location_id = sent_number("location_id")
    made = stock_services.receive(
        depot_of_shelf(location_id) or 0,
        _items(listed, typed),
        location_id=location_id,
        reference=_reference(),
        request_key=f"receive:{_key()}",
        actor=current_actor(),
        now=g.now,
    )
    return url_for("posting_show", posting_id=made)


def _receive_page(
    receipt: Receipt,
    listed: list[str],
    *,
    typed: str = "",
    said: Scan | None = None,
    problems: list[str] | None = None,
) -> str:
    """The page with its list, judged anew: what can no longer be taken goes back into the box of typed lines."""
    scans = judge_arrivals(receipt.part, listed) if receipt.serial else []
    taken = [scan for scan in scans if scan.value]
    refused = [scan for scan in scans if not scan.value]
    return render_template(
        "inventory/stock_receive.html",
        receipt=receipt,
        place=place_label(receipt.location),
        taken=taken,
        refused=([said] if said and not said.value else []) + refused,
        typed="\n".join([*(scan.title for scan in refused), *([typed] if typed else [])]),
        problems=problems or [],
    )


def _units() -> list[Known]:
    """The units in hand, by what the page carries; a list that was tampered with is not found."""
    without_script = request.endpoint == "stock_put_away_scan" and not _by_script()
    texts = request.form.get("earlier", "").split() if without_script else request.form.getlist("unit")
    ids = {int(text) for text in texts if text.isdecimal() and len(text) < 16}
    return units_by_id(ids)


def _put_away(units: list[Known], target: Location, htmx: bool) -> ResponseReturnValue:
    if not units:
        scan = Scan("warn", target.code, _("This is a bin. Scan the serial numbers first, then the bin."))
        if not htmx:
            return _put_away_page([], said=scan)
        return _answer(render_template("inventory/put_away_scan.html", scan=scan, count=0), scan)

    # Plain values: the transaction forgets what was read before it, and would read each unit again.
    done = [(known.unit.id, known.unit.serial) for known in units]
    code, target_id = target.code, target.id

    def act() -> str:
        made = stock_services.put_away(
            [unit_id for unit_id, _serial in done],
            target_id,
            request_key=f"put_away:{_key()}",
            actor=current_actor(),
            now=g.now,
        )
        return url_for("posting_show", posting_id=made)

    try:
        address = perform_once(_key(), g.now, act)
    except SparesError as error:
        if error.status == 403:
            raise
        scan = Scan("bad", code, explain(error))
        if not htmx:
            return _put_away_page(_units(), said=scan), error.status
        return _answer(render_template("inventory/put_away_scan.html", scan=scan, count=len(done)), scan)
    words = ngettext("%(num)s unit put away.", "%(num)s units put away.", len(done))
    if not htmx:
        flash(words, "success")
        return redirect(address)
    scan = Scan("good", code, words)
    page = render_template("inventory/put_away_scan.html", scan=scan, count=0, address=address, done=done)
    return _answer(page, scan)


def _put_away_page(units: list[Known], said: Scan | None = None) -> str:
    lines = [Scan("good", known.unit.serial, unit_words(known), str(known.unit.id)) for known in units]
    return render_template("inventory/stock_put_away.html", lines=lines, said=said, arrived=queries.arrived())


def _answer(page: str, scan: Scan) -> ResponseReturnValue:
    return make_response(page, {"good": 200, "warn": 200, "bad": 422}[scan.tone])


def _by_script() -> bool:
    """Whether the scan loop's script sent this; it sends the page's list along, while a plain form has what the page said
    when it was made."""
    return "HX-Request" in request.headers


def _key() -> str:
    return request.form.get("request_key", "")
