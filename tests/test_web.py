"""The shared edge: headers on every answer, languages, error pages that give nothing away, forms, and safe links."""

import io
import re
import sqlite3
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError, OperationalError

from spares import web
from spares.accounts.guard import public
from spares.accounts.models import Role
from spares.errors import Conflict, Invalid
from spares.settings import Settings
from tests.conftest import serving
from tests.factories import make_user, post, sign_in

SECRET_DETAIL = "no such table: secret_table"


@pytest.fixture
def troubled(app: Flask) -> FlaskClient:
    """The application with pages that go wrong in every way."""

    def failing(error: Exception) -> object:
        @public
        def view() -> str:
            raise error

        return view

    problems: dict[str, Exception] = {
        "boom": RuntimeError(SECRET_DETAIL),
        "away": OperationalError("SELECT 1", {}, sqlite3.OperationalError(SECRET_DETAIL)),
        "clash": IntegrityError("INSERT", {}, sqlite3.IntegrityError(SECRET_DETAIL)),
        "invalid": Invalid("username_taken", username="<b>x</b>"),
        "conflict": Conflict("stale_page"),
    }
    for name, error in problems.items():
        app.add_url_rule(f"/trouble/{name}", f"trouble_{name}", failing(error))

    @public
    def upload() -> str:
        return "kept"

    def forgotten() -> str:
        return "secret"

    app.add_url_rule("/trouble/upload", "trouble_upload", upload, methods=["POST"])
    app.add_url_rule("/trouble/forgotten", "trouble_forgotten", forgotten)
    return app.test_client()


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    """What was logged meanwhile."""
    with structlog.testing.capture_logs() as entries:
        yield entries  # type: ignore[misc]


EXPECTED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/sign-in", 200),
        ("/account", 302),
        ("/nothing/here", 404),
        ("/sign-out", 405),
        ("/password/unknown", 404),
        ("/trouble/boom", 500),
        ("/trouble/away", 503),
        ("/trouble/clash", 409),
        ("/trouble/invalid", 422),
        ("/trouble/conflict", 409),
    ],
)
def test_every_answer_carries_the_headers(troubled: FlaskClient, address: str, status: int) -> None:
    answer = troubled.get(address)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in EXPECTED_HEADERS} == EXPECTED_HEADERS
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert "Strict-Transport-Security" not in answer.headers


def test_on_https_the_browser_is_told_to_stay_there(database_url: str) -> None:
    with serving(database_url, https=True) as app:
        answer = app.test_client().get("/sign-in", base_url="https://depot.test")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_static_files_may_be_cached_and_are_still_guarded(app: Flask) -> None:
    answer = app.test_client().get("/static/app.css")
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh-TW,zh;q=0.9", "zh-CN"),
        ("en-US,en;q=0.9", "en"),
        ("en-GB", "en"),
        ("en;q=0.5,zh-CN;q=0.9", "zh-CN"),
        ("fr,de;q=0.5", "zh-CN"),
        ("", "zh-CN"),
        ("*", "zh-CN"),
        ("ü;;;,q=x", "zh-CN"),
    ],
)
def test_the_browser_chooses_the_language(app: Flask, wanted: str, language: str) -> None:
    page = app.test_client().get("/sign-in", headers={"Accept-Language": wanted.encode("utf-8").decode("latin-1")})
    assert f'<html lang="{language}">' in page.text
    assert ("<h1>登录</h1>" in page.text) is (language == "zh-CN")
    assert ("<h1>Sign in</h1>" in page.text) is (language == "en")


def test_a_page_that_does_not_exist(troubled: FlaskClient) -> None:
    answer = troubled.get("/nothing/<script>alert(1)</script>", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "<script>alert" not in answer.text


def test_a_wrong_method_says_which_are_right(troubled: FlaskClient) -> None:
    answer = troubled.get("/sign-out")
    assert answer.status_code == 405
    assert {part.strip() for part in answer.headers["Allow"].split(",")} == {"POST", "OPTIONS"}


def test_too_much_is_refused(database_url: str) -> None:
    with serving(database_url, max_upload_bytes=1000) as app:
        answer = post(app.test_client(), "/language", {"file": (io.BytesIO(b"x" * 2000), "x.bin")})
        assert answer.status_code == 413
        assert "文件过大" in answer.text


def test_too_much_from_somebody_signed_in_keeps_the_frame(database_url: str) -> None:
    with serving(database_url, max_upload_bytes=1000) as app:
        client = app.test_client()
        with app.app_context():
            person = make_user(Role.ENGINEER)
            sign_in(client, person)
            name = person.display_name
        answer = post(client, "/language", {"file": (io.BytesIO(b"x" * 2000), "x.bin")})
        assert answer.status_code == 413
        assert "topbar-user" in answer.text
        assert name in answer.text


@pytest.mark.parametrize(("name", "status"), [("boom", 500), ("away", 503), ("clash", 409)])
def test_an_error_shows_a_reference_and_the_log_the_rest(
    troubled: FlaskClient, logged: list[dict[str, object]], name: str, status: int
) -> None:
    answer = troubled.get(f"/trouble/{name}")
    assert answer.status_code == status
    assert SECRET_DETAIL not in answer.text
    assert "Traceback" not in answer.text
    found = re.search(r'<span class="mono">([0-9a-f]{10})</span>', answer.text)
    assert found
    entry = next(e for e in logged if e["log_level"] == "error")
    assert entry["reference"] == found[1]
    assert entry["path"] == f"/trouble/{name}"


def test_with_the_database_away_every_page_still_answers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user())
    app.extensions.pop("spares_settings", None)

    def away(*_args: object, **_options: object) -> None:
        raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("unable to open database file"))

    monkeypatch.setattr("sqlalchemy.engine.base.Connection.execute", away)
    monkeypatch.setattr("sqlalchemy.engine.base.Connection.__init__", away)
    for address in ("/account", "/sign-in"):
        answer = client.get(address)
        assert answer.status_code == (503 if address == "/account" else answer.status_code)
        assert answer.status_code in {200, 503}
        assert "unable to open" not in answer.text


