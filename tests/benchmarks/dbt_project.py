"""A project of dbt that sums what we sum: by day, channel and campaign, and by day and channel; and tells who became a customer when.

Each model is incremental, replaces the days since `since` in an indexed table, and reads no fact it need not. Standard library
only: it is written where dbt runs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SCHEMA = "by_dbt"
_SOURCES = {"ad": "campaigns_adday", "conversion": "campaigns_adconversion", "platform": "campaigns_platformcampaign",
            "lead": "campaigns_lead", "order": "campaigns_order", "touch": "campaigns_touch", "origin": "campaigns_origin"}  # fmt: skip
_FROM_ORIGIN = "origin.channel, coalesce(origin.campaign_id, 0) AS campaign_id"


def _since(column: str, sign: str = "AND", early: int = 0) -> str:
    """Of an incremental run: the days that changed; of a moment, a day early, for days are of the client's zone."""
    return f"{{% if is_incremental() %}} {sign} {column} >= '{{{{ var('since') }}}}'::date - {early} {{% endif %}}"


def _step(column: str, counts: str) -> str:
    day = f"(lead.{column} AT TIME ZONE 'Europe/Paris')::date" if column.endswith("_at") else f"lead.{column}"
    return f"""SELECT {day} AS day, lead.origin_id, {counts}, ({day} - lead.day) AS age FROM <lead> AS lead
        WHERE lead.{column} IS NOT NULL {_since(f"lead.{column}", early=1)}"""


_ADS = f"""SELECT fact.day, platform.channel, platform.campaign_id, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks,
        sum(spend_nano) AS spend_nano, sum(conversions_millionths) AS conversions_millionths, sum(value_nano) AS conversion_value_nano
    FROM <ad> AS fact
    LEFT JOIN <conversion> AS conversion USING (connection_id, day, campaign_id)
    JOIN <platform> AS platform ON platform.id = fact.campaign_id
    WHERE TRUE {_since("fact.day")} GROUP BY 1, 2, 3"""
_LEADS = f"""SELECT step.day, {_FROM_ORIGIN}, sum(leads)::bigint AS leads, sum(mqls)::bigint AS mqls, sum(sqls)::bigint AS sqls,
        sum(mqls_to_sql)::bigint AS mqls_to_sql, sum(leads_to_customer)::bigint AS leads_to_customer, sum(won)::bigint AS won,
        sum(won * age)::bigint AS days_to_close
    FROM (
        {_step("day", "1 AS leads, 0 AS mqls, 0 AS sqls, 0 AS mqls_to_sql, (won_at IS NOT NULL)::int AS leads_to_customer, 0 AS won")}
        UNION ALL {_step("mql_at", "0, 1, 0, (sql_at IS NOT NULL)::int, 0, 0")}
        UNION ALL {_step("sql_at", "0, 0, 1, 0, 0, 0")}
        UNION ALL {_step("won_at", "0, 0, 0, 0, 0, 1")}) AS step
    JOIN <origin> AS origin ON origin.id = step.origin_id
    WHERE TRUE {_since("step.day")} GROUP BY 1, 2, 3"""
_ORDERS = f"""SELECT fact.day, {_FROM_ORIGIN}, count(*) FILTER (WHERE kind = 'order') AS orders,
        coalesce(sum(amount_nano) FILTER (WHERE kind = 'order'), 0) AS order_amount_nano,
        coalesce(-sum(amount_nano) FILTER (WHERE kind <> 'order'), 0) AS refunds_nano, sum(amount_nano) AS revenue_nano
    FROM <order> AS fact JOIN <origin> AS origin ON origin.id = fact.origin_id
    WHERE TRUE {_since("fact.day")} GROUP BY 1, 2, 3"""
_CUSTOMER_DAYS = f"""SELECT customer_ref, day, count(*) FILTER (WHERE kind = 'order') AS orders, sum(amount_nano) AS revenue_nano
    FROM <order> AS fact WHERE TRUE {_since("day")} GROUP BY 1, 2"""
_CUSTOMERS = f"""
    WITH asked AS (
        SELECT customer_ref FROM <order> AS fact WHERE TRUE {_since("day")}
        UNION SELECT customer_ref FROM <touch> AS fact WHERE TRUE {_since("day")}),
    first_order AS (
        SELECT DISTINCT ON (customer_ref) customer_ref, day, ordered_at, origin_id FROM <order> JOIN asked USING (customer_ref)
        ORDER BY customer_ref, ordered_at),
    first_touch AS (
        SELECT DISTINCT ON (customer_ref) touch.customer_ref, touch.origin_id
        FROM <touch> AS touch JOIN first_order ON first_order.customer_ref = touch.customer_ref AND touch.at <= first_order.ordered_at
        ORDER BY touch.customer_ref, touch.at, length(touch.external_id), touch.external_id)
    SELECT customer_ref, first_order.day AS day, {_FROM_ORIGIN}
    FROM first_order LEFT JOIN first_touch USING (customer_ref)
    JOIN <origin> AS origin ON origin.id = coalesce(first_touch.origin_id, first_order.origin_id)"""
