"""Breaking text into lines the way Chinese and English are set: between any two Chinese characters, between words,
never before a closing or after an opening mark; a serial or part number too long for its column is cut where it must
be."""

from __future__ import annotations

import re
from functools import lru_cache

from spares.pdf.fonts import outlines, printable, width_of

_OPEN = "([{<(〔[{《〈「『【〖“‘"
_CLOSE_WIDE = "、。,.;:?!)〕]}》〉」』】〗”’…—·~%ー"
_CLOSE_NARROW = ",.;:?!)]}>%"
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
_open, _wide_end, _any_end = map(re.escape, (_OPEN, _CLOSE_WIDE, _CLOSE_WIDE + _CLOSE_NARROW))
_ATOM = re.compile(
    rf" |[{_open}]*(?:[^ {_WIDE}{_open}{_wide_end}]+[{_wide_end}]*"
    rf"|[^ {_open}{_wide_end}][{_any_end}]*|[{_wide_end}]+)|."
)
_SEAMS = "-/_.@:"


@lru_cache(maxsize=4096)
def wrap(text: str, width: float, size: float) -> tuple[str, ...]:
    """The lines of `text`, made printable, that fit `width` points at `size` points; () for an empty text."""
    text = printable(text)
    if not text:
        return ()
    if width_of(text, size) <= width:
        return (text,)
    widths = outlines().widths
    lines, line, used = [], "", 0.0
    for atom in _ATOM.findall(text):
        advance = sum(map(widths.__getitem__, atom)) * size
        if used + advance <= width:
            line, used = line + atom, used + advance
            continue
        if atom == " ":
            if line:
                lines.append(line)
            line, used = "", 0.0
            continue
        if line.strip():
            lines.append(line)
        *full, line = _cut(atom, width, size)
        lines += full
        used = width_of(line, size)
    if line.strip():
        lines.append(line)
    return tuple(line.strip() for line in lines)


def _cut(atom: str, width: float, size: float) -> list[str]:
    """Pieces of one unbreakable run that fit the width, cut after a separator where one is near the end."""
    pieces = []
    while width_of(atom, size) > width and len(atom) > 1:
        fit = 1
        while fit < len(atom) and width_of(atom[: fit + 1], size) <= width:
            fit += 1
        seam = max((atom.rfind(mark, fit // 2, fit) for mark in _SEAMS), default=-1)
        fit = seam + 1 if seam > 0 else fit
        pieces.append(atom[:fit])
        atom = atom[fit:]
    return [*pieces, atom]


def clip(text: str, width: float, size: float) -> str:
    """The text on one line, ended with … where it does not fit; for places whose full text stands elsewhere."""
    lines = wrap(text, width, size)
    if len(lines) <= 1:
        return lines[0] if lines else ""
    text = printable(text)
    while width_of(text + "…", size) > width and text:
        text = text[:-1]
    return text + "…"
