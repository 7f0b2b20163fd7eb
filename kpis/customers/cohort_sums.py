"""What each customer adds to the cohort of their month, kept as sums that change by differences."""

from __future__ import annotations

from typing import Any

KEYS = ("month", "channel", "campaign_id", "age")
SUMS = ("acquired", "ordered", "subscribed", "revenue_nano", "revenue_unknown", "margin_nano", "margin_unknown", "unconverted")


def take_out(cursor: Any, asked: dict[str, Any]) -> None:
    """Note what the affected people add to their cohorts, before their rows change: all of it, or what the months of sales may change."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.added_in_full")
    cursor.execute(f"CREATE TEMPORARY TABLE added_in_full ON COMMIT DROP AS {_IN_FULL}")
    cursor.execute("DROP TABLE IF EXISTS pg_temp.cohort_change")
    cursor.execute(f"CREATE TEMPORARY TABLE cohort_change ON COMMIT DROP AS {_signed('-')}", asked)


def put_in(cursor: Any, asked: dict[str, Any]) -> None:
    """Add what they add once their rows have changed, and write what is different."""
    cursor.execute(f"INSERT INTO cohort_change {_signed('+')}", asked)
    keys, sums = ", ".join(KEYS), ", ".join(f"sum({column}) AS {column}" for column in SUMS)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.cohort_difference")
    cursor.execute(
        f"""CREATE TEMPORARY TABLE cohort_difference ON COMMIT DROP AS
            SELECT {keys}, {sums} FROM cohort_change GROUP BY {keys}
            HAVING {" OR ".join(f"sum({column}) <> 0" for column in SUMS)}"""
    )
    added = ", ".join(f"{column} = cohort.{column} + excluded.{column}" for column in SUMS)
    cursor.execute(
        f"""INSERT INTO kpis_cohortmonth AS cohort ({keys}, {", ".join(SUMS)})
            SELECT {keys}, {", ".join(SUMS)} FROM cohort_difference ON CONFLICT ({keys}) DO UPDATE SET {added}"""
    )
    cursor.execute(
        f"""DELETE FROM kpis_cohortmonth AS cohort USING cohort_difference AS moved
            WHERE ({", ".join(f"cohort.{key}" for key in KEYS)}) = ({", ".join(f"moved.{key}" for key in KEYS)})
            AND {" AND ".join(f"cohort.{column} = 0" for column in SUMS)}"""
    )


def _signed(sign: str) -> str:
    columns = ", ".join(f"sum({sign}{column}) AS {column}" for column in SUMS)
    return f"SELECT {', '.join(KEYS)}, {columns} FROM ({_ADDED}) AS added GROUP BY {', '.join(KEYS)}"


def age(day: str, acquired_day: str = "who.acquired_day") -> str:
    """Calendar months from the acquisition; what is given back of an order that is not known belongs to the first."""
    return f"""greatest(0, (extract(year FROM {day}) - extract(year FROM {acquired_day})) * 12
        + extract(month FROM {day}) - extract(month FROM {acquired_day}))::int"""


# Who may count in another cohort than before, or in other months than those of the sales that changed.
_IN_FULL = """
    SELECT person_id FROM affected WHERE is_whole
    UNION SELECT person_id FROM affected JOIN kpis_customerspan USING (person_id)
    UNION SELECT person_id FROM new_span
    UNION SELECT person_id
        FROM affected LEFT JOIN kpis_customerstate AS old USING (person_id) LEFT JOIN new_state AS new USING (person_id)
        WHERE (old.acquired_day, old.channel, old.campaign_id) IS DISTINCT FROM (new.acquired_day, new.channel, new.campaign_id)"""
# What each affected person adds, from the tables as they are.
_ADDED = f"""
    WITH who AS MATERIALIZED (
        SELECT state.person_id, state.acquired_day, date_trunc('month', state.acquired_day::timestamp)::date AS month,
            state.channel, state.campaign_id, full_of.person_id IS NOT NULL AS in_full
        FROM kpis_customerstate AS state JOIN affected USING (person_id) LEFT JOIN added_in_full AS full_of USING (person_id)),
    subscribed AS MATERIALIZED (
        SELECT person_id, range_agg(int4range(age, CASE WHEN until IS NOT NULL THEN last_age + 1 END)) AS ages
        FROM (SELECT who.person_id, span.until, {age("span.since")} AS age, {age("span.until")} AS last_age
            FROM who JOIN kpis_customerspan AS span ON span.person_id = who.person_id) AS stretch
        GROUP BY 1),
    monthly AS (
        SELECT bought.person_id, bought.age, sum(bought.orders) AS orders, coalesce(sum(bought.revenue_nano), 0) AS revenue_nano,
            count(*) FILTER (WHERE bought.revenue_nano IS NULL) AS revenue_unknown, coalesce(sum(bought.margin_nano), 0) AS margin_nano,
            count(*) FILTER (WHERE bought.margin_nano IS NULL) AS margin_unknown, sum(bought.unconverted) AS unconverted
        FROM (SELECT day.*, {age("day.day")} AS age FROM who JOIN kpis_customerday AS day ON day.person_id = who.person_id
            WHERE who.in_full OR date_trunc('month', day.day::timestamp)::date = ANY(%(sale_months)s::date[])) AS bought
        GROUP BY 1, 2)
    SELECT who.month, who.channel, who.campaign_id, 0 AS age, 1 AS acquired, 0 AS ordered, 0 AS subscribed, 0::numeric AS revenue_nano,
        0 AS revenue_unknown, 0::numeric AS margin_nano, 0 AS margin_unknown, 0 AS unconverted
    FROM who WHERE who.in_full
    UNION ALL
    SELECT who.month, who.channel, who.campaign_id, monthly.age, 0,
        (monthly.orders > 0 AND NOT coalesce(subscribed.ages @> monthly.age, false))::int, 0,
        monthly.revenue_nano, monthly.revenue_unknown, monthly.margin_nano, monthly.margin_unknown, monthly.unconverted
    FROM monthly JOIN who USING (person_id) LEFT JOIN subscribed USING (person_id)
    UNION ALL
    SELECT who.month, who.channel, who.campaign_id, turn.age, 0, 0, turn.by, 0, 0, 0, 0, 0
    FROM subscribed JOIN who USING (person_id) CROSS JOIN LATERAL unnest(subscribed.ages) AS stretch
    CROSS JOIN LATERAL (VALUES (lower(stretch), 1), (upper(stretch), -1)) AS turn (age, by)
    WHERE turn.age IS NOT NULL
"""
