"""What a row of each stream of each platform costs, from the stand-in's answer to the client's tables, in processor time."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import Client
from campaigns.connectors import connector_for, sources
from campaigns.models import Connection
from campaigns.simulators.business import ANCHOR
from campaigns.spool import Spool
from campaigns.streams import Window, execute
from campaigns.sync import store
from tests.benchmarks.meter import spent
from tests.campaigns.conftest import Connect, account_of, connect, http, pauses, read_timeout, simulator, stream_of, told_once

__all__ = ["connect", "http", "pauses", "read_timeout", "simulator", "told_once"]

pytestmark = pytest.mark.benchmark
SINCE, UNTIL = ANCHOR - timedelta(days=180), ANCHOR - timedelta(days=1)


@pytest.mark.parametrize("platform", sources())
def test_what_a_row_costs(own_database: str, lumen: Client, connect: Connect, platform: str) -> None:
    backend = execute("SELECT pg_backend_pid()")[0][0]
    account = account_of(platform)
    source = Connection.objects.create(source=platform, account="1", currency=account.currency, timezone=account.timezone)
    connector = connect(platform)
    for family in (stream.family for stream in connector_for(platform).streams):
        stream = stream_of(connector, family)
        window = Window(family, SINCE, UNTIL, stream.replaces)
        with Spool() as spool:
            # Of this thread alone: the stand-in answers in others.
            began = time.thread_time()
            for record in connector.fetch(stream, SINCE, UNTIL):
                spool.write(record)
            fetched = time.thread_time() - began

            def keep(spool: Spool = spool, window: Window = window) -> None:
                with transaction.atomic():
                    store(lumen, source, spool, window=window)

            first, again = spent(keep, backend).busy, spent(keep, backend).busy
        if spool.rows:
            costs = (
                f"{way} {seconds / spool.rows * 1e6:5.0f}" for way, seconds in (("fetch", fetched), ("store", first), ("again", again))
            )
            print(f"\n{platform:17} {family:13} {spool.rows:7,} rows; ms per 1,000: {'  '.join(costs)}", end="")
