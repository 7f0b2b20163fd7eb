"""Additive sums of facts: one narrow table per family by day, channel and campaign, and one without the campaigns.

A null sum: a part of it is not reported. Columns that end in `_nano` are billionths of the client's currency.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models


def count() -> models.BigIntegerField[int | None, int | None]:
    return models.BigIntegerField(null=True)


def large() -> models.DecimalField[Decimal | None, Decimal | None]:
    """A sum of billionths or millionths, which may be beyond a bigint in currencies with large numbers."""
    return models.DecimalField(max_digits=38, decimal_places=0, null=True)


def unconverted() -> models.IntegerField[int, int]:
    """How many parts are in a currency for which there was no rate; the money of the row is then unknown."""
    return models.IntegerField(default=0, db_default=0)


class ByCampaign(models.Model):
    pk = models.CompositePrimaryKey("day", "channel", "campaign_id")
    day = models.DateField()
    channel = models.CharField(max_length=20)
    # Of `campaigns.Campaign`; 0 where the facts name none.
    campaign_id = models.BigIntegerField()

    class Meta:
        abstract = True


class ByChannel(models.Model):
    """What totals and channels are read from, of which there are few rows however many campaigns there are."""

    pk = models.CompositePrimaryKey("day", "channel")
    day = models.DateField()
    channel = models.CharField(max_length=20)

    class Meta:
        abstract = True


class AdSums(models.Model):
    impressions = count()
    clicks = count()
    spend_nano = large()
    conversions_millionths = large()
    conversion_value_nano = large()
    unconverted = unconverted()

    class Meta:
        abstract = True


class AdRollup(ByCampaign, AdSums):
    pass


class AdDayTotal(ByChannel, AdSums):
    pass


class CostSums(models.Model):
    """Costs besides the ads, spread over their days, by what the client says they are for."""

    marketing_nano = large()
    sales_nano = large()
    unconverted = unconverted()

    class Meta:
        abstract = True


class CostRollup(ByCampaign, CostSums):
    pass


class CostDayTotal(ByChannel, CostSums):
    pass


class LeadSums(models.Model):
    """Steps of leads on the day they were taken. `days_to_close`: from the lead to the deal, of the deals won on the day."""

    leads = count()
    mqls = count()
    sqls = count()
    mqls_to_sql = count()
    leads_to_customer = count()
    won = count()
    days_to_close = count()

    class Meta:
        abstract = True


class LeadRollup(ByCampaign, LeadSums):
    pass


class LeadDayTotal(ByChannel, LeadSums):
    pass


class OrderSums(models.Model):
    orders = count()
    order_amount_nano = large()
    refunds_nano = large()
    revenue_nano = large()
    margin_nano = large()
    unconverted = unconverted()

    class Meta:
        abstract = True


class OrderRollup(ByCampaign, OrderSums):
    pass


class OrderDayTotal(ByChannel, OrderSums):
    pass


class SiteSums(models.Model):
    sessions = count()
    engaged_sessions = count()
    bounces = count()
    session_seconds = count()
    conversions_millionths = large()

    class Meta:
        abstract = True


class SiteRollup(ByCampaign, SiteSums):
    pass


class SiteDayTotal(ByChannel, SiteSums):
    pass


class EmailSums(models.Model):
    """Mailings on the day they were sent. `unsettled`: how many were seen last when they were so young that they still grew."""

    sent = count()
    hard_bounces = count()
    soft_bounces = count()
    unique_opens = count()
    unique_clicks = count()
    unsubscribes = count()
    spam_complaints = count()
    seed_sent = count()
    seed_inbox = count()
    revenue_nano = large()
    unsettled = models.IntegerField(default=0, db_default=0)
    unconverted = unconverted()

    class Meta:
        abstract = True


class EmailRollup(ByCampaign, EmailSums):
    pass


class EmailDayTotal(ByChannel, EmailSums):
    pass


class PageDayTotal(models.Model):
    """All pages of a day; nobody tells them by channel. `timed_views`: the views whose seconds are known, by the basis of the seconds."""

    day = models.DateField(primary_key=True)
    views = count()
    exits = count()
    seconds = count()
    timed_views = count()


class SocialDayTotal(models.Model):
    """All posts and accounts of a day. `engagements`: of the kinds that the client counts."""

    day = models.DateField(primary_key=True)
    impressions = count()
    reach = count()
    likes = count()
    comments = count()
    shares = count()
    saves = count()
    messages = count()
    replies = count()
    link_clicks = count()
    engagements = count()
    video_seconds = count()


class BasisDay(models.Model):
    """In which ways the figures of a day were counted; sums over several are not given.

    `told_by`: the connection, where only ways of one connection exclude each other; else 0.
    """

    pk = models.CompositePrimaryKey("family", "day", "channel", "told_by", "basis")
    family = models.CharField(max_length=20)
    day = models.DateField()
    channel = models.CharField(max_length=20)
    told_by = models.BigIntegerField()
    basis = models.CharField(max_length=40)


# Grows with every migration after which all sums must be made anew.
LAYOUT = 1


class DataVersion(models.Model):
    """One row. Its number grows with every rebuild: what was computed under the same number is the same.

    `layout` is the `LAYOUT` that was summed for; under another, figures are not known until the rebuild that an update asks for.
    """

    number = models.BigIntegerField(default=0)
    layout = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="kpis_one_data_version")]

    def __str__(self) -> str:
        return str(self.number)
