"""What is counted at a moment and never added up over days: subscribers of mailing lists and followers of social accounts."""

from __future__ import annotations

from collections.abc import Sequence

from kpis.measures import Measure
from kpis.slices import NO_BASES, PARTS, Scope

# A list of which nobody told for longer is not counted with what it last had.
SERVES_DAYS = 31
# A source that begins so tells of followers, any other of a mailing list.
SOCIAL = ("meta", "facebook", "instagram", "threads", "linkedin", "tiktok", "youtube", "x", "twitter", "pinterest", "snapchat")
_IS_SOCIAL = f"split_part(source.source, '_', 1) IN ({', '.join(map(repr, SOCIAL))})"
# For each column: which lists count, and the last day whose figure does.
_STOCKS = {
    "subscribers": (f"NOT {_IS_SOCIAL}", "part.until"),
    "subscribers_before": (f"NOT {_IS_SOCIAL}", "part.since - 1"),
    "followers": (_IS_SOCIAL, "part.until"),
}


def selects(measures: Sequence[Measure], scope: Scope) -> list[str]:
    """One row for each period; null where no list has a figure. A list of which nothing was told on a day keeps its last one."""
    totals = ", ".join(_stock(*_STOCKS[measure.column]) for measure in measures)
    nothing = ", ".join("0" for _ in measures)
    return [
        f"""SELECT kept.number, '', 'stocks', kept.totals,
                (SELECT array_agg((total IS NULL)::int ORDER BY place)
                    FROM unnest(kept.totals) WITH ORDINALITY AS one (total, place))::bigint[],
                ARRAY[{nothing}]::bigint[], 0::bigint, {NO_BASES}
            FROM (SELECT part.number, ARRAY[{totals}]::numeric[] AS totals FROM {PARTS}) AS kept"""
    ]


def rows(measures: Sequence[Measure], scope: Scope) -> list[str]:
    """What the measures add up: the newest figure of each list. Nobody tells them by channel."""
    return [_rows(measures, measure) for measure in measures]


def _rows(measures: Sequence[Measure], measure: Measure) -> str:
    amounts = ", ".join("newest.subscribers" if one is measure else "0" for one in measures)
    return f"""SELECT newest.day, '' AS channel, 0 AS campaign_id, newest.connection_id, newest.pull_id, newest.ref,
            ARRAY[{amounts}]::numeric[] AS amounts
        FROM {PARTS} CROSS JOIN LATERAL ({_newest(*_STOCKS[measure.column])}) AS newest"""


def _stock(counted: str, day: str) -> str:
    return f"(SELECT sum(newest.subscribers) FROM ({_newest(counted, day)}) AS newest)"


def _newest(counted: str, day: str) -> str:
    return f"""
        SELECT newest.day, list.connection_id, newest.pull_id, list.list_name AS ref, newest.subscribers FROM (
            SELECT DISTINCT told.connection_id, told.list_name FROM campaigns_audienceday AS told
            JOIN campaigns_connection AS source ON source.id = told.connection_id
            WHERE {counted} AND told.subscribers IS NOT NULL AND told.day BETWEEN {day} - {SERVES_DAYS} AND {day}) AS list
        CROSS JOIN LATERAL (
            SELECT told.day, told.pull_id, told.subscribers FROM campaigns_audienceday AS told
            WHERE told.connection_id = list.connection_id AND told.list_name = list.list_name
                AND told.subscribers IS NOT NULL AND told.day BETWEEN {day} - {SERVES_DAYS} AND {day}
            ORDER BY told.day DESC LIMIT 1) AS newest"""
