"""A session is what the table says, whatever the browser holds."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select, update

from spares import settings
from spares.accounts import sessions
from spares.accounts.models import Role, User, UserSession
from spares.db import db, session, transaction
from tests.conftest import NOON, serving
from tests.factories import make_user, post, sign_in

PAGE = "/account"


def only_session() -> UserSession:
    return session.scalars(select(UserSession)).one()


def status_at(app: Flask, client: object, moment: datetime) -> int:
    with time_machine.travel(moment, tick=False):
        return int(client.get(PAGE).status_code)  # type: ignore[attr-defined]


@time_machine.travel(NOON, tick=False)
def test_only_the_hash_of_the_token_is_stored(app: Flask) -> None:
    client = app.test_client()
    with app.app_context():
        token = sign_in(client, make_user())
        assert only_session().token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) == 43
    assert client.get(PAGE).status_code == 200
    client.set_cookie(app.config["SPARES_SIGN_IN_COOKIE"], only_hash(app))
    assert client.get(PAGE).status_code == 302


def only_hash(app: Flask) -> str:
    with app.app_context():
        return only_session().token_hash


@pytest.mark.parametrize("token", ["", "x", "'; drop table user_session", "é" * 300, "a" * 4000])
def test_a_made_up_token_is_nobody(app: Flask, token: str) -> None:
    client = app.test_client()
    client.set_cookie(app.config["SPARES_SIGN_IN_COOKIE"], token)
    assert client.get(PAGE).status_code == 302


def test_idle_and_absolute_limits(app: Flask) -> None:
    client = app.test_client()
    with time_machine.travel(NOON, tick=False), app.app_context():
        sign_in(client, make_user())
    idle = timedelta(minutes=480)
    assert status_at(app, client, NOON + idle - timedelta(seconds=1)) == 200
    assert status_at(app, client, NOON + 2 * idle - timedelta(seconds=1)) == 302
    assert status_at(app, client, NOON + 2 * idle - timedelta(seconds=2)) == 200
    assert status_at(app, client, NOON + timedelta(hours=20)) == 200
    assert status_at(app, client, NOON + timedelta(hours=24) - timedelta(seconds=1)) == 200
    assert status_at(app, client, NOON + timedelta(hours=24)) == 302


def test_the_limits_are_settings(app: Flask) -> None:
    client = app.test_client()
    with time_machine.travel(NOON, tick=False), app.app_context():
        sign_in(client, make_user())
        with transaction():
            settings.change("session_idle_minutes", 10, set_by_id=None, now=NOON)
    assert status_at(app, client, NOON + timedelta(minutes=10)) == 302
    assert status_at(app, client, NOON + timedelta(minutes=9)) == 200


def test_disabling_ends_it_at_once(app: Flask) -> None:
    client = app.test_client()
    with time_machine.travel(NOON, tick=False), app.app_context():
        user = make_user()
        sign_in(client, user)
        with transaction():
            session.execute(update(User).where(User.id == user.id).values(disabled_at=NOON))
    assert status_at(app, client, NOON) == 302


def test_invented_people_exist_in_a_demo_only(database_url: str) -> None:
    with serving(database_url, demo=True) as app:
        client = app.test_client()
        with time_machine.travel(NOON, tick=False), app.app_context():
            token = sign_in(client, make_user(is_demo=True))
        assert status_at(app, client, NOON) == 200
    with serving(database_url) as app:
        client = app.test_client()
        client.set_cookie(app.config["SPARES_SIGN_IN_COOKIE"], token)
        assert status_at(app, client, NOON) == 302


def test_last_seen_is_written_once_a_minute(app: Flask) -> None:
    client = app.test_client()
    with time_machine.travel(NOON, tick=False), app.app_context():
        sign_in(client, make_user())
    for seconds, seen in ((30, 0), (59, 0), (60, 60), (90, 60), (120, 120)):
        assert status_at(app, client, NOON + timedelta(seconds=seconds)) == 200
        with app.app_context():
            assert only_session().last_seen_at == NOON + timedelta(seconds=seen)


def test_a_busy_database_does_not_keep_a_reader_waiting(app: Flask) -> None:
    client = app.test_client()
    with time_machine.travel(NOON, tick=False), app.app_context():
        sign_in(client, make_user())
        with db.engine.connect() as other, other.begin():
            other.execute(update(UserSession).values(agent="held by another transaction"))
            assert status_at(app, client, NOON + timedelta(minutes=5)) == 200
        assert only_session().last_seen_at == NOON


def test_finding_the_person_takes_one_statement(app: Flask) -> None:
    client = app.test_client()
    statements: list[str] = []
    with time_machine.travel(NOON, tick=False), app.app_context():
        sign_in(client, make_user(Role.WAREHOUSE))
        settings.current()
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with time_machine.travel(NOON, tick=False):
        client.get("/people")
    assert [s.split()[0] for s in statements if not s.startswith("BEGIN")] == ["SELECT"]


def test_a_session_in_force_is_listed_and_ended_one_is_not(app: Flask) -> None:
    here, there = app.test_client(), app.test_client()
    with time_machine.travel(NOON, tick=False), app.app_context():
        user = make_user()
        sign_in(here, user)
        sign_in(there, user)
        numbers = session.scalars(select(UserSession.id).order_by(UserSession.id)).all()
        assert post(here, f"/account/sessions/{numbers[1]}/end").status_code == 302
        assert here.get(PAGE).status_code == 200
        assert there.get(PAGE).status_code == 302
        ended = session.get(UserSession, numbers[1], populate_existing=True)
        assert ended is not None
        assert (ended.ended_at, ended.ended_because) == (NOON, "ended_by_owner")


def test_a_session_of_somebody_else_is_not_found(app: Flask) -> None:
    mine, theirs = app.test_client(), app.test_client()
    with time_machine.travel(NOON, tick=False), app.app_context():
        sign_in(mine, make_user())
        sign_in(theirs, make_user())
        number = session.scalars(select(UserSession.id).order_by(UserSession.id.desc())).first()
        assert post(mine, f"/account/sessions/{number}/end").status_code == 404
        assert theirs.get(PAGE).status_code == 200


def test_ending_twice_keeps_the_first_reason(context: Flask) -> None:
    user = make_user()
    with transaction():
        sessions.begin(user, address="::1", agent="a" * 500, now=NOON)
        number = only_session().id
        sessions.end(number, because="first", now=NOON)
        sessions.end(number, because="second", now=NOON + timedelta(hours=1))
        sessions.end_all(user.id, because="third", now=NOON + timedelta(hours=1))
    session.expire_all()
    found = only_session()
    assert (found.ended_because, found.ended_at, len(found.agent)) == (
        "first",
        datetime(2026, 11, 18, 4, tzinfo=UTC),
        200,
    )


@pytest.mark.parametrize(
    ("because", "words"),
    [
        ("signed_in_anew", "此浏览器中有人重新登录，本次登录因此失效。"),
        ("password_changed", "密码已更改，其他登录均已失效。"),
        ("ended_by_administrator", "管理员结束了本次登录。"),
        ("disabled", ""),
    ],
)
def test_who_must_sign_in_again_is_told_why_and_returns(app: Flask, because: str, words: str) -> None:
    with time_machine.travel(NOON, tick=False), app.app_context():
        client = app.test_client()
        sign_in(client, make_user(Role.ENGINEER))
        assert "失效" not in client.get("/cases").text
        with transaction():
            session.execute(update(UserSession).values(ended_at=NOON, ended_because=because))
        answer = client.get("/cases?q=x")
        assert (answer.status_code, answer.location) == (302, "/sign-in?next=/cases?q%3Dx")
        page = client.get(answer.location).text
        assert words in page
        assert ("登录后将回到原来的页面。" in page) == bool(words)
        assert 'name="next" value="/cases?q=x"' in page


def test_an_idle_session_says_so_and_a_stranger_is_told_nothing(app: Flask) -> None:
    with time_machine.travel(NOON, tick=False), app.app_context():
        client = app.test_client()
        sign_in(client, make_user(Role.ENGINEER))
    with time_machine.travel(NOON + timedelta(hours=11), tick=False):
        assert "本次登录久未使用，已失效。" in client.get("/sign-in").text
    assert "失效" not in app.test_client().get("/sign-in").text
