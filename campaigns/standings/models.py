from __future__ import annotations

from typing import ClassVar

from django.db import models

from accounts.models import Client


class Standing(models.Model):
    """One account that is read by API, as its row in the client's schema says, and how its readings ended."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="standings")
    # Of `campaigns.Connection`; a plain id, for no foreign key crosses schemas.
    connection_id = models.BigIntegerField()
    source = models.CharField(max_length=40)
    account = models.CharField(max_length=200)
    state = models.CharField(max_length=20)
    problem = models.TextField(blank=True)
    since = models.DateTimeField()  # since when it has been read at all
    # When a reading last ended, in whatever way; None before the first.
    read_at = models.DateTimeField(null=True)
    # Readings so far, by how they ended.
    stored = models.PositiveIntegerField(default=0, db_default=0)
    suspect = models.PositiveIntegerField(default=0, db_default=0)
    lost = models.PositiveIntegerField(default=0, db_default=0)
    failed = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "connection_id"], name="standings_once")]

    def __str__(self) -> str:
        return f"{self.client}: {self.source} {self.account} ({self.state})"
