"""Job handlers: thin doors to the logic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPException, SMTPRecipientsRefused

from django.utils import timezone

from accounts import access
from accounts.client_jobs import handles_client_job, put_aside
from accounts.models import Client, User
from jobs.models import Job
from jobs.registry import GiveUp, Later, handles, opens_due_work, when_failed
from jobs.worker import Run as JobRun
from reports import approval, headlines, notices, outgoing, preparing, questions, scheduling, sending, stopping
from reports import delivery as delivering
from reports.archive.models import Question
from reports.models import Delivery, Endpoint, EndpointCall, Run, Schedule

opens_due_work(scheduling.open_due_runs)
opens_due_work(headlines.open_due)


# With the waits between them, about a day: a mail server may be away for a morning.
DELIVERY_ATTEMPTS = 140


@handles_client_job(headlines.KIND)
def tell_headline(job: JobRun, client: Client) -> None:
    headlines.refresh(client, job.effect(), timezone.now())


@handles_client_job(scheduling.KIND)
def prepare_run(job: JobRun, client: Client) -> None:
    run = Run.objects.select_related("schedule").filter(pk=job.arguments["run_id"]).first()
    if run is None:
        raise GiveUp("the run was removed")
    preparing.prepare(client, run, job.effect(), timezone.now())


@when_failed(scheduling.KIND)
def show_failed_run(job: Job, reason: Exception | None) -> None:
    problem = str(reason).replace("\0", "") if reason else "the worker stopped answering"

    waiting = Run.objects.filter(pk=job.arguments["run_id"], state__in=[Run.State.DUE, Run.State.HELD])
    if run := waiting.select_related("schedule").first():
        waiting.update(state=Run.State.FAILED, problem=problem)
        stopping.run_failed(run)
        outgoing.run_failed(run)


@handles_client_job(stopping.TELL)
def tell_that_it_stopped(job: JobRun, client: Client) -> None:
    schedule = Schedule.objects.filter(pk=job.arguments["schedule_id"]).exclude(stopped_at=None).first()
    person = User.objects.filter(pk=job.arguments["user_id"], is_active=True).first()
    if schedule and person:
        stopping.tell(client, schedule, person)


@handles_client_job(approval.KIND)
def ask_others(job: JobRun, client: Client) -> None:
    with job.effect():
        approval.escalate(client, job.arguments["run_id"], timezone.now())


@handles_client_job(notices.KIND)
def send_notice(job: JobRun, client: Client) -> None:
    """A worker that dies between the mail server's yes and its own note sends it again."""
    run = Run.objects.select_related("schedule").filter(pk=job.arguments["run_id"]).first()
    person = User.objects.filter(pk=job.arguments["user_id"], is_active=True).first()
    if run and person:
        with mailing():
            notices.send(client, run, person, job.arguments["notice"])


@handles_client_job(questions.KIND)
def send_question(job: JobRun, client: Client) -> None:
    """A worker that dies between the mail server's yes and its own note sends it again."""
    question = Question.objects.filter(pk=job.arguments["question_id"]).first()
    person = User.objects.filter(pk=job.arguments["user_id"], is_active=True).first()
    # Who asked may have left the company since, and who looked after it, too.
    if question and person and "client.view" in access.held(person, client):
        with mailing():
            questions.send(client, question, person, job.arguments["mail"])


@handles_client_job(sending.TEST)
def send_test(job: JobRun, client: Client) -> None:
    schedule = Schedule.objects.filter(pk=job.arguments["schedule_id"]).first()
    if schedule:
        with mailing():
            sending.send_test(client, schedule, job.arguments["period"], job.arguments["email"], job.arguments["language"])


@contextmanager
def mailing() -> Iterator[None]:
    """What the mail server says to a single mail, as the jobs understand it."""
    try:
        yield
    except SMTPRecipientsRefused as refusal:
        code, words = next(iter(refusal.recipients.values()))
        said = f"The mail server said: {code} {words.decode(errors='replace')}"
        raise (GiveUp(said) if code >= 500 else Later(said)) from None
    except (OSError, SMTPException) as error:
        raise Later(f"The mail server did not take it: {error}") from None


@handles_client_job(preparing.DELIVER, attempts=DELIVERY_ATTEMPTS)
def deliver(job: JobRun, client: Client) -> None:
    delivery = Delivery.objects.select_related("run", "recipient").filter(pk=job.arguments["delivery_id"]).first()
    if delivery is None:
        raise GiveUp("the delivery was removed")
    try:
        delivering.deliver(client, delivery, is_last_attempt=job.is_last_attempt)
    except delivering.Deferred as reason:
        raise Later(str(reason)) from None
    outgoing.report_ended(client, delivery.run_id)


@when_failed(preparing.DELIVER)
def show_failed_delivery(job: Job, reason: Exception | None) -> None:
    delivering.give_up(job.arguments["delivery_id"], str(reason) if reason else "the worker stopped answering")
    delivery = Delivery.objects.select_related("run__schedule__client").filter(pk=job.arguments["delivery_id"]).first()
    if delivery:
        outgoing.report_ended(delivery.run.schedule.client, delivery.run_id)


@handles(outgoing.CALL, attempts=outgoing.ATTEMPTS)
def call_endpoint(job: JobRun) -> None:
    """Of a client or, of a test that an agency asked for, of none: nothing of the client's schema is read."""
    calls = EndpointCall.objects.select_related("endpoint__agency", "endpoint__client", "client")
    call = calls.filter(pk=job.arguments["call_id"]).first()
    if call is None:
        raise GiveUp("the call was removed")
    if call.client and call.client.closed_at:
        put_aside(job)
    try:
        outgoing.send(call, job.effect(), job.job.attempt)
    except outgoing.Unreached as reason:
        raise Later(str(reason), reason.seconds) from None


@when_failed(outgoing.CALL)
def show_failed_call(job: Job, reason: Exception | None) -> None:
    outgoing.give_up(job.arguments["call_id"])


@handles(outgoing.TELL)
def tell_that_endpoint_is_off(job: JobRun) -> None:
    endpoints = Endpoint.objects.select_related("agency", "client__agency").exclude(disabled_at=None)
    endpoint = endpoints.filter(pk=job.arguments["endpoint_id"]).first()
    person = User.objects.filter(pk=job.arguments["user_id"], is_active=True).first()
    if endpoint and person:
        with mailing():
            outgoing.tell_off(endpoint, person)
