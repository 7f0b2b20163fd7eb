"""Rebuild the roll-ups of the days that changed, in one transaction: readers see the old figures or the new, never a mixture."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import date

from django.db import connection, transaction

from accounts.models import Client
from campaigns.streams import TABLES
from campaigns.sync import be_the_only_writer
from kpis import signals

KIND = "kpis.recompute"
# One statement per family: sums by day, channel and campaign of the given days. A sum with an unreported part is null.
REBUILD = {
    "ads": (
        "kpis_adrollup",
        """
        INSERT INTO kpis_adrollup
            (day, channel, campaign_id, impressions, clicks, spend_nano, conversions_millionths, conversion_value_nano)
        SELECT fact.day, platform.channel, platform.campaign_id,
            CASE WHEN count(fact.impressions) = count(*) THEN sum(fact.impressions)END,
            CASE WHEN count(fact.clicks) = count(*) THEN sum(fact.clicks)END,
            CASE WHEN count(fact.spend_nano) = count(*) THEN sum(fact.spend_nano)END,
            CASE WHEN count(conversion.conversions_millionths) = count(*) THEN sum(conversion.conversions_millionths)END,
            CASE WHEN count(conversion.value_nano) = count(*) THEN sum(conversion.value_nano)END
        FROM campaigns_adday AS fact
        JOIN campaigns_platformcampaign AS platform ON platform.id = fact.campaign_id
        LEFT JOIN campaigns_adconversion AS conversion ON conversion.connection_id = fact.connection_id
            AND conversion.day = fact.day AND conversion.campaign_id = fact.campaign_id AND conversion.action = ''
        WHERE fact.day = ANY(%s)
        GROUP BY fact.day, platform.channel, platform.campaign_id
        """,
    ),
    "leads": (
        "kpis_leadrollup",
        """
        INSERT INTO kpis_leadrollup (day, channel, campaign_id, leads)
        SELECT fact.day, coalesce(nullif(fact.channel, ''), nullif(campaign.channel, ''), 'unknown'), coalesce(fact.campaign_id, 0),
            count(*)
        FROM campaigns_lead AS fact LEFT JOIN campaigns_campaign AS campaign ON campaign.id = fact.campaign_id
        WHERE fact.day = ANY(%s) GROUP BY 1, 2, 3
        """,
    ),
    "orders": (
        "kpis_orderrollup",
        """
        INSERT INTO kpis_orderrollup (day, channel, campaign_id, orders, order_amount_nano, revenue_nano)
        SELECT fact.day, coalesce(nullif(fact.channel, ''), nullif(campaign.channel, ''), 'unknown'), coalesce(fact.campaign_id, 0),
            count(*) FILTER (WHERE fact.kind = 'order'),
            coalesce(sum(fact.amount_nano) FILTER (WHERE fact.kind = 'order'), 0),
            sum(fact.amount_nano)
        FROM campaigns_order AS fact LEFT JOIN campaigns_campaign AS campaign ON campaign.id = fact.campaign_id
        WHERE fact.day = ANY(%s) GROUP BY 1, 2, 3
        """,
    ),
}


def catch_up(client: Client, effect: AbstractContextManager[None] | None = None) -> int:
    """Rebuild every changed day of the client whose schema is open; return how many days. One rebuild per client at a time.

    `effect` is the transaction of the job that asks; without it, one of its own.
    """
    with effect or transaction.atomic(), connection.cursor() as cursor:
        be_the_only_writer(client)
        changed = _take_changed_days()
        for family, days in changed.items():
            table, rebuild = REBUILD[family]
            cursor.execute(f"DELETE FROM {table} WHERE day = ANY(%s)", [days])
            cursor.execute(rebuild, [days])
        if changed:
            _next_data_version()
            signals.figures_changed.send(sender=None, client=client)
        return sum(len(days) for days in changed.values())


def rebuild_all(client: Client) -> None:
    """Rebuild the roll-ups of every day on which the client has facts, then those that are still marked as changed.

    For facts that came back with the number of their figures: it is raised only by marks that came with them.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        be_the_only_writer(client)
        for family, (table, rebuild) in REBUILD.items():
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(rebuild, [_days_of(family)])
        catch_up(client)


def data_version() -> int:
    """Number of rebuilds so far; equal numbers mean equal figures."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM kpis_dataversion")
        return int(cursor.fetchone()[0])


def _days_of(family: str) -> list[date]:
    tables = [table.name for table in TABLES if table.family == family]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(f"SELECT day FROM {table}" for table in tables))
        return [day for (day,) in cursor.fetchall()]


def _take_changed_days() -> dict[str, list[date]]:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM campaigns_dirtyday RETURNING family, day")
        changed: dict[str, list[date]] = {}
        for family, day in cursor.fetchall():
            changed.setdefault(family, []).append(day)
        return changed


def _next_data_version() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO kpis_dataversion AS current (id, number) VALUES (1, 1)
               ON CONFLICT (id) DO UPDATE SET number = current.number + 1"""
        )
