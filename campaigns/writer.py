"""One writer of a client's facts and figures at a time."""

from __future__ import annotations

from django.db import connection

from accounts.models import Client

# First half of the advisory lock's key; the second is the client's id. Arbitrary and fixed.
WRITER_LOCK = 4_127


def be_the_only_writer(client: Client) -> None:
    """Until the end of the transaction. Taken first by everything that changes a client's facts or rebuilds its figures.

    Without it, a rebuild could take the mark of a day while a store that changes the same day has not yet committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [WRITER_LOCK, client.pk])
        # Whoever held it before may have moved the client to another currency or zone.
        cursor.execute("SELECT currency, timezone FROM accounts_client WHERE id = %s", [client.pk])
        if found := cursor.fetchone():
            client.currency, client.timezone = found
