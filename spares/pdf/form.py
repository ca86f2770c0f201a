"""The parts that the slips share: two-language labels, fields with a ruled blank where nothing is known, tick boxes,
the head with its codes, and the foot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spares.pdf import codes, page
from spares.pdf.fonts import Subset, subset_of, width_of
from spares.pdf.page import BODY, DUTY, GREY, LARGE, SMALL, STRONG, TINY, Sheet
from spares.pdf.wrap import clip, wrap

LEFT, RIGHT, TOP, BOTTOM = 15.0, 195.0, 12.0, 281.0
WIDTH = RIGHT - LEFT
LABEL = 3.6  # mm from a field's top to its label's baseline
FIRST = 8.2  # mm from a field's top to its first value's baseline
BLANK = 9.4  # mm from a field's top to the rule of an empty one
QR_SIDE = 28.0
MARK = 34.0  # mm: the widest copy mark, and a gap


class Term(NamedTuple):
    """One label in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Party:
    """An address as it is printed."""

    name: str | None = None
    address: str | None = None
    contact: str | None = None
    phone: str | None = None


NOBODY = Party()

PAGE = Term("第 {} 页 共 {} 页", "Page {} of {}")
COPY = Term("副本", "COPY")
ALWAYS = " -/0123456789"
JOIN = ", "


def form_of(*words: object) -> Subset:
    """The font subset of a form: digits and every character of the terms and texts given, nested as they may be.

    Give it what every copy carries: a word that only some copies need costs every other one its glyphs.
    """
    found = list(ALWAYS)

    def collect(thing: object) -> None:
        if isinstance(thing, str):
            found.extend(thing)
        elif isinstance(thing, list | tuple):
            for part in thing:
                collect(part)

    collect([PAGE, JOIN, *words])
    return subset_of(sorted(set(found) - set("{}")))


def joined(*parts: str | None) -> str:
    """The parts that are there, with a comma between them."""
    return JOIN.join(part for part in parts if part)


def label(sheet: Sheet, x: float, y: float, term: Term) -> float:
    """A label with its baseline at y: Chinese, then English smaller and grey; returns the width in mm."""
    width = sheet.text(x, y, term.zh, SMALL) + 1.2
    return width + sheet.text(x + width, y, term.en, TINY, grey=GREY)


class Field(NamedTuple):
    term: Term
    value: str | None
    share: float = 1
    size: float = BODY
    bold: bool = False
    blank: bool = True


def fields(
    sheet: Sheet, y: float, row: Sequence[Field], x: float = LEFT, width: float = WIDTH, gap: float = 5
) -> float:
    shares = sum(field.share for field in row)
    room = width - gap * (len(row) - 1)
    at, height = x, 0.0
    for field in row:
        column = room * field.share / shares
        label(sheet, at, y + LABEL, field.term)
        used = sheet.lines(at, y + FIRST, column, field.value or "", field.size, bold=field.bold)
        if not used and field.blank:
            sheet.rule(at, y + BLANK, at + column, y + BLANK, 0.4)
        height = max(height, used)
        at += column + gap
    return fields_height(height)


def fields_height(text: float) -> float:
    """The height of a row of fields whose tallest value takes `text` mm."""
    return FIRST - LABEL + 1.6 + max(text, 3.6) + 1.2


def measure(row: Sequence[Field], width: float = WIDTH, gap: float = 5) -> float:
    """The height that `fields` will take."""
    shares = sum(field.share for field in row)
    room = width - gap * (len(row) - 1)
    tallest = page.tallest([(field.value, room * field.share / shares, field.size) for field in row])
    return fields_height(tallest)


def choice(sheet: Sheet, x: float, y: float, term: Term, ticked: bool = False, side: float = 3.2) -> float:
    """A tick box and its label with the baseline at y; returns the width in mm, the gap to the next included."""
    sheet.box(x, y - side + 0.4, side, side, 0.6)
    if ticked:
        sheet.tick(x, y - side + 0.4, side)
    return side + 1.4 + label(sheet, x + side + 1.4, y, term) + 3.5


def choices(sheet: Sheet, x: float, y: float, options: dict[str, Term], chosen: str | None) -> float:
    """A row of tick boxes; a chosen value that is not among the options is written out instead of them, never lost."""
    if chosen and chosen not in options:
        return sheet.text(x, y, clip(chosen, 90 * page.PT, BODY), BODY, bold=True)
    at = x
    for code, term in options.items():
        at += choice(sheet, at, y, term, ticked=code == chosen)
    return at - x


def worded(options: dict[str, Term], code: str | None) -> str:
    """A code in both languages; a code without words is printed as it is."""
    term = options.get(code or "")
    return f"{term.zh} {term.en}" if term else code or ""


def copy_mark(sheet: Sheet, y: float, copy_no: int, right: float) -> None:
    """On a reprint, a boxed 副本 COPY n ending at `right`; on the original nothing."""
    if copy_no < 2:
        return
    words = f"{COPY.zh} {COPY.en} {copy_no}"
    width = width_of(words, STRONG) / page.PT
    sheet.box(right - width - 6, y - 6, width + 6, 8.4, 1.4)
    sheet.text(right - 3, y, words, STRONG, bold=True, align=1)


def barcode(sheet: Sheet, x: float, y: float, height: float, text: str | None, room: float) -> float:
    """A Code128 whose first bar stands at x, its left quiet zone outside and its right one inside `room` mm.

    Returns the height used: 0, and nothing drawn, if the text is empty, cannot be encoded or does not fit.
    """
    if not text or not fits(text, room):
        return 0
    sheet.code128(x, y, height, text)
    return height


