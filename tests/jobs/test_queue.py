"""Work is asked for once, done once, and never lost: the queue by itself, on real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from jobs import queue, registry, worker
from jobs.models import Job
from jobs.worker import Run
from tests.threads import until

State = Job.State


@contextmanager
def handler(kind: str, function: Callable[[Run], None]) -> Iterator[None]:
    """A handler for the time of a test."""
    registry.handles(kind)(function)
    try:
        yield
    finally:
        del registry._kinds[kind]


def in_threads(count: int, function: Callable[[], object]) -> None:
    def with_own_connection() -> None:
        try:
            function()
        finally:
            connection.close()

    threads = [threading.Thread(target=with_own_connection) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def expire_leases() -> None:
    Job.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - timedelta(hours=1))


def claimed(**arguments: object) -> Job:
    queue.enqueue("test", **arguments)  # type: ignore[arg-type]
    return started()


def started() -> Job:
    """The one due job, in the hands of a worker."""
    [(job_id, _)] = queue.claim(limit=10)
    job = queue.start(job_id)
    assert job is not None
    return job


@pytest.mark.django_db
class TestAsking:
    def test_asking_twice_makes_one_job(self) -> None:
        first = queue.enqueue("test", client_id=1, key="a", arguments={"x": 1})
        second = queue.enqueue("test", client_id=1, key="a", arguments={"y": 2})
        assert first == second
        assert Job.objects.get().arguments == {"x": 1, "y": 2}

    def test_another_key_client_or_kind_is_another_job(self) -> None:
        ids = {
            queue.enqueue("test", client_id=1, key="a"),
            queue.enqueue("test", client_id=1, key="b"),
            queue.enqueue("test", client_id=2, key="a"),
            queue.enqueue("other", client_id=1, key="a"),
            queue.enqueue("test", key="a"),
        }
        assert len(ids) == 5

    def test_a_waiting_job_keeps_the_earlier_time(self) -> None:
        now = timezone.now()
        queue.enqueue("test", run_at=now + timedelta(days=1))
        queue.enqueue("test", run_at=now)
        queue.enqueue("test", run_at=now + timedelta(days=2))
        assert Job.objects.get().run_at == now

    def test_a_job_of_tomorrow_is_not_due(self) -> None:
        queue.enqueue("test", run_at=timezone.now() + timedelta(days=1))
        assert queue.claim(limit=10) == []

    def test_asking_for_a_running_job_runs_it_again(self) -> None:
        job = claimed()
        assert queue.enqueue("test") == job.pk
        assert queue.finish(job)
        assert Job.objects.get().state == State.QUEUED
        assert queue.claim(limit=10) == [(job.pk, "test")]

    def test_a_running_job_may_ask_for_its_next_time(self) -> None:
        job = claimed()
        tomorrow = timezone.now() + timedelta(days=1)
        queue.enqueue("test", run_at=tomorrow)
        queue.finish(job)
        assert Job.objects.get().run_at == tomorrow
        assert queue.claim(limit=10) == []

    def test_a_finished_job_leaves_room_for_a_new_one(self) -> None:
        job = claimed()
        queue.finish(job)
        assert queue.enqueue("test") != job.pk


@pytest.mark.django_db
class TestLeases:
    def test_a_message_that_arrives_twice_starts_one_job(self) -> None:
        job = claimed()
        assert queue.start(job.pk) is None

    def test_a_lost_message_is_sent_again(self) -> None:
        queue.enqueue("test")
        [(job_id, _)] = queue.claim(limit=10)
        assert queue.claim(limit=10) == []
        expire_leases()
        assert queue.reap() == 1
        assert queue.claim(limit=10) == [(job_id, "test")]

    def test_the_job_of_a_dead_worker_is_given_to_another(self) -> None:
        dead = claimed()
        expire_leases()
        queue.reap()
        queue.claim(limit=10)
        alive = queue.start(dead.pk)
        assert alive is not None
        assert not queue.heartbeat(dead)
        assert not queue.finish(dead)
        assert queue.heartbeat(alive)
        assert queue.finish(alive)

    def test_a_worker_that_lost_its_lease_keeps_nothing(self) -> None:
        dead = claimed()
        expire_leases()
        with pytest.raises(queue.LeaseLost), queue.effect(dead):
            queue.enqueue("consequence")
        assert not Job.objects.filter(kind="consequence").exists()

    def test_work_that_came_too_late_is_done_again_and_not_called_done(self) -> None:
        tries = []

        def too_late_at_first(run: Run) -> None:
            tries.append(run)
            if len(tries) == 1:
                expire_leases()
            with run.effect():
                pass

        with handler("test", too_late_at_first):
            queue.enqueue("test")
            worker.work_off()
            assert Job.objects.get().state == State.RUNNING
            queue.reap()
            worker.work_off()
        assert (len(tries), Job.objects.get().state) == (2, State.DONE)

    def test_a_worker_given_up_long_ago_keeps_nothing_though_the_job_began_anew(self) -> None:
        given_up = claimed()
        expire_leases()
        queue.reap()
        second = started()
        queue.enqueue("test")
        assert queue.finish(second)
        third = started()
        assert third.attempt == given_up.attempt
        assert not queue.heartbeat(given_up)
        with pytest.raises(queue.LeaseLost), queue.effect(given_up):
            queue.enqueue("consequence")
        assert not Job.objects.filter(kind="consequence").exists()

    def test_a_wish_made_while_the_last_worker_died_is_kept(self) -> None:
        queue.enqueue("test")
        Job.objects.update(attempt=registry.ATTEMPTS - 1)
        started()
        queue.enqueue("test")
        expire_leases()
        queue.reap()
        assert (Job.objects.get().state, Job.objects.get().attempt) == (State.QUEUED, 0)

    def test_a_heartbeat_keeps_the_lease(self) -> None:
        job = claimed()
        expire_leases()
        assert queue.heartbeat(job)
        assert queue.reap() == 0

    def test_a_job_that_kills_every_worker_fails_in_the_end(self) -> None:
        queue.enqueue("test")
        for _ in range(registry.ATTEMPTS):
            [(job_id, _)] = queue.claim(limit=10)
            assert queue.start(job_id)
            expire_leases()
            queue.reap()
        job = Job.objects.get()
        assert (job.state, job.error) == (State.FAILED, "the worker stopped answering")

    def test_a_job_that_gets_on_in_every_life_may_die_any_number_of_times(self) -> None:
        queue.enqueue("test")
        for _ in range(registry.ATTEMPTS + 2):
            job = started()
            with queue.step(job):
                pass
            expire_leases()
            queue.reap()
        assert (Job.objects.get().state, Job.objects.get().attempt) == (State.QUEUED, 0)

    def test_what_was_not_kept_is_no_step(self) -> None:
        queue.enqueue("test")
        Job.objects.update(attempt=registry.ATTEMPTS - 1)
        job = started()
        with pytest.raises(LookupError), queue.step(job):
            raise LookupError
        assert job.attempt == registry.ATTEMPTS
        expire_leases()
        with pytest.raises(queue.LeaseLost), queue.step(job):
            pass
        queue.reap()
        assert Job.objects.get().state == State.FAILED

    def test_a_step_and_then_an_error_has_all_attempts_before_it(self) -> None:
        def breaks(run: Run) -> None:
            with run.step():
                pass
            raise ConnectionError("the platform hung up")

        with handler("test", breaks):
            queue.enqueue("test")
            Job.objects.update(attempt=registry.ATTEMPTS - 1)
            worker.work_off()
        job = Job.objects.get()
        assert (job.state, job.attempt) == (State.QUEUED, 0)
        assert timedelta(seconds=3) < job.run_at - timezone.now() < timedelta(seconds=6)

    def test_a_job_put_aside_after_a_step_begins_anew(self) -> None:
        job = claimed()
        with queue.step(job):
            pass
        assert queue.park(job)
        assert (Job.objects.get().state, Job.objects.get().attempt) == (State.PARKED, 0)


@pytest.mark.django_db
class TestOutcomes:
    def test_an_error_is_kept_and_tried_again_later(self) -> None:
        def breaks(run: Run) -> None:
            raise ConnectionError("the platform hung up")

        with handler("test", breaks):
            queue.enqueue("test")
            assert worker.work_off() == 1
        job = Job.objects.get()
        assert (job.state, job.error) == (State.QUEUED, "ConnectionError: the platform hung up")
        assert timedelta(seconds=3) < job.run_at - timezone.now() < timedelta(seconds=6)

    def test_waits_double_and_the_last_attempt_fails(self) -> None:
        def breaks(run: Run) -> None:
            raise ConnectionError("again")

        waits = []
        with handler("test", breaks):
            queue.enqueue("test")
            for _ in range(registry.ATTEMPTS):
                worker.work_off()
                job = Job.objects.get()
                waits.append(round((job.run_at - timezone.now()).total_seconds()))
                Job.objects.update(run_at=timezone.now() - timedelta(hours=1))
        assert waits[:4] == [5, 10, 20, 40]
        assert job.state == State.FAILED

    def test_a_platform_that_asks_for_patience_gets_it(self) -> None:
        def asks(run: Run) -> None:
            raise registry.Later("come back in ten minutes", 600)

        with handler("test", asks):
            queue.enqueue("test")
            worker.work_off()
        assert timedelta(seconds=590) < Job.objects.get().run_at - timezone.now() <= timedelta(seconds=600)

    def test_a_platform_that_asks_for_a_lifetime_is_asked_again_tomorrow(self) -> None:
        def asks(run: Run) -> None:
            raise registry.Later("come back in thirty years", 10**9)

        with handler("test", asks):
            queue.enqueue("test")
            worker.work_off()
        assert timedelta(hours=23) < Job.objects.get().run_at - timezone.now() <= timedelta(days=1)

    @pytest.mark.parametrize(("attempts_before", "state"), [(0, State.QUEUED), (registry.ATTEMPTS - 1, State.FAILED)])
    def test_an_error_is_kept_whatever_signs_it_holds(self, attempts_before: int, state: str) -> None:
        def breaks(run: Run) -> None:
            raise ConnectionError("450 a\0b")

        with handler("test", breaks):
            queue.enqueue("test")
            Job.objects.update(attempt=attempts_before)
            worker.work_off()
        assert (Job.objects.get().state, Job.objects.get().error) == (state, "ConnectionError: 450 ab")

    def test_giving_up_is_not_tried_again(self) -> None:
        def gives_up(run: Run) -> None:
            raise registry.GiveUp("reconnect the account")

        with handler("test", gives_up):
            queue.enqueue("test")
            worker.work_off()
        assert (Job.objects.get().state, Job.objects.get().error) == (State.FAILED, "reconnect the account")

    def test_giving_up_does_not_swallow_a_wish_made_meanwhile(self) -> None:
        def gives_up(run: Run) -> None:
            queue.enqueue("test", run_at=timezone.now() + timedelta(days=1))
            raise registry.GiveUp("not today")

        with handler("test", gives_up):
            queue.enqueue("test")
            worker.work_off()
        assert (Job.objects.get().state, Job.objects.get().attempt) == (State.QUEUED, 0)

    def test_an_unknown_kind_fails_and_says_so(self) -> None:
        queue.enqueue("nobody does this")
        worker.work_off()
        assert Job.objects.get().error == "no handler for jobs of kind 'nobody does this'"


def test_eight_dispatchers_share_a_thousand_jobs_without_a_double(own_database: str) -> None:
    for number in range(1000):
        queue.enqueue("test", key=str(number))
    taken: list[tuple[int, str]] = []

    def dispatch() -> None:
        while ids := queue.claim(limit=37):
            taken.extend(ids)

    in_threads(8, dispatch)
    assert len(taken) == len(set(taken)) == 1000


def test_ten_people_asking_at_once_make_one_job(own_database: str) -> None:
    in_threads(10, lambda: queue.enqueue("test", client_id=1, key="same"))
    assert Job.objects.count() == 1


def test_a_long_job_keeps_its_lease_by_itself(own_database: str) -> None:
    """The lease is two seconds in tests; a job of three is still its worker's."""
    finished = threading.Event()

    def takes_long(run: Run) -> None:
        threading.Event().wait(3)
        assert queue.reap() == 0
        finished.set()

    with handler("test", takes_long):
        queue.enqueue("test")
        worker.work_off()
    assert finished.is_set()
    assert Job.objects.get().state == State.DONE


