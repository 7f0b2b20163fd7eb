"""Years of facts of one client, made where they are kept: campaigns with ads and conversions, leads, orders, and what led to them.

Two years of 200 campaigns are 785,000 facts. The figures are scrambled numbers, the same in every run.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from accounts.models import Client
from campaigns.models import Connection
from campaigns.streams import execute
from kpis import recompute

LAST = date(2026, 6, 30)
CHANGED_DAYS = 28
FAMILIES = ("ads", "leads", "orders", "touches")
# A small part of everything, to see whether it runs.
SCALE = float(os.environ.get("BENCHMARK_SCALE", "1"))


@dataclass(frozen=True)
class World:
    """`platforms`: on how many of them each campaign runs. `orders` and `leads` come on each day."""

    years: int = 2
    campaigns: int = 200
    platforms: int = 2
    orders: int = 100
    leads: int = 75

    @property
    def since(self) -> date:
        return LAST - timedelta(days=365 * self.years - 1)

    def scaled(self) -> World:
        sizes = (max(round(size * SCALE), 10) for size in (self.campaigns, self.orders, self.leads))
        campaigns, orders, leads = sizes
        return World(self.years, campaigns, self.platforms, orders, leads)


def fill(client: Client, world: World) -> int:
    """Make the facts in the schema that is open, and their figures; how many facts."""
    told = {"google_ads": ("ads",), "hubspot": ("leads",), "stripe": ("orders", "touches")}
    asked: dict[str, Any] = {**vars(world), "since": world.since, "until": LAST, "days": (LAST - world.since).days}
    for source, families in told.items():
        kept = Connection.objects.create(source=source, account="1", currency="EUR", timezone="Europe/Paris")
        for family in families:
            kept.loaded_spans.create(family=family, since=world.since, until=LAST)
        asked |= {
            source: kept.pk,
            f"{source}_pull": kept.pulls.create(family=families[0], since=world.since, until=LAST, state="stored").pk,
        }
    for statement in _FACTS:
        execute(statement, asked)
    execute("ANALYZE")
    recompute.rebuild_all(client)
    mark_changed()
    recompute.catch_up(client)
    execute("ANALYZE")
    return sum(int(execute(f"SELECT count(*) FROM {table}")[0][0]) for table in TABLES)


TABLES = ("campaigns_adday", "campaigns_adconversion", "campaigns_lead", "campaigns_order", "campaigns_touch")


def changed_since() -> date:
    return LAST - timedelta(days=CHANGED_DAYS - 1)


def change() -> None:
    """What a re-pull of the last days finds: 5 % of the rows are others."""
    for statement in _CHANGES:
        execute(statement, {"since": changed_since()})


def mark_changed(*families: str) -> None:
    """Mark the last days of these families, or of all, as a re-pull does that found other rows on each."""
    execute(
        """INSERT INTO campaigns_dirtyday (family, day)
           SELECT family, %(since)s::date + number
           FROM unnest(%(families)s::text[]) AS family, generate_series(0, %(days)s - 1) AS number""",
        {"families": list(families or FAMILIES), "since": changed_since(), "days": CHANGED_DAYS},
    )


def fingerprint(query: str) -> tuple[int, int]:
    """How many rows, and what they say in all, whatever their order."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), coalesce(sum(hashtextextended(said::text, 0)), 0) FROM ({query}) AS said")
        rows, said = cursor.fetchone()
    return int(rows), int(said)


def some(number: str, salt: int) -> str:
    """SQL of a scrambled number from 0 up."""
    return f"(hashint8extended({number}::bigint, {salt}) & 2147483647)"


_ROW = "place * 100000 + id"
_DAYS = "generate_series(0, %(days)s) AS place"
_NUMBERED = """(SELECT place, place * %({size})s::bigint + each AS number
    FROM generate_series(0, %(days)s) AS place, generate_series(1, %({size})s) AS each)"""
# Two in five orders are a new customer's.
_ORDER = f"""(SELECT number, %(since)s::date + place AS day,
        (%(since)s::date + place + make_interval(secs => {some("number", 1)} %% 80000)) AT TIME ZONE 'Europe/Paris' AS at,
        'cus_' || CASE WHEN {some("number", 2)} %% 5 < 2 THEN number ELSE {some("number", 3)} %% number + 1 END AS customer
    FROM {_NUMBERED.format(size="orders")} AS numbered)"""
