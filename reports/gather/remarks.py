"""What people wrote for the reader of the report."""

from __future__ import annotations

from reports import notes
from reports.content import Notes
from reports.gather.gathering import Gathering


def remarks(found: Gathering) -> Notes:
    return notes.of_period(found.frame.key)
