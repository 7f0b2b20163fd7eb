"""Which days a family of facts has been loaded for: what tells "nothing happened" from "nobody told us"."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from django.db import connection

from campaigns import systems
from campaigns.connectors import settle_days
from campaigns.models import Connection
from kpis.definitions import Definition, Reason
from kpis.measures import MEASURES, Measure
from kpis.models import LAYOUT
from kpis.periods import ONE_DAY, Period

# What tells of customers: the first family of these that is loaded. Revenue is told by orders alone.
PURCHASES = "purchases"
TELL_OF_CUSTOMERS = ("orders", "subscriptions", "customers")
# What goes on while nobody speaks of it.
LASTING = ("subscriptions", "customers")
# What goes on growing for so many days after its own, by family.
MATURING = {(measure.family, measure.matures_in) for measure in MEASURES.values() if measure.matures_in}
# What is told and what is believed, and by which number the figures and the names and labels of campaigns go: as of one moment.
_STANDING = """
    SELECT coalesce((SELECT max(number) FROM kpis_dataversion), 0), (SELECT max(layout) FROM kpis_dataversion),
        (SELECT md5(string_agg(id || ':' || to_json(name)::text || labels::text, ',' ORDER BY id)) FROM campaigns_campaign),
        (SELECT json_object_agg(subject, source) FROM campaigns_systemofrecord)::text,
        (SELECT json_agg(json_build_array(span.family, span.since, span.until, source.id, source.source, source.state,
                source.credential_id IS NOT NULL) ORDER BY span.id)
            FROM campaigns_loadedspan AS span JOIN campaigns_connection AS source ON source.id = span.connection_id)::text
