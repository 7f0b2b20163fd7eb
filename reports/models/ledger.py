from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import Client, User
from reports.models.schedules import Recipient, Schedule


class Run(models.Model):
    """One report: a schedule and a period, once."""

    class State(models.TextChoices):
        DUE = "due"
        HELD = "held"  # waits for data, until `held_until` at most
        APPROVAL = "approval"  # prepared as a draft; waits for a person
        READY = "ready"  # figures and documents are kept, deliveries are under way or done
        FAILED = "failed"
        SKIPPED = "skipped"  # came due while the service was down, and a newer period was due by then
        DECLINED = "declined"  # a person decided that it does not go out

    OPEN: ClassVar = (State.DUE, State.HELD, State.APPROVAL)

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="runs")
    # "2026-W46", "2026-W45-W46", "2026-11", "2026-Q4"; of weeks or quarters of the client's own, their first day.
    period = models.CharField(max_length=16)
    since = models.DateField()
    until = models.DateField()
    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    state = models.CharField(max_length=10, default=State.DUE)
    problem = models.TextField(blank=True)
    held_until = models.DateTimeField(null=True)
    # Approval: by when; how far it was escalated (0 approver, 1 deputy, 2 owners); who decided, and when.
    approve_by = models.DateTimeField(null=True)
    escalation = models.PositiveSmallIntegerField(default=0, db_default=0)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    # What they said to it, for those who look after the reports.
    decision_note = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["schedule", "period"], name="reports_run_once")]
        indexes: ClassVar = [
            models.Index(fields=["state"], condition=models.Q(state__in=["due", "held", "approval"]), name="reports_run_open")
        ]

    def __str__(self) -> str:
        return f"{self.schedule.client} {self.period}"


class Delivery(models.Model):
    """One recipient's copy of one run, once."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"  # committed before the mail server is spoken to
        DEFERRED = "deferred"  # the server would not take it now; tried again
        SENT = "sent"  # the server has it
        FAILED = "failed"
        BOUNCED = "bounced"  # it was sent, and came back
        SUPPRESSED = "suppressed"  # unsubscribed, or its address had bounced, before it left
        UNKNOWN = "unknown"  # the worker died while sending: a person decides, it is never sent again by itself

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="deliveries")
    # As they were when the report was prepared: the documents are in this language.
    language = models.CharField(max_length=2)
    format = models.CharField(max_length=4, default=Recipient.Format.FULL, db_default="full")
    state = models.CharField(max_length=10, default=State.QUEUED)
    error = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    # Without its angle brackets; never changes, whatever is tried again. `provider_id`: what a mail provider calls it.
    message_id = models.CharField(max_length=200, db_index=True, db_default="")
    provider_id = models.CharField(max_length=200, db_index=True, db_default="")
    sent_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "recipient"], name="reports_delivery_once")]

    def __str__(self) -> str:
        return f"{self.run} to {self.recipient} ({self.state})"


class Suppression(models.Model):
    """An address to which one client's reports are not sent any more, for it bounced for good or complained."""

    class Reason(models.TextChoices):
        HARD_BOUNCE = "hard_bounce"
        COMPLAINT = "complaint"

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="suppressions")
    email = models.EmailField()
    reason = models.CharField(max_length=12)
    detail = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "email"], condition=models.Q(lifted_at=None), name="reports_suppression_once")
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.reason})"
