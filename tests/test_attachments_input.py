"""Attachments that are too large, empty, broken, or not what they say, sent with the pages that take one: said in the
reader's language, nothing changed, nothing typed lost, and the same form goes through with a proper file."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from spares.accounts.models import Role
from spares.db import session
from spares.files.models import StoredFile
from tests import stories
from tests.conftest import Databases, serving
from tests.factories import csrf_token, make_user, sign_in
from tests.page_forms import forms_of
from tests.sheets.factories import parts, zipped

FIELDS = {"request": "attachments", "receive return": "photo", "receipt": "attachment"}
MEGABYTE = 1024 * 1024


def picture(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xaeB`\x82"


BAD = {
    "11 MB": (b"x" * (11 * MEGABYTE), "log.txt", "附件超过 10 MB"),
    "zero byte": (b"", "photo.png", "附件是空的"),
    "a lying name": (b"%PDF-1.7\n%%EOF", "photo.png", "扩展名是 .png，但内容的类型是 pdf"),
    "a program": (b"MZ\x90\0\x03\0", "photo.jpg", "扩展名是 .jpg，但内容的类型是 binary"),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "plan.svg", "不接受“.svg”类型的附件"),
    "SVG as text": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "plan.txt", "内容的类型是 svg"),
    "HTML as .jpg": (b"<html><script>alert(1)</script>", "photo.jpg", "内容的类型是 html"),
    "zip bomb": (
        zipped(parts("") | {"xl/worksheets/sheet1.xml": bytes(201 * MEGABYTE)}),
        "list.xlsx",
        "打开后将超过 200 MB",
    ),
    "50-megapixel bomb": (picture(10_000, 5_001), "photo.png", "10000 × 5001"),
    "unseen characters": (b"plain words", "a\x01b.txt", "无法保存的不可见字符"),
}


@dataclass
class Place:
    url: str
    depot: stories.Depot
    browser: FlaskClient

    def send(self, story: str, form: stories.Sendable, key: str, data: bytes, name: str) -> TestResponse:
        sent = {"csrf_token": csrf_token(self.browser), "request_key": key, **form.fields}
        sent[FIELDS[story]] = (BytesIO(data), name)
        return self.browser.post(form.address, data=sent, headers={"Origin": "http://localhost"})


@pytest.fixture(scope="module")
def place(databases: Databases) -> Iterator[Place]:
    url = databases.fresh("sqlite")
    with time_machine.travel(stories.LATER, tick=False), serving(url) as app, app.app_context():
        browser = app.test_client()
        sign_in(browser, make_user(Role.RMA_ADMIN, language="zh_Hans_CN"))
        yield Place(url, stories.make(), browser)
        session.remove()
    databases.drop(url)


@pytest.mark.parametrize("story", FIELDS)
def test_a_bad_file_is_said_and_the_form_goes_through_with_a_good_one(place: Place, story: str) -> None:
    form = place.depot.sendable(story)
    session.remove()
    before = stories.rows(place.url)
    for label, (data, name, words) in BAD.items():
        answer = place.send(story, form, story, data, name)
        assert answer.status_code == 422, label
        assert words in answer.text, label
        assert "<script>alert" not in answer.text
        assert stories.rows(place.url) == before, label
        (again,) = [one for one in forms_of(answer.text, form.address) if one.whole and "request_key" in one.fields]
        kept = {field: values[0] for field, values in again.fields.items() if values}
        assert kept | form.fields == kept, label
    answer = place.send(story, form, story, b"plain words", "..\\..\\etc/\u202egpj.证据.txt")
    assert answer.status_code == 302, answer.text
    session.remove()
    assert session.scalars(select(StoredFile.name).order_by(StoredFile.id.desc()).limit(1)).one() == "gpj.证据.txt"


def test_a_form_without_the_file_it_needs(place: Place) -> None:
    form = place.depot.sendable("note")
    session.remove()
    before = stories.rows(place.url)
    upload = stories.Sendable(form.address.replace("note", "files"), {"purpose": "finding"})
    assert upload.send(place.browser, "none").status_code == 422
    assert stories.rows(place.url) == before
