"""Cached things belong to the schema that was open when they were kept: nobody reads another client's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django_tenants.utils import get_public_schema_name

if TYPE_CHECKING:
    from accounts.models import Client


def key(name: str, prefix: str, version: int) -> str:
    """The key under which Django's cache keeps `name`: `schema:prefix:version:name`."""
    database: Any = connection
    return f"{database.schema_name or get_public_schema_name()}:{prefix}:{version}:{name}"


def forget(client: Client) -> None:
    """Delete everything that was cached inside the client's schema, in the caller's transaction."""
    table = settings.CACHES["default"]["LOCATION"]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM public.{table} WHERE starts_with(cache_key, %s)", [f"{client.schema_name}:"])
