"""Reading ZPL back without the product: fields with their hexadecimal escapes undone, bars and pictures as images.

This is a reader of the few commands that labels use, written from the language's manual, and no printer: it shows what
a field's data is and what its codes decode to."""

import re
from dataclasses import dataclass

from PIL import Image

from spares.pdf.codes import _PATTERNS

FIELD = re.compile(
    r"\^F([OT])(\d+),(\d+)(?:\^BY(\d+))?(\^A0N,\d+,\d+|\^BQN,2,\d+|\^BCN,\d+,N,N,N,N|\^GFA,[^^]*|\^GB\d+,\d+,\d+)"
    r"(?:\^FH_\^FD([^^]*))?\^FS\n"
)
HEAD = re.compile(r"\^XA\^CI28\^PW(\d+)\^LL(\d+)\^LH0,0\^LS0\n")
TIMES = {chr(ord("G") + n): n + 1 for n in range(19)} | {chr(ord("g") + n): 20 * (n + 1) for n in range(20)}


@dataclass(frozen=True)
class Field:
    """One field: its command without numbers (`A0`, `BQ`, `BC`, `GF`, `GB`), place, data, and the whole command."""

    kind: str
    x: int
    y: int
    data: str
    command: str
    narrow: int


def formats(text: str) -> list[tuple[tuple[int, int], list[Field]]]:
    """The labels of a file: their size in dots and their fields. Fails on anything else between them."""
    assert text.isascii()
    found = []
    while text:
        head = HEAD.match(text)
        assert head, text[:80]
        text, fields = text[head.end() :], []
        while field := FIELD.match(text):
            data = bytes(
                re.sub(r"_([0-9A-F]{2})", lambda hexa: chr(int(hexa[1], 16)), field[6] or ""), "latin-1"
            ).decode()
            fields.append(Field(field[5][1:3], int(field[2]), int(field[3]), data, field[5], int(field[4] or 0)))
            text = text[field.end() :]
        assert text.startswith("^XZ\n"), text[:80]
        text = text.removeprefix("^XZ\n")
        found.append(((int(head[1]), int(head[2])), fields))
    return found


def words(fields: list[Field]) -> list[str]:
    """What stands on the label as letters of the printer's font."""
    return [field.data for field in fields if field.kind == "A0"]


def barcode(field: Field) -> Image.Image:
    """The bars of a ^BC field, whole dots wide, with their quiet zones."""
    values, at, sets = [], 0, ""
    while at < len(field.data):
        mark = field.data[at : at + 2]
        if mark in (">:", ">;"):
            values, sets = [104 if mark == ">:" else 105], mark
        elif mark in (">5", ">6"):
            values.append(99 if mark == ">5" else 100)
            sets = ">;" if mark == ">5" else ">:"
        elif mark == ">0":
            values.append(ord(">") - 32)
        elif sets == ">;":
            values.append(int(mark))
        else:
            values.append(ord(field.data[at]) - 32)
            at -= 1
        at += 2
    check = (values[0] + sum(n * value for n, value in enumerate(values[1:], 1))) % 103
    widths = "".join(_PATTERNS[value] for value in [*values, check]) + "2331112"
    bits = "".join(("1" if n % 2 == 0 else "0") * int(width) for n, width in enumerate(widths))
    image = Image.new("L", ((len(bits) + 20) * field.narrow, 60), 255)
    for n, bit in enumerate(bits):
        if bit == "1":
            image.paste(0, ((n + 10) * field.narrow, 5, (n + 11) * field.narrow, 55))
    return image


def picture(field: Field) -> Image.Image:
    """The dots of a ^GFA field, dark on light."""
    _, total, _again, a_row, packed = field.command.split(",", 4)
    wide, rows, row, times = int(a_row) * 2, list[str](), "", 0
    for char in packed:
        if char in TIMES:
            times += TIMES[char]
        elif char == ":" and not row:
            rows.append(rows[-1] if rows else "0" * wide)
        elif char == ",":
            rows.append(row.ljust(wide, "0"))
            row = ""
        else:
            row, times = row + char * (times or 1), 0
            if len(row) == wide:
                rows.append(row)
                row = ""
    assert not row
    assert len(rows) * int(a_row) == int(total)
    return (
        Image.frombytes("1", (wide * 4, len(rows)), bytes.fromhex("".join(rows)))
        .convert("L")
        .point(lambda dot: 255 - dot)
    )
