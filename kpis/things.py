"""Measures by what the sources name: mailings, landing pages and posts. Of the very facts that the roll-ups sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db import connection

from kpis import facts
from kpis.measures import Measure
from kpis.periods import ONE_DAY, Period
from kpis.slices import PARTS, Sum, Sums


class Kind(StrEnum):
    MAILING = "mailing"
    PAGE = "page"
    POST = "post"


@dataclass
class Thing:
    """`key`: the name of a mailing, the path of a page, the platform's id of a post. `sums` of each asked period in which it counts.

    `title` and `url`: what a post is called and where it is, as last told; "" where that is not.
    """

    key: str
    title: str = ""
    url: str = ""
    sums: dict[Period, Sums] = field(default_factory=dict)


# What is summed, and by what. Totals by day of an account that tells of no mailings are of none.
_MAILINGS = """SELECT told.*, send.name AS thing FROM ({email}) AS told
    JOIN campaigns_emailsend AS send ON send.connection_id = told.connection_id AND send.external_id = told.ref"""
_LAST = "coalesce((array_agg(fact.{0} ORDER BY fact.day DESC) FILTER (WHERE fact.{0} <> ''))[1], '')"
_FACTS = {
    Kind.MAILING: ("connection_id, ref", "max(fact.thing), '', ''", _MAILINGS.format(email=facts.EMAIL)),
    Kind.PAGE: ("ref", "ref, '', ''", facts.SITE),
    Kind.POST: ("connection_id, ref", f"ref, {_LAST.format('title')}, {_LAST.format('url')}", facts.POSTS),
}


def of(parameters: Mapping[str, Any], kind: Kind, measures: Sequence[Measure], periods: Sequence[Period]) -> list[Thing]:
    """What counts in one of `periods`, of the client whose schema is open. Of measures without money, for nothing is converted.

    `parameters`: as `recompute.parameters` gives them.
    """
    by, named, rows = _FACTS[kind]
    columns = [
        f"coalesce(sum(fact.{measure.column}), 0)::numeric, count(*) FILTER (WHERE fact.{measure.column} IS NULL)" for measure in measures
    ]
    unsettled = "sum(fact.unsettled)" if kind is Kind.MAILING else "0"
    statement = f"""SELECT part.number, concat_ws(' ', {by}), {named}, {unsettled}, {", ".join(columns)}
        FROM {PARTS} JOIN ({rows}) AS fact ON fact.day BETWEEN part.since AND part.until GROUP BY part.number, {by}"""
    asked: dict[str, Any] = {
        **parameters,
        "days": sorted({period.since + number * ONE_DAY for period in periods for number in range(period.days)}),
        "numbers": list(range(len(periods))),
        "sinces": [period.since for period in periods],
        "untils": [period.until for period in periods],
    }
    found: dict[str, Thing] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        for number, identity, key, title, url, unsettled_parts, *cells in cursor.fetchall():
            sums = {
                measure.slug: Sum(int(total), unknown, 0, int(unsettled_parts))
                for measure, total, unknown in zip(measures, cells[::2], cells[1::2], strict=True)
            }
            found.setdefault(identity, Thing(key, title, url)).sums[periods[number]] = Sums(sums)
    return list(found.values())
