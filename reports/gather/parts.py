"""Figures of the whole company: the scorecard, the parts of marketing, the funnel and the customers."""

from __future__ import annotations

from reports.content import Figure, Line
from reports.gather.gathering import Gathering, is_known

SCORECARD = (
    "revenue", "spend", "blended_roas", "roas", "roi", "leads", "cpl", "mql", "sql", "mql_to_sql", "won", "orders", "aov",
    "new_customers", "cac", "retention_rate", "sessions", "landing_conversion_rate", "open_rate", "click_rate",
)  # fmt: skip
FUNNEL = ("impressions", "clicks", "leads", "mql", "sql", "won")
CUSTOMERS = ("new_customers", "customers", "clv", "cac", "ltv_to_cac", "payback_months", "retention_rate", "churn_rate")
LINES = {
    "email": ("email_delivered", "open_rate", "click_rate", "unsubscribe_rate"),
    "site": ("sessions", "landing_conversion_rate", "bounce_rate"),
    "social": ("engagements", "engagement_rate_by_impressions", "followers"),
}
OF_LINES = tuple(slug for slugs in LINES.values() for slug in slugs)


def scorecard(found: Gathering) -> tuple[Figure, ...]:
    """What there is data of, or a target for."""
    return tuple(figure for figure in found.figures(SCORECARD) if is_known(figure) or figure.target is not None)


def lines(found: Gathering) -> tuple[Line, ...]:
    """Of the parts of marketing that there is data of."""
    every = [Line(part, found.figures(slugs)) for part, slugs in LINES.items()]
    return tuple(line for line in every if any(is_known(figure) for figure in line.figures))


def funnel(found: Gathering) -> tuple[Figure, ...]:
    """Every step, also one without data; none of them where all are."""
    steps = found.figures(FUNNEL)
    return steps if any(is_known(step) for step in steps) else ()


def customers(found: Gathering) -> tuple[Figure, ...]:
    figures = found.figures(CUSTOMERS)
    return figures if any(is_known(figure) for figure in figures) else ()
