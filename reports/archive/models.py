from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class Snapshot(models.Model):
    """The figures of one run, byte for byte, and their SHA-256. Holds no person."""

    # Of `reports.Run`; a plain id, for no foreign key crosses schemas.
    run_id = models.BigIntegerField(unique=True)
    # As in `reports.models.Run`.
    period = models.CharField(max_length=16, db_index=True)
    figures = models.TextField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.period} {self.sha256[:12]}"


class Document(models.Model):
    """One rendering of a snapshot in one language. In mails the unsubscribe address is a placeholder."""

    class Kind(models.TextChoices):
        PDF = "pdf"
        SUBJECT = "subject"
        HTML = "html"
        TEXT = "text"

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="documents")
    language = models.CharField(max_length=2)
    kind = models.CharField(max_length=10)
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["snapshot", "language", "kind"], name="archive_document_once")]

    def __str__(self) -> str:
        return f"{self.snapshot} {self.language} {self.kind}"


class Note(models.Model):
    """A short paragraph that a person wrote for the reports of one period, in the language of their readers."""

    class Kind(models.TextChoices):
        DONE = "done"
        NEXT = "next"
        NEEDED = "needed"  # from the client

    kind = models.CharField(max_length=6)
    # As in `reports.models.Run`.
    period = models.CharField(max_length=16, db_index=True)
    text = models.TextField()
    # Of `accounts.User`; a plain id, for no foreign key crosses schemas. None: a program wrote it.
    author_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.period} {self.kind}"


class Annotation(models.Model):
    """What happened on a day or over several, which a figure may have moved with: a sale, a new site, a strike."""

    text = models.TextField()
    since = models.DateField()
    until = models.DateField()
    # What it concerns, by slug and by name; "" all.
    channel = models.CharField(max_length=20, blank=True)
    campaign = models.CharField(max_length=255, blank=True)
    # Shown to the people of the agency alone.
    is_internal = models.BooleanField(default=False)
    # Of `accounts.User`; a plain id, for no foreign key crosses schemas. None: a program wrote it. `author` is what to call them.
    author_id = models.BigIntegerField(null=True)
    author = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(until__gte=models.F("since")), name="archive_annotation_forwards"),
        ]

    def __str__(self) -> str:
        return f"{self.since}–{self.until} {self.text[:40]}"


class Question(models.Model):
    """What somebody wants to know about a figure, which is kept as it stood when they asked."""

    kpi = models.CharField(max_length=50, db_index=True)
    since = models.DateField()
    until = models.DateField()
    # What part of it is meant, as `kpis.slices.Only` has it.
    channels = models.JSONField(default=list)
    campaigns = models.JSONField(default=list)
    labels = models.JSONField(default=list)
    # Exact decimal in the KPI's unit, "" where it was not known; money in `currency`.
    value = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3)
    text = models.TextField()
    # People as in `Annotation`.
    asker_id = models.BigIntegerField(null=True)
    asker = models.CharField(max_length=254)
    asked_at = models.DateTimeField(db_default=Now())
    answer = models.TextField(blank=True)
    answerer = models.CharField(max_length=254, blank=True)
    answered_at = models.DateTimeField(null=True)
    # By whoever asked, or answers: nothing more is expected.
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kpi} {self.since}–{self.until} {self.text[:40]}"
