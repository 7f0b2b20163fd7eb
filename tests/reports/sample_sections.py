"""The sections of the sample that go beyond its headlines, channels and campaigns."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kpis.definitions import DEFINITIONS, Direction
from reports.content import (
    Correction,
    Corrections,
    Figure,
    Line,
    Notes,
    Pace,
    Part,
    Ranking,
    Rate,
    Row,
    Table,
    Triangle,
    Waterfall,
)
from tests.reports.sample_sums import Sums, add, figure, value

SCORECARD = (
    "revenue", "spend", "blended_roas", "roas", "roi", "leads", "cpl", "mql", "sql", "mql_to_sql", "won", "orders", "aov",
    "new_customers", "cac", "sessions", "landing_conversion_rate", "bounce_rate",
)  # fmt: skip
MONEY = ("spend", "other_costs", "revenue", "roas", "roi")
FUNNEL = ("impressions", "clicks", "leads", "mql", "sql", "won")
MAILINGS = ("email_sent", "email_delivered", "open_rate", "click_rate", "unsubscribe_rate")
PAGES = ("sessions", "site_conversions", "landing_conversion_rate", "bounce_rate")
POSTS = ("social_impressions", "engagements", "engagement_rate_by_impressions", "link_clicks")
EMAIL_SUMS = ("email_sent", "hard_bounces", "soft_bounces", "unique_opens", "unique_clicks", "unsubscribes")
PAGE_SUMS = ("sessions", "engaged_sessions", "site_conversions")
POST_SUMS = ("social_impressions", "engagements", "link_clicks")
LISTED = 10
CENT = Decimal("0.01")
# What is aimed at, in shares of what came: some targets are met, some missed, and one KPI has none.
AIMS = {"revenue": "0.94", "spend": "1", "roas": "1.08", "leads": "1.05", "cpl": "0.97", "roi": "0.9", "mql": "1.02", "aov": "1"}


@dataclass(frozen=True)
class Story:
    """What each campaign came to in each week or month, oldest first, and a year before the last."""

    channel_of: dict[str, str]
    history: list[dict[str, Sums]]
    last_year: dict[str, Sums]
    scale: int
    since: date
    until: date
    is_monthly: bool

    @property
    def now(self) -> dict[str, Sums]:
        return self.history[-1]

    @property
    def before(self) -> dict[str, Sums]:
        return self.history[-2]

    @property
    def totals(self) -> list[Sums]:
        return [add(list(happened.values())) for happened in self.history]

    @property
    def channels(self) -> list[str]:
        return list(dict.fromkeys(self.channel_of.values()))

    def of_channel(self, happened: dict[str, Sums], channel: str) -> Sums:
        return add([sums for name, sums in happened.items() if self.channel_of[name] == channel])

    def headline(self, slug: str) -> Figure:
        """With everything that it is compared with."""
        totals = self.totals
        now = figure(slug, totals[-1], totals[-2])
        four = add(totals[-5:-1])
        average = value(slug, four)
        if average is not None and DEFINITIONS[slug].is_additive:
            average /= 4
        last_year = value(slug, add(list(self.last_year.values())))
        return replace(aimed(now), last_year=last_year, average=average)


def aimed(figure: Figure) -> Figure:
    """With its target, where it has one."""
    target = _target(figure.slug, figure.value)
    return replace(figure, target=target, is_reached=_is_reached(figure.slug, figure.value, target))


def _target(slug: str, value: Decimal | None) -> Decimal | None:
    if value is None or slug not in AIMS:
        return None
    return (value * Decimal(AIMS[slug])).quantize(CENT if value < 1000 else Decimal(100))


def _is_reached(slug: str, value: Decimal | None, target: Decimal | None) -> bool | None:
    direction = DEFINITIONS[slug].direction
    if value is None or target is None or direction is Direction.NEUTRAL:
        return None
    return value >= target if direction is Direction.UP else value <= target


def sections(story: Story) -> dict[str, Any]:
    """Fields of `content.Report`."""
    both = {
        "contributions": (_waterfall(story, "revenue"), _waterfall(story, "leads")),
        "ranking": _ranking(story),
        "lines": _lines(story),
        "funnel": tuple(figure(slug, story.totals[-1], story.totals[-2]) for slug in FUNNEL),
        "mailings": _listed(MAILINGS, EMAIL_SUMS, _mailings(story), {}, "email"),
        "pages": _listed(PAGES, PAGE_SUMS, _pages(story, 1), _pages(story, Decimal("0.97")), ""),
        "posts": _titled(_listed(POSTS, POST_SUMS, _posts(story), {}, "")),
        "notes": Notes(
            done=("Nouvelle campagne Shopping lancée le 10 novembre ; trois annonces remplacées.",),
            next=("Test d’une page d’arrivée courte pour « Suspensions & appliques ».",),
            needed=("Valider le budget de décembre avant vendredi.",),
        ),
        "corrections": _corrections(story),
        "rates": (Rate("USD", story.until, Decimal("1.0842")), Rate("CHF", story.until, Decimal("0.9376"))),
    }
    if not story.is_monthly:
        return both | {"pace": tuple(_pace(story, slug) for slug in ("revenue", "spend", "leads"))}
    return both | {
        "scorecard": tuple(story.headline(slug) for slug in SCORECARD),
        "money": _money(story),
        "retention": _triangle(),
        "customers": _customers(),
    }


def _waterfall(story: Story, slug: str) -> Waterfall:
    parts = [
        Part(channel, story.of_channel(story.now, channel)[slug] - story.of_channel(story.before, channel)[slug])
        for channel in story.channels
    ]
    parts.sort(key=lambda part: -abs(part.amount))
    return Waterfall(slug, "channel", story.totals[-2][slug], story.totals[-1][slug], tuple(parts))


def _ranking(story: Story) -> Ranking:
    least = (story.totals[-1]["spend"] * Decimal("0.02")).quantize(CENT)
    judged = [name for name, sums in story.now.items() if sums["spend"] >= least]
    judged.sort(key=lambda name: value("roas", story.now[name]) or 0, reverse=True)
    rows = [
        Row(name, story.channel_of[name], {slug: figure(slug, story.now[name], story.before[name]) for slug in ("spend", "leads", "roas")})
        for name in judged
    ]
    return Ranking("roas", tuple(rows[:3]), tuple(reversed(rows[3:][-3:])), least)


def _money(story: Story) -> Table:
    def row(key: str, now: Sums, before: Sums) -> Row:
        return Row(key, key, {slug: figure(slug, now, before) for slug in MONEY})

    rows = [row(channel, story.of_channel(story.now, channel), story.of_channel(story.before, channel)) for channel in story.channels]
    return Table(MONEY, tuple(rows), row("", story.totals[-1], story.totals[-2]))


def _mailings(story: Story) -> dict[str, Sums]:
    names = ("Guide des suspensions", "Nouveautés d’automne", "Relance de panier", *(f"Newsletter n° {number}" for number in range(1, 11)))
    found = {}
    for place, name in enumerate(names if story.is_monthly else names[:3]):
        sent = Decimal(8_400 - 310 * place) * story.scale
        hard, soft = sent // 250, sent // 190
        opens = (sent - hard - soft) * (31 + place % 4) // 100
        found[name] = {
            "email_sent": sent, "hard_bounces": hard, "soft_bounces": soft, "unique_opens": opens, "unique_clicks": opens // 9,
            "unsubscribes": sent // 420,
        }  # fmt: skip
    return found


def _pages(story: Story, share: Decimal | int) -> dict[str, Sums]:
    paths = (
        "/",
        "/suspensions",
        "/appliques",
        "/guide-eclairage",
        "/contact",
        *(f"/collection/automne-{number}" for number in range(1, 9)),
    )
    found = {}
    for place, path in enumerate(paths):
        sessions = Decimal(round(Decimal(5_200 // (place + 1)) * share)) * story.scale
        found[path] = {
            "sessions": sessions,
            "engaged_sessions": sessions * (52 + place) // 100,
            "site_conversions": sessions * (5 - place % 3) // 100,
        }
    return found


def _posts(story: Story) -> dict[str, Sums]:
    found = {}
    for place in range(12):
        seen = Decimal(9_100 - 520 * place) * story.scale
        found[f"1789{place:02d}4410"] = {
            "social_impressions": seen,
            "engagements": seen * (4 + place % 3) // 100,
            "link_clicks": seen // 80,
        }
    return found


def _titled(posts: Table) -> Table:
    """The first three with their texts, one of them as long as it may be, and where they are."""
    texts = ("Nos lampes d’automne", "« Suspensions & appliques » : derniers jours !", f"{'Une lampe, une histoire. ' * 7}Et vous ?")
    rows = [replace(row, title=text, url=f"https://www.instagram.com/p/{row.key}/") for row, text in zip(posts.rows, texts, strict=False)]
    return replace(posts, rows=(*rows, *posts.rows[len(rows) :]))


def _listed(slugs: Sequence[str], names: Sequence[str], now: dict[str, Sums], before: dict[str, Sums], channel: str) -> Table:
    """The largest, the rest as one line, and the total."""

    def row(key: str, sums: Sums, were: Mapping[str, Decimal] | None, *, is_rest: bool = False) -> Row:
        return Row(key, "" if is_rest or not key else channel, {slug: figure(slug, sums, were) for slug in slugs}, is_rest)

    keys = sorted(now, key=lambda key: -now[key][names[0]])
    rows = [row(key, now[key], before.get(key)) for key in keys[:LISTED]]
    if keys[LISTED:]:
        others = [before[key] for key in keys[LISTED:] if key in before]
        rows.append(row("", add([now[key] for key in keys[LISTED:]], names), add(others, names) if others else None, is_rest=True))
    total = row("", add(list(now.values()), names), add(list(before.values()), names) if before else None)
    return Table(tuple(slugs), tuple(rows), total)


def _lines(story: Story) -> tuple[Line, ...]:
    mail = add(list(_mailings(story).values()), EMAIL_SUMS)
    mail_before = {name: Decimal(round(amount * Decimal("0.95"))) for name, amount in mail.items()}
    now, before = story.totals[-1], story.totals[-2]
    posts = add(list(_posts(story).values()), POST_SUMS) | {"followers": Decimal(18_420)}
    posts_before = {name: Decimal(round(amount * Decimal("0.98"))) for name, amount in posts.items()}
    return (
        Line(
            "email",
            tuple(figure(slug, mail, mail_before) for slug in ("email_delivered", "open_rate", "click_rate", "unsubscribe_rate")),
        ),
        Line("site", tuple(figure(slug, now, before) for slug in ("sessions", "landing_conversion_rate", "bounce_rate"))),
        Line("social", tuple(figure(slug, posts, posts_before) for slug in ("engagements", "engagement_rate_by_impressions", "followers"))),
    )


def _pace(story: Story, slug: str) -> Pace:
    days, length = story.until.day, calendar.monthrange(story.until.year, story.until.month)[1]
    reached = story.totals[-1][slug] * 2
    target = (reached * length / days * Decimal(AIMS[slug])).quantize(Decimal(100))
    return Pace(slug, f"{story.until:%Y-%m}", story.until, days, length, reached, target, target * days / length, reached * length / days)


def _corrections(story: Story) -> Corrections:
    earlier = f"{story.since - timedelta(days=1):%Y-%m}" if story.is_monthly else "2026-W45"
    told = {slug: value(slug, story.totals[-2]) or Decimal(0) for slug in ("roas", "revenue", "leads")}
    listed = tuple(Correction(earlier, slug, (told[slug] * Decimal("0.96")).quantize(CENT), told[slug]) for slug in ("roas", "revenue"))
    minor = (Correction(earlier, "leads", told["leads"] - 1, told["leads"]),)
    return Corrections(listed, len(minor), minor)


def _triangle() -> Triangle:
    """Twelve cohorts of which fewer are left every month, the youngest without a month after its own."""
    cohorts = tuple(f"{2025 + (9 + index) // 12}-{(9 + index) % 12 + 1:02d}" for index in range(12))
    rows = tuple(
        tuple((Decimal(40 - 2 * age + row % 3) / 100).quantize(CENT) if age < 12 - row else None for age in range(1, 12))
        for row in range(12)
    )
    return Triangle(cohorts, tuple(420 + 13 * row for row in range(12)), rows, is_open=False)


def _customers() -> tuple[Figure, ...]:
    values = {
        "new_customers": ("612", "587"), "clv": ("412.60", "405.10"), "cac": ("61.40", "63.90"), "ltv_to_cac": ("6.72", "6.34"),
        "payback_months": ("3", "3"), "retention_rate": ("0.871", "0.864"), "churn_rate": ("0.129", "0.136"),
    }  # fmt: skip
    return tuple(Figure(slug, Decimal(now), None, Decimal(before)) for slug, (now, before) in values.items())
