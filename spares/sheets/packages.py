"""The zip archive that an XLSX file is, unpacked only after every member has been measured.

Only the archive's directory is taken from `zipfile`. Members are inflated here, piece by piece, because the library
believes the size that the directory declares, and a bomb's directory lies."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from spares.errors import Invalid
from spares.sheets.rows import Limits

_PIECE = 64 * 1024
_ENCRYPTED = 0x1
_SMALL = 1024 * 1024
_LOCAL_HEADER = 30
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
_OVERLAP = max(map(len, _FORBIDDEN)) - 1


class Package:
    """An XLSX file's members by name.

    Raises Invalid: `xlsx_broken` with the `part` to blame, `xlsx_encrypted_or_xls`, `xlsx_macros`,
    `xlsx_too_many_members`, `xlsx_unpacks_too_large`, `xlsx_ratio_suspicious`, `xlsx_document_type`."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data = data
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, struct.error, NotImplementedError) as error:
            raise Invalid("xlsx_broken", part="zip") from error
        self._members = {member.filename.casefold(): member for member in members}
        self._check_directory(members, limits)
        for member in members:
            self._check_member(member)

    def has(self, name: str) -> bool:
        return name.casefold() in self._members

    def pieces(self, name: str) -> Iterator[bytes]:
        """The unpacked content of a member. Raises Invalid: `xlsx_broken` where there is no such member."""
        member = self._members.get(name.casefold())
        if member is None:
            raise Invalid("xlsx_broken", part=name)
        return self._inflated(member)

    def _check_directory(self, members: list[zipfile.ZipInfo], limits: Limits) -> None:
        if len(members) > limits.members:
            raise Invalid("xlsx_too_many_members", members=len(members), limit=limits.members)
        if any(member.flag_bits & _ENCRYPTED for member in members):
            raise Invalid("xlsx_encrypted_or_xls")
        if any(name.endswith("vbaproject.bin") for name in self._members):
            raise Invalid("xlsx_macros")
        for part in ("[Content_Types].xml", "xl/workbook.xml"):
            if not self.has(part):
                raise Invalid("xlsx_broken", part=part)
        if len(self._members) < len(members):
            raise Invalid("xlsx_broken", part="zip")
        unpacked = sum(member.file_size for member in members)
        if unpacked > limits.unpacked_bytes:
            raise Invalid("xlsx_unpacks_too_large", size=unpacked, limit=limits.unpacked_bytes)
        for member in members:
            if member.file_size > max(_SMALL, limits.unpacked_ratio * member.compress_size):
                raise Invalid("xlsx_ratio_suspicious", part=member.filename, limit=limits.unpacked_ratio)

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        size, checksum, tail = 0, 0, b""
        is_markup = member.filename.casefold().endswith((".xml", ".rels"))
        is_types = member.filename.casefold() == "[content_types].xml"
        for piece in self._inflated(member):
            size += len(piece)
            checksum = zlib.crc32(piece, checksum)
            if not is_markup:
                continue
            # Without its zero bytes, markup in UTF-16 reads like markup in ASCII.
            seen = tail + piece.replace(b"\0", b"")
            if any(mark in seen for mark in _FORBIDDEN):
                raise Invalid("xlsx_document_type", part=member.filename)
            if is_types and b"macroEnabled" in seen:
                raise Invalid("xlsx_macros")
            tail = seen[-_OVERLAP:]
        if size != member.file_size or checksum != member.CRC:
            raise Invalid("xlsx_broken", part=member.filename)

    def _inflated(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Pieces of a member; one more byte than the directory declares is a lie, and ends the reading."""
        start = member.header_offset
        header = self._data[start : start + _LOCAL_HEADER]
        if len(header) < _LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
            raise Invalid("xlsx_broken", part=member.filename)
        name_length, extra_length = struct.unpack_from("<HH", header, 26)
        start += _LOCAL_HEADER + name_length + extra_length
        packed = memoryview(self._data)[start : start + member.compress_size]
        if len(packed) < member.compress_size:
            raise Invalid("xlsx_broken", part=member.filename)
        if member.compress_type == zipfile.ZIP_STORED:
            pieces: Iterator[bytes] = (bytes(packed[at : at + _PIECE]) for at in range(0, len(packed), _PIECE))
        elif member.compress_type == zipfile.ZIP_DEFLATED:
            pieces = _inflate(packed)
        else:
            raise Invalid("xlsx_broken", part=member.filename)
        size = 0
        try:
            for piece in pieces:
                size += len(piece)
                if size > member.file_size:
                    raise Invalid("xlsx_broken", part=member.filename)
                yield piece
        except zlib.error as error:
            raise Invalid("xlsx_broken", part=member.filename) from error


def _inflate(packed: memoryview) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, len(packed), _PIECE):
        waiting: bytes | memoryview = packed[at : at + _PIECE]
        while waiting and not stream.eof:
            yield stream.decompress(waiting, _PIECE)
            waiting = stream.unconsumed_tail
    while not stream.eof:
        piece = stream.decompress(b"", _PIECE)
        if not piece:
            return
        yield piece
