"""Claim, lease, heartbeat, finish, reap: every change of a job is one conditional UPDATE whose rows are counted."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import IntegrityError, connection, transaction

from jobs import registry
from jobs.models import Job

# A message not picked up within this time is sent again; a worker silent for as long as its lease has died.
PICK_UP = settings.JOB_PICK_UP_SECONDS
LEASE = settings.JOB_LEASE_SECONDS
# Messages of one queue that may wait where no worker is busy; where some are, as many as are.
HANDED_OUT = 2
# A platform may ask for patience, but not for a lifetime.
LONGEST_WAIT = 86_400
LONGEST_ERROR = 2_000
DONE_KEPT_DAYS, FAILED_KEPT_DAYS = 14, 90


class LeaseLost(Exception):
    """Another worker has this job now; whatever this one did since must not be kept."""


def enqueue(
    kind: str, *, client_id: int | None = None, key: str = "", arguments: dict[str, Any] | None = None, run_at: datetime | None = None
) -> int:
    """Ask for a job and return its row's id. An open row of the same client, kind and key is joined, not doubled.

    A waiting row keeps the earlier of both times. A running one is run again afterwards, for it may have read the data
    before the caller's change. Call it inside the transaction that makes the work necessary.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO jobs_job AS job
                (client_id, kind, key, arguments, run_at, state, attempt, attempts_allowed, starts, wanted_again, error)
            VALUES (%(client)s, %(kind)s, %(key)s, %(arguments)s::jsonb, coalesce(%(run_at)s, now()),
                    'queued', 0, %(attempts)s, 0, false, '')
            ON CONFLICT (client_id, kind, key) WHERE state IN ('queued', 'sent', 'running', 'parked') DO UPDATE SET
                run_at = CASE WHEN job.state = 'running' AND NOT job.wanted_again THEN excluded.run_at
                              ELSE least(job.run_at, excluded.run_at) END,
                wanted_again = job.wanted_again OR job.state = 'running',
                arguments = job.arguments || excluded.arguments
            RETURNING id
            """,
            {
                "client": client_id,
                "kind": kind,
                "key": key,
                "arguments": json.dumps(arguments or {}),
                "run_at": run_at,
                "attempts": registry.attempts_for(kind),
            },
        )
        return int(cursor.fetchone()[0])


def claim(limit: int, client_id: int | None = None) -> list[tuple[int, str]]:
    """Take up to `limit` due jobs (of one client, if given); their ids and kinds. Callers in parallel get different ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE jobs_job SET state = 'sent', lease_until = now() + make_interval(secs => %(pick_up)s) WHERE id IN (
                SELECT id FROM jobs_job WHERE state = 'queued' AND run_at <= now()
                    AND (%(client)s::bigint IS NULL OR client_id = %(client)s)
                ORDER BY run_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            ) RETURNING id, kind
            """,
            {"pick_up": PICK_UP, "limit": limit, "client": client_id},
        )
        return sorted(cursor.fetchall())


def hand_out(name: str) -> list[int]:
    """Take due jobs of the queue `name` for the broker, and return their ids: no more than workers pick up soon.

    As many may wait as jobs of the queue are being done. Whoever ends one calls this again, so that no worker waits for a tick; a
    whole backlog in the broker would outlive `PICK_UP` there, be taken for lost, and be sent again and again.
    """
    kinds, is_default = registry.kinds_of(name)
    own = "kind <> ALL(%(kinds)s)" if is_default else "kind = ANY(%(kinds)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE jobs_job SET state = 'sent', lease_until = now() + make_interval(secs => %(pick_up)s) WHERE id IN (
                SELECT id FROM jobs_job WHERE state = 'queued' AND run_at <= now() AND {own}
                ORDER BY run_at, id FOR UPDATE SKIP LOCKED LIMIT (
                    SELECT greatest(greatest(count(*) FILTER (WHERE state = 'running'), %(least)s)
                                    - count(*) FILTER (WHERE state = 'sent'), 0)
                    FROM jobs_job WHERE state IN ('sent', 'running') AND {own})
            ) RETURNING id
            """,
            {"pick_up": PICK_UP, "least": HANDED_OUT, "kinds": kinds},
        )
        return sorted(job_id for (job_id,) in cursor.fetchall())


def reap() -> int:
    """Queue again what a lost message or a dead worker left behind; return how many. Too many deaths fail the job."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE jobs_job SET
                state = CASE WHEN attempt >= attempts_allowed AND NOT wanted_again THEN 'failed' ELSE 'queued' END,
                finished_at = CASE WHEN attempt >= attempts_allowed AND NOT wanted_again THEN now() END,
                attempt = CASE WHEN attempt >= attempts_allowed AND wanted_again THEN 0 ELSE attempt END,
                wanted_again = wanted_again AND attempt < attempts_allowed,
                error = CASE WHEN state = 'running' THEN 'the worker stopped answering' ELSE error END,
                lease_until = NULL
            WHERE id IN (
                SELECT id FROM jobs_job WHERE state IN ('sent', 'running') AND lease_until < now() FOR UPDATE SKIP LOCKED
            ) RETURNING id, state
            """
        )
        reaped = cursor.fetchall()
        for job in Job.objects.filter(pk__in=[job_id for job_id, state in reaped if state == Job.State.FAILED]):
            registry.tell_failure(job, None)
    return len(reaped)


def start(job_id: int) -> Job | None:
    """Take the lease of a sent job, or None when another worker has it already (a message may arrive twice)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE jobs_job SET state = 'running', attempt = attempt + 1, starts = starts + 1,
                   lease_until = now() + make_interval(secs => %s)
               WHERE id = %s AND state = 'sent'""",
            [LEASE, job_id],
        )
        taken = cursor.rowcount
    return Job.objects.get(pk=job_id) if taken else None


