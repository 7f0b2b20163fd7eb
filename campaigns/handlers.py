"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from accounts.client_jobs import handles_client_job
from accounts.models import Client
from campaigns import pulls
from campaigns.connectors.errors import Passing
from campaigns.models import Connection
from jobs.registry import GiveUp, Later
from jobs.worker import Run


@handles_client_job(pulls.KIND)
def pull(run: Run, client: Client) -> None:
    """Pull one connection, then ask for the next day's pull. A connection that needs a person is not asked again."""
    source = Connection.objects.filter(pk=run.arguments["connection_id"]).first()
    if source is None:
        raise GiveUp("the connection was removed")
    since = date.fromisoformat(run.arguments["since"]) if run.arguments["since"] else None
    try:
        pulls.pull(client, source, run.effect(), since=since)
    except pulls.Refused as reason:
        raise GiveUp(str(reason)) from None
    except Exception as error:
        if run.is_last_attempt:
            pulls.schedule(client, source, run_at=pulls.next_daily_pull(source, timezone.now()))
        if isinstance(error, Passing):
            raise Later(str(error), error.retry_after) from None
        raise
    pulls.schedule(client, source, run_at=pulls.next_daily_pull(source, timezone.now()))
