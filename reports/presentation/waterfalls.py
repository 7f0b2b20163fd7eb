"""How a figure came from the period before to this one, part by part; `reports.charts.waterfall` draws it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kpis import formats
from kpis.definitions import DEFINITIONS, Definition
from reports import content
from reports.charts.waterfall import Step, WaterfallChart
from reports.presentation.edition import Edition
from reports.presentation.figures import change, judged
from reports.presentation.words import part_name

# Further parts are one bar: more would not be read.
MOST_PARTS = {"weekly": 5, "monthly": 8}


def waterfalls(edition: Edition) -> tuple[WaterfallChart, ...]:
    return tuple(_chart(edition, waterfall) for waterfall in edition.report.contributions)


def _chart(edition: Edition, waterfall: content.Waterfall) -> WaterfallChart:
    definition = DEFINITIONS[waterfall.slug]
    titles = {
        "channel": _("%(kpi)s: what each channel changed"),
        "campaign": _("%(kpi)s: what each campaign changed"),
    }
    steps = tuple(_steps(edition, waterfall, definition))
    said = ", ".join(f"{step.name} {step.label}" for step in steps)
    ends = {
        "before": edition.before.name,
        "old": _figure(edition, definition, waterfall.previous, whole=formats.is_whole(waterfall.value)),
        "period": edition.period.name,
        "new": _figure(edition, definition, waterfall.value, whole=formats.is_whole(waterfall.value)),
    }
    return WaterfallChart(
        title=titles[waterfall.by] % {"kpi": _(definition.name)},
        summary=_("%(before)s: %(old)s; %(parts)s; %(period)s: %(new)s") % {**ends, "parts": said},
        before=_capital(ends["before"]),
        previous=ends["old"],
        after=_capital(ends["period"]),
        value=ends["new"],
        change=_moved(edition, waterfall, definition),
        steps=steps,
    )


def _steps(edition: Edition, waterfall: content.Waterfall, definition: Definition) -> Iterator[Step]:
    """Each part begins where the one before ended. Amounts show cents where the figure itself does."""
    whole = formats.is_whole(waterfall.value)
    listed = [part for part in waterfall.parts if part.key][: MOST_PARTS[edition.report.length]]
    rest = sum((part.amount for part in waterfall.parts), Decimal(0)) - sum((part.amount for part in listed), Decimal(0))
    reached = Decimal(0)
    for name, amount in [
        *((part_name(waterfall, part.key), part.amount) for part in listed),
        *([(_rest(waterfall), rest)] if rest else []),
    ]:
        label = formats.difference(amount, definition.unit, edition.report.currency, edition.language, whole=whole)
        yield Step(name, label, float(reached), float(reached + amount), judged(definition, amount))
        reached += amount


def _rest(waterfall: content.Waterfall) -> str:
    return _("Other channels") if waterfall.by == "channel" else _("Other or no campaign")


def _figure(edition: Edition, definition: Definition, value: Decimal, *, whole: bool) -> str:
    return formats.figure(value, definition.unit, edition.report.currency, edition.language, whole=whole)


def _moved(edition: Edition, waterfall: content.Waterfall, definition: Definition) -> str:
    """The whole change, in the figure's unit and as a share where there is one to tell."""
    whole = formats.is_whole(waterfall.value)
    moved_by = waterfall.value - waterfall.previous
    amount = formats.difference(moved_by, definition.unit, edition.report.currency, edition.language, whole=whole)
    moved = change(edition, content.Figure(waterfall.slug, waterfall.value, None, waterfall.previous))
    said = f"{amount} ({moved.text})" if moved and moved.text != amount else amount
    return _("%(name)s: %(value)s") % {"name": pgettext("of a figure", "Change"), "value": said}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
