"""Measures of the sample's campaigns, and KPIs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from kpis.definitions import DEFINITIONS
from kpis.values import Value
from reports.content import Figure

# What the platforms keep adding to: provisional, for the sample's sources still move.
LATE = frozenset({"roas"})
SUMS = (
    "spend", "impressions", "clicks", "leads", "paid_leads", "revenue", "orders", "order_amount", "conversion_value",
    "other_marketing_cost", "sales_cost", "paid_revenue", "mqls", "sqls", "mqls_to_sql", "won", "sessions", "engaged_sessions",
    "site_conversions", "new_customers",
)  # fmt: skip
Sums = dict[str, Decimal]


def derived(sums: Sums, *, paid: bool) -> Sums:
    """With what follows from media, leads and orders."""
    mqls = _share(sums["leads"], "0.42")
    sqls = _share(mqls, "0.45")
    sessions = sums["clicks"] + sums["orders"] * 24
    return sums | {
        "other_marketing_cost": (sums["spend"] * Decimal("0.12")).quantize(Decimal("0.01")),
        "sales_cost": sums["leads"] * 3,
        "paid_revenue": sums["revenue"] if paid else Decimal(0),
        "mqls": mqls,
        "sqls": sqls,
        "mqls_to_sql": sqls,
        "won": _share(sqls, "0.3"),
        "sessions": sessions,
        "engaged_sessions": _share(sessions, "0.58"),
        "site_conversions": sums["orders"] + sums["leads"],
        "new_customers": _share(sums["orders"], "0.55"),
    }


def _share(count: Decimal, of: str) -> Decimal:
    return (count * Decimal(of)).quantize(Decimal(1), ROUND_HALF_UP)


def add(parts: Sequence[Mapping[str, Decimal]], names: Sequence[str] = SUMS) -> Sums:
    return {name: sum((part[name] for part in parts), Decimal(0)) for name in names}


def value(slug: str, sums: Mapping[str, Decimal]) -> Decimal | None:
    """A KPI of summed measures; None where there is nothing to divide by."""
    return DEFINITIONS[slug].expression.value(lambda measure: Value(Fraction(sums[measure.slug]))).decimal


def figure(slug: str, now: Mapping[str, Decimal], before: Mapping[str, Decimal] | None) -> Figure:
    current = value(slug, now)
    previous = value(slug, before) if before else None
    return Figure(slug, current, "no_denominator" if current is None else None, previous, slug in LATE)
