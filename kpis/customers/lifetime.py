"""What an active customer brings in a month, and for how many months: over the calendar months that lie wholly in a period.

Of a period without any, over the last month that was over when it ended. Customers stay for the time that the churn of
these months together tells, at most `HORIZON` months, or as long as the client says.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers import retention
from kpis.customers.selects import ACQUISITION, Cell, active, select
from kpis.measures import HORIZON, Measure
from kpis.slices import PARTS, Scope

_ASKED = f"""
    SELECT part.number, month::date AS since, (month + interval '1 month' - interval '1 day')::date AS until
    FROM {PARTS} CROSS JOIN LATERAL (
        SELECT date_trunc('month', (part.since - 1)::timestamp) + interval '1 month' AS first,
            date_trunc('month', (part.until + 1)::timestamp) - interval '1 month' AS last) AS whole
    CROSS JOIN LATERAL generate_series(least(whole.first, whole.last), whole.last, interval '1 month') AS month"""
_BY = "row.channel, row.campaign_id"
# Each month once, however many periods ask for it.
_MONTHS = f"""
    WITH part AS MATERIALIZED (SELECT DISTINCT 0 AS number, since, until FROM ({_ASKED}) AS asked),
    bought AS (
        SELECT part.since, {_BY}, sum(bought.revenue_nano) AS revenue_nano,
            count(*) FILTER (WHERE bought.revenue_nano IS NULL) AS revenue_unknown, sum(bought.margin_nano) AS margin_nano,
            count(*) FILTER (WHERE bought.margin_nano IS NULL) AS margin_unknown, sum(bought.unconverted) AS unconverted
        FROM part JOIN kpis_customerday AS bought ON bought.day BETWEEN part.since AND part.until
        {ACQUISITION.format("bought")} GROUP BY 1, 2, 3),
    active AS (
        SELECT part.since, {_BY}, count(*) AS customers
        FROM part CROSS JOIN LATERAL ({active("part.since", "part.until")}) AS who {ACQUISITION.format("who")} GROUP BY 1, 2, 3),
    stayed AS (
        SELECT who.since, {_BY}, count(*) FILTER (WHERE who.at_start) AS at_start,
            count(*) FILTER (WHERE who.at_start) - count(*) FILTER (WHERE who.at_end)
                + count(*) FILTER (WHERE who.new_at_end) AS lost
        FROM ({retention.people("part")}) AS who {ACQUISITION.format("who")} GROUP BY 1, 2, 3)
    SELECT * FROM bought FULL JOIN active USING (since, channel, campaign_id) FULL JOIN stayed USING (since, channel, campaign_id)"""
_CHOSEN = "%(lifetime_months)s::bigint"
_CELLS = {
    "revenue_nano": Cell("sum(row.revenue_nano)", "sum(row.revenue_unknown)", "sum(row.unconverted)"),
    "margin_nano": Cell("sum(row.margin_nano)", "sum(row.margin_unknown)", "sum(row.unconverted)"),
    "customers": Cell("sum(row.customers)"),
    "stayed": Cell(f"coalesce({_CHOSEN}, sum(row.at_start))"),
    "left_sixtieths": Cell(f"CASE WHEN {_CHOSEN} IS NULL THEN greatest(sum(row.lost) * {HORIZON}, sum(row.at_start)) ELSE {HORIZON} END"),
}


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    return [select("lifetime", measures, _CELLS, f"({_ASKED}) AS part JOIN ({_MONTHS}) AS row ON row.since = part.since", scope)]
