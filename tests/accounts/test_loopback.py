"""A demo database is reached from its own machine alone, whatever serves it."""

import pytest

from spares.accounts.loopback import is_loopback
from spares.accounts.models import Role
from tests.conftest import serving
from tests.factories import make_user

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.0.2.7", False),
        ("depot.example", False),
        ("", False),
    ],
)
def test_this_machine(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_a_demo_database_is_found_out_and_kept_here(database_url: str) -> None:
    with serving(database_url, demo=None) as app:
        with app.app_context():
            make_user(is_demo=True)
        client = app.test_client()
        refused = client.get("/sign-in", environ_base=ELSEWHERE)
        assert refused.status_code == 403
        assert "这是密码公开的演示环境" in refused.text
        assert client.get("/sign-in", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
        assert client.get("/static/app.css", environ_base=ELSEWHERE).status_code == 403
        assert client.get("/readyz", environ_base=ELSEWHERE).status_code == 200
        answer = client.get("/sign-in")
        assert answer.status_code == 200
        assert "演示数据库" in answer.text


def test_a_demo_is_served_to_everybody_when_told_so(database_url: str) -> None:
    with serving(database_url, demo=None, serve_demo_publicly=True) as app:
        with app.app_context():
            make_user(is_demo=True)
        answer = app.test_client().get("/sign-in", environ_base=ELSEWHERE)
        assert answer.status_code == 200
        assert "演示数据库" in answer.text


def test_behind_a_known_proxy_the_person_counts(database_url: str) -> None:
    with serving(database_url, demo=None, proxies=1) as app:
        with app.app_context():
            make_user(is_demo=True)
        client = app.test_client()
        assert client.get("/sign-in", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
        assert client.get("/sign-in", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_real_work_is_reached_from_everywhere(database_url: str) -> None:
    with serving(database_url, demo=None) as app:
        with app.app_context():
            make_user(Role.ADMINISTRATOR)
        answer = app.test_client().get("/sign-in", environ_base=ELSEWHERE)
        assert answer.status_code == 200
        assert "演示数据库" not in answer.text
