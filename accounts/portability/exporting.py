"""Write one client's archive: everything as of one instant, while pulls and reports go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

from django.utils import timezone

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from accounts.portability import client_file, registry
from accounts.portability.archive import Writing
from accounts.portability.readme import README, readme
from accounts.tenancy import inside, one_state


def quiet(line: str) -> None:
    pass


def export(client: Client, file: IO[bytes], by: Actor, *, with_people_key: bool = False, report: Callable[[str], None] = quiet) -> None:
    """Write the client's archive to `file` and its line to the record. `report` is told of each table as it is done."""
    with inside(client), one_state(nothing_read=True):
        present = Client.objects.get(pk=client.pk)
        archive = Writing(file, timezone.now(), report)
        archive.content(README, readme(present))
        client_file.write(archive, present, with_people_key=with_people_key)
        for part in registry.parts():
            part.write(archive, present)
        archive.close()
    audit.record("client.exported", by, organisation=client, client=client.name)
