"""Gather a report's content: every figure once, from the roll-ups of the client whose schema is open."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.models import Client
from campaigns.channels import CHANNELS
from campaigns.connectors import connector_for
from campaigns.models import Campaign, Connection, Pull
from kpis import periods, query, recompute
from kpis.definitions import DEFINITIONS
from kpis.periods import Grain, Period
from kpis.query import Answer, By, Slice
from reports.content import Figure, Report, Row, SourceState, Table, Tile, Trend

TILES = ("revenue", "spend", "roas", "leads", "cpl", "orders")
CHANNEL_COLUMNS = ("spend", "clicks", "leads", "cpl", "orders", "revenue", "roas")
CAMPAIGN_COLUMNS = ("spend", "impressions", "clicks", "ctr", "cpc", "leads", "cpl", "roas")
WEEKS_OF_TREND = 26
LISTED_CAMPAIGNS = 10


def report(client: Client, week: str, now: datetime) -> Report:
    """The client's report of one ISO week, as of `now`. Raises `ValueError` for a week that does not exist."""
    period = periods.week(week)
    trend = Period(period.since - timedelta(weeks=WEEKS_OF_TREND - 1), period.until)
    weekly = query.ask(trend, By.WEEK)
    by_channel = query.ask(period, By.CHANNEL)
    return Report(
        client_slug=client.slug,
        client_name=client.name,
        currency=client.currency,
        timezone=client.timezone,
        week=week,
        since=period.since,
        until=period.until,
        previous_since=period.previous.since,
        previous_until=period.previous.until,
        generated_at=now,
        data_version=recompute.data_version(),
        weeks=tuple(group.key for group in weekly.groups),
        tiles=tuple(_tile(slug, by_channel, weekly) for slug in TILES),
        leads_by_channel=_leads_by_channel(trend, weekly),
        channels=_channel_table(by_channel),
        campaigns=_campaign_table(query.ask(period, By.CAMPAIGN)),
        sources=tuple(_source_states(period, now)),
    )


def has_data() -> bool:
    """Whether anything was ever loaded for the client whose schema is open."""
    return Pull.objects.filter(state=Pull.State.STORED, rows__gt=0).exists()


def _figures(part: Slice, slugs: tuple[str, ...], answer: Answer) -> dict[str, Figure]:
    return {
        slug: Figure(slug, pair.value.decimal, pair.value.reason, pair.previous.decimal)
        for slug, pair in part.values(slugs, answer.coverage).items()
    }


def _tile(slug: str, answer: Answer, weekly: Answer) -> Tile:
    figure = _figures(answer.total, (slug,), answer)[slug]
    return Tile(figure, Trend(slug, tuple(_weekly_value(slug, group, weekly) for group in weekly.groups)))


def _weekly_value(slug: str, group: Slice, answer: Answer) -> Decimal | None:
    return query.evaluate(DEFINITIONS[slug], group.sums, group.period, answer.coverage).decimal


def _leads_by_channel(trend: Period, weekly: Answer) -> dict[str, tuple[Decimal | None, ...]]:
    """Leads of every channel that had any, by week."""
    days = query.fetch_days(trend, By.CHANNEL)
    channels = [channel for channel in CHANNELS if any(key == channel and "leads" in sums for (_, key), sums in days.items())]
    series = {}
    for channel in channels:
        values = []
        for group in weekly.groups:
            sums: query.Sums = {}
            for (day, key), part in days.items():
                if key == channel and day in group.period:
                    query.add_sums(sums, part)
            values.append(query.evaluate(DEFINITIONS["leads"], sums, group.period, weekly.coverage).decimal)
        series[channel] = tuple(values)
    return series


def _channel_table(answer: Answer) -> Table:
    """Channels in the order of the fixed list."""
    order = {channel: position for position, channel in enumerate(CHANNELS)}
    groups = sorted(answer.groups, key=lambda group: order.get(group.key, len(order)))
    rows = tuple(Row(group.key, group.key, _figures(group, CHANNEL_COLUMNS, answer)) for group in groups)
    return Table(CHANNEL_COLUMNS, rows, Row("", "", _figures(answer.total, CHANNEL_COLUMNS, answer)))


def _campaign_table(answer: Answer) -> Table:
    """The campaigns that cost most, then what they leave over as one line."""
    channels = dict(Campaign.objects.values_list("name", "channel"))
    active = [group for group in answer.groups if group.sums]
    named = sorted((group for group in active if group.key), key=_by_cost)
    listed, rest = named[:LISTED_CAMPAIGNS], named[LISTED_CAMPAIGNS:] + [group for group in active if not group.key]
    rows = [Row(group.key, channels.get(group.key, ""), _figures(group, CAMPAIGN_COLUMNS, answer)) for group in listed]
    if rest:
        others = Slice.together("*", rest, answer.period, answer.period.previous)
        rows.append(Row("*", "", _figures(others, CAMPAIGN_COLUMNS, answer)))
    return Table(CAMPAIGN_COLUMNS, tuple(rows), Row("", "", _figures(answer.total, CAMPAIGN_COLUMNS, answer)))


def _by_cost(group: Slice) -> tuple[int, int, str]:
    """Most spend first, then most leads, then by name."""
    nothing = query.Sum()
    return -group.sums.get("spend", nothing).total, -group.sums.get("leads", nothing).total, group.key


def _source_states(period: Period, now: datetime) -> list[SourceState]:
    """One line per connection: how far its data goes, and which of the week's days it lacks."""
    states = []
    for source in Connection.objects.order_by("source", "account"):
        spans = [Period(*span) for span in source.pulls.filter(state=Pull.State.STORED).values_list("since", "until")]
        until = max((span.until for span in spans), default=None)
        from_api = source.credential_id is not None
        states.append(
            SourceState(
                source=source.source,
                account=source.name or source.account,
                kind="api" if from_api else "file",
                complete_until=until,
                settled_until=until - timedelta(days=connector_for(source.source).settle_days) if until and from_api else until,
                missing_days=tuple(_missing(period, spans, now)),
                lost_access=source.state == Connection.State.LOST_ACCESS,
            )
        )
    return states


def _missing(period: Period, spans: list[Period], now: datetime) -> list[date]:
    days = [bucket.period.since for bucket in periods.buckets(period, Grain.DAY)]
    return [day for day in days if day <= now.date() and not any(day in span for span in spans)]
