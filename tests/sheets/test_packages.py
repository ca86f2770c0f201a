import io
import struct
import zipfile
import zlib

import pytest

from spares.errors import Invalid
from spares.sheets.packages import Package
from spares.sheets.rows import Limits
from tests.sheets.factories import header, parts, zipped

GOOD = parts(header("a"))


def refused(data: bytes, limits: Limits | None = None) -> tuple[str, dict[str, object]]:
    with pytest.raises(Invalid) as refusal:
        Package(data, limits or Limits())
    return refusal.value.code, refusal.value.facts


def test_members_are_unpacked_as_they_were_packed() -> None:
    big = bytes(range(256)) * 2000
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        package = Package(zipped(GOOD | {"xl/media/big.bin": big}, compression), Limits())
        assert b"".join(package.pieces("XL/Media/big.BIN")) == big


@pytest.mark.parametrize("data", [b"PK\x03\x04 but nothing behind", zipped(GOOD)[:-40], zipped(GOOD)[:200]])
def test_a_truncated_archive_is_refused(data: bytes) -> None:
    assert refused(data) == ("xlsx_broken", {"part": "zip"})


@pytest.mark.parametrize("name", ["[Content_Types].xml", "xl/workbook.xml"])
def test_another_kind_of_archive_is_refused(name: str) -> None:
    assert refused(zipped({key: value for key, value in GOOD.items() if key != name})) == (
        "xlsx_broken",
        {"part": name},
    )


def test_macros_are_refused() -> None:
    assert refused(zipped(GOOD | {"xl/vbaProject.bin": b"x"})) == ("xlsx_macros", {})
    types = "<Types>application/vnd.ms-excel.sheet.macroEnabled.main+xml</Types>"
    assert refused(zipped(GOOD | {"[Content_Types].xml": types})) == ("xlsx_macros", {})


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(zipped(GOOD))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refused(bytes(data)) == ("xlsx_encrypted_or_xls", {})


def test_the_number_of_members_is_bounded() -> None:
    many = GOOD | {f"xl/{number}": b"" for number in range(20)}
    assert refused(zipped(many), Limits(members=20)) == ("xlsx_too_many_members", {"members": 27, "limit": 20})


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused() -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, content in GOOD.items():
            archive.writestr(name, content)
        archive.writestr("xl/Workbook.xml", "<workbook/>")
    assert refused(output.getvalue()) == ("xlsx_broken", {"part": "zip"})


def test_a_declared_bomb_is_refused_unopened() -> None:
    bomb = zipped(GOOD | {"xl/worksheets/sheet3.xml": b" " * 30_000_000})
    assert len(bomb) < 40_000
    assert refused(bomb) == ("xlsx_ratio_suspicious", {"part": "xl/worksheets/sheet3.xml", "limit": 250})
    code, facts = refused(bomb, Limits(unpacked_bytes=20_000_000))
    assert (code, facts["limit"]) == ("xlsx_unpacks_too_large", 20_000_000)


@pytest.mark.parametrize("declared", [100, 900_000])
def test_a_directory_that_lies_about_a_size_is_refused(declared: int) -> None:
    data = bytearray(zipped(GOOD | {"xl/bomb.bin": b"\0" * 30_000_000}))
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<II", data, at + 16, zlib.crc32(b"\0" * declared), struct.unpack_from("<I", data, at + 20)[0])
    struct.pack_into("<I", data, at + 24, declared)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.read("xl/bomb.bin")) == declared  # the library is taken in
    assert refused(bytes(data)) == ("xlsx_broken", {"part": "xl/bomb.bin"})


def test_a_damaged_member_is_refused() -> None:
    stored = bytearray(zipped(GOOD, zipfile.ZIP_STORED))
    stored[stored.index(b"<sheetData>") + 3] ^= 1
    assert refused(bytes(stored)) == ("xlsx_broken", {"part": "xl/worksheets/sheet1.xml"})
    deflated = bytearray(zipped(GOOD))
    at = deflated.index(b"xl/workbook.xml") + len(b"xl/workbook.xml")
    deflated[at : at + 4] = b"\xff\xff\xff\xff"
    assert refused(bytes(deflated)) == ("xlsx_broken", {"part": "xl/workbook.xml"})


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_no_spreadsheet_uses_is_refused(compression: int) -> None:
    assert refused(zipped(GOOD, compression))[0] == "xlsx_broken"


@pytest.mark.parametrize(
    "content",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'.encode("utf-16"),
        b" " * (64 * 1024 - 4) + b"<!DOCTYPE a><a/>",
    ],
)
def test_document_types_and_entities_are_refused_in_any_part(content: bytes) -> None:
    assert refused(zipped(GOOD | {"docProps/app.xml": content}, zipfile.ZIP_STORED)) == (
        "xlsx_document_type",
        {"part": "docProps/app.xml"},
    )


def test_a_part_that_is_not_there_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        Package(zipped(GOOD), Limits()).pieces("xl/absent.xml")
    assert refusal.value.facts == {"part": "xl/absent.xml"}
