"""How many shipping slips a second, against plain platypus with ReportLab's own QR code, and how many bytes each.

Both draw the same slip of three lines with the same embedded font file: every text, a Code128 of the number and of every
serial, and the QR code. Both are read back first and must say the same. The baseline is what ReportLab's manual teaches:
Paragraphs in Tables in a SimpleDocTemplate, `code128.Code128`, `QrCodeWidget`. Its styles are made once, its font is
parsed once, and its pages are compressed. Every slip has a number of its own, so that no code is drawn from a cache.
"""

import io
from collections.abc import Callable
from dataclasses import replace
from time import process_time
from xml.sax.saxutils import escape

import pypdf
from reportlab import rl_config
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from spares.dispatch import shipping_slip as ours
from spares.dispatch.shipping_slip import ShippingLine, ShippingSlip
from spares.pdf.fonts import outlines_path
from spares.pdf.form import PAGE, Party, Term, worded

ROUNDS, EACH = 5, 20
LINES = (
    ShippingLine(
        part_number="WS-C2960X-48FPD-L",
        description="Catalyst 2960-X 48 x GigE PoE, 2 x 10G SFP+",
        serial="FOC1932X0AB",
        carton="1",
        condition="good",
        nature="replacement",
        replaces_part="WS-C2960X-48FPD-L",
        replaces_serial="FOC1801Z0QQ",
    ),
    ShippingLine(
        part_number="02350ANW",
        description="CR5D0LPUFB71 LPUF-101-B",
        serial="2102350ANW10H8000123",
        carton="1",
        condition="repaired",
        nature="substitute",
        replaces_part="02350AMV",
        replaces_serial="2102350AMV10G6000777",
        substitution_reason="原型号停产",
    ),
    ShippingLine(
        part_number="SFP-10G-LR",
        quantity=2,
        description="SFP+ 1310 nm 10 km",
        serial="AVD2041A1BC",
        carton="2",
        condition="new",
        nature="loaner",
    ),
)
SLIP = ShippingSlip(
    number="SH-20261120-0000",
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
)


def numbered(n: int) -> ShippingSlip:
    """The slip under a number that no other slip of the run has."""
    number = f"SH-20261120-{n:04d}"
    return replace(SLIP, number=number, code_url=f"https://spares.example.org/s/{number}")


BODY = ParagraphStyle("body", fontName="Noto", fontSize=9.5, leading=12.5, wordWrap="CJK")
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10)
DUTY = ParagraphStyle("duty", parent=BODY, fontSize=22, leading=28)
GRID = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, "black")]


def words(style: ParagraphStyle, *texts: str | None) -> list[Flowable]:
    return [Paragraph(escape(text), style) for text in texts if text]


def cell(term: Term, value: str | None) -> list[Flowable]:
    return [*words(SMALL, f"{term.zh} {term.en}"), *words(BODY, value)]


def plain_platypus(slip: ShippingSlip) -> bytes:
    """The same content by ReportLab's flowables."""
    widget = QrCodeWidget(slip.code_url, barLevel="M", barWidth=28 * mm, barHeight=28 * mm)
    code = Drawing(28 * mm, 28 * mm)
    code.add(widget)
    title = [*words(DUTY, ours.TITLE.zh), *cell(ours.NUMBER, slip.number), *words(BODY, ours.TITLE.en)]
    title.append(Code128(slip.number, barWidth=0.36 * mm, barHeight=12 * mm))
    to, back = slip.consignee, slip.return_to
    duty = ours.duty_words(slip.return_by, slip.return_within_days)
    story: list[Flowable] = [
        Table([[title, code]], colWidths=[150 * mm, 30 * mm]),
        table(
            [(ours.RMA, slip.rma_number), (ours.CASE, slip.case_number), (ours.CONTRACT, slip.contract)],
            (ours.DATE, slip.issued_on),
        ),
        Table(
            [
                [
                    [*words(BODY, *ours.FROM, slip.depot.name, slip.depot.address, slip.depot.phone)],
                    words(BODY, *ours.TO, slip.customer, slip.site, to.address, f"{to.contact}, {to.phone}")
                    + words(BODY, f"{ours.SECOND.zh} {ours.SECOND.en} {slip.second_contact}"),
                ]
            ],
            colWidths=[90 * mm] * 2,
            style=GRID,
        ),
        table(
            [(ours.CARRIER, slip.carrier), (ours.WAYBILL, slip.waybill)],
            (ours.METHOD, worded(ours.METHODS, slip.method)),
            (ours.PAYER, None),
        ),
        table(
            [(ours.PROMISED, slip.promised_at), (ours.DISPATCHED, slip.dispatched_at)],
            (ours.PACKAGES, str(slip.packages)),
            (ours.WEIGHT, slip.gross_weight),
            (ours.INSURED, slip.insured_value),
        ),
        *words(DUTY, duty.zh),
        *words(BODY, duty.en),
        *cell(ours.RETURN_TO, f"{back.name}, {back.address}, {back.contact}, {back.phone}"),
        *cell(ours.RECEIVED_ON, None),
        *cell(ours.RETURN_ON, None),
        *words(SMALL, slip.overdue_clause),
        Spacer(1, 3 * mm),
        lines_table(slip),
        Spacer(1, 3 * mm),
        signatures(slip),
    ]
    out = io.BytesIO()
    document = SimpleDocTemplate(out, pagesize=A4, leftMargin=15 * mm, rightMargin=15 * mm, pageCompression=1)
    document.topMargin = document.bottomMargin = 12 * mm

    def foot(canvas, document) -> None:  # type: ignore[no-untyped-def]
        canvas.setFont("Noto", 7.5)
        canvas.drawString(15 * mm, 10 * mm, f"{slip.depot.name}, {slip.number}, {slip.rma_number}")
        number = document.page
        canvas.drawRightString(195 * mm, 10 * mm, f"{PAGE.zh.format(number, 1)} / {PAGE.en.format(number, 1)}")

    document.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def table(first: list[tuple[Term, str | None]], *more: tuple[Term, str | None]) -> Table:
    pairs = [*first, *more]
    return Table([[cell(*pair) for pair in pairs]], colWidths=[180 * mm / len(pairs)] * len(pairs), style=GRID)


