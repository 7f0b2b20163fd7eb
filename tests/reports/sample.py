"""A client's week and month for tests: one seeded story in which totals re-add, ratios are ratios of sums, and pages agree.

`weekly()` and `monthly()` have every section that their length tells; `empty()` has none of those that may be left out, `all_null()`
knows no figure, `huge()` has long names, large amounts and gaps.
"""

from __future__ import annotations

import calendar
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from kpis.definitions import DEFINITIONS
from reports.content import Corrections, Figure, Length, Notes, Report, Row, SourceState, Table, Tile, Trend
from tests.reports.sample_sections import Story, aimed, sections
from tests.reports.sample_sums import SUMS, Sums, add, derived, figure, value

TILES = ("revenue", "spend", "roas", "leads", "cpl", "orders")
# What single channels aim at.
CHANNEL_AIMS = {("paid_search", "spend"), ("paid_search", "leads"), ("paid_social", "cpl"), ("email", "leads")}
CHANNEL_COLUMNS = ("spend", "clicks", "leads", "cpl", "orders", "revenue", "roas")
CAMPAIGN_COLUMNS = ("spend", "impressions", "clicks", "ctr", "cpc", "leads", "cpl", "roas")
WEEKS = 26
MONTHS = 13
MONDAY = date(2026, 11, 9)
FIRST = date(2026, 10, 1)
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


@dataclass(frozen=True)
class Span:
    """What a length is of: the keys of its trend, its days, those before and those of last year."""

    length: Length
    buckets: tuple[str, ...]
    since: date
    until: date
    previous: tuple[date, date]
    last_year: tuple[date, date]
    weeks: int


def _iso(day: date) -> str:
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