def test_words_of_a_refusal_are_escaped(troubled: FlaskClient) -> None:
    answer = troubled.get("/trouble/invalid")
    assert "用户名 &lt;b&gt;x&lt;/b&gt; 已被使用。" in answer.text
    assert "<b>x</b>" not in answer.text


def test_a_view_that_says_nothing_is_not_served(troubled: FlaskClient) -> None:
    answer = troubled.get("/trouble/forgotten")
    assert answer.status_code == 500
    assert answer.text != "secret"


@pytest.mark.parametrize("token", [None, "", "made-up", "a" * 5000])
def test_a_form_without_a_valid_token_does_nothing(
    app: Flask, token: str | None, logged: list[dict[str, object]]
) -> None:
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(Role.ADMINISTRATOR))
    data = {"language": "en"} | ({} if token is None else {"csrf_token": token})
    assert client.post("/language", data=data).status_code == 400
    assert '<html lang="zh-CN">' in client.get("/account").text
    assert [e["event"] for e in logged if e["log_level"] == "warning"] == ["csrf"]


def test_a_form_whose_token_has_ended_is_kept_to_be_sent_again(app: Flask) -> None:
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(Role.ADMINISTRATOR))
    here = {"Origin": "http://localhost"}
    typed = {"username": "carl", "display_name": "x", "role": "finance", "request_key": "k", "csrf_token": "old"}
    asked = client.post("/people/new", data=typed, headers=here)
    assert asked.status_code == 400
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked.text))
    assert {name: kept[name] for name in typed if name != "csrf_token"} == {
        name: value for name, value in typed.items() if name != "csrf_token"
    }
    assert client.post("/people/new", data=kept, headers=here).status_code == 302


def test_refused_attempts_are_logged_by_id(app: Flask, logged: list[dict[str, object]]) -> None:
    client = app.test_client()
    with app.app_context():
        user = make_user(Role.FINANCE, display_name="王五")
        sign_in(client, user)
    assert client.get("/people").status_code == 403
    entry = next(e for e in logged if e["event"] == "refused")
    assert entry == {
        "event": "refused",
        "log_level": "warning",
        "user": user.id,
        "permission": "people_edit",
        "path": "/people",
    }
    assert "王五" not in str(logged)


@pytest.mark.parametrize("target", ["/", "/people?page=2&q=x", "/a//b", "/a?u=https://x.test/", "/备件"])
def test_a_path_on_this_site_is_followed(target: str) -> None:
    assert web.safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "people",
        "https://evil.test/",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "\t//evil.test",
        "/a\\..\\evil",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:evil.test",
        " https://evil.test",
        "//[bad",
    ],
)
def test_a_link_elsewhere_is_not(app: Flask, target: str | None) -> None:
    assert web.safe_next(target) == "/"
    answer = post(app.test_client(), "/language", {"language": "en", "next": target or ""})
    assert answer.headers["Location"] == "/"


def test_the_name_on_the_page_is_escaped(app: Flask) -> None:
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(display_name='<img src=x onerror="alert(1)">', email="<i>@x", phone='"><b>'))
    page = client.get("/account").text
    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in page
    assert "<i>@x" not in page
    assert '"><b>' not in page


def test_every_page_says_that_it_is_a_demo(database_url: str) -> None:
    with serving(database_url, demo=True) as app:
        assert "演示数据库" in app.test_client().get("/sign-in").text
    with serving(database_url) as app:
        assert "演示数据库" not in app.test_client().get("/sign-in").text


def test_no_page_has_code_of_its_own(app: Flask) -> None:
    """The content policy would refuse it; here it is seen earlier."""
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(Role.ADMINISTRATOR))
    for address in ("/account", "/people", "/people/new", "/people/1", "/audit", "/account/password"):
        page = client.get(address)
        assert page.status_code == 200
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page.text)


def test_settings_have_a_name_for_the_page_when_the_database_is_away() -> None:
    assert Settings().product_name == Settings.product_name
