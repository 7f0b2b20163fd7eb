"""The client's main KPIs with their course, and the course of what adds up by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from campaigns.channels import CHANNELS
from kpis import query
from kpis.definitions import DEFINITIONS
from kpis.periods import Period
from kpis.query import Answer, By, Question
from reports.content import Tile, Trend
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, is_known

DEFAULT = ("revenue", "spend", "roas", "leads", "cpl", "orders")
# For who sells nothing that we know of, and gathers no leads.
OTHERS = ("sessions", "site_conversions", "email_delivered", "open_rate", "engagements")
CANDIDATES = (*DEFAULT, *OTHERS)
LEAST, MOST = 3, 6


@dataclass(frozen=True)
class Headlines:
    """`candidates`: KPIs, what matters most first. At most `most` of those there is data of are shown, at least `least` in all.

    `also`: KPIs whose course is asked besides. `layered`: those that add up, of which it is asked by channel.
    """

    candidates: tuple[str, ...]
    most: int = MOST
    least: int = LEAST
    also: tuple[str, ...] = ()
    layered: tuple[str, ...] = ()

    def trend(self, frame: Frame) -> Question:
        """Compared with itself: a course is not compared."""
        return Question(
            frame.trend, frame.by, tuple(dict.fromkeys((*self.candidates, *self.also))), frame.trend, frame.only, calendar=frame.calendar
        )

    def layers(self, frame: Frame) -> Question:
        return Question(frame.trend, frame.by, self.layered, frame.trend, frame.only, across=By.CHANNEL, calendar=frame.calendar)

    def questions(self, frame: Frame) -> Sequence[Question]:
        return [self.trend(frame), self.layers(frame)] if self.layered else [self.trend(frame)]

    def buckets(self, found: Gathering) -> tuple[str, ...]:
        return tuple(group.key for group in found.answer(self.trend(found.frame)).groups)

    def tiles(self, found: Gathering) -> tuple[Tile, ...]:
        every = [Tile(found.figure(slug), self.course(found, slug)) for slug in self.candidates]
        known = [tile for tile in every if is_known(tile.figure) or any(value is not None for value in tile.trend.values)][: self.most]
        chosen = {tile.figure.slug for tile in known}
        chosen |= {tile.figure.slug for tile in [one for one in every if one.figure.slug not in chosen][: max(0, self.least - len(known))]}
        return tuple(tile for tile in every if tile.figure.slug in chosen)

    def course(self, found: Gathering, slug: str) -> Trend:
        answer = found.answer(self.trend(found.frame))
        return Trend(slug, tuple(_whole_value(slug, group.sums, group.period, answer) for group in answer.groups))

    def by_channel(self, found: Gathering, slug: str) -> dict[str, tuple[Decimal | None, ...]]:
        """One of `layered` in every channel that had any, by day, week or month."""
        answer = found.answer(self.layers(found.frame))
        periods = tuple(group.period for group in answer.groups)
        told = {channel for (_, channel), sums in answer.across.items() if sums}
        return {
            channel: tuple(_whole_value(slug, answer.across.get((period, channel), query.Sums()), period, answer) for period in periods)
            for channel in CHANNELS
            if channel in told
        }


MAIN = Headlines(CANDIDATES, layered=("leads",))


def leads_by_channel(found: Gathering) -> dict[str, tuple[Decimal | None, ...]]:
    """Leads of every channel that had any, by week or month."""
    return MAIN.by_channel(found, "leads")


def _whole_value(slug: str, sums: query.Sums, period: Period, answer: Answer) -> Decimal | None:
    """A KPI of a day, week or month; None where a day of it is not loaded, for a part would look like a fall."""
    if not query.is_whole(DEFINITIONS[slug], period, answer.coverage):
        return None
    return query.evaluate(DEFINITIONS[slug], sums, period, answer.coverage).decimal