"""


@dataclass(frozen=True)
class Coverage:
    """The loaded spans of each family, by the connection that told them, of those whose word is summed.

    `ended`: connections that were disconnected, of which nothing is expected after what they told.
    `settled`: of families that platforms tell, the last day that each connection will not tell otherwise.
    `is_being_summed`: an update changed what is summed, and the sums are not there yet.
    """

    spans: dict[str, dict[int, list[Period]]]
    ended: frozenset[int] = frozenset()
    settled: Mapping[str, Mapping[int, date]] = field(default_factory=dict)
    is_being_summed: bool = False
    _days: dict[str, frozenset[int]] = field(default_factory=dict, compare=False, repr=False)
    _lasts: dict[str, list[date]] = field(default_factory=dict, compare=False, repr=False)
    _over: dict[Period | int, Over] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def load(cls) -> Coverage:
        return Standing.load().coverage

    def over(self, period: Period) -> Over:
        """What is told of each KPI in `period`, kept for all the figures of it, and of all days between two of `_turns`."""
        same = bisect_right(self._turns, period.since) if period.since == period.until else period
        found = self._over.get(same)
        if found is None:
            found = self._over[same] = Over(self, period)
        return found

    @cached_property
    def _turns(self) -> list[date]:
        """The days of which something may be told otherwise than of the day before."""
        spans = [span for told in self.spans.values() for of_connection in told.values() for span in of_connection]
        settled = [last for lasts in self.settled.values() for last in lasts.values()]
        mature = [last - timedelta(days=days) for family, days in MATURING if (last := self.last_day(family))]
        ends = [span.until for span in spans] + settled + mature
        return sorted({span.since for span in spans} | {end + ONE_DAY for end in ends if end < date.max})

    def counted(self, definition: Definition, period: Period) -> Period:
        """The days of `period` that a KPI counts: not those of which a part of what it is made of was told, and another not yet.

        Cut at the end alone: days in the middle that nobody told of stay in, and who stopped before it is not waited for.
        """
        families = definition.families_by_day
        if len(families) < 2:
            return period
        ends = {min((last for last in self._last_days(family) if last >= period.since), default=date.max) for family in families}
        end = min(ends)
        return Period(period.since, end) if end < period.until and len(ends) > 1 and date.max not in ends else period

    def gap(self, family: str, period: Period) -> Reason | None:
        """Why nothing is known of `family` in `period`, or None when at least a day of it is loaded."""
        if self.is_being_summed:
            return Reason.NOT_YET_OBSERVED
        spans = [span for told in self.spans.get(family, {}).values() for span in told]
        if any(span.since <= period.until and period.since <= span.until for span in spans):
            return None
        if spans and period.since > max(span.until for span in spans):
            return Reason.NOT_YET_OBSERVED
        return Reason.NOT_REPORTED

    def is_whole(self, family: str, period: Period) -> bool:
        """Whether every connection that ever told of the family has told of each day: only such sums are compared."""
        told = self.spans.get(family, {})
        return bool(told) and all(self._has_told(each, spans, period) for each, spans in told.items())

    def _has_told(self, connection: int, spans: list[Period], period: Period) -> bool:
        if connection not in self.ended:
            return _covers(spans, period)
        last = max(span.until for span in spans)
        return last < period.since or _covers(spans, Period(period.since, min(period.until, last)))

    def is_settled(self, family: str, period: Period) -> bool:
        """Whether nobody who told of `period`, or still may, will tell it otherwise."""
        return all(last >= period.until or self._had_ended(each, family, period) for each, last in self.settled.get(family, {}).items())

    def _had_ended(self, connection: int, family: str, period: Period) -> bool:
        return connection in self.ended and max(span.until for span in self.spans[family][connection]) < period.since

    def days_loaded(self, families: Iterable[str], period: Period) -> int:
        """On how many days of `period` everyone who is expected to has told of all the families."""
        asked = range(period.since.toordinal(), period.until.toordinal() + 1)
        return len(frozenset(asked).intersection(*map(self._loaded, families)))

    def _loaded(self, family: str) -> frozenset[int]:
        if family not in self._days:
            told = {each: _ordinals(spans) for each, spans in self.spans.get(family, {}).items()}
            anyone = set().union(*told.values())
            for each in self.ended & told.keys():
                told[each] |= set(range(max(told[each]), max(anyone) + 1))
            self._days[family] = frozenset(anyone.intersection(*told.values()))
        return self._days[family]

    def last_day(self, family: str) -> date | None:
        """Up to where everyone who still tells of the family has told."""
        return min(self._last_days(family), default=None)

    def _last_days(self, family: str) -> list[date]:
        """Those of everyone who still tells of the family; where nobody does, the last of all."""
        if family not in self._lasts:
            lasts = {each: max(span.until for span in spans) for each, spans in self.spans.get(family, {}).items()}
            self._lasts[family] = [last for each, last in lasts.items() if each not in self.ended] or sorted(lasts.values())[-1:]
        return self._lasts[family]


class Observed(NamedTuple):
    """What is told of a KPI in a period, whatever the part of it that is asked for.

    `until`: the last day it counts, where that is before the last one asked for. `gaps`: the measures of which nothing is known in
    these days, and why. `is_whole`: every day that is asked for is loaded for all that it is computed from.
    `may_change`: a part may be told otherwise or may yet grow, counted as it was. `days_loaded`: on which everyone told of all.
    """

    until: date | None
    gaps: Mapping[Measure, Reason]
    is_whole: bool
    may_change: bool
    days_loaded: int


class _Told(NamedTuple):
    """What is told of a family in a period."""

    gap: Reason | None
    is_whole: bool
    is_settled: bool


class Over(dict[Definition, Observed]):
    """What is told of each KPI in a period, worked out when it is first asked: thousands of figures ask the same."""

    def __init__(self, coverage: Coverage, period: Period) -> None:
        super().__init__()
        self._coverage, self._period = coverage, period
        self._told: dict[str, _Told] = {}

    def __missing__(self, definition: Definition) -> Observed:
        counted = self._coverage.counted(definition, self._period)
        if counted == self._period:
            found = self._observed(definition)
        else:
            found = self._coverage.over(counted)[definition]._replace(until=counted.until, is_whole=False)
        self[definition] = found
        return found

    def _observed(self, definition: Definition) -> Observed:
        return Observed(
            None,
            {measure: gap for measure in definition.measures if (gap := self._of(measure.family).gap)},
            all(self._of(family).is_whole for family in definition.families),
            any(map(self._may_change, definition.measures)),
            self._coverage.days_loaded(definition.families, self._period),
        )

    def _of(self, family: str) -> _Told:
        if family not in self._told:
            asked = family, self._period
            self._told[family] = _Told(self._coverage.gap(*asked), self._coverage.is_whole(*asked), self._coverage.is_settled(*asked))
        return self._told[family]

    def _may_change(self, measure: Measure) -> bool:
        if measure.settles_late and not self._of(measure.family).is_settled:
            return True
        if not measure.matures_in:
            return False
        last = self._coverage.last_day(measure.family)
        return last is not None and self._period.until + timedelta(days=measure.matures_in) > last


@dataclass(frozen=True)
class Standing:
    """What is loaded, and under which `version` the figures are the same."""

    coverage: Coverage
    version: str

    @classmethod
    def load(cls) -> Standing:
        with connection.cursor() as cursor:
            cursor.execute(_STANDING)
            [(number, layout, campaigns, chosen, spans)] = cursor.fetchall()
        if layout not in (None, LAYOUT):
            return cls(Coverage({}, is_being_summed=True), "")
        return cls(_coverage(json.loads(chosen or "{}"), json.loads(spans or "[]")), f"{number} {campaigns}")


def _coverage(chosen: dict[str, str], rows: list[tuple[str, str, str, int, str, str, bool]]) -> Coverage:
    spans: dict[str, dict[int, list[Period]]] = {}
    settles: dict[tuple[str, int], int] = {}
    ended = set()
    now = systems.believed(chosen, ((source, family) for family, _, _, _, source, _, _ in rows))
    for told, since, until, number, source, state, from_api in rows:
        if state == Connection.State.DISCONNECTED:
            ended.add(number)
        if family := systems.counted_as(told, source, now):
            spans.setdefault(family, {}).setdefault(number, []).append(Period(date.fromisoformat(since), date.fromisoformat(until)))
            if from_api:
                settles[family, number] = max(settles.get((family, number), 0), settle_days(source, told))
    settled: dict[str, dict[int, date]] = {}
    for (family, number), days in settles.items():
        settled.setdefault(family, {})[number] = max(span.until for span in spans[family][number]) - timedelta(days=days)
    for family in LASTING:
        spans[family] = {told: [_from_first_to_last(days)] for told, days in spans.get(family, {}).items()}
    spans[PURCHASES] = next((spans[family] for family in TELL_OF_CUSTOMERS if spans.get(family)), {})
    return Coverage(spans, frozenset(ended), settled)


def _ordinals(spans: list[Period]) -> set[int]:
    return {day for span in spans for day in range(span.since.toordinal(), span.until.toordinal() + 1)}


def _from_first_to_last(spans: list[Period]) -> Period:
    return Period(min(span.since for span in spans), max(span.until for span in spans))


def _covers(spans: list[Period], period: Period) -> bool:
    day = period.since
    for span in sorted(spans, key=lambda span: span.since):
        if span.since > day:
            return False
        day = max(day, span.until + ONE_DAY)
        if day > period.until:
            return True
    return False