def heartbeat(job: Job) -> bool:
    """Renew the lease; False when it is lost."""
    return _change(job, "lease_until = now() + make_interval(secs => %s)", [LEASE])


def finish(job: Job) -> bool:
    """Close the job, or queue it again when it was asked for meanwhile; False when the lease is lost."""
    return _change(
        job,
        """state = CASE WHEN wanted_again THEN 'queued' ELSE 'done' END, attempt = CASE WHEN wanted_again THEN 0 ELSE attempt END,
           finished_at = CASE WHEN wanted_again THEN NULL ELSE now() END, wanted_again = false, lease_until = NULL, error = ''""",
    )


def retry(job: Job, reason: Exception, *, not_before: float = 0) -> bool:
    """Queue the job for another attempt, each twice as far away as the one before and at least `not_before` seconds.

    After the last attempt it has failed.
    """
    if job.attempt >= job.attempts_allowed:
        return fail(job, reason)
    wait = min(max(5 * 2 ** min(max(job.attempt - 1, 0), 7), not_before), LONGEST_WAIT)
    assignments = "state = 'queued', run_at = now() + make_interval(secs => %s), lease_until = NULL, wanted_again = false, error = %s"
    return _change(job, assignments, [wait, _said(reason)])


def fail(job: Job, reason: Exception) -> bool:
    """Close the job as failed, unless it was asked for meanwhile: then it starts afresh at the time asked for."""
    with transaction.atomic():
        changed = _change(
            job,
            """state = CASE WHEN wanted_again THEN 'queued' ELSE 'failed' END, attempt = CASE WHEN wanted_again THEN 0 ELSE attempt END,
               finished_at = CASE WHEN wanted_again THEN NULL ELSE now() END, wanted_again = false, lease_until = NULL, error = %s""",
            [_said(reason)],
        )
        if changed and Job.objects.filter(pk=job.pk, state=Job.State.FAILED).exists():
            registry.tell_failure(job, reason)
    return changed


def try_again(job_id: int) -> bool:
    """Queue a failed job anew, with all its attempts; False where it has not failed, or was asked for again since."""
    with contextlib.suppress(IntegrityError), transaction.atomic():
        again = {"state": Job.State.QUEUED, "run_at": TransactionNow(), "attempt": 0, "finished_at": None}
        return bool(Job.objects.filter(pk=job_id, state=Job.State.FAILED).update(**again))
    return False


def park(job: Job) -> bool:
    """Put a running job aside, as if it had never been started; False when the lease is lost."""
    return _change(job, "state = 'parked', attempt = greatest(attempt - 1, 0), wanted_again = false, lease_until = NULL")


def park_all(client_id: int) -> int:
    """Put aside what waits for a client that closes; return how many. What is running is parked when it is next started."""
    waiting = Job.objects.filter(client_id=client_id, state__in=[Job.State.QUEUED, Job.State.SENT])
    return waiting.update(state=Job.State.PARKED, lease_until=None)


def unpark_all(client_id: int) -> int:
    """Queue everything that was put aside for a client; return how many."""
    return Job.objects.filter(client_id=client_id, state=Job.State.PARKED).update(state=Job.State.QUEUED)


def prune(limit: int = 10_000) -> int:
    """Delete up to `limit` jobs that ended long ago, those that failed later than the others; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """DELETE FROM jobs_job WHERE id IN (
                   SELECT id FROM jobs_job WHERE finished_at < now() - make_interval(days => %s)
                       AND (state = 'done' OR finished_at < now() - make_interval(days => %s)) LIMIT %s FOR UPDATE SKIP LOCKED)""",
            [DONE_KEPT_DAYS, FAILED_KEPT_DAYS, limit],
        )
        return int(cursor.rowcount)


def forget_all(client_id: int) -> int:
    """Delete every job of a client that is no more; return how many. A message of one finds no row and does nothing."""
    return Job.objects.filter(client_id=client_id).delete()[0]


def forget_idle(kind: str, key: str) -> int:
    """Delete the jobs of a kind and key that no worker is doing; return how many."""
    return Job.objects.filter(kind=kind, key=key).exclude(state=Job.State.RUNNING).delete()[0]


def forget(job: Job) -> None:
    """Delete a job that is done and must leave no trace."""
    Job.objects.filter(pk=job.pk).delete()


@contextlib.contextmanager
def effect(job: Job) -> Iterator[None]:
    """A transaction that commits only while this worker holds the lease; raises `LeaseLost` otherwise."""
    with transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM jobs_job WHERE id = %s AND state = 'running' AND starts = %s AND lease_until > now() FOR UPDATE",
                [job.pk, job.starts],
            )
            if cursor.fetchone() is None:
                raise LeaseLost(str(job))


@contextlib.contextmanager
def step(job: Job) -> Iterator[None]:
    """An effect that nobody does again: whoever goes on after it has all attempts before them.

    For jobs that end by themselves after so many steps; others would go on for ever.
    """
    with effect(job):
        yield
        _change(job, "attempt = 0")
    job.attempt = 0


def _change(job: Job, assignments: str, parameters: list[Any] | None = None) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE jobs_job SET {assignments} WHERE id = %s AND state = 'running' AND starts = %s",
            [*(parameters or []), job.pk, job.starts],
        )
        return bool(cursor.rowcount == 1)


def _said(reason: Exception) -> str:
    """What an exception says, as Postgres can keep it."""
    words = str(reason) if isinstance(reason, registry.GiveUp | registry.Later) else f"{type(reason).__name__}: {reason}"
    return words.replace("\0", "")[:LONGEST_ERROR]
