from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from campaigns.records import Origin as OriginRecord


class Campaign(models.Model):
    """A campaign as people speak of it: what platforms, leads and orders name alike is one (trimmed, any case)."""

    name = models.CharField(max_length=255)
    key = models.CharField(max_length=255, unique=True)
    # Of its ads, where they agree on one; gives leads and orders of the campaign that name no channel theirs.
    channel = models.CharField(max_length=20, blank=True)
    # What figures can be grouped by besides: brand or generic, a country, a product.
    labels = models.JSONField(default=list, db_default=[])

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def key_of(name: str) -> str:
        return name.strip().lower()


class CampaignAlias(models.Model):
    """Another name of a campaign, or an id that stands for it; `key` as `Campaign.key_of` has it."""

    class Kind(models.TextChoices):
        NAME = "name"  # what a file, a CRM or `utm_campaign` calls it
        ID = "id"  # `utm_id`, or the id a platform has for it

    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=255)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="campaigns_alias_once")]

    def __str__(self) -> str:
        return f"{self.key} → {self.campaign_id}"


class ChannelRules(models.Model):
    """The client's own rules as of one change, in their order; the newest are in force. See `campaigns.origins`."""

    # [{"source": "…*", "medium": "…", "campaign": "…", "channel": "…"}]; what is left out matches anything.
    rules = models.JSONField(default=list)
    made_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{len(self.rules)} rules of {self.created_at:%Y-%m-%d}"


class Origin(models.Model):
    """What was said of where visits and people came from, once for each distinct saying, and what follows from it."""

    # SHA-256 of the saying: its parts together are too long for an index.
    key = models.CharField(max_length=64, unique=True)
    stated = models.CharField(max_length=20, blank=True)
    group = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=255, blank=True)
    medium = models.CharField(max_length=255, blank=True)
    campaign_name = models.CharField(max_length=255, blank=True)
    campaign_ref = models.CharField(max_length=255, blank=True)
    channel = models.CharField(max_length=20)
    # Why this channel, as `campaigns.origins.Basis` has it.
    basis = models.CharField(max_length=20)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True)

    def __str__(self) -> str:
        return " / ".join(part for part in (self.stated, self.group, self.source, self.medium, self.campaign_name) if part)

    @staticmethod
    def key_of(said: OriginRecord) -> str:
        parts = (said.channel, said.group, said.source, said.medium, said.campaign, said.campaign_id)
        return sha256("\x1f".join(parts).encode()).hexdigest()
