"""The report as a tagged PDF (PDF/UA-1, PDF/A-2a), by typst.

A process that compiled and then forks leaves its child hanging: compile in processes that do not fork, never at import.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import typst
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext
from fontTools.ttLib import TTFont

from accounts.colours import PAPER, legible, mixed, on
from reports.charts import line_chart, print_theme, sparkline, stacked_bars
from reports.charts.waterfall import height, waterfall
from reports.presentation import Presentation
from reports.presentation.parts import Cell
from reports.rendering import columns, typeface

CHART_WIDTH = 485.0
CHART_HEIGHTS = {"weekly": 140.0, "monthly": 244.0}
TABLES = ("channels", "campaigns", "money", "mailings", "posts", "pages")
SHADES = 21
FAINTEST = 0.05
SNAPSHOT_DIGITS = 12
STANDARDS: list[Any] = ["a-2a", "ua-1"]
_FOLDER = Path(__file__).resolve().parents[2] / "templates" / "pdf"


def pdf(presentation: Presentation) -> bytes:
    """A4 pages; the same presentation gives the same bytes. Raises `typst.TypstError` if the template is broken."""
    document = _compiler(presentation).compile(format="pdf", pdf_standards=STANDARDS, timestamp=presentation.generated_timestamp)
    if not isinstance(document, bytes):
        raise TypeError("typst returned no single document")
    return document


def pictures(presentation: Presentation, per_inch: float) -> list[bytes]:
    """The same pages as PNG, for people to look at."""
    pages = _compiler(presentation).compile(format="png", ppi=per_inch)
    return [pages] if isinstance(pages, bytes) else pages or []


def _compiler(presentation: Presentation) -> typst.Compiler:
    # One of its own for every document: one kept between calls would keep the inputs of the client before.
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(typeface.FOLDER)])
    return typst.Compiler(input=str(_FOLDER / "report.typ"), root=str(_FOLDER), font_paths=fonts, sys_inputs=inputs(presentation))


def inputs(presentation: Presentation) -> dict[str, str]:
    """Everything the template reads, as strings; the template never sees another document's."""
    theme = print_theme(presentation.palette)
    with override(presentation.language):
        said = {
            "words": _words(),
            "colours": _colours(presentation),
            "shades": shades(presentation.brand_primary),
            "origin": _origin(presentation),
            "footer": " · ".join(presentation.brand_footer.splitlines()),
        }
    trend, leads = presentation.trend, presentation.leads
    tall = CHART_HEIGHTS[presentation.length]
    heights = {"trend": tall, "leads": tall} | {
        f"waterfall_{index}": height(chart, theme) for index, chart in enumerate(presentation.waterfalls)
    }
    pictures = {
        "trend": line_chart(trend, theme, CHART_WIDTH, tall) if trend else "",
        "leads": stacked_bars(leads, theme, CHART_WIDTH, tall) if leads else "",
        **{f"waterfall_{index}": waterfall(chart, theme, CHART_WIDTH) for index, chart in enumerate(presentation.waterfalls)},
        "logo": presentation.brand_logo,
        **{f"spark_{tile.slug}": sparkline(tile.trend, theme, 132, 24) for tile in presentation.tiles},
    }
    printable = (
        _printable(replace(presentation, brand_logo=""))
        | _printable(said)
        | {"pictures": sorted(name for name, svg in pictures.items() if svg), "heights": heights}
    )
    for name in TABLES:
        if table := printable[name]:
            table |= columns.laid_out(table, printable["words"]["target"])
    return {"data": msgspec.json.encode(printable).decode()} | {name: _drawable(svg) for name, svg in pictures.items()}


def _origin(presentation: Presentation) -> str:
    """When the report was made, in which zone, and of which snapshot."""
    if not presentation.snapshot:
        return presentation.generated
    words = {"generated": presentation.generated, "snapshot": presentation.snapshot[:SNAPSHOT_DIGITS]}
    return _("%(generated)s · snapshot %(snapshot)s") % words


