"""Which days a family of facts has been loaded for: what tells "nothing happened" from "nobody told us"."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.models import Pull
from kpis.definitions import Reason
from kpis.periods import Period


@dataclass(frozen=True)
class Coverage:
    """The loaded spans of each family, from the pulls that were stored."""

    spans: dict[str, list[Period]]

    @classmethod
    def load(cls) -> Coverage:
        spans: dict[str, list[Period]] = {}
        stored = Pull.objects.filter(state=Pull.State.STORED).values_list("family", "since", "until").distinct()
        for family, since, until in stored:
            spans.setdefault(family, []).append(Period(since, until))
        return cls(spans)

    def gap(self, family: str, period: Period) -> Reason | None:
        """Why nothing is known of `family` in `period`, or None when at least a day of it is loaded."""
        spans = self.spans.get(family)
        if not spans:
            return Reason.NOT_REPORTED
        if any(span.since <= period.until and period.since <= span.until for span in spans):
            return None
        if period.since > max(span.until for span in spans):
            return Reason.NOT_YET_OBSERVED
        return Reason.NOT_REPORTED
