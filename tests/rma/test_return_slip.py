"""The return slip, read back from rendered pages: what comes back, by when, to where, and the label to cut off."""

import json
from dataclasses import replace

import pytest

from spares.pdf.form import Party
from spares.rma.return_slip import LABEL_TOP, ReturnLine, ReturnSlip, from_json, render, to_json
from tests.pdf.reading import codes, embedded_fonts, flat, pages, texts

URL = "https://spares.example.org/r/RMA-2026-000123"
UNIT = ReturnLine(
    "WS-C2960X-48FPD-L",
    description="48 x GigE PoE",
    serial="FOC1801Z0QQ",
    data_erased=True,
    fault_on="2026-11-20",
    symptom="反复重启,更换电源无效",
    software_version="15.2(7)E4",
    owner="洛阳示例银行",
    accessories="电源线",
    replacement_serial="FOC1932X0AB",
)
SLIP = ReturnSlip(
    rma_number="RMA-2026-000123",
    lines=(UNIT,),
    send_to=Party("郑州备件库", "河南省郑州市高新区莲花街 11 号", "返修组", "0371-5555 0123"),
    sender=Party("洛阳示例银行", "河南省洛阳市洛龙区开元大道 258 号", "王喆", "138 0000 1234"),
    case_number="CS-2026-004711",
    shipping_slip="SH-20261120-0007",
    valid_until="2027-01-20",
    return_by="2026-12-04",
    category="replacement",
    in_warranty=True,
    receiving_url=URL,
)
RMA_CODE = ("Code128", "RMA-2026-000123")


def test_everything_that_was_frozen_is_printed() -> None:
    text = flat(render(SLIP))
    facts = [
        "故障件返还单Faultypartreturnslip", "CS-2026-004711", "SH-20261120-0007", "2027-01-20",
        "请最迟于2026-12-04寄回1件故障件", "Send1faultypartbackby2026-12-04",
        "郑州备件库,河南省郑州市高新区莲花街11号,返修组,0371-55550123", "洛阳示例银行",
        "河南省洛阳市洛龙区开元大道258号", "王喆,13800001234", "WS-C2960X-48FPD-L", "48xGigEPoE", "FOC1801Z0QQ",
        "2026-11-20", "反复重启,更换电源无效", "15.2(7)E4", "电源线", "FOC1932X0AB", "装入防静电袋。",
        "RMAnumberontheoutsideofeverypackage.", "备件库填写Forthedepot", "故障属实Faultconfirmed",
        "未见故障Nofaultfound", "使用不当Misuse", "维修Repair", "供应方Vendor", "报废Scrap", "退客户Tocustomer",
        "第1页共2页/Page1of2", "第2页共2页/Page2of2",
    ]  # fmt: skip
    assert [fact for fact in facts if fact not in text] == []
    assert "None" not in text


def test_codes_of_slip_label_and_second_page_are_read_at_150_dpi() -> None:
    first, second = pages(render(SLIP))
    assert codes(first) == [("Code128", "FOC1801Z0QQ"), RMA_CODE, RMA_CODE, ("QRCode", URL), ("QRCode", URL)]
    assert codes(second) == [RMA_CODE]


def test_the_label_alone_says_where_it_goes() -> None:
    first, second = pages(render(SLIP))
    cut = round(LABEL_TOP / 297 * first.height)
    label = first.crop((0, cut, first.width, first.height))
    assert codes(label) == [RMA_CODE, ("QRCode", URL)]
    back = second.crop((0, cut + 60, second.width, second.height))
    assert back.getextrema() == (255, 255)


def test_ticks_are_drawn_where_something_is_known() -> None:
    plain = replace(UNIT, data_erased=None)
    drawn = {
        choice: render(replace(SLIP, lines=(replace(plain, data_erased=choice),))) for choice in (None, True, False)
    }
    assert len({pages(data, 72)[0].tobytes() for data in drawn.values()}) == 3
    assert len(set(map(flat, drawn.values()))) == 1


def test_the_same_slip_is_the_same_bytes_and_survives_json() -> None:
    frozen = json.loads(json.dumps(to_json(SLIP)))
    assert from_json(frozen) == SLIP
    assert render(from_json(frozen)) == render(SLIP)
    with pytest.raises(TypeError, match="colour"):
        from_json({**frozen, "colour": "red"})


def test_a_copy_differs_by_its_mark_alone() -> None:
    original, copy = texts(render(SLIP)), texts(render(SLIP, copy_no=3))
    assert [page.count("副本 COPY 3") for page in copy] == [2, 2]
    assert [page.replace("副本 COPY 3", "").split() for page in copy] == [page.split() for page in original]


def test_its_fonts_are_embedded() -> None:
    assert embedded_fonts(render(SLIP)) == {"/AAAAAA+NotoSansSC", "/AAAAAB+NotoSansSC"}


def test_sixty_units_flow_over_pages_each_unit_once_and_once_for_the_depot() -> None:
    lines = tuple(replace(UNIT, serial=f"FOC19{n:02d}X{n:03d}", replacement_serial=None) for n in range(60))
    data = render(replace(SLIP, lines=lines))
    written = texts(data)
    for number, text in enumerate(written, 1):
        assert f"第 {number} 页 共 {len(written)} 页 / Page {number} of {len(written)}" in text
    everything = "".join(written)
    assert [everything.count(line.serial or "") for line in lines] == [2] * 60
    assert "请最迟于2026-12-04寄回60件故障件" in flat(data)
    read = [text for page in pages(data) for _, text in codes(page)]
    assert sorted(text for text in read if text.startswith("FOC")) == sorted(line.serial or "" for line in lines)


def test_an_empty_slip_has_blanks_to_write_on() -> None:
    slip = ReturnSlip(rma_number="RMA-1", lines=(ReturnLine("X"),))
    text = flat(render(slip))
    assert "None" not in text
    assert "请寄回1件故障件" in text
    assert "签收日期Receivedon" in text


def test_the_rule_stands_for_a_day_not_known_yet() -> None:
    text = flat(render(replace(SLIP, return_by=None, return_within_days=10)))
    assert "请在签收后10个工作日内寄回1件故障件" in text
    assert "Send1faultypartbackwithin10workingdaysafterreceipt" in text


def test_markup_and_rare_characters_are_visible() -> None:
    nasty = "<b>A&amp;B</b>\r\n二行\x00𠮷野家"
    text = flat(render(replace(SLIP, lines=(replace(UNIT, symptom=nasty),))))
    assert "<b>A&amp;B</b>二行〓[U+20BB7]野家" in text


def test_long_addresses_and_serials_stay_on_the_page() -> None:
    address = "河南省郑州市" + "很长的地址,有标点。" * 10
    to = Party("郑州备件库" * 6, address, "返修组", "0371-5555 0123")
    slip = replace(
        SLIP, send_to=to, sender=replace(to, name="x" * 80), lines=(replace(UNIT, serial="S" * 40), UNIT, UNIT)
    )
    data = render(slip)
    assert flat(data).count(address) >= 2
    assert ("Code128", "S" * 40) in [code for page in pages(data) for code in codes(page)]
    assert codes(pages(data)[0]).count(RMA_CODE) == 2