def fits(text: str | None, room: float) -> bool:
    """Whether `barcode` would draw the text."""
    modules = codes.code128_modules(text or "")
    return bool(modules) and (modules - codes.QUIET) * codes.MODULE <= room


def head(sheet: Sheet, title: Term, term: Term, number: str, qr: str, copy_no: int) -> float:
    """The first page's head: title, copy mark, number, its Code128 and the QR code; returns the y below it."""
    sheet.qr(RIGHT - QR_SIDE, TOP, QR_SIDE, qr)
    right = RIGHT - QR_SIDE - 6
    width = sheet.text(LEFT, TOP + 6.5, title.zh, LARGE, bold=True)
    sheet.text(LEFT + width + 3, TOP + 6.5, title.en, STRONG, grey=GREY)
    copy_mark(sheet, TOP + 6, copy_no, right)
    y = TOP + 13.5
    width = label(sheet, LEFT, y, term)
    step = page.leading(LARGE)
    used = sheet.lines(LEFT, y + 0.7 + step * 0.78, right - LEFT, number, LARGE, bold=True)
    y += used + 2.6
    y += barcode(sheet, LEFT, y, 12, number, right - LEFT)
    return max(y, TOP + QR_SIDE) + 3


def small_head(sheet: Sheet, title: Term, number: str, copy_no: int) -> float:
    """The head of the following pages; returns the y below it. A very long number takes the place of the copy mark, which
    stands in the foot too."""
    width = sheet.text(LEFT, TOP + 4.5, title.zh, STRONG, bold=True)
    width += 2 + sheet.text(LEFT + width + 2, TOP + 4.5, title.en, SMALL, grey=GREY)
    taken = max(width, sheet.text(LEFT, TOP + 10.5, number, STRONG, bold=True))
    room, right = WIDTH - taken - 4, RIGHT
    if fits(number, room):
        right -= (codes.code128_modules(number) - 2 * codes.QUIET) * codes.MODULE
        barcode(sheet, right, TOP, 10, number, room)
        right -= codes.QUIET * codes.MODULE
    if right - MARK > LEFT + taken:
        copy_mark(sheet, TOP + 6, copy_no, right)
    sheet.rule(LEFT, TOP + 13.5, RIGHT, TOP + 13.5, 0.8)
    return TOP + 16


def foot(sheet: Sheet, y: float, words: str, number: int, count: int, copy_no: int) -> None:
    """The line under every page: whose paper it is, the copy mark, page x of y."""
    sheet.rule(LEFT, y - 4, RIGHT, y - 4, 0.4)
    pages = f"{PAGE.zh.format(number, count)} / {PAGE.en.format(number, count)}"
    taken = sheet.text(RIGHT, y, pages, SMALL, align=1)
    mark = f"{COPY.zh} {COPY.en} {copy_no}" if copy_no > 1 else ""
    if mark:
        taken += 6 + sheet.text(RIGHT - taken - 6, y, mark, SMALL, bold=True, align=1)
    sheet.text(LEFT, y, clip(words, (WIDTH - taken - 6) * page.PT, SMALL), SMALL)


def section(sheet: Sheet, y: float, term: Term, x: float = LEFT, width: float = WIDTH) -> float:
    """A heading with a rule under it, its top at y; returns the y where the section's body begins."""
    taken = sheet.text(x, y + 4.2, term.zh, BODY, bold=True)
    sheet.text(x + taken + 1.6, y + 4.2, term.en, SMALL, grey=GREY)
    sheet.rule(x, y + 5.8, x + width, y + 5.8, 0.8)
    return y + 6.4


def duty_box(
    sheet: Sheet, y: float, duty: Term, to: Term, where: Party, blanks: Sequence[Term], clause: str = ""
) -> float:
    """The framed box that says what must come back by when, in the page's largest type, and to where.

    `blanks` are ruled for what the receiver knows and the printer did not. Returns the y below the frame.
    """
    room, top = WIDTH - 8, y
    y += 2.2 + page.leading(DUTY) * 0.8
    y += sheet.lines(LEFT + 4, y, room, duty.zh, DUTY, bold=True) - page.leading(DUTY) * 0.25
    y += sheet.lines(LEFT + 4, y, room, duty.en, BODY) + 2
    indent = label(sheet, LEFT + 4, y, to) + 2
    place, person = joined(where.name, where.address), joined(where.contact, where.phone)
    together = joined(place, person)
    used = 0.0
    for part in (together,) if len(wrap(together, (room - indent) * page.PT, STRONG)) == 1 else (place, person):
        used += sheet.lines(LEFT + 4 + indent, y + used, room - indent, part, STRONG, bold=True)
    if not used:
        sheet.rule(LEFT + 4 + indent, y + 0.6, RIGHT - 4, y + 0.6, 0.4)
    y += max(used, page.leading(STRONG)) - 3
    if blanks:
        x, y = LEFT + 4, y + 5
        for term in blanks:
            x += label(sheet, x, y, term) + 2
            sheet.rule(x, y + 0.6, x + 40, y + 0.6, 0.4)
            x += 46
        y += 1
    if clause:
        y += 3.4
        y += sheet.lines(LEFT + 4, y, room, clause, SMALL) - page.leading(SMALL)
    sheet.box(LEFT, top, WIDTH, y + 2.2 - top, 1.6)
    return y + 2.2
