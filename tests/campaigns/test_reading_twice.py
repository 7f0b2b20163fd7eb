"""Every stream of every platform, from the stand-in into the client's tables: it fits, and reading it again changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Client
from campaigns.connectors import connector_for, sources
from campaigns.models import Connection, Pull
from campaigns.simulators.business import ANCHOR
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store
from tests.campaigns.conftest import Connect, account_of, stream_of

SINCE, UNTIL = ANCHOR - timedelta(days=21), ANCHOR - timedelta(days=1)
STREAMS = [(source, stream.family) for source in sources() for stream in connector_for(source).streams]


def read(client: Client, source: Connection, connect: Connect, family: str) -> Pull:
    connector = connect(source.source)
    stream = stream_of(connector, family)
    with Spool() as spool:
        for record in connector.fetch(stream, SINCE, UNTIL):
            spool.write(record)
        [pull] = store(client, source, spool, window=Window(family, SINCE, UNTIL, stream.replaces))
    return pull


@pytest.mark.parametrize(("source", "family"), STREAMS)
def test_what_is_read_again_unchanged_changes_nothing(lumen: Client, connect: Connect, source: str, family: str) -> None:
    account = account_of(source)
    connection = Connection.objects.create(
        source=source, account=account.external_id, name=account.name, currency=account.currency, timezone=account.timezone
    )
    first = read(lumen, connection, connect, family)
    again = read(lumen, connection, connect, family)
    assert first.inserted == first.rows
    assert (again.rows, again.inserted, again.updated, again.deleted) == (first.rows, 0, 0, 0)
    # Maison Lumen sells no subscriptions.
    assert (first.rows > 0) is (family != "subscriptions")
