"""What an uploaded file is, judged by its content; its name must agree. What is not on the list is refused."""

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

from spares.errors import Invalid
from spares.files.images import SIZE_READERS

_MEGABYTE = 1024 * 1024
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_MARKUP = re.compile(r"\s*<[a-z!?/]|.*<\s*(?:html|script|iframe|svg)\b", re.IGNORECASE | re.DOTALL)
# A captured console session has bells, backspaces and escapes; other control characters mean that it is no text.
_CONTROL = re.compile("[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_INSPECTED = 4096
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that may be kept. `mime_type` is what it is served as, whatever the browser that sent it said."""

    name: str
    mime_type: str
    extensions: tuple[str, ...]


PDF = FileKind("pdf", "application/pdf", (".pdf",))
PNG = FileKind("png", "image/png", (".png",))
JPEG = FileKind("jpeg", "image/jpeg", (".jpg", ".jpeg"))
WEBP = FileKind("webp", "image/webp", (".webp",))
XLSX = FileKind("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",))
TEXT = FileKind("text", "text/plain", (".txt", ".log"))
CSV = FileKind("csv", "text/csv", (".csv",))
ALLOWED = (PDF, PNG, JPEG, WEBP, XLSX, TEXT, CSV)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How large an attachment may be: in bytes, for a picture in pixels once it is decoded, for a workbook in bytes once
    it is unpacked (as its directory declares; nothing is unpacked here, but whoever opens it does)."""

    file_bytes: int = 10 * _MEGABYTE
    side_pixels: int = 16_000
    pixels: int = 50_000_000
    unpacked_bytes: int = 200 * _MEGABYTE


def identify(data: bytes, filename: str, *, limits: FileLimits | None = None) -> FileKind:
    """The kind of an uploaded file.

    Raises Invalid: `attachment_empty`, `attachment_too_large` (size, limit), `attachment_kind_refused` (found,
    allowed), `attachment_not_what_it_says` (claimed, found), `attachment_broken` (found),
    `attachment_image_too_large` (width, height, limit), `attachment_unpacks_too_large` (limit)."""
    limits = limits or FileLimits()
    if not data:
        raise Invalid("attachment_empty")
    if len(data) > limits.file_bytes:
        raise Invalid("attachment_too_large", size=len(data), limit=limits.file_bytes)
    extension = PurePath(filename).suffix.casefold()
    found = _found_in(data, limits)
    if found == "text":
        found = "csv" if extension in CSV.extensions else "text"
    kind = next((kind for kind in ALLOWED if kind.name == found), None)
    claimed = next((kind for kind in ALLOWED if extension in kind.extensions), None)
    if claimed is None:
        raise Invalid("attachment_kind_refused", found=extension or found, allowed=_allowed_extensions())
    if kind is not claimed:
        raise Invalid("attachment_not_what_it_says", claimed=extension, found=found)
    _check_picture(data, kind, limits)
    return kind


def _allowed_extensions() -> list[str]:
    return [extension for kind in ALLOWED for extension in kind.extensions]


def _found_in(data: bytes, limits: FileLimits) -> str:
    """The name of the kind, or of something that is refused."""
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(_OLE):
        return "ole"
    if data.startswith(b"PK"):
        return _found_in_zip(data, limits)
    return _found_in_text(data)


def _found_in_zip(data: bytes, limits: FileLimits) -> str:
    """Only the directory is read; nothing is unpacked here, nor when the file is served."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Invalid("attachment_broken", found="zip") from error
    names = {member.filename.casefold() for member in members}
    if not {"[content_types].xml", "xl/workbook.xml"} <= names:
        return "zip"
    if sum(member.file_size for member in members) > limits.unpacked_bytes:
        raise Invalid("attachment_unpacks_too_large", limit=limits.unpacked_bytes)
    if any(name.endswith("vbaproject.bin") for name in names):
        return "xlsm"
    return "zip" if any(member.flag_bits & _ENCRYPTED for member in members) else "xlsx"


def _found_in_text(data: bytes) -> str:
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            return "binary"
        beginning = text[:_INSPECTED]
        if not _MARKUP.match(beginning):
            return "text"
        return "svg" if "<svg" in beginning.casefold() else "html"
    return "binary"


def _check_picture(data: bytes, kind: FileKind, limits: FileLimits) -> None:
    if kind.name == "pdf" and b"%%EOF" not in data[-2048:]:
        raise Invalid("attachment_broken", found="pdf")
    if kind.name not in SIZE_READERS:
        return
    size = SIZE_READERS[kind.name](data)
    if size is None or 0 in size:
        raise Invalid("attachment_broken", found=kind.name)
    width, height = size
    if max(size) > limits.side_pixels or width * height > limits.pixels:
        raise Invalid("attachment_image_too_large", width=width, height=height, limit=limits.pixels)
