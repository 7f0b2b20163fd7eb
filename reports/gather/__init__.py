"""Gather a report's content: every figure once, from the roll-ups of the client whose schema is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Client
from accounts.tenancy import one_state
from campaigns.models import LoadedSpan
from kpis import recompute
from kpis.definitions import DEFINITIONS
from reports import sections
from reports.cadence import ReportPeriod
from reports.content import Compared, Length, Report
from reports.failing import attempt
from reports.gather import campaigns as campaign_table
from reports.gather import channels, headlines
from reports.gather.frame import Frame
from reports.gather.gathering import Section, gathering

# What the headlines and the tables of every report are made of.
FAMILIES = {
    measure.family for slug in (*headlines.DEFAULT, *channels.COLUMNS, *campaign_table.COLUMNS) for measure in DEFINITIONS[slug].measures
}


def report(
    client: Client,
    period: ReportPeriod,
    now: datetime,
    *,
    length: Length = "weekly",
    cadence: str = "weekly",
    schedule_id: int | None = None,
) -> Report:
    """The client's report of a period, as of `now`, all of one state.

    With a schedule it also tells what of its earlier reports is another figure by now.
    """
    with one_state():
        frame = Frame.of(client, period, now, length, cadence, schedule_id)
        return _report(frame, [section for section in sections.SECTIONS if length in section.lengths])


def page(frame: Frame, told: Sequence[Section], compared: Compared) -> Report:
    """What a page shows of a client: `told` of any days. Raises `reports.failing.Failed` for the section that cannot be told."""
    # Behind a transaction pooler the transaction is the request's, and what fails here must not be the end of it.
    with one_state(), transaction.atomic():
        return replace(_report(frame, told), grain=str(frame.by), compared=compared)


def has_data() -> bool:
    """Whether anything was ever loaded for the client whose schema is open."""
    return LoadedSpan.objects.exists()


def _report(frame: Frame, told: Sequence[Section]) -> Report:
    found = gathering(frame, told)
    parts: dict[str, Any] = {section.name: attempt(section.name, section.gather, found) for section in told}
    return Report(
        client_slug=frame.client.slug,
        client_name=frame.client.name,
        currency=frame.client.currency,
        timezone=frame.client.timezone,
        length=frame.length,
        cadence=frame.cadence,
        period=frame.key,
        since=frame.period.since,
        until=frame.period.until,
        previous_since=frame.previous.since,
        previous_until=frame.previous.until,
        last_year_since=frame.last_year.since if frame.last_year else None,
        last_year_until=frame.last_year.until if frame.last_year else None,
        generated_at=frame.now,
        data_version=recompute.data_version(),
        **parts,
    )
