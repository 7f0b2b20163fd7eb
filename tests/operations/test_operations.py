"""Failure is loud: whoever runs the server sees what is late, stuck, in doubt or failed, and mends it from there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import Client, User
from accounts.tenancy import inside
from campaigns.models import Connection, Pull
from campaigns.standing import settle
from campaigns.standings.models import Standing
from jobs import heartbeats, queue, worker
from jobs.heartbeats import Kind
from jobs.models import Heartbeat, Job
from reports import scheduling
from reports.models import Delivery, Run, Schedule
from tests.accounts.reading import SignIn, queries, text
from tests.conftest import PASSWORD, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(cast: Cast) -> User:
    return User.objects.create_superuser("operator@host.example", PASSWORD)


def health() -> dict[str, Any]:
    answer: dict[str, Any] = Browser(SERVER_NAME="localhost").get("/healthz").json()
    return answer


def scraped(**headers: str) -> dict[tuple[str, ...], float]:
    """Every sample of `/metrics` by its name and the values of its labels."""
    answer = Browser(SERVER_NAME="localhost").get("/metrics", headers=headers)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.content.decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def run_of(client: Client, **fields: Any) -> Run:
    schedule = scheduling.create_weekly(client, {"ana@lumen.example": "fr"})
    day = timezone.now().date()
    return Run.objects.create(schedule=schedule, period="2026-W46", since=day, until=day, **fields)


def delivery(client: Client, state: str, *, asked: timedelta) -> Delivery:
    """A mail whose job was asked for so long ago."""
    run = run_of(client, state=Run.State.READY)
    found = Delivery.objects.create(run=run, recipient=run.schedule.recipients.get(), language="fr", state=state, error="no answer")
    job_id = queue.enqueue("reports.deliver", client_id=client.pk, key=str(found.pk), arguments={"delivery_id": found.pk})
    Job.objects.filter(pk=job_id).update(created_at=timezone.now() - asked)
    return found


def read(client: Client, outcome: str, account: str = "123") -> None:
    """What a turn of pulls leaves behind when a reading ended so."""
    with inside(client):
        source, _ = Connection.objects.get_or_create(
            source="google_ads",
            account=account,
            defaults={"name": f"Ads {account}", "currency": "EUR", "timezone": "Europe/Paris", "credential_id": 1},
        )
        day = timezone.now().date()
        Pull.objects.create(
            connection=source, family="ads", since=day, until=day, state=outcome, problem="" if outcome == "stored" else "no access"
        )
        settle(client, source, outcome)


class TestProcesses:
    def test_a_beat_that_nobody_has_seen_for_minutes_turns_all_red(self, operator: User, signed_in: SignIn) -> None:
        Heartbeat.objects.filter(kind=Kind.BEAT).update(seen_at=timezone.now() - timedelta(minutes=6))
        assert health()["problems"] == ["no beat was seen for more than 5 minutes"]
        assert "No beat was seen for more than 5 minutes" in text(signed_in(operator).get("/operations/"))
        assert scraped()["vigie_beat_alive",] == 0
        heartbeats.seen(Kind.BEAT, "gen2@here")
        assert health()["status"] == "ok"

    def test_a_queue_from_which_nobody_takes_is_named(self, operator: User, signed_in: SignIn) -> None:
        Heartbeat.objects.filter(kind=Kind.WORKER).delete()
        heartbeats.seen(Kind.WORKER, "worker@here", ["work", "tick"])
        assert health()["problems"] == ["no worker of the queue pulls was seen for more than 5 minutes"]
        assert "No worker takes jobs from the queue “pulls”" in text(signed_in(operator).get("/operations/"))
        assert (scraped()["vigie_queue_attended", "pulls"], scraped()["vigie_queue_attended", "work"]) == (0, 1)

    def test_one_that_ends_in_order_is_missed_by_nobody(self, cast: Cast) -> None:
        heartbeats.seen(Kind.WORKER, "second@here", ["work"])
        assert scraped()["vigie_heartbeat_age_seconds", "worker", "second@here"] < 60
        heartbeats.ended(Kind.WORKER, "second@here")
        assert ("vigie_heartbeat_age_seconds", "worker", "second@here") not in scraped()

    def test_one_that_died_long_ago_is_forgotten(self, cast: Cast) -> None:
        Heartbeat.objects.create(kind=Kind.WORKER, name="dead@here", seen_at=timezone.now() - timedelta(days=2))
        heartbeats.prune()
        assert not Heartbeat.objects.filter(name="dead@here").exists()


class TestReports:
    @pytest.mark.parametrize(
        ("state", "asked", "is_stuck"),
        [
            ("queued", timedelta(minutes=14), False),
            ("queued", timedelta(minutes=16), True),
            ("sending", timedelta(minutes=16), True),
            ("deferred", timedelta(minutes=16), False),
            ("deferred", timedelta(hours=3), True),
            ("sent", timedelta(hours=3), False),
        ],
    )
    def test_a_mail_that_should_have_left_turns_it_red(self, cast: Cast, state: str, asked: timedelta, is_stuck: bool) -> None:
        delivery(cast.client, state, asked=asked)
        assert ("1 mails should have left and have not" in health()["problems"]) is is_stuck

    def test_a_mail_whose_job_is_gone_turns_it_red(self, cast: Cast) -> None:
        delivery(cast.client, "queued", asked=timedelta())
        Job.objects.all().delete()
        assert health()["problems"] == ["1 mails should have left and have not"]

    def test_a_mail_in_doubt_waits_for_a_person(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        found = delivery(cast.client, "unknown", asked=timedelta(minutes=1))
        told = health()
        assert (told["status"], told["attention"]) == ("ok", ["1 mails may or may not have left"])
        page = signed_in(operator).get("/operations/")
        assert "Mails that may or may not have left 1" in text(page)
        assert "Maison Lumen 2026-W46 ana@lumen.example no answer" in text(page)
        assert f'href="/admin/reports/delivery/{found.pk}/change/"' in page.content.decode()
        assert scraped()["vigie_deliveries", "unknown"] == 1

    def test_what_waits_past_its_deadline_is_shown(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        now = timezone.now()
        run_of(cast.client, state=Run.State.HELD, held_until=now - timedelta(hours=1))
        run_of(cast.client, state=Run.State.APPROVAL, approve_by=now - timedelta(hours=1))
        stopped = run_of(cast.client, state=Run.State.READY).schedule
        Schedule.objects.filter(pk=stopped.pk).update(stopped_at=now, problem="no data")
        told = health()
        assert "1 reports are held longer than their deadline" in told["problems"]
        assert "1 reports were not approved in time" in told["attention"]
        assert "1 schedules have stopped after failing again and again" in told["attention"]
        page = text(signed_in(operator).get("/operations/"))
        for heading in ("Reports held past their deadline 1", "Reports that were not approved in time 1", "Schedules that have stopped 1"):
            assert heading in page
        samples = scraped()
        assert [samples["vigie_schedules_trouble", trouble] for trouble in ("held", "awaiting_approval", "stopped", "late")] == [1, 1, 1, 0]
        assert samples["vigie_runs", "held"] == 1

    def test_a_closed_client_worries_nobody(self, cast: Cast) -> None:
        delivery(cast.client, "unknown", asked=timedelta(hours=3))
        read(cast.client, "lost")
        type(cast.client).objects.filter(pk=cast.client.pk).update(closed_at=timezone.now())
        assert health() == {"status": "ok", "problems": [], "attention": []}


class TestPulls:
    def test_an_account_that_lets_us_in_no_more_is_shown_until_it_is_read_again(
        self, cast: Cast, operator: User, signed_in: SignIn
    ) -> None:
        read(cast.client, "stored")
        assert health()["attention"] == []
        read(cast.client, "lost")
        assert health()["attention"] == ["1 accounts cannot be read, or answered what looks wrong"]
        page = text(signed_in(operator).get("/operations/"))
        assert "Accounts that cannot be read 1" in page
        assert "Google Ads 1 1 stored: 1 · doubtful: 0 · refused: 1 · failed: 0" in page
        samples = scraped()
        assert [samples["vigie_pulls_total", outcome, "google_ads"] for outcome in ("stored", "lost", "failed")] == [1, 1, 0]
        assert samples["vigie_connections_trouble", "google_ads"] == 1
        read(cast.client, "stored")
        assert health()["attention"] == []

    def test_an_account_that_nobody_read_for_a_day_and_a_half_turns_it_red(self, cast: Cast) -> None:
        read(cast.client, "stored")
        Standing.objects.update(read_at=timezone.now() - timedelta(hours=37))
        assert health()["problems"] == ["1 accounts were not read for more than 36 hours"]


class TestJobs:
    def test_a_failed_job_is_shown_and_tried_again_by_a_button(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        job_id = queue.enqueue("nobody.does.this", client_id=cast.client.pk)
        worker.work_off()
        browser = signed_in(operator)
        assert "no handler for jobs of kind 'nobody.does.this'" in text(browser.get("/operations/"))
        assert scraped()["vigie_jobs", "nobody.does.this", "failed"] == 1
        answer = browser.post(f"/operations/jobs/{job_id}/again/", follow=True)
        assert "The job is tried again." in text(answer)
        job = Job.objects.get(pk=job_id)
        assert (job.state, job.attempt, job.finished_at) == (Job.State.QUEUED, 0, None)
        assert worker.work_off() == 1
        assert "has not failed" not in text(browser.get("/operations/"))

    def test_a_report_that_failed_is_due_again(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        run = run_of(cast.client, state=Run.State.FAILED, problem="typst is missing")
        scheduling.enqueue(run, run.schedule)
        failed = Job.objects.get(kind=scheduling.KIND)
        Job.objects.filter(pk=failed.pk).update(state=Job.State.FAILED, finished_at=timezone.now(), error="typst is missing")
        browser = signed_in(operator)
        assert "typst is missing" in text(browser.get("/operations/"))
        assert "The job is tried again." in text(browser.post(f"/operations/jobs/{failed.pk}/again/", follow=True))
        run.refresh_from_db()
        assert (run.state, run.problem) == (Run.State.DUE, "")
        assert Job.objects.filter(kind=scheduling.KIND, state=Job.State.QUEUED).count() == 1

    def test_one_that_was_asked_for_again_is_not_doubled(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        job_id = queue.enqueue("nobody.does.this", key="same")
        worker.work_off()
        queue.enqueue("nobody.does.this", key="same")
        browser = signed_in(operator)
        assert "no handler" not in text(browser.get("/operations/"))
        assert "was asked for again since" in text(browser.post(f"/operations/jobs/{job_id}/again/", follow=True))
        assert Job.objects.filter(kind="nobody.does.this", state=Job.State.QUEUED).count() == 1

    def test_a_mail_is_never_sent_again_from_here(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        found = delivery(cast.client, "failed", asked=timedelta())
        Job.objects.filter(key=str(found.pk)).update(state=Job.State.FAILED, finished_at=timezone.now(), error="550 nobody here")
        browser = signed_in(operator)
        page = browser.get("/operations/").content.decode()
        assert "550 nobody here" in page
        assert "/again/" not in page
        assert browser.post(f"/operations/jobs/{Job.objects.get(key=str(found.pk)).pk}/again/").status_code == 404

    def test_how_long_the_oldest_has_waited_is_measured(self, cast: Cast) -> None:
        queue.enqueue("accounts.housekeeping", run_at=timezone.now() - timedelta(minutes=7))
        samples = scraped()
        assert 419 < samples["vigie_jobs_oldest_due_seconds",] < 440
        assert 419 < samples["vigie_jobs_oldest_due_by_kind_seconds", "accounts.housekeeping"] < 440
        assert health()["problems"] == ["1 jobs are more than 5 minutes late"]


class TestDoors:
    def test_the_page_is_for_operators_on_the_default_host_only(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        assert signed_in(operator).get("/operations/").status_code == 200
        assert signed_in(cast.owner).get("/operations/").status_code == 404
        assert 'href="/operations/"' not in signed_in(cast.owner).get("/c/lumen/").content.decode()
        assert signed_in(operator).get("/operations/", SERVER_NAME="reports.sud.example").status_code == 404

    def test_the_page_reads_itself_anew_unless_it_is_held_still(self, operator: User, signed_in: SignIn) -> None:
        browser = signed_in(operator)
        assert '<meta http-equiv="refresh" content="30">' in browser.get("/operations/").content.decode()
        assert "refresh" not in browser.get("/operations/?still").content.decode()

    def test_the_page_speaks_french(self, operator: User, signed_in: SignIn) -> None:
        operator.language = "fr"
        operator.save()
        assert "Le service fonctionne et rien n'attend personne." in text(signed_in(operator).get("/operations/")).replace("’", "'")

    def test_the_page_asks_as_much_however_much_there_is_to_see(self, cast: Cast, operator: User, signed_in: SignIn) -> None:
        browser = signed_in(operator)
        delivery(cast.client, "unknown", asked=timedelta())
        read(cast.client, "lost")
        few = queries(browser, "/operations/")
        for account in ("4", "5", "6"):
            delivery(cast.client, "unknown", asked=timedelta())
            read(cast.client, "lost", account)
        assert queries(browser, "/operations/") == few <= 24

    def test_metrics_are_for_this_machine_or_for_who_shows_the_token(self, cast: Cast, settings: Any) -> None:
        browser = Browser(SERVER_NAME="localhost")
        assert browser.get("/metrics").status_code == 200
        assert browser.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 404
        assert browser.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
        assert browser.get("/metrics", SERVER_NAME="reports.sud.example").status_code == 404
        settings.METRICS_TOKEN = "a token of operators"
        assert browser.get("/metrics").status_code == 401
        assert browser.get("/metrics", headers={"Authorization": "Bearer something else"}).status_code == 401
        shown = browser.get("/metrics", headers={"Authorization": "Bearer a token of operators"}, REMOTE_ADDR="203.0.113.7")
        assert shown.status_code == 200
        assert "vigie_clients_lagging 0.0" in shown.content.decode()
