"""Rebuild the roll-ups of the days that changed, in one transaction: readers see the old figures or the new, never a mixture."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from accounts.models import Client
from campaigns import systems
from campaigns.tables import TABLES
from campaigns.writer import be_the_only_writer
from kpis import signals

KIND = "kpis.recompute"
# Days on which no rates are published, at most: a long week-end of holidays.
RATE_SERVES = 8


def _per_euro(currency: str) -> str:
    """Units of a currency for one euro on the day of the row, by the last rates published; null where there are none."""
    return f"""CASE {currency} WHEN 'EUR' THEN 1 ELSE (
        SELECT per_euro FROM rates_exchangerate AS rate WHERE rate.currency = {currency}
        AND rate.day <= summed.day AND rate.day > summed.day - {RATE_SERVES} ORDER BY rate.day DESC LIMIT 1) END"""


# What one unit of the row's currency is worth in the client's.
FACTOR = f"""CROSS JOIN LATERAL (SELECT CASE WHEN summed.currency = %(currency)s THEN 1
    ELSE {_per_euro("%(currency)s")} / {_per_euro("summed.currency")} END AS factor) AS worth"""


def _whole(column: str) -> str:
    """A sum of a column; null where a part is not reported."""
    return f"CASE WHEN count({column}) = count(*) THEN sum({column}) END"


def _money(column: str) -> str:
    """The sum in the client's currency; null where a part is not reported or has no rate."""
    return f"CASE WHEN count(summed.{column} * factor) = count(*) THEN round(sum(summed.{column} * factor)) END"


def _counted(column: str) -> str:
    """Of conversions: where the client chose what counts, a day without any is a day of none."""
    return f"CASE WHEN choosing.connection_id IS NULL THEN conversion.{column} ELSE coalesce(conversion.{column}, 0) END"


