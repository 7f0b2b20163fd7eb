"""The charts' words and figures; `reports.charts` draws them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from babel.lists import format_list
from django.utils.translation import gettext as _

from campaigns.channels import CHANNELS
from kpis import formats
from kpis.definitions import DEFINITIONS, Definition, Unit
from reports import content
from reports.charts import MAX_SERIES, Chart, Series, Tick, axis
from reports.periods_named import bucket, buckets, form
from reports.presentation.edition import Edition
from reports.presentation.figures import tile_label, value_texts

Values = Sequence[Decimal | None]


def trend(edition: Edition) -> Chart | None:
    """Revenue and ad spend on one axis; whichever is known."""
    trends = {tile.trend.slug: tile.trend.values for tile in edition.report.tiles}
    shown = [slug for slug in ("revenue", "spend") if any(value is not None for value in trends.get(slug, ()))]
    if not shown:
        return None
    titles = {
        ("revenue", "spend"): _("Revenue and ad spend over %(time)s"),
        ("revenue",): _("Revenue over %(time)s"),
        ("spend",): _("Ad spend over %(time)s"),
    }
    series = [_series(edition, _(DEFINITIONS[slug].short), DEFINITIONS[slug], trends[slug]) for slug in shown]
    values = [value for slug in shown for value in trends[slug]]
    return _chart(edition, titles[tuple(shown)], Unit.MONEY, series, values)


def courses(edition: Edition) -> tuple[Chart, ...]:
    """The further courses of a page, as many on one axis as belong together; those of which nothing is known are left out."""
    charts = (_course(edition, group) for group in edition.report.courses)
    return tuple(chart for chart in charts if chart)


def _course(edition: Edition, group: Sequence[content.Trend]) -> Chart | None:
    told = [trend for trend in group if any(value is not None for value in trend.values)]
    if not told:
        return None
    definitions = [DEFINITIONS[trend.slug] for trend in told]
    series = [_series(edition, _(kpi.short), kpi, trend.values) for kpi, trend in zip(definitions, told, strict=True)]
    first, *others = (tile_label(kpi) for kpi in definitions)
    title = format_list([first, *(_within(name) for name in others)], locale=edition.language)
    values = [value for trend in told for value in trend.values]
    return _chart(edition, _("%(kpis)s over %%(time)s") % {"kpis": title}, definitions[0].unit, series, values)


def _within(name: str) -> str:
    """A name inside of a line: an abbreviation stays as it is."""
    return name if name[1:2].isupper() else f"{name[:1].lower()}{name[1:]}"


def layers(edition: Edition) -> dict[str, Chart]:
    """What adds up by channel, by KPI."""
    told = {slug: _stacked(edition, slug, channels, "") for slug, channels in edition.report.by_channel.items()}
    return {slug: chart for slug, chart in told.items() if chart}


def leads(edition: Edition) -> Chart | None:
    return _stacked(edition, "leads", edition.report.leads_by_channel, _("Leads by channel over %(time)s"))


def _stacked(edition: Edition, slug: str, told: dict[str, content.Values], title: str) -> Chart | None:
    """By channel; beyond what a chart can tell apart, the smallest channels are one layer."""
    channels = {channel: values for channel, values in told.items() if any(value for value in values)}
    if not channels:
        return None
    definition, layers = DEFINITIONS[slug], _layers(channels)
    rest = [values for slug, values in channels.items() if slug not in layers]
    series = [_series(edition, _(CHANNELS.get(slug, slug)), definition, channels[slug]) for slug in layers]
    if rest:
        together = tuple(_sum(week) for week in zip(*rest, strict=True))
        series.append(_series(edition, _("Other channels"), definition, together))
    heights = [_sum(week) for week in zip(*channels.values(), strict=True)]
    titled = title or _("%(kpi)s by channel over %%(time)s") % {"kpi": tile_label(definition)}
    return _chart(edition, titled, definition.unit, series, heights)


def _layers(channels: dict[str, tuple[Decimal | None, ...]]) -> list[str]:
    """The channels that get a layer of their own, in the fixed order, so that colours stay from week to week."""
    by_size = sorted(channels, key=lambda slug: _sum(channels[slug]) or Decimal(0), reverse=True)
    kept = by_size if len(by_size) <= MAX_SERIES else by_size[: MAX_SERIES - 1]
    return sorted(kept, key=lambda slug: list(CHANNELS).index(slug) if slug in CHANNELS else len(CHANNELS))


def _series(edition: Edition, name: str, definition: Definition, values: Values) -> Series:
    points = tuple(None if value is None else float(value) for value in values)
    return Series(name, points, value_texts(edition, definition, values))


def _chart(edition: Edition, title: str, unit: Unit, series: Sequence[Series], heights: Values) -> Chart:
    """`title` counts the weeks or months; the axis holds every one of `heights`."""
    ticks = axis(heights, integers=unit is Unit.COUNT)
    labels = formats.axis_labels(ticks, unit, edition.report.currency, edition.language)
    parts = [_("%(name)s: %(first)s to %(last)s") % {"name": s.name, "first": s.labels[0], "last": s.labels[-1]} for s in series]
    return Chart(
        title=title % {"time": buckets(edition.report.buckets, edition.report.grain)},
        summary="; ".join(parts),
        weeks=tuple(bucket(week, edition.language) for week in edition.report.buckets),
        series=tuple(series),
        ticks=tuple(Tick(float(tick), label) for tick, label in zip(ticks, labels, strict=True)),
        head=_head(edition),
    )


def _head(edition: Edition) -> str:
    """What the points are."""
    keys = edition.report.buckets
    if edition.report.grain == "day":
        return _("Day")
    return _("Month") if keys and form(keys[0]) == "month" else _("Week")


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
