"""The shipping slip, read back as a stranger's scanner and eyes would: text by pypdf, codes from pages at 150 dpi."""

import json
from dataclasses import replace

import pytest
from PIL import Image, ImageFilter

from spares.dispatch.shipping_slip import ShippingLine, ShippingSlip, from_json, render, to_json
from spares.pdf.form import Party
from tests.pdf.reading import codes, embedded_fonts, flat, pages, texts

URL = "https://spares.example.org/s/SH-20261120-0007"
LINES = (
    ShippingLine(
        "WS-C2960X-48FPD-L",
        description="48 x GigE PoE, 2 x 10G SFP+",
        serial="FOC1932X0AB",
        carton="1",
        condition="good",
        nature="replacement",
        replaces_part="WS-C2960X-48FPD-L",
        replaces_serial="FOC1801Z0QQ",
    ),
    ShippingLine(
        "02350ANW",
        description="LPUF-101-B",
        serial="2102350ANW10H8000123",
        carton="1",
        condition="repaired",
        nature="substitute",
        replaces_part="02350AMV",
        replaces_serial="2102350AMV10G6000777",
        substitution_reason="原型号停产",
    ),
    ShippingLine("SFP-10G-LR", quantity=2, serial="AVD2041A1BC", carton="2", condition="new", nature="loaner"),
)
SLIP = ShippingSlip(
    number="SH-20261120-0007",
    lines=LINES,
    depot=Party("郑州备件库", "河南省郑州市高新区莲花街 11 号", None, "0371-5555 0123"),
    consignee=Party(None, "河南省洛阳市洛龙区开元大道 258 号 B 座 3 层", "王喆", "138 0000 1234"),
    customer="洛阳示例银行",
    site="洛龙数据中心",
    second_contact="李堃 139 0000 5678",
    rma_number="RMA-2026-000123",
    case_number="CS-2026-004711",
    contract="HT-2025-0088",
    issued_on="2026-11-20",
    carrier="顺丰速运",
    waybill="SF1234567890123",
    method="courier",
    promised_at="2026-11-20 17:00",
    dispatched_at="2026-11-20 16:12",
    packages=2,
    gross_weight="12.350 kg",
    insured_value="CNY 12,800.00",
    return_within_days=10,
    return_to=Party("郑州备件库", "河南省郑州市高新区莲花街 11 号", "返修组", "0371-5555 0123"),
    prepared_by="张镕",
    picked_by="赵敏",
    checked_by="钱进",
    code_url=URL,
)
CODES = [
    ("Code128", "2102350ANW10H8000123"),
    ("Code128", "AVD2041A1BC"),
    ("Code128", "FOC1932X0AB"),
    ("Code128", "SH-20261120-0007"),
    ("QRCode", URL),
]


def test_everything_that_was_frozen_is_printed() -> None:
    text = flat(render(SLIP))
    facts = [
        "发货单Shippingslip", "SH-20261120-0007", "RMA-2026-000123", "CS-2026-004711", "HT-2025-0088", "2026-11-20",
        "郑州备件库", "河南省郑州市高新区莲花街11号", "0371-55550123", "洛阳示例银行", "洛龙数据中心",
        "河南省洛阳市洛龙区开元大道258号B座3层", "王喆,13800001234", "第二联系人Secondcontact李堃13900005678",
        "顺丰速运", "SF1234567890123", "快递Courier", "付费方Paidby", "2026-11-2017:00", "2026-11-2016:12",
        "12.350kg", "CNY12,800.00", "请在签收后10个工作日内返还故障件",
        "Returnthefaultypartwithin10workingdaysafterreceipt", "逾期未返还的故障件", "张镕", "赵敏", "钱进",
        "WS-C2960X-48FPD-L", "48xGigEPoE,2x10GSFP+", "FOC1932X0AB", "更换Replacement", "良品Good",
        "更换故障件Replaces:WS-C2960X-48FPD-L,S/NFOC1801Z0QQ", "LPUF-101-B", "替代Substitute",
        "维修品Repaired", "替代原因Substitution:原型号停产", "SFP-10G-LR", "借用Loaner", "新品New",
        "第1页共1页/Page1of1",
    ]  # fmt: skip
    assert [fact for fact in facts if fact not in text] == []
    assert "None" not in text


def test_codes_are_read_at_150_dpi() -> None:
    (page,) = pages(render(SLIP))
    assert codes(page) == CODES


