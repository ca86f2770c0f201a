"""Text as dots, for label printers: the embedded font's outlines filled at a given size.

A label printer has no Chinese characters unless somebody loads a font into it, and prints nothing where one is missing. So
what is not plain ASCII is sent as a picture, drawn from the font that the PDFs use. A dot is dark when its centre lies inside
the outline; strokes of the sizes used here are two dots and more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from struct import unpack_from

from spares.pdf.fonts import outlines, printable, width_of

ASCENT, DESCENT = (
    0.92,
    0.24,
)  # of the size, above and below the baseline: the highest and deepest of the font's characters
_STEPS = 4  # straight pieces that one curve is made of
_ON, _X_SHORT, _Y_SHORT, _REPEAT, _X_SAME, _Y_SAME = 1, 2, 4, 8, 16, 32
_WORDS, _XY, _SCALE, _MORE, _XY_SCALE, _MATRIX = 1, 2, 8, 32, 64, 128

Point = tuple[float, float]
Contour = list[Point]


@dataclass(frozen=True)
class Bitmap:
    """`rows` from the top, each a number of `width` bits, the leftmost the highest; 1 is dark. `ascent` rows lie above the
    baseline."""

    width: int
    rows: tuple[int, ...]
    ascent: int


def bitmap(text: str, size: float, *, bold: bool = False) -> Bitmap:
    """One line of printable text, `size` dots an em. Bold smears every dot over its right neighbour."""
    text = printable(text)
    ascent, height = round(ASCENT * size), round(ASCENT * size) + round(DESCENT * size)
    width = round(width_of(text, size)) + 2
    rows = [0] * height
    advance = 0.0
    for character in text:
        place = round(advance)
        for row, bits, length in _glyph(character, size, ascent, height):
            shift = width - place - length
            rows[row] |= bits << shift if shift >= 0 else bits >> -shift
        advance += width_of(character, size)
    if bold:
        rows = [row | row >> 1 for row in rows]
    return Bitmap(width, tuple(rows), ascent)


@lru_cache(maxsize=4096)
def _glyph(character: str, size: float, ascent: int, height: int) -> tuple[tuple[int, int, int], ...]:
    """The dark rows of a character as (row, bits, how many bits)."""
    scale = size / unpack_from(">H", outlines().tables["head"], 18)[0]
    length = round(width_of(character, size)) + 2
    edges = []
    for contour in _contours(outlines().glyph_of[ord(character)]):
        points = [(x * scale, ascent - y * scale) for x, y in contour]
        edges += [(a, b) for a, b in zip(points, points[1:] + points[:1], strict=True) if a[1] != b[1]]
    found = []
    for row in range(height):
        bits = _filled(edges, row + 0.5, length)
        if bits:
            found.append((row, bits, length))
    return tuple(found)


def _filled(edges: list[tuple[Point, Point]], y: float, length: int) -> int:
    """The dots of one row whose centres lie inside, by the number of turns around them."""
    crossings = []
    for (x1, y1), (x2, y2) in edges:
        if (y1 <= y) != (y2 <= y):
            crossings.append((x1 + (y - y1) / (y2 - y1) * (x2 - x1), 1 if y2 > y1 else -1))
    crossings.sort()
    bits, turns, start = 0, 0, 0.0
    for x, turn in crossings:
        if not turns:
            start = x
        turns += turn
        if not turns:
            first, last = max(0, round(start)), min(length, round(x))
            if last > first:
                bits |= ((1 << (last - first)) - 1) << (length - last)
    return bits


@lru_cache(maxsize=4096)
def _contours(glyph: int) -> tuple[Contour, ...]:
    font = outlines()
    start, end = font.places[glyph], font.places[glyph + 1]
    if start == end:
        return ()
    data = font.glyf[start:end]
    (count,) = unpack_from(">h", data, 0)
    return tuple(_simple(data, count) if count >= 0 else _composite(data))


def _simple(data: bytes, count: int) -> list[Contour]:
    ends = unpack_from(f">{count}H", data, 10)
    at = 10 + 2 * count
    at += 2 + unpack_from(">H", data, at)[0]
    total, flags = (ends[-1] + 1 if ends else 0), list[int]()
    while len(flags) < total:
        flag = data[at]
        at += 1
        flags.append(flag)
        if flag & _REPEAT:
            flags += [flag] * data[at]
            at += 1
    xs, at = _coordinates(data, at, flags, _X_SHORT, _X_SAME)
    ys, at = _coordinates(data, at, flags, _Y_SHORT, _Y_SAME)
    contours, first = [], 0
    for end in ends:
        points = [(xs[n], ys[n], bool(flags[n] & _ON)) for n in range(first, end + 1)]
        contours.append(_flattened(points))
        first = end + 1
    return contours


def _coordinates(data: bytes, at: int, flags: list[int], short: int, same: int) -> tuple[list[float], int]:
    values, value = [], 0
    for flag in flags:
        if flag & short:
            value += data[at] if flag & same else -data[at]
            at += 1
        elif not flag & same:
            value += unpack_from(">h", data, at)[0]
            at += 2
        values.append(float(value))
    return values, at


def _flattened(points: list[tuple[float, float, bool]]) -> Contour:
    """The contour as a polygon. Between two control points lies a point of the curve, half-way."""
    whole: list[tuple[float, float, bool]] = []
    for point, following in zip(points, points[1:] + points[:1], strict=True):
        whole.append(point)
        if not point[2] and not following[2]:
            whole.append(((point[0] + following[0]) / 2, (point[1] + following[1]) / 2, True))
    begin = next((n for n, point in enumerate(whole) if point[2]), None)
    if begin is None:
        return []
    whole = whole[begin:] + whole[:begin]
    polygon: Contour = []
    for n, (x, y, on) in enumerate(whole):
        if on:
            polygon.append((x, y))
            continue
        (ax, ay, _), (bx, by, _) = whole[n - 1], whole[(n + 1) % len(whole)]
        for step in range(1, _STEPS):
            t = step / _STEPS
            polygon.append(
                (
                    (1 - t) ** 2 * ax + 2 * t * (1 - t) * x + t * t * bx,
                    (1 - t) ** 2 * ay + 2 * t * (1 - t) * y + t * t * by,
                )
            )
    return polygon


def _composite(data: bytes) -> list[Contour]:
    contours: list[Contour] = []
    at, flags = 10, _MORE
    while flags & _MORE:
        flags, index = unpack_from(">HH", data, at)
        at += 4
        dx, dy = unpack_from(">hh" if flags & _WORDS else ">bb", data, at)
        at += 4 if flags & _WORDS else 2
        if not flags & _XY:
            dx = dy = 0
        a, b, c, d = 1.0, 0.0, 0.0, 1.0
        if flags & _SCALE:
            a = d = unpack_from(">h", data, at)[0] / 16384
            at += 2
        elif flags & _XY_SCALE:
            a, d = (value / 16384 for value in unpack_from(">2h", data, at))
            at += 4
        elif flags & _MATRIX:
            a, b, c, d = (value / 16384 for value in unpack_from(">4h", data, at))
            at += 8
        for contour in _contours(index):
            contours.append([(a * x + c * y + dx, b * x + d * y + dy) for x, y in contour])
    return contours
