from __future__ import annotations

from typing import ClassVar

from django.db import models

from campaigns.models.connections import Connection, Pull


class Campaign(models.Model):
    """A campaign as people speak of it: what platforms, leads and orders name alike is one (trimmed, any case)."""

    name = models.CharField(max_length=255)
    key = models.CharField(max_length=255, unique=True)
    # Of its ads, where they agree on one; gives leads and orders of the campaign that name no channel theirs.
    channel = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def key_of(name: str) -> str:
        return name.strip().lower()


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


class AdDay(models.Model):
    """One platform campaign on one day of the account's calendar. Money in billionths of its currency; null: not reported."""

    pk = models.CompositePrimaryKey("connection_id", "day", "campaign_id")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    campaign = models.ForeignKey(PlatformCampaign, on_delete=models.CASCADE, db_constraint=False)
    impressions = models.BigIntegerField(null=True)
    clicks = models.BigIntegerField(null=True)
    all_clicks = models.BigIntegerField(null=True)
    spend_nano = models.BigIntegerField(null=True)
    pull = models.ForeignKey(Pull, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_adday_day")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.day}"


class AdConversion(models.Model):
    """Conversions of one platform campaign on one day by one action; action "" is the platform's own total."""

    pk = models.CompositePrimaryKey("connection_id", "day", "campaign_id", "action")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    campaign = models.ForeignKey(PlatformCampaign, on_delete=models.CASCADE, db_constraint=False)
    action = models.CharField(max_length=100)
    conversions_millionths = models.BigIntegerField(null=True)
    value_nano = models.BigIntegerField(null=True)
    pull = models.ForeignKey(Pull, on_delete=models.PROTECT, db_constraint=False, db_index=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["day"], name="campaigns_adconversion_day")]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.day} {self.action}"
