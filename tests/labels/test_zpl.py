"""Labels as ZPL, read back field by field: what the printer is told is what the label says, and never a command."""

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from spares.labels.layout import WIDTH
from spares.labels.zpl import DOTS_PER_MM, field_data, zpl
from spares.pdf.raster import bitmap
from tests.labels.making import NASTY, URL, carton, shelf, unit
from tests.labels.reading import Field, barcode, formats, picture, words


def only(text: str) -> list[Field]:
    ((_size, fields),) = formats(text)
    return fields


def of(fields: list[Field], kind: str) -> list[Field]:
    return [field for field in fields if field.kind == kind]


@pytest.mark.parametrize("dpi", DOTS_PER_MM)
def test_a_label_has_the_size_and_the_codes_of_its_pdf(dpi: int) -> None:
    ((size, fields),) = formats(zpl([unit()], dpi))
    assert size == (100 * DOTS_PER_MM[dpi], 50 * DOTS_PER_MM[dpi])
    (qr,) = of(fields, "BQ")
    assert qr.data == f"MA,{URL}/scan?q=(240)WS-C2960X-48FPD-L(21)FOC1932X0AB"
    (bars,) = of(fields, "BC")
    (read,) = zxingcpp.read_barcodes(barcode(bars))
    assert (read.format.name, read.text) == ("Code128", "FOC1932X0AB")
    assert "WS-C2960X-48FPD-L" in words(fields)
    assert "FOC1932X0AB" in words(fields)


@pytest.mark.parametrize("dpi", DOTS_PER_MM)
@pytest.mark.parametrize(
    "serial",
    [
        "1",
        "12",
        "123456",
        "1234567",
        "A>B^C~D_5E",
        "2102350ANW10H8000123",
        "W" * 31,
        "1" * 40,
        "A" + "1" * 39,
        ">>>>",
        ">:x",
    ],
)
def test_bars_say_the_serial_and_stay_on_the_label(serial: str, dpi: int) -> None:
    (bars,) = of(only(zpl([unit(serial=serial)], dpi)), "BC")
    picture_of_it = barcode(bars)
    (read,) = zxingcpp.read_barcodes(picture_of_it)
    assert (read.format.name, read.text) == ("Code128", serial)
    assert bars.x >= 10 * bars.narrow
    assert bars.x - 10 * bars.narrow + picture_of_it.width <= WIDTH * DOTS_PER_MM[dpi]
    assert bars.narrow / DOTS_PER_MM[dpi] >= 0.19


def test_a_serial_too_long_for_bars_has_its_qr_code_alone() -> None:
    fields = only(zpl([unit(serial="S1B2C3D4E5" * 4)], 203))
    assert of(fields, "BC") == []
    assert of(fields, "BQ")[0].data.endswith("(21)" + "S1B2C3D4E5" * 4)


def test_chinese_is_a_picture_of_the_embedded_font() -> None:
    fields = only(zpl([unit(manufacturer="𠮷野网络")], 203))
    assert all(word.isascii() for word in words(fields))
    manufacturer = of(fields, "GF")[0]
    shown = picture(manufacturer)
    wanted = bitmap("𠮷野网络", round(8.5 / (72 / 25.4) * 8))
    assert shown.height == len(wanted.rows)
    for y, row in enumerate(wanted.rows):
        assert sum(1 << (wanted.width - 1 - x) for x in range(wanted.width) if shown.getpixel((x, y)) == 0) == row


@pytest.mark.parametrize("maker", [unit, shelf, carton])
def test_no_field_becomes_a_command(maker: object) -> None:
    places = {
        unit: ("part_number", "manufacturer", "description", "serial", "serial_words"),
        shelf: ("code", "place", "depot"),
        carton: ("number", "rma_number", "carton_words", "depot", "consignee", "address"),
    }[maker]  # type: ignore[index]
    for place in places:
        text = zpl([maker(**{place: NASTY}), maker(**{place: NASTY * 10})], 203)  # type: ignore[operator]
        assert text.count("^XA") == text.count("^XZ") == 2, place
        assert "~" not in text
        assert len(formats(text)) == 2


@given(st.text(max_size=120))
def test_field_data_is_harmless_and_says_the_same(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    said = field_data(text)
    assert said.isascii()
    assert not set(said) & set('^~\r\n\\<>"')
    fields = formats(f"^XA^CI28^PW800^LL400^LH0,0^LS0\n^FT0,0^A0N,1,1^FH_^FD{said}^FS\n^XZ\n")[0][1]
    assert fields[0].data == text


def test_many_labels_are_one_file() -> None:
    found = formats(zpl([unit(serial=f"S{n}") for n in range(30)] + [shelf(), carton()], 203))
    assert len(found) == 32
    assert [of(fields, "BC")[0].data for _size, fields in found[:3]] == [">:S0", ">:S1", ">:S2"]
