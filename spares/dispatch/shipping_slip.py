"""The shipping slip (发货单 / 装箱单): frozen data in, PDF bytes out.

Whoever prints first freezes the data (`to_json`) and keeps it; a reprint reads it back (`from_json`) and passes a
higher copy number, which adds the copy mark and changes nothing else. Texts that depend on a zone, a currency or a
unit are frozen as they shall be printed ("2026-11-20 17:00", "CNY 12,800.00", "2.350 kg"). Every field may be empty:
a person then finds a ruled blank where he would write, or the row is left out where nobody would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, NamedTuple

from spares.pdf import form
from spares.pdf.fonts import Subset
from spares.pdf.form import BOTTOM, LEFT, NOBODY, RIGHT, WIDTH, Field, Party, Term
from spares.pdf.page import BODY, SMALL, STRONG, Foot, Paper, Sheet, height_of, leading

RETIRED = frozenset({"payer", "model"})
"""Names that papers frozen earlier still hold, always without a value."""
OVERDUE_CLAUSE = (
    "逾期未返还的故障件，按合同约定计收费用。 A faulty part that is not returned in time is charged under the contract."
)


@dataclass(frozen=True)
class ShippingLine:
    """One part in the shipment. `condition`, `nature`: a key of CONDITIONS, NATURES (anything else is printed as it
    is). `return_required`: whether the slip's duty to return is about this line too."""

    part_number: str
    quantity: int = 1
    description: str | None = None
    serial: str | None = None
    carton: str | None = None
    condition: str | None = None
    nature: str | None = None
    replaces_part: str | None = None
    replaces_serial: str | None = None
    substitution_reason: str | None = None
    return_required: bool = True


@dataclass(frozen=True)
class ShippingSlip:
    """What a shipping slip says. `*_on` and `return_by` are ISO dates, `*_at` local date and time as printed.

    The day by which the faulty part must be back is known only after the customer's receipt: give `return_within_days`
    (working days from receipt) and leave `return_by` empty until then. `code_url` is what the QR code says; empty, it
    says the number. `method` is a key of METHODS. Who pays is not known here: it stays a ruled blank.
    """

    number: str
    lines: tuple[ShippingLine, ...]
    depot: Party = NOBODY
    consignee: Party = NOBODY
    customer: str | None = None
    site: str | None = None
    second_contact: str | None = None
    rma_number: str | None = None
    case_number: str | None = None
    contract: str | None = None
    issued_on: str | None = None
    carrier: str | None = None
    waybill: str | None = None
    method: str | None = None
    promised_at: str | None = None
    dispatched_at: str | None = None
    packages: int | None = None
    gross_weight: str | None = None
    insured_value: str | None = None
    return_required: bool = True
    return_by: str | None = None
    return_within_days: int | None = None
    return_to: Party = NOBODY
    overdue_clause: str | None = OVERDUE_CLAUSE
    prepared_by: str | None = None
    picked_by: str | None = None
    checked_by: str | None = None
    code_url: str | None = None


def to_json(slip: ShippingSlip) -> dict[str, Any]:
    """The slip as plain data for a JSON column."""
    return {**asdict(slip), "lines": [asdict(line) for line in slip.lines]}


def from_json(data: dict[str, Any]) -> ShippingSlip:
    """The slip that `to_json` froze, with names since retired left out, which were always empty; TypeError if it holds a
    name that no slip ever had."""
    parties = {name: Party(**data[name]) for name in ("depot", "consignee", "return_to") if data.get(name)}
    lines = tuple(ShippingLine(**_known(line)) for line in data["lines"])
    return ShippingSlip(**{**_known(data), **parties, "lines": lines})


def _known(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in RETIRED}


