"""Another side of the recompute benchmark, in a process of its own: pandas reads the facts, groups them, and writes the sums by COPY.

Reads one JSON object and writes `{"full": [Spent], "changed": [Spent]}`. Of ours it imports the meter alone.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas
import psycopg2

from tests.benchmarks.meter import spent

KEYS = ["day", "channel", "campaign_id"]
ADS = ["impressions", "clicks", "spend_nano", "conversions_millionths", "conversion_value_nano"]
ORDERS = ["orders", "order_amount_nano", "refunds_nano", "revenue_nano"]
LEADS = ["leads", "mqls", "sqls", "mqls_to_sql", "leads_to_customer", "won", "days_to_close"]


class Pandas:
    """The facts of `schema`, and a schema of its own for what it makes of them."""

    def __init__(self, database: str, schema: str) -> None:
        self.session = psycopg2.connect(database)
        self.do(f"CREATE SCHEMA by_pandas; SET search_path = by_pandas, {schema}")
        for name, columns in (("ads", ADS), ("leads", LEADS), ("orders", ORDERS)):
            sums = ", ".join(f"{column} bigint" for column in columns)
            self.do(f"CREATE TABLE {name} (day date, channel text, campaign_id bigint, {sums}); CREATE INDEX ON {name} (day)")
            self.do(f"CREATE TABLE {name}_totals (day date, channel text, {sums}); CREATE INDEX ON {name}_totals (day)")
        self.session.commit()

    def do(self, statement: str) -> None:
        with self.session.cursor() as cursor:
            cursor.execute(statement)

    def read(self, query: str) -> Any:
        found = io.BytesIO()
        with self.session.cursor() as cursor:
            cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH CSV HEADER", found)
        found.seek(0)
        return pandas.read_csv(found)

    def write(self, table: str, rows: Any, since: str) -> None:
        said = io.StringIO()
        rows.to_csv(said, header=False, index=False)
        said.seek(0)
        self.do(f"DELETE FROM {table} WHERE day >= '{since}'")
        with self.session.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} FROM STDIN WITH CSV", said)

    def sums(self, since: str) -> None:
        """Everything from `since` on, in one transaction."""
        origins = self.read("SELECT id AS origin_id, channel, coalesce(campaign_id, 0) AS campaign_id FROM campaigns_origin")
        made = {"ads": self.ads(since), "leads": self.leads(since, origins), "orders": self.orders(since, origins)}
        for name, (rows, columns) in made.items():
            narrow = rows.groupby(KEYS, as_index=False)[columns].sum()
            self.write(name, narrow, since)
            self.write(f"{name}_totals", narrow.groupby(["day", "channel"], as_index=False)[columns].sum(), since)
        self.session.commit()

    def ads(self, since: str) -> tuple[Any, list[str]]:
        key = ["connection_id", "day", "platform_id"]
        ads = self.read(
            f"""SELECT connection_id, day, campaign_id AS platform_id, impressions, clicks, spend_nano
                FROM campaigns_adday WHERE day >= '{since}'"""
        )
        conversions = self.read(
            f"""SELECT connection_id, day, campaign_id AS platform_id, conversions_millionths, value_nano AS conversion_value_nano
                FROM campaigns_adconversion WHERE day >= '{since}'"""
        )
        platforms = self.read("SELECT id AS platform_id, channel, campaign_id FROM campaigns_platformcampaign")
        return ads.merge(conversions, on=key, how="left").merge(platforms, on="platform_id"), ADS

    def orders(self, since: str, origins: Any) -> tuple[Any, list[str]]:
        rows = self.read(f"SELECT day, kind, amount_nano AS revenue_nano, origin_id FROM campaigns_order WHERE day >= '{since}'")
        rows["orders"] = (rows["kind"] == "order").astype(int)
        rows["order_amount_nano"] = rows["revenue_nano"] * rows["orders"]
        rows["refunds_nano"] = rows["order_amount_nano"] - rows["revenue_nano"]
        return rows.merge(origins, on="origin_id"), ORDERS

    def leads(self, since: str, origins: Any) -> tuple[Any, list[str]]:
        days = [f"({step}_at AT TIME ZONE 'Europe/Paris')::date AS {step}_day" for step in ("mql", "sql", "won")]
        rows = self.read(
            f"""SELECT day, origin_id, {", ".join(days)} FROM campaigns_lead
                WHERE day >= '{since}' OR greatest(mql_at, sql_at, won_at) >= '{since}'::date - 1"""
        )
        steps = pandas.concat(list(_steps(rows)))
        return steps[steps["day"] >= since].merge(origins, on="origin_id"), LEADS


def _steps(rows: Any) -> Iterator[Any]:
    """Each step of each lead, on the day it was taken."""
    age = (pandas.to_datetime(rows["won_day"]) - pandas.to_datetime(rows["day"])).dt.days
    for column, counts in (
        ("day", {"leads": 1, "leads_to_customer": rows["won_day"].notna().astype(int)}),
        ("mql_day", {"mqls": 1, "mqls_to_sql": rows["sql_day"].notna().astype(int)}),
        ("sql_day", {"sqls": 1}),
        ("won_day", {"won": 1, "days_to_close": age}),
    ):
        step = pandas.DataFrame({"day": rows[column], "origin_id": rows["origin_id"], **dict.fromkeys(LEADS, 0), **counts})
        step = step[step["day"].notna()]
        yield step.astype(dict.fromkeys(LEADS, "int64"))


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """`asked`: database, schema, backend, repeats, and the first day that changed."""
    sums = Pandas(asked["database"], asked["schema"]).sums
    repeats, backend = asked["repeats"], asked["backend"]
    full = [spent(partial(sums, "1900-01-01"), backend) for _ in range(repeats["full"])]
    return {"full": full, "changed": [spent(partial(sums, asked["since"]), backend) for _ in range(repeats["changed"])]}


if __name__ == "__main__":
    print(json.dumps(main(json.load(sys.stdin))))
