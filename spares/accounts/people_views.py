"""What an administrator does about people, and the record of what administrators did."""

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts import audit, audit_words, queries, services
from spares.accounts.access import Permission
from spares.accounts.forms import UserForm, UserNewForm
from spares.accounts.guard import allow, current_actor
from spares.accounts.models import Role
from spares.accounts.words import ACTIONS, ROLES
from spares.db import transaction
from spares.errors import Conflict, SparesError
from spares.once import perform_once
from spares.web import PAGE_SIZE, Routes, explain, page_number, refusal_status, refusals_on

routes = Routes()


@routes.get("/people")
@allow(Permission.PEOPLE_EDIT)
def user_list() -> str:
    """Everybody, the enabled first."""
    text = request.args.get("q", "").strip()[:80]
    role = request.args.get("role", "")
    chosen = Role(role) if role in set(Role) else None
    people, more = queries.users(text=text, role=chosen, page=page_number(), size=PAGE_SIZE)
    return render_template(
        "accounts/user_list.html",
        people=people,
        page=page_number(),
        more=more,
        text=text,
        role=role,
        roles=ROLES,
        roles_options=[(one.value, words) for one, words in ROLES.items()],
    )


@routes.form("/people/new")
@allow(Permission.PEOPLE_EDIT)
def user_new() -> ResponseReturnValue:
    """Add a person; the next page gives the link with which he sets his password."""
    form = UserNewForm()
    if form.validate_on_submit():

        def act() -> str:
            person = services.add_user(
                username=form.username.data or "",
                display_name=form.display_name.data or "",
                role=form.role_chosen(),
                email=form.email.data or "",
                phone=form.phone.data or "",
                actor=current_actor(),
                now=g.now,
            )
            return url_for("user_edit", user_id=person.id)

        with refusals_on(form):
            target = perform_once(request.form.get("request_key", ""), g.now, act)
            flash(_("Added. Now make a password link and hand it over."), "success")
            return redirect(target)
    page = render_template("accounts/user_new.html", form=form)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.form("/people/<int:user_id>")
@allow(Permission.PEOPLE_EDIT)
def user_edit(user_id: int) -> ResponseReturnValue:
    """Change who a person is or what he may do."""
    person = queries.user(user_id)
    form = UserForm(obj=person)
    if request.method == "GET":
        form.role.data = person.role.value
    if form.validate_on_submit():
        with refusals_on(form):
            with transaction():
                if request.form.get("version") != queries.version_of(queries.user(user_id)):
                    raise Conflict("stale_page")
                services.change_user(
                    user_id,
                    display_name=form.display_name.data or "",
                    role=form.role_chosen(),
                    email=form.email.data or "",
                    phone=form.phone.data or "",
                    actor=current_actor(),
                    now=g.now,
                )
            flash(_("Saved."), "success")
            return redirect(url_for("user_edit", user_id=user_id))
    page = _user_page(user_id, form=form)
    return page, 200 if request.method == "GET" else refusal_status()


@routes.post("/people/<int:user_id>/disable")
@allow(Permission.PEOPLE_EDIT)
def user_disable(user_id: int) -> ResponseReturnValue:
    """Shut a person out at once, with a reason."""
    reason = request.form.get("reason", "")
    try:
        with transaction():
            services.disable_user(user_id, reason=reason, actor=current_actor(), now=g.now)
    except SparesError as error:
        if error.status == 404:
            raise
        return _user_page(user_id, refusal=explain(error), reason=reason), error.status
    flash(_("Disabled and signed out everywhere."), "success")
    return redirect(url_for("user_edit", user_id=user_id))


@routes.post("/people/<int:user_id>/enable")
@allow(Permission.PEOPLE_EDIT)
def user_enable(user_id: int) -> ResponseReturnValue:
    """Let a person in again, with a reason."""
    reason = request.form.get("reason", "")
    try:
        with transaction():
            services.enable_user(user_id, reason=reason, actor=current_actor(), now=g.now)
    except SparesError as error:
        if error.status == 404:
            raise
        return _user_page(user_id, refusal=explain(error), reason=reason), error.status
    flash(_("Enabled."), "success")
    return redirect(url_for("user_edit", user_id=user_id))


@routes.post("/people/<int:user_id>/sign-out")
@allow(Permission.PEOPLE_EDIT)
def user_sign_out(user_id: int) -> ResponseReturnValue:
    """End every session of a person."""
    with transaction():
        services.end_sessions(user_id, actor=current_actor(), now=g.now)
    flash(_("Signed out everywhere."), "success")
    return redirect(url_for("user_edit", user_id=user_id))


@routes.post("/people/<int:user_id>/link")
@allow(Permission.PEOPLE_EDIT)
def user_link(user_id: int) -> ResponseReturnValue:
    """Make a one-time password link and show it, this once."""
    with transaction():
        token = services.make_password_link(user_id, actor=current_actor(), now=g.now)
    address = current_app.config["SPARES_BASE_URL"] + url_for("password_set", token=token)
    return render_template(
        "accounts/user_link.html",
        person=queries.user(user_id),
        address=address,
        expires_at=g.now + services.LINK_LASTS,
    )


@routes.get("/audit")
@allow(Permission.PEOPLE_EDIT)
def audit_list() -> str:
    """What was changed outside any case, newest first."""
    subject = request.args.get("subject", "").strip()[:120]
    found, more = audit.entries(subject=subject, page=page_number(), size=PAGE_SIZE)
    records = audit_words.records_of(entry for entry, _name in found)
    rows = [
        (entry, name, audit_words.subject(entry, records), audit_words.details(entry, records)) for entry, name in found
    ]
    return render_template(
        "accounts/audit_list.html",
        rows=rows,
        actions=ACTIONS,
        page=page_number(),
        more=more,
        subject=subject,
    )


def _user_page(user_id: int, *, form: UserForm | None = None, refusal: str = "", reason: str = "") -> str:
    person = queries.user(user_id)
    if form is None:
        form = UserForm(formdata=None, obj=person)
        form.role.data = person.role.value
    return render_template(
        "accounts/user_edit.html",
        person=person,
        form=form,
        version=request.form.get("version") or queries.version_of(person),
        open_sessions=queries.open_sessions(user_id, g.now),
        refusal=refusal,
        reason=reason,
        roles=ROLES,
    )
