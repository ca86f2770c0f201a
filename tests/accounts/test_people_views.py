"""What an administrator does about people, through the pages."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from spares.accounts import services
from spares.accounts.access import SYSTEM
from spares.accounts.models import AuditEntry, Role, User
from spares.clock import now
from spares.db import session, transaction
from tests.factories import make_user, post, sign_in


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(Role.ADMINISTRATOR, username="boss", display_name="老板"))
    return client


def new_person(**changes: object) -> dict[str, object]:
    return {
        "username": "anna",
        "display_name": "安娜",
        "role": "finance",
        "email": "anna@example.com",
        "phone": "1",
        "request_key": "key-1",
    } | changes


def version(client: FlaskClient, user_id: int) -> str:
    page = client.get(f"/people/{user_id}").text
    found = re.search(r'name="version" value="([^"]+)"', page)
    assert found
    return found[1]


def test_adding_twice_with_one_key_adds_one(app: Flask, admin: FlaskClient) -> None:
    first = post(admin, "/people/new", new_person())
    second = post(admin, "/people/new", new_person())
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    with app.app_context():
        anna = session.scalars(select(User).where(User.username == "anna")).one()
        assert (anna.display_name, anna.role, anna.email, anna.phone) == ("安娜", Role.FINANCE, "anna@example.com", "1")
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1


def test_a_refused_form_keeps_what_was_typed(app: Flask, admin: FlaskClient) -> None:
    answer = post(admin, "/people/new", new_person(username="BOSS", display_name='"><script>alert(1)</script>'))
    assert answer.status_code == 409
    assert "用户名 BOSS 已被使用。" in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert 'value="key-1"' in answer.text


@pytest.mark.parametrize("role", ["", "king", "system"])
def test_only_known_roles_are_given(app: Flask, admin: FlaskClient, role: str) -> None:
    assert post(admin, "/people/new", new_person(role=role)).status_code == 422
    with app.app_context():
        assert session.scalars(select(User.username)).all() == ["boss"]


def test_only_the_named_fields_are_taken(app: Flask, admin: FlaskClient) -> None:
    post(admin, "/people/new", new_person(is_demo="1", password_hash="x", disabled_at="2026-01-01", id="99"))
    with app.app_context():
        anna = session.scalars(select(User).where(User.username == "anna")).one()
        assert (anna.is_demo, anna.password_hash, anna.disabled_at) == (False, None, None)
        assert anna.id != 99


def test_a_stale_page_is_told(app: Flask, admin: FlaskClient) -> None:
    with app.app_context():
        user = make_user(Role.ENGINEER, username="anna", display_name="安娜")
    seen = version(admin, user.id)
    form = {"display_name": "安娜二", "role": "engineer", "email": "", "phone": "", "version": seen}
    assert post(admin, f"/people/{user.id}", form).status_code == 302
    stale = post(admin, f"/people/{user.id}", form | {"display_name": "安娜三"})
    assert stale.status_code == 409
    assert "安娜三" in stale.text
    assert post(admin, f"/people/{user.id}", form | {"version": ""}).status_code == 409
    with app.app_context():
        assert session.get_one(User, user.id).display_name == "安娜二"


def test_the_last_administrator_cannot_shut_himself_out(app: Flask, admin: FlaskClient) -> None:
    with app.app_context():
        boss = session.scalars(select(User)).one().id
    answer = post(admin, f"/people/{boss}/disable", {"reason": "oops"})
    assert answer.status_code == 409
    assert "这是最后一名系统管理员" in answer.text
    form = {"display_name": "x", "role": "engineer", "email": "", "phone": "", "version": version(admin, boss)}
    assert post(admin, f"/people/{boss}", form).status_code == 409
    assert admin.get("/people").status_code == 200


def test_disable_and_enable_with_a_reason(app: Flask, admin: FlaskClient) -> None:
    victim = app.test_client()
    with app.app_context():
        user = make_user(username="anna")
        sign_in(victim, user)
    assert post(admin, f"/people/{user.id}/disable", {"reason": ""}).status_code == 422
    assert victim.get("/account").status_code == 200
    assert post(admin, f"/people/{user.id}/disable", {"reason": "离职"}).status_code == 302
    assert victim.get("/account").status_code == 302
    assert "已停用" in admin.get("/people").text
    assert post(admin, f"/people/{user.id}/enable", {"reason": "返聘"}).status_code == 302
    page = admin.get(f"/audit?subject=user+{user.id}").text
    assert "离职" in page
    assert "返聘" in page
    assert "老板" in page


def test_signing_a_person_out(app: Flask, admin: FlaskClient) -> None:
    victim = app.test_client()
    with app.app_context():
        user = make_user()
        sign_in(victim, user)
    assert post(admin, f"/people/{user.id}/sign-out").status_code == 302
    assert victim.get("/account").status_code == 302
    assert admin.get("/account").status_code == 200


def test_the_link_is_shown_once(app: Flask, admin: FlaskClient) -> None:
    with app.app_context():
        user = make_user(username="anna")
    answer = post(admin, f"/people/{user.id}/link")
    found = re.search(r"http://localhost:8080/password/([\w-]{43})<", answer.text)
    assert found
    with app.app_context():
        assert services.link_owner(found[1], now()).id == user.id
    assert found[1] not in admin.get(f"/people/{user.id}").text + admin.get("/audit").text


def test_people_are_found_and_paged(app: Flask, admin: FlaskClient) -> None:
    with app.app_context():
        with transaction():
            for number in range(55):
                services.add_user(
                    username=f"p{number:02}", display_name="某人", role=Role.FINANCE, actor=SYSTEM, now=now()
                )
        make_user(Role.WAREHOUSE, username="percent", display_name="100%_x")
    first, second = admin.get("/people").text, admin.get("/people?page=2").text
    assert ("p00" in first, "p54" in first, "p54" in second) == (True, False, True)
    found = admin.get("/people?q=0%25_").text
    assert "percent" in found
    assert "p00" not in found
    assert "percent" in admin.get("/people?role=warehouse").text
    assert admin.get("/people?role=king&page=-3").status_code == 200


@pytest.mark.parametrize("number", ["999999", str(2**63 - 1), str(2**63), "9" * 400])
def test_unknown_people_are_not_found(admin: FlaskClient, number: str) -> None:
    for answer in (admin.get(f"/people/{number}"), post(admin, f"/people/{number}/disable", {"reason": "x"})):
        assert answer.status_code == 404
