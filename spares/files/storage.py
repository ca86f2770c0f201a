"""Keeping uploads: read within limits, judged by their content, stored in the transaction of the record they belong to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import PureWindowsPath

from sqlalchemy.orm import undefer
from werkzeug.datastructures import FileStorage

from spares.db import session
from spares.errors import Invalid, NotFound
from spares.files.content_types import FileLimits, identify
from spares.files.models import StoredFile

_NAME_LENGTH = 200
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of a text, and make `exe.jpg` of `gpj.exe` on a page."""


@dataclass(frozen=True)
class Upload:
    """A file as it came with a form. `name` is the browser's, without any folder."""

    name: str
    data: bytes = field(repr=False)


def uploads(sent: Iterable[object] | None) -> list[Upload]:
    """The files of a form's file field, in memory; a control that was left empty sends none. Reads no further than one
    byte beyond the limit, which is enough to refuse the file."""
    most = FileLimits().file_bytes + 1
    found = [one for one in sent or () if isinstance(one, FileStorage) and one.filename]
    return [Upload(_plain_name(one.filename or ""), one.stream.read(most)) for one in found]


def store(upload: Upload, *, by: int | None, now: datetime, blame: str | None = None) -> StoredFile:
    """Keep the file. `by` is the person's key. Raises Invalid as `identify` does, at the form field `blame`."""
    try:
        kind = identify(upload.data, upload.name)
    except Invalid as refusal:
        refusal.field = blame
        raise
    stored = StoredFile(
        name=upload.name,
        content_type=kind.mime_type,
        size=len(upload.data),
        sha256=sha256(upload.data).hexdigest(),
        data=upload.data,
        uploaded_at=now,
        uploaded_by_id=by,
    )
    session.add(stored)
    session.flush()
    return stored


def stored_file(file_id: int) -> StoredFile:
    """The file with its content. Who may see it is the caller's question. Raises NotFound."""
    found = session.get(StoredFile, file_id, options=[undefer(StoredFile.data)])
    if found is None:
        raise NotFound("not_found")
    return found


def _plain_name(sent: str) -> str:
    """The last part of the name without marks of direction, cut in its middle to what the column holds, its ending kept."""
    name = _DIRECTIONS.sub("", PureWindowsPath(sent).name) or "file"
    if len(name) <= _NAME_LENGTH:
        return name
    suffix = PureWindowsPath(name).suffix[:20]
    return name[: _NAME_LENGTH - len(suffix)] + suffix
