"""What a scanner sent, taken apart: pure, the same at every box that takes a scan.

Tried in this order: the QR code of one of our own labels, the company's own templates, the envelope of ISO 15434 (`[)>`
with data identifiers), GS1 element strings (with the FNC1 as control character 29, or with the identifiers in brackets), and
last the text as it is. Full-width letters are folded, the scanner's prefix, suffix and AIM identifier (`]C1`) are taken off,
and so are control characters around the code. What reads as nothing else is never changed beyond that."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from spares.labels.scan_patterns import Pattern, first_match, upper

GS, RS, EOT = "\x1d", "\x1e", "\x04"
LONGEST = 1000
OWN_PATH = "/scan"
"""The address that our labels' QR codes name, with what they say as `q`: a phone opens the record, a scanner's text is
read here. Only the path counts: a label printed under another host name still works."""

_SHOWN = str.maketrans({"␝": GS, "␞": RS, "␄": EOT})
_NAMED = re.compile(r"[<{\[](GS|FNC1|RS|EOT)[>}\]]", re.IGNORECASE)
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_AIM_GS1 = {"]C1", "]E0", "]D2", "]Q3", "]J1"}
_ENVELOPE = re.compile(rf"\[\)>{RS}?(\d\d){GS}?(.*)", re.DOTALL)
_IDENTIFIED = re.compile(r"(\d{0,2}[A-Z])(.+)", re.DOTALL)
_BRACKETED = re.compile(r"\((\d{2,4})\)([^(]+)")
_FIXED = {"00": 18, "01": 14, "02": 14, **dict.fromkeys(("11", "12", "13", "15", "16", "17"), 6), "20": 2}
_VARIABLE = {
    **{"10": 20, "21": 80, "22": 20, "30": 8, "37": 8, "90": 30, "240": 120, "241": 120, "242": 6, "243": 20},
    **{"250": 30, "251": 30, "253": 30, "254": 20, "400": 30, "401": 30, "403": 30, "420": 20, "8004": 30, "8200": 70},
    **{str(number): 90 for number in range(91, 100)},
}


class Form(StrEnum):
    """How a code was understood."""

    PLAIN = "plain"
    OWN = "own"
    PATTERN = "pattern"
    ENVELOPE = "envelope"
    GS1 = "gs1"


@dataclass(frozen=True)
class ScanRules:
    """What a depot's scanners add, and its own templates. Several depots' rules are joined with `+`."""

    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()

    def __add__(self, other: "ScanRules") -> "ScanRules":
        return ScanRules(self.prefixes + other.prefixes, self.suffixes + other.suffixes, self.patterns + other.patterns)


NO_RULES = ScanRules()


@dataclass(frozen=True)
class Reading:
    """One code. `text` is what to look up: the serial where the code names one, else the part, else all of it."""

    text: str
    serial: str = ""
    part: str = ""
    quantity: int | None = None
    gtin: str = ""
    form: Form = Form.PLAIN


@dataclass
class _Parts:
    """What was found so far; the first word on each counts."""

    found: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: str) -> None:
        if value.strip():
            self.found.setdefault(name, _plain(value))

    def reading(self, form: Form) -> Reading | None:
        serial, gtin = self.found.get("serial", ""), self.found.get("gtin", "")
        part = self.found.get("part", "")
        if not (serial or part or gtin):
            return None
        digits = self.found.get("quantity", "")
        quantity = int(digits) if digits.isdecimal() and digits.isascii() and len(digits) <= 7 else None
        return Reading(serial or part or gtin, serial, part, quantity, gtin, form)


def read_scan(raw: str, rules: ScanRules = NO_RULES) -> Reading:
    """Take a scanned or typed code apart. Never raises; takes time in proportion to the text."""
    text, aim = _unwrapped(raw[:LONGEST], rules)
    inside = _own(text)
    if inside is not None:
        read = _gs1(inside, explicit=False)
        return (
            Reading(read.text, read.serial, read.part, form=Form.OWN)
            if read
            else Reading(_plain(inside), form=Form.OWN)
        )
    found = first_match(rules.patterns, _plain(text))
    if found is not None:
        parts = _Parts()
        for name, value in found.items():
            parts.add(name, value)
        read = parts.reading(Form.PATTERN)
        if read is not None:
            return read
    body = text.strip(GS + RS + EOT)
    return _envelope(body) or _gs1(body, explicit=aim in _AIM_GS1 or GS in text.rstrip(GS)) or Reading(_plain(text))


def _unwrapped(raw: str, rules: ScanRules) -> tuple[str, str]:
    """The code without what the scanner put around it, and the AIM identifier that it sent."""
    text = unicodedata.normalize("NFKC", raw.translate(_SHOWN))
    text = _NAMED.sub(lambda found: {"RS": RS, "EOT": EOT}.get(found[1].upper(), GS), text)
    kept = {GS, RS, EOT}
    text = "".join(c for c in text if c in kept or c.isspace() or unicodedata.category(c) not in {"Cc", "Cf"})
    text = text.strip(" \t\r\n\f\v")
    for ends, cut in ((rules.prefixes, "start"), (rules.suffixes, "end")):
        for end in ends:
            shorter = _cut(text, end, cut)
            if shorter:
                text = shorter
                break
    aim = _AIM.match(text)
    if aim is None or aim.end() == len(text):
        return text, ""
    return text[3:].strip(" "), aim[0].upper()


def _cut(text: str, end: str, where: str) -> str:
    """The text without the scanner's addition; empty when it does not carry it, or nothing else."""
    folded, addition = upper(text), upper(unicodedata.normalize("NFKC", end))
    if where == "start" and folded.startswith(addition):
        return text[len(addition) :].strip(" ")
    if where == "end" and folded.endswith(addition):
        return text[: len(text) - len(addition)].strip(" ")
    return ""


