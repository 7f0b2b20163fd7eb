"""Customers over time: what follows from all facts of each person. Money in billionths of the client's currency."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from kpis.models.rollups import ByCampaign, ByChannel, count, large, unconverted


class CustomerState(models.Model):
    """One customer: the day of acquisition, and the channel and campaign that get the credit, with their basis.

    A customer is a person with an order, a won deal where revenue is that of deals, a subscription, or an acquisition told
    by the system of record for customers; the earliest of these counts. `basis`: what the channel and campaign are taken
    from, as `kpis.customers.states` has it; `basis_day` its day, where it is a touch or a lead.
    """

    # Of `campaigns.Person`; no foreign key, for it is derived.
    person_id = models.BigIntegerField(primary_key=True)
    acquired_day = models.DateField()
    channel = models.CharField(max_length=20)
    campaign_id = models.BigIntegerField()
    basis = models.CharField(max_length=10)
    basis_day = models.DateField(null=True)
    # Null: no order, whatever else they have.
    first_order_day = models.DateField(null=True)
    first_order_connection = models.BigIntegerField(null=True)
    first_order_ref = models.CharField(max_length=255, null=True)
    orders = models.IntegerField()
    # Null: not all that is known of them has ended.
    cancelled_day = models.DateField(null=True)
    # First and last day of what the system of record for customers tells of them.
    told_since = models.DateField(null=True)
    told_until = models.DateField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["acquired_day"], name="kpis_customer_acquired"),
            models.Index(fields=["first_order_day"], name="kpis_customer_first_order"),
            models.Index(fields=["basis_day"], name="kpis_customer_basis"),
        ]


class CustomerDay(models.Model):
    """All orders and refunds of one customer on one day, in each currency converted and rounded once.

    `later_nano`: the revenue that is not of their first order; `next_order_day`: null where there is none yet. A null
    sum: a part of it is not known.
    """

    pk = models.CompositePrimaryKey("person_id", "day")
    person_id = models.BigIntegerField()
    day = models.DateField()
    orders = models.IntegerField()
    next_order_day = models.DateField(null=True)
    revenue_nano = large()
    later_nano = large()
    margin_nano = large()
    unconverted = unconverted()

    class Meta:
        # With all that tells who was active when, so that only the index is read.
        indexes: ClassVar = [
            models.Index(fields=["day", "person_id"], include=["orders", "next_order_day"], name="kpis_customer_day_who"),
        ]


class CustomerSpan(models.Model):
    """One stretch of a subscription. `mrr_nano` at the rate of the day it started, so that rates alone change no recurring revenue.

    Its customer has it on the evenings of `since` up to, and not including, `until` (null: still).
    """

    pk = models.CompositePrimaryKey("connection_id", "external_id", "started_at")
    connection_id = models.BigIntegerField()
    external_id = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    person_id = models.BigIntegerField(db_index=True)
    since = models.DateField(db_index=True)
    until = models.DateField(null=True)
    # Null: there is no exchange rate.
    mrr_nano = large()


class CustomerDaySums(models.Model):
    customers = count()

    class Meta:
        abstract = True


class AcquiredRollup(ByCampaign, CustomerDaySums):
    """New customers by the day of their acquisition."""


class AcquiredDayTotal(ByChannel, CustomerDaySums):
    pass


class CohortMonth(models.Model):
    """What the customers acquired in one month did `age` months later, by the channel and campaign that acquired them.

    `acquired`: how many they are, told at age 0. `ordered`: those who ordered in the month and had no subscription in it;
    `subscribed`: how many more have a subscription in this month than in the month before, so that the sum up to an age is
    how many have one, however long they stay. Money: sums of what is known; `…_unknown`: days of which it is not.
    """

    pk = models.CompositePrimaryKey("month", "channel", "campaign_id", "age")
    month = models.DateField()
    channel = models.CharField(max_length=20)
    campaign_id = models.BigIntegerField()
    age = models.IntegerField()
    acquired = models.IntegerField()
    ordered = models.IntegerField()
    subscribed = models.IntegerField()
    revenue_nano = models.DecimalField(max_digits=38, decimal_places=0)
    revenue_unknown = models.IntegerField()
    margin_nano = models.DecimalField(max_digits=38, decimal_places=0)
    margin_unknown = models.IntegerField()
    unconverted = models.IntegerField()
