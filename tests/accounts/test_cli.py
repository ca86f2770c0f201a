"""People from the command line: for the first administrator."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from spares.accounts import passwords, services
from spares.accounts.cli import user as command
from spares.accounts.models import AuditEntry, Role, User
from spares.clock import now
from spares.db import session
from tests.factories import make_user


def run(app: Flask, *words: str, stdin: str = "") -> tuple[int, str]:
    result = app.test_cli_runner().invoke(command, list(words), input=stdin, env={"LANG": "C.UTF-8"})
    session.expire_all()
    return result.exit_code, result.output


def test_add_prints_a_link_that_works(context: Flask) -> None:
    code, said = run(context, "add", "boss", "--name", "李华", "--role", "administrator")
    assert code == 0
    found = re.search(r"^http://localhost:8080/password/(\S{43})$", said, re.MULTILINE)
    assert found
    owner = services.link_owner(found[1], now())
    assert (owner.username, owner.role, owner.password_hash) == ("boss", Role.ADMINISTRATOR, None)
    assert session.scalars(select(AuditEntry.actor_id)).all() == [None, None]


def test_add_reads_the_password_from_standard_input(context: Flask) -> None:
    code, said = run(
        context, "add", "boss", "--name", "L", "--role", "manager", "--ask-password", stdin="nine purple otters\n"
    )
    assert (code, said) == (0, "Added boss (manager).\n")
    assert passwords.matches("nine purple otters", session.scalars(select(User.password_hash)).one())


@pytest.mark.parametrize(
    ("words", "stdin", "says"),
    [
        (("add", "taken", "--name", "x", "--role", "finance"), "", "Error: The user name taken is taken.\n"),
        (
            ("add", "boss", "--name", "x", "--role", "finance", "--ask-password"),
            "short\n",
            "Error: Use at least 8 characters.\n",
        ),
        (("link", "nobody"), "", "Error: There is nobody with the user name nobody.\n"),
        (("disable", "nobody", "--reason", "x"), "", "Error: There is nobody with the user name nobody.\n"),
        (("disable", "taken", "--reason", " "), "", "Error: Enter a reason.\n"),
    ],
)
def test_a_refusal_says_why_and_exits_with_1(context: Flask, words: tuple[str, ...], stdin: str, says: str) -> None:
    make_user(username="taken")
    make_user(Role.ADMINISTRATOR, username="admin")
    assert run(context, *words, stdin=stdin) == (1, says)
    assert sorted(session.scalars(select(User.username))) == ["admin", "taken"]


def test_a_wrong_role_exits_with_2(context: Flask) -> None:
    code, said = run(context, "add", "x", "--name", "x", "--role", "king")
    assert code == 2
    assert "'king' is not one of 'warehouse', 'engineer', 'rma_admin'" in said


def test_link_and_disable(context: Flask) -> None:
    user = make_user(username="anna")
    code, said = run(context, "link", "ANNA")
    assert code == 0
    token = said.rsplit("/", 1)[1].strip()
    assert services.link_owner(token, now()).id == user.id
    assert run(context, "disable", "anna", "--reason", "left") == (0, "Disabled anna.\n")
    assert session.get_one(User, user.id).disabled_at is not None
