from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import Client, User


def new_token() -> str:
    # Short enough that a List-Unsubscribe header is never folded in the middle of its address.
    return secrets.token_urlsafe(16)


class Schedule(models.Model):
    """When a client's report is due, of which period, and what must hold before it leaves. Times are local to the client."""

    class Cadence(models.TextChoices):
        WEEKLY = "weekly"
        FORTNIGHTLY = "fortnightly"
        MONTHLY = "monthly"
        QUARTERLY = "quarterly"

    class DayRule(models.TextChoices):
        """The day of a month, or of a quarter's first month, on which its report is due."""

        FIRST_BUSINESS_DAY = "first_business_day"
        NTH_WEEKDAY = "nth_weekday"

    class Policy(models.TextChoices):
        """What becomes of a report whose data is not complete. It says so in any case."""

        SEND = "send"  # at once
        BANNER = "banner"  # at once, under a banner that names sources and days
        HOLD = "hold"  # wait until it is complete, `hold_hours` at most, then as `banner`
        APPROVAL = "approval"  # wait for a person

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=100, blank=True)
    cadence = models.CharField(max_length=12, default=Cadence.WEEKLY, db_default="weekly")
    # Of weekly and fortnightly ones, and of `nth_weekday`. ISO: 1 is Monday.
    weekday = models.PositiveSmallIntegerField(default=1)
    day_rule = models.CharField(max_length=20, default=DayRule.FIRST_BUSINESS_DAY, db_default="first_business_day")
    # 1 to 4, or -1 for the last.
    nth = models.SmallIntegerField(default=1, db_default=1)
    # A day of the first week of some fortnight: which weeks pair up.
    anchor = models.DateField(null=True)
    local_time = models.TimeField()
    policy = models.CharField(max_length=10, default=Policy.HOLD, db_default="hold")
    hold_hours = models.PositiveSmallIntegerField(default=4, db_default=4)
    # Sources that it waits for, by `reports.content.SourceState.key`; None: all but files that come no more (`reports.completeness`).
    waits_for = models.JSONField(null=True)
    # Whatever the data: a person reads it first. After half of `approval_hours` the deputy is asked, too; after all, the owners.
    needs_approval = models.BooleanField(default=False, db_default=False)
    approver = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    deputy = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    approval_hours = models.PositiveSmallIntegerField(default=24, db_default=24)
    # The instant of the next run; moved on by whoever opens it.
    next_run_at = models.DateTimeField(db_index=True)
    paused = models.BooleanField(default=False)
    # Why its due run could not be opened, and when that is tried again; empty and None when all is well.
    problem = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True)
    # Runs that failed one after the other; the third stops the schedule until a person starts it again.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    stopped_at = models.DateTimeField(null=True)
    # When a person removed it: nothing of it is due any more, its reports stay as a record.
    removed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(weekday__gte=1, weekday__lte=7), name="reports_schedule_weekday"),
            models.CheckConstraint(condition=models.Q(nth__in=[1, 2, 3, 4, -1]), name="reports_schedule_nth"),
            models.CheckConstraint(
                condition=~models.Q(cadence="fortnightly") | models.Q(anchor__isnull=False), name="reports_schedule_anchor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client}, {self.cadence} at {self.local_time}"


class Recipient(models.Model):
    """Who gets a schedule's reports, in which language and form."""

    class Format(models.TextChoices):
        FULL = "full"  # the mail, with the PDF
        MAIL = "mail"  # the mail with a link to the PDF
        TEXT = "text"  # without HTML, with the PDF

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="recipients")
    email = models.EmailField()
    language = models.CharField(max_length=2)
    format = models.CharField(max_length=4, default=Format.FULL, db_default="full")
    # Whose copy (CC) this is: both messages name both addresses, each goes to one.
    copy_of = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="copies")
    paused = models.BooleanField(default=False, db_default=False)
    # In the unsubscribe address; lets anyone who holds it unsubscribe this recipient and nothing else.
    token = models.CharField(max_length=32, unique=True, default=new_token)
    unsubscribed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["schedule", "email"], name="reports_recipient_once")]

    def __str__(self) -> str:
        return self.email
