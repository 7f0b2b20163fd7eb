"""Reports come due by the calendar: after an outage, beside a broken schedule, and again when one failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Client
from jobs import queue, worker
from jobs.models import Job
from jobs.registry import ATTEMPTS
from kpis import periods
from reports import gather, scheduling
from reports.models import Run, Schedule
from tests.conftest import Cast
from tests.mail_server import MailServer
from tests.reports.conftest import WEEK

State = Run.State
NOW = datetime(2026, 11, 17, 9, tzinfo=UTC)


def at_last_attempt(kind: str) -> None:
    Job.objects.filter(kind=kind).update(attempt=ATTEMPTS - 1)


@pytest.fixture
def _in_week_47(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.mark.usefixtures("_in_week_47")
class TestDue:
    def test_after_an_outage_people_get_the_newest_week_and_the_others_are_shown_as_skipped(
        self, schedule: Schedule, mail_server: MailServer
    ) -> None:
        Schedule.objects.update(next_run_at=NOW - timedelta(days=15, hours=2))
        scheduling.open_due_runs()
        worker.work_off()
        found = dict(Run.objects.values_list("period", "state"))
        assert found == {"2026-W44": State.SKIPPED, "2026-W45": State.SKIPPED, WEEK: State.READY}
        assert len(mail_server.received) == 2
        schedule.refresh_from_db()
        assert schedule.next_run_at == datetime(2026, 11, 23, 7, tzinfo=UTC)

    def test_a_schedule_that_cannot_be_opened_keeps_no_other_waiting_and_says_why(self, schedule: Schedule, cast: Cast) -> None:
        broken = scheduling.create_weekly(cast.other_client, {"eve@autre.example": "fr"})
        Client.objects.filter(pk=cast.other_client.pk).update(timezone="US/Nowhere")
        Schedule.objects.filter(pk=schedule.pk).update(next_run_at=NOW - timedelta(hours=1))
        Schedule.objects.filter(pk=broken.pk).update(next_run_at=NOW - timedelta(hours=2))
        scheduling.open_due_runs()
        assert Run.objects.get().schedule == schedule
        broken.refresh_from_db()
        assert "US/Nowhere" in broken.problem
        assert broken.retry_at is not None
        assert broken.retry_at > NOW
        assert broken.next_run_at == NOW - timedelta(hours=2)

    def test_a_mended_schedule_opens_the_week_it_owed(self, schedule: Schedule) -> None:
        Schedule.objects.update(next_run_at=NOW - timedelta(hours=1))
        Client.objects.filter(pk=schedule.client_id).update(timezone="US/Nowhere")
        scheduling.open_due_runs()
        Client.objects.filter(pk=schedule.client_id).update(timezone="Europe/Paris")
        scheduling.open_due_runs()
        assert not Run.objects.exists()
        Schedule.objects.update(retry_at=NOW)
        scheduling.open_due_runs()
        schedule.refresh_from_db()
        assert (Run.objects.get().period, schedule.problem, schedule.retry_at) == (WEEK, "", None)


class TestReportList:
    @pytest.mark.parametrize(
        ("state", "shown", "has_document"),
        [
            (State.SKIPPED, "Not sent: the service was down", False),
            (State.FAILED, "Failed", False),
            (State.DUE, "In preparation", False),
            (State.READY, "Ready", True),
        ],
    )
    def test_a_report_that_was_not_sent_never_looks_like_one_that_was(
        self, schedule: Schedule, cast: Cast, signed_in: Any, state: str, shown: str, has_document: bool
    ) -> None:
        Run.objects.create(schedule=schedule, period=WEEK, since=periods.week(WEEK).since, until=periods.week(WEEK).until, state=state)
        page = signed_in(cast.owner).get("/c/lumen/reports/").content.decode()
        assert f"<td>{shown}</td>" in page
        assert (f"/c/lumen/reports/{WEEK}.pdf" in page) is has_document


class TestFailed:
    def test_a_run_whose_every_worker_died_is_shown_as_failed(self, schedule: Schedule) -> None:
        run = scheduling.open_run(schedule, WEEK)
        at_last_attempt(scheduling.KIND)
        [(job_id, _)] = queue.claim(limit=1)
        assert queue.start(job_id)
        Job.objects.update(lease_until=timezone.now() - timedelta(hours=1))
        queue.reap()
        run.refresh_from_db()
        assert (run.state, run.problem) == (State.FAILED, "the worker stopped answering")

    def test_a_run_that_failed_says_why_and_can_be_opened_again(
        self, schedule: Schedule, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def breaks(*_: object, **__: object) -> None:
            raise LookupError("no such campaign")

        run = scheduling.open_run(schedule, WEEK)
        at_last_attempt(scheduling.KIND)
        with monkeypatch.context() as broken:
            broken.setattr(gather, "report", breaks)
            worker.work_off()
        run.refresh_from_db()
        assert run.state == State.FAILED
        assert "no such campaign" in run.problem
        assert scheduling.open_run(schedule, WEEK) == run
        worker.work_off()
        run.refresh_from_db()
        assert (run.state, run.problem, len(mail_server.received)) == (State.READY, "", 2)
