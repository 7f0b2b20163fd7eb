from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import Client, User
from accounts.models.organisations import Owned


class Endpoint(Owned):
    """A program of an agency's or a client's that is told what happens, see `reports.outgoing`; an agency's hears of all its clients."""

    url = models.CharField(max_length=500)
    # The names of `reports.outgoing.EVENTS`.
    events = models.JSONField(default=list)
    # What signs, and while it is being replaced also what signed before; see `accounts.vault`.
    sealed = models.BinaryField(editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    # Events in a row that it did not take, whatever was tried; at so many nothing is sent there until a person says so.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)
    disabled_at = models.DateTimeField(null=True)

    class Meta(Owned.Meta):
        pass

    def __str__(self) -> str:
        return f"endpoint {self.pk} of {self.organisation}"


class EndpointCall(models.Model):
    """One event told to one endpoint, and what it answered; the log of the last weeks."""

    class State(models.TextChoices):
        WAITING = "waiting"  # not sent yet, or tried again later
        TAKEN = "taken"  # answered with 2xx
        FAILED = "failed"

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="calls")
    # Of whom it tells; None: a test.
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, related_name="+")
    # What it tells, once for each endpoint.
    key = models.CharField(max_length=100)
    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    event = models.CharField(max_length=40)
    payload = models.JSONField()
    state = models.CharField(max_length=10, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Of the last try: the answer's code, or None where there was no answer, and why.
    status = models.PositiveSmallIntegerField(null=True)
    problem = models.CharField(max_length=200, blank=True, default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    tried_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["endpoint", "key"], name="reports_endpoint_call_once")]
        indexes: ClassVar = [models.Index(fields=["endpoint", "-created_at"], name="reports_endpoint_calls")]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id} ({self.state})"