def test_codes_survive_a_crooked_blurred_noisy_copy() -> None:
    (page,) = pages(render(SLIP))
    page = page.rotate(2, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    page = page.filter(ImageFilter.GaussianBlur(0.8))
    noise = Image.effect_noise(page.size, 40)
    assert codes(Image.blend(page, noise, 0.25)) == CODES


def test_the_same_slip_is_the_same_bytes_and_survives_json() -> None:
    frozen = json.loads(json.dumps(to_json(SLIP)))
    assert from_json(frozen) == SLIP
    older = {**frozen, "payer": None, "lines": [{**line, "model": None} for line in frozen["lines"]]}
    for line in older["lines"]:
        del line["return_required"]
    assert render(from_json(older)) == render(from_json(frozen)) == render(SLIP)


def test_a_mixed_slip_says_which_line_need_not_come_back() -> None:
    mixed = replace(SLIP, lines=(LINES[0], replace(LINES[1], return_required=False)))
    assert flat(render(mixed)).count("本行无需返还Nothingtoreturnforthisline") == 1
    assert "本行无需返还" not in flat(render(SLIP))


def test_json_with_an_unknown_name_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        from_json({**to_json(SLIP), "colour": "red"})


def test_a_copy_differs_by_its_mark_alone() -> None:
    original, copy = texts(render(SLIP)), texts(render(SLIP, copy_no=2))
    assert "副本" not in original[0]
    assert copy[0].count("副本 COPY 2") == 2
    assert copy[0].replace("副本 COPY 2", "").split() == original[0].split()


def test_it_is_small_and_its_fonts_are_embedded() -> None:
    data = render(SLIP)
    assert len(data) <= 25_000
    assert embedded_fonts(data) == {"/AAAAAA+NotoSansSC", "/AAAAAB+NotoSansSC"}


def test_sixty_lines_flow_over_pages_each_line_once() -> None:
    lines = tuple(replace(LINES[0], serial=f"FOC19{n:02d}X{n:03d}", replaces_serial=f"OLD{n:04d}") for n in range(60))
    data = render(replace(SLIP, lines=lines))
    written = texts(data)
    assert len(written) == 6
    for number, text in enumerate(written, 1):
        assert f"第 {number} 页 共 6 页 / Page {number} of 6" in text
        assert "SH-20261120-0007" in text
        assert ("序列号" in text) is True
    everything = "".join(written)
    assert [everything.count(line.serial or "") for line in lines] == [1] * 60
    assert [everything.count(line.replaces_serial or "") for line in lines] == [1] * 60
    read = [code for page in pages(data) for code in codes(page)]
    assert sorted(text for _, text in read if text.startswith("FOC")) == sorted(line.serial or "" for line in lines)
    assert sum(code == ("Code128", "SH-20261120-0007") for code in read) == 6


def test_an_empty_slip_has_blanks_to_write_on() -> None:
    slip = ShippingSlip(number="SH-1", lines=(ShippingLine("X"),))
    text = flat(render(slip))
    assert "None" not in text
    assert "请返还故障件" in text
    assert "签收日期Receivedon" in text


def test_a_known_day_is_printed_instead_of_the_rule() -> None:
    text = flat(render(replace(SLIP, return_by="2026-12-02")))
    assert "请最迟于2026-12-02返还故障件" in text
    assert "Returnthefaultypartby2026-12-02" in text
    assert "签收日期" not in text


def test_nothing_to_return_is_said() -> None:
    text = flat(render(replace(SLIP, return_required=False)))
    assert "故障件无需返还Noparthastobereturned" in text
    assert "请在签收后" not in text


def test_a_code_without_words_is_printed_as_it_is() -> None:
    assert "drone" in flat(render(replace(SLIP, method="drone")))


def test_markup_and_rare_characters_are_visible() -> None:
    nasty = "<b>A&amp;B</b> <script>alert(1)</script>\r\n二行\x00𠮷野家"
    text = flat(render(replace(SLIP, customer=nasty, lines=(replace(LINES[0], description=nasty),))))
    assert text.count("<b>A&amp;B</b><script>alert(1)</script>二行〓[U+20BB7]野家") == 2


def test_long_fields_wrap_inside_the_page() -> None:
    address = "河南省郑州市" + "很长的地址,有标点。" * 10
    line = replace(LINES[0], part_number="P" * 60, serial="S" * 40, description="长" * 120)
    slip = replace(SLIP, consignee=Party(None, address, "王", "1"), lines=(line,), site="x" * 100)
    data = render(slip)
    text = flat(data)
    assert address in text
    assert "P" * 60 in text
    assert "长" * 120 in text
    assert text.count("S" * 40) == 1
    assert ("Code128", "S" * 40) in [code for page in pages(data) for code in codes(page)]
    for page in pages(data, 72):
        width, height = page.size
        margin = round(10 / 25.4 * 72)
        assert page.crop((0, 0, margin, height)).getextrema() == (255, 255)
        assert page.crop((width - margin, 0, width, height)).getextrema() == (255, 255)


def test_a_page_that_has_no_room_for_a_line_has_no_table_head() -> None:
    tall = replace(LINES[0], description="长" * 900)
    first, *rest = texts(render(replace(SLIP, lines=(tall,))))
    assert "序列号" not in first
    assert sum("序列号" in text for text in rest) == 1


def test_every_page_of_a_copy_is_marked() -> None:
    written = texts(render(replace(SLIP, lines=LINES * 6), copy_no=12))
    assert len(written) > 1
    assert all(text.count("副本 COPY 12") == 2 for text in written)
