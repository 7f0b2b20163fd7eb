"""What a person typed into the grid of targets: read cell by cell, against what they saw and what is kept by now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from campaigns.aims import Cell
from campaigns.channels import CHANNELS
from kpis import typed
from kpis.definitions import DEFINITIONS
from kpis.target_grid import Kept, Year, exact, may_open

CELL = "cell"
# Of a page's hidden field.
LONGEST_SEEN = 200_000


def name_of(cell: Cell) -> str:
    """What a cell is called in a form: "cell.leads.paid_search.2026-03"."""
    return f"{CELL}.{cell.kpi}.{cell.channel}.{cell.month:%Y-%m}"


@dataclass(frozen=True)
class Posted:
    """`texts` of every cell that was sent, `changes` of those that differ from what was seen; None empties. `faults` say what is wrong."""

    texts: dict[Cell, str]
    changes: dict[Cell, int | None] = field(default_factory=dict)
    faults: dict[Cell, str] = field(default_factory=dict)


def seen_json(kept: Kept, year: Year) -> str:
    """What a page showed, to be sent back with it: so that nobody's change is undone by somebody who did not see it."""
    return json.dumps({name_of(cell): value for cell, value in kept.items() if cell.month in year.period}, separators=(",", ":"))


def read(data: Mapping[str, Any], year: Year, kept: Kept, currency: str, language: str) -> Posted:
    """Cells of other years, and of KPIs that there are not, are not looked at."""
    seen = _seen(str(data.get("seen", "")))
    posted = Posted({cell: str(text) for name, text in data.items() if (cell := _cell(name, year))})
    for cell, text in posted.texts.items():
        definition = DEFINITIONS[cell.kpi]
        try:
            value = typed.read(text, definition.unit, currency, language)
        except typed.Unread as fault:
            posted.faults[cell] = str(fault)
            continue
        before, now = seen.get(name_of(cell)), kept.get(cell)
        if value in (before, now):
            continue
        posted.changes[cell] = value
        if now != before:
            shown = typed.written(exact(now), definition.unit, language) or _("nothing")
            posted.faults[cell] = _("Somebody set this to %(value)s meanwhile. Save again to set it as you wish.") % {"value": shown}
    return posted


def _seen(text: str) -> dict[str, int]:
    if len(text) > LONGEST_SEEN:
        return {}
    try:
        found = json.loads(text or "{}")
    except (RecursionError, ValueError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, int)} if isinstance(found, dict) else {}


def _cell(name: str, year: Year) -> Cell | None:
    prefix, *parts = name.split(".")
    if prefix != CELL or len(parts) != 3:
        return None
    slug, channel, month = parts
    if slug not in DEFINITIONS or (channel and (channel not in CHANNELS or not may_open(slug))):
        return None
    first = next((day for day in year.months if f"{day:%Y-%m}" == month), None)
    return Cell(slug, channel, first) if isinstance(first, date) else None