def _plain(text: str) -> str:
    """On one line, without control characters."""
    return " ".join(
        "".join(" " if c.isspace() and c not in GS + RS else c for c in text if c not in GS + RS + EOT).split()
    )


def _own(text: str) -> str | None:
    """What the QR code of one of our labels says."""
    if not text.lower().startswith(("http://", "https://")):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    said = parse_qs(parts.query).get("q", []) if parts.path.endswith(OWN_PATH) else []
    return said[0].strip() if len(said) == 1 and said[0].strip() else None


def _envelope(text: str) -> Reading | None:
    """ISO 15434: format 06 has ANSI data identifiers, format 05 GS1 application identifiers."""
    found = _ENVELOPE.match(text)
    if found is None:
        return None
    body = found[2].split(RS)[0].strip(GS + EOT)
    if found[1] == "05":
        return _gs1(body, explicit=True)
    if found[1] != "06":
        return None
    names = {"S": "serial", "1P": "part", "Q": "quantity"}
    parts, customers = _Parts(), ""
    for element in body.split(GS):
        one = _IDENTIFIED.match(element.strip())
        if one and one[1] in names:
            parts.add(names[one[1]], one[2])
        elif one and one[1] == "P":
            customers = one[2]
    parts.add("part", customers)
    return parts.reading(Form.ENVELOPE)


def _gs1(text: str, *, explicit: bool) -> Reading | None:
    """A GS1 element string. `explicit`: the scanner said so, or a separator stands in it; without that, only one that
    begins with a trade item number whose check digit is right, and has a serial, is taken for one."""
    if text.startswith("("):
        elements = _bracketed(text)
    elif explicit or _begins_with_gtin(text):
        elements = _element_string(text.lstrip(GS))
    else:
        return None
    if elements is None:
        return None
    parts = _Parts()
    for identifier, name in (
        ("21", "serial"), ("240", "part"), ("241", "part"), ("01", "gtin"), ("30", "quantity"), ("37", "quantity"),
    ):  # fmt: skip
        parts.add(name, elements.get(identifier, ""))
    return parts.reading(Form.GS1)


def _bracketed(text: str) -> dict[str, str] | None:
    """`(01)…(21)…`, as printed under the bars and sent by some scanners."""
    elements, at = dict[str, str](), 0
    for found in _BRACKETED.finditer(text):
        if found.start() != at or not _is_value(found[1], found[2].strip()):
            return None
        elements.setdefault(found[1], found[2].strip())
        at = found.end()
    return elements if at == len(text) else None


def _element_string(text: str) -> dict[str, str] | None:
    elements, at = dict[str, str](), 0
    while at < len(text):
        if text[at] == GS:
            at += 1
            continue
        identifier = next(
            (text[at : at + n] for n in (2, 3, 4) if text[at : at + n] in _FIXED.keys() | _VARIABLE.keys()), ""
        )
        at += len(identifier)
        length = _FIXED.get(identifier)
        stop = text.find(GS, at)
        end = at + length if length else (len(text) if stop < 0 else stop)
        value = text[at:end].strip()
        if not identifier or not _is_value(identifier, value):
            return None
        elements.setdefault(identifier, value)
        at = end
    return elements


def _is_value(identifier: str, value: str) -> bool:
    length = _FIXED.get(identifier)
    if length is None:
        return 0 < len(value) <= _VARIABLE.get(identifier, 0)
    if len(value) != length or not (value.isascii() and value.isdecimal()):
        return False
    return identifier not in {"00", "01", "02"} or _check_digit_is_right(value)


def _check_digit_is_right(digits: str) -> bool:
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighted % 10 == 0


def _begins_with_gtin(text: str) -> bool:
    return text.startswith("01") and text[16:18] in {"21", "24"} and _is_value("01", text[2:16])
