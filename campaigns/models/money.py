from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.ads import Campaign
from campaigns.models.connections import Connection, Pull


class Order(models.Model):
    """One order, or one refund with a negative amount on the day it was made. Money in billionths, net of tax."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=10)
    ordered_at = models.DateTimeField()
    day = models.DateField()
    amount_nano = models.BigIntegerField()
    tax_nano = models.BigIntegerField(null=True)
    shipping_nano = models.BigIntegerField(null=True)
    margin_nano = models.BigIntegerField(null=True)
    customer_ref = models.CharField(max_length=255, blank=True)
    refund_of = models.CharField(max_length=255, blank=True)
    product = models.CharField(max_length=255, blank=True)
    channel = models.CharField(max_length=20, blank=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, db_constraint=False)
    pull = models.ForeignKey(Pull, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_order_day")]

    def __str__(self) -> str:
        return self.external_id
