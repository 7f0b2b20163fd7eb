"""Work for a client that closes is put aside whole, and taken up whole when the client is reopened."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from accounts import closing
from accounts.audit import OPERATOR
from accounts.client_jobs import handles_client_job
from accounts.models import Client
from jobs import queue, registry, worker
from jobs.models import Job
from tests.conftest import Cast
from tests.threads import PATIENCE, in_thread, someone_waits, until

KIND = "tests.client_work"


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which clients' work was done."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    found: list[int] = []
    handles_client_job(KIND)(lambda _run, client: found.append(client.pk))
    return found


def ask(client: Client, key: str = "") -> Job:
    return Job.objects.get(pk=queue.enqueue(KIND, client_id=client.pk, key=key))


def states() -> list[str]:
    return list(Job.objects.order_by("pk").values_list("state", flat=True))


def test_nothing_runs_while_a_client_closes_and_everything_after_it_is_reopened(cast: Cast, done: list[int]) -> None:
    ask(cast.client, "before")
    closing.close(cast.client, OPERATOR)
    ask(cast.client, "meanwhile")
    ask(cast.other_client)
    worker.work_off()
    assert done == [cast.other_client.pk]
    assert states() == ["parked", "parked", "done"]
    closing.reopen(cast.client, OPERATOR)
    worker.work_off()
    assert done == [cast.other_client.pk, cast.client.pk, cast.client.pk]
    assert set(states()) == {"done"}


def test_asking_again_for_what_is_put_aside_joins_it(cast: Cast, done: list[int]) -> None:
    first = ask(cast.client)
    closing.close(cast.client, OPERATOR)
    assert ask(cast.client).pk == first.pk
    closing.reopen(cast.client, OPERATOR)
    worker.work_off()
    assert done == [cast.client.pk]


def test_putting_aside_costs_no_attempt_and_is_no_failure(cast: Cast, done: list[int]) -> None:
    job = ask(cast.client)
    Client.objects.filter(pk=cast.client.pk).update(closed_at="2026-11-01T00:00Z")
    for _ in range(job.attempts_allowed + 2):
        queue.unpark_all(cast.client.pk)
        worker.work_off()
    job.refresh_from_db()
    assert (job.state, job.attempt, job.error) == ("parked", 0, "")


def test_a_message_of_before_the_closing_starts_nothing(cast: Cast, done: list[int]) -> None:
    job = ask(cast.client)
    queue.claim(limit=1)
    closing.close(cast.client, OPERATOR)
    worker.run(job.pk)
    assert done == []
    assert states() == ["parked"]


def test_a_client_reopened_at_the_very_moment_of_putting_aside_leaves_nothing_behind(
    own_database: str, cast: Cast, done: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has seen a closed client; before it puts the job aside, somebody reopens the client."""
    job = ask(cast.client)
    Client.objects.filter(pk=cast.client.pk).update(closed_at="2026-11-01T00:00Z")
    park = queue.park

    def reopened_meanwhile(job: Job) -> bool:
        reopening = in_thread(lambda: closing.reopen(cast.client, OPERATOR))
        until(someone_waits)
        parked = park(job)
        waiting.append(reopening)
        return parked

    waiting: list[Future[object]] = []
    monkeypatch.setattr("accounts.client_jobs.park", reopened_meanwhile)
    queue.claim(limit=1)
    worker.run(job.pk)
    waiting[0].result(PATIENCE)
    assert states() == ["queued"]
    worker.work_off()
    assert done == [cast.client.pk]


def test_a_job_for_a_client_that_is_no_more_ends_with_the_reason(cast: Cast, done: list[int]) -> None:
    Job.objects.get(pk=queue.enqueue(KIND, client_id=987_654))
    worker.work_off()
    assert Job.objects.get().error == "client 987654 does not exist"
    assert states() == ["failed"]


def test_closing_and_reopening_twice_is_doing_it_once(cast: Cast, done: list[int]) -> None:
    from accounts import audit

    for _ in range(2):
        closing.close(cast.client, OPERATOR)
    for _ in range(2):
        closing.reopen(cast.client, OPERATOR)
    verbs = [event.verb for event in audit.events_of(cast.client)]
    assert verbs.count("client.closed") == verbs.count("client.reopened") == 1
