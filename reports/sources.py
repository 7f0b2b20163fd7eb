"""How far each source's data goes, and which days of a report's period it lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from accounts.models import Client
from campaigns import systems
from campaigns.connectors import settle_days
from campaigns.models import Connection
from kpis.periods import ONE_DAY, Grain, Period, buckets
from reports.content import SourceState


def states(client: Client, period: Period, now: datetime, families: Collection[str]) -> Iterator[SourceState]:
    """One for each connection and family it has told of, among `families`; one where it has told nothing at all."""
    today = now.astimezone(client.zone).date()
    now_in_force = systems.in_force()
    for source in Connection.objects.order_by("source", "account").prefetch_related("loaded_spans"):
        spans: dict[str, list[Period]] = {}
        for span in source.loaded_spans.all():
            family = systems.counted_as(span.family, source.source, now_in_force)
            spans.setdefault(family, []).append(Period(span.since, span.until))
        if source.state == Connection.State.DISCONNECTED and not _told_of(spans, period):
            continue
        for family in sorted(spans.keys() & set(families)) if spans else [""]:
            yield _state(source, family, spans.get(family, []), period, today)


def _state(source: Connection, family: str, spans: list[Period], period: Period, today: date) -> SourceState:
    until = max((span.until for span in spans), default=None)
    from_api = source.credential_id is not None
    # Of an account that was disconnected nothing is expected after what it told.
    expected = min(today, until + ONE_DAY) if until and source.state == Connection.State.DISCONNECTED else today
    settled = until - timedelta(days=settle_days(source.source, family)) if until and from_api else until
    return SourceState(
        source=source.source,
        account=source.name or source.account,
        family=family,
        kind="api" if from_api else "file",
        complete_until=until,
        settled_until=settled,
        missing_days=tuple(_missing(period, spans, expected)),
        lost_access=source.state == Connection.State.LOST_ACCESS,
        key=f"{source.source}:{source.account}:{family}",
    )


def _told_of(spans: dict[str, list[Period]], period: Period) -> bool:
    return any(span.until >= period.since for told in spans.values() for span in told)


def _missing(period: Period, spans: list[Period], before: date) -> list[date]:
    """The days of `period` before a day that are not loaded."""
    days = [bucket.period.since for bucket in buckets(period, Grain.DAY)]
    return [day for day in days if day < before and not any(day in span for span in spans)]
