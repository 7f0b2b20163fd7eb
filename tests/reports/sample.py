"""A client's week for tests: one seeded story in which totals re-add, ratios are ratios of sums, and pages agree."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from kpis.definitions import DEFINITIONS
from kpis.values import Value
from reports.content import Figure, Report, Row, SourceState, Table, Tile, Trend

SUMS = ("spend", "impressions", "clicks", "leads", "paid_leads", "revenue", "orders", "order_amount", "conversion_value")
TILES = ("revenue", "spend", "roas", "leads", "cpl", "orders")
CHANNEL_COLUMNS = ("spend", "clicks", "leads", "cpl", "orders", "revenue", "roas")
CAMPAIGN_COLUMNS = ("spend", "impressions", "clicks", "ctr", "cpc", "leads", "cpl", "roas")
# What the platforms keep adding to: provisional, for the sample's sources still move.
LATE = frozenset({"roas"})
WEEKS = 26
MONDAY = date(2026, 11, 9)
# Size and source of each channel's campaigns; organic channels have leads and orders, but no media.
CAMPAIGNS = (
    ("Marque – Search FR", "paid_search", 1.4),
    ("Shopping – Luminaires", "paid_search", 1.1),
    ("Générique – Suspensions & appliques", "paid_search", 0.8),
    ("Prospection – Lookalike 2 %", "paid_social", 0.9),
    ("Retargeting 30 j", "paid_social", 0.5),
    ("Bannières été", "display", 0.35),
    ("Newsletter", "email", 0.9),
    ("(SEO)", "organic_search", 1.2),
    ("(direct)", "direct", 0.4),
)
PAID = ("paid_search", "paid_social", "display")
Sums = dict[str, Decimal]


def _sums(rng: random.Random, channel: str, size: float, drift: float, scale: int) -> Sums:
    """One campaign's week."""
    paid = channel in PAID
    spend = Decimal(round(rng.uniform(0.9, 1.1) * 310_000 * size * drift)) / 100 * scale if paid else Decimal(0)
    impressions = Decimal(round(rng.uniform(0.9, 1.1) * 96_000 * size * drift)) * scale if paid else Decimal(0)
    clicks = Decimal(round(float(impressions) * rng.uniform(0.022, 0.031)))
    leads = Decimal(round(rng.uniform(0.85, 1.15) * 96 * size * drift)) * scale
    orders = Decimal(round(rng.uniform(0.85, 1.15) * 118 * size * drift)) * scale
    amount = orders * Decimal(round(rng.uniform(96, 108) * 100)) / 100
    return {
        "spend": spend,
        "impressions": impressions,
        "clicks": clicks,
        "leads": leads,
        "paid_leads": leads if paid else Decimal(0),
        "revenue": amount - Decimal(round(float(amount) * 0.02, 2)).quantize(Decimal("0.01")),
        "orders": orders,
        "order_amount": amount,
        "conversion_value": (amount * Decimal("0.93")).quantize(Decimal("0.01")) if paid else Decimal(0),
    }


def add(parts: Sequence[Sums]) -> Sums:
    return {name: sum((part[name] for part in parts), Decimal(0)) for name in SUMS}


def value(slug: str, sums: Sums) -> Decimal | None:
    """A KPI of summed measures; None where there is nothing to divide by."""
    return DEFINITIONS[slug].expression.value(lambda measure: Value(Fraction(sums[measure.slug]))).decimal


def figure(slug: str, now: Sums, before: Sums) -> Figure:
    current = value(slug, now)
    return Figure(slug, current, "no_denominator" if current is None else None, value(slug, before), slug in LATE)


def _row(slugs: Sequence[str], key: str, channel: str, now: Sums, before: Sums) -> Row:
    return Row(key, channel, {slug: figure(slug, now, before) for slug in slugs})


def _iso(day: date) -> str:
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