ADS = f"""
    INSERT INTO kpis_adrollup
        (day, channel, campaign_id, impressions, clicks, spend_nano, conversions_millionths, conversion_value_nano, unconverted)
    WITH choosing AS (SELECT DISTINCT connection_id FROM campaigns_conversionaction WHERE counts IS NOT NULL),
    conversion AS (
        SELECT said.connection_id, said.day, said.campaign_id,
            {_whole("said.conversions_millionths")} AS conversions_millionths, {_whole("said.value_nano")} AS value_nano
        FROM campaigns_adconversion AS said
        LEFT JOIN choosing USING (connection_id)
        LEFT JOIN campaigns_conversionaction AS chosen ON chosen.connection_id = said.connection_id AND chosen.action = said.action
        WHERE said.day = ANY(%(days)s) AND CASE WHEN choosing.connection_id IS NULL THEN said.action = ''
            ELSE said.action <> '' AND coalesce(chosen.counts, chosen.counts_there, false) END
        GROUP BY 1, 2, 3),
    summed AS (
        SELECT fact.day, platform.channel, platform.campaign_id, source.currency,
            {_whole("fact.impressions")} AS impressions, {_whole("fact.clicks")} AS clicks, {_whole("fact.spend_nano")} AS spend_nano,
            {_whole(_counted("conversions_millionths"))} AS conversions_millionths, {_whole(_counted("value_nano"))} AS value_nano
        FROM campaigns_adday AS fact
        JOIN campaigns_connection AS source ON source.id = fact.connection_id
        JOIN campaigns_platformcampaign AS platform ON platform.id = fact.campaign_id
        LEFT JOIN choosing ON choosing.connection_id = fact.connection_id
        LEFT JOIN conversion ON conversion.connection_id = fact.connection_id
            AND conversion.day = fact.day AND conversion.campaign_id = fact.campaign_id
        WHERE fact.day = ANY(%(days)s)
        GROUP BY fact.day, platform.channel, platform.campaign_id, source.currency)
    SELECT summed.day, summed.channel, summed.campaign_id, {_whole("summed.impressions")}, {_whole("summed.clicks")},
        {_money("spend_nano")}, {_whole("summed.conversions_millionths")}, {_money("value_nano")}, count(*) FILTER (WHERE factor IS NULL)
    FROM summed {FACTOR} GROUP BY 1, 2, 3
"""
LEADS = """
    INSERT INTO kpis_leadrollup (day, channel, campaign_id, leads)
    SELECT fact.day, origin.channel, coalesce(origin.campaign_id, 0), count(*)
    FROM campaigns_lead AS fact
    JOIN campaigns_connection AS source ON source.id = fact.connection_id AND source.source = %(leads)s
    JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
    WHERE fact.day = ANY(%(days)s) GROUP BY 1, 2, 3
"""
# Orders of the system of record; of a CRM, the deals it won, on the day they were won and from where the lead came.
ORDERS = f"""
    INSERT INTO kpis_orderrollup (day, channel, campaign_id, orders, order_amount_nano, revenue_nano, unconverted)
    WITH sale AS (
        SELECT fact.day, fact.kind, fact.amount_nano, fact.origin_id, coalesce(nullif(fact.currency, ''), source.currency) AS currency
        FROM campaigns_order AS fact
        JOIN campaigns_connection AS source ON source.id = fact.connection_id AND source.source = %(revenue)s
        WHERE fact.day = ANY(%(days)s)
        UNION ALL
        SELECT (deal.won_at AT TIME ZONE %(zone)s)::date, 'order', deal.amount_nano, lead.origin_id,
            coalesce(nullif(deal.currency, ''), source.currency)
        FROM campaigns_deal AS deal
        JOIN campaigns_connection AS source ON source.id = deal.connection_id AND source.source = %(revenue)s
        LEFT JOIN campaigns_lead AS lead ON lead.connection_id = deal.connection_id AND lead.external_id = deal.lead_ref
        WHERE (deal.won_at AT TIME ZONE %(zone)s)::date = ANY(%(days)s)
            AND NOT EXISTS (SELECT 1 FROM campaigns_order AS fact WHERE fact.connection_id = deal.connection_id)),
    summed AS (
        SELECT sale.day, coalesce(origin.channel, 'unknown') AS channel, coalesce(origin.campaign_id, 0) AS campaign_id, sale.currency,
            count(*) FILTER (WHERE sale.kind = 'order') AS orders,
            coalesce(sum(sale.amount_nano) FILTER (WHERE sale.kind = 'order'), 0) AS order_amount_nano,
            {_whole("sale.amount_nano")} AS revenue_nano
        FROM sale LEFT JOIN campaigns_origin AS origin ON origin.id = sale.origin_id GROUP BY 1, 2, 3, 4)
    SELECT summed.day, summed.channel, summed.campaign_id, sum(summed.orders), {_money("order_amount_nano")}, {_money("revenue_nano")},
        count(*) FILTER (WHERE factor IS NULL)
    FROM summed {FACTOR} GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class RollUp:
    """A table of sums by day, channel and campaign, the statement that rebuilds days of it, and the families it is made of."""

    table: str
    rebuild: str
    families: tuple[str, ...]


ROLL_UPS = (
    RollUp("kpis_adrollup", ADS, ("ads",)),
    RollUp("kpis_leadrollup", LEADS, ("leads",)),
    RollUp("kpis_orderrollup", ORDERS, ("orders", "deals")),
)


def catch_up(client: Client, effect: AbstractContextManager[None] | None = None) -> int:
    """Rebuild every changed day of the client whose schema is open; return how many days. One rebuild per client at a time.

    `effect` is the transaction of the job that asks; without it, one of its own.
    """
    with effect or transaction.atomic(), connection.cursor() as cursor:
        be_the_only_writer(client)
        changed = _take_changed_days()
        if leads := changed.get("leads"):
            changed.setdefault("deals", []).extend(_won_from(client, leads))
        for roll_up in ROLL_UPS:
            if days := {day for family in roll_up.families for day in changed.get(family, ())}:
                cursor.execute(f"DELETE FROM {roll_up.table} WHERE day = ANY(%s)", [list(days)])
                cursor.execute(roll_up.rebuild, _asked(client, days))
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
        for roll_up in ROLL_UPS:
            cursor.execute(f"DELETE FROM {roll_up.table}")
            cursor.execute(roll_up.rebuild, _asked(client, _days_of(client, roll_up)))
        catch_up(client)


def data_version() -> int:
    """Number of rebuilds so far; equal numbers mean equal figures."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(number), 0) FROM kpis_dataversion")
        return int(cursor.fetchone()[0])


def _asked(client: Client, days: Iterable[date]) -> dict[str, Any]:
    return {"days": list(days), "currency": client.currency, "zone": client.timezone, **systems.in_force()}


def _days_of(client: Client, roll_up: RollUp) -> set[date]:
    """Every day on which the roll-up may have a row."""
    tables = [table for table in TABLES if table.family in roll_up.families]
    days = [f"SELECT day FROM {table.name}" for table in tables]
    days += [f"SELECT ({column} AT TIME ZONE %(zone)s)::date FROM {table.name}" for table in tables for column in table.instants]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(days), {"zone": client.timezone})
        return {day for (day,) in cursor.fetchall() if day}


def _won_from(client: Client, days: list[date]) -> list[date]:
    """The days on which deals count that lead back to leads of these days, or to none any more: their channel is that of the lead."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT (deal.won_at AT TIME ZONE %(zone)s)::date FROM campaigns_deal AS deal
               JOIN campaigns_connection AS source ON source.id = deal.connection_id AND source.source = %(revenue)s
               LEFT JOIN campaigns_lead AS lead ON lead.connection_id = deal.connection_id AND lead.external_id = deal.lead_ref
               WHERE deal.won_at IS NOT NULL AND (lead.day = ANY(%(days)s) OR lead.day IS NULL)""",
            _asked(client, days),
        )
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
