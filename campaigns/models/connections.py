from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Connection(models.Model):
    """One account of one source. Found again by (source, account) whoever names it: a reconnect, or a file."""

    class State(models.TextChoices):
        ACTIVE = "active"
        LOST_ACCESS = "lost_access"  # a person must reconnect
        SUSPECT = "suspect"  # the newest answer looks wrong and waits for a person; nothing of it is stored
        DISCONNECTED = "disconnected"  # by a person; nothing is read any more, and what was read stays

    source = models.CharField(max_length=40)
    account = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    timezone = models.CharField(max_length=50)
    manager_id = models.CharField(max_length=100, blank=True)
    # Of `accounts.Credential`; a plain id, for no foreign key crosses schemas. None: fed by files.
    credential_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=20, default=State.ACTIVE)
    problem = models.TextField(blank=True)
    # Files tell the days up to this one, the platform those after it; None: whoever feeds it tells all.
    files_until = models.DateField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "account"], name="campaigns_connection_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.account}"


class Pull(models.Model):
    """One batch of rows, from an API or a file. Every fact names the pull that last changed it."""

    class State(models.TextChoices):
        STORED = "stored"
        SUSPECT = "suspect"
        ACCEPTED = "accepted"  # suspect, but a person wants it stored: it is read again for that
        IGNORED = "ignored"  # suspect, and a person keeps what was stored before
        LOST = "lost"  # the platform let us in no more
        FAILED = "failed"
        UNDONE = "undone"  # of a file: everything it said was taken back

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="pulls")
    family = models.CharField(max_length=20)
    # None for an API pull.
    file_name = models.CharField(max_length=255, null=True)
    # All that one file stored, so that it can be undone together.
    upload = models.ForeignKey("Upload", on_delete=models.SET_NULL, null=True, related_name="pulls")
    since = models.DateField()
    until = models.DateField()
    # The days it told everything about, as pairs of ISO days; [] for pulls that stored nothing.
    spans = models.JSONField(default=list, db_default=[])
    state = models.CharField(max_length=10)
    problem = models.TextField(blank=True)
    rows = models.PositiveIntegerField(default=0)
    inserted = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    deleted = models.PositiveIntegerField(default=0)
    content_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.connection} {self.since}–{self.until} ({self.state})"


class LoadedSpan(models.Model):
    """Days of one family that one connection has told us everything about. Spans of one pair neither touch nor overlap."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="loaded_spans")
    family = models.CharField(max_length=20)
    since = models.DateField()
    until = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "family", "since"], name="campaigns_loaded_span_once"),
            models.CheckConstraint(condition=models.Q(until__gte=models.F("since")), name="campaigns_loaded_span_forwards"),
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.family} {self.since}–{self.until}"


class DirtyDay(models.Model):
    """A day of a family of facts that changed since the roll-ups were last rebuilt."""

    pk = models.CompositePrimaryKey("family", "day")
    family = models.CharField(max_length=20)
    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.family} {self.day}"
