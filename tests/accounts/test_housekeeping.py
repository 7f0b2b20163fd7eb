"""A server that runs for years does not drown in what is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import housekeeping
from jobs import queue, worker
from jobs.models import Job
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def ended(state: str, days_ago: int) -> int:
    job = Job.objects.get(pk=queue.enqueue("tests.any", key=f"{state} {days_ago}"))
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=timezone.now() - timedelta(days=days_ago))
    return job.pk


def night() -> None:
    housekeeping.open_nightly()
    Job.objects.filter(kind=housekeeping.KIND).update(run_at=timezone.now() - timedelta(hours=1))
    worker.work_off()


def test_jobs_go_some_time_after_they_ended_and_failures_later(cast: Cast) -> None:
    kept = {ended("done", 13), ended("failed", 89)}
    ended("done", 15)
    ended("failed", 91)
    waiting = queue.enqueue("tests.any", key="waits", run_at=timezone.now() + timedelta(days=1))
    night()
    assert set(Job.objects.exclude(kind=housekeeping.KIND).values_list("pk", flat=True)) == kept | {waiting}


def test_every_night_has_one_job_however_often_the_clock_ticks(cast: Cast) -> None:
    for _ in range(3):
        housekeeping.open_nightly()
    (job,) = Job.objects.filter(kind=housekeeping.KIND)
    assert timedelta() < job.run_at - timezone.now() <= timedelta(days=1)
    assert job.run_at.hour == housekeeping.HOUR


def test_sessions_that_are_over_go_and_others_stay(cast: Cast) -> None:
    for key, days in (("over", -1), ("open", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=timezone.now() + timedelta(days=days))
        UserSession.objects.create(user=cast.viewer, session_key=key, ip="192.0.2.1")
    night()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
    assert list(UserSession.objects.values_list("session_key", flat=True)) == ["open"]
