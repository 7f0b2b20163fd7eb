from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Job(models.Model):
    """One piece of work. At most one open row exists per client, kind and key: asking again joins the open one."""

    class State(models.TextChoices):
        QUEUED = "queued"  # waits for its time
        SENT = "sent"  # its id is with the broker; sent again when the lease runs out
        RUNNING = "running"  # a worker holds the lease and renews it
        PARKED = "parked"  # whose it is has closed; it waits for that to end, however long
        DONE = "done"
        FAILED = "failed"

    OPEN: ClassVar = (State.QUEUED, State.SENT, State.RUNNING, State.PARKED)

    # A plain id: this app is the ground floor and knows no clients.
    client_id = models.BigIntegerField(null=True, db_index=True)
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, default="")
    arguments = models.JSONField(default=dict)
    run_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, default=State.QUEUED)
    # Tries at the present wish since it last got on; begins anew when the job is wanted again.
    attempt = models.PositiveIntegerField(default=0)
    attempts_allowed = models.PositiveIntegerField(default=8)
    # Never reset. The fence: a worker whose number is not the row's has lost the job.
    starts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    wanted_again = models.BooleanField(default=False)
    error = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_id", "kind", "key"],
                condition=models.Q(state__in=["queued", "sent", "running", "parked"]),
                nulls_distinct=False,
                name="jobs_one_open_per_key",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run_at"], condition=models.Q(state="queued"), name="jobs_due"),
            models.Index(fields=["lease_until"], condition=models.Q(state__in=["sent", "running"]), name="jobs_leased"),
            models.Index(fields=["finished_at"], condition=models.Q(finished_at__isnull=False), name="jobs_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} ({self.state})"


class Heartbeat(models.Model):
    """When a process that hands out or does jobs last showed that it works. One that ends in order takes its row away."""

    class Kind(models.TextChoices):
        BEAT = "beat"  # it sent a tick, and a worker did it
        WORKER = "worker"  # its loop, which hands tasks to its children, reached the database

    kind = models.CharField(max_length=10)
    # A worker's node name; of a beat, the name under which it sends.
    name = models.CharField(max_length=200)
    # Of a worker: what it takes jobs from.
    queues = models.JSONField(default=list)
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "name"], name="jobs_heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
