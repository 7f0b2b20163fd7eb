"""What changed below becomes work here."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import Client
from accounts.signals import schema_migrated
from campaigns.signals import days_changed
from jobs import queue
from kpis.recompute import KIND


@receiver(days_changed)
@receiver(schema_migrated)
def rebuild_changed_days(sender: object, client: Client, **kwargs: Any) -> None:
    queue.enqueue(KIND, client_id=client.pk)
