"""What the ORM's own words make of it: the roll-ups day by day, each grouped and summed by `values().annotate()` and bulk-created."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce, TruncDate

from campaigns.models import AdConversion, AdDay, Lead, Order
from kpis.models import AdDayTotal, AdRollup, LeadDayTotal, LeadRollup, OrderDayTotal, OrderRollup

ZONE = ZoneInfo("Europe/Paris")
Key = tuple[str, int]
# A query set of rows by name, whose types name each column.
Rows = Any


def sum_days(days: Iterable[date]) -> None:
    """In place of the roll-ups' rows of these days."""
    with transaction.atomic():
        for day in days:
            _replace(day, AdRollup, AdDayTotal, _together(_ads(day)))
            _replace(day, LeadRollup, LeadDayTotal, _together(_leads(day)))
            _replace(day, OrderRollup, OrderDayTotal, _together(_orders(day)))


def _replace(day: date, narrow: type[models.Model], totals: type[models.Model], sums: dict[Key, dict[str, Any]]) -> None:
    by_channel: dict[str, dict[str, Any]] = {}
    for (channel, _), row in sums.items():
        total = by_channel.setdefault(channel, dict.fromkeys(row, 0))
        for column, part in row.items():
            total[column] = None if part is None else total[column] + part
    for model in (narrow, totals):
        model._default_manager.filter(day=day).delete()
    narrow._default_manager.bulk_create(
        [narrow(day=day, channel=channel, campaign_id=campaign, **row) for (channel, campaign), row in sums.items()]
    )
    totals._default_manager.bulk_create([totals(day=day, channel=channel, **row) for channel, row in by_channel.items()])


def _together(found: Iterator[Rows]) -> dict[Key, dict[str, Any]]:
    """What several queries say of one channel and campaign."""
    sums: dict[Key, dict[str, Any]] = {}
    queries = [list(rows) for rows in found]
    columns = {column for rows in queries for row in rows for column in row} - {"by_channel", "by_campaign"}
    for rows in queries:
        for row in rows:
            sums.setdefault((row.pop("by_channel"), row.pop("by_campaign")), dict.fromkeys(columns, 0)).update(row)
    return sums


def _ads(day: date) -> Iterator[Rows]:
    named = {"by_channel": F("campaign__channel"), "by_campaign": F("campaign__campaign_id")}
    yield (
        AdDay.objects.filter(day=day)
        .values(**named)
        .annotate(impressions=Sum("impressions"), clicks=Sum("clicks"), spend_nano=Sum("spend_nano"))
    )
    yield (
        AdConversion.objects.filter(day=day, action="")
        .values(**named)
        .annotate(conversions_millionths=Sum("conversions_millionths"), conversion_value_nano=Sum("value_nano"))
    )


def _orders(day: date) -> Iterator[Rows]:
    orders, refunds = Q(kind="order"), ~Q(kind="order")
    rows = Order.objects.filter(day=day).values(by_channel=F("origin__channel"), by_campaign=Coalesce("origin__campaign_id", 0))
    yield (
        {**row, "margin_nano": None}
        for row in rows.annotate(
            orders=Count("external_id", filter=orders),
            order_amount_nano=Coalesce(Sum("amount_nano", filter=orders), 0),
            refunds_nano=-Coalesce(Sum("amount_nano", filter=refunds), 0),
            revenue_nano=Sum("amount_nano"),
        )
    )


def _leads(day: date) -> Iterator[Rows]:
    named = {"by_channel": F("origin__channel"), "by_campaign": Coalesce("origin__campaign_id", 0)}

    def on(column: str) -> Any:
        return Lead.objects.annotate(on_day=TruncDate(column, tzinfo=ZONE)).filter(on_day=day)

    number = "external_id"
    yield (
        Lead.objects.filter(day=day)
        .values(**named)
        .annotate(leads=Count(number), leads_to_customer=Count(number, filter=Q(won_at__isnull=False)))
    )
    yield on("mql_at").values(**named).annotate(mqls=Count(number), mqls_to_sql=Count(number, filter=Q(sql_at__isnull=False)))
    yield on("sql_at").values(**named).annotate(sqls=Count(number))
    won: dict[Key, list[int]] = defaultdict(list)
    for row in on("won_at").values("day", **named):
        won[row["by_channel"], row["by_campaign"]].append((day - row["day"]).days)
    yield (
        {"by_channel": channel, "by_campaign": campaign, "won": len(ages), "days_to_close": sum(ages)}
        for (channel, campaign), ages in won.items()
    )
