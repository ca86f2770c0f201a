import struct

import pytest

from spares.errors import Invalid
from spares.files.content_types import CSV, JPEG, PDF, PNG, TEXT, WEBP, XLSX, FileKind, FileLimits, identify
from tests.files.test_images import picture
from tests.sheets.factories import header, parts, zipped

PDF_FILE = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
SHEET = parts(header("a"))


@pytest.mark.parametrize(
    ("data", "filename", "kind"),
    [
        (PDF_FILE, "签收单.PDF", PDF),
        (picture("png", (3, 4)), "a.png", PNG),
        (picture("jpeg", (3, 4)), "a.jpg", JPEG),
        (picture("jpeg", (3, 4)), "a.b.JPEG", JPEG),
        (picture("webp", (3, 4)), "a.webp", WEBP),
        (zipped(SHEET), "a.xlsx", XLSX),
        ("厂商,型号\n".encode("gbk"), "a.csv", CSV),
        ("\ufeff说明\n".encode(), "a.txt", TEXT),
        ("说明".encode("utf-16"), "a.txt", TEXT),
        (b"<189>Nov 22 link down\r\n--More--\x08\x08\x1b[K\r\n", "switch.log", TEXT),
    ],
)
def test_what_may_be_kept_is_known_by_its_content(data: bytes, filename: str, kind: FileKind) -> None:
    assert identify(data, filename) == kind


def test_each_kind_is_served_as_one_fixed_type() -> None:
    served = {kind.name: kind.mime_type for kind in (PDF, PNG, JPEG, WEBP, TEXT, CSV)}
    assert served == {
        "pdf": "application/pdf",
        "png": "image/png",
        "jpeg": "image/jpeg",
        "webp": "image/webp",
        "text": "text/plain",
        "csv": "text/csv",
    }


@pytest.mark.parametrize(
    ("data", "filename", "claimed", "found"),
    [
        (b"MZ\x90\x00\x03", "a.pdf", ".pdf", "binary"),
        (PDF_FILE, "a.png", ".png", "pdf"),
        (picture("png", (3, 4)), "a.jpg", ".jpg", "png"),
        (b"plain", "a.png", ".png", "text"),
        (b"<!DOCTYPE html><p>", "a.txt", ".txt", "html"),
        (b"\xef\xbb\xbf \n<p onclick=x>", "a.csv", ".csv", "html"),
        (b"GIF89a <script>alert(1)</script>", "a.txt", ".txt", "html"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "a.png", ".png", "svg"),
        (b"<svg/>", "a.txt", ".txt", "svg"),
        (zipped({"x.txt": "y"}), "a.xlsx", ".xlsx", "zip"),
        (zipped(SHEET), "a.csv", ".csv", "xlsx"),
        (zipped(SHEET | {"xl/vbaProject.bin": b"x"}), "a.xlsx", ".xlsx", "xlsm"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "a.xlsx", ".xlsx", "ole"),
        (b"leading " + PDF_FILE, "a.pdf", ".pdf", "text"),
    ],
)
def test_content_that_disagrees_with_the_name_is_refused(data: bytes, filename: str, claimed: str, found: str) -> None:
    with pytest.raises(Invalid) as refusal:
        identify(data, filename)
    assert refusal.value.code == "attachment_not_what_it_says"
    assert refusal.value.facts == {"claimed": claimed, "found": found}


@pytest.mark.parametrize(
    ("filename", "found"),
    [
        ("a.svg", ".svg"),
        ("a.html", ".html"),
        ("a.zip", ".zip"),
        ("a.exe", ".exe"),
        ("a.png.exe", ".exe"),
        ("a", "text"),
    ],
)
def test_other_kinds_are_refused_by_name(filename: str, found: str) -> None:
    with pytest.raises(Invalid) as refusal:
        identify(b"harmless", filename)
    allowed = [".pdf", ".png", ".jpg", ".jpeg", ".webp", ".xlsx", ".txt", ".log", ".csv"]
    assert refusal.value.code == "attachment_kind_refused"
    assert refusal.value.facts == {"found": found, "allowed": allowed}


def bomb(width: int, height: int) -> bytes:
    data = bytearray(picture("png", (1, 1)))
    struct.pack_into(">II", data, 16, width, height)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "filename", "code", "facts"),
    [
        (b"", "a.pdf", "attachment_empty", {}),
        (b"x" * 101, "a.txt", "attachment_too_large", {"size": 101, "limit": 100}),
        (b"%PDF-1.7 cut off", "a.pdf", "attachment_broken", {"found": "pdf"}),
        (picture("png", (5, 5))[:20], "a.png", "attachment_broken", {"found": "png"}),
        (bomb(0, 5), "a.png", "attachment_broken", {"found": "png"}),
        (b"PK\x03\x04 cut off", "a.xlsx", "attachment_broken", {"found": "zip"}),
        (bomb(50_000, 2), "a.png", "attachment_image_too_large", {"width": 50_000, "height": 2, "limit": 50_000_000}),
        (bomb(9000, 9000), "a.png", "attachment_image_too_large", {"width": 9000, "height": 9000, "limit": 50_000_000}),
    ],
)
def test_empty_large_broken_and_exploding_files_are_refused(
    data: bytes, filename: str, code: str, facts: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refusal:
        identify(data, filename, limits=FileLimits(file_bytes=100))
    assert (refusal.value.code, refusal.value.facts) == (code, facts)


def test_a_workbook_that_explodes_when_it_is_opened_is_refused() -> None:
    """Judged by what its directory declares, without unpacking it."""
    data = zipped(parts("") | {"xl/worksheets/sheet1.xml": bytes(3_000_000)})
    assert len(data) < 20_000
    assert identify(data, "a.xlsx").name == "xlsx"
    with pytest.raises(Invalid) as refusal:
        identify(data, "a.xlsx", limits=FileLimits(unpacked_bytes=1_000_000))
    assert (refusal.value.code, refusal.value.facts) == ("attachment_unpacks_too_large", {"limit": 1_000_000})
