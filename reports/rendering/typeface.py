"""The typeface of print: the four weights of Manrope that reports use, each with our own marks.

One font that has every glyph is shaped once; with a second to fall back on, every word is shaped twice. Fixed weights are
embedded as they are, where a variable font must first be made into one of its weights for every document.

After a change here or of Manrope, `write()` makes the files again.
"""

from __future__ import annotations

import io
from pathlib import Path

import font_manrope
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from reports.rendering import marks

FAMILY = "Manrope"
FOLDER = Path(__file__).resolve().parents[2] / "templates" / "pdf" / "fonts"
WEIGHTS = {500: "Medium", 600: "SemiBold", 700: "Bold", 800: "ExtraBold"}
_SOURCES = Path(font_manrope.__file__).parent / "files"


def file(weight: int) -> Path:
    return FOLDER / f"{FAMILY}-{WEIGHTS[weight]}.ttf"


def build(weight: int) -> bytes:
    """The font file of one weight; the same bytes each time."""
    with TTFont(_SOURCES / file(weight).name, recalcTimestamp=False) as font, TTFont(marks.FILE) as own:
        _add(font, own)
        written = io.BytesIO()
        font.save(written)
    return written.getvalue()


def _add(font: TTFont, own: TTFont) -> None:
    """Copy our glyphs into `font`, in its units."""
    scale, glyphs = font["head"].unitsPerEm / marks.UNITS, own.getGlyphSet()
    for code, name in own.getBestCmap().items():
        pen = TTGlyphPen(None)
        glyphs[name].draw(TransformPen(pen, (scale, 0, 0, scale, 0, 0)))
        added = f"vigie.{name}"
        font["glyf"][added] = pen.glyph()
        font["hmtx"][added] = (round(own["hmtx"][name][0] * scale), 0)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[code] = added


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for weight in WEIGHTS:
        file(weight).write_bytes(build(weight))
    (FOLDER / "OFL.txt").write_bytes((_SOURCES / "OFL.txt").read_bytes())
