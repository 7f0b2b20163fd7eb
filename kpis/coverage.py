"""Which days a family of facts has been loaded for: what tells "nothing happened" from "nobody told us"."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns import systems
from campaigns.models import Connection, LoadedSpan
from kpis.definitions import Reason
from kpis.periods import ONE_DAY, Period


@dataclass(frozen=True)
class Coverage:
    """The loaded spans of each family, by the connection that told them, of those whose word is summed.

    `ended`: connections that were disconnected, of which nothing is expected after what they told.
    """

    spans: dict[str, dict[int, list[Period]]]
    ended: frozenset[int] = frozenset()

    @classmethod
    def load(cls) -> Coverage:
        spans: dict[str, dict[int, list[Period]]] = {}
        now = systems.in_force()
        ended = set()
        for span in LoadedSpan.objects.select_related("connection"):
            if span.connection.state == Connection.State.DISCONNECTED:
                ended.add(span.connection_id)
            if family := systems.counted_as(span.family, span.connection.source, now):
                spans.setdefault(family, {}).setdefault(span.connection_id, []).append(Period(span.since, span.until))
        return cls(spans, frozenset(ended))

    def gap(self, family: str, period: Period) -> Reason | None:
        """Why nothing is known of `family` in `period`, or None when at least a day of it is loaded."""
        spans = [span for told in self.spans.get(family, {}).values() for span in told]
        if any(span.since <= period.until and period.since <= span.until for span in spans):
            return None
        if spans and period.since > max(span.until for span in spans):
            return Reason.NOT_YET_OBSERVED
        return Reason.NOT_REPORTED

    def is_whole(self, family: str, period: Period) -> bool:
        """Whether every connection that ever told of the family has told of each day: only such sums are compared."""
        told = self.spans.get(family, {})
        return bool(told) and all(self._has_told(connection, spans, period) for connection, spans in told.items())

    def _has_told(self, connection: int, spans: list[Period], period: Period) -> bool:
        if connection not in self.ended:
            return _covers(spans, period)
        last = max(span.until for span in spans)
        return last < period.since or _covers(spans, Period(period.since, min(period.until, last)))


def _covers(spans: list[Period], period: Period) -> bool:
    day = period.since
    for span in sorted(spans, key=lambda span: span.since):
        if span.since > day:
            return False
        day = max(day, span.until + ONE_DAY)
        if day > period.until:
            return True
    return False
