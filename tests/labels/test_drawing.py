"""Labels as PDF, read back by other people's code: words with pypdf, codes with zxing from pages that pdfium draws."""

import pypdfium2
import pytest

from spares.labels import drawing
from spares.labels.layout import HEIGHT, WIDTH, Bars, Label, Square, fitted, square_for
from spares.labels.scan_reading import Form, Reading, read_scan
from spares.pdf import codes as code128
from tests.labels.making import NASTY, URL, carton, shelf, unit
from tests.pdf.reading import codes, embedded_fonts, flat, pages

LONG = "S1B2C3D4E5" * 4
OWN = f"{URL}/scan?q="
WHOLE = {
    "unit": (unit(), [("Code128", "FOC1932X0AB"), ("QRCode", f"{OWN}(240)WS-C2960X-48FPD-L(21)FOC1932X0AB")]),
    "20 characters": (
        unit(part_number="02350ANW", serial="2102350ANW10H8000123"),
        [("Code128", "2102350ANW10H8000123"), ("QRCode", f"{OWN}(240)02350ANW(21)2102350ANW10H8000123")],
    ),
    "40 characters": (unit(serial=LONG), [("QRCode", f"{OWN}(240)WS-C2960X-48FPD-L(21){LONG}")]),
    "80 and 120 characters": (
        unit(part_number="X" * 120, serial="ABCDEFGHIJ" * 8),
        [("QRCode", f"{OWN}(240){'X' * 120}(21){'ABCDEFGHIJ' * 8}")],
    ),
    "brackets": (unit(serial="A(21)B"), [("Code128", "A(21)B"), ("QRCode", f"{OWN}A(21)B")]),
    "not ASCII": (unit(serial="序7"), [("QRCode", f"{OWN}(240)WS-C2960X-48FPD-L(21)%E5%BA%8F7")]),
    "bin": (shelf(), [("Code128", "A-01-02"), ("QRCode", f"{OWN}A-01-02")]),
    "carton": (carton(), [("Code128", "SH-000123"), ("QRCode", f"{OWN}SH-000123")]),
}


@pytest.mark.parametrize("dpi", [150, 203])
@pytest.mark.parametrize("name", WHOLE)
def test_every_code_is_read_at_both_resolutions(name: str, dpi: int) -> None:
    label, wanted = WHOLE[name]
    (page,) = pages(drawing.on_roll([label], "x"), dpi)
    assert codes(page) == wanted


def test_a_code_of_the_narrowest_bars_is_read_by_every_label_printer() -> None:
    serial = "ABCDEFGHIJKLMNPQRSTUVWXYZ12345"
    label = unit(part_number="P-1", serial=serial)
    (bars,) = [item for item in label.items() if isinstance(item, Bars)]
    assert bars.module == 0.25
    (page,) = pages(drawing.on_roll([label], "x"), 203)
    assert codes(page) == [("Code128", serial), ("QRCode", f"{OWN}(240)P-1(21){serial}")]
    (page,) = pages(drawing.on_roll([label], "x"), 150)
    assert ("QRCode", f"{OWN}(240)P-1(21){serial}") in codes(page)


@pytest.mark.parametrize("length", range(1, 81))
def test_no_code_is_too_small_or_passes_the_edge(length: int) -> None:
    for label in (unit(serial="W" * length), shelf(code="W" * min(length, 40)), carton(number="W" * length)):
        for item in label.items():
            if isinstance(item, Bars):
                wide = code128.code128_modules(item.text) * item.module
                assert item.module >= 0.25
                assert item.x >= code128.QUIET * item.module
                assert item.x + wide - code128.QUIET * item.module <= WIDTH
            if isinstance(item, Square):
                assert item.x + item.side <= WIDTH - 3


def test_a_qr_code_that_would_be_too_small_says_less_or_is_left_out() -> None:
    said = ["x" * 400, "x" * 100]
    assert square_for(said, 20) == Square(WIDTH - 3 - 20, 3, 20, "x" * 100)
    assert square_for(["x" * 400], 20) is None


@pytest.mark.parametrize("name", WHOLE)
def test_what_a_scanner_reads_names_the_same_record(name: str) -> None:
    label, wanted = WHOLE[name]
    serial = getattr(label, "serial", "")
    part = getattr(label, "part_number", "") if name not in ("brackets",) else ""
    (said,) = [text for form, text in wanted if form == "QRCode"]
    read = read_scan(said)
    assert read.form is Form.OWN
    assert read.text == (serial or getattr(label, "code", "") or getattr(label, "number", ""))
    if part:
        assert read == Reading(serial, serial, part, form=Form.OWN)


