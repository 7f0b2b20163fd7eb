"""How far each source's data goes, and which days of a report's period it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from accounts.models import Client
from campaigns.connectors import connector_for
from campaigns.models import Connection
from kpis.measures import FAMILIES
from kpis.periods import Grain, Period, buckets
from reports.content import SourceState


def states(client: Client, period: Period, now: datetime) -> Iterator[SourceState]:
    """One for each connection and family it has told of, among those that figures are made of; one where it has told nothing."""
    today = now.astimezone(client.zone).date()
    for source in Connection.objects.order_by("source", "account").prefetch_related("loaded_spans"):
        spans: dict[str, list[Period]] = {}
        for span in source.loaded_spans.all():
            spans.setdefault(span.family, []).append(Period(span.since, span.until))
        for family in sorted(spans.keys() & set(FAMILIES)) if spans else [""]:
            yield _state(source, family, spans.get(family, []), period, today)


def _state(source: Connection, family: str, spans: list[Period], period: Period, today: date) -> SourceState:
    until = max((span.until for span in spans), default=None)
    from_api = source.credential_id is not None
    settled = until - timedelta(days=connector_for(source.source).settle_days(family)) if until and from_api else until
    return SourceState(
        source=source.source,
        account=source.name or source.account,
        family=family,
        kind="api" if from_api else "file",
        complete_until=until,
        settled_until=settled,
        missing_days=tuple(_missing(period, spans, today)),
        lost_access=source.state == Connection.State.LOST_ACCESS,
    )


def _missing(period: Period, spans: list[Period], today: date) -> list[date]:
    """The days of `period` that are over and not loaded."""
    days = [bucket.period.since for bucket in buckets(period, Grain.DAY)]
    return [day for day in days if day < today and not any(day in span for span in spans)]
