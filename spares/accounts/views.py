"""Signing in and out, the language, and a person's own account."""

from flask import current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts import people_views, queries, services, sessions, sign_in, throttle
from spares.accounts.access import Actor
from spares.accounts.forms import PasswordChangeForm, PasswordSetForm, SignInForm
from spares.accounts.guard import allow, current_actor, public
from spares.accounts.models import User
from spares.accounts.words import ENDED, ROLES, browser
from spares.db import transaction
from spares.errors import Invalid
from spares.web import LANGUAGES, Routes, refusal_status, refusals_on, safe_next, sent_fields

routes = Routes()
routes.add_all(people_views.routes)
KEPT = "kept."
"""Before the names of another form's fields while they travel through the sign-in page."""


@routes.form("/sign-in")
@public
def session_begin() -> ResponseReturnValue:
    """Sign in and go on to `next`; or send a form again that met an ended session (`resend_to` and its kept fields)."""
    form = SignInForm()
    target = safe_next(request.values.get("next"))
    if request.method == "GET" and g.actor is not None:
        return redirect(target)
    if request.method == "POST":
        with refusals_on(form):
            user_id, attempt_id = _proved(form)
            if user_id is not None:
                return _welcomed(user_id, attempt_id, target)
    kept = [(name.removeprefix(KEPT), value) for name, value in sent_fields() if name.startswith(KEPT)]
    page = render_template(
        "accounts/session_ended.html" if "resend_to" in request.form else "accounts/session_begin.html",
        form=form,
        next=target,
        why=ENDED.get(sessions.why_ended(), "") if g.actor is None else "",
        kept=kept,
        resend_to=safe_next(request.form.get("resend_to")),
        roles=ROLES,
        demo_people=queries.demo_people() if current_app.config["SPARES_DEMO_DATA"] else [],
    )
    return page, 200 if request.method == "GET" else refusal_status()


def _proved(form: SignInForm) -> tuple[int | None, int | None]:
    """Who this is, and which attempt proved it; nobody when the form is incomplete. Raises Invalid when refused."""
    demo_name = request.form.get("demo_person")
    if demo_name and current_app.config["SPARES_DEMO_DATA"]:
        return sign_in.demo_person(demo_name), None
    if not form.validate():
        return None, None
    username, password = form.username.data or "", form.password.data or ""
    with transaction():
        attempt_id = throttle.admit(username, request.remote_addr or "", g.now)
    user_id = sign_in.right_password(username, password)
    if user_id is None:
        raise Invalid("sign_in_refused")
    return user_id, attempt_id


def _welcomed(user_id: int, attempt_id: int | None, target: str) -> ResponseReturnValue:
    with transaction():
        user, token = sign_in.begin_session(
            user_id,
            attempt_id=attempt_id,
            address=request.remote_addr or "",
            agent=request.user_agent.string,
            now=g.now,
            demo=current_app.config["SPARES_DEMO_DATA"],
            replaces=g.actor.session_id if g.actor else None,
        )
    _start_form_cookie(user)
    if "resend_to" in request.form:
        g.actor = Actor(id=user.id, name=user.display_name, role=user.role, language=user.language)
        kept = [(name.removeprefix(KEPT), value) for name, value in sent_fields() if name.startswith(KEPT)]
        page = render_template(
            "errors/send_again.html", kept=kept, resend_to=safe_next(request.form["resend_to"]), signed_in=True
        )
        response = make_response(page)
    else:
        response = make_response(redirect(target))
    sessions.give_cookie(response, token)
    return response


def _start_form_cookie(user: User) -> None:
    """A person who comes back finds the forms in his other tabs still valid; another person gets tokens of his own."""
    if cookie.get("person") == user.id:
        return
    language = cookie.get("language")
    cookie.clear()
    g.pop("csrf_token", None)
    cookie["person"] = user.id
    if language:
        cookie["language"] = language


@routes.post("/sign-out")
@public
def session_end() -> ResponseReturnValue:
    """End this browser's session; to the sign-in page in any case."""
    if g.actor is not None:
        with transaction():
            sessions.end(g.actor.session_id, because="signed_out", now=g.now)
    language = cookie.get("language")
    cookie.clear()
    if language:
        cookie["language"] = language
    response = make_response(redirect(url_for("session_begin")))
    sessions.take_cookie(response)
    return response


@routes.post("/language")
@public
def language_set() -> ResponseReturnValue:
    """Show pages in another language from now on: to this person, or in this browser while nobody is signed in."""
    language = LANGUAGES.get(request.form.get("language", ""))
    if language is None:
        raise Invalid("language_unknown")
    cookie["language"] = language
    if g.actor is not None:
        with transaction():
            services.change_language(language, actor=g.actor)
    return redirect(safe_next(request.form.get("next")))


@routes.get("/account")
@allow()
def account_show() -> str:
    """Who one is here, and in which browsers one is signed in."""
    actor = current_actor()
    return render_template(
        "accounts/account_show.html",
        person=queries.user(actor.id or 0),
        open_sessions=queries.open_sessions(actor.id or 0, g.now),
        browser=browser,
    )


@routes.post("/account/sessions/<int:session_id>/end")
@allow()
def session_end_other(session_id: int) -> ResponseReturnValue:
    """End one's session in another browser."""
    with transaction():
        services.end_own_session(session_id, actor=current_actor(), now=g.now)
    flash(_("That browser is signed out."), "success")
    return redirect(url_for("account_show"))


@routes.form("/account/password")
@allow()
def password_change() -> ResponseReturnValue:
    """Change one's password, knowing the present one; wrong guesses are throttled like any sign-in."""
    form = PasswordChangeForm()
    actor = current_actor()
    if form.validate_on_submit():
        with refusals_on(form):
            password = form.checked_password()
            person = queries.user(actor.id or 0)
            with transaction():
                attempt_id = throttle.admit(person.username, request.remote_addr or "", g.now)
            with transaction():
                services.change_password(current=form.current.data or "", password=password, actor=actor, now=g.now)
                throttle.accept(attempt_id)
            flash(_("Your password is changed. Your other browsers are signed out."), "success")
            return redirect(url_for("account_show"))
    page = render_template("accounts/password_change.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.form("/password/<token>")
@public
def password_set(token: str) -> ResponseReturnValue:
    """Set a password by the one-time link that an administrator gave."""
    form = PasswordSetForm()
    person = services.link_owner(token, g.now)
    if form.validate_on_submit():
        with refusals_on(form):
            password = form.checked_password()
            with transaction():
                services.set_password_by_link(token, password=password, now=g.now)
            flash(_("Your password is set. Sign in with it."), "success")
            return redirect(url_for("session_begin"))
    page = render_template("accounts/password_set.html", form=form, person=person)
    return page, 200 if request.method == "GET" else refusal_status()
