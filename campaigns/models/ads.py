from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.connections import Connection
from campaigns.models.facts import Fact, basis, count, millionths, nano
from campaigns.models.origins import Campaign


class PlatformCampaign(models.Model):
    """A campaign as one platform knows it, by its own id; it may be renamed there."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    external_id = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    # The newest day that a row called it so: an older file does not undo a renaming.
    named_on = models.DateField()
    channel = models.CharField(max_length=20)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "external_id"], name="campaigns_platform_campaign_once")]

    def __str__(self) -> str:
        return self.name


class AdDay(Fact):
    """One platform campaign on one day of the account's calendar."""

    pk = models.CompositePrimaryKey("connection_id", "day", "campaign_id")
    campaign = models.ForeignKey(PlatformCampaign, on_delete=models.CASCADE, db_constraint=False)
    impressions = count()
    clicks = count()
    all_clicks = count()
    spend_nano = nano()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_adday_day")]


class AdConversion(Fact):
    """Conversions of one platform campaign on one day by one action; action "" is the platform's own total."""

    pk = models.CompositePrimaryKey("connection_id", "day", "campaign_id", "action")
    campaign = models.ForeignKey(PlatformCampaign, on_delete=models.CASCADE, db_constraint=False)
    action = models.CharField(max_length=100)
    conversions_millionths = millionths()
    value_nano = nano()
    basis = basis()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_adconversion_day")]


class ConversionAction(models.Model):
    """What an ad account counts as a conversion. `counts` is the client's choice; until one is made, the platform's."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE)
    action = models.CharField(max_length=100)
    name = models.CharField(max_length=255)
    category = models.CharField(max_length=50, blank=True)
    counts_there = models.BooleanField()
    counts = models.BooleanField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "action"], name="campaigns_conversion_action_once")]

    def __str__(self) -> str:
        return self.name