def _month(back: int) -> date:
    number = FIRST.year * 12 + FIRST.month - 1 - back
    return date(number // 12, number % 12 + 1, 1)


def _last(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


WEEK = timedelta(days=6)
YEAR = timedelta(weeks=52)
SPANS: dict[Length, Span] = {
    "weekly": Span(
        "weekly",
        tuple(_iso(MONDAY - timedelta(weeks=WEEKS - 1 - index)) for index in range(WEEKS)),
        MONDAY,
        MONDAY + WEEK,
        (MONDAY - timedelta(days=7), MONDAY - timedelta(days=1)),
        (MONDAY - YEAR, MONDAY - YEAR + WEEK),
        1,
    ),
    "monthly": Span(
        "monthly",
        tuple(f"{_month(MONTHS - 1 - index):%Y-%m}" for index in range(MONTHS)),
        FIRST,
        _last(FIRST),
        (_month(1), _last(_month(1))),
        (_month(12), _last(_month(12))),
        4,
    ),
}


def _sums(rng: random.Random, channel: str, size: float, drift: float, scale: int) -> Sums:
    """One campaign's week or month."""
    paid = channel in PAID
    spend = Decimal(round(rng.uniform(0.9, 1.1) * 310_000 * size * drift)) / 100 * scale if paid else Decimal(0)
    impressions = Decimal(round(rng.uniform(0.9, 1.1) * 96_000 * size * drift)) * scale if paid else Decimal(0)
    clicks = Decimal(round(float(impressions) * rng.uniform(0.022, 0.031)))
    leads = Decimal(round(rng.uniform(0.85, 1.15) * 96 * size * drift)) * scale
    orders = Decimal(round(rng.uniform(0.85, 1.15) * 118 * size * drift)) * scale
    amount = orders * Decimal(round(rng.uniform(96, 108) * 100)) / 100
    return derived(
        {
            "spend": spend,
            "impressions": impressions,
            "clicks": clicks,
            "leads": leads,
            "paid_leads": leads if paid else Decimal(0),
            "revenue": amount - Decimal(round(float(amount) * 0.02, 2)).quantize(Decimal("0.01")),
            "orders": orders,
            "order_amount": amount,
            "conversion_value": (amount * Decimal("0.93")).quantize(Decimal("0.01")) if paid else Decimal(0),
        },
        paid=paid,
    )


def _row(slugs: Sequence[str], key: str, channel: str, now: Sums, before: Sums) -> Row:
    return Row(key, channel, {slug: figure(slug, now, before) for slug in slugs})


def _story(campaigns: Sequence[tuple[str, str, float]], scale: int, seed: int, span: Span) -> Story:
    """What happened in each week or month of the trend, and a year before the last of them."""
    rng = random.Random(seed)

    def happened(drift: float) -> dict[str, Sums]:
        return {name: _sums(rng, channel, size, drift, scale * span.weeks) for name, channel, size in campaigns}

    history = [happened(0.8 + 0.0125 * week) for week in range(len(span.buckets))]
    return Story(
        channel_of={name: channel for name, channel, _size in campaigns},
        history=history,
        last_year=happened(0.72),
        scale=scale * span.weeks,
        since=span.since,
        until=span.until,
        is_monthly=span.length == "monthly",
    )


def _build(campaigns: Sequence[tuple[str, str, float]], scale: int, seed: int, length: Length) -> Report:
    span = SPANS[length]
    story = _story(campaigns, scale, seed, span)
    now, before, totals = story.now, story.before, story.totals
    channels = story.channels
    channel_rows = [
        _row(CHANNEL_COLUMNS, channel, channel, story.of_channel(now, channel), story.of_channel(before, channel)) for channel in channels
    ]
    channel_rows = [
        replace(row, figures={slug: aimed(one) if (row.key, slug) in CHANNEL_AIMS else one for slug, one in row.figures.items()})
        for row in channel_rows
    ]
    listed = sorted(now, key=lambda name: (now[name]["spend"], now[name]["leads"]), reverse=True)
    campaign_rows = [_row(CAMPAIGN_COLUMNS, name, story.channel_of[name], now[name], before[name]) for name in listed]
    return Report(
        client_slug="maison-lumen",
        client_name="Maison Lumen",
        currency="EUR",
        timezone="Europe/Paris",
        length=length,
        cadence=length,
        period=span.buckets[-1],
        since=span.since,
        until=span.until,
        previous_since=span.previous[0],
        previous_until=span.previous[1],
        generated_at=datetime.combine(span.until + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=6),
        data_version=7,
        buckets=span.buckets,
        tiles=tuple(Tile(story.headline(slug), Trend(slug, tuple(value(slug, sums) for sums in totals))) for slug in TILES),
        leads_by_channel={channel: tuple(story.of_channel(week, channel)["leads"] for week in story.history) for channel in channels},
        channels=Table(CHANNEL_COLUMNS, tuple(channel_rows), _row(CHANNEL_COLUMNS, "", "", totals[-1], totals[-2])),
        campaigns=Table(CAMPAIGN_COLUMNS, tuple(campaign_rows), _row(CAMPAIGN_COLUMNS, "", "", totals[-1], totals[-2])),
        sources=(
            SourceState("google_ads", "412-558-9071", "ads", "api", span.until, span.until - timedelta(days=24), (), False),
            SourceState("meta_ads", "Maison Lumen", "ads", "api", span.until, span.until - timedelta(days=7), (), False),
            SourceState("hubspot", "", "ads", "file", span.until, span.until, (), False),
        ),
        last_year_since=span.last_year[0],
        last_year_until=span.last_year[1],
        **sections(story),
    )


def weekly(**changes: Any) -> Report:
    """A week with every figure known; `changes` replace fields of the report."""
    return replace(_build(CAMPAIGNS, 1, 46, "weekly"), **changes)


def monthly(**changes: Any) -> Report:
    return replace(_build(CAMPAIGNS, 1, 10, "monthly"), **changes)


def _of(length: Length) -> Report:
    return weekly() if length == "weekly" else monthly()


def settled(report: Report) -> Report:
    """The same once every source is final."""
    return replace(
        _with_figures(report, lambda figure: replace(figure, is_provisional=False)),
        sources=tuple(replace(source, settled_until=source.complete_until) for source in report.sources),
    )


def unbroken() -> Report:
    """Words that have no place to break at, and every figure provisional, which takes a word more."""
    report = weekly()
    assert report.ranking

    def renamed(rows: tuple[Row, ...]) -> tuple[Row, ...]:
        return tuple(
            replace(row, key=f"FR_{row.key.replace(' ', '_')}_Lookalike_1pct_Purchasers_v2_TOFU") if row.key else row for row in rows
        )

    return replace(
        _with_figures(report, lambda figure: replace(figure, is_provisional=True)),
        client_name="Luminairesinternationaux",
        campaigns=replace(report.campaigns, rows=renamed(report.campaigns.rows)),
        ranking=replace(report.ranking, best=renamed(report.ranking.best), worst=renamed(report.ranking.worst)),
        notes=Notes(done=(f"https://www.example.com/{'lampes-' * 12}",)),
        sources=tuple(replace(source, account=f"www.{'luminaires.' * 5}example") for source in report.sources),
    )


def empty(length: Length = "weekly") -> Report:
    """A client of whom nothing is known yet: headlines without figures, tables without lines, and no section that may be left out."""
    blank = _without_values(_of(length))
    return replace(
        blank,
        leads_by_channel={},
        channels=replace(blank.channels, rows=()),
        campaigns=replace(blank.campaigns, rows=()),
        sources=(),
        scorecard=(),
        contributions=(),
        ranking=None,
        lines=(),
        money=None,
        funnel=(),
        mailings=None,
        pages=None,
        posts=None,
        retention=None,
        customers=(),
        pace=(),
        notes=Notes(),
        corrections=Corrections(),
        rates=(),
    )


def all_null(length: Length = "weekly") -> Report:
    """Every section and line that there is, without one figure: each says why."""
    return _without_values(_of(length))


def huge(length: Length = "weekly") -> Report:
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
    report = _build(campaigns, 20_000, 7, length)
    gaps = {channel: (None, None, *values[2:]) for channel, values in report.leads_by_channel.items()}
    tiles = tuple(
        replace(tile, trend=replace(tile.trend, values=(None, None, *tile.trend.values[2:5], None, *tile.trend.values[6:])))
        for tile in report.tiles
    )
    day = report.since
    missing = (day + timedelta(days=1), day + timedelta(days=2), day + timedelta(days=4))
    sources = (
        *report.sources,
        SourceState("linkedin_ads", "Groupe Lumen International Holding", "ads", "api", day + timedelta(days=2), None, missing, False),
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


def _without_values(report: Report) -> Report:
    unknown = {slug: Figure(slug, None, "not_yet_observed", None) for slug in DEFINITIONS}
    blank = _with_figures(report, lambda figure: unknown[figure.slug])
    return replace(
        blank,
        tiles=tuple(replace(tile, trend=Trend(tile.trend.slug, (None,) * len(blank.buckets))) for tile in blank.tiles),
        leads_by_channel={channel: (None,) * len(blank.buckets) for channel in blank.leads_by_channel},
        # What is a sum of known figures is not there without them.
        contributions=(),
        ranking=None,
        retention=blank.retention and replace(blank.retention, rows=tuple((None,) * len(row) for row in blank.retention.rows)),
        pace=(),
        corrections=Corrections(),
    )


def _with_figures(report: Report, changed: Callable[[Figure], Figure]) -> Report:
    """Every figure of the report through `changed`."""

    def row(one: Row) -> Row:
        return replace(one, figures={slug: changed(figure) for slug, figure in one.figures.items()})

    def table(part: Table | None) -> Table | None:
        return part and replace(part, rows=tuple(row(one) for one in part.rows), total=row(part.total))

    ranking = report.ranking
    tables: dict[str, Any] = {name: table(getattr(report, name)) for name in TABLES}
    return replace(
        report,
        tiles=tuple(replace(tile, figure=changed(tile.figure)) for tile in report.tiles),
        scorecard=tuple(changed(figure) for figure in report.scorecard),
        funnel=tuple(changed(figure) for figure in report.funnel),
        customers=tuple(changed(figure) for figure in report.customers),
        lines=tuple(replace(line, figures=tuple(changed(figure) for figure in line.figures)) for line in report.lines),
        ranking=ranking and replace(ranking, best=tuple(row(one) for one in ranking.best), worst=tuple(row(one) for one in ranking.worst)),
        **tables,
    )


TABLES = ("channels", "campaigns", "money", "mailings", "pages", "posts")
# As tests of the weekly report call them.
sample_report, huge_report = weekly, huge


def settled_report() -> Report:
    return settled(weekly())


def empty_report() -> Report:
    return empty()


__all__ = [
    "SUMS", "Sums", "add", "all_null", "empty", "empty_report", "figure", "huge", "huge_report", "monthly", "sample_report", "settled",
    "settled_report", "value", "weekly",
]  # fmt: skip
