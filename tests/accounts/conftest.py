from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Connection
from tests.accounts.pooler import transaction_pooler
from tests.conftest import Cast


@pytest.fixture
def named(own_database: str, cast: Cast) -> list[Client]:
    """Two clients, each with one account that bears its name."""
    for client in (cast.client, cast.other_client):
        with inside(client):
            Connection.objects.create(source="file", account=client.slug, currency="EUR", timezone="Europe/Paris")
    return [cast.client, cast.other_client]


@pytest.fixture
def pooler(own_database: str) -> Iterator[dict[str, Any]]:
    """The database settings of a process that connects to the pooler without being told what it is."""
    with transaction_pooler(own_database) as folder:
        yield {"HOST": folder, "PORT": "6432", "USER": "anyone", "PASSWORD": ""}


@pytest.fixture
def behind_pooler(named: list[Client], pooler: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Client]]:
    """This process as `DATABASE_POOLER=transaction` makes it."""
    connection.close()
    for name, value in (pooler | settings.TRANSACTION_POOLER).items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    yield named
    connection.close()
