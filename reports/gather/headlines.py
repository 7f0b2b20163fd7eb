"""The client's main KPIs with their course, and the course of leads by channel."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from campaigns.channels import CHANNELS
from kpis import query, reading
from kpis.definitions import DEFINITIONS
from kpis.measures import LEADS
from kpis.periods import Period
from kpis.query import Answer, By, Question
from kpis.reading import Read
from kpis.slices import Only, Scope
from reports.content import Tile, Trend
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, is_known

DEFAULT = ("revenue", "spend", "roas", "leads", "cpl", "orders")
# For who sells nothing that we know of, and gathers no leads.
OTHERS = ("sessions", "site_conversions", "email_delivered", "open_rate", "engagements")
CANDIDATES = (*DEFAULT, *OTHERS)
LEAST, MOST = 3, 6


def trend(frame: Frame) -> Question:
    """Compared with itself: a course is not compared."""
    return Question(frame.trend, frame.by, CANDIDATES, frame.trend, calendar=frame.calendar)


def questions(frame: Frame) -> Sequence[Question]:
    return [trend(frame)]


def buckets(found: Gathering) -> tuple[str, ...]:
    return tuple(group.key for group in found.answer(trend(found.frame)).groups)


def tiles(found: Gathering) -> tuple[Tile, ...]:
    """Those of `CANDIDATES` that there is data of, at most six; where there are too few, others without."""
    every = [Tile(found.figure(slug), _trend(found, slug)) for slug in CANDIDATES]
    known = [tile for tile in every if is_known(tile.figure) or any(value is not None for value in tile.trend.values)][:MOST]
    chosen = {tile.figure.slug for tile in known}
    chosen |= {tile.figure.slug for tile in [one for one in every if one.figure.slug not in chosen][: max(0, LEAST - len(known))]}
    return tuple(tile for tile in every if tile.figure.slug in chosen)


def leads_by_channel(found: Gathering) -> dict[str, tuple[Decimal | None, ...]]:
    """Leads of every channel that had any, by week or month."""
    answer = found.answer(trend(found.frame))
    periods = tuple(group.period for group in answer.groups)
    [read] = reading.read([Read(Scope(By.CHANNEL, Only()), (LEADS,), periods)])
    told = {channel for (_, channel), sums in read.items() if sums}
    return {
        channel: tuple(_whole_value("leads", read.get((period, channel), query.Sums()), period, answer) for period in periods)
        for channel in CHANNELS
        if channel in told
    }


def _trend(found: Gathering, slug: str) -> Trend:
    answer = found.answer(trend(found.frame))
    return Trend(slug, tuple(_whole_value(slug, group.sums, group.period, answer) for group in answer.groups))


def _whole_value(slug: str, sums: query.Sums, period: Period, answer: Answer) -> Decimal | None:
    """A KPI of a week or month; None where a day of it is not loaded, for a part would look like a fall."""
    if not query.is_whole(DEFINITIONS[slug], period, answer.coverage):
        return None
    return query.evaluate(DEFINITIONS[slug], sums, period, answer.coverage).decimal
