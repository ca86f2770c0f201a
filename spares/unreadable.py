"""Texts that cannot be stored are refused at the edge, so that nothing further in has to think of them."""

import re

import structlog
from flask import Flask, g, render_template, request

from spares.web import EXPLANATIONS, came_from_here, error_page, sent_fields

log = structlog.get_logger("spares.web")

_UNREADABLE = re.compile("[\x00-\x03\x05-\x08\x0b\x0c\x0e-\x1b\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that no keyboard and no scanner sends and that not every database, table or print can hold. Tab, line ends
and the separators that scanners put between the fields of a code are none of them: they are dropped when texts are compared."""


def init_app(app: Flask) -> None:
    """Ask before every page. Comes after the guard, so that the refusal is in the person's own language."""
    app.before_request(_refuse)


def _refuse() -> tuple[str, int] | None:
    """The fields come back without those characters, to be sent again, so that nothing else that was typed is lost."""
    texts = [*request.args.values(), *(str(value) for value in (request.view_args or {}).values())]
    if any(_UNREADABLE.search(text) for text in texts):
        return error_page(422, str(EXPLANATIONS["text_unreadable"]))
    names = [upload.filename or "" for upload in request.files.values()]
    typed = [*request.form.keys(), *(value for _name, value in request.form.items(multi=True)), *names]
    if not any(_UNREADABLE.search(text) for text in typed):
        return None
    log.info("unreadable", path=request.path, reference=g.get("reference"))
    if "HX-Request" in request.headers or not came_from_here():
        return error_page(422, str(EXPLANATIONS["text_unreadable"]))
    kept = [(_UNREADABLE.sub("", name), _UNREADABLE.sub("", value)) for name, value in sent_fields()]
    page = render_template(
        "errors/send_again.html",
        kept=kept,
        resend_to=_UNREADABLE.sub("", request.full_path.rstrip("?")),
        unreadable=True,
    )
    return page, 422
