"""The way from what a KPI was to what it is, part by part, to be drawn."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kpis import formats
from kpis.explain import sentences
from kpis.explain.change import Change
from kpis.query import By, Value
from reports import charts
from reports.charts.waterfall import Step, WaterfallChart, waterfall
from reports.presentation.figures import judged

# Further parts are one bar: more would not be read.
MOST = 8


def chart(change: Change, currency: str, language: str) -> WaterfallChart | None:
    """None where nothing can be told apart, or nothing changed."""
    if change.effect is None or change.effect.total == 0 or any(group.effect is None for group in change.groups):
        return None
    definition = change.figure.definition
    titles = {By.CHANNEL: _("%(kpi)s: what each channel changed"), By.CAMPAIGN: _("%(kpi)s: what each campaign changed")}
    steps = tuple(_steps(change, currency, language))
    previous, value = (formats.figure(one.decimal, definition.unit, currency, language) for one in (change.previous, change.value))
    before, after = pgettext("waterfall", "Before"), pgettext("waterfall", "Now")
    said = ", ".join(f"{step.name} {step.label}" for step in steps)
    return WaterfallChart(
        title=titles[change.by] % {"kpi": _(definition.name)},
        summary=_("%(before)s: %(old)s; %(parts)s; %(period)s: %(new)s")
        % {"before": before, "old": previous, "parts": said, "period": after, "new": value},
        before=before,
        previous=previous,
        after=after,
        value=value,
        change="",
        steps=steps,
    )


def drawn(found: WaterfallChart | None) -> dict[str, str]:
    """For wide pages and for phones."""
    if found is None:
        return {}
    return {"wide": waterfall(found, charts.web_theme(), 720), "narrow": waterfall(found, charts.web_theme(), 340)}


def _steps(change: Change, currency: str, language: str) -> Iterator[Step]:
    """Each part begins where the one before ended."""
    unit, reached = change.figure.definition.unit, Fraction(0)
    for name, amount in _parts(change):
        exact = Value(amount).decimal
        if not amount or exact is None:
            continue
        label = formats.difference(exact, unit, currency, language)
        yield Step(name, label, float(reached), float(reached + amount), judged(change.figure.definition, exact))
        reached += amount


def _parts(change: Change) -> Iterator[tuple[str, Fraction]]:
    told = [(sentences.group_name(group.key, change.by), group.effect.total) for group in change.groups if group.effect]
    yield from told[:MOST]
    if rest := told[MOST:]:
        yield _("Other channels") if change.by is By.CHANNEL else _("Other campaigns"), sum((amount for _n, amount in rest), Fraction(0))
