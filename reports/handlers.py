"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from django.utils import timezone

from accounts.client_jobs import handles_client_job
from accounts.models import Client
from jobs.registry import GiveUp, Later, opens_due_work
from jobs.worker import Run as JobRun
from reports import delivery as delivering
from reports import preparing, scheduling
from reports.models import Delivery, Run

opens_due_work(scheduling.open_due_runs)


@handles_client_job(scheduling.KIND)
def prepare_run(job: JobRun, client: Client) -> None:
    run = Run.objects.select_related("schedule").filter(pk=job.arguments["run_id"]).first()
    if run is None:
        raise GiveUp("the run was removed")
    try:
        preparing.prepare(client, run, job.effect(), timezone.now())
    except Exception as error:
        if job.is_last_attempt:
            Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED, problem=str(error))
        raise


@handles_client_job(preparing.DELIVER)
def deliver(job: JobRun, client: Client) -> None:
    delivery = Delivery.objects.select_related("run", "recipient").filter(pk=job.arguments["delivery_id"]).first()
    if delivery is None:
        raise GiveUp("the delivery was removed")
    try:
        delivering.deliver(client, delivery, is_last_attempt=job.is_last_attempt)
    except delivering.Deferred as reason:
        raise Later(str(reason)) from None
