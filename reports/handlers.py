"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from django.utils import timezone

from accounts.client_jobs import handles_client_job
from accounts.models import Client, User
from jobs.models import Job
from jobs.registry import GiveUp, Later, opens_due_work, when_failed
from jobs.worker import Run as JobRun
from reports import delivery as delivering
from reports import preparing, scheduling, stopping
from reports.models import Delivery, Run, Schedule

opens_due_work(scheduling.open_due_runs)


# With the waits between them, about a day: a mail server may be away for a morning.
DELIVERY_ATTEMPTS = 140


@handles_client_job(scheduling.KIND)
def prepare_run(job: JobRun, client: Client) -> None:
    run = Run.objects.select_related("schedule").filter(pk=job.arguments["run_id"]).first()
    if run is None:
        raise GiveUp("the run was removed")
    preparing.prepare(client, run, job.effect(), timezone.now())


@when_failed(scheduling.KIND)
def show_failed_run(job: Job, reason: Exception | None) -> None:
    problem = str(reason).replace("\0", "") if reason else "the worker stopped answering"
    run = Run.objects.filter(pk=job.arguments["run_id"], state=Run.State.DUE).first()
    if run:
        Run.objects.filter(pk=run.pk).update(state=Run.State.FAILED, problem=problem)
        stopping.run_failed(run)


@handles_client_job(stopping.TELL)
def tell_that_it_stopped(job: JobRun, client: Client) -> None:
    schedule = Schedule.objects.filter(pk=job.arguments["schedule_id"]).exclude(stopped_at=None).first()
    person = User.objects.filter(pk=job.arguments["user_id"], is_active=True).first()
    if schedule and person:
        stopping.tell(client, schedule, person)


@handles_client_job(preparing.DELIVER, attempts=DELIVERY_ATTEMPTS)
def deliver(job: JobRun, client: Client) -> None:
    delivery = Delivery.objects.select_related("run", "recipient").filter(pk=job.arguments["delivery_id"]).first()
    if delivery is None:
        raise GiveUp("the delivery was removed")
    try:
        delivering.deliver(client, delivery, is_last_attempt=job.is_last_attempt)
    except delivering.Deferred as reason:
        raise Later(str(reason)) from None


@when_failed(preparing.DELIVER)
def show_failed_delivery(job: Job, reason: Exception | None) -> None:
    delivering.give_up(job.arguments["delivery_id"], str(reason) if reason else "the worker stopped answering")
