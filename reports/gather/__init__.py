"""Gather a report's content: every figure once, from the roll-ups of the client whose schema is open."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import Client
from accounts.tenancy import one_state
from campaigns.channels import CHANNELS
from campaigns.models import Campaign, LoadedSpan
from kpis import periods, query, reading, recompute
from kpis.definitions import DEFINITIONS
from kpis.measures import LEADS
from kpis.periods import Period
from kpis.query import Answer, By, Question, Slice
from kpis.reading import Read
from kpis.slices import Only, Scope
from reports import sources
from reports.content import Figure, Report, Row, Table, Tile, Trend

TILES = ("revenue", "spend", "roas", "leads", "cpl", "orders")
CHANNEL_COLUMNS = ("spend", "clicks", "leads", "cpl", "orders", "revenue", "roas")
CAMPAIGN_COLUMNS = ("spend", "impressions", "clicks", "ctr", "cpc", "leads", "cpl", "roas")
WEEKS_OF_TREND = 26
LISTED_CAMPAIGNS = 10
# What the figures of the report are made of.
FAMILIES = {measure.family for slug in (*TILES, *CHANNEL_COLUMNS, *CAMPAIGN_COLUMNS) for measure in DEFINITIONS[slug].measures}


def report(client: Client, week: str, now: datetime) -> Report:
    """The client's report of one ISO week, as of `now`, all of one state. Raises `ValueError` for a week that does not exist."""
    with one_state():
        return _report(client, week, now)


def _report(client: Client, week: str, now: datetime) -> Report:
    period = periods.week(week)
    trend = Period(period.since - timedelta(weeks=WEEKS_OF_TREND - 1), period.until)
    weekly, by_channel, by_campaign = query.ask_all(
        [
            # A report is of an ISO week, whatever the client's own are.
            Question(trend, By.WEEK, TILES, calendar=periods.STANDARD),
            Question(period, By.CHANNEL, tuple(dict.fromkeys((*TILES, *CHANNEL_COLUMNS)))),
            Question(period, By.CAMPAIGN, CAMPAIGN_COLUMNS),
        ]
    )
    return Report(
        client_slug=client.slug,
        client_name=client.name,
        currency=client.currency,
        timezone=client.timezone,
        length="weekly",
        cadence="weekly",
        period=week,
        since=period.since,
        until=period.until,
        previous_since=period.previous.since,
        previous_until=period.previous.until,
        generated_at=now,
        data_version=recompute.data_version(),
        buckets=tuple(group.key for group in weekly.groups),
        tiles=tuple(_tile(slug, by_channel, weekly) for slug in TILES),
        leads_by_channel=_leads_by_channel(weekly),
        channels=_channel_table(by_channel),
        campaigns=_campaign_table(by_campaign),
        sources=tuple(sources.states(client, period, now, FAMILIES)),
    )


def has_data() -> bool:
    """Whether anything was ever loaded for the client whose schema is open."""
    return LoadedSpan.objects.exists()


def _figures(part: Slice, slugs: tuple[str, ...], answer: Answer) -> dict[str, Figure]:
    return {
        slug: Figure(slug, pair.value.decimal, pair.value.reason, pair.previous.decimal, pair.is_provisional)
        for slug, pair in part.values(slugs, answer.coverage).items()
    }


def _tile(slug: str, answer: Answer, weekly: Answer) -> Tile:
    figure = _figures(answer.total, (slug,), answer)[slug]
    return Tile(figure, Trend(slug, tuple(_weekly_value(slug, group, weekly) for group in weekly.groups)))


def _weekly_value(slug: str, group: Slice, answer: Answer) -> Decimal | None:
    return _whole_value(slug, group.sums, group.period, answer)


def _whole_value(slug: str, sums: query.Sums, period: Period, answer: Answer) -> Decimal | None:
    """A KPI of a week; None where a day of it is not loaded, for a part would look like a fall."""
    if not query.is_whole(DEFINITIONS[slug], period, answer.coverage):
        return None
    return query.evaluate(DEFINITIONS[slug], sums, period, answer.coverage).decimal


def _leads_by_channel(weekly: Answer) -> dict[str, tuple[Decimal | None, ...]]:
    """Leads of every channel that had any, by week."""
    weeks = tuple(group.period for group in weekly.groups)
    [found] = reading.read([Read(Scope(By.CHANNEL, Only()), (LEADS,), weeks)])
    told = {channel for (_, channel), sums in found.items() if sums}
    return {
        channel: tuple(
            _whole_value("leads", found.get((group.period, channel), query.Sums()), group.period, weekly) for group in weekly.groups
        )
        for channel in CHANNELS
        if channel in told
    }


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
        others = Slice.together("", rest, answer.period, answer.period.previous)
        rows.append(Row("", "", _figures(others, CAMPAIGN_COLUMNS, answer), is_rest=True))
    return Table(CAMPAIGN_COLUMNS, tuple(rows), Row("", "", _figures(answer.total, CAMPAIGN_COLUMNS, answer)))


def _by_cost(group: Slice) -> tuple[int, int, str]:
    """Most spend first, then most leads, then by name."""
    return -group.sums.get("spend").total, -group.sums.get("leads").total, group.key