TITLE = Term("发货单", "Shipping slip")
NUMBER = Term("发货单号", "Slip no.")
CONDITIONS = {"new": Term("新品", "New"), "good": Term("良品", "Good"), "repaired": Term("维修品", "Repaired")}
NATURES = {
    "replacement": Term("更换", "Replacement"),
    "substitute": Term("替代", "Substitute"),
    "loaner": Term("借用", "Loaner"),
}
METHODS = {
    "courier": Term("快递", "Courier"),
    "pickup": Term("客户自提", "Customer pick-up"),
    "engineer": Term("工程师携带", "Carried by engineer"),
}
RMA, CASE = Term("返修单号", "RMA no."), Term("服务单号", "Case no.")
CONTRACT, DATE = Term("合同号", "Contract"), Term("日期", "Date")
FROM, TO = Term("发货方", "From"), Term("收货方", "To")
PHONE, SECOND = Term("电话", "Phone"), Term("第二联系人", "Second contact")
CARRIER, WAYBILL = Term("承运方", "Carrier"), Term("运单号", "Waybill")
METHOD, PAYER = Term("发货方式", "Method"), Term("付费方", "Paid by")
PROMISED, DISPATCHED = Term("承诺发货", "Promised"), Term("实际发货", "Dispatched")
PACKAGES, WEIGHT, INSURED = Term("件数", "Packages"), Term("毛重", "Gross weight"), Term("保价", "Insured value")
COLUMNS = (
    (0.0, 6.0, Term("", "#")),
    (8.0, 57.0, Term("备件型号", "Part")),
    (67.0, 65.0, Term("序列号", "Serial")),
    (133.0, 11.0, Term("数量", "Qty")),
    (145.0, 14.0, Term("箱号", "Carton")),
    (161.0, 19.0, Term("性质", "Nature")),
)
REPLACES, REASON = Term("更换故障件", "Replaces"), Term("替代原因", "Substitution")
DUTY_BY = Term("请最迟于 {} 返还故障件", "Return the faulty part by {}")
DUTY_WITHIN = Term("请在签收后 {} 个工作日内返还故障件", "Return the faulty part within {} working days after receipt")
DUTY_OPEN = Term("请返还故障件", "Return the faulty part")
NO_DUTY = Term("故障件无需返还", "No part has to be returned")
NO_DUTY_OF_LINE = Term("本行无需返还", "Nothing to return for this line")
RECEIVED_ON, RETURN_ON = Term("签收日期", "Received on"), Term("返还期限", "Return by")
RETURN_TO = Term("返还至", "Return to")
SIGNATURES = (
    Term("制单", "Prepared"),
    Term("拣货", "Picked"),
    Term("复核", "Checked"),
    Term("承运", "Carrier"),
    Term("收货方签章", "Received: signature, stamp"),
)
SIGNED_ON = Term("日期", "Date")
SIGN_HEIGHT = 27.0
HEAD = 6.0  # mm: the table's head
BAR = 6.5  # mm: a serial's barcode


@cache
def _form() -> Subset:
    heads = [term for _, _, term in COLUMNS]
    rows = (RMA, CASE, CONTRACT, DATE, FROM, TO, CARRIER, WAYBILL, METHOD, PAYER, PROMISED, DISPATCHED)
    more = (PACKAGES, WEIGHT, INSURED, RETURN_TO, REPLACES, SIGNATURES, SIGNED_ON, DUTY_BY, OVERDUE_CLAUSE)
    return form.form_of(TITLE, NUMBER, heads, rows, more)


def render(slip: ShippingSlip, *, copy_no: int = 1) -> bytes:
    """The slip as a PDF on A4; from the second copy on, every page carries 副本 COPY n."""
    paper = Paper(_form())
    return paper.finish(f"{TITLE.zh} {slip.number}", draw_on(paper, slip, copy_no))


def draw_on(paper: Paper, slip: ShippingSlip, copy_no: int) -> Foot:
    """Draw the slip on new sheets of the paper; the answer draws their feet, once all are there."""
    sheet = paper.sheet()
    y = form.head(sheet, TITLE, NUMBER, slip.number, slip.code_url or slip.number, copy_no)
    y = _references(sheet, y, slip)
    y = _parties(sheet, y, slip)
    y = _transport(sheet, y, slip)
    y = _duty(sheet, y + 1.5, slip)
    sheet, y = _lines(paper, sheet, y + 2.5, slip, copy_no)
    if y + SIGN_HEIGHT > BOTTOM:
        sheet = paper.sheet()
        y = form.small_head(sheet, TITLE, slip.number, copy_no)
    _signatures(sheet, slip)
    words = form.joined(slip.depot.name, slip.number, slip.rma_number)

    def foot(sheet: Sheet, number: int, count: int) -> None:
        form.foot(sheet, BOTTOM + 6, words, number, count, copy_no)

    return foot


def _references(sheet: Sheet, y: float, slip: ShippingSlip) -> float:
    row = [
        Field(RMA, slip.rma_number, 1.2, STRONG, True),
        Field(CASE, slip.case_number, 1.2),
        Field(CONTRACT, slip.contract, 1.2),
        Field(DATE, slip.issued_on, 0.8),
    ]
    sheet.rule(LEFT, y, RIGHT, y, 0.8)
    return y + form.fields(sheet, y, row)