def lines_table(slip: ShippingSlip) -> Table:
    rows: list[list[object]] = [[words(SMALL, f"{term.zh} {term.en}") for _, _, term in ours.COLUMNS]]
    for number, line in enumerate(slip.lines, 1):
        part = [*words(BODY, line.part_number), *words(SMALL, line.description)]
        if line.replaces_serial:
            old = f"{ours.REPLACES.zh} {ours.REPLACES.en}: {line.replaces_part}, S/N {line.replaces_serial}"
            reason = f"; {ours.REASON.zh} {ours.REASON.en}: {line.substitution_reason}"
            part += words(SMALL, old + (reason if line.substitution_reason else ""))
        serial = [*words(BODY, line.serial), Code128(line.serial, barWidth=0.36 * mm, barHeight=6.5 * mm)]
        nature = words(SMALL, worded(ours.NATURES, line.nature), worded(ours.CONDITIONS, line.condition))
        amounts = [words(BODY, str(line.quantity)), words(BODY, line.carton)]
        rows.append([words(BODY, str(number)), part, serial, *amounts, nature])
    widths = [8 * mm, 50 * mm, 76 * mm, 12 * mm, 14 * mm, 20 * mm]
    return Table(rows, colWidths=widths, style=GRID, repeatRows=1)


def signatures(slip: ShippingSlip) -> Table:
    names = (slip.prepared_by, slip.picked_by, slip.checked_by, None, None)
    row = [[*cell(term, name), *cell(ours.SIGNED_ON, None)] for term, name in zip(ours.SIGNATURES, names, strict=True)]
    return Table([row], colWidths=[30 * mm] * 4 + [60 * mm], style=GRID)


def letters(data: bytes) -> list[str]:
    """Every character of a document but white space, sorted: the layouts differ, what is said must not."""
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return sorted("".join("".join(page.extract_text() for page in pages).split()))


def seconds(render: Callable[[ShippingSlip], bytes], first: int) -> float:
    """Processor time for a slip, over EACH of them with numbers of their own from `first` on."""
    slips = [numbered(n) for n in range(first, first + EACH)]
    begun = process_time()
    for slip in slips:
        render(slip)
    return (process_time() - begun) / EACH


def race(first: int) -> tuple[float, float]:
    """A round of each, one after the other, so that a busy machine slows both."""
    return seconds(ours.render, first), seconds(plain_platypus, first)


def both() -> tuple[bytes, bytes]:
    """The slip by each, which must say the same."""
    rl_config.invariant = 1
    if "Noto" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("Noto", str(outlines_path())))
    mine, plain = ours.render(numbered(1)), plain_platypus(numbered(1))
    assert letters(mine) == letters(plain)
    return mine, plain


def run() -> dict[str, float]:
    """Slips a second by each, how many times more ours are (aim 4), and bytes a slip (aim 25,000)."""
    mine, plain = both()
    rounds = range(1000, 1000 + ROUNDS * EACH, EACH)
    spares, platypus = (min(times) for times in zip(*map(race, rounds), strict=True))
    return {
        "spares_slips_per_second": 1 / spares,
        "platypus_slips_per_second": 1 / platypus,
        "ratio": platypus / spares,
        "spares_bytes": len(mine),
        "platypus_bytes": len(plain),
    }


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:28} {value:,.1f}")