_FACTS = (
    """INSERT INTO campaigns_campaign (id, name, key, channel)
        SELECT number, 'Campaign ' || number, 'campaign ' || number,
            (ARRAY['paid_search', 'paid_social', 'display', 'video'])[1 + number %% 4]
        FROM generate_series(1, %(campaigns)s) AS number""",
    """INSERT INTO campaigns_origin (id, key, stated, "group", source, medium, campaign_name, campaign_ref, channel, basis, campaign_id)
        SELECT id, 'origin ' || id, '', '', 'shop', 'cpc', name, '', channel, 'campaign', id FROM campaigns_campaign""",
    """INSERT INTO campaigns_platformcampaign (id, connection_id, external_id, name, named_on, channel, campaign_id)
        SELECT (id - 1) * %(platforms)s + each, %(google_ads)s, id || '-' || each, name, %(until)s, channel, id
        FROM campaigns_campaign, generate_series(1, %(platforms)s) AS each""",
    f"""INSERT INTO campaigns_adday (connection_id, day, campaign_id, impressions, clicks, all_clicks, spend_nano, pull_id)
        SELECT %(google_ads)s, %(since)s::date + place, id, {some(_ROW, 4)} %% 90000, {some(_ROW, 5)} %% 900,
            {some(_ROW, 5)} %% 1000, {some(_ROW, 6)} * 1000, %(google_ads_pull)s
        FROM {_DAYS}, campaigns_platformcampaign""",
    f"""INSERT INTO campaigns_adconversion (connection_id, day, campaign_id, action, conversions_millionths, value_nano, basis, pull_id)
        SELECT %(google_ads)s, %(since)s::date + place, id, '', {some(_ROW, 7)} %% 9 * 1000000,
            {some(_ROW, 8)} * 1000, '', %(google_ads_pull)s
        FROM {_DAYS}, campaigns_platformcampaign""",
    f"""INSERT INTO campaigns_lead (connection_id, external_id, day, created_at, origin_id, landing_page, mql_at, sql_at, won_at,
            customer_ref, currency, email_hash, pull_id)
        SELECT %(hubspot)s, 'lead_' || number, day, at, 1 + {some("number", 9)} %% %(campaigns)s, '',
            CASE WHEN number %% 2 = 0 AND day + 2 <= %(until)s THEN at + interval '2 days' END,
            CASE WHEN number %% 4 = 0 AND day + 5 <= %(until)s THEN at + interval '5 days' END,
            CASE WHEN number %% 8 = 0 AND day + 20 <= %(until)s THEN at + interval '20 days' END, '', '', '', %(hubspot_pull)s
        FROM (SELECT number, %(since)s::date + place AS day,
                (%(since)s::date + place + make_interval(secs => {some("number", 10)} %% 80000)) AT TIME ZONE 'Europe/Paris' AS at
            FROM {_NUMBERED.format(size="leads")} AS numbered) AS lead""",
    f"""INSERT INTO campaigns_order (connection_id, external_id, day, kind, ordered_at, amount_nano, currency, customer_ref, email_hash,
            refund_of, product, origin_id, pull_id)
        SELECT %(stripe)s, 'order_' || number, day, 'order', at, (1 + {some("number", 11)}) * 1000, '', customer, '', '', '',
            1 + {some("number", 12)} %% %(campaigns)s, %(stripe_pull)s
        FROM {_ORDER} AS bought""",
    f"""INSERT INTO campaigns_touch (connection_id, external_id, at, day, lead_ref, customer_ref, origin_id, kind, asset, currency, pull_id)
        SELECT %(stripe)s, 'touch_' || number, at - interval '3 days', day - 3, '', customer, 1 + {some("number", 13)} %% %(campaigns)s,
            'click', '', '', %(stripe_pull)s
        FROM {_ORDER} AS bought""",
    """WITH named AS (
            SELECT 'customer' AS kind, %(stripe)s::bigint AS space, customer_ref AS value FROM campaigns_order GROUP BY 3
            UNION ALL SELECT 'lead', %(hubspot)s, external_id FROM campaigns_lead),
        numbered AS (SELECT *, nextval(pg_get_serial_sequence('campaigns_person', 'id')) AS person_id FROM named),
        made AS (INSERT INTO campaigns_person (id) SELECT person_id FROM numbered)
        INSERT INTO campaigns_personkey (kind, space, value, person_id) SELECT kind, space, value, person_id FROM numbered""",
)  # fmt: skip
_CHANGES = (
    "UPDATE campaigns_adday SET clicks = clicks + 1, spend_nano = spend_nano + 1 WHERE day >= %(since)s AND campaign_id %% 20 = 0",
    f"UPDATE campaigns_order SET amount_nano = amount_nano + 1 WHERE day >= %(since)s AND {some('amount_nano / 1000', 14)} %% 20 = 0",
    """UPDATE campaigns_lead SET sql_at = CASE WHEN sql_at IS NULL THEN mql_at END
       WHERE day >= %(since)s AND mql_at IS NOT NULL AND right(external_id, 1) = '2'""",
)
