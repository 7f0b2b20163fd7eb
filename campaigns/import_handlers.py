"""Job handlers of imports: thin doors to the logic."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.client_jobs import handles_client_job
from accounts.models import Client
from accounts.tenancy import inside
from campaigns import uploads
from jobs.models import Job
from jobs.registry import GiveUp, when_failed
from jobs.worker import Run

ATTEMPTS = 3
GONE = _("The file itself is not kept any more. Upload it again.")
# The job's row has the error, for whoever runs the service.
FAILED = _("Something went wrong on our side and nothing was stored. Try again; if it happens twice, tell whoever runs this service.")


@handles_client_job(uploads.STORE, attempts=ATTEMPTS)
def store(run: Run, client: Client) -> None:
    try:
        uploads.store_asked(client, run.arguments["upload_id"], run.arguments["by"], run.effect)
    except uploads.Gone:
        raise GiveUp(GONE) from None


@handles_client_job(uploads.CHECK, attempts=ATTEMPTS)
def check(run: Run, client: Client) -> None:
    try:
        uploads.check_slowly(client, run.arguments["upload_id"], run.effect)
    except uploads.Gone:
        raise GiveUp(GONE) from None


@handles_client_job(uploads.FORGET)
def forget(run: Run, client: Client) -> None:
    with run.effect():
        uploads.forget(run.arguments["upload_id"])


@when_failed(uploads.STORE)
@when_failed(uploads.CHECK)
def give_back(job: Job, reason: Exception | None) -> None:
    """Nobody waits for what will not come: the person is told, and may ask again."""
    client = Client.objects.filter(pk=job.client_id or 0).first()
    if client is None:
        return
    with inside(client):
        uploads.give_back(job.arguments["upload_id"], str(reason) if isinstance(reason, GiveUp) else FAILED)