def test_a_long_job_keeps_its_lease_when_the_database_hangs_up(own_database: str) -> None:
    # Not the server's own workers, such as one that vacuums.
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"

    def value(statement: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]

    def takes_long(run: Run) -> None:
        until(lambda: value(f"SELECT count(*) {others}"))
        assert value(f"SELECT count(pg_terminate_backend(pid)) {others}") == 1
        hung_up_at = value("SELECT now()")
        # The lease runs from the newest heartbeat on: one that came after the connection was lost.
        until(lambda: Job.objects.get().lease_until > hung_up_at + timedelta(seconds=queue.LEASE))

    with handler("test", takes_long):
        queue.enqueue("test")
        worker.work_off()
    assert (Job.objects.get().state, Job.objects.get().error) == (State.DONE, "")


def test_a_calendar_that_cannot_be_read_keeps_no_other_work_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def breaks() -> None:
        raise LookupError("no such time zone")

    monkeypatch.setattr(registry, "_due_work", [breaks, lambda: opened.append("a report")])
    registry.open_due_work()
    assert opened == ["a report"]


@pytest.mark.django_db
def test_what_is_done_about_a_failure_may_fail_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(job: Job, reason: Exception | None) -> None:
        raise LookupError("nobody to tell")

    monkeypatch.setitem(registry._failures, "test", breaks)
    job = claimed()
    Job.objects.update(attempt=registry.ATTEMPTS)
    queue.enqueue("other")
    expire_leases()
    assert queue.reap() == 1
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert [kind for _, kind in queue.claim(limit=10)] == ["other"]
