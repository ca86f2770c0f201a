"""The page on which labels are made, for whatever the slices above want to label: a choice of paper, a file, or the depot's
printer. Each of them has three addresses of its own (page, file, printer) that begin by asking for a `Batch`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from spares.accounts.access import Permission
from spares.accounts.guard import current_actor
from spares.calendars.models import Depot
from spares.errors import Conflict, Invalid, SparesError
from spares.files.downloads import content_disposition
from spares.labels import drawing, queries, services
from spares.labels.layout import Label
from spares.labels.zpl import DOTS_PER_MM, zpl
from spares.once import perform_once
from spares.web import explain, locale
from spares.whole_numbers import whole

MOST = 200
"""Labels in one file or one sending: about two seconds of work."""
MOST_COPIES = 20


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Labels of one kind. `endpoint` is the page's (`…_file` and `…_print` are its others), `args` the arguments of the
    address, `said` the fields that name the same labels again, `back` where the person came from."""

    labels: Sequence[Label]
    title: str
    file_name: str
    endpoint: str
    back: str
    args: dict[str, Any] = field(default_factory=dict)
    said: Sequence[tuple[str, str]] = ()
    depot_id: int | None = None
    following: Sequence[tuple[str, str]] | None = None

    def address(self, end: str = "", **more: Any) -> str:
        """One of the three addresses."""
        return url_for(f"{self.endpoint}{end}", **(self.args | more))


def label_page(batch: Batch, *, refusal: str = "") -> str:
    """What can be made of these labels."""
    if not batch.labels:
        raise Invalid("labels_none")
    printers = queries.printers()
    return render_template(
        "labels/label_page.html",
        batch=batch,
        printers=printers,
        names=[(row.depot_id, depot_name(depot)) for row, depot in printers],
        next_address=batch.address() + "?" + urlencode(batch.following) if batch.following else "",
        printer=_nearest(batch, [row.depot_id for row, _depot in printers]),
        refusal=refusal,
        most_copies=MOST_COPIES,
        a_sheet=drawing.A_SHEET,
        resolutions=[(dpi, f"{dpi} dpi") for dpi in DOTS_PER_MM],
        sent=request.values,
        may_print=current_actor().may(Permission.STOCK_MOVE),
        may_set=current_actor().may(Permission.SETTINGS_EDIT),
    )


def label_file(batch: Batch, kind: str) -> ResponseReturnValue:
    """The labels as PDF or as ZPL."""
    if kind not in ("pdf", "zpl"):
        abort(404)
    try:
        labels = _copied(batch)
        start = _number("start", 1, drawing.A_SHEET)
        dpi = _number("dpi", min(DOTS_PER_MM), max(DOTS_PER_MM))
        if dpi not in DOTS_PER_MM:
            raise Invalid("number_out_of_range", first=min(DOTS_PER_MM), last=max(DOTS_PER_MM))
    except Invalid as error:
        return label_page(batch, refusal=explain(error)), error.status
    if kind == "zpl":
        return _download(zpl(labels, dpi).encode("ascii"), f"{batch.file_name}.zpl", "text/plain")
    on_sheets = request.args.get("paper") == "a4"
    data = drawing.on_sheets(labels, batch.title, start=start) if on_sheets else drawing.on_roll(labels, batch.title)
    return _download(data, f"{batch.file_name}.pdf", "application/pdf")


def label_print(batch: Batch) -> ResponseReturnValue:
    """Send the labels to the printer of the depot that the form names."""

    def act() -> str:
        labels = _copied(batch)
        depot_id = whole(request.form.get("printer", "")) or batch.depot_id
        if depot_id is None:
            raise Conflict("label_printer_missing")
        services.send(labels, depot_id, title=batch.title, actor=current_actor(), now=g.now)
        return batch.back

    try:
        target = perform_once(request.form.get("request_key", ""), g.now, act)
    except SparesError as error:
        if error.status in (403, 404):
            raise
        return label_page(batch, refusal=explain(error)), error.status
    count = len(batch.labels)
    flash(
        ngettext(
            "%(num)s label is on its way to the printer.", "%(num)s labels are on their way to the printer.", count
        ),
        "success",
    )
    return redirect(target)


def depot_name(depot: Depot) -> str:
    """The depot's name in the reader's language."""
    return depot.name_en if locale() == "en" and depot.name_en else depot.name


def _copied(batch: Batch) -> list[Label]:
    if not batch.labels:
        raise Invalid("labels_none")
    copies = _number("copies", 1, MOST_COPIES)
    if len(batch.labels) * copies > MOST:
        raise Invalid("labels_too_many", limit=MOST)
    return [label for label in batch.labels for _copy in range(copies)]


def _number(name: str, first: int, last: int) -> int:
    """A number that the form says; the first possible one where it says none."""
    text = request.values.get(name, "").strip()
    value = first if not text else whole(text)
    if value is None or not first <= value <= last:
        raise Invalid("number_out_of_range", field=name, first=first, last=last)
    return value


def _nearest(batch: Batch, depot_ids: Sequence[int]) -> int | None:
    if batch.depot_id in depot_ids:
        return batch.depot_id
    return depot_ids[0] if depot_ids else None


def _download(data: bytes, name: str, kind: str) -> Response:
    """A PDF opens in the browser, to be printed from there; ZPL is saved."""
    response = Response(data, mimetype=kind)
    shown = content_disposition(name)
    response.headers["Content-Disposition"] = (
        shown.replace("attachment", "inline", 1) if kind.endswith("pdf") else shown
    )
    return response
