"""How large a picture will be once it is decoded, read from its header without decoding it."""

import struct
from collections.abc import Callable

Size = tuple[int, int]

_PNG = b"\x89PNG\r\n\x1a\n"
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def png_size(data: bytes) -> Size | None:
    """Width and height in pixels, or None where the header is damaged."""
    if len(data) < 33 or not data.startswith(_PNG) or data[8:16] != b"\0\0\0\rIHDR":
        return None
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def jpeg_size(data: bytes) -> Size | None:
    """Width and height in pixels, from the frame header, or None where there is none."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAME_MARKERS:
            if at + 9 > len(data):
                return None
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        else:
            at += 2 + max(2, int(struct.unpack_from(">H", data, at + 2)[0]))
    return None


def webp_size(data: bytes) -> Size | None:
    """Width and height in pixels of the canvas, for all three forms of the format, or None."""
    if len(data) < 30:
        return None
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L" if data[20] == 0x2F:
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


SIZE_READERS: dict[str, Callable[[bytes], Size | None]] = {"png": png_size, "jpeg": jpeg_size, "webp": webp_size}