def shades(primary: str) -> list[dict[str, str]]:
    """From faint to full: fills of the brand's colour, each with a text that can be read on it."""
    fills = [mixed(PAPER, primary, FAINTEST + (1 - FAINTEST) * step / (SHADES - 1)) for step in range(SHADES)]
    return [{"fill": fill, "text": on(fill)} for fill in fills]


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
        "definitions": _("How each figure is calculated"),
        "sources": _("Where the figures come from"),
        "kpi": _("Figure"),
        "formula": _("Computation"),
        "source": _("Source"),
        "state": _("Data status"),
        "value": _("Value"),
        "target": _("Target"),
        "target_bar": _("The mark on a bar is the target; the bar goes past it where the figure does."),
        "change": pgettext("of a figure", "Change"),
        "stage": _("Stage"),
        "results": _("Results"),
        "no_scorecard": _("No figure is known yet."),
        "money": _("Money"),
        "no_money": _("Costs and returns are not known for this period and the one before."),
        "causes": _("What changed, and where"),
        "no_causes": _("There is no change to take apart yet."),
        "plan": _("Pace and plan"),
        "no_plan": _("No plan was written, and no month is under way."),
        "so_far": _("So far"),
        "standing": _("Against an even pace"),
        "forecast": _("Forecast"),
        "pace_bar": _("The mark on a bar is where the month would be if every day counted the same."),
        "done": _("What was done"),
        "next": _("What comes next"),
        "needed": _("What we need from you"),
        "nothing_noted": _("Nothing was noted."),
        "corrections": _("Corrections to earlier reports"),
        "no_corrections": _("No figure of an earlier report has changed since."),
        "period": _("Period"),
        "was": _("Was told as"),
        "is": _("Is now"),
        "funnel": _("From lead to customer"),
        "no_funnel": _("No stage of the way to the customer is known for this period."),
        "audience": _("E-mail, social networks and site"),
        "no_audience": _("No e-mail, post or landing page has figures for this period."),
        "customers": _("Customers"),
        "no_customers": _("Nothing is known of customers who came back, nor of what they are worth."),
        "status": _("Status"),
        "rates": _("Exchange rates"),
        "no_rates": _("No amount was converted."),
        "stages": _("How many got how far"),
        "no_trend": _("There is no figure to draw yet."),
        "no_rows": _("No figures for this period."),
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
    with TTFont(typeface.file(500)) as font:
        return frozenset(font.getBestCmap())


@cache
def _lacking() -> re.Pattern[str]:
    """Any character that the fonts lack."""
    return re.compile(f"[^{''.join(re.escape(chr(code)) for code in sorted(_glyphs()))}]")


@cache
def _clean() -> re.Pattern[str]:
    """A text of which nothing has to be changed: of glyphs, with single spaces between them."""
    inked = "".join(re.escape(chr(code)) for code in sorted(_glyphs()) if chr(code) != " ")
    return re.compile(f"[{inked}]+(?: [{inked}]+)*")


def printable(text: str) -> str:
    """`text` without characters the fonts lack, for one would fail the document: pictures go, letters become "?"."""
    if unicodedata.is_normalized("NFC", text) and _clean().fullmatch(text):
        return text
    plain = _lacking().sub(lambda found: _replacement(found[0]), unicodedata.normalize("NFC", text))
    return re.sub(" {2,}", " ", plain).strip() or ("?" if text.strip() else "")


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
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _printable(getattr(value, name)) for name in _names(type(value))}
    return value


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields that the template reads: a cell's column stands once at its table's head."""
    return tuple(field.name for field in fields(kind) if (kind, field.name) != (Cell, "column"))


def _drawable(svg: str) -> str:
    return _lacking().sub(lambda found: "\n" if found[0] == "\n" else _replacement(found[0]), svg)
