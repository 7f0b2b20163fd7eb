"""Which beats and workers there are, by what they did: a row is renewed by work, never by a thread of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from jobs.models import Heartbeat

Kind = Heartbeat.Kind
# Seconds between two notes of one process: a beat's ticks come every second, and need not all be written.
EVERY = 15
# A process that was not seen for longer is not spoken of any more.
KEPT = timedelta(days=1)


def seen(kind: Kind, name: str, queues: Iterable[str] = ()) -> None:
    """Note that a process works, unless that was noted just now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO jobs_heartbeat AS known (kind, name, queues) VALUES (%s, %s, %s::jsonb)
               ON CONFLICT (kind, name) DO UPDATE SET seen_at = now(), queues = excluded.queues
               WHERE known.seen_at < now() - make_interval(secs => %s) OR known.queues <> excluded.queues""",
            [kind, name[:200], json.dumps(sorted(queues)), EVERY / 2],
        )


def ended(kind: Kind, name: str) -> None:
    """A process has stopped in order; nobody misses it."""
    Heartbeat.objects.filter(kind=kind, name=name).delete()


def prune() -> None:
    """Forget processes that were not seen for long."""
    Heartbeat.objects.filter(seen_at__lt=timezone.now() - KEPT).delete()
