"""Fetch and reduce the font that every PDF embeds, and write down where it came from.

Run it in an environment that has fonttools, with npm on the path:

    python3 -m venv /tmp/fonts && /tmp/fonts/bin/pip install fonttools
    /tmp/fonts/bin/python tools/vendor_fonts.py

Three things are done to Noto Sans SC, each to keep a slip small: layout tables and hinting are dropped (a PDF ignores
them), outlines are redrawn within a few thousandths of an em (fewer points), and coordinates are rounded to 160 units
to the em. At 9 pt the change is two hundredths of a millimetre. Every character of the source stays.
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

from fontTools import subset
from fontTools.misc.roundTools import otRound
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.qu2cuPen import Qu2CuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

PACKAGE = "@expo-google-fonts/noto-sans-sc"
VERSION = "0.4.3"
TARBALL_SHA512 = (
    "f6b0307454c51db3bfbba0acd208f68d96d6ef84c62226853509d7607dace700"
    "356f3564c1b6af88be2df18515eb8d9e1988e0f3a787e8390011099f3470e771"
)
SOURCE = "package/400Regular/NotoSansSC_400Regular.ttf"
LICENCE = "package/LICENSE_FONT"
UNITS_PER_EM = 160
TO_CURVES, TO_QUADRATICS = 3, 5  # tolerances in thousandths of an em
DROPPED = ("GPOS", "GSUB", "GDEF", "BASE", "VORG", "vhea", "vmtx", "STAT", "DSIG", "gasp", "fpgm", "prep", "cvt ")

FONTS = Path(__file__).resolve().parent.parent / "spares" / "fonts"
FONT_NAME = "NotoSansSC-Regular.ttf"


def fetch(folder: Path) -> Path:
    """Download the pinned package into `folder` and unpack the two files that are used."""
    subprocess.run(["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=folder, check=True, capture_output=True)
    tarball = next(folder.glob("*.tgz"))
    found = hashlib.sha512(tarball.read_bytes()).hexdigest()
    if found != TARBALL_SHA512:
        raise SystemExit(f"{tarball.name} has SHA-512 {found}, not the pinned one")
    with tarfile.open(tarball) as archive:
        for member in (SOURCE, LICENCE):
            archive.extract(member, folder, filter="data")
    return folder


def reduce(source: Path, target: Path) -> int:
    """Write the reduced font to `target`; return the number of characters that it draws."""
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.drop_tables += DROPPED
    options.notdef_outline = True
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    font = subset.load_font(str(source), options)
    characters = sorted(font.getBestCmap())
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    simplify(font)
    scale_upem(font, UNITS_PER_EM)
    tidy(font)
    font.recalcTimestamp = False
    font.save(target)
    return len(characters)


def simplify(font: TTFont) -> None:
    """Redraw every outline with fewer points; composites come out as plain outlines."""
    glyphs, table, scale = font.getGlyphSet(), font["glyf"], font["head"].unitsPerEm / 1000
    for name in font.getGlyphOrder():
        drawn = TTGlyphPen(None)
        quadratic = Cu2QuPen(drawn, TO_QUADRATICS * scale)
        glyphs[name].draw(Qu2CuPen(quadratic, TO_CURVES * scale, all_cubic=True))
        glyph = drawn.glyph(round=otRound)
        glyph.recalcBounds(table)
        table[name] = glyph


def tidy(font: TTFont) -> None:
    """Drop points that rounding has put on top of each other or on the line between their neighbours."""
    table = font["glyf"]
    for name in font.getGlyphOrder():
        glyph = table[name]
        if glyph.numberOfContours <= 0:
            continue
        pen, start = TTGlyphPen(None), 0
        for end in glyph.endPtsOfContours:
            points = list(zip(glyph.coordinates[start : end + 1], glyph.flags[start : end + 1], strict=True))
            start = end + 1
            points = [((x, y), bool(flag & 1)) for (x, y), flag in points]
            while drop_one(points):
                pass
            if len(points) >= 3:
                trace(pen, points)
        glyph = pen.glyph(round=otRound)
        glyph.recalcBounds(table)
        table[name] = glyph


def drop_one(points: list[tuple[tuple[int, int], bool]]) -> bool:
    """Remove the first point that carries no shape; say whether there was one."""
    if len(points) <= 3:
        return False
    for i, (here, on_curve) in enumerate(points):
        (before, before_on), (after, after_on) = points[i - 1], points[(i + 1) % len(points)]
        if not (before_on and after_on):
            continue
        (ax, ay), (bx, by), (cx, cy) = before, here, after
        cross = abs((cx - ax) * (by - ay) - (cy - ay) * (bx - ax))
        along = (cx - ax) * (bx - ax) + (cy - ay) * (by - ay)
        span = (cx - ax) ** 2 + (cy - ay) ** 2
        if 0 <= along <= span and cross <= 0.5 * span**0.5 * (1 if on_curve else 2):
            del points[i]
            return True
    return False


def trace(pen: TTGlyphPen, points: list[tuple[tuple[int, int], bool]]) -> None:
    """Draw one closed contour from its points, starting on the curve."""
    first = next(i for i, (_, on_curve) in enumerate(points) if on_curve)
    points = points[first:] + points[:first]
    pen.moveTo(points[0][0])
    handles: list[tuple[int, int]] = []
    for place, on_curve in [*points[1:], points[0]]:
        if not on_curve:
            handles.append(place)
        elif handles:
            pen.qCurveTo(*handles, place)
            handles = []
        else:
            pen.lineTo(place)
    pen.closePath()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = fetch(Path(name))
        FONTS.mkdir(parents=True, exist_ok=True)
        characters = reduce(folder / SOURCE, FONTS / FONT_NAME)
        (FONTS / "OFL.txt").write_bytes((folder / LICENCE).read_bytes())
    files = [FONTS / FONT_NAME, FONTS / "OFL.txt"]
    sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (FONTS / "SHA256SUMS").write_text(sums)
    (FONTS / "PROVENANCE.md").write_text(
        f"# Where the font comes from\n\n"
        f"`{FONT_NAME}` is made by `tools/vendor_fonts.py` from `{SOURCE.removeprefix('package/')}` of the npm\n"
        f"package `{PACKAGE}` {VERSION} (SHA-512 of the tarball: `{TARBALL_SHA512[:32]}…`, in full in the tool).\n"
        f"It is Noto Sans SC under the SIL Open Font License 1.1 (`OFL.txt`). Changed: layout tables and hinting\n"
        f"dropped, outlines simplified within {TO_CURVES} + {TO_QUADRATICS} thousandths of an em,\n"
        f"{UNITS_PER_EM} units to the em. It draws {characters:,} characters. `SHA256SUMS` is checked by\n"
        f"`tests/pdf/test_fonts.py`.\n"
    )


if __name__ == "__main__":
    main()
