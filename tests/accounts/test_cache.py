"""What is cached inside a client is that client's alone, and goes when the client goes."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection

from accounts.tenancy import inside
from accounts.tenancy.cache import forget
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_one_client_never_reads_what_was_cached_for_another(cast: Cast) -> None:
    cache.set("week", "everyone's")
    with inside(cast.client):
        assert cache.get("week") is None
        cache.set("week", "Lumen's")
        with inside(cast.other_client):
            assert cache.get("week") is None
            assert cache.get_many(["week"]) == {}
            cache.set("week", "Autre's")
            cache.delete("nothing")
        assert cache.get("week") == "Lumen's"
    assert cache.get("week") == "everyone's"


def test_forgetting_a_client_forgets_no_other(cast: Cast) -> None:
    """Also one whose schema's name begins alike: c1 and c11."""
    lookalike = type(cast.client)(schema_name=f"{cast.client.schema_name}1")
    for client in (cast.client, cast.other_client, lookalike):
        with inside(client):
            cache.set("week", client.schema_name, timeout=None)
    forget(cast.client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM cache ORDER BY 1")
        kept = [key.split(":")[0] for (key,) in cursor.fetchall()]
    assert sorted(kept) == sorted([cast.other_client.schema_name, lookalike.schema_name])
