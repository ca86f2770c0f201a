"""A form acts once; one without a proper key does not act at all."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.models import Role, User
from spares.db import session
from spares.errors import Conflict, Invalid
from spares.once import RequestKey, perform_once, perform_once_for
from tests.conftest import NOON


def act() -> str:
    name = f"u{session.scalar(select(func.count()).select_from(User))}"
    session.add(User(username=name, username_key=name, role=Role.FINANCE, display_name="张三", created_at=NOON))
    return f"/people/{name}"


def people() -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(User)) or 0


def test_a_repeat_gives_the_first_result(context: Flask) -> None:
    assert [perform_once(key, NOON, act) for key in ("k1", "k1", "k2", "k1")] == ["/people/u0"] * 2 + [
        "/people/u1",
        "/people/u0",
    ]
    assert people() == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 61, "schlüssel", "a\nb", "a\x00b", "键"])
def test_a_form_without_a_proper_key_does_not_act(context: Flask, key: str) -> None:
    with pytest.raises(Invalid, match="request_key_missing"):
        perform_once(key, NOON, act)
    assert people() == 0
    assert session.scalar(select(func.count()).select_from(RequestKey)) == 0


def test_the_longest_key_acts(context: Flask) -> None:
    assert perform_once("x" * 60, NOON, act) == "/people/u0"


def test_a_repeat_of_an_act_with_a_known_result_does_not_act(context: Flask) -> None:
    assert perform_once_for("/people/7", "k1", NOON, act) == "/people/7"
    assert perform_once_for("/people/8", "k1", NOON, act) == "/people/7"
    assert people() == 1
    assert perform_once("k1", NOON, act) == "/people/7"
    assert people() == 1


def test_a_refused_act_gives_its_key_back(context: Flask) -> None:
    def refused() -> str:
        act()
        raise Conflict("moved_on")

    with pytest.raises(Conflict, match="moved_on"):
        perform_once_for("/people/7", "k1", NOON, refused)
    assert people() == 0
    assert session.scalar(select(func.count()).select_from(RequestKey)) == 0
    assert perform_once_for("/people/7", "k1", NOON, act) == "/people/7"
    assert people() == 1
    with pytest.raises(Invalid, match="request_key_missing"):
        perform_once_for("/people/7", "", NOON, act)
