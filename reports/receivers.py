"""What changed below is looked at here."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.models import Client
from kpis.signals import figures_changed
from reports import scheduling
from reports.models import Run


@receiver(figures_changed)
def examine_held_runs(sender: object, client: Client, **kwargs: Any) -> None:
    """What they wait for may have come."""
    for run in Run.objects.filter(schedule__client=client, state=Run.State.HELD).select_related("schedule"):
        scheduling.enqueue(run, run.schedule)
