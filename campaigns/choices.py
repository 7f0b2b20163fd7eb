"""What a client decides about channels and campaigns. Each decision moves the facts it concerns, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction

from accounts.models import Client
from campaigns import dirty, origins, signals
from campaigns.channels import CHANNELS
from campaigns.models import Campaign, CampaignAlias, ChannelRules, ConversionAction, Origin, PlatformCampaign
from campaigns.origins import Rule
from campaigns.writer import be_the_only_writer


class Unknown(Exception):
    """A rule names a channel that there is not."""


def set_rules(client: Client, rules: Sequence[Rule], made_by: str) -> ChannelRules:
    """Put the client's own rules in force, in this order, as a version of their own. Raises `Unknown`."""
    for rule in rules:
        if rule.channel not in CHANNELS:
            raise Unknown(rule.channel)
    with transaction.atomic():
        be_the_only_writer(client)
        version = ChannelRules.objects.create(rules=[asdict(rule) for rule in rules], made_by=made_by)
        _tell(client, dirty.mark_origins(origins.decide_again()))
        return version


def give_alias(client: Client, kind: CampaignAlias.Kind, called: str, campaign: Campaign) -> CampaignAlias:
    """From now on this name or id means this campaign, also in what was said before."""
    with transaction.atomic():
        be_the_only_writer(client)
        key = Campaign.key_of(called)
        alias, _ = CampaignAlias.objects.update_or_create(kind=kind, key=key, defaults={"campaign": campaign})
        moved = _move_platform_campaigns(key, campaign) if kind == CampaignAlias.Kind.NAME else set()
        _tell(client, moved | dirty.mark_origins(origins.decide_again()))
        return alias


def count_action(client: Client, action: ConversionAction, counts: bool | None) -> None:
    """Whether conversions by this action count; None: as the platform has it."""
    with transaction.atomic():
        be_the_only_writer(client)
        if ConversionAction.objects.filter(pk=action.pk).exclude(counts=counts).update(counts=counts):
            _tell(client, dirty.mark_family("ads"))


def unmapped_campaigns() -> list[Campaign]:
    """Campaigns that something names and no ads belong to, in the order of their names."""
    named = Origin.objects.exclude(campaign=None).values("campaign")
    with_ads = PlatformCampaign.objects.values("campaign")
    return list(Campaign.objects.filter(pk__in=named).exclude(pk__in=with_ads).order_by("name"))


def _move_platform_campaigns(key: str, campaign: Campaign) -> set[str]:
    moved: set[str] = set()
    for found in PlatformCampaign.objects.exclude(campaign=campaign).select_related("campaign"):
        if Campaign.key_of(found.name) == key:
            PlatformCampaign.objects.filter(pk=found.pk).update(campaign=campaign)
            moved |= dirty.mark_platform_campaign(found.pk)
    return moved


def _tell(client: Client, moved: set[str]) -> None:
    if moved:
        signals.days_changed.send(sender=None, client=client, families=moved)
