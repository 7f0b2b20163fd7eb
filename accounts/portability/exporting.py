"""Write one client's archive: everything as of one instant, while pulls and reports go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from django.db import connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from accounts.portability import client_file, registry
from accounts.portability.archive import Writing
from accounts.portability.readme import README, readme
from accounts.tenancy import inside, is_behind_transaction_pooler


def quiet(line: str) -> None:
    pass


def export(client: Client, file: IO[bytes], by: Actor, *, with_people_key: bool = False, report: Callable[[str], None] = quiet) -> None:
    """Write the client's archive to `file` and its line to the record. `report` is told of each table as it is done."""
    with inside(client), _one_state():
        present = Client.objects.get(pk=client.pk)
        archive = Writing(file, timezone.now(), report)
        archive.content(README, readme(present))
        client_file.write(archive, present, with_people_key=with_people_key)
        for part in registry.parts():
            part.write(archive, present)
        archive.close()
    audit.record("client.exported", by, organisation=client, client=client.name)


@contextmanager
def _one_state() -> Iterator[None]:
    """Read everything inside as of one instant. Inside a transaction that has begun already, that one decides."""
    if connection.in_atomic_block:
        if is_behind_transaction_pooler():  # the visit's transaction, in which nothing was read yet
            _repeatable("")
        yield
        return
    with transaction.atomic():
        _repeatable(", READ ONLY")
        yield


def _repeatable(more: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ{more}")