def _parties(sheet: Sheet, y: float, slip: ShippingSlip) -> float:
    """Who sends, who receives: two columns, the receiver's in larger type."""
    half = (WIDTH - 8) / 2
    ends = []
    to = slip.consignee
    person = form.joined(to.contact or to.name, to.phone)
    sender = [
        (slip.depot.name, BODY, True),
        (slip.depot.address, BODY, False),
        (form.joined(slip.depot.contact, slip.depot.phone), BODY, False),
    ]
    receiver = [
        (slip.customer, STRONG, True),
        (slip.site, BODY, False),
        (to.address, BODY, False),
        (person, STRONG, True),
    ]
    if slip.second_contact:
        receiver.append((f"{SECOND.zh} {SECOND.en}  {slip.second_contact}", BODY, False))
    for x, term, rows in ((LEFT, FROM, sender), (LEFT + half + 8, TO, receiver)):
        at = form.section(sheet, y, term, x, half)
        for text, size, bold in rows:
            if text:
                at += leading(size) * 0.86
                at += sheet.lines(x, at, half, text, size, bold=bold) - leading(size) * 0.86
                at += 0.6
        if not any(text for text, _, _ in rows):
            for _ in range(2):
                at += 7
                sheet.rule(x, at, x + half, at, 0.4)
        ends.append(at)
    return max(*ends) + 2


def _transport(sheet: Sheet, y: float, slip: ShippingSlip) -> float:
    first = [
        Field(CARRIER, slip.carrier, 1.2),
        Field(WAYBILL, slip.waybill, 1.2, BODY, True),
        Field(METHOD, form.worded(METHODS, slip.method), 1.2),
        Field(PAYER, None, 0.9),
    ]
    second = [
        Field(PROMISED, slip.promised_at, 1.2),
        Field(DISPATCHED, slip.dispatched_at, 1.2),
        Field(PACKAGES, None if slip.packages is None else str(slip.packages), 0.45),
        Field(WEIGHT, slip.gross_weight, 0.75),
        Field(INSURED, slip.insured_value, 0.9),
    ]
    sheet.rule(LEFT, y, RIGHT, y, 0.4)
    y += form.fields(sheet, y, first)
    return y + form.fields(sheet, y, second)


def _duty(sheet: Sheet, y: float, slip: ShippingSlip) -> float:
    """The box that says what must come back, by when and to where, in the largest type of the page."""
    if not slip.return_required:
        sheet.box(LEFT, y, WIDTH, 9, 0.5)
        taken = sheet.text(LEFT + 4, y + 6.2, NO_DUTY.zh, STRONG, bold=True)
        sheet.text(LEFT + taken + 7, y + 6.2, NO_DUTY.en, BODY)
        return y + 9
    blanks = () if slip.return_by else (RECEIVED_ON, RETURN_ON)
    duty = duty_words(slip.return_by, slip.return_within_days)
    return form.duty_box(sheet, y, duty, RETURN_TO, slip.return_to, blanks, slip.overdue_clause or "")


def duty_words(by: str | None, within_days: int | None) -> Term:
    """When the faulty part must be back, in both languages: a day if it is known, else the days after receipt."""
    if by:
        return Term(DUTY_BY.zh.format(by), DUTY_BY.en.format(by))
    if within_days is not None:
        return Term(DUTY_WITHIN.zh.format(within_days), DUTY_WITHIN.en.format(within_days))
    return DUTY_OPEN


def _lines(paper: Paper, sheet: Sheet, y: float, slip: ShippingSlip, copy_no: int) -> tuple[Sheet, float]:
    """The table, over as many pages as it needs; a line is never split."""
    headed = False
    for number, line in enumerate(slip.lines, 1):
        height = _plan(line).height
        if y + height + (0 if headed else HEAD) > BOTTOM:
            sheet, headed = paper.sheet(), False
            y = form.small_head(sheet, TITLE, slip.number, copy_no)
        if not headed:
            y, headed = _table_head(sheet, y), True
        _line(sheet, y, number, line)
        y += height
        sheet.rule(LEFT, y, RIGHT, y, 0.4)
    return sheet, y


