from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import Client


def new_token() -> str:
    # Short enough that a List-Unsubscribe header is never folded in the middle of its address.
    return secrets.token_urlsafe(16)


class Schedule(models.Model):
    """A weekly report of the ISO week before, at a local time of the client's zone."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="schedules")
    weekday = models.PositiveSmallIntegerField(default=1)  # ISO: 1 is Monday
    local_time = models.TimeField()
    # The instant of the next run; moved on by whoever opens it.
    next_run_at = models.DateTimeField(db_index=True)
    paused = models.BooleanField(default=False)
    # Why its due run could not be opened, and when that is tried again; empty and None when all is well.
    problem = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(weekday__gte=1, weekday__lte=7), name="reports_schedule_weekday")
        ]

    def __str__(self) -> str:
        return f"{self.client}, weekday {self.weekday} at {self.local_time}"


class Recipient(models.Model):
    """Who gets a schedule's reports, in which language."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="recipients")
    email = models.EmailField()
    language = models.CharField(max_length=2)
    # In the unsubscribe address; lets anyone who holds it unsubscribe this recipient and nothing else.
    token = models.CharField(max_length=32, unique=True, default=new_token)
    unsubscribed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["schedule", "email"], name="reports_recipient_once")]

    def __str__(self) -> str:
        return self.email


class Run(models.Model):
    """One report: a schedule and a week, once."""

    class State(models.TextChoices):
        DUE = "due"
        READY = "ready"  # figures and documents are kept, deliveries are under way or done
        FAILED = "failed"
        SKIPPED = "skipped"  # came due while the service was down, and a newer week was due by then

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="runs")
    week = models.CharField(max_length=8)
    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=10, default=State.DUE)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["schedule", "week"], name="reports_run_once")]

    def __str__(self) -> str:
        return f"{self.schedule.client} {self.week}"


class Delivery(models.Model):
    """One recipient's copy of one run, once."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"  # committed before the mail server is spoken to
        SENT = "sent"
        FAILED = "failed"
        SUPPRESSED = "suppressed"  # unsubscribed before it left
        UNKNOWN = "unknown"  # the worker died while sending: a person decides, it is never sent again by itself

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="deliveries")
    # As it was when the report was prepared: the documents are in this language.
    language = models.CharField(max_length=2)
    state = models.CharField(max_length=10, default=State.QUEUED)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "recipient"], name="reports_delivery_once")]

    def __str__(self) -> str:
        return f"{self.run} to {self.recipient} ({self.state})"
