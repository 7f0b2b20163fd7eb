"""A re-pull of an ad account: our staged diff against the ORM's upsert, on the same rows, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest
from django.db import transaction

from accounts.models import Client
from campaigns.models import AdDay, Connection, PlatformCampaign
from campaigns.records import AdDay as Row
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store

pytestmark = pytest.mark.benchmark
FIRST = date(2026, 1, 1)
DAYS, CAMPAIGNS = 100, 200
CHANGED = 0.05


def rows(seed: int) -> list[Row]:
    """Twenty thousand rows; of two seeds, one row in twenty differs."""
    same, differs = Random(1), Random(seed)
    found = []
    for offset in range(DAYS):
        for campaign in range(CAMPAIGNS):
            clicks = same.randrange(500) + (1 + differs.randrange(9) if differs.random() < CHANGED else 0)
            day = FIRST + timedelta(days=offset)
            found.append(
                Row(
                    day=day,
                    campaign_id=str(campaign),
                    campaign=f"C{campaign}",
                    channel="display",
                    impressions=9,
                    clicks=clicks,
                    spend_nano=7,
                )
            )
    return found


def timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def by_diff(client: Client, source: Connection, found: list[Row]) -> None:
    with Spool() as spool:
        for row in found:
            spool.write(row)
        with transaction.atomic():
            store(client, source, spool, window=Window("ads", FIRST, FIRST + timedelta(days=DAYS - 1)))


def by_orm(source: Connection, found: list[Row], pull_id: int) -> None:
    ids = dict(PlatformCampaign.objects.filter(connection=source).values_list("external_id", "pk"))
    with transaction.atomic():
        AdDay.objects.bulk_create(
            [
                AdDay(connection=source, day=row.day, campaign_id=ids[row.campaign_id], impressions=row.impressions, clicks=row.clicks,
                      spend_nano=row.spend_nano, pull_id=pull_id)
                for row in found
            ],
            batch_size=2000, update_conflicts=True, unique_fields=["connection", "day", "campaign"],
            update_fields=["impressions", "clicks", "all_clicks", "spend_nano", "pull"],
        )  # fmt: skip


def facts() -> list[tuple[object, ...]]:
    return list(AdDay.objects.order_by("day", "campaign__external_id").values_list("day", "campaign__external_id", "clicks"))


def test_a_repull_by_diff_against_an_orm_upsert(own_database: str, lumen: Client) -> None:
    source = Connection.objects.create(source="google_ads", account="1", currency="EUR", timezone="Europe/Paris")
    by_diff(lumen, source, rows(2))
    ours = timed(lambda: by_diff(lumen, source, rows(3)))
    after_ours = facts()
    by_diff(lumen, source, rows(2))
    theirs = timed(lambda: by_orm(source, rows(3), source.pulls.latest("pk").pk))
    assert facts() == after_ours
    unchanged = timed(lambda: by_diff(lumen, source, rows(3)))
    ratio = f"ratio {theirs / ours:.1f}; unchanged {unchanged:.2f} s"
    print(f"\n{len(after_ours):,} rows, 5 % changed: diff {ours:.2f} s, ORM upsert {theirs:.2f} s, {ratio}")