def _table_head(sheet: Sheet, y: float) -> float:
    sheet.shade(LEFT, y, WIDTH, HEAD)
    for x, _, term in COLUMNS:
        form.label(sheet, LEFT + x + (1 if not x else 0), y + 4.1, term)
    return y + HEAD


def _cells(line: ShippingLine) -> Iterator[list[tuple[str | None, float, bool]]]:
    """The texts of the six columns, each a list of (text, size, bold) from top to bottom; the number is drawn by
    `_line`."""
    yield [(line.part_number, BODY, True), (line.description, SMALL, False)]
    yield [(line.serial, BODY, True)]
    yield [(str(line.quantity), BODY, False)]
    yield [(line.carton, BODY, False)]
    yield [
        (form.worded(NATURES, line.nature), SMALL, False),
        (form.worded(CONDITIONS, line.condition), SMALL, False),
    ]


class _Plan(NamedTuple):
    """Where a line's barcode stands, from the left margin and from the line's top (x < 0: none), and what it takes."""

    x: float
    y: float
    texts: float
    height: float


def _plan(line: ShippingLine) -> _Plan:
    """A barcode stands below its serial: in its column, else over the columns to its right, else over the whole row."""
    part, serial, *others = (
        sum(height_of(text, width, size) for text, size, _ in texts)
        for (_, width, _), texts in zip(COLUMNS[1:], _cells(line), strict=True)
    )
    beside, column = max(part, serial, *others), COLUMNS[2]
    places = (
        (column[0], serial, column[1]),
        (column[0], max(serial, *others), WIDTH - column[0]),
        (0.0, beside, WIDTH),
    )
    x, y = next(((x, y) for x, y, room in places if form.fits(line.serial, room)), (-1.0, 0.0))
    texts = max(beside, y + BAR + 2.5) if x >= 0 else beside
    return _Plan(x, y, texts, texts + height_of(_replaces(line), WIDTH - 8, SMALL) + 3)


def _replaces(line: ShippingLine) -> str:
    parts = []
    if line.replaces_part or line.replaces_serial:
        old = form.joined(line.replaces_part, line.replaces_serial and f"S/N {line.replaces_serial}")
        parts.append(f"{REPLACES.zh} {REPLACES.en}: {old}")
    if line.substitution_reason:
        parts.append(f"{REASON.zh} {REASON.en}: {line.substitution_reason}")
    if not line.return_required:
        parts.append(f"{NO_DUTY_OF_LINE.zh} {NO_DUTY_OF_LINE.en}")
    return "; ".join(parts)


def _line(sheet: Sheet, y: float, number: int, line: ShippingLine) -> None:
    sheet.text(LEFT + 1, y + 4.4, str(number), BODY)
    for (x, width, _), texts in zip(COLUMNS[1:], _cells(line), strict=True):
        at = y + 4.4
        for text, size, bold in texts:
            at += sheet.lines(LEFT + x, at, width, text or "", size, bold=bold)
    plan = _plan(line)
    if plan.x >= 0:
        form.barcode(sheet, LEFT + plan.x, y + plan.y + 1.8, BAR, line.serial, WIDTH)
    elif not line.serial:
        sheet.rule(LEFT + COLUMNS[2][0], y + 5, LEFT + COLUMNS[2][0] + COLUMNS[2][1] - 5, y + 5, 0.4)
    sheet.lines(LEFT + COLUMNS[1][0], y + plan.texts + 4.2, WIDTH - 8, _replaces(line), SMALL)


def _signatures(sheet: Sheet, slip: ShippingSlip) -> None:
    """At the foot of the last page: a name and a day for each hand that the goods pass through."""
    top = BOTTOM - SIGN_HEIGHT + 4
    names = (slip.prepared_by, slip.picked_by, slip.checked_by, None, None)
    widths, x = (29.0, 29.0, 29.0, 29.0, 64.0), LEFT
    for term, name, width in zip(SIGNATURES, names, widths, strict=True):
        sheet.box(x, top, width, SIGN_HEIGHT - 7, 0.5)
        form.label(sheet, x + 2, top + 3.8, term)
        sheet.text(x + 2, top + 10, name or "", BODY)
        form.label(sheet, x + 2, top + SIGN_HEIGHT - 8.6, SIGNED_ON)
        sheet.rule(x + 14, top + SIGN_HEIGHT - 8.2, x + min(width, 40) - 2, top + SIGN_HEIGHT - 8.2, 0.4)
        x += width
