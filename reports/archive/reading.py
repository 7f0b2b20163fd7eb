"""Read what was kept, also as an earlier version of the product wrote it."""

from __future__ import annotations

from typing import Any

import msgspec

from reports.archive.models import Snapshot
from reports.content import Report


def report(snapshot: Snapshot) -> Report:
    """The report that a snapshot keeps. Raises `msgspec.DecodeError` where it is none."""
    kept = msgspec.json.decode(snapshot.figures)
    if isinstance(kept, dict) and "week" in kept:
        return msgspec.convert(_of_a_week(kept), type=Report)
    return msgspec.json.decode(snapshot.figures, type=Report)


def _of_a_week(kept: dict[str, Any]) -> dict[str, Any]:
    """As it is kept now, what was kept when every report was of a week. Its bytes stay as they were."""
    now = {name: part for name, part in kept.items() if name not in ("week", "weeks")}
    return now | {"length": "weekly", "cadence": "weekly", "period": kept["week"], "buckets": kept.get("weeks", [])}
