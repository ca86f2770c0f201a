"""Texts that cannot be stored: refused as a whole, in the reader's language, with everything else kept."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from spares.accounts.models import Role, User
from spares.db import session
from tests.factories import csrf_token, make_user, sign_in

HERE = {"Origin": "http://localhost"}
TYPED = {"username": "carl", "display_name": "张三", "role": "finance", "request_key": "k1"}


@pytest.fixture
def chief(app: Flask) -> FlaskClient:
    client = app.test_client()
    with app.app_context():
        sign_in(client, make_user(Role.ADMINISTRATOR, language="zh_Hans_CN"))
        session.remove()
    return client


def people(app: Flask) -> list[str]:
    with app.app_context():
        found = session.scalars(select(User.display_name).where(User.username == "carl")).all()
        session.remove()
    return list(found)


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x08", "\x0b", "\x1b", "\x7f", "￾", "￿"])
def test_what_cannot_be_stored_is_taken_out_and_the_rest_kept(app: Flask, chief: FlaskClient, character: str) -> None:
    sent = TYPED | {"display_name": f"张{character}三", "csrf_token": csrf_token(chief)}
    answer = chief.post("/people/new", data=sent, headers=HERE)
    assert answer.status_code == 422
    assert "无法保存的不可见字符" in answer.text
    assert people(app) == []
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text))
    assert {name: kept[name] for name in TYPED} == TYPED
    assert chief.post("/people/new", data=kept, headers=HERE).status_code == 302
    assert people(app) == ["张三"]


@pytest.mark.parametrize("text", ["李\t四\r\n", "\x1d01", "𠮷田😀", "\x85", "�"])
def test_what_keyboards_and_scanners_send_passes(app: Flask, chief: FlaskClient, text: str) -> None:
    sent = TYPED | {"display_name": text, "csrf_token": csrf_token(chief)}
    assert chief.post("/people/new", data=sent, headers=HERE).status_code in {302, 422}
    assert "不可见字符" not in chief.post("/people/new", data=sent, headers=HERE).text


def test_another_site_gets_no_form_to_be_sent_again(app: Flask, chief: FlaskClient) -> None:
    sent = TYPED | {"display_name": "\x00", "csrf_token": csrf_token(chief)}
    for headers in ({}, {"Origin": "https://else.test"}, HERE | {"HX-Request": "true"}):
        answer = chief.post("/people/new", data=sent, headers=headers)
        assert answer.status_code == 422
        assert "无法保存的字符" in answer.text
        assert "carl" not in answer.text
    assert people(app) == []


@pytest.mark.parametrize("address", ["/people?q=%00", "/search?q=a%00b", "/rma/RMA%00-1", "/units?q=%1b"])
def test_an_address_with_it_is_refused(chief: FlaskClient, address: str) -> None:
    assert chief.get(address).status_code in {404, 422}


def test_a_file_name_with_it_is_refused(app: Flask, chief: FlaskClient) -> None:
    from io import BytesIO

    sent = {"csrf_token": csrf_token(chief), "file": (BytesIO(b"x"), "a\x01.csv"), "request_key": "k2"}
    assert chief.post("/imports/new", data=sent, content_type="multipart/form-data").status_code in {404, 422}
    with app.app_context():
        assert session.scalar(select(func.count()).select_from(User)) == 1
        session.remove()
