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
