from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.facts import Fact, basis, count, currency, nano
from campaigns.models.origins import Origin


class EmailCounts(Fact):
    sent = count()
    hard_bounces = count()
    soft_bounces = count()
    opens = count()
    unique_opens = count()
    clicks = count()
    unique_clicks = count()
    unsubscribes = count()
    spam_complaints = count()
    basis = basis()

    class Meta:
        abstract = True


class EmailSend(EmailCounts):
    """One mailing with its lifetime counters, on the day it was sent in the client's zone."""

    pk = models.CompositePrimaryKey("connection_id", "external_id")
    external_id = models.CharField(max_length=255)
    sent_at = models.DateTimeField()
    # Which snapshot of the counters this is: an older one does not replace it.
    observed_at = models.DateTimeField()
    name = models.CharField(max_length=255)
    subject = models.CharField(max_length=500, blank=True)
    list_name = models.CharField(max_length=255, blank=True)
    origin = models.ForeignKey(Origin, on_delete=models.PROTECT, db_constraint=False)
    # Of a seed-list test, without which inbox placement is unknown.
    seed_sent = count()
    seed_inbox = count()
    revenue_nano = nano()
    currency = currency()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_emailsend_day")]


class EmailDay(EmailCounts):
    """One list or stream of mail on one day, by the day things happened, where a platform has only that."""

    pk = models.CompositePrimaryKey("connection_id", "day", "list_name")
    list_name = models.CharField(max_length=255)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_emailday_day")]
