"""How wide the columns of a printed table are, from the widths of our letters: typst, left to find out, lays every cell out twice."""

from __future__ import annotations

from functools import cache
from typing import Any

from fontTools.ttLib import TTFont

from reports.rendering import typeface

TEXT_WIDTH = 511.0  # of a page between its margins, points
PADDING = 8.0  # beside the text of a cell, both sides together
SPARE = 0.6  # for letters that stand further apart in some pairs
NARROWEST_NAME = 72.0
FIGURE_SIZE, HEAD_SIZE, SMALL_SIZE = 8.0, 7.5, 6.5
ARROW_WIDTH = 9.0


@cache
def _advances(weight: int) -> dict[str, float]:
    """The width of each character, in ems; figures as they are in columns, all alike."""
    with TTFont(typeface.file(weight)) as font:
        metrics, em, glyphs = font["hmtx"], font["head"].unitsPerEm, font.getBestCmap()
        tabular = _tabular(font)
        return {chr(code): metrics[tabular.get(name, name)][0] / em for code, name in glyphs.items()}


def _tabular(font: TTFont) -> dict[str, str]:
    """The glyphs that the feature of tabular figures puts in the place of others."""
    table = font["GSUB"].table
    lookups = {index for each in table.FeatureList.FeatureRecord if each.FeatureTag == "tnum" for index in each.Feature.LookupListIndex}
    found: dict[str, str] = {}
    for index in lookups:
        for subtable in table.LookupList.Lookup[index].SubTable:
            found |= getattr(subtable, "ExtSubTable", subtable).mapping
    return found


def width(text: str, size: float, weight: int) -> float:
    """Points that `text` takes on one line; without kerning."""
    advances = _advances(weight)
    return size * sum(advances.get(character, 1.0) for character in text)


def laid_out(table: dict[str, Any], target: str) -> dict[str, Any]:
    """What a printable table says of its layout: `widths` of its figures' columns, and how many `lines` each row takes.

    `widths` is None where the names would be left too little room, and a row's lines where its name needs more than one: these are
    measured when they are drawn. A target takes two lines below its figure; `target` is the word before it.
    """
    rows = [*table["rows"], table["total"]]
    widths = [
        max(_head(column), *(_figure(row["cells"][place], target, row is table["total"]) for row in rows)) + PADDING + SPARE
        for place, column in enumerate(table["columns"])
    ]
    room = TEXT_WIDTH - sum(widths)
    if room < NARROWEST_NAME:
        return {"widths": None, "lines": [None for _row in table["rows"]]}
    return {"widths": widths, "lines": [_lines(row, room - PADDING - SPARE) for row in table["rows"]]}


def _head(column: dict[str, Any]) -> float:
    return max(width(column["header"], HEAD_SIZE, 700), width(column["provisional"], SMALL_SIZE, 600))


def _figure(cell: dict[str, Any], target: str, is_total: bool) -> float:
    if change := cell["change"]:
        return width(change["text"], FIGURE_SIZE, 700) + ARROW_WIDTH
    below = (f"{target} {cell['target']['text']}", cell["target"]["distance"]) if cell["target"] else ()
    return max(width(cell["text"], FIGURE_SIZE, 800 if is_total else 500), *(width(text, SMALL_SIZE, 500) for text in below), 0)


def _lines(row: dict[str, Any], room: float) -> int | None:
    if max(width(row["name"], FIGURE_SIZE, 600), width(row["channel"], HEAD_SIZE, 500)) > room:
        return None
    if any(cell["target"] for cell in row["cells"]):
        return 3
    return 2 if row["channel"] else 1
