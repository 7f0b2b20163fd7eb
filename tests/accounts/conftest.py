from __future__ import annotations

import pytest

from accounts.models import Client
from accounts.tenancy import inside
from campaigns.models import Connection
from tests.conftest import Cast


@pytest.fixture
def named(own_database: str, cast: Cast) -> list[Client]:
    """Two clients, each with one account that bears its name."""
    for client in (cast.client, cast.other_client):
        with inside(client):
            Connection.objects.create(source="file", account=client.slug, currency="EUR", timezone="Europe/Paris")
    return [cast.client, cast.other_client]
