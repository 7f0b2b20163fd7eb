"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from accounts.client_jobs import handles_client_job
from accounts.models import Client
from accounts.tenancy import inside
from campaigns import connections, import_handlers, plan, pulls, signals
from campaigns.connectors.errors import Passing
from campaigns.models import Connection
from jobs.models import Job
from jobs.registry import GiveUp, Later, when_failed
from jobs.worker import Run

__all__ = ["import_handlers"]  # jobs look for handlers here


@handles_client_job(pulls.KIND, queue="pulls")
def pull(run: Run, client: Client) -> None:
    """Pull one connection for a while, then ask for the rest, or for the next morning. One that was lost altogether is not asked again."""
    source = Connection.objects.filter(pk=run.arguments["connection_id"]).first()
    if source is None:
        raise GiveUp("the connection was removed")
    if source.state == Connection.State.DISCONNECTED:
        return
    asked_at = datetime.fromisoformat(run.arguments["asked_at"]) if "asked_at" in run.arguments else None
    try:
        is_more_left = pulls.pull(client, source, run.step, asked_at=asked_at)
    except pulls.Refused as reason:
        raise GiveUp(str(reason)) from None
    except Passing as reason:
        raise Later(str(reason), reason.retry_after) from None
    pulls.schedule(client, source, run_at=None if is_more_left else plan.next_morning(source, timezone.now()))


@when_failed(pulls.KIND)
def try_again_tomorrow(job: Job, reason: Exception | None) -> None:
    """A platform that was away all day is asked the next day; only one that lets us in no more is not."""
    client = Client.objects.filter(pk=job.client_id or 0).first()
    if client is None or isinstance(reason, GiveUp):
        return
    with inside(client):
        source = Connection.objects.filter(pk=job.arguments["connection_id"]).exclude(state=Connection.State.DISCONNECTED).first()
        if source:
            pulls.schedule(client, source, run_at=plan.next_morning(source, timezone.now()))
            signals.pull_failed.send(sender=None, client=client, source=source, reason=pulls.UNREACHABLE)


@handles_client_job(connections.RESUME)
def resume(run: Run, client: Client) -> None:
    """A consent was given anew: every account of this client that is read with it is read again."""
    connections.resume_all(client, run.arguments["credential_id"], run.effect)
