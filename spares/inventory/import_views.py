"""Imports: choose a file, look at what would become of it, start it, watch it, read what was refused."""

from collections.abc import Iterator

from flask import Response, g, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars.queries import depots
from spares.errors import NotFound, SparesError
from spares.files.downloads import content_disposition
from spares.inventory import import_queries, import_words, imports
from spares.inventory.import_forms import ImportForm
from spares.inventory.import_models import ImportKind, ImportState
from spares.inventory.import_outcome import Fate
from spares.inventory.import_queries import RunShown
from spares.inventory.import_report import TYPES, reason, report_csv, report_xlsx, template_file
from spares.once import perform_once
from spares.web import PAGE_SIZE, Routes, page_number, refusal_status

routes = Routes()
MOVING = frozenset({ImportState.WAITING, ImportState.RUNNING})


@routes.get("/imports")
@allow(Permission.IMPORTS_RUN)
def import_list() -> str:
    """Every import, newest first."""
    found, total = import_queries.runs(page=page_number(), size=PAGE_SIZE)
    return render_template(
        "inventory/import_list.html",
        runs=found,
        total=total,
        page=page_number(),
        pages=-(-total // PAGE_SIZE) or 1,
        words=import_words,
    )


@routes.form("/imports/new")
@allow(Permission.IMPORTS_RUN)
def import_new() -> ResponseReturnValue:
    """Choose a file; the answer shows what would become of it."""
    form = ImportForm()
    form.offer([(depot.id, depot.name) for depot in depots()])
    if request.method == "GET":
        kind = request.args.get("kind", "")
        form.kind.data = kind if kind in set(ImportKind) else ImportKind.PARTS.value
    elif form.validate():
        target = _upload(form)
        if target is not None:
            return redirect(target)
    page = render_template("inventory/import_new.html", form=form, words=import_words, kinds=list(ImportKind))
    return page, 200 if request.method == "GET" else refusal_status()


def _upload(form: ImportForm) -> str | None:
    kind = ImportKind(form.kind.data)
    options = {}
    if kind is ImportKind.STOCK:
        options = {"depot_id": form.depot.data, "make_bins": bool(form.make_bins.data)}
    sent = form.file.data
    try:
        upload = imports.check(sent.read(), sent.filename or "", kind)
    except SparesError as error:
        g.refusal_status = error.status
        form.file.errors = [import_words.sentence(error)]
        return None

    def act() -> str:
        run = imports.prepare(upload, options=options, actor=current_actor(), now=g.now)
        return url_for("import_show", number=run.number)

    return perform_once(form.request_key.data or "", g.now, act)


@routes.get("/imports/template/<kind>.<form>")
@allow(Permission.IMPORTS_RUN)
def import_template(kind: str, form: str) -> Response:
    """An empty table to fill in."""
    if kind not in set(ImportKind) or form not in TYPES:
        raise NotFound("not_found")
    name = {ImportKind.PARTS: "备件导入模板", ImportKind.STOCK: "库存导入模板"}[ImportKind(kind)]
    return _download(template_file(ImportKind(kind), form), f"{name}.{form}", form)


@routes.get("/imports/<number>")
@allow(Permission.IMPORTS_RUN)
def import_show(number: str) -> str:
    """One import as it stands: its preview, its progress, or its result."""
    shown = import_queries.run_numbered(number)
    if shown.run.state is ImportState.PREVIEWED:
        return _preview(shown)
    page = page_number()
    refused = [] if shown.run.state in MOVING else import_queries.refusals(shown.run.id, page=page, size=PAGE_SIZE)
    faults = import_queries.refusal_count(shown.run.id) if refused else 0
    failure = import_queries.failure_of(shown.run)
    return render_template(
        "inventory/import_show.html",
        shown=shown,
        run=shown.run,
        refused=[(row, import_words.column_word(row.column), reason(row)) for row in refused],
        failure=reason(failure) if failure else None,
        page=page,
        pages=-(-faults // PAGE_SIZE) or 1,
        faults=faults,
        words=import_words,
    )


def _preview(shown: RunShown) -> str:
    try:
        seen, problem = imports.preview(shown.run), None
    except SparesError as error:
        seen, problem = None, import_words.sentence(error)
    recognised = _recognised(seen) if seen else []
    rows = []
    if seen is not None:
        for position, row in enumerate(seen.rows):
            faults = [
                (import_words.column_word(fault.field) if fault.field else "", import_words.sentence(fault))
                for fault in seen.outcome.refused.get(position, [])
            ]
            rows.append((row, seen.outcome.fates[position], faults))
    return render_template(
        "inventory/import_preview.html",
        shown=shown,
        run=shown.run,
        seen=seen,
        problem=problem,
        rows=rows,
        recognised=recognised,
        recognised_words=", ".join(_as_called(title, word) for _key, title, word in recognised),
        counts=[(fate, seen.outcome.count(fate)) for fate in Fate] if seen else [],
        words=import_words,
    )


def _recognised(seen: imports.Preview) -> list[tuple[str, str, str]]:
    """The columns that are understood: their key, the file's title, what we call them."""
    return [
        (key, title.strip(), import_words.column_word(key))
        for title, key in zip(seen.sheet.titles, seen.sheet.header, strict=False)
        if key in import_words.COLUMNS and title not in seen.ignored_columns
    ]


def _as_called(title: str, word: str) -> str:
    return title if title == word else f"{title} → {word}"


@routes.get("/imports/<number>/progress")
@allow(Permission.IMPORTS_RUN)
def import_progress(number: str) -> Response | str:
    """How far it has come, as a part of the page; once it has ended the whole page is loaded anew."""
    shown = import_queries.run_numbered(number)
    if shown.run.state in MOVING:
        return render_template("inventory/import_progress.html", run=shown.run)
    return Response("", headers={"HX-Refresh": "true"})


@routes.post("/imports/<number>/start")
@allow(Permission.IMPORTS_RUN)
def import_start(number: str) -> ResponseReturnValue:
    """Hand it to the worker."""
    run = import_queries.run_numbered(number).run

    def act() -> str:
        imports.start(run.id, actor=current_actor())
        return url_for("import_show", number=run.number)

    return redirect(perform_once(_key(), g.now, act))


@routes.post("/imports/<number>/cancel")
@allow(Permission.IMPORTS_RUN)
def import_cancel(number: str) -> ResponseReturnValue:
    """Discard a preview, or stop a run behind the rows that it has imported."""
    run = import_queries.run_numbered(number).run
    previewed = run.state is ImportState.PREVIEWED

    def act() -> str:
        imports.cancel(run.id, actor=current_actor(), now=g.now)
        return url_for("import_list") if previewed else url_for("import_show", number=run.number)

    return redirect(perform_once(_key(), g.now, act))


@routes.get("/imports/<number>/refused.<form>")
@allow(Permission.IMPORTS_RUN)
def import_report_file(number: str, form: str) -> Response:
    """The refused rows as a file."""
    run = import_queries.run_numbered(number).run
    if form not in TYPES:
        raise NotFound("not_found")
    found = import_queries.all_refusals(run.id)
    body: bytes | Iterator[bytes] = stream_with_context(report_csv(found)) if form == "csv" else report_xlsx(found)
    name = _("%(number)s refused rows", number=run.number)
    return _download(body, f"{name}.{form}", form)


def _key() -> str:
    return request.form.get("request_key", "")


def _download(body: bytes | Iterator[bytes], name: str, form: str) -> Response:
    return Response(body, content_type=TYPES[form], headers={"Content-Disposition": content_disposition(name)})
