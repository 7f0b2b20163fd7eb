"""Who was a customer when a period began, who was when it ended, and who of these was new: three ways, of which one is in force.

contractual: by subscriptions, on the evening before and on the last; without any, by what is told of acquisitions and ends.
activity: who ordered within the window of days up to the evening before, and up to the last; new is whose first order ever is
    in the period, so that those who came back can bring more than there were.
overlap: who was active in the period before of equal length (of whole months: as many months), and in the period itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers.selects import ACQUISITION, Cell, active, select
from kpis.measures import Measure
from kpis.slices import PARTS, Scope

_MODE = """(SELECT coalesce(nullif(%(retention_mode)s, 'automatic'),
    CASE WHEN EXISTS (SELECT 1 FROM kpis_customerspan) THEN 'contractual' ELSE 'activity' END))"""
# Without subscriptions, what is known of a customer as a whole.
_CONTRACTS = """(SELECT person_id, since, until FROM kpis_customerspan
    UNION ALL SELECT person_id, acquired_day, cancelled_day FROM kpis_customerstate
    WHERE NOT EXISTS (SELECT 1 FROM kpis_customerspan)) AS contract"""
_WHOLE_MONTHS = "extract(day FROM part.since) = 1 AND extract(day FROM part.until + 1) = 1"
_MONTHS = "extract(year FROM age(part.until + 1, part.since)) * 12 + extract(month FROM age(part.until + 1, part.since))"
_BEFORE = f"""(SELECT CASE WHEN {_WHOLE_MONTHS} THEN (part.since - make_interval(months => ({_MONTHS})::int))::date
    ELSE part.since - (part.until - part.since + 1) END AS since) AS earlier"""
_CELLS = {column: Cell(f"count(*) FILTER (WHERE part.{column})") for column in ("at_start", "at_end", "new_at_end")}


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    return [select("retention", measures, _CELLS, f"({people(PARTS)}) AS part {ACQUISITION.format('part')}", scope)]


def people(parts: str) -> str:
    """Rows (number, since, person_id, at_start, at_end, new_at_end) of the periods of `parts`, each person once for each."""
    return f"""
        SELECT number, since, person_id, at_start, at_end, at_end AND NOT at_start AS new_at_end FROM (
            SELECT part.number, part.since, contract.person_id,
                bool_or(contract.since < part.since) AS at_start,
                bool_or(contract.until IS NULL OR contract.until > part.until) AS at_end
            FROM {parts} JOIN {_CONTRACTS} ON contract.since <= part.until AND (contract.until IS NULL OR contract.until >= part.since)
            WHERE {_MODE} = 'contractual' GROUP BY 1, 2, 3) AS contractual
        UNION ALL
        SELECT number, since, person_id, at_start, at_end, at_end AND state.first_order_day BETWEEN since AND until FROM (
            SELECT part.number, part.since, part.until, bought.person_id,
                bool_or(bought.day < part.since) AS at_start,
                bool_or(bought.day > part.until - %(activity_window)s) AS at_end
            FROM {parts} JOIN kpis_customerday AS bought ON bought.orders > 0
                AND bought.day BETWEEN part.since - %(activity_window)s AND part.until
            WHERE {_MODE} = 'activity' GROUP BY 1, 2, 3, 4) AS ordered JOIN kpis_customerstate AS state USING (person_id)
        UNION ALL
        SELECT number, since, person_id, bool_or(before), bool_or(NOT before), NOT bool_or(before) FROM (
            SELECT part.number, part.since, who.person_id, TRUE AS before
            FROM {parts} CROSS JOIN LATERAL {_BEFORE} CROSS JOIN LATERAL ({active("earlier.since", "part.since - 1")}) AS who
            WHERE {_MODE} = 'overlap'
            UNION ALL
            SELECT part.number, part.since, who.person_id, FALSE
            FROM {parts} CROSS JOIN LATERAL ({active("part.since", "part.until")}) AS who
            WHERE {_MODE} = 'overlap') AS there
        GROUP BY 1, 2, 3
    """