def test_everything_is_said_in_words() -> None:
    text = flat(drawing.on_roll([unit(), shelf(), carton()], "x"))
    for fact in (
        "WS-C2960X-48FPD-L", "示例网络", "48口千兆PoE交换机，2个10GSFP+上行口", "序列号FOC1932X0AB", "A-01-02",
        "一号库房·郑州备件库", "SH-000123", "RMA-000042", "第2箱，共3箱", "发货方郑州备件库", "王喆13800001234·洛龙数据中心",
        "河南省洛阳市洛龙区开元大道258号B座3层",
    ):  # fmt: skip
        assert fact in text, fact


def test_what_does_not_fit_ends_with_dots_and_what_fits_is_whole() -> None:
    text = flat(drawing.on_roll([unit(description="长" * 300)], "x"))
    assert "长…" in text
    for count in (10, 40, 60):
        text = flat(drawing.on_roll([unit(description="长" * count)], "x"))
        assert "长" * count in text
        assert "…" not in text
    assert fitted("abc", 1, [(9, 1)]) == (9, ["…"])


def test_rare_characters_and_markup_are_visible() -> None:
    text = flat(drawing.on_roll([unit(manufacturer="𠮷野<b>&amp;", description="喆堃镕")], "x"))
    assert "〓[U+20BB7]野<b>&amp;" in text
    assert "喆堃镕" in text


@pytest.mark.parametrize(
    "label",
    [
        unit(part_number="X" * 120, manufacturer="宽" * 120, description="长" * 300, serial=LONG),
        unit(description=NASTY * 10, serial="W" * 80),
        shelf(code="W" * 40, place="长" * 80, depot="库" * 80),
        carton(consignee="长" * 120, address="址" * 300, depot="库" * 80, carton_words="箱" * 60),
    ],
)
def test_nothing_passes_the_edge_and_nothing_lies_over_another(label: Label) -> None:
    (page,) = pages(drawing.on_roll([label], "x"), 203)
    width, height = page.size
    edge = 12  # 1.5 mm
    for side in (
        (0, 0, edge, height),
        (width - edge, 0, width, height),
        (0, 0, width, edge),
        (0, height - edge, width, height),
    ):
        assert page.crop(side).getextrema() == (255, 255), side
    items = label.items()
    for code in [item for item in items if isinstance(item, Bars | Square)]:
        assert (("Code128" if isinstance(code, Bars) else "QRCode"), code.text) in codes(page)


def test_pages_have_the_size_of_a_label_and_carry_their_font() -> None:
    data = drawing.on_roll([unit(), unit()], "Labels")
    document = pypdfium2.PdfDocument(data)
    assert [page.get_size() for page in document] == [
        pytest.approx((WIDTH / 25.4 * 72, HEIGHT / 25.4 * 72), abs=0.1)
    ] * 2
    assert embedded_fonts(data) == {"/AAAAAB+NotoSansSC"}
    assert drawing.on_roll([unit(), unit()], "Labels") == data


def places(data: bytes, dpi: int = 150) -> list[dict[str, tuple[int, int]]]:
    """On every sheet, the column and row in which each bin's QR code lies."""
    found = []
    for page in pages(data, dpi):
        here = {}
        for row in range(5):
            for column in range(2):
                left, top = (5 + 100 * column) / 25.4 * dpi, (23.5 + 50 * row) / 25.4 * dpi
                cut = page.crop((round(left), round(top), round(left + 100 / 25.4 * dpi), round(top + 50 / 25.4 * dpi)))
                here.update({text: (column, row) for form, text in codes(cut) if form == "Code128"})
        found.append(here)
    return found


def test_a_sheet_is_filled_row_by_row_from_its_first_free_place() -> None:
    labels = [shelf(code=f"B-{n:02d}") for n in range(1, 10)]
    first, second = places(drawing.on_sheets(labels, "x", start=4))
    assert first == {f"B-{n:02d}": ((n + 2) % 2, (n + 2) // 2) for n in range(1, 8)}
    assert second == {"B-08": (0, 0), "B-09": (1, 0)}


def test_a_whole_sheet_is_one_page() -> None:
    (only,) = places(drawing.on_sheets([shelf(code=f"B-{n:02d}") for n in range(10)], "x"))
    assert len(only) == drawing.A_SHEET == 10
