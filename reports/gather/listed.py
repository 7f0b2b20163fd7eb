"""Tables of the largest mailings, landing pages and posts, with what they leave over and the total of all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kpis import things
from kpis.definitions import DEFINITIONS
from kpis.measures import Measure
from kpis.periods import Period
from kpis.query import Question, Slice, Sum, Sums
from kpis.things import Kind, Thing
from reports.content import Row, Table
from reports.gather.frame import Frame
from reports.gather.gathering import Gathering, figures

LISTED = 10
# What somebody may have put into the address of a page.
_ADDRESS = re.compile(r"[^\s/?&=;,@]+(@|%40)[^\s/?&=;,@]+")


@dataclass(frozen=True)
class Listing:
    """`columns`: KPIs; those with the most of the first measure of the first are listed. `is_compared`: they exist in the period before."""

    kind: Kind
    columns: tuple[str, ...]
    channel: str = ""
    is_compared: bool = False

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(dict.fromkeys(measure for slug in self.columns for measure in DEFINITIONS[slug].measures))

    def question(self, frame: Frame) -> Question:
        return Question(frame.period, None, self.columns, frame.previous)

    def questions(self, frame: Frame) -> Sequence[Question]:
        return [self.question(frame)]

    def table(self, found: Gathering) -> Table | None:
        """None where nothing of the kind is known of the period."""
        frame, answer = found.frame, found.answer(self.question(found.frame))
        if not answer.total.sums:
            return None
        periods = (frame.period, frame.previous) if self.is_compared else (frame.period,)
        named = things.of(found.parameters, self.kind, self.measures, periods)
        present = sorted((thing for thing in named if frame.period in thing.sums), key=lambda thing: self._place(thing, frame.period))
        if not present:
            return None
        listed = [self._slice(thing, frame) for thing in present[:LISTED]]
        rows = [
            Row(part.key, self.channel, figures(part, self.columns, answer.coverage), title=without_addresses(thing.title), url=_url(thing))
            for thing, part in zip(present, listed, strict=False)
        ]
        rest = self._rest(answer.total, listed)
        if len(present) > LISTED or any(part.total or part.unknown for part in rest.sums.of.values()):
            rows.append(Row("", "", figures(rest, self.columns, answer.coverage), is_rest=True))
        return Table(self.columns, tuple(rows), Row("", "", figures(answer.total, self.columns, answer.coverage)))

    def _place(self, thing: Thing, period: Period) -> tuple[int, str]:
        return -thing.sums[period].get(self.measures[0].slug).total, thing.key

    def _slice(self, thing: Thing, frame: Frame) -> Slice:
        previous = frame.previous if self.is_compared else None
        before = thing.sums.get(frame.previous, Sums())
        return Slice(without_addresses(thing.key), frame.period, previous, thing.sums[frame.period], before)

    def _rest(self, whole: Slice, listed: Iterable[Slice]) -> Slice:
        rest = Slice("", whole.period, whole.previous_period if self.is_compared else None)
        rest.sums = self._left(whole.sums, [part.sums for part in listed])
        rest.previous_sums = self._left(whole.previous_sums, [part.previous_sums for part in listed])
        return rest

    def _left(self, whole: Sums, listed: Sequence[Sums]) -> Sums:
        """Not known where the whole is not, nor where a platform tells less of an account than of its posts."""
        left = Sums(bases=whole.bases)
        for measure in self.measures:
            all_of_it = whole.get(measure.slug)
            total = all_of_it.total - sum(sums.get(measure.slug).total for sums in listed)
            unknown = all_of_it.unknown + (total < 0)
            left.of[measure.slug] = Sum(total, unknown, all_of_it.unconverted, all_of_it.unsettled)
        return left


MAILINGS = Listing(Kind.MAILING, ("email_sent", "email_delivered", "open_rate", "click_rate", "unsubscribe_rate"), channel="email")
PAGES = Listing(Kind.PAGE, ("sessions", "site_conversions", "landing_conversion_rate", "bounce_rate"), is_compared=True)
POSTS = Listing(Kind.POST, ("social_impressions", "engagements", "engagement_rate_by_impressions", "link_clicks"))


def without_addresses(key: str) -> str:
    """A report names no person: an e-mail address in a page's address is left out."""
    return _ADDRESS.sub("…", key)


def _url(thing: Thing) -> str:
    return "" if _ADDRESS.search(thing.url) else thing.url
