"""Every KPI as plain data, in the active language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from kpis.definitions import CHAPTERS, Definition


def entries() -> list[dict[str, Any]]:
    """In the order of the chapters."""
    return [_entry(_(chapter), definition) for chapter, definitions in CHAPTERS.items() for definition in definitions]


def _entry(chapter: str, definition: Definition) -> dict[str, Any]:
    return {
        "slug": definition.slug,
        "chapter": chapter,
        "name": _(definition.name),
        "short": _(definition.short),
        "formula": _(definition.formula),
        "unit": definition.unit,
        "direction": definition.direction,
        "caveats": [_(caveat) for caveat in definition.caveats],
        "version": definition.version,
        "is_additive": definition.is_additive,
        "measures": [{"slug": measure.slug, "name": _(measure.name)} for measure in definition.measures],
    }
