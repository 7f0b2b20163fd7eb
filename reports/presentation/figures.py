"""Figures, how they changed, and the tiles that show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from kpis import formats
from kpis.definitions import DEFINITIONS, Definition, Direction
from reports import content
from reports.periods_named import buckets
from reports.presentation.edition import Edition
from reports.presentation.parts import Change, Explanation, Tile, Tone
from reports.presentation.targets import target
from reports.presentation.words import reason_text


def text(edition: Edition, figure: content.Figure, *, whole: bool | None = None) -> str:
    """A figure by its unit; `whole` as in `formats.money`."""
    return formats.figure(figure.value, DEFINITIONS[figure.slug].unit, edition.report.currency, edition.language, whole=whole)


def previous_text(edition: Edition, figure: content.Figure) -> str:
    """What the figure was; it shows cents where the present one does."""
    whole = None if figure.value is None else formats.is_whole(figure.value)
    return formats.figure(figure.previous, DEFINITIONS[figure.slug].unit, edition.report.currency, edition.language, whole=whole)


def value_texts(edition: Edition, definition: Definition, values: Sequence[Decimal | None]) -> tuple[str, ...]:
    """A KPI's values over time."""
    return tuple(formats.figure(value, definition.unit, edition.report.currency, edition.language) for value in values)


def change(edition: Edition, figure: content.Figure) -> Change | None:
    """As `moved`, in the edition's language."""
    return moved(figure, edition.language)


def moved(figure: content.Figure, language: str) -> Change | None:
    """None where there is no base to compare with. Only a figure that is final and large enough is judged."""
    unit = DEFINITIONS[figure.slug].unit
    step = formats.change_step(figure.value, figure.previous, unit)
    if step is None:
        return None
    said = formats.change(figure.value, figure.previous, unit, language)
    if figure.is_provisional:
        said = _("%(change)s so far") % {"change": said}
    tone = _tone(figure, step)
    return Change(said, "none" if step == 0 else "up" if step > 0 else "down", tone, tone_word(tone))


def _tone(figure: content.Figure, step: Decimal) -> Tone:
    definition = DEFINITIONS[figure.slug]
    if figure.is_provisional or formats.is_tiny(figure.previous, definition.unit):
        return "neutral"
    return judged(definition, step)


def judged(definition: Definition, step: Decimal) -> Tone:
    """Whether a KPI that moved by `step`, or lies so far above what it should be, is the better for it."""
    if step == 0 or definition.direction is Direction.NEUTRAL:
        return "neutral"
    return "good" if (step > 0) == (definition.direction is Direction.UP) else "bad"


def tone_word(tone: Tone) -> str:
    """What a tone's colour says, in a word; "" for nothing."""
    words: dict[Tone, str] = {"good": _("favourable"), "bad": _("unfavourable"), "neutral": ""}
    return words[tone]


def provisional_word(figure: content.Figure) -> str:
    """A mark for a figure that is known but may still move, else ""."""
    return _("provisional") if figure.is_provisional and figure.value is not None else ""


def tile_label(definition: Definition) -> str:
    """A KPI's name where there is little room."""
    return _(definition.label or definition.name)


def tiles(edition: Edition) -> tuple[Tile, ...]:
    return tuple(tile(edition, part) for part in edition.report.tiles)


def tile(edition: Edition, part: content.Tile) -> Tile:
    """One headline figure with its comparison and its last weeks."""
    figure, definition = part.figure, DEFINITIONS[part.figure.slug]
    return Tile(
        slug=figure.slug,
        label=tile_label(definition),
        title=_(definition.name),
        short=_(definition.short),
        value=text(edition, figure),
        change=change(edition, figure),
        previous=_previous(edition, figure),
        reason=reason_text(figure.reason) if figure.value is None else "",
        provisional=provisional_word(figure),
        trend=tuple(None if value is None else float(value) for value in part.trend.values),
        trend_summary=_trend_summary(edition, part, definition),
        average=_average(edition, figure),
        target=target(edition, figure),
    )


def _previous(edition: Edition, figure: content.Figure) -> str:
    if figure.previous is None:
        return _("Nothing to compare with %(within)s") % {"within": edition.before.within}
    return _("%(value)s %(within)s") % {"value": previous_text(edition, figure), "within": edition.before.within}


def _average(edition: Edition, figure: content.Figure) -> str:
    """How the figure stands to the mean of the four periods before."""
    unit = DEFINITIONS[figure.slug].unit
    if figure.value is None or formats.change_step(figure.value, figure.average, unit) is None:
        return ""
    mean = previous_text(edition, replace(figure, previous=figure.average))
    return edition.period.against_mean % {"change": formats.change(figure.value, figure.average, unit, edition.language), "value": mean}


def _trend_summary(edition: Edition, part: content.Tile, definition: Definition) -> str:
    values = part.trend.values
    words = {"time": buckets(edition.report.buckets, edition.report.grain), "values": ", ".join(value_texts(edition, definition, values))}
    return _("Last %(time)s: %(values)s") % words


def _shown(edition: Edition) -> Iterator[str]:
    """Every KPI of the report, in the order of its sections."""
    report = edition.report
    yield from edition.headlines
    yield from (figure.slug for figure in (*report.scorecard, *report.funnel, *report.customers))
    yield from (waterfall.slug for waterfall in report.contributions)
    tables = [report.money, report.channels, report.campaigns]
    if report.length == "monthly":
        tables += [report.mailings, report.posts, report.pages]
    yield from (slug for table in tables if table and table.rows for slug in table.slugs)
    yield from (figure.slug for line in report.lines for figure in line.figures)
    yield from (pace.slug for pace in report.pace)


def explanations(edition: Edition) -> tuple[Explanation, ...]:
    """The definition of every KPI the report shows."""
    kpis = [DEFINITIONS[slug] for slug in dict.fromkeys(_shown(edition))]
    return tuple(Explanation(_(kpi.name), _(kpi.short), _(kpi.formula)) for kpi in kpis)
