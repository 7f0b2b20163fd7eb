from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.ads import Campaign
from campaigns.models.connections import Connection, Pull


class Lead(models.Model):
    """One lead and the instants at which it moved. `day` is the day of creation in the client's zone."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    external_id = models.CharField(max_length=255)
    created_at = models.DateTimeField()
    day = models.DateField()
    channel = models.CharField(max_length=20, blank=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, db_constraint=False)
    landing_page = models.CharField(max_length=2000, blank=True)
    score = models.IntegerField(null=True)
    mql_at = models.DateTimeField(null=True)
    sql_at = models.DateTimeField(null=True)
    won_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    customer_ref = models.CharField(max_length=255, blank=True)
    value_nano = models.BigIntegerField(null=True)
    # HMAC-SHA256 under the client's key; the address is not kept.
    email_hash = models.CharField(max_length=64, blank=True)
    pull = models.ForeignKey(Pull, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_lead_day")]

    def __str__(self) -> str:
        return self.external_id
