"""What follows from the facts of each lead: where it came from, the days of its steps, and whether it became a customer.

A change of a lead changes the sums of the days it counted on before and of those it counts on now: the old state tells the former.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection

from kpis.facts import SOURCE, SPACE
from kpis.rules import EVENTS

COLUMNS = """connection_id, external_id, person_id, day, channel, campaign_id, mql_day, sql_day, won_day, deal_day, is_customer"""
# The rules of each step by the day of creation, and the conditions of those that wait for events.
_RULES = """rule AS (
    SELECT * FROM unnest(%(rule_steps)s::text[], %(rule_sinces)s::date[], %(rule_untils)s::date[], %(rule_kinds)s::text[],
        %(rule_scores)s::int[], %(rule_sizes)s::int[]) WITH ORDINALITY AS said (step, since, until, kind, at_least, size, number)),
    condition AS (
    SELECT * FROM unnest(%(condition_rules)s::int[], %(condition_places)s::int[], %(condition_kinds)s::text[],
        %(condition_times)s::int[], %(condition_assets)s::text[]) AS said (rule, place, kind, times, asset))"""
# What happened to the people behind the leads, by whatever key it was told. A touch that names a lead is that lead's person's.
_TOUCHES = f"""touch AS (
    SELECT named.person_id, fact.kind, fact.asset, fact.at
    FROM (SELECT DISTINCT person_id FROM lead) AS wanted JOIN campaigns_personkey AS named ON named.person_id = wanted.person_id
    JOIN campaigns_connection AS source ON {SPACE} = named.space
    JOIN campaigns_touch AS fact ON fact.connection_id = source.id AND fact.lead_ref = named.value
    WHERE named.kind = 'lead'
    UNION ALL
    SELECT named.person_id, fact.kind, fact.asset, fact.at
    FROM (SELECT DISTINCT person_id FROM lead) AS wanted JOIN campaigns_personkey AS named ON named.person_id = wanted.person_id
    JOIN campaigns_connection AS source ON {SPACE} = named.space
    JOIN campaigns_touch AS fact ON fact.connection_id = source.id AND fact.customer_ref = named.value AND fact.lead_ref = ''
    WHERE named.kind = 'customer'),
    met AS (
    SELECT touch.person_id, condition.rule, condition.times, touch.at,
        row_number() OVER (PARTITION BY touch.person_id, condition.rule, condition.place ORDER BY touch.at) AS time
    FROM touch JOIN condition ON condition.kind = touch.kind AND touch.asset ILIKE condition.asset),
    events AS (SELECT person_id, rule, count(*) AS size, max(at) AS at FROM met WHERE time = times GROUP BY 1, 2)"""
_NO_TOUCHES = "events AS (SELECT 0::bigint AS person_id, 0::bigint AS rule, 0::bigint AS size, NULL::timestamptz AS at WHERE FALSE)"


def _qualified(step: str) -> str:
    """The instant of the step by the rule in force on the day the lead was created; nobody is qualified before that."""
    return f"""CASE {step}.kind WHEN 'reported' THEN lead.{step}_at
        WHEN 'score' THEN CASE WHEN lead.score >= {step}.at_least THEN lead.created_at END
        ELSE CASE WHEN {step}_events.at IS NOT NULL THEN greatest({step}_events.at, lead.created_at) END END"""


def _ruled(step: str) -> str:
    return f"""JOIN rule AS {step} ON {step}.step = '{step}' AND lead.day BETWEEN {step}.since AND {step}.until
        LEFT JOIN events AS {step}_events
            ON {step}_events.person_id = lead.person_id AND {step}_events.rule = {step}.number AND {step}_events.size = {step}.size"""


def _states(asked: dict[str, Any], only: str = "") -> str:
    """The states of the leads of the system of record, from the facts alone; `only` is a join with the keys of some of them."""
    return f"""
    WITH {_RULES},
    lead AS (
        SELECT fact.*, known.person_id, origin.channel, coalesce(origin.campaign_id, 0) AS campaign
        FROM campaigns_lead AS fact {SOURCE} AND source.source = %(leads)s {only}
        JOIN campaigns_origin AS origin ON origin.id = fact.origin_id
        LEFT JOIN campaigns_personkey AS known ON known.kind = 'lead' AND known.value = fact.external_id AND known.space = {SPACE}),
    {_TOUCHES if EVENTS in asked["rule_kinds"] else _NO_TOUCHES},
    deal AS (
        SELECT fact.connection_id, fact.lead_ref, min(fact.won_at) AS won_at
        FROM campaigns_deal AS fact JOIN lead ON lead.connection_id = fact.connection_id AND lead.external_id = fact.lead_ref
        WHERE fact.won_at IS NOT NULL GROUP BY 1, 2),
    with_deals AS (SELECT source.id FROM campaigns_connection AS source
        WHERE EXISTS (SELECT 1 FROM campaigns_deal AS told WHERE told.connection_id = source.id))
    SELECT lead.connection_id, lead.external_id, lead.person_id, lead.day, lead.channel, lead.campaign,
        ({_qualified("mql")} AT TIME ZONE %(zone)s)::date, ({_qualified("sql")} AT TIME ZONE %(zone)s)::date,
        CASE WHEN lead.connection_id NOT IN (SELECT id FROM with_deals) THEN (lead.won_at AT TIME ZONE %(zone)s)::date END,
        (deal.won_at AT TIME ZONE %(zone)s)::date,
        lead.won_at IS NOT NULL OR lead.customer_ref <> '' OR deal.won_at IS NOT NULL OR EXISTS (
            SELECT 1 FROM kpis_customerstate AS customer WHERE customer.person_id = lead.person_id AND customer.acquired_day IS NOT NULL)
    FROM lead {_ruled("mql")} {_ruled("sql")}
    LEFT JOIN deal ON deal.connection_id = lead.connection_id AND deal.lead_ref = lead.external_id
    """


# Leads whose state may be another than before, each select for one reason. Every change of a fact marks the fact's own day.
_OF_CHANGED_LEADS = f"""
    SELECT fact.connection_id, fact.external_id FROM campaigns_lead AS fact {SOURCE} AND source.source = %(leads)s
    WHERE fact.day = ANY(%(lead_days)s)
    UNION SELECT connection_id, external_id FROM kpis_leadstate WHERE day = ANY(%(lead_days)s)"""
_OF_CHANGED_DEALS = f"""
    SELECT fact.connection_id, fact.lead_ref FROM campaigns_deal AS fact {SOURCE} AND source.source = %(leads)s
    WHERE fact.day = ANY(%(deal_days)s) AND fact.lead_ref <> ''
    UNION SELECT connection_id, external_id FROM kpis_leadstate WHERE deal_day = ANY(%(deal_days)s)"""
# The first deal of a connection, or the last one gone: who tells what was won is another.
_OF_OTHER_TELLERS = f"""
    SELECT state.connection_id, state.external_id FROM kpis_leadstate AS state
    WHERE state.won_day IS NOT NULL AND EXISTS (SELECT 1 FROM campaigns_deal AS told WHERE told.connection_id = state.connection_id)
    UNION SELECT fact.connection_id, fact.external_id FROM campaigns_lead AS fact {SOURCE} AND source.source = %(leads)s
    JOIN kpis_leadstate AS state ON state.connection_id = fact.connection_id AND state.external_id = fact.external_id
    WHERE fact.won_at IS NOT NULL AND state.won_day IS NULL
        AND NOT EXISTS (SELECT 1 FROM campaigns_deal AS told WHERE told.connection_id = fact.connection_id)"""
# Whoever was touched on these days; and of whom a touch may be gone: those whom a rule of events qualified since.
_OF_CHANGED_TOUCHES = f"""
    SELECT state.connection_id, state.external_id FROM campaigns_touch AS fact {SOURCE}
    JOIN campaigns_personkey AS named ON named.space = {SPACE}
        AND named.kind = CASE WHEN fact.lead_ref <> '' THEN 'lead' ELSE 'customer' END
        AND named.value = CASE WHEN fact.lead_ref <> '' THEN fact.lead_ref ELSE fact.customer_ref END
    JOIN kpis_leadstate AS state ON state.person_id = named.person_id
    WHERE fact.day = ANY(%(touch_days)s)
    UNION SELECT state.connection_id, state.external_id FROM kpis_leadstate AS state
    JOIN unnest(%(rule_sinces)s::date[], %(rule_untils)s::date[], %(rule_kinds)s::text[]) AS rule (since, until, kind)
        ON rule.kind = 'events' AND state.day BETWEEN rule.since AND rule.until
    WHERE state.mql_day >= %(first_touch_day)s OR state.sql_day >= %(first_touch_day)s"""
_OF_PEOPLE = f"""
    SELECT connection_id, external_id FROM kpis_leadstate WHERE person_id = ANY(%(people)s)
    UNION SELECT source.id, named.value FROM campaigns_personkey AS named JOIN campaigns_connection AS source ON {SPACE} = named.space
    WHERE named.kind = 'lead' AND named.person_id = ANY(%(people)s) AND source.source = %(leads)s"""


def refresh(changed: dict[str, set[date]], asked: dict[str, Any], people: Iterable[int] = ()) -> dict[str, set[date]]:
    """Bring the states of the leads that changed days concern up to date; the days whose sums follow, by family of facts.

    `people`: those whose keys moved, or who became customers or are none any more. The days to be summed again are those on
    which a lead counted before or counts now, and those of deals that came from it.
    """
    asked = {
        **asked,
        "lead_days": sorted(changed.get("leads", ())),
        "deal_days": sorted(changed.get("deals", ())),
        "touch_days": sorted(changed.get("touches", ())),
        "first_touch_day": min(changed.get("touches", ()), default=date.max),
        "people": sorted(people),
    }
    reasons = _reasons(asked)
    if not reasons:
        return {}
    with connection.cursor() as cursor:
        _find_asked(cursor, reasons, asked)
        _bring_up_to_date(cursor, asked)
        deals = [_OF_MOVED_LEADS, _OF_DEALS, *([_OF_OTHER_LEADS] if asked["lead_days"] else [])]
        return {"leads": _days(cursor, _STEPS, asked), "deals": _days(cursor, " UNION ".join(deals), asked)}


def rebuild(asked: dict[str, Any]) -> None:
    """All states from the facts alone."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kpis_leadstate")
        cursor.execute(f"INSERT INTO kpis_leadstate ({COLUMNS}) {_states(asked)}", asked)


