"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from accounts.client_jobs import handles_client_job
from accounts.models import Client
from accounts.tenancy import inside
from campaigns import pulls
from campaigns.connectors.errors import Passing
from campaigns.models import Connection
from jobs.models import Job
from jobs.registry import GiveUp, Later, when_failed
from jobs.worker import Run


@handles_client_job(pulls.KIND, queue="pulls")
def pull(run: Run, client: Client) -> None:
    """Pull one connection, then ask for the next day's pull. A connection that needs a person is not asked again."""
    source = Connection.objects.filter(pk=run.arguments["connection_id"]).first()
    if source is None:
        raise GiveUp("the connection was removed")
    since = date.fromisoformat(run.arguments["since"]) if "since" in run.arguments else None
    try:
        pulls.pull(client, source, run.effect, since=since)
    except pulls.Refused as reason:
        raise GiveUp(str(reason)) from None
    except Passing as reason:
        raise Later(str(reason), reason.retry_after) from None
    pulls.schedule(client, source, run_at=pulls.next_daily_pull(source, timezone.now()))


@when_failed(pulls.KIND)
def try_again_tomorrow(job: Job, reason: Exception | None) -> None:
    """A platform that was away all day is asked the next day; only one that needs a person is not."""
    client = Client.objects.filter(pk=job.client_id or 0).first()
    if client is None or isinstance(reason, GiveUp):
        return
    with inside(client):
        if source := Connection.objects.filter(pk=job.arguments["connection_id"]).first():
            pulls.schedule(client, source, run_at=pulls.next_daily_pull(source, timezone.now()))
