"""Which days a family of facts has been loaded for: what tells "nothing happened" from "nobody told us"."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.models import LoadedSpan
from kpis.definitions import Reason
from kpis.periods import ONE_DAY, Period


@dataclass(frozen=True)
class Coverage:
    """The loaded spans of each family, by the connection that told them."""

    spans: dict[str, dict[int, list[Period]]]

    @classmethod
    def load(cls) -> Coverage:
        spans: dict[str, dict[int, list[Period]]] = {}
        for family, connection, since, until in LoadedSpan.objects.values_list("family", "connection", "since", "until"):
            spans.setdefault(family, {}).setdefault(connection, []).append(Period(since, until))
        return cls(spans)

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
        return bool(told) and all(_covers(spans, period) for spans in told.values())


def _covers(spans: list[Period], period: Period) -> bool:
    day = period.since
    for span in sorted(spans, key=lambda span: span.since):
        if span.since > day:
            return False
        day = max(day, span.until + ONE_DAY)
        if day > period.until:
            return True
    return False