def _build(campaigns: Sequence[tuple[str, str, float]], scale: int, seed: int) -> Report:
    rng = random.Random(seed)
    history: list[dict[str, Sums]] = []
    for week in range(WEEKS):
        drift = 0.8 + 0.0125 * week
        history.append({name: _sums(rng, channel, size, drift, scale) for name, channel, size in campaigns})
    now, before = history[-1], history[-2]
    channel_of = {name: channel for name, channel, _size in campaigns}
    channels = list(dict.fromkeys(channel_of.values()))

    def of_channel(week: dict[str, Sums], channel: str) -> Sums:
        return add([sums for name, sums in week.items() if channel_of[name] == channel])

    totals = [add(list(week.values())) for week in history]
    channel_rows = [_row(CHANNEL_COLUMNS, channel, channel, of_channel(now, channel), of_channel(before, channel)) for channel in channels]
    listed = sorted(now, key=lambda name: (now[name]["spend"], now[name]["leads"]), reverse=True)
    campaign_rows = [_row(CAMPAIGN_COLUMNS, name, channel_of[name], now[name], before[name]) for name in listed]
    return Report(
        client_slug="maison-lumen",
        client_name="Maison Lumen",
        currency="EUR",
        timezone="Europe/Paris",
        length="weekly",
        cadence="weekly",
        period=_iso(MONDAY),
        since=MONDAY,
        until=MONDAY + timedelta(days=6),
        previous_since=MONDAY - timedelta(days=7),
        previous_until=MONDAY - timedelta(days=1),
        generated_at=datetime(2026, 11, 16, 6, 0, tzinfo=UTC),
        data_version=7,
        buckets=tuple(_iso(MONDAY - timedelta(weeks=WEEKS - 1 - index)) for index in range(WEEKS)),
        tiles=tuple(Tile(figure(slug, totals[-1], totals[-2]), Trend(slug, tuple(value(slug, sums) for sums in totals))) for slug in TILES),
        leads_by_channel={channel: tuple(of_channel(week, channel)["leads"] for week in history) for channel in channels},
        channels=Table(CHANNEL_COLUMNS, tuple(channel_rows), _row(CHANNEL_COLUMNS, "", "", totals[-1], totals[-2])),
        campaigns=Table(CAMPAIGN_COLUMNS, tuple(campaign_rows), _row(CAMPAIGN_COLUMNS, "", "", totals[-1], totals[-2])),
        sources=(
            SourceState("google_ads", "412-558-9071", "ads", "api", MONDAY + timedelta(days=6), MONDAY - timedelta(days=18), (), False),
            SourceState("meta_ads", "Maison Lumen", "ads", "api", MONDAY + timedelta(days=6), MONDAY - timedelta(days=1), (), False),
            SourceState("hubspot", "", "ads", "file", MONDAY + timedelta(days=6), MONDAY + timedelta(days=6), (), False),
        ),
    )


def sample_report(**changes: Any) -> Report:
    """A week with every figure known; `changes` replace fields of the report."""
    return replace(_build(CAMPAIGNS, 1, seed=46), **changes)


def settled_report() -> Report:
    """The sample once every source is final."""
    report = sample_report()

    def settled(row: Row) -> Row:
        return replace(row, figures={slug: replace(figure, is_provisional=False) for slug, figure in row.figures.items()})

    def table(part: Table) -> Table:
        return replace(part, rows=tuple(settled(row) for row in part.rows), total=settled(part.total))

    return replace(
        report,
        tiles=tuple(replace(tile, figure=replace(tile.figure, is_provisional=False)) for tile in report.tiles),
        channels=table(report.channels),
        campaigns=table(report.campaigns),
        sources=tuple(replace(source, settled_until=source.complete_until) for source in report.sources),
    )


def empty_report() -> Report:
    """A client of whom nothing is known yet: every figure null, with its reason."""
    report = sample_report()
    unknown = {slug: Figure(slug, None, "not_yet_observed", None) for slug in DEFINITIONS}

    def blank(slugs: tuple[str, ...]) -> Table:
        return Table(slugs, (), Row("", "", {slug: unknown[slug] for slug in slugs}))

    return replace(
        report,
        tiles=tuple(Tile(unknown[slug], Trend(slug, (None,) * WEEKS)) for slug in TILES),
        leads_by_channel={},
        channels=blank(CHANNEL_COLUMNS),
        campaigns=blank(CAMPAIGN_COLUMNS),
        sources=(),
    )


def huge_report() -> Report:
    """Forty campaigns with long names, amounts in the hundreds of millions, more channels than colours, gaps, broken sources."""
    channels = ("paid_search", "paid_social", "display", "video", "organic_search", "email", "affiliation", "referral")
    campaigns = [
        (
            f"2026-Q4 | FR+BE+CH | Prospection & fidélisation – collection automne n° {index + 1:02d} ({channel})",
            channel,
            0.4 + index % 7 / 5,
        )
        for index in range(40)
        for channel in [channels[index % len(channels)]]
    ]
    report = _build(campaigns, 20_000, seed=7)
    gaps = {channel: (None, None, *values[2:]) for channel, values in report.leads_by_channel.items()}
    tiles = tuple(
        replace(tile, trend=replace(tile.trend, values=(None, None, *tile.trend.values[2:5], None, *tile.trend.values[6:])))
        for tile in report.tiles
    )
    missing = (MONDAY + timedelta(days=1), MONDAY + timedelta(days=2), MONDAY + timedelta(days=4))
    sources = (
        *report.sources,
        SourceState("linkedin_ads", "Groupe Lumen International Holding", "ads", "api", MONDAY + timedelta(days=2), None, missing, False),
        SourceState("tiktok_ads", "lumen", "ads", "api", None, None, (), True),
    )
    return replace(
        report,
        client_name="Groupe Lumen International – Éclairage & Décoration",
        currency="CHF",
        tiles=tiles,
        leads_by_channel=gaps,
        sources=sources,
    )
