"""Reports come due by the calendar: after an outage, beside a broken schedule, and again when one failed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.tenancy import inside
from jobs import queue, worker
from jobs.models import Job
from jobs.registry import ATTEMPTS
from kpis import choices, periods
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


@pytest.mark.usefixtures("_in_week_47")
class TestEveryCadence:
    """It is Tuesday, 17 November 2026; Maison Lumen is in Paris."""

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({}, [("2026-11-23 08:00", "2026-W47"), ("2026-11-30 08:00", "2026-W48")]),
            (
                {"cadence": "fortnightly", "anchor": date(2026, 11, 2), "weekday": 3},
                [("2026-11-18 08:00", "2026-W45-W46"), ("2026-12-02 08:00", "2026-W47-W48")],
            ),
            ({"cadence": "monthly"}, [("2026-12-01 08:00", "2026-11"), ("2027-01-01 08:00", "2026-12")]),
            (
                {"cadence": "monthly", "day_rule": "nth_weekday", "nth": -1, "weekday": 5},
                [("2026-11-27 08:00", "2026-10"), ("2026-12-25 08:00", "2026-11")],
            ),
            ({"cadence": "quarterly"}, [("2027-01-01 08:00", "2026-Q4"), ("2027-04-01 08:00", "2027-Q1")]),
        ],
    )
    def test_the_next_sends_are_told_with_the_period_of_each(self, cast: Cast, fields: dict[str, Any], expected: list[Any]) -> None:
        schedule = scheduling.create(cast.client, {}, local_time=time(8, 0), **fields)
        assert told(schedule)[:2] == expected
        assert len(scheduling.upcoming(schedule)) == 5
        Schedule.objects.update(next_run_at=scheduling.plan_of(schedule).last(NOW).at)
        scheduling.open_due_runs()
        schedule.refresh_from_db()
        assert told(schedule)[:2] == expected
        assert Run.objects.get().until == scheduling.upcoming(schedule)[0].period.since - timedelta(days=1)

    def test_a_schedule_that_changed_tells_no_period_twice_and_shows_what_it_leaves_out(self, cast: Cast) -> None:
        schedule = scheduling.create_weekly(cast.client, {})
        scheduling.open_run(schedule, WEEK)
        schedule.weekday = 5
        scheduling.replan(schedule, scheduling.CHANGED)
        assert told(schedule)[0] == ("2026-11-27 08:00", "2026-W47")
        schedule.cadence = "monthly"
        scheduling.replan(schedule, scheduling.CHANGED)
        schedule.cadence = "weekly"
        Run.objects.filter(period=WEEK).delete()
        Run.objects.create(schedule=schedule, period="2026-W44", since=date(2026, 10, 26), until=date(2026, 11, 1), state=State.READY)
        schedule.weekday = 1
        scheduling.replan(schedule, scheduling.CHANGED)
        assert told(schedule)[0] == ("2026-11-23 08:00", "2026-W47")
        left_out = Run.objects.filter(state=State.SKIPPED).values_list("period", "problem")
        assert sorted(left_out) == [("2026-W45", scheduling.CHANGED), (WEEK, scheduling.CHANGED)]

    def test_what_came_due_in_a_pause_is_shown_and_not_sent(self, cast: Cast) -> None:
        schedule = scheduling.create_weekly(cast.client, {})
        Schedule.objects.update(paused=True, next_run_at=NOW - timedelta(days=8, hours=2))
        scheduling.open_due_runs()
        assert not Run.objects.exists()
        schedule.refresh_from_db()
        assert scheduling.upcoming(schedule) == []
        schedule.paused = False
        scheduling.replan(schedule, scheduling.PAUSED)
        found = set(Run.objects.values_list("period", "state", "problem"))
        assert found == {("2026-W45", State.SKIPPED, scheduling.PAUSED), (WEEK, State.SKIPPED, scheduling.PAUSED)}
        assert told(schedule)[0] == ("2026-11-23 08:00", "2026-W47")

    @pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
    def test_a_client_that_moved_to_another_zone_misses_no_week(self, cast: Cast, zone: str) -> None:
        schedule = scheduling.create_weekly(cast.client, {})
        Schedule.objects.update(next_run_at=datetime(2026, 11, 16, 7, tzinfo=UTC))
        Client.objects.filter(pk=cast.client.pk).update(timezone=zone)
        scheduling.open_due_runs()
        schedule.refresh_from_db()
        assert [run.period for run in Run.objects.all()] == [WEEK]
        schedule.client.refresh_from_db()
        assert told(schedule)[0] == ("2026-11-23 08:00", "2026-W47")

    def test_the_weeks_of_a_report_begin_as_the_client_chose(self, cast: Cast) -> None:
        with inside(cast.client):
            choices.choose(cast.client, "week_start", "sunday", None, OPERATOR)
        schedule = scheduling.create_weekly(cast.client, {})
        assert told(schedule)[0] == ("2026-11-23 08:00", "2026-11-15")

    def test_where_weeks_begin_on_another_day_since_no_day_is_left_out_unseen(self, cast: Cast) -> None:
        schedule = scheduling.create_weekly(cast.client, {})
        Run.objects.create(schedule=schedule, period="2026-11-01", since=date(2026, 11, 1), until=date(2026, 11, 7), state=State.READY)
        Schedule.objects.update(next_run_at=datetime(2026, 11, 16, 7, tzinfo=UTC))
        scheduling.open_due_runs()
        assert dict(Run.objects.values_list("period", "state")) == {"2026-11-01": State.READY, "2026-W45": State.SKIPPED, WEEK: State.DUE}


def told(schedule: Schedule) -> list[tuple[str, str]]:
    zone = schedule.client.zone
    return [(f"{send.at.astimezone(zone):%Y-%m-%d %H:%M}", send.period.key) for send in scheduling.upcoming(schedule)]


class TestReportList:
    @pytest.mark.parametrize(
        ("state", "shown", "has_document"),
        [
            (State.SKIPPED, "Not sent: the service was down when it was due", False),
            (State.FAILED, "Failed", False),
            (State.DUE, "In preparation", False),
            (State.READY, "Ready", True),
        ],
    )
    def test_a_report_that_was_not_sent_never_looks_like_one_that_was(
        self, schedule: Schedule, cast: Cast, signed_in: Any, state: str, shown: str, has_document: bool
    ) -> None:
        Run.objects.create(
            schedule=schedule,
            period=WEEK,
            since=periods.week(WEEK).since,
            until=periods.week(WEEK).until,
            state=state,
            problem=scheduling.DOWN if state == State.SKIPPED else "",
        )
        page = signed_in(cast.owner).get("/c/lumen/reports/").content.decode()
        [told] = re.findall(r'<p class="ledger-state">(.*?)</p>', page, re.DOTALL)
        assert shown in told
        assert (f"/c/lumen/reports/{WEEK}.pdf" in page) is has_document

    @pytest.mark.usefixtures("_in_week_47")
    def test_a_page_shows_the_next_five_sends_with_the_days_of_each(self, cast: Cast, signed_in: Any) -> None:
        schedule = scheduling.create(cast.client, {}, cadence="monthly", local_time=time(8, 0))
        page = signed_in(cast.owner).get(f"/c/lumen/reports/schedules/{schedule.pk}/").content.decode()
        [sends] = re.findall(r'<section class="card" id="sends".*?</section>', page, re.DOTALL)
        assert len(re.findall(r"\d\d:\d\d", sends)) == 5
        assert "1 December 2026, 08:00" in sends
        assert "1–30 November 2026" in sends
        assert "1–30 November 2026" in signed_in(cast.owner).get("/c/lumen/reports/").content.decode()
        assert "1–30 November 2026" not in signed_in(cast.viewer).get("/c/lumen/reports/").content.decode()


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


def test_where_weeks_begin_on_another_day_reports_are_due_by_the_new_weeks(schedule: Schedule) -> None:
    """Sent on Sundays: of Monday-to-Sunday weeks six days after their end, of Sunday-to-Saturday weeks on the day after."""
    scheduling.replan(Schedule.objects.get(), scheduling.CHANGED)
    Schedule.objects.update(weekday=7)
    with inside(schedule.client):
        choices.choose(schedule.client, "week_start", "sunday", None, OPERATOR)
    schedule = Schedule.objects.select_related("client").get()
    first, second, *_later = scheduling.upcoming(schedule)
    assert schedule.next_run_at == first.at
    assert (first.period.since.isoweekday(), first.at.astimezone(schedule.client.zone).date() - first.period.until) == (
        7,
        timedelta(days=1),
    )
    assert second.period.since == first.period.until + timedelta(days=1)
