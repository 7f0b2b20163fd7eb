"""The wall between clients holds on real connections: failed statements and threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Connection
from tests.conftest import Cast


def test_a_failed_change_of_schema_raises_instead_of_reading_the_one_before(
    own_database: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django_tenants.postgresql_backend import base

    with inside(cast.client):
        Connection.objects.create(source="google_ads", account="1", currency="EUR", timezone="Europe/Paris")
        monkeypatch.setattr(base.DatabaseWrapper, "_get_cursor_search_paths", lambda _self: ['c1", nonsense ,"'])
        monkeypatch.setattr("accounts.tenancy.backend.base.quote_schema_name", str)
        with inside(cast.other_client), pytest.raises(ProgrammingError):
            Connection.objects.count()


def test_threads_in_different_clients_do_not_mix(own_database: str, cast: Cast) -> None:
    clients = [cast.client, cast.other_client]
    for client, name in zip(clients, ("lumen", "autre"), strict=True):
        with inside(client):
            Connection.objects.create(source="file", account=name, currency="EUR", timezone="Europe/Paris")
    wrong: list[str] = []

    def read(client: Client, name: str) -> None:
        try:
            for _ in range(100):
                with inside(client):
                    found = Connection.objects.get().account
                if found != name:
                    wrong.append(found)
        finally:
            connection.close()

    threads = [threading.Thread(target=read, args=pair) for pair in zip(clients * 2, ("lumen", "autre") * 2, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


POOLED = """
import threading
import django
django.setup()
from django.db import connection
from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Connection

clients = {client.slug: client for client in Client.objects.all()}
connection.close()
wrong, checks = [], []

def requests(first):
    for number in range(first, first + 1250):
        slug = "lumen" if number % 3 else "autre"
        with inside(clients[slug]):
            found = Connection.objects.get().account
        checks.append(found)
        if found != slug:
            wrong.append((slug, found))
        if number % 7 == 0:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1 / 0")
            except Exception:
                pass
        connection.close()  # back to the pool, as at the end of a request

threads = [threading.Thread(target=requests, args=(first,)) for first in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(checks), wrong[:5], connection.pool is not None)
connection.close_pool()
"""


def test_ten_thousand_interleaved_requests_over_a_pool_of_three_never_read_another_client(own_database: str, cast: Cast) -> None:
    for client in (cast.client, cast.other_client):
        with inside(client):
            Connection.objects.create(source="file", account=client.slug, currency="EUR", timezone="Europe/Paris")
    environment = os.environ | {"DATABASE_URL": own_database, "DATABASE_POOL": "true", "DATABASE_POOL_SIZE": "3"}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    done = subprocess.run(
        [sys.executable, "-c", POOLED], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "10000 [] True", done.stderr[-2000:]
