"""Signing in, out and again; the language; one's own password."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from spares.accounts import passwords, services
from spares.accounts.access import SYSTEM
from spares.accounts.models import Role, User, UserSession
from spares.db import session, transaction
from tests.conftest import NOON, serving
from tests.factories import csrf_token, make_user, post, sign_in

GOOD = "nine purple otters"
WRONG = "用户名或密码不正确。"
HERE = {"Origin": "http://localhost"}


@pytest.fixture
def anna(app: Flask) -> str:
    with app.app_context():
        return make_user(username="anna", password=GOOD).username


def signed_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def enter(client: FlaskClient, username: str = "anna", password: str = GOOD, **more: str) -> object:
    return post(client, "/sign-in", {"username": username, "password": password} | more)


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def test_the_right_password_signs_in_and_goes_on(app: Flask, anna: str) -> None:
    client = app.test_client()
    answer = post(client, "/sign-in", {"username": " ANNA ", "password": GOOD, "next": "/account?x=1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account?x=1")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("spares_session="))
    assert re.fullmatch(r"spares_session=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", cookie)
    assert signed_in(client)
    assert client.get("/sign-in?next=/people").headers["Location"] == "/people"


def test_on_https_the_cookies_are_bound_to_the_host(database_url: str) -> None:
    with serving(database_url, https=True) as app:
        with app.app_context():
            make_user(username="anna", password=GOOD)
        client = app.test_client()
        page = client.get("/sign-in", base_url="https://depot.test")
        token = hidden(page.text)["csrf_token"]
        answer = client.post(
            "/sign-in",
            data={"csrf_token": token, "username": "anna", "password": GOOD},
            base_url="https://depot.test",
            headers={"Referer": "https://depot.test/sign-in"},
        )
        cookies = sorted(answer.headers.getlist("Set-Cookie"))
        assert [re.sub(r"=[^;]+", "=…", c, count=1) for c in cookies] == [
            "__Host-spares_form=…; Secure; HttpOnly; Path=/; SameSite=Lax",
            "__Host-spares_session=…; Secure; HttpOnly; Path=/; SameSite=Lax",
        ]


@pytest.mark.parametrize(
    ("username", "password"), [("anna", "wrong"), ("nobody", GOOD), ("disabled", GOOD), ("none", GOOD)]
)
def test_every_refusal_says_the_same_and_begins_nothing(app: Flask, anna: str, username: str, password: str) -> None:
    with app.app_context():
        make_user(username="disabled", password=GOOD, disabled_at=NOON)
        make_user(username="none")
    client = app.test_client()
    answer = post(client, "/sign-in", {"username": username, "password": password})
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert f'value="{username}"' in answer.text
    assert password not in answer.text
    assert not signed_in(client)
    with app.app_context():
        assert session.scalar(select(func.count()).select_from(UserSession)) == 0


def test_too_many_are_told_until_when(app: Flask, anna: str) -> None:
    client = app.test_client()
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            assert post(client, "/sign-in", {"username": "anna", "password": "wrong"}).status_code == 422
        answer = post(client, "/sign-in", {"username": "anna", "password": GOOD})
        assert answer.status_code == 429
        assert "尝试次数过多\uff0c请在 2026-11-18 12:05 之后再试。" in answer.text
        assert not signed_in(client)
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        assert post(client, "/sign-in", {"username": "anna", "password": GOOD}).status_code == 302


def test_each_sign_in_has_a_new_reference_and_ends_the_one_before(app: Flask, anna: str) -> None:
    client = app.test_client()
    enter(client)
    first = client.get_cookie("spares_session")
    enter(client)
    second = client.get_cookie("spares_session")
    assert first and second and first.value != second.value
    thief = app.test_client()
    thief.set_cookie("spares_session", first.value)
    assert not signed_in(thief)
    assert signed_in(client)


def test_a_token_chosen_by_somebody_else_is_not_adopted(app: Flask, anna: str) -> None:
    client = app.test_client()
    client.set_cookie("spares_session", "chosen-by-an-attacker")
    enter(client)
    cookie = client.get_cookie("spares_session")
    assert cookie and cookie.value != "chosen-by-an-attacker"


def test_signing_out_ends_the_session_on_the_server(app: Flask, anna: str) -> None:
    client, copy = app.test_client(), app.test_client()
    enter(client)
    cookie = client.get_cookie("spares_session")
    assert cookie
    copy.set_cookie("spares_session", cookie.value)
    assert signed_in(copy)
    assert post(client, "/sign-out").headers["Location"] == "/sign-in"
    assert client.get_cookie("spares_session") is None
    assert not signed_in(copy)
    assert post(client, "/sign-out").status_code == 302


def test_another_person_gets_other_form_tokens_and_the_same_person_keeps_them(app: Flask, anna: str) -> None:
    with app.app_context():
        make_user(username="berta", password=GOOD)
    client = app.test_client()
    enter(client)
    anna_token = csrf_token(client)
    enter(client)
    assert client.post("/language", data={"csrf_token": anna_token, "language": "en"}).status_code == 302
    enter(client, "berta")
    assert client.post("/language", data={"csrf_token": anna_token, "language": "zh-CN"}).status_code == 400
    assert client.get("/account", headers={"Accept-Language": "zh"}).text.count('lang="en"') >= 1


def test_a_form_that_meets_an_ended_session_is_not_lost(app: Flask, anna: str) -> None:
    client = app.test_client()
    enter(client)
    with app.app_context(), transaction():
        user = session.scalars(select(User).where(User.username == "anna")).one()
        user.role = Role.ADMINISTRATOR
        services.end_sessions(user.id, actor=SYSTEM, now=NOON)
    typed = {
        "username": "carl",
        "display_name": "卡<b>尔",
        "role": "engineer",
        "request_key": "k1",
        "password": "geheim!",
    }
    asked = post(client, "/people/new?from=list", typed, headers=HERE)
    assert asked.status_code == 401
    kept = hidden(asked.text)
    assert kept["resend_to"] == "/people/new?from=list"
    assert kept["kept.display_name"] == "卡&lt;b&gt;尔"
    assert "geheim!" not in asked.text
    kept["kept.display_name"] = "卡<b>尔"
    wrong = client.post("/sign-in", data=kept | {"username": "anna", "password": "wrong"})
    assert (wrong.status_code, hidden(wrong.text)["kept.username"]) == (422, "carl")
    ready = client.post("/sign-in", data=kept | {"username": "anna", "password": GOOD})
    assert ready.status_code == 200
    assert 'action="/people/new?from=list"' in ready.text
    again = hidden(ready.text) | {"display_name": "卡<b>尔"}
    sent = client.post("/people/new?from=list", data=again, headers=HERE)
    assert (sent.status_code, re.sub(r"\d+", "N", sent.headers["Location"])) == (302, "/people/N")
    with app.app_context():
        carl = session.scalars(select(User).where(User.username == "carl")).one()
        assert (carl.display_name, carl.role) == ("卡<b>尔", Role.ENGINEER)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_leave_a_form_to_be_confirmed(app: Flask, headers: dict[str, str]) -> None:
    client = app.test_client()
    answer = post(client, "/people/new", {"username": "mallory"}, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")
    stale = client.post("/people/new", data={"username": "mallory", "csrf_token": "old"}, headers=headers)
    assert stale.status_code == 400
    assert "mallory" not in stale.text


def test_resending_leads_nowhere_else(app: Flask, anna: str) -> None:
    client = app.test_client()
    page = enter(client, resend_to="https://evil.test/x")
    assert 'action="/"' in page.text  # type: ignore[attr-defined]


def test_part_of_a_page_is_told_with_a_bare_401(app: Flask) -> None:
    client = app.test_client()
    for answer in (
        client.get("/people", headers={"HX-Request": "true"}),
        post(client, "/people/new", headers={"HX-Request": "true"} | HERE),
    ):
        assert (answer.status_code, answer.text) == (401, "")


def test_demo_people_sign_in_by_one_click_in_a_demo_only(database_url: str) -> None:
    with serving(database_url, demo=True) as app:
        with app.app_context():
            make_user(Role.WAREHOUSE, username="demo.w", display_name="演示库管", is_demo=True)
            make_user(username="real", password=GOOD)
        client = app.test_client()
        assert "库管 · 演示库管" in client.get("/sign-in").text
        assert post(client, "/sign-in", {"demo_person": "real"}).status_code == 422
        assert not signed_in(client)
        assert post(client, "/sign-in", {"demo_person": "demo.w"}).status_code == 302
        assert signed_in(client)
    with serving(database_url) as app:
        client = app.test_client()
        assert "演示库管" not in client.get("/sign-in").text
        assert post(client, "/sign-in", {"demo_person": "demo.w"}).status_code == 422
        assert not signed_in(client)


def test_the_language_is_kept_for_the_browser_and_for_the_person(app: Flask, anna: str) -> None:
    client = app.test_client()
    assert '<html lang="zh-CN">' in client.get("/sign-in").text
    answer = post(client, "/language", {"language": "en", "next": "/sign-in?next=/x"})
    assert answer.headers["Location"] == "/sign-in?next=/x"
    assert '<html lang="en">' in client.get("/sign-in").text
    enter(client)
    post(client, "/language", {"language": "zh-CN"})
    other = app.test_client()
    other.set_cookie("spares_session", client.get_cookie("spares_session").value)  # type: ignore[union-attr]
    assert '<html lang="zh-CN">' in other.get("/account", headers={"Accept-Language": "en"}).text
    assert post(client, "/language", {"language": "xx"}).status_code == 422


def test_changing_ones_password(app: Flask, anna: str) -> None:
    client, other = app.test_client(), app.test_client()
    enter(client)
    enter(other)
    wrong = post(
        client, "/account/password", {"current": "x", "password": "ten red otters", "repeat": "ten red otters"}
    )
    assert wrong.status_code == 422
    assert "当前密码不正确。" in wrong.text
    differs = post(client, "/account/password", {"current": GOOD, "password": "ten red otters", "repeat": "x"})
    assert "两次输入不一致。" in differs.text
    assert "ten red otters" not in differs.text
    right = post(
        client, "/account/password", {"current": GOOD, "password": "ten red otters", "repeat": "ten red otters"}
    )
    assert right.headers["Location"] == "/account"
    assert signed_in(client)
    assert not signed_in(other)


def test_guessing_the_current_password_is_throttled(app: Flask, anna: str) -> None:
    client = app.test_client()
    enter(client)
    form = {"current": "x", "password": "ten red otters", "repeat": "ten red otters"}
    with app.app_context(), transaction():
        session.execute(UserSession.__table__.update().values(created_at=NOON, last_seen_at=NOON))
    with time_machine.travel(NOON, tick=False):
        assert [post(client, "/account/password", form).status_code for _ in range(6)] == [422] * 5 + [429]


def test_a_link_sets_the_password(app: Flask, anna: str) -> None:
    with time_machine.travel(NOON, tick=False), app.app_context():
        user = make_user(username="carl", display_name="卡尔")
        with transaction():
            token = services.make_password_link(user.id, actor=SYSTEM, now=NOON)
        client = app.test_client()
        assert "卡尔" in client.get(f"/password/{token}").text
        new = {"password": "ten red otters", "repeat": "ten red otters"}
        assert post(client, f"/password/{token}", {"password": "12345678", "repeat": "12345678"}).status_code == 422
        assert post(client, f"/password/{token}", new).headers["Location"] == "/sign-in"
        assert post(client, f"/password/{token}", new).status_code == 404
        assert client.get("/password/unknown").status_code == 404
        session.expire_all()
        assert passwords.matches("ten red otters", session.get_one(User, user.id).password_hash)


def test_one_sees_where_one_is_signed_in(app: Flask, anna: str) -> None:
    client = app.test_client()
    with app.app_context():
        sign_in(client, session.scalars(select(User)).one())
    page = client.get("/account").text
    assert "当前浏览器" in page
    assert "127.0.0.1" in page