# Of the facts that dlt keeps in one wide table, without our dimensions.
_WIDE = f"""SELECT day, channel, campaign_id, sum(impressions)::bigint AS impressions, sum(clicks)::bigint AS clicks,
        sum(spend_nano) AS spend_nano
    FROM <wide_facts> AS fact WHERE TRUE {_since("day")} GROUP BY 1, 2, 3"""
SUMS = {
    "ads": ("impressions", "clicks", "spend_nano", "conversions_millionths", "conversion_value_nano"),
    "leads": ("leads", "mqls", "sqls", "mqls_to_sql", "leads_to_customer", "won", "days_to_close"),
    "orders": ("orders", "order_amount_nano", "refunds_nano", "revenue_nano"),
    "acquired": ("customers",),
    "wide": ("impressions", "clicks", "spend_nano"),
}


def _totals(name: str) -> str:
    sums = ", ".join(f"sum({column}) AS {column}" for column in SUMS[name])
    return f"SELECT day, channel, {sums} FROM <{name}> WHERE TRUE {_since('day')} GROUP BY 1, 2"


_BY_DAY = {name: (sql, "day") for name, sql in (("ads", _ADS), ("leads", _LEADS), ("orders", _ORDERS), ("wide", _WIDE))}
MODELS: dict[str, tuple[str, str]] = {
    **_BY_DAY,
    **{f"{name}_totals": (_totals(name), "day") for name in _BY_DAY},
    "customer_days": (_CUSTOMER_DAYS, "day"),
    "customers": (_CUSTOMERS, "customer_ref"),
    # A customer's first day may be any: these are quick to make anew.
    "acquired": ("SELECT day, channel, campaign_id, count(*) AS customers FROM <customers> GROUP BY 1, 2, 3", ""),
    "acquired_totals": ("SELECT day, channel, sum(customers)::bigint AS customers FROM <acquired> GROUP BY 1, 2", ""),
}


def write(folder: Path, database: str, schema: str, models: list[str], variables: dict[str, str]) -> None:
    """The project and its profile; `schema` is where the facts are."""
    (folder / "models").mkdir(parents=True)
    project = {"name": "figures", "profile": "figures", "flags": {"send_anonymous_usage_stats": False}, "vars": variables}
    output = {"type": "postgres", "schema": SCHEMA, "threads": 2, **_place(database)}
    sources = [{"name": "facts", "schema": schema, "tables": [{"name": table} for table in _SOURCES.values()]}]
    # JSON is YAML.
    for name, said in (
        ("dbt_project.yml", project),
        ("profiles.yml", {"figures": {"target": "only", "outputs": {"only": output}}}),
        ("models/sources.yml", {"version": 2, "sources": sources}),
    ):
        (folder / name).write_text(json.dumps(said))
    refers = {name: f"{{{{ source('facts', '{table}') }}}}" for name, table in _SOURCES.items()}
    refers |= {name: f"{{{{ ref('{name}') }}}}" for name in MODELS} | {"wide_facts": "{{ var('facts') }}"}
    for name in models:
        sql, key = MODELS[name]
        (folder / "models" / f"{name}.sql").write_text(_config(key) + _filled(sql, refers))


def _config(key: str) -> str:
    if not key:
        return "{{ config(materialized='table') }}\n"
    index = f"indexes=[{{'columns': ['{key}']}}]"
    return f"{{{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='{key}', {index}) }}}}\n"


def _filled(sql: str, refers: dict[str, str]) -> str:
    for name, refer in refers.items():
        sql = sql.replace(f"<{name}>", refer)
    return sql


def _place(database: str) -> dict[str, Any]:
    """Of an address, of which the host of an embedded server is its socket's folder in the query."""
    address = urlsplit(database)
    host = parse_qs(address.query).get("host", [address.hostname or "localhost"])[0]
    port = int(parse_qs(address.query).get("port", [address.port or 5432])[0])
    return {
        "host": unquote(host), "port": port, "user": unquote(address.username or ""), "password": unquote(address.password or "none"),
        "dbname": address.path.strip("/"),
    }  # fmt: skip
