"""The report as a tagged PDF (PDF/UA-1, PDF/A-2a), by typst.

A process that compiled and then forks leaves its child hanging: compile in processes that do not fork, never at import.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import font_manrope
import typst
from django.utils.translation import gettext as _
from django.utils.translation import override
from fontTools.ttLib import TTFont

from accounts.colours import legible, on
from reports.charts import line_chart, print_theme, sparkline, stacked_bars
from reports.presentation import Presentation
from reports.rendering import marks

STANDARDS: list[Any] = ["a-2a", "ua-1"]
_FOLDER = Path(__file__).resolve().parents[2] / "templates" / "pdf"
_FONTS = Path(font_manrope.__file__).parent / "files"


def pdf(presentation: Presentation) -> bytes:
    """A4 pages; the same presentation gives the same bytes. Raises `typst.TypstError` if the template is broken."""
    with override(presentation.language):
        inputs = _inputs(presentation)
    # A compiler of its own for every document: one kept between calls would keep the inputs of the client before.
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS), str(marks.FILE.parent)])
    compiler = typst.Compiler(input=str(_FOLDER / "report.typ"), root=str(_FOLDER), font_paths=fonts, sys_inputs=inputs)
    document = compiler.compile(format="pdf", pdf_standards=STANDARDS, timestamp=presentation.generated_timestamp)
    if not isinstance(document, bytes):
        raise TypeError("typst returned no single document")
    return document


def _inputs(presentation: Presentation) -> dict[str, str]:
    """Everything the template reads, as strings; the template never sees another document's."""
    theme = print_theme(presentation.palette)
    data = asdict(presentation) | {"words": _words(), "colours": _colours(presentation)}
    trend, leads = presentation.trend, presentation.leads
    pictures = {
        "trend": line_chart(trend, theme, 489, 246) if trend else "",
        "leads": stacked_bars(leads, theme, 489, 246) if leads else "",
        **{f"spark_{tile.slug}": sparkline(tile.trend, theme, 132, 24) for tile in presentation.tiles},
    }
    printable = _printable(data) | {"pictures": sorted(name for name, svg in pictures.items() if svg)}
    return {"data": json.dumps(printable, ensure_ascii=False)} | {name: _drawable(svg) for name, svg in pictures.items()}


def _words() -> dict[str, str]:
    return {
        "prepared": _("Prepared by"),
        "page": _("Page"),
        "of": _("of"),
        "summary": _("Summary"),
        "good": _("What is going well"),
        "watch": _("What to watch"),
        "nothing_good": _("Nothing improved by that much."),
        "nothing_watch": _("Nothing worsened by that much."),
        "figures": _("Key figures"),
        "trends": _("Trends"),
        "tables": _("Channels and campaigns"),
        "appendix": _("Definitions and data"),
        "definitions": _("How each figure is computed"),
        "sources": _("Where the figures come from"),
        "kpi": _("Figure"),
        "formula": _("Computation"),
        "source": _("Source"),
        "state": _("State of the data"),
        "no_trend": _("There is no figure to draw yet."),
        "no_rows": _("No campaign or channel has figures this week."),
        "no_source": _("No source is connected yet."),
        "no_comparison": _("No comparison"),
    }


def _colours(presentation: Presentation) -> dict[str, Any]:
    primary = presentation.brand_primary
    return {
        "primary": primary,
        "on_primary": on(primary),
        "heading": legible(primary),
        "accent": legible(presentation.brand_accent, primary, 2.0),
        "series": [ink.fill for ink in presentation.palette.light],
    }


# --------------------------------------------------------------------------------------------------------------- glyphs
@cache
def _glyphs() -> frozenset[int]:
    with TTFont(_FONTS / "Manrope-Regular.ttf") as manrope, TTFont(marks.FILE) as own:
        return frozenset(manrope.getBestCmap()) | frozenset(own.getBestCmap())


def printable(text: str) -> str:
    """`text` without characters the fonts lack, for one would fail the document: pictures go, letters become "?"."""
    kept = []
    for character in unicodedata.normalize("NFC", text):
        if ord(character) in _glyphs():
            kept.append(character)
        else:
            kept.append(_replacement(character))
    return re.sub(" {2,}", " ", "".join(kept)).strip() or ("?" if text.strip() else "")


def _replacement(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    if plain != character and all(ord(part) in _glyphs() for part in plain):
        return plain
    category = unicodedata.category(character)
    if category[0] == "L" or category[0] == "N":
        return "?"
    return " " if category[0] == "Z" or character in "\t\n" else ""


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(item) for item in value]
    return value


def _drawable(svg: str) -> str:
    return "".join(character if ord(character) in _glyphs() or character == "\n" else _replacement(character) for character in svg)
