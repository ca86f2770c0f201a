"""The return slip (故障件返还单), the paper that travels back with the faulty unit: frozen data in, PDF bytes out.

Frozen, drawn and reprinted like the shipping slip. The first page carries a label in its lowest third, to be cut off
and stuck on the package; the back of that label, when the slip is printed on both sides, stays empty, so nothing is
lost with it. The last part is the depot's: one row of boxes for every unit that should be in the parcel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from spares.pdf import form
from spares.pdf.fonts import Subset, printable, width_of
from spares.pdf.form import BOTTOM, LEFT, NOBODY, RIGHT, WIDTH, Field, Party, Term
from spares.pdf.page import BODY, GREY, HUGE, LARGE, PT, SMALL, STRONG, TINY, Foot, Paper, Sheet, height_of
from spares.pdf.wrap import clip


@dataclass(frozen=True)
class ReturnLine:
    """One faulty unit. `serial` may be unknown until the parcel is opened; `data_erased` None leaves both boxes
    empty."""

    part_number: str
    quantity: int = 1
    description: str | None = None
    serial: str | None = None
    data_erased: bool | None = None
    fault_on: str | None = None
    symptom: str | None = None
    software_version: str | None = None
    owner: str | None = None
    accessories: str | None = None
    replacement_serial: str | None = None


@dataclass(frozen=True)
class ReturnSlip:
    """What a return slip says. Dates are ISO; `return_by` is empty while the customer's receipt is not known;
    `provisional`: it touches a year without a published holiday notice.

    `receiving_url` is what the QR code says (it opens the receiving form of this RMA); empty, it says the RMA number.
    `category` is a key of CATEGORIES; `in_warranty` None leaves both boxes empty.
    """

    rma_number: str
    lines: tuple[ReturnLine, ...]
    send_to: Party = NOBODY
    sender: Party = NOBODY
    case_number: str | None = None
    shipping_slip: str | None = None
    valid_until: str | None = None
    return_by: str | None = None
    provisional: bool = False
    return_within_days: int | None = None
    category: str | None = None
    in_warranty: bool | None = None
    receiving_url: str | None = None


def to_json(slip: ReturnSlip) -> dict[str, Any]:
    """The slip as plain data for a JSON column."""
    return {**asdict(slip), "lines": [asdict(line) for line in slip.lines]}


def from_json(data: dict[str, Any]) -> ReturnSlip:
    """The slip that `to_json` froze; TypeError if it holds a name that no slip has."""
    parties = {name: Party(**data[name]) for name in ("send_to", "sender") if data.get(name)}
    return ReturnSlip(**{**data, **parties, "lines": tuple(ReturnLine(**line) for line in data["lines"])})


TITLE = Term("故障件返还单", "Faulty part return slip")
RMA = Term("返修单号", "RMA no.")
CASE, SHIPPED = Term("服务单号", "Case no."), Term("发货单号", "Shipping slip")
VALID, CATEGORY = Term("有效期至", "Valid until"), Term("类别", "Category")
CATEGORIES = {
    "replacement": Term("更换", "Replacement"),
    "repair": Term("维修", "Repair"),
    "analysis": Term("分析", "Analysis"),
}
WARRANTY = {"in": Term("保修期内", "In warranty"), "out": Term("保修期外", "Out of warranty")}
FROM, TO = Term("寄件人", "From"), Term("收件人", "To")
DUTY_BY = Term("请最迟于 {} 寄回 {} 件故障件", "Send {} back by {}")
DUTY_WITHIN = Term("请在签收后 {} 个工作日内寄回 {} 件故障件", "Send {} back within {} working days after receipt")
DUTY_OPEN = Term("请寄回 {} 件故障件", "Send {} back")
SEND_TO = Term("寄至", "Send to")
RECEIVED_ON, RETURN_ON = Term("签收日期", "Received on"), Term("返还期限", "Send back by")
SERIAL = Term("序列号", "Serial")
FAULT_ON, ERASED = Term("故障日期", "Fault date"), Term("数据已清除", "Data erased")
YES, NO = Term("是", "Yes"), Term("否", "No")
SOFTWARE, OWNER = Term("软件版本", "Software"), Term("产权方", "Owner")
SYMPTOM, ACCESSORIES = Term("故障现象", "Symptom"), Term("附件", "Accessories")
REPLACED_BY = Term("换上件序列号", "Replacement serial")
PACKING = Term("包装要求", "Packing")
RULES = (
    Term("装入防静电袋。", "Put each unit in an antistatic bag."),
    Term("用原包装箱，填充紧实。", "Use the original box, well padded."),
    Term("每件包装外写明返修单号。", "RMA number on the outside of every package."),
    Term("除非要求，不寄附件。", "Send no accessories unless asked."),
    Term("保留运单。", "Keep the waybill."),
)
WAYBILL, POSTED = Term("寄回运单号", "Return waybill"), Term("寄出日期", "Posted on")
FOLD = Term("折", "Fold")
CUT = Term("沿线剪下，或折到背面，贴在包装外", "Cut here, or fold, and stick the label on the package")
BACK = Term("标签背面，请勿书写", "Back of the label: do not write here")
DEPOT = Term("备件库填写", "For the depot")
GOT_ON, PACKAGES = Term("收件日期", "Received on"), Term("件数", "Packages")
INSPECTED, CHECKED = Term("收件人", "Received by"), Term("检测人", "Inspected by")
GOT = Term("实收备件、序列号", "Received part, serial")
MATCHES = Term("相符", "Matches")
DAMAGE = Term("外观损坏、缺件", "Damage, missing items")
RESULT = Term("检测", "Test")
RESULTS = (
    Term("故障属实", "Fault confirmed"),
    Term("未见故障", "No fault found"),
    Term("使用不当", "Misuse"),
)
DISPOSITION = Term("处置", "Disposition")
DISPOSITIONS = (
    Term("维修", "Repair"),
    Term("供应方", "Vendor"),
    Term("报废", "Scrap"),
    Term("退客户", "To customer"),
)
ADDRESS, CONTACT = Term("地址", "Address"), Term("联系人", "Contact")
PART, CODE = 75.0, 72.0  # mm: a unit's columns for part, and serial with barcode
ADDRESS_ROOM = 18.0  # mm: the height of the address on the label
LABEL_TOP = 203.0  # mm: below this line the first page is the label
ROW = 27.0  # mm: a unit's row in the depot's part


@cache
def _form() -> Subset:
    head = (
        TITLE,
        RMA,
        CASE,
        SHIPPED,
        VALID,
        CATEGORY,
        FROM,
        TO,
        ADDRESS,
        CONTACT,
        SEND_TO,
        PACKING,
        RULES,
        WAYBILL,
        POSTED,
    )
    line = (SERIAL, FAULT_ON, ERASED, YES, NO, SOFTWARE, OWNER, SYMPTOM, ACCESSORIES, REPLACED_BY, CUT, BACK, "✂")
    depot = (
        DEPOT,
        GOT_ON,
        PACKAGES,
        INSPECTED,
        CHECKED,
        GOT,
        MATCHES,
        DAMAGE,
        RESULT,
        RESULTS,
        DISPOSITION,
        DISPOSITIONS,
    )
    return form.form_of(head, line, depot, *CATEGORIES.values(), *WARRANTY.values(), DUTY_OPEN)


class _Pages:
    """Where the drawing stands: the sheet, the y below what is drawn, and the y that the sheet's content must not
    pass."""

    def __init__(self, paper: Paper, slip: ReturnSlip, copy_no: int) -> None:
        self.slip, self.copy_no = slip, copy_no
        self.paper, self._before = paper, len(paper.sheets)
        self.sheet = self.paper.sheet()
        self.y = 0.0

    @property
    def end(self) -> float:
        """The first two pages end above the label, since they are its front and its back."""
        return LABEL_TOP - 13 if len(self.paper.sheets) - self._before <= 2 else BOTTOM

    def make_room(self, height: float) -> bool:
        """Begin a new page if `height` mm do not fit on this one; says whether it did."""
        if self.y + height <= self.end:
            return False
        self.sheet = self.paper.sheet()
        self.y = form.small_head(self.sheet, TITLE, self.slip.rma_number, self.copy_no)
        return True


def render(slip: ReturnSlip, *, copy_no: int = 1) -> bytes:
    """The slip as a PDF on A4; from the second copy on, every page carries 副本 COPY n."""
    paper = Paper(_form())
    return paper.finish(f"{TITLE.zh} {slip.rma_number}", draw_on(paper, slip, copy_no))


def draw_on(paper: Paper, slip: ReturnSlip, copy_no: int) -> Foot:
    """Draw the slip on new sheets of the paper; the answer draws their feet, once all are there."""
    pages = _Pages(paper, slip, copy_no)
    _label(pages.sheet, slip)
    url = slip.receiving_url or slip.rma_number
    pages.y = form.head(pages.sheet, TITLE, RMA, slip.rma_number, url, copy_no)
    _duty(pages, slip)
    _references(pages, slip)
    _packing(pages)
    _units(pages, slip)
    _depot_part(pages, slip)
    words = form.joined(slip.send_to.name, slip.rma_number, slip.shipping_slip)

    def foot(sheet: Sheet, number: int, count: int) -> None:
        on_label = number <= 2
        form.foot(sheet, LABEL_TOP - 6.5 if on_label else BOTTOM + 6, words, number, count, copy_no)
        if number == 2:
            form.label(sheet, LEFT, LABEL_TOP + 6, BACK)

    return foot


def duty_words(by: str | None, within_days: int | None, units: int) -> Term:
    """What must be sent back by when, in both languages."""
    parts = "1 faulty part" if units == 1 else f"{units} faulty parts"
    if by:
        return Term(DUTY_BY.zh.format(by, units), DUTY_BY.en.format(parts, by))
    if within_days is not None:
        return Term(DUTY_WITHIN.zh.format(within_days, units), DUTY_WITHIN.en.format(parts, within_days))
    return Term(DUTY_OPEN.zh.format(units), DUTY_OPEN.en.format(parts))


def _duty(pages: _Pages, slip: ReturnSlip) -> None:
    """The box with what must come back, by when and to where, in the largest type of the page's upper part."""
    zh, en = duty_words(slip.return_by, slip.return_within_days, sum(line.quantity for line in slip.lines))
    if slip.provisional:
        zh, en = f"{zh}（暂定，待国务院通知）", f"{en} (provisional: notice not published)"
    blanks = () if slip.return_by else (RECEIVED_ON, RETURN_ON)
    pages.y = form.duty_box(pages.sheet, pages.y, Term(zh, en), SEND_TO, slip.send_to, blanks) + 1


