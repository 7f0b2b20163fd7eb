from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models.organisations import Agency, Client
from accounts.models.people import User


class AuditEvent(models.Model):
    """Who changed what. Of an agency, of a client company, or of a person alone (their sign-in). See `accounts.audit`."""

    at = models.DateTimeField(db_default=Now())
    verb = models.CharField(max_length=40)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, null=True, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.CASCADE, null=True, related_name="+")
    # The person, if one did it and still exists, and in any case what to call whoever did it.
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=254)
    # The words that the verb's sentence needs. Never a secret.
    details = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["client", "-at"], name="accounts_audit_client"),
            models.Index(fields=["agency", "-at"], name="accounts_audit_agency"),
            models.Index(fields=["actor", "-at"], name="accounts_audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} by {self.actor_label}"
