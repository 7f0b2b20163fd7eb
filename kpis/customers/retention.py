"""Who was a customer when a period began, who was when it ended, and who of these was new: three ways, of which one is in force.

contractual: by subscriptions, on the evening before and on the last; without any, by what is told of acquisitions and ends.
activity: who ordered within the window of days up to the evening before, and up to the last; new is whose first order ever is
    in the period, so that those who came back can bring more than there were.
overlap: who was active in the period before of equal length (of whole months: as many months), and in the period itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from kpis.customers.selects import ACQUISITION, Cell, acquisition, active, level_on, levels, person, select_keyed
from kpis.measures import Measure
from kpis.slices import PARTS, Scope

_MODE = """(SELECT coalesce(nullif(%(retention_mode)s, 'automatic'),
    CASE WHEN EXISTS (SELECT 1 FROM kpis_customerspan) THEN 'contractual' ELSE 'activity' END))"""
# On which evenings each person has a subscription or, without any, is told to be a customer, from `since` up to, and not
# including, `until` (null: still); no two of one overlap.
_STRETCHES = f"""
    SELECT person_id, lower(stretch) AS since, upper(stretch) AS until FROM (
        SELECT person_id, unnest(range_agg(daterange(since, until))) AS stretch FROM kpis_customerspan
        WHERE {_MODE} = 'contractual' AND (until IS NULL OR until > since) GROUP BY 1) AS subscribed
    UNION ALL
    SELECT person_id, acquired_day, cancelled_day FROM kpis_customerstate
    WHERE {_MODE} = 'contractual' AND (cancelled_day IS NULL OR cancelled_day > acquired_day)
        AND NOT EXISTS (SELECT 1 FROM kpis_customerspan)"""
# Up to, and not including, which evening somebody who ordered on a day is active by that.
_LAPSES = "least(bought.next_order_day, bought.day + %(activity_window)s)"
# The same, with those of people who ordered.
_EVERY_STRETCH = f"""{_STRETCHES}
    UNION ALL
    SELECT person_id, day, {_LAPSES} FROM kpis_customerday AS bought WHERE {_MODE} = 'activity' AND orders > 0"""
_WHOLE_MONTHS = "extract(day FROM part.since) = 1 AND extract(day FROM part.until + 1) = 1"
_MONTHS = "extract(year FROM age(part.until + 1, part.since)) * 12 + extract(month FROM age(part.until + 1, part.since))"
_BEFORE = f"""(SELECT CASE WHEN {_WHOLE_MONTHS} THEN (part.since - make_interval(months => ({_MONTHS})::int))::date
    ELSE part.since - (part.until - part.since + 1) END AS since) AS earlier"""
COUNTS = ("at_start", "at_end", "new_at_end")


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    return [select_keyed("retention", measures, {name: Cell(f"sum(kept.{name})") for name in COUNTS}, counts(PARTS, scope), scope)]


def rows(measures: Sequence[Measure], scope: Scope) -> list[str]:
    """Who was there at the start, at the end, and new then: on the day on which they left, or since which they have been there."""
    cells = {"at_start": "there.at_start", "at_end": "there.at_end", "new_at_end": "there.new_at_end"}
    people = f"FROM ({_PEOPLE}) AS there {ACQUISITION.format('there')} WHERE {scope.where}"
    overlapping = {"at_start": "there.was::int", "at_end": "there.is_there::int", "new_at_end": "(NOT there.was)::int"}
    both = f"FROM ({_OVERLAP.format(parts=PARTS)}) AS there {ACQUISITION.format('there')} WHERE {scope.where}"
    return [
        f"SELECT {person(measures, cells, 'there.day')} {people}",
        f"SELECT {person(measures, overlapping, 'coalesce(there.day, there.since)')} {both}",
    ]


def counts(parts: str, scope: Scope) -> str:
    """Rows (number, since, key, at_start, at_end, new_at_end) of the periods of `parts`; several of one add up."""
    return f"""
        WITH stretch AS MATERIALIZED ({_STRETCHES}),
        level AS MATERIALIZED ({levels(_changes(parts, scope))})
        SELECT part.number, part.since, level.key, CASE WHEN evening.is_first THEN {level_on("evening.day")} ELSE 0 END AS at_start,
            CASE WHEN evening.is_first THEN 0 ELSE {level_on("evening.day")} END AS at_end, 0 AS new_at_end
        FROM {parts} CROSS JOIN LATERAL (VALUES (part.since - 1, TRUE), (part.until, FALSE)) AS evening (day, is_first)
        JOIN level ON level.days[1] <= evening.day
        UNION ALL
        SELECT part.number, part.since, {scope.key}, 0, 0, count(*)
        FROM {parts} JOIN stretch
            ON stretch.since BETWEEN part.since AND part.until AND (stretch.until IS NULL OR stretch.until > part.until)
        {acquisition("stretch", scope)} {scope.join}
        LEFT JOIN stretch AS earlier
            ON earlier.person_id = stretch.person_id AND earlier.since < part.since AND earlier.until >= part.since
        WHERE earlier.person_id IS NULL AND {scope.where}
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT part.number, part.since, {scope.key}, 0, 0, count(*)
        FROM {parts} JOIN kpis_customerstate AS row ON row.first_order_day BETWEEN part.since AND part.until
        JOIN kpis_customerday AS bought ON bought.person_id = row.person_id AND bought.day BETWEEN part.since AND part.until
            AND bought.orders > 0 AND {_LAPSES} > part.until
        {scope.join} WHERE {_MODE} = 'activity' AND {scope.where}
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT there.number, there.since, {scope.key}, count(*) FILTER (WHERE was), count(*) FILTER (WHERE is_there),
            count(*) FILTER (WHERE NOT was)
        FROM ({_OVERLAP.format(parts=parts)}) AS there {acquisition("there", scope)} {scope.join} WHERE {scope.where} GROUP BY 1, 2, 3"""


def _changes(parts: str, scope: Scope) -> str:
    """On which days how many more or fewer people are customers; those who lapsed before all of `parts` need not be counted."""
    # Summed by day on the way in and on the way out, so that it is never as many rows as there are orders.
    of_orders = [
        f"""SELECT {scope.key} AS key, {day} AS day, {sign}count(*) AS by
            FROM kpis_customerday AS bought {acquisition("bought", scope)} {scope.join}
            WHERE {_MODE} = 'activity' AND bought.orders > 0 AND {scope.where} AND bought.day BETWEEN
                (SELECT min(part.since) - 1 - %(activity_window)s FROM {parts}) AND (SELECT max(part.until) FROM {parts})
            GROUP BY 1, 2"""
        for sign, day in (("", "bought.day"), ("-", _LAPSES))
    ]
    return f"""
        SELECT {scope.key} AS key, turn.day, turn.by FROM stretch {acquisition("stretch", scope)} {scope.join}
        CROSS JOIN LATERAL (VALUES (stretch.since, 1), (stretch.until, -1)) AS turn (day, by)
        WHERE turn.day IS NOT NULL AND {scope.where}
        UNION ALL {" UNION ALL ".join(of_orders)}"""


# A stretch that began in a part and goes on, of somebody who was not there when the part began.
_NEW = f"""JOIN stretch ON stretch.since BETWEEN part.since AND part.until AND (stretch.until IS NULL OR stretch.until > part.until)
    {ACQUISITION.format("stretch")}
    LEFT JOIN stretch AS earlier ON earlier.person_id = stretch.person_id AND earlier.since < part.since AND earlier.until >= part.since"""
_IS_NEW = f"earlier.person_id IS NULL AND ({_MODE} <> 'activity' OR row.first_order_day >= part.since)"
# Each person of a part, with the stretches of its two evenings put together.
_PEOPLE = f"""
    WITH stretch AS MATERIALIZED ({_EVERY_STRETCH}),
    evening AS (
        SELECT part.number, stretch.person_id, stretch.since, stretch.until, 1 AS at_start, 0 AS at_end, 0 AS new_at_end
        FROM {PARTS} JOIN stretch ON stretch.since < part.since AND (stretch.until IS NULL OR stretch.until >= part.since)
        UNION ALL
        SELECT part.number, stretch.person_id, stretch.since, stretch.until, 0, 1, 0
        FROM {PARTS} JOIN stretch ON stretch.since <= part.until AND (stretch.until IS NULL OR stretch.until > part.until)
        UNION ALL
        SELECT part.number, stretch.person_id, stretch.since, stretch.until, 0, 0, 1 FROM {PARTS} {_NEW} WHERE {_IS_NEW})
    SELECT person_id, CASE WHEN sum(at_end) = 0 THEN max(until) ELSE max(since) END AS day,
        sum(at_start) AS at_start, sum(at_end) AS at_end, sum(new_at_end) AS new_at_end
    FROM evening GROUP BY number, person_id"""
_OVERLAP = f"""
    SELECT number, since, person_id, bool_or(before) AS was, bool_or(NOT before) AS is_there,
        (SELECT max(day) FROM kpis_customerday AS bought WHERE bought.person_id = active.person_id AND bought.orders > 0
            AND bought.day <= active.until) AS day
    FROM (
        SELECT part.number, part.since, part.until, who.person_id, TRUE AS before
        FROM {{parts}} CROSS JOIN LATERAL {_BEFORE} CROSS JOIN LATERAL ({active("earlier.since", "part.since - 1")}) AS who
        WHERE {_MODE} = 'overlap'
        UNION ALL
        SELECT part.number, part.since, part.until, who.person_id, FALSE
        FROM {{parts}} CROSS JOIN LATERAL ({active("part.since", "part.until")}) AS who
        WHERE {_MODE} = 'overlap') AS active
    GROUP BY number, since, until, person_id"""
