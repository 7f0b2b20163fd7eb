"""Everything of a client with a million ad rows: seconds, rows a second and memory of export and restore."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import AdDay
from tests.conftest import Cast

pytestmark = pytest.mark.benchmark
DAYS, CAMPAIGNS = 500, 2000


def fill(client: Client) -> None:
    """Two thousand campaigns on five hundred days, with conversions of each."""
    with inside(client), connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO campaigns_connection (id, source, account, name, currency, timezone, manager_id, state, problem)
                VALUES (1, 'google_ads', '1', 'Big', 'EUR', 'Europe/Paris', '', 'active', '');
            INSERT INTO campaigns_pull
                (id, connection_id, family, since, until, state, problem, rows, inserted, updated, deleted, content_hash)
                VALUES (1, 1, 'ads', '2025-01-01', '2026-05-15', 'stored', '', 0, 0, 0, 0, '');
            INSERT INTO campaigns_loadedspan (connection_id, family, since, until) VALUES (1, 'ads', '2025-01-01', '2026-05-15');
            INSERT INTO campaigns_campaign (id, name, key, channel)
                SELECT n, 'Campaign ' || n, 'campaign ' || n, 'paid_search' FROM generate_series(1, {CAMPAIGNS}) AS n;
            INSERT INTO campaigns_platformcampaign (id, connection_id, external_id, name, named_on, channel, campaign_id)
                SELECT n, 1, (10000000000 + n)::text, 'Campaign ' || n, '2026-05-15', 'paid_search', n
                FROM generate_series(1, {CAMPAIGNS}) AS n;
            INSERT INTO campaigns_adday (connection_id, day, campaign_id, impressions, clicks, all_clicks, spend_nano, pull_id)
                SELECT 1, '2025-01-01'::date + d, n, random() * 100000, random() * 900, random() * 1000, random() * 1e12, 1
                FROM generate_series(0, {DAYS - 1}) AS d, generate_series(1, {CAMPAIGNS}) AS n;
            INSERT INTO campaigns_adconversion (connection_id, day, campaign_id, action, conversions_millionths, value_nano, pull_id)
                SELECT 1, '2025-01-01'::date + d, n, '', random() * 1e8, random() * 1e12, 1
                FROM generate_series(0, {DAYS - 1}) AS d, generate_series(1, {CAMPAIGNS}) AS n;
            """
        )


def test_a_million_rows_leave_and_come_back(own_database: str, cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "big.zip"
    fill(cast.client)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    call_command("export_client", "lumen", str(path))
    exported = time.perf_counter()
    call_command("restore_client", str(path), slug="again")
    restored = time.perf_counter()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = DAYS * CAMPAIGNS
    with inside(Client.objects.get(slug="again")):
        assert AdDay.objects.count() == rows
    print(f"\n{rows:,} ad rows with their conversions, {path.stat().st_size / 1e6:.0f} MB: ", end="")
    print(f"export {exported - started:.0f} s ({rows / (exported - started):,.0f} rows/s), ", end="")
    print(f"restore with figures {restored - exported:.0f} s ({rows / (restored - exported):,.0f} rows/s), ", end="")
    print(f"memory {before / 1024:.0f} → {after / 1024:.0f} MB")
    assert after < 300 * 1024
