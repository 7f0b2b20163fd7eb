"""What a dashboard asks: 90 days and the 90 before, some twenty figures, eight of them by day, the twenty campaigns with the highest
spend, and how many customers were active. Here as statements over tables of days; standard library only, for whoever asks runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

UNTIL = date(2026, 6, 30)
SINCE = UNTIL - timedelta(days=89)
BEFORE = SINCE - timedelta(days=90)
TOP = 20
TOTALS = (
    "spend", "impressions", "clicks", "ctr", "cpc", "conversions", "cpa", "conversion_value", "roas", "leads", "cpl", "mql", "sql",
    "mql_to_sql", "lead_to_customer", "won", "days_to_close", "revenue", "orders", "aov", "new_customers", "media_cac", "customers",
)  # fmt: skip
SERIES = ("spend", "clicks", "conversions", "leads", "revenue", "orders", "roas", "new_customers")
BY_CAMPAIGN = ("spend", "impressions", "clicks", "conversions", "leads", "orders", "revenue", "roas")
# By family: the sums that these are made of, and the measures they are called by.
SUMS = {
    "ads": {"spend": "spend_nano", "impressions": "impressions", "clicks": "clicks", "conversions": "conversions_millionths",
            "conversion_value": "conversion_value_nano"},
    "leads": {"leads": "leads", "mqls": "mqls", "sqls": "sqls", "mqls_to_sql": "mqls_to_sql", "leads_to_customer": "leads_to_customer",
              "won": "won", "days_to_close": "days_to_close"},
    "orders": {"orders": "orders", "order_amount": "order_amount_nano", "revenue": "revenue_nano"},
    "acquired": {"new_customers": "customers"},
}  # fmt: skip
OF_CAMPAIGNS = {"ads": ("spend", "impressions", "clicks", "conversions"), "leads": ("leads",), "orders": ("orders", "revenue")}
# Where these are: in the sums that we keep, which DuckDB has a copy of.
KEPT = {
    "ads_totals": "kpis_addaytotal", "leads_totals": "kpis_leaddaytotal", "orders_totals": "kpis_orderdaytotal",
    "acquired_totals": "kpis_acquireddaytotal", "ads": "kpis_adrollup", "leads": "kpis_leadrollup", "orders": "kpis_orderrollup",
    "customer_days": "kpis_customerday",
}  # fmt: skip
_STEPS = " UNION ALL ".join(
    f"""SELECT {day} AS day, origin_id, {leads} AS leads, {mqls} AS mqls, {sqls} AS sqls, {to_sql} AS mqls_to_sql,
        {to_customer} AS leads_to_customer, {won} AS won, {age} AS days_to_close FROM campaigns_lead AS lead WHERE {column} IS NOT NULL"""
    for column, day, leads, mqls, sqls, to_sql, to_customer, won, age in (
        ("day", "day", 1, 0, 0, "0", "(won_at IS NOT NULL)::int", 0, "0"),
        ("mql_at", "(mql_at AT TIME ZONE 'Europe/Paris')::date", 0, 1, 0, "(sql_at IS NOT NULL)::int", "0", 0, "0"),
        ("sql_at", "(sql_at AT TIME ZONE 'Europe/Paris')::date", 0, 0, 1, "0", "0", 0, "0"),
        ("won_at", "(won_at AT TIME ZONE 'Europe/Paris')::date", 0, 0, 0, "0", "0", 1, "(won_at AT TIME ZONE 'Europe/Paris')::date - day"),
    )
)
_LEADS = f"(SELECT step.*, origin.campaign_id FROM ({_STEPS}) AS step JOIN campaigns_origin AS origin ON origin.id = step.origin_id)"
_ADS = """(SELECT fact.day, platform.campaign_id, impressions, clicks, spend_nano, conversions_millionths,
        value_nano AS conversion_value_nano
    FROM campaigns_adday AS fact JOIN campaigns_platformcampaign AS platform ON platform.id = fact.campaign_id
    LEFT JOIN campaigns_adconversion AS said ON said.connection_id = fact.connection_id AND said.day = fact.day
        AND said.campaign_id = fact.campaign_id)"""
_ORDERS = """(SELECT fact.day, origin.campaign_id, 1 AS orders, amount_nano AS order_amount_nano, amount_nano AS revenue_nano
    FROM campaigns_order AS fact JOIN campaigns_origin AS origin ON origin.id = fact.origin_id)"""
# Over facts alone.
FACTS = {
    "ads_totals": _ADS, "ads": _ADS, "leads_totals": _LEADS, "leads": _LEADS, "orders_totals": _ORDERS, "orders": _ORDERS,
    "acquired_totals": "(SELECT min(day) AS day, 1 AS customers FROM campaigns_order GROUP BY customer_ref)",
    "customer_days": "(SELECT day, customer_ref AS person_id, 1 AS orders FROM campaigns_order)",
}  # fmt: skip
Figures = dict[str, Any]


def statements(tables: Mapping[str, str]) -> dict[str, str]:
    """As few as do it: sums by day for each family, from which the totals follow; the campaigns; the customers."""
    asked = f"day BETWEEN '{BEFORE}' AND '{UNTIL}'"
    part = f"CASE WHEN day >= '{SINCE}' THEN 0 ELSE 1 END AS part"
    found = {}
    for family, of_family in SUMS.items():
        sums = ", ".join(f"sum({column})" for column in of_family.values())
        found[family] = f"SELECT day, {sums} FROM {tables[f'{family}_totals']} AS said WHERE {asked} GROUP BY 1"
    columns = [(family, measure) for family, measures in OF_CAMPAIGNS.items() for measure in measures]
    each = " UNION ALL ".join(
        f"SELECT campaign_id, {part}, "
        + ", ".join(f"{f'sum({SUMS[family][measure]})' if family == one else '0'} AS {measure}" for one, measure in columns)
        + f" FROM {tables[family]} AS said WHERE {asked} GROUP BY 1, 2"
        for family in OF_CAMPAIGNS
    )
    top = f"""SELECT campaign_id FROM {tables["ads"]} AS said WHERE day BETWEEN '{SINCE}' AND '{UNTIL}'
        GROUP BY 1 ORDER BY sum(spend_nano) DESC LIMIT {TOP}"""
    sums = ", ".join(f"sum({measure})" for _, measure in columns)
    highest = f"({each}) AS each_one JOIN ({top}) AS highest USING (campaign_id)"
    found["campaigns"] = f"SELECT campaign_id, part, {sums} FROM {highest} GROUP BY 1, 2"
    counted = f"SELECT {part}, count(DISTINCT person_id) FROM {tables['customer_days']} AS said WHERE {asked} AND orders > 0 GROUP BY 1"
    return found | {"customers": counted}


def charts(tables: Mapping[str, str], measures: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """As a dashboard of charts asks: a statement for each figure, with the days before, for each course and for each table.

    `measures` of each KPI, by slug.
    """
    counted = f"CASE WHEN day >= '{SINCE}' THEN 0 ELSE 1 END"
    both = statements(tables)
    figures = {f"total {slug}": _summed(tables, counted, measures[slug]) for slug in TOTALS if slug != "customers"}
    courses = {f"days {slug}": _summed(tables, "day", measures[slug]) for slug in SERIES}
    return figures | courses | {name: both[name] for name in ("campaigns", "customers")}


def _summed(tables: Mapping[str, str], key: str, measures: Sequence[str]) -> str:
    """Measures of one family or of several, by `key`."""
    families = [family for family, sums in SUMS.items() if not sums.keys().isdisjoint(measures)]
    rows = " UNION ALL ".join(
        f"SELECT day, {', '.join(f'{SUMS[family].get(measure, 0)} AS {measure}' for measure in measures)}"
        f" FROM {tables[f'{family}_totals']} AS said WHERE day BETWEEN '{BEFORE}' AND '{UNTIL}'"
        for family in families
    )
    return f"SELECT {key}, {', '.join(f'sum({measure})' for measure in measures)} FROM ({rows}) AS said GROUP BY 1"


def answers(asked: Mapping[str, str], execute: Callable[[str], list[Any]]) -> Figures:
    """What each statement gives, in order, as JSON has it."""
    return {name: sorted([_plain(cell) for cell in row] for row in execute(statement)) for name, statement in asked.items()}


def _plain(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, date) else int(cell or 0)
