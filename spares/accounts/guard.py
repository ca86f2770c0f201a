"""The gate in front of every page: who is asking, and whether the page's permission allows it.

Each view says with `allow(...)` what it needs, or with `public` that it needs nobody. A view that says neither is not
served: forgetting is a refusal, and a test lists every route."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import structlog
from flask import Flask, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from spares.accounts.access import Actor, Permission
from spares.accounts.forms import SignInForm
from spares.accounts.sessions import why_ended
from spares.accounts.words import ENDED, ROLES
from spares.errors import Forbidden
from spares.web import came_from_here, csrf, sent_fields

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger("spares.access")


def allow(*permissions: Permission) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """The view may be called by a signed-in person who has every one of `permissions` (none: anybody signed in)."""

    def mark(view: Callable[P, T]) -> Callable[P, T]:
        view.needs = permissions  # type: ignore[attr-defined]
        return view

    return mark


def public(view: Callable[P, T]) -> Callable[P, T]:
    """The view may be called by anybody, signed in or not."""
    view.needs = None  # type: ignore[attr-defined]
    return view


def needs_of(endpoint: str) -> tuple[Permission, ...] | None:
    """The permissions that a route needs; None when it is public. Raises LookupError when the view says neither."""
    if endpoint == "static":
        return None
    view = current_app.view_functions[endpoint]
    if not hasattr(view, "needs"):
        raise LookupError(endpoint)
    needs: tuple[Permission, ...] | None = view.needs
    return needs


def current_actor() -> Actor:
    """The signed-in person of this request; only for views behind `allow`."""
    actor: Actor = g.actor
    return actor


def _sign_in_first() -> ResponseReturnValue:
    """Off to the sign-in and back here. What was typed into a form is kept in the page that asks for the sign-in; a part
    of a page is answered with a bare 401, upon which the page's script leads to the sign-in."""
    if "HX-Request" in request.headers:
        return "", 401
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("session_begin", next=request.full_path.rstrip("?")))
    if came_from_here():
        page = render_template(
            "accounts/session_ended.html",
            form=SignInForm(formdata=None),
            why=ENDED.get(why_ended(), ""),
            kept=sent_fields(),
            resend_to=request.full_path.rstrip("?"),
        )
        return page, 401
    return redirect(url_for("session_begin"))


def init_app(app: Flask, identify: Callable[[], Actor | None]) -> None:
    """Put the gate in front of `app`; `identify` finds the person from the request's cookie.

    He is found before the check of forms reads what was sent, so that a refusal there (a file too large) knows him."""

    @app.context_processor
    def _role_in_words() -> dict[str, Any]:
        actor: Actor | None = g.get("actor")
        return {"actor_role": ROLES[actor.role] if actor and actor.role else ""}

    @app.before_request
    def _recognise() -> None:
        found = request.endpoint is not None and request.endpoint != "static"
        g.actor = identify() if found else None

    csrf.init_app(app)

    @app.before_request
    def _gate() -> ResponseReturnValue | None:
        if request.endpoint is None or request.endpoint == "static":
            return None
        needs = needs_of(request.endpoint)
        if needs is None:
            return None
        if g.actor is None:
            return _sign_in_first()
        for permission in needs:
            if not g.actor.may(permission):
                log.warning("refused", user=g.actor.id, permission=permission.value, path=request.path)
                raise Forbidden("not_allowed", permission=permission.value)
        return None
