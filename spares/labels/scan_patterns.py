"""A company's own codes, as templates: `SN:{serial};PN:{part};QTY:{quantity}`.

A template must cover the whole code. Letters outside braces stand for themselves, upper or lower case. `{serial}`,
`{part}` and `{quantity}` are what is wanted, `{skip}` is passed over; a field ends where the next literal text begins for the
first time, or with the code. `{serial:12}` takes exactly twelve characters, and needs no text after it. `{{` and `}}` are
braces. A code is gone through once, from left to right, and never back: no template can take long, which a regular
expression can."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from spares.errors import Invalid

LONGEST = 120
MOST = 20
FIELDS = ("serial", "part", "quantity", "skip")
_PIECE = re.compile(r"\{\{|\}\}|\{([a-z]+)(?::(\d{1,3}))?\}|([^{}])")


@dataclass(frozen=True)
class Piece:
    """Literal `text`, or the field `name`, of `length` characters (0: as far as the next literal)."""

    text: str = ""
    name: str = ""
    length: int = 0


@dataclass(frozen=True)
class Pattern:
    """A template taken apart; `source` is as it was typed."""

    source: str
    pieces: tuple[Piece, ...]


def parse_patterns(text: str) -> tuple[Pattern, ...]:
    """One template a line; empty lines do not count. Raises Invalid, naming the line."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST:
        raise Invalid("scan_patterns_too_many", field="patterns", limit=MOST)
    return tuple(parse_pattern(line, number) for number, line in lines)


def parse_pattern(source: str, line: int = 1) -> Pattern:
    """Take one template apart. Raises Invalid for one that says nothing, or not where a field ends."""
    if len(source) > LONGEST:
        raise Invalid("scan_pattern_too_long", field="patterns", line=line, limit=LONGEST)
    pieces, at = [], 0
    while at < len(source):
        found = _PIECE.match(source, at)
        if found is None or (found[1] and found[1] not in FIELDS) or found[2] in ("0", "00", "000"):
            raise Invalid("scan_pattern_broken", field="patterns", line=line, rest=source[at : at + 20])
        at = found.end()
        if found[1]:
            pieces.append(Piece(name=found[1], length=int(found[2] or 0)))
        elif pieces and pieces[-1].text:
            pieces[-1] = Piece(text=pieces[-1].text + upper(found[3] or found[0][0]))
        else:
            pieces.append(Piece(text=upper(found[3] or found[0][0])))
    _check(pieces, line)
    return Pattern(source, tuple(pieces))


def _check(pieces: list[Piece], line: int) -> None:
    names = [piece.name for piece in pieces if piece.name and piece.name != "skip"]
    if not {"serial", "part"} & set(names):
        raise Invalid("scan_pattern_empty", field="patterns", line=line)
    if len(names) != len(set(names)):
        raise Invalid("scan_pattern_twice", field="patterns", line=line)
    for piece, following in pairwise(pieces):
        if piece.name and not piece.length and following.name:
            raise Invalid("scan_pattern_endless", field="patterns", line=line, name=piece.name)
    if len(pieces) == 1 and not pieces[0].length:
        raise Invalid("scan_pattern_everything", field="patterns", line=line)


def match(pattern: Pattern, text: str) -> dict[str, str] | None:
    """What the fields hold when the template covers the text, else None. Takes time in proportion to both."""
    folded, found, at = upper(text), dict[str, str](), 0
    last = len(pattern.pieces) - 1
    for number, piece in enumerate(pattern.pieces):
        if piece.text:
            if not folded.startswith(piece.text, at):
                return None
            at += len(piece.text)
            continue
        end = at + piece.length
        if not piece.length:
            end = _end(folded, at, pattern.pieces[number + 1 :], last_literal=number + 1 == last)
        value = text[at:end].strip() if at < end <= len(text) else ""
        if not value:
            return None
        found[piece.name] = value
        at = end
    return found if at == len(text) else None


def _end(folded: str, at: int, rest: tuple[Piece, ...], *, last_literal: bool) -> int:
    """Where an open field ends: where the next literal begins; -1 when it does not come."""
    if not rest:
        return len(folded)
    if last_literal:
        return len(folded) - len(rest[0].text) if folded.endswith(rest[0].text) else -1
    return folded.find(rest[0].text, at + 1)


def first_match(patterns: Iterable[Pattern], text: str) -> dict[str, str] | None:
    """What the first template that covers the text says."""
    for pattern in patterns:
        found = match(pattern, text)
        if found is not None and (found.get("quantity", "1").isdecimal() and found.get("quantity", "1").isascii()):
            return found
    return None


def upper(text: str) -> str:
    """Upper case, letter by letter, so that places in the text stay what they were."""
    return "".join(big if len(big := character.upper()) == 1 else character for character in text)
