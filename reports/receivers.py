"""What changed below is looked at here."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.models import Client
from campaigns.models import Connection
from campaigns.signals import pull_failed
from kpis.signals import calendar_changed, client_moved, figures_changed
from reports import headlines, outgoing, scheduling
from reports.models import Run, Schedule


@receiver(figures_changed)
def examine_held_runs(sender: object, client: Client, **kwargs: Any) -> None:
    """What they wait for may have come."""
    for run in Run.objects.filter(schedule__client=client, state=Run.State.HELD).select_related("schedule"):
        scheduling.enqueue(run, run.schedule)


@receiver(client_moved)
@receiver(calendar_changed)
def keep_the_hour(sender: object, client: Client, **kwargs: Any) -> None:
    """Reports are due at the same hour by the clock of the new zone, of weeks as they are now.

    One that is due is opened first, a paused one left alone.
    """
    waiting = Schedule.objects.filter(client=client, paused=False, stopped_at=None, removed_at=None, next_run_at__gt=timezone.now())
    for schedule in waiting.select_related("client").select_for_update(of=("self",)):
        scheduling.replan(schedule, scheduling.CHANGED)


@receiver(figures_changed)
def tell_headline_anew(sender: object, client: Client, **kwargs: Any) -> None:
    headlines.ask(client.pk)


@receiver(pull_failed)
def tell_programs(sender: object, client: Client, source: Connection, reason: str, **kwargs: Any) -> None:
    outgoing.pull_failed(client, source, reason)
