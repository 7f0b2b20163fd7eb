"""Lifetime figures of posts become figures by day that always add up to what the platform says."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum

from accounts.models import Client
from campaigns.connectors.base import Replaces
from campaigns.models import Connection, DirtyDay, SocialDay
from campaigns.records import SocialPost
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store

PUBLISHED = date(2026, 11, 2)


@pytest.fixture
def page(lumen: Client) -> Connection:
    return Connection.objects.create(source="meta_organic", account="1", currency="EUR", timezone="Europe/Paris", credential_id=1)


def see(client: Client, page: Connection, seen: date, likes: int | None, hour: int = 6, post: str = "p", title: str = "") -> None:
    at = datetime(seen.year, seen.month, seen.day, hour, tzinfo=UTC)
    with Spool() as spool, transaction.atomic():
        spool.write(SocialPost(day=PUBLISHED, post_id=post, observed_at=at, observed_on=seen, title=title, likes=likes))
        store(client, page, spool, window=Window("social", seen, seen, Replaces.COUNTER))


def likes() -> dict[int, int | None]:
    return {row.day.day: row.likes for row in SocialDay.objects.order_by("day")}


def test_what_a_post_has_when_first_seen_counts_on_the_day_it_was_published_and_the_rest_when_it_is_seen(
    lumen: Client, page: Connection
) -> None:
    see(lumen, page, date(2026, 11, 5), 100)
    see(lumen, page, date(2026, 11, 6), 130)
    see(lumen, page, date(2026, 11, 6), 135, hour=18)
    assert likes() == {2: 100, 6: 35}


def test_a_post_is_called_what_it_was_called_when_last_seen_on_a_day(lumen: Client, page: Connection) -> None:
    see(lumen, page, date(2026, 11, 5), 100, title="Lamps")
    see(lumen, page, date(2026, 11, 6), 130, title="New lamps")
    see(lumen, page, date(2026, 11, 6), 135, hour=18, title="Best lamps")
    assert list(SocialDay.objects.order_by("day").values_list("title", flat=True)) == ["Lamps", "Best lamps"]


def test_a_figure_that_falls_is_taken_away_again(lumen: Client, page: Connection) -> None:
    see(lumen, page, date(2026, 11, 5), 100)
    see(lumen, page, date(2026, 11, 7), 90)
    assert likes() == {2: 100, 7: -10}


def test_an_older_snapshot_and_an_unchanged_one_change_nothing(lumen: Client, page: Connection) -> None:
    see(lumen, page, date(2026, 11, 6), 130)
    DirtyDay.objects.all().delete()
    see(lumen, page, date(2026, 11, 5), 100)
    see(lumen, page, date(2026, 11, 7), 130)
    assert likes() == {2: 130}
    assert not DirtyDay.objects.exists()


def test_what_is_not_reported_stays_unknown(lumen: Client, page: Connection) -> None:
    see(lumen, page, date(2026, 11, 5), None)
    assert likes() == {2: None}


def test_the_days_of_a_post_always_add_up_to_its_lifetime_figure(lumen: Client, page: Connection) -> None:
    dice = random.Random(4)
    total = 0
    for offset in range(40):
        total = max(0, total + dice.randint(-5, 40))
        see(lumen, page, PUBLISHED + timedelta(days=offset), total)
        assert SocialDay.objects.aggregate(all=Sum("likes"))["all"] == total
