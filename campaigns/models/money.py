from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.facts import Fact, currency, nano
from campaigns.models.origins import Origin


class Order(Fact):
    """One order, or one refund with a negative amount on the day it was made. Money net of tax."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    external_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=10)
    ordered_at = models.DateTimeField()
    amount_nano = models.BigIntegerField()
    tax_nano = nano()
    shipping_nano = nano()
    margin_nano = nano()
    currency = currency()
    customer_ref = models.CharField(max_length=255, blank=True)
    email_hash = models.CharField(max_length=64, blank=True)
    refund_of = models.CharField(max_length=255, blank=True)
    product = models.CharField(max_length=255, blank=True)
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["day"], name="campaigns_order_day"),
            models.Index(fields=["connection", "customer_ref"], name="campaigns_order_customer"),
            models.Index(fields=["email_hash"], name="campaigns_order_email", condition=models.Q(customer_ref="")),
        ]


class SubscriptionSpan(Fact):
    """A customer paying a monthly amount from an instant on; `day` is that instant's in the client's zone."""

    pk = models.CompositePrimaryKey("connection_id", "external_id", "started_at")
    external_id = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    customer_ref = models.CharField(max_length=255)
    mrr_nano = models.BigIntegerField()
    currency = currency()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["day"], name="campaigns_subscription_day"),
            models.Index(fields=["connection", "customer_ref"], name="campaigns_subscription_who"),
        ]


class Cost(Fact):
    """What marketing or sales cost besides the ads, from `day` to `until`."""

    pk = models.CompositePrimaryKey("connection_id", "name", "day", "until")
    name = models.CharField(max_length=255)
    until = models.DateField()
    amount_nano = models.BigIntegerField()
    currency = currency()
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day", "until"], name="campaigns_cost_days")]


class Budget(Fact):
    """What may be spent in the month that begins on `day`."""

    pk = models.CompositePrimaryKey("connection_id", "day", "origin_id")
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)
    amount_nano = models.BigIntegerField()
    currency = currency()


class Target(Fact):
    """What a KPI should be in the month that begins on `day`, in billionths of its unit."""

    pk = models.CompositePrimaryKey("connection_id", "day", "kpi", "origin_id")
    kpi = models.CharField(max_length=50)
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)
    value_nano = models.BigIntegerField()
    currency = currency()


class SystemOfRecord(models.Model):
    """Whose word counts for leads, customers or revenue; what others say is "reported by" them and never summed."""

    class Subject(models.TextChoices):
        LEADS = "leads"
        CUSTOMERS = "customers"
        REVENUE = "revenue"

    subject = models.CharField(max_length=10, unique=True)
    # The slug of a platform, or "file".
    source = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.subject}: {self.source}"
