"""Changing people: what is recorded, whom it signs out, and what is refused without a trace."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts import passwords, services, sessions
from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import AuditEntry, PasswordLink, Role, User, UserSession
from spares.db import session, transaction
from spares.errors import Conflict, Forbidden, Invalid, NotFound, SparesError
from tests.conftest import NOON
from tests.factories import make_actor, make_user

GOOD = "nine purple otters"


def audit() -> list[tuple[str, str, dict[str, object]]]:
    return [(e.action, e.subject, e.data) for e in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def open_sessions(user_id: int) -> int:
    return (
        session.scalar(select(func.count()).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))) or 0
    )


def added(**changes: object) -> User:
    values: dict[str, object] = {"username": "wang.lei", "display_name": "王 磊", "role": Role.WAREHOUSE}
    with transaction():
        return services.add_user(**(values | {"actor": SYSTEM, "now": NOON} | changes))  # type: ignore[arg-type]


def test_a_person_is_added_and_the_audit_says_so(context: Flask) -> None:
    user = added(username=" Wang.Lei ", email="w@example.com", phone=" 0371 ", password=GOOD)
    session.expire_all()
    assert (user.username, user.username_key, user.display_name, user.phone) == (
        "Wang.Lei",
        "wang.lei",
        "王 磊",
        "0371",
    )
    assert passwords.matches(GOOD, user.password_hash)
    facts = {
        "username": "Wang.Lei",
        "display_name": "王 磊",
        "role": "warehouse",
        "email": "w@example.com",
        "phone": "0371",
    }
    assert audit() == [("user_added", f"user {user.id}", facts)]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"username": "a"}, "username_malformed", "username"),
        ({"username": "a b"}, "username_malformed", "username"),
        ({"username": "<b>x</b>"}, "username_malformed", "username"),
        ({"username": "x" * 81}, "username_malformed", "username"),
        ({"display_name": "  "}, "display_name_missing", "display_name"),
        ({"display_name": "名" * 81}, "display_name_too_long", "display_name"),
        ({"email": "no address"}, "email_malformed", "email"),
        ({"email": "a@b\nBcc: c@d"}, "email_malformed", "email"),
        ({"password": "password1"}, "password_common", "password"),
        ({"password": "wang.lei88"}, "password_made_of_names", "password"),
        ({"username": "TAKEN"}, "username_taken", "username"),
    ],
)
def test_a_refused_person_leaves_nothing(context: Flask, changes: dict[str, object], code: str, field: str) -> None:
    make_user(username="taken")
    with pytest.raises(SparesError) as refusal:
        added(**changes)
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert session.scalars(select(User.username)).all() == ["taken"]
    assert audit() == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_an_administrator_changes_people(context: Flask, role: Role) -> None:
    actor = make_actor(role)
    victim = make_user()
    for attempt in (
        lambda: services.add_user(username="new", display_name="n", role=role, actor=actor, now=NOON),
        lambda: services.change_user(victim.id, display_name="x", role=role, email="", phone="", actor=actor, now=NOON),
        lambda: services.disable_user(victim.id, reason="x", actor=actor, now=NOON),
        lambda: services.enable_user(victim.id, reason="x", actor=actor, now=NOON),
        lambda: services.make_password_link(victim.id, actor=actor, now=NOON),
        lambda: services.end_sessions(victim.id, actor=actor, now=NOON),
    ):
        with pytest.raises(Forbidden), transaction():
            attempt()
    assert audit() == []


def test_a_new_role_signs_out_and_is_recorded_old_and_new(context: Flask) -> None:
    admin, user = make_actor(Role.ADMINISTRATOR), make_user(Role.ENGINEER, display_name="旧名")
    with transaction():
        sessions.begin(user, address="", agent="", now=NOON)
    change = {"display_name": "新名", "email": "", "phone": "", "actor": admin, "now": NOON}
    with transaction():
        services.change_user(user.id, role=Role.ENGINEER, **change)  # type: ignore[arg-type]
    assert open_sessions(user.id) == 1
    with transaction():
        services.change_user(user.id, role=Role.FINANCE, **change)  # type: ignore[arg-type]
        services.change_user(user.id, role=Role.FINANCE, **change)  # type: ignore[arg-type]
    assert open_sessions(user.id) == 0
    assert audit() == [
        ("user_changed", f"user {user.id}", {"display_name": ["旧名", "新名"]}),
        ("user_changed", f"user {user.id}", {"role": ["engineer", "finance"]}),
    ]


def test_disabling_shuts_out_at_once_and_enabling_lets_in(context: Flask) -> None:
    admin, user = make_actor(Role.ADMINISTRATOR), make_user()
    with transaction():
        sessions.begin(user, address="", agent="", now=NOON)
        token = services.make_password_link(user.id, actor=admin, now=NOON)
    with transaction():
        services.disable_user(user.id, reason=" left ", actor=admin, now=NOON)
        services.disable_user(user.id, reason="again", actor=admin, now=NOON)
    assert open_sessions(user.id) == 0
    with pytest.raises(NotFound):
        services.link_owner(token, NOON)
    with pytest.raises(Conflict, match="user_disabled"), transaction():
        services.make_password_link(user.id, actor=admin, now=NOON)
    with transaction():
        services.enable_user(user.id, reason="back", actor=admin, now=NOON)
    with pytest.raises(NotFound):
        services.link_owner(token, NOON)
    assert [(action, data) for action, _, data in audit()] == [
        ("password_link_made", {}),
        ("user_disabled", {"reason": "left"}),
        ("user_enabled", {"reason": "back"}),
    ]


def test_disabling_needs_a_reason(context: Flask) -> None:
    admin, user = make_actor(Role.ADMINISTRATOR), make_user()
    with pytest.raises(Invalid, match="reason_missing"), transaction():
        services.disable_user(user.id, reason="  ", actor=admin, now=NOON)
    session.expire_all()
    assert user.disabled_at is None


def test_the_last_administrator_stays(context: Flask) -> None:
    first, second = make_actor(Role.ADMINISTRATOR), make_actor(Role.ADMINISTRATOR)
    make_user(Role.ADMINISTRATOR, disabled_at=NOON)
    with transaction():
        services.disable_user(second.id or 0, reason="left", actor=first, now=NOON)
    with pytest.raises(Conflict, match="last_administrator"), transaction():
        services.disable_user(first.id or 0, reason="oops", actor=first, now=NOON)
    with pytest.raises(Conflict, match="last_administrator") as refusal, transaction():
        services.change_user(
            first.id or 0, display_name="x", role=Role.ENGINEER, email="", phone="", actor=first, now=NOON
        )
    assert refusal.value.field == "role"
    session.expire_all()
    found = session.get_one(User, first.id)
    assert (found.role, found.disabled_at) == (Role.ADMINISTRATOR, None)


def test_a_link_sets_the_password_once_and_ends_sessions(context: Flask) -> None:
    admin, user = make_actor(Role.ADMINISTRATOR), make_user()
    with transaction():
        sessions.begin(user, address="", agent="", now=NOON)
        earlier = services.make_password_link(user.id, actor=admin, now=NOON)
        token = services.make_password_link(user.id, actor=admin, now=NOON)
    with pytest.raises(NotFound):
        services.link_owner(earlier, NOON)
    assert token not in session.scalars(select(PasswordLink.token_hash)).all()
    with pytest.raises(Invalid, match="password_common"), transaction():
        services.set_password_by_link(token, password="password", now=NOON)
    assert open_sessions(user.id) == 1
    with transaction():
        services.set_password_by_link(token, password=GOOD, now=NOON + timedelta(hours=23, minutes=59))
    session.expire_all()
    assert passwords.matches(GOOD, user.password_hash)
    assert open_sessions(user.id) == 0
    with pytest.raises(NotFound, match="password_link_invalid"), transaction():
        services.set_password_by_link(token, password="ten yellow otters", now=NOON)
    session.expire_all()
    assert passwords.matches(GOOD, user.password_hash)
    assert audit()[-1] == ("password_set", f"user {user.id}", {})


def test_a_link_lasts_a_day(context: Flask) -> None:
    user = make_user()
    with transaction():
        token = services.make_password_link(user.id, actor=SYSTEM, now=NOON)
    assert services.link_owner(token, NOON + timedelta(hours=24) - timedelta(seconds=1)).id == user.id
    for moment in (NOON + timedelta(hours=24), NOON + timedelta(days=400)):
        with pytest.raises(NotFound):
            services.link_owner(token, moment)


def test_changing_the_password_asks_for_the_present_one_and_keeps_this_browser(context: Flask) -> None:
    user = make_user(password="the old otter song")
    with transaction():
        for _ in range(3):
            sessions.begin(user, address="", agent="", now=NOON)
    here = session.scalars(select(UserSession.id).order_by(UserSession.id)).first()
    actor = Actor(id=user.id, name="", role=user.role, session_id=here)
    with pytest.raises(Invalid) as refusal, transaction():
        services.change_password(current="wrong", password=GOOD, actor=actor, now=NOON)
    assert (refusal.value.code, refusal.value.field) == ("current_password_wrong", "current")
    assert open_sessions(user.id) == 3
    with transaction():
        services.change_password(current="the old otter song", password=GOOD, actor=actor, now=NOON)
    session.expire_all()
    assert passwords.matches(GOOD, user.password_hash)
    assert session.scalars(select(UserSession.id).where(UserSession.ended_at.is_(None))).all() == [here]


def test_an_administrator_signs_a_person_out_everywhere(context: Flask) -> None:
    admin, user = make_actor(Role.ADMINISTRATOR), make_user()
    with transaction():
        sessions.begin(user, address="", agent="", now=NOON)
        sessions.begin(user, address="", agent="", now=NOON)
    with transaction():
        services.end_sessions(user.id, actor=admin, now=NOON)
    assert open_sessions(user.id) == 0
    assert audit() == [("sessions_ended", f"user {user.id}", {})]
