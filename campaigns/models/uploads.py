from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from campaigns.models.connections import Pull


class Upload(models.Model):
    """A file somebody gave us, from its arrival to what it stored."""

    class State(models.TextChoices):
        RECEIVED = "received"  # waits for its columns to be mapped and for a person's yes
        CHECKING = "checking"  # is read as its mapping says, to show what it would change
        QUEUED = "queued"
        STORED = "stored"
        REFUSED = "refused"
        UNDONE = "undone"

    kind = models.CharField(max_length=20, blank=True)
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    state = models.CharField(max_length=10, default=State.RECEIVED)
    # How its columns become ours; {} for a file in the canonical format.
    mapping = models.JSONField(default=dict)
    # Its header and first rows, and what they look like; {} once it is stored.
    found = models.JSONField(default=dict)
    # What storing it would do, by the mapping as it stands; None: not looked at, or stored.
    preview = models.JSONField(null=True)
    # Who tells the days that an API told already; {} until somebody said so.
    handover = models.JSONField(default=dict)
    # As `imports.Fault.as_json` has them.
    faults = models.JSONField(default=list)
    rows = models.PositiveIntegerField(default=0)
    inserted = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    # An e-mail address or a token's name: people are of another schema.
    made_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=254, blank=True)
    # Why it could not be stored although nothing was wrong with it.
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.file_name


class UploadPart(models.Model):
    """A piece of a file that is not stored yet. In the database, for a worker may run on another machine."""

    pk = models.CompositePrimaryKey("upload_id", "number")
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.upload_id} {self.number}"


class SavedMapping(models.Model):
    """How a person mapped the columns of a kind of file, for the next file with the same header."""

    kind = models.CharField(max_length=20)
    # SHA-256 of the header.
    header = models.CharField(max_length=64)
    mapping = models.JSONField()
    made_by = models.CharField(max_length=254)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "header"], name="campaigns_mapping_once")]

    def __str__(self) -> str:
        return self.kind


class Replaced(models.Model):
    """A row as it was before a file changed it: what undoing the import puts back."""

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="replaced")
    table = models.CharField(max_length=63)
    row = models.JSONField()

    def __str__(self) -> str:
        return f"{self.table} {self.pull_id}"
