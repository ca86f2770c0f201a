"""Code128 as numbers: what is dark where. Drawing is `page.Sheet`'s."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

MODULE = 0.36  # mm; under 0.33 a crumpled sheet is not read
SPREAD = 0.1  # of a module: how much narrower each bar is drawn
QUIET = 10  # modules on each side

_BARS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232"
)
_PATTERNS = _BARS.split()
_STOP = "2331112"
START_B, START_C, TO_C, TO_B = 104, 105, 99, 100


@lru_cache(maxsize=1024)
def code128(text: str) -> tuple[tuple[int, int], ...]:
    """The bars of a Code128 symbol as (start, width) in modules, without quiet zones; () if it cannot carry the text.

    Sets B and C are used, so the text must be printable ASCII; runs of digits are packed in pairs.
    """
    if not text or any(not " " <= char <= "~" for char in text):
        return ()
    values = list(code128_values(text))
    checksum = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % 103
    bars, at = [], 0
    for pattern in [*(_PATTERNS[value] for value in [*values, checksum]), _STOP]:
        for n, digit in enumerate(pattern):
            if n % 2 == 0:
                bars.append((at, int(digit)))
            at += int(digit)
    return tuple(bars)


def code128_values(text: str) -> Iterator[int]:
    """The symbol's values from its start character on, without check digit and stop; for printable ASCII alone."""
    at, in_c = 0, _digits(text, 0) >= 4 or (len(text) == 2 and text.isdigit())
    yield START_C if in_c else START_B
    while at < len(text):
        run = _digits(text, at)
        if in_c:
            if run >= 2:
                yield int(text[at : at + 2])
                at += 2
                continue
            yield TO_B
            in_c = False
        elif run >= 6 or (run >= 4 and at + run == len(text)):
            if run % 2:
                yield ord(text[at]) - 32
                at += 1
            yield TO_C
            in_c = True
            continue
        yield ord(text[at]) - 32
        at += 1


def _digits(text: str, at: int) -> int:
    end = at
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    return end - at


def code128_modules(text: str) -> int:
    """The symbol's length in modules, quiet zones included; 0 if it cannot carry the text."""
    bars = code128(text)
    return bars[-1][0] + bars[-1][1] + 2 * QUIET if bars else 0
