"""What an active customer brings in a month, and for how many months: over the calendar months that lie wholly in a period.

Of a period without any, over the last month that was over when it ended. Customers stay for the time that the churn of
these months together tells, at most `HORIZON` months, or as long as the client says.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers import retention
from kpis.customers.selects import Cell, acquisition, active, row, select_keyed
from kpis.measures import HORIZON, Measure
from kpis.slices import CAMPAIGN_OF, CHANNEL_OF, PARTS, Placed, Scope

_ASKED = f"""
    SELECT part.number, month::date AS since, (month + interval '1 month' - interval '1 day')::date AS until
    FROM {PARTS} CROSS JOIN LATERAL (
        SELECT date_trunc('month', (part.since - 1)::timestamp) + interval '1 month' AS first,
            date_trunc('month', (part.until + 1)::timestamp) - interval '1 month' AS last) AS whole
    CROSS JOIN LATERAL generate_series(least(whole.first, whole.last), whole.last, interval '1 month') AS month"""
_CHOSEN = "%(lifetime_months)s::bigint"
_CELLS = {
    "revenue_nano": Cell("sum(kept.revenue_nano)", "sum(kept.revenue_unknown)", "sum(kept.unconverted)"),
    "margin_nano": Cell("sum(kept.margin_nano)", "sum(kept.margin_unknown)", "sum(kept.unconverted)"),
    "customers": Cell("sum(kept.customers)"),
    "stayed": Cell(f"coalesce({_CHOSEN}, sum(kept.at_start))"),
    "left_sixtieths": Cell(f"CASE WHEN {_CHOSEN} IS NULL THEN greatest(sum(kept.lost) * {HORIZON}, sum(kept.at_start)) ELSE {HORIZON} END"),
}


# Of one month: whether those who left count, or so many that nobody stays for longer, is decided by all months together.
_OF_MONTH = {
    "revenue_nano": "CASE WHEN coalesce(month.revenue_unknown, 0) = 0 THEN coalesce(month.revenue_nano, 0) END",
    "margin_nano": "CASE WHEN coalesce(month.margin_unknown, 0) = 0 THEN coalesce(month.margin_nano, 0) END",
    "customers": "coalesce(month.customers, 0)",
    "stayed": f"CASE WHEN {_CHOSEN} IS NULL THEN coalesce(month.at_start, 0) WHEN month.is_first THEN {_CHOSEN} ELSE 0 END",
    "left_sixtieths": f"""CASE WHEN {_CHOSEN} IS NOT NULL THEN CASE WHEN month.is_first THEN {HORIZON} ELSE 0 END
        WHEN month.left_sixtieths >= month.stayed THEN coalesce(month.lost, 0) * {HORIZON} ELSE coalesce(month.at_start, 0) END""",
}


def rows(measures: Sequence[Measure], scope: Scope) -> list[str]:
    """Each month of each channel and campaign. A lifetime that the client chose stands in the first of them."""
    placed = Placed(None, scope.only)
    place = CHANNEL_OF.format("month"), CAMPAIGN_OF.format("month")
    months = f"""SELECT kept.*, row_number() OVER (ORDER BY kept.since, kept.key) = 1 AS is_first,
            sum(kept.lost) OVER () * {HORIZON} AS left_sixtieths, sum(kept.at_start) OVER () AS stayed
        FROM ({_months(placed)}) AS kept"""
    columns = row(measures, _OF_MONTH, "month.since", "to_char(month.since, 'YYYY-MM')", *place)
    return [f"SELECT {columns} FROM ({months}) AS month"]


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    asked = f"SELECT part.number, month.* FROM ({_ASKED}) AS part JOIN ({_months(scope)}) AS month ON month.since = part.since"
    return [select_keyed("lifetime", measures, _CELLS, asked, scope)]


def _months(scope: Scope) -> str:
    """Each month once, however many periods ask for it."""
    key = f"{scope.key} AS key"
    who = f"{{}} {scope.join} WHERE {scope.where} GROUP BY 1, 2"
    return f"""
        WITH part AS MATERIALIZED (SELECT DISTINCT 0 AS number, since, until FROM ({_ASKED}) AS asked),
        bought AS (
            SELECT part.since, {key}, sum(bought.revenue_nano) AS revenue_nano,
                count(*) FILTER (WHERE bought.revenue_nano IS NULL) AS revenue_unknown, sum(bought.margin_nano) AS margin_nano,
                count(*) FILTER (WHERE bought.margin_nano IS NULL) AS margin_unknown, sum(bought.unconverted) AS unconverted
            FROM part JOIN kpis_customerday AS bought ON bought.day BETWEEN part.since AND part.until
            {who.format(acquisition("bought", scope))}),
        active AS (
            SELECT part.since, {key}, count(*) AS customers
            FROM part CROSS JOIN LATERAL ({active("part.since", "part.until")}) AS who {who.format(acquisition("who", scope))}),
        stayed AS (
            SELECT since, key, sum(at_start) AS at_start, sum(at_start) - sum(at_end) + sum(new_at_end) AS lost
            FROM ({retention.counts("part", scope)}) AS counted GROUP BY 1, 2)
        SELECT * FROM bought FULL JOIN active USING (since, key) FULL JOIN stayed USING (since, key)"""
