"""A schedule that keeps failing stops, tells its owners once, and is started again by a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client as Browser
from django.utils import timezone

from accounts.models import AuditEvent, Client, Membership, Role, User
from jobs import queue, worker
from jobs.models import Job
from jobs.registry import ATTEMPTS
from reports import scheduling, stopping
from reports.models import Run, Schedule
from tests.conftest import Cast
from tests.mail_server import MailServer

SignIn = Callable[[User], Browser]


def fail(schedule: Schedule, period: str) -> None:
    """The run of a week whose worker dies at every attempt."""
    scheduling.open_run(schedule, period)
    Job.objects.filter(kind=scheduling.KIND).update(attempt=ATTEMPTS - 1)
    [job_id] = [claimed for claimed, kind in queue.claim(limit=9) if kind == scheduling.KIND]
    assert queue.start(job_id)
    Job.objects.filter(pk=job_id).update(lease_until=timezone.now() - timedelta(hours=1))
    queue.reap()
    Job.objects.filter(state=Job.State.SENT).update(state=Job.State.QUEUED)


def test_after_three_failures_in_a_row_nothing_is_sent_and_the_owners_are_told_once(
    cast: Cast, signed_in: SignIn, mail_server: MailServer
) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    for period in ("2026-W43", "2026-W44"):
        fail(schedule, period)
    stopping.run_succeeded(Run.objects.get(period="2026-W44"))
    for period in ("2026-W45", "2026-W46", "2026-W47", "2026-W48"):
        fail(schedule, period)
    worker.work_off()
    schedule.refresh_from_db()
    assert schedule.stopped_at
    assert [message["Subject"] for message in mail_server.messages()] == ["L'envoi des rapports de Maison Lumen est arrêté"]
    [message] = mail_server.messages()
    assert message["To"] == cast.owner.email
    body = message.get_body(("plain",))
    assert body
    assert "http://localhost:8000/c/lumen/reports/" in body.get_content()
    assert "the worker stopped answering" in body.get_content()

    Schedule.objects.update(next_run_at=timezone.now() - timedelta(minutes=1))
    scheduling.open_due_runs()
    assert Run.objects.count() == 6
    address = f"/api/v1/clients/lumen/schedules/{schedule.pk}/start/"
    assert signed_in(cast.analyst).post(address).status_code == 403
    for _ in range(2):
        told = signed_in(cast.owner).post(address).json()
        assert (told["stopped_at"], told["failures"]) == (None, 0)
    assert AuditEvent.objects.filter(verb="schedule.started").count() == 1
    scheduling.open_due_runs()
    schedule.refresh_from_db()
    assert schedule.next_run_at > timezone.now()


def test_a_company_without_an_agency_is_told_by_its_administrators(cast: Cast) -> None:
    Membership.objects.filter(user=cast.viewer).update(role=Role.ADMIN)
    assert stopping.owners(cast.client) == [cast.owner]
    Client.objects.filter(pk=cast.client.pk).update(agency=None)
    cast.client.refresh_from_db()
    assert stopping.owners(cast.client) == [cast.viewer]


def test_started_again_it_makes_the_newest_report_it_owes_and_lists_those_that_were_left_out(cast: Cast, signed_in: SignIn) -> None:
    schedule = scheduling.create_weekly(cast.client, {"ana@lumen.example": "fr"})
    month_ago = timezone.now() - timedelta(days=28)
    Schedule.objects.update(stopped_at=timezone.now(), failures=3, next_run_at=month_ago)
    signed_in(cast.owner).post(f"/api/v1/clients/lumen/schedules/{schedule.pk}/start/")
    schedule.refresh_from_db()
    assert schedule.next_run_at > timezone.now()
    *left, owed = Run.objects.order_by("since")
    assert (owed.state, owed.problem) == (Run.State.DUE, "")
    assert {(run.state, run.problem) for run in left} == {(Run.State.SKIPPED, scheduling.STOPPED)}
    assert len(left) == 3
