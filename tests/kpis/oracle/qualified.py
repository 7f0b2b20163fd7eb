"""When a lead qualifies: as its source says, by its score, or once enough has happened to the person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from tests.kpis.oracle.decided import fits


def qualified_at(
    rule: dict[str, Any], lead: SimpleNamespace, reported: datetime | None, touches: Iterable[SimpleNamespace]
) -> datetime | None:
    """`reported`: what the source says of this step; `touches`: all of the person. Nobody qualifies before they are a lead."""
    if rule["kind"] == "reported":
        return reported
    if rule["kind"] == "score":
        enough = lead.score is not None and lead.score >= rule["at_least"]
        return lead.created_at if enough else None
    known = list(touches)
    met = [_met_at(condition, known) for condition in rule["all"]]
    instants = [instant for instant in met if instant]
    return max(lead.created_at, *instants) if len(instants) == len(met) else None


def _met_at(condition: dict[str, Any], touches: list[SimpleNamespace]) -> datetime | None:
    """When it had happened so often."""
    times = condition.get("times", 1)
    happened = sorted(touch.at for touch in touches if touch.kind == condition["kind"] and fits(condition.get("asset", "*"), touch.asset))
    return happened[times - 1] if len(happened) >= times else None
