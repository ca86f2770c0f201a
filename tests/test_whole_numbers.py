"""Numbers from outside: bounded, whatever their length."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from wtforms.validators import NumberRange

from spares.accounts.models import Role
from spares.db import session
from spares.whole_numbers import WholeNumberField, sent_number, whole
from tests.factories import make_user, sign_in

LONG = "9" * 5000


class Form(FlaskForm):  # type: ignore[misc]
    number = WholeNumberField("Number", [NumberRange(1, 10)])


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("0", 0), (str(2**63 - 1), 2**63 - 1), (str(2**63), None), (LONG, None), ("-1", None), ("٣", None)],
)
def test_a_key_is_what_a_column_holds(text: str, value: int | None) -> None:
    assert whole(text) == value
    with Flask("test").test_request_context(method="POST", data={"n": text}):
        assert sent_number("n") == (value or 0)


@pytest.mark.parametrize(("typed", "valid"), [("7", True), ("9" * 18, False), ("9" * 400, False), (LONG, False)])
def test_a_field_refuses_in_words(context: Flask, typed: str, valid: bool) -> None:
    with context.test_request_context(method="POST", data={"number": typed}):
        form = Form(meta={"csrf": False})
        assert form.validate() is valid
        assert bool(form.number.errors) is not valid


def test_addresses_with_endless_numbers_are_answered(app: Flask) -> None:
    client: FlaskClient = app.test_client()
    with app.app_context():
        sign_in(client, make_user(Role.WAREHOUSE))
        session.remove()
    for number in (str(2**63), LONG):
        assert client.get(f"/units/{number}").status_code == 404
        for address in ("/places?depot=", "/parts?depot=", "/units?where=depot:", "/units?page="):
            assert client.get(address + number).status_code == 200, address
