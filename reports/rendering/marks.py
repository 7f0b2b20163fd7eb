"""The few marks our typeface lacks, as a font of our own: the narrow no-break space of French figures, and two arrows.

After a change here, `write()` makes `config/static/marks.ttf` again.
"""

from __future__ import annotations

import io
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

FAMILY = "Vigie Marks"
FILE = Path(__file__).resolve().parents[2] / "config" / "static" / "marks.ttf"
UNITS = 1000
GAP = 235  # a thousands gap narrower than a fifth of an em is not seen
_ARROW_WIDTH = 760
_GLYPHS: dict[str, tuple[int | None, int, tuple[tuple[int, int], ...]]] = {
    ".notdef": (None, 500, ((60, 0), (60, 700), (440, 700), (440, 0))),
    "gap": (0x202F, GAP, ()),
    "up": (0x25B2, _ARROW_WIDTH, ((60, 40), (380, 620), (700, 40))),
    "down": (0x25BC, _ARROW_WIDTH, ((60, 620), (700, 620), (380, 40))),
}


def build() -> bytes:
    """The font file; the same bytes each time."""
    builder = FontBuilder(UNITS, isTTF=True)
    builder.setupGlyphOrder(list(_GLYPHS))
    builder.setupCharacterMap({code: name for name, (code, _width, _outline) in _GLYPHS.items() if code})
    builder.setupGlyf({name: _outline(points) for name, (_code, _width, points) in _GLYPHS.items()})
    builder.setupHorizontalMetrics({name: (width, 0) for name, (_code, width, _points) in _GLYPHS.items()})
    # The line metrics of the typeface these stand in, so that a line with a mark is no taller.
    builder.setupHorizontalHeader(ascent=1066, descent=-300)
    builder.setupNameTable({"familyName": FAMILY, "styleName": "Regular", "psName": FAMILY.replace(" ", "") + "-Regular"})
    builder.setupOS2(version=4, sTypoAscender=1066, sTypoDescender=-300, usWinAscent=1066, usWinDescent=300, sCapHeight=720, sxHeight=540)
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    file = io.BytesIO()
    builder.save(file)
    return file.getvalue()


def _outline(points: tuple[tuple[int, int], ...]) -> Glyph:
    pen = TTGlyphPen(None)
    if points:
        pen.moveTo(points[0])
        for point in points[1:]:
            pen.lineTo(point)
        pen.closePath()
    return pen.glyph()


def write() -> None:
    FILE.write_bytes(build())
