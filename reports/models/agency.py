from __future__ import annotations

from django.db import models

from accounts.models import Client


class SetUp(models.Model):
    """What people decided about a client's set-up checklist; what else is done shows in its data. No row before the first decision."""

    client = models.OneToOneField(Client, on_delete=models.CASCADE, primary_key=True, related_name="set_up")
    # Steps of `reports.agency.checklist` that are right as they are.
    settled = models.JSONField(default=list, db_default=[])
    # The list is not shown any more.
    dismissed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"set-up of {self.client_id}"
