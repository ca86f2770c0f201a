from hashlib import sha256
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from spares.db import session, transaction
from spares.errors import Invalid, NotFound
from spares.files.content_types import FileLimits
from spares.files.models import StoredFile
from spares.files.storage import Upload, store, stored_file, uploads
from tests.conftest import NOON

PDF = b"%PDF-1.7\n%%EOF"


def test_a_file_is_kept_whole_under_what_its_content_is(context: Flask) -> None:
    with transaction():
        kept = store(Upload("签收单.PDF", PDF), by=None, now=NOON)
    session.expire_all()
    found = stored_file(kept.id)
    assert (found.name, found.content_type, found.size, found.data) == ("签收单.PDF", "application/pdf", len(PDF), PDF)
    assert found.sha256 == sha256(PDF).hexdigest()


def test_a_lying_file_is_refused_at_the_field_and_leaves_nothing(context: Flask) -> None:
    with pytest.raises(Invalid) as refusal, transaction():
        store(Upload("a.png", PDF), by=None, now=NOON, blame="attachments")
    assert (refusal.value.code, refusal.value.field) == ("attachment_not_what_it_says", "attachments")
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_what_is_not_there_is_not_found(context: Flask) -> None:
    with pytest.raises(NotFound):
        stored_file(1)


def test_uploads_drop_folders_and_empty_controls_and_read_no_further_than_needed() -> None:
    most = FileLimits().file_bytes
    sent = [
        FileStorage(BytesIO(PDF), filename="C:\\temp\\..\\单.pdf"),
        FileStorage(BytesIO(b""), filename=""),
        "not a file",
        FileStorage(BytesIO(b"x" * (most + 5)), filename="../../big.log"),
        FileStorage(BytesIO(PDF), filename="长" * 300 + ".pdf"),
    ]
    found = uploads(sent)
    assert [one.name for one in found] == ["单.pdf", "big.log", "长" * 196 + ".pdf"]
    assert [len(one.data) for one in found] == [len(PDF), most + 1, len(PDF)]
    assert uploads(None) == []
