"""The wall between clients holds on real connections: failed statements and threads."""

from __future__ import annotations

import threading

import pytest
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