def _reasons(asked: dict[str, Any]) -> list[str]:
    """Selects of the leads whose state may be another."""
    reasons = [_OF_CHANGED_LEADS] if asked["lead_days"] else []
    reasons += [_OF_CHANGED_DEALS, _OF_OTHER_TELLERS] if asked["deal_days"] else []
    reasons += [_OF_CHANGED_TOUCHES] if asked["touch_days"] and EVENTS in asked["rule_kinds"] else []
    return reasons + ([_OF_PEOPLE] if asked["people"] else [])


def _find_asked(cursor: Any, reasons: list[str], asked: dict[str, Any]) -> None:
    """Make the table of the leads that the reasons name."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.asked_lead, pg_temp.new_lead, pg_temp.moved_lead")
    key = "PRIMARY KEY (connection_id, external_id)"
    cursor.execute(f"CREATE TEMPORARY TABLE asked_lead (connection_id bigint, external_id varchar, {key}) ON COMMIT DROP")
    for reason in reasons:
        cursor.execute(f"INSERT INTO asked_lead {reason} ON CONFLICT DO NOTHING", asked)
    cursor.execute("ANALYZE asked_lead")


def _bring_up_to_date(cursor: Any, asked: dict[str, Any]) -> None:
    """Write the states that differ; `moved_lead` keeps them as they were and as they are."""
    for table in ("new_lead", "moved_lead"):
        cursor.execute(f"CREATE TEMPORARY TABLE {table} (LIKE kpis_leadstate) ON COMMIT DROP")
    cursor.execute(f"INSERT INTO new_lead ({COLUMNS}) {_states(asked, _ASKED)}", asked)
    cursor.execute("ANALYZE new_lead")
    same = "old.connection_id = new.connection_id AND old.external_id = new.external_id"
    cursor.execute(
        f"""WITH gone AS (
            DELETE FROM kpis_leadstate AS old USING asked_lead
            WHERE old.connection_id = asked_lead.connection_id AND old.external_id = asked_lead.external_id
                AND NOT EXISTS (SELECT 1 FROM new_lead AS new WHERE {same} AND old IS NOT DISTINCT FROM new) RETURNING old.*)
        INSERT INTO moved_lead SELECT * FROM gone"""
    )
    cursor.execute(
        f"""WITH come AS (
            INSERT INTO kpis_leadstate SELECT new.* FROM new_lead AS new
            WHERE NOT EXISTS (SELECT 1 FROM kpis_leadstate AS old WHERE {same}) RETURNING *)
        INSERT INTO moved_lead SELECT * FROM come"""
    )


def _days(cursor: Any, query: str, asked: dict[str, Any]) -> set[date]:
    cursor.execute(query, asked)
    return {day for (day,) in cursor.fetchall()}


_ASKED = "JOIN asked_lead ON asked_lead.connection_id = fact.connection_id AND asked_lead.external_id = fact.external_id"
_STEPS = """
    SELECT DISTINCT step.day FROM moved_lead AS moved
    CROSS JOIN LATERAL (VALUES (moved.day), (moved.mql_day), (moved.sql_day), (moved.won_day)) AS step (day) WHERE step.day IS NOT NULL"""
# A won deal counts from where its lead came.
_WON = "SELECT (fact.won_at AT TIME ZONE %(zone)s)::date FROM campaigns_deal AS fact"
_OF_DEALS = f"{_WON} WHERE fact.won_at IS NOT NULL AND fact.day = ANY(%(deal_days)s)"
_OF_MOVED_LEADS = f"""{_WON}
    JOIN moved_lead AS moved ON moved.connection_id = fact.connection_id AND moved.external_id = fact.lead_ref
    WHERE fact.won_at IS NOT NULL"""
# That of a lead which is no lead of record has no state that tells from where it was before.
_OF_OTHER_LEADS = f"""{_WON} {SOURCE} AND source.source = %(revenue)s AND source.source <> %(leads)s
    LEFT JOIN campaigns_lead AS lead ON lead.connection_id = fact.connection_id AND lead.external_id = fact.lead_ref
    WHERE fact.won_at IS NOT NULL AND coalesce(lead.day = ANY(%(lead_days)s), TRUE)"""
