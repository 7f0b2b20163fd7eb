"""Make a client out of an archive: all of it or nothing, and nothing that runs by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts import services
from accounts.audit import Actor
from accounts.models import Agency, Client
from accounts.portability import client_file, registry
from accounts.portability.archive import Reading, Refused
from accounts.portability.exporting import quiet
from accounts.portability.tables import Table
from accounts.tenancy import inside, outside


class SlugTaken(Exception):
    """Another client has, or had, the short name; the argument."""


def restore(
    file: IO[bytes], by: Actor, *, slug: str | None = None, agency: Agency | None = None, report: Callable[[str], None] = quiet
) -> Client:
    """Create a client from an archive, under its own short name or `slug`.

    Raises `Refused` before anything is written where the file is not whole, else with everything undone; `SlugTaken`.
    """
    with outside():
        archive = Reading(file, report)
        _refuse_unknown_tables(archive)
        client, former_slugs = client_file.read(archive)
        client.slug, client.agency = slug or client.slug, agency
        client_file.checked(client)
        with transaction.atomic():
            _insert(client, by)
            client_file.keep_former_slugs(client, former_slugs)
            with inside(client):
                _read_parts(archive, client)
    return client


def _insert(client: Client, by: Actor) -> None:
    try:
        services.insert_client(client, "client.restored", by)
    except ValidationError as error:
        if "slug" in error.message_dict:  # its form was checked before
            raise SlugTaken(client.slug) from None
        raise


def _read_parts(archive: Reading, client: Client) -> None:
    for part in registry.parts():
        part.read(archive, client)
    try:
        connection.check_constraints()
    except IntegrityError as error:
        raise Refused(f"The archive contradicts itself: {error}") from None


def _refuse_unknown_tables(archive: Reading) -> None:
    known = {part.file for part in registry.parts() if isinstance(part, Table)}
    for name in archive.manifest.files:
        if name.startswith("tables/") and name not in known:
            raise Refused(f"{name}: a table unknown to this version of the service. Update first.")