def _references(pages: _Pages, slip: ReturnSlip) -> None:
    sheet, y = pages.sheet, pages.y
    numbers = [
        Field(CASE, slip.case_number, 0.9),
        Field(SHIPPED, slip.shipping_slip, 0.95),
        Field(VALID, slip.valid_until, 0.6),
        Field(WAYBILL, None, 1.3),
        Field(POSTED, None, 0.75),
    ]
    y += form.fields(sheet, y, numbers)
    person = form.joined(slip.sender.contact, slip.sender.phone)
    sender = [
        Field(FROM, slip.sender.name, 1.1, BODY, True),
        Field(ADDRESS, slip.sender.address, 1.5),
        Field(CONTACT, person, 0.9),
    ]
    y += form.fields(sheet, y, sender)
    x = LEFT + form.label(sheet, LEFT, y + 4, CATEGORY) + 4
    x += form.choices(sheet, x, y + 4, CATEGORIES, slip.category) + 6
    chosen = None if slip.in_warranty is None else "in" if slip.in_warranty else "out"
    form.choices(sheet, x, y + 4, WARRANTY, chosen)
    pages.y = y + 7


def _packing(pages: _Pages) -> None:
    """How to pack, before the list of units, so that it stands on the first page however long the list is."""
    sheet, half = pages.sheet, WIDTH / 2
    y = form.section(sheet, pages.y, PACKING)
    for n, rule in enumerate(RULES):
        x, at = LEFT + half * (n % 2), y + 3.8 + 4.4 * (n // 2)
        taken = sheet.text(x, at, f"{n + 1}. {rule.zh}", SMALL) + 1.2
        sheet.text(x + taken, at, rule.en, TINY, grey=GREY)
    pages.y = at + 2.5


def _units(pages: _Pages, slip: ReturnSlip) -> None:
    """A block for every unit; a block is never split over pages."""
    for number, line in enumerate(slip.lines, 1):
        rows = _unit_fields(line)
        top = max(
            height_of(line.part_number, PART, STRONG) + height_of(line.description, PART, SMALL),
            height_of(line.serial, CODE, STRONG) + (7.5 if form.fits(line.serial, CODE) else 0),
        )
        wide = _is_wide(line)
        first = pages.make_room(2 + top + (9 if wide else 0) + sum(map(form.measure, rows)) + 3)
        _unit(pages, number, line, top, wide, first)
        for row in rows:
            pages.y += form.fields(pages.sheet, pages.y, row, LEFT + 8, WIDTH - 8)
        pages.y += 1


def _is_wide(line: ReturnLine) -> bool:
    return not form.fits(line.serial, CODE) and form.fits(line.serial, WIDTH)


def _unit_fields(line: ReturnLine) -> list[list[Field]]:
    return [
        [
            Field(FAULT_ON, line.fault_on, 0.6),
            Field(ERASED, None, 0.7, blank=False),
            Field(SOFTWARE, line.software_version, 0.9),
            Field(OWNER, line.owner, 1.1),
        ],
        [
            Field(SYMPTOM, line.symptom, 1.5),
            Field(ACCESSORIES, line.accessories, 0.8),
            Field(REPLACED_BY, line.replacement_serial, 1),
        ],
    ]


def _unit(pages: _Pages, number: int, line: ReturnLine, top: float, wide: bool, first: bool) -> None:
    """A unit's part, serial and barcode, and the boxes of its erased data."""
    sheet, y = pages.sheet, pages.y
    if not first:
        sheet.rule(LEFT, y, RIGHT, y, 0.8)
    y += 5.2
    sheet.text(LEFT, y, str(number), STRONG, bold=True)
    part = line.part_number if line.quantity == 1 else f"{line.part_number} × {line.quantity}"
    used = sheet.lines(LEFT + 8, y, PART, part, STRONG, bold=True)
    sheet.lines(LEFT + 8, y + used - 0.8, PART, line.description or "", SMALL)
    x = RIGHT - CODE
    indent = form.label(sheet, x - 22, y, SERIAL)
    if line.serial:
        used = sheet.lines(x, y, CODE, line.serial, STRONG, bold=True)
        form.barcode(sheet, x, y + used - 3.6, 7, line.serial, CODE)
    else:
        sheet.rule(x - 20 + indent, y + 0.8, RIGHT, y + 0.8, 0.4)
    pages.y += 2 + top
    if wide:
        indent = 8 if form.fits(line.serial, WIDTH - 8) else 0
        form.barcode(sheet, LEFT + indent, pages.y + 0.5, 7, line.serial, WIDTH - indent)
        pages.y += 9
    erased = None if line.data_erased is None else "yes" if line.data_erased else "no"
    at = LEFT + 8 + (WIDTH - 8 - 15) * 0.6 / 3.3 + 5
    form.choices(sheet, at, pages.y + form.FIRST, {"yes": YES, "no": NO}, erased)


def _depot_part(pages: _Pages, slip: ReturnSlip) -> None:
    """What the depot writes: one head, and for every unit what came, what is wrong with it and what becomes of it."""
    head = [Field(term, None) for term in (GOT_ON, PACKAGES, INSPECTED, CHECKED)]
    pages.make_room(8 + form.measure(head) + ROW)
    pages.y = form.section(pages.sheet, pages.y + 1, DEPOT)
    pages.y += form.fields(pages.sheet, pages.y, head) + 2
    for number, line in enumerate(slip.lines, 1):
        if pages.make_room(ROW):
            pages.y = form.section(pages.sheet, pages.y, DEPOT)
        _depot_row(pages.sheet, pages.y, number, line)
        pages.y += ROW


def _depot_row(sheet: Sheet, y: float, number: int, line: ReturnLine) -> None:
    left, right = 56.0, LEFT + 61
    sheet.rule(LEFT, y, RIGHT, y, 0.4)
    sheet.text(LEFT, y + 5, str(number), SMALL, bold=True)
    words = form.joined(line.part_number, line.serial)
    sheet.text(LEFT + 6, y + 5, clip(words, (left - 6) * PT, SMALL), SMALL, bold=True)
    for term, at in ((GOT, y + 9.5), (DAMAGE, y + 19)):
        form.label(sheet, LEFT, at, term)
        sheet.rule(LEFT, at + 5.2, LEFT + left, at + 5.2, 0.4)
    rows = ((MATCHES, (YES, NO), y + 5), (RESULT, RESULTS, y + 13.2), (DISPOSITION, DISPOSITIONS, y + 21.4))
    for term, options, at in rows:
        form.label(sheet, right, at, term)
        x = right + 22
        for option in options:
            x += form.choice(sheet, x, at, option)


def _label(sheet: Sheet, slip: ReturnSlip) -> None:
    """The label in the page's lowest third: to whom, the RMA number as large as it fits, its codes, and from whom."""
    to, top = slip.send_to, LABEL_TOP
    sheet.rule(0, top, 210, top, 0.8, "6 4")
    sheet.text(5, top + 1.6, "✂", STRONG)
    form.label(sheet, LEFT, top - 1.2, CUT)
    for x in (5.0, 199.0):
        sheet.rule(x, top / 2, x + 6, top / 2, 0.6)
        sheet.text(x + 3, top / 2 + 3, FOLD.zh, TINY, align=0.5)
        sheet.text(x + 3, top / 2 + 5.8, FOLD.en, TINY, grey=GREY, align=0.5)
    room = WIDTH - form.QR_SIDE - 8
    sheet.qr(RIGHT - form.QR_SIDE, top + 6, form.QR_SIDE, slip.receiving_url or slip.rma_number)
    form.label(sheet, LEFT, top + 8, TO)
    sheet.text(LEFT, top + 15.5, clip(to.name or "", room * PT, LARGE), LARGE, bold=True)
    person = form.joined(to.contact, to.phone)
    size = next((s for s in (STRONG, BODY, SMALL) if height_of(to.address, room, s) <= ADDRESS_ROOM), SMALL)
    used = sheet.lines(LEFT, top + 22.5, room, to.address or "", size, bold=True)
    sheet.text(LEFT, top + 22.5 + used + 0.6, clip(person, room * PT, STRONG), STRONG, bold=True)
    if not to.address:
        sheet.rule(LEFT, top + 30, LEFT + room, top + 30, 0.4)
    form.label(sheet, LEFT, top + 46.5, RMA)
    number = printable(slip.rma_number)
    huge = min(HUGE, WIDTH * PT / max(width_of(number, 1), 1))
    sheet.text(LEFT, top + 58.5, number, huge, bold=True)
    form.barcode(sheet, LEFT, top + 61.5, 13, number, WIDTH)
    sender = form.joined(slip.sender.name, slip.sender.address, slip.sender.contact, slip.sender.phone)
    x = LEFT + form.label(sheet, LEFT, top + 80, FROM) + 2
    sheet.text(x, top + 80, clip(sender, (RIGHT - x) * PT, SMALL), SMALL)
