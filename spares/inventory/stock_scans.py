"""What one scan means in a scan loop, in words: taken, taken with a remark, there already, or refused. Nothing is stored;
the page carries what was taken so far, and the posting checks everything again."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from spares.db import session
from spares.errors import Invalid, SparesError
from spares.inventory.models import DEPOT_KINDS, Location, LocationKind, Part
from spares.inventory.stock_checks import Known, refuse_arrival, refuse_held, refuse_taking, units_with
from spares.inventory.words import CONDITIONS, place_label
from spares.labels.queries import read
from spares.labels.scan_reading import Reading
from spares.numbers import parse, scan_key
from spares.web import explain

MOST_LINES = 800
"""As many as one posting takes from a scan loop, so that each scan stays quick and a form stays within its limits."""


_LINE_ENDS = re.compile(r"[\r\n]+")  # alone: a separator inside a code ends no line


@dataclass(frozen=True)
class Scan:
    """The result of one scan: `value` is what the page keeps (a serial, a unit's key); empty when it was not taken."""

    tone: str
    title: str
    text: str = ""
    value: str = ""


def lines_of(texts: Iterable[str]) -> list[str]:
    """One entry a line, the first of those that fold to the same, without empty ones."""
    kept: dict[str, str] = {}
    for text in texts:
        for line in _LINE_ENDS.split(text):
            kept.setdefault(scan_key(line), line.strip())
    kept.pop("", None)
    return list(kept.values())


def serials_typed(part: Part, lines: Iterable[str]) -> list[str]:
    """The serials that typed or pasted codes name. Raises Invalid for a code that says that it is of another part."""
    serials = []
    for line in lines:
        reading = read(line)
        if _is_of_another(part, reading):
            raise Invalid("code_of_other_part", field="serials", scanned=reading.text[:80], part=reading.part[:80])
        serials.append(reading.text)
    return serials


def judge_code(part: Part, text: str, taken: Iterable[str] = ()) -> Scan:
    """What scanning one code for a receipt of `part` means, a code of part and serial in one among them."""
    reading = read(text)
    if _is_of_another(part, reading):
        words = _("This code is of the part %(part)s. Choose that part, or scan another code.", part=reading.part[:80])
        return Scan("bad", reading.text[:80], words)
    (scan,) = judge_arrivals(part, [reading.text], taken)
    return scan


def _is_of_another(part: Part, reading: Reading) -> bool:
    return bool(reading.part and reading.serial) and scan_key(reading.part) != part.part_number_key


def judge_arrivals(part: Part, texts: Sequence[str], taken: Iterable[str] = ()) -> list[Scan]:
    """What scanning each of these for a receipt of `part` means; `taken` are the serials listed before. Two statements
    at most, however many there are."""
    earlier = {scan_key(text) for text in taken}
    keys = {scan_key(text) for text in texts} - {""}
    known: dict[str, list[Known]] = {}
    for unit in units_with(keys):
        known.setdefault(unit.unit.serial_key, []).append(unit)
    bins = set(
        session.scalars(
            select(Location.code_key).where(Location.code_key.in_(list(keys)[:500]), Location.kind == LocationKind.BIN)
        )
    )
    results = []
    for text in texts:
        result = _judge_arrival(part, text.strip(), earlier, known, bins)
        if result.value:
            earlier.add(scan_key(result.value))
        results.append(result)
    return results


def _judge_arrival(part: Part, text: str, earlier: set[str], known: dict[str, list[Known]], bins: set[str]) -> Scan:
    key = scan_key(text)
    if not key or len(key) > 80 or len(text) > 80:
        return Scan("bad", text[:80] or "–", _("This cannot be a serial number."))
    if key in earlier:
        return Scan("warn", text, _("In the list already."))
    if key == part.part_number_key:
        return Scan("bad", text, _("This is the part number. Scan the serial number."))
    if key in bins:
        return Scan("bad", text, _("This is a bin. Scan the serial number."))
    if parse(text) is not None:
        return Scan("bad", text, _("This is the number of a record. Scan the serial number."))
    if len(earlier) >= MOST_LINES:
        return Scan("bad", text, _("The list is full. Post it, then go on."))
    others = []
    for unit in known.get(key, []):
        if unit.unit.part_id != part.id:
            others.append(unit)
            continue
        try:
            refuse_arrival(unit, LocationKind.SUPPLIER)
        except SparesError as error:
            return Scan("bad", text, explain(error))
    if any(other.location.kind in DEPOT_KINDS for other in others):
        return Scan(
            "warn", text, _("Taken. Another part in the depot has the same serial number: check the part."), text
        )
    return Scan("good", text, _("Taken."), text)


def find_bin(text: str, depot_id: int | None = None) -> Location | None:
    """The bin whose code was scanned, in the depot named, else in the only depot that has one of that code."""
    query = select(Location).where(Location.code_key == scan_key(text), Location.kind == LocationKind.BIN)
    if depot_id is not None:
        query = query.where(Location.depot_id == depot_id)
    found = list(session.scalars(query.limit(2)))
    return found[0] if len(found) == 1 else None


def judge_taking(text: str, taken: Sequence[Known], part: str = "") -> Scan:
    """What scanning a serial in the put-away loop means; `taken` are the units in hand, `part` what the code said besides."""
    text = text.strip()
    key = scan_key(text)
    if not key:
        return Scan("bad", "–", _("This cannot be a serial number."))
    if any(known.unit.serial_key == key and _fits(known, part) for known in taken):
        return Scan("warn", text, _("In the list already."))
    if len(taken) >= MOST_LINES:
        return Scan("bad", text, _("The list is full. Scan a bin, then go on."))
    found = units_with([key])
    found = [known for known in found if _fits(known, part)] or found
    if not found:
        return Scan("bad", text, _("No serial number or bin reads like this."))
    here = [known for known in found if known.location.kind in DEPOT_KINDS] or found
    if len(here) > 1:
        return Scan("bad", text, _("Several parts have this serial number. Use the move page and name the part."))
    known = here[0]
    try:
        refuse_taking(known)
        if taken and taken[0].location.depot_id != known.location.depot_id:
            return Scan("bad", text, _("It is in another depot than the ones before."))
        refuse_held([known])
    except SparesError as error:
        return Scan("bad", text, explain(error))
    return Scan("good", known.unit.serial, unit_words(known), str(known.unit.id))


def _fits(known: Known, part: str) -> bool:
    return not part or known.unit.part.part_number_key == scan_key(part)


def unit_words(known: Known) -> str:
    """Where a unit is and in what condition, in a line."""
    words: list[Any] = [known.unit.part.part_number, CONDITIONS[known.state.condition], place_label(known.location)]
    return " · ".join(str(word) for word in words)
