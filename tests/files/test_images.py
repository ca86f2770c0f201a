import io

import pytest
from PIL import Image

from spares.files.images import SIZE_READERS, jpeg_size, png_size, webp_size


def picture(form: str, size: tuple[int, int], **options: object) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size, "red").save(output, form, **options)
    return output.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (3, 2000)])
@pytest.mark.parametrize(
    ("form", "options"),
    [("png", {}), ("jpeg", {}), ("jpeg", {"progressive": True}), ("webp", {}), ("webp", {"lossless": True})],
)
def test_sizes_agree_with_an_independent_reader(form: str, options: dict[str, object], size: tuple[int, int]) -> None:
    assert SIZE_READERS[form](picture(form, size, **options)) == size


def test_the_extended_form_of_webp_is_read() -> None:
    data = picture("webp", (33, 44), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0")
    assert data[12:16] == b"VP8X"
    assert webp_size(data) == (33, 44)


def test_a_jpeg_with_a_long_preamble_and_fill_bytes_is_read() -> None:
    data = picture("jpeg", (5, 6))
    preamble = b"\xff\xe1\xff\xff" + bytes(65_533) + b"\xff\xff\xff"
    assert jpeg_size(data[:2] + preamble + b"\xfe\x00\x04ab" + data[2:]) == (5, 6)


def test_damaged_headers_have_no_size() -> None:
    assert png_size(picture("png", (5, 6))[:20]) is None
    assert png_size(picture("png", (5, 6)).replace(b"IHDR", b"IDAT")) is None
    assert jpeg_size(picture("jpeg", (5, 6))[:30]) is None
    assert jpeg_size(b"\xff\xd8\xff\xc0\x00\x11\x08") is None
    assert jpeg_size(b"\xff\xd8\xff\xe0\x00\x00" * 50) is None
    assert webp_size(b"RIFF\0\0\0\0WEBPVP8 ") is None
    assert webp_size(b"RIFF\0\0\0\0WEBPNONE" + bytes(40)) is None
