"""What leads to no channel or to no campaign, how much hangs on it, and what a decision about it would move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from accounts import audit
from accounts.audit import Actor
from accounts.models import Client
from campaigns import choices, dirty, names, origins, signals, weights
from campaigns.channels import UNKNOWN
from campaigns.models import Campaign, CampaignAlias, ChannelRules, Origin, PlatformCampaign
from campaigns.origins import Rule
from campaigns.weights import Weight
from campaigns.writer import be_the_only_writer


@dataclass
class Saying:
    """What was said alike of where people came from, however often it was written otherwise."""

    source: str
    medium: str
    campaign: str
    weight: Weight = field(default_factory=Weight)


@dataclass
class Move:
    """What goes from one channel to another."""

    before: str
    after: str
    weight: Weight = field(default_factory=Weight)


@dataclass(frozen=True)
class Unmapped:
    """What leads to no channel, the weightiest first; and all of it, and everything, together."""

    sayings: list[Saying]
    lost: Weight
    whole: Weight


@dataclass
class Known:
    """A campaign as the list of campaigns shows it."""

    campaign: Campaign
    weight: Weight
    has_ads: bool
    aliases: list[CampaignAlias]


def unmapped(today: date) -> Unmapped:
    """Of the client whose schema is open."""
    by_origin = weights.of_origins(today)
    found: dict[tuple[str, str, str], Saying] = {}
    for origin in Origin.objects.filter(channel=UNKNOWN, pk__in=by_origin):
        said = (origin.source.strip(), origin.medium.strip(), origin.campaign_name.strip())
        key = (said[0].lower(), said[1].lower(), said[2].lower())
        found.setdefault(key, Saying(*said)).weight.add(by_origin[origin.pk])
    sayings = sorted(found.values(), key=lambda saying: saying.weight.rank, reverse=True)
    return Unmapped(sayings, Weight.total(saying.weight for saying in sayings), Weight.total(by_origin.values()))


def preview(rules: Sequence[Rule], today: date) -> list[Move]:
    """What these rules would move from channel to channel, the weightiest first. Nothing is stored."""
    by_origin = weights.of_origins(today)
    moves: dict[tuple[str, str], Move] = {}
    for origin in Origin.objects.select_related("campaign"):
        after, _basis = origins.decide(origins.saying_of(origin), rules, origin.campaign.channel if origin.campaign else "")
        if after != origin.channel:
            move = moves.setdefault((origin.channel, after), Move(origin.channel, after))
            move.weight.add(by_origin.get(origin.pk, Weight()))
    return sorted(moves.values(), key=lambda move: move.weight.rank, reverse=True)


def set_rules(client: Client, rules: Sequence[Rule], by: Actor) -> bool:
    """Put these rules in force, as a version of its own; whether they are other than before. Raises `choices.Unknown`."""
    with transaction.atomic():
        be_the_only_writer(client)
        if list(rules) == origins.rules_in_force():
            return False
        choices.set_rules(client, rules, by.label)
        audit.record("mapping.rules_changed", by, organisation=client, number=len(rules))
    return True


def restore(client: Client, version: ChannelRules, by: Actor) -> bool:
    """Put the rules of an earlier version in force again, as a new one."""
    return set_rules(client, [Rule(**rule) for rule in version.rules], by)


def campaigns(today: date) -> list[Known]:
    """Every campaign: those first that something names and no ads belong to, then by weight."""
    of_origin = {pk: campaign for pk, campaign in Origin.objects.values_list("pk", "campaign") if campaign}
    by_campaign = weights.of_campaigns(today, weights.of_origins(today), of_origin)
    with_ads = set(PlatformCampaign.objects.values_list("campaign", flat=True))
    aliases: dict[int, list[CampaignAlias]] = {}
    for alias in CampaignAlias.objects.order_by("kind", "key"):
        aliases.setdefault(alias.campaign_id, []).append(alias)
    named = set(of_origin.values()) | with_ads | set(aliases)
    found = [
        Known(campaign, by_campaign.get(campaign.pk, Weight()), campaign.pk in with_ads, aliases.get(campaign.pk, []))
        for campaign in Campaign.objects.all()
        if campaign.pk in named or campaign.labels
    ]
    return sorted(found, key=lambda known: (known.has_ads, *(-part for part in known.weight.rank), known.campaign.key))


def give_alias(client: Client, kind: CampaignAlias.Kind, called: str, campaign: Campaign, by: Actor) -> None:
    with transaction.atomic():
        choices.give_alias(client, kind, called, campaign)
        audit.record("mapping.alias_given", by, organisation=client, called=called.strip(), campaign=campaign.name)


def take_alias_back(client: Client, alias: CampaignAlias, by: Actor) -> None:
    """What was called so is a campaign of its own again, also in what was said before."""
    with transaction.atomic():
        be_the_only_writer(client)
        called, campaign = alias.key, alias.campaign
        alias.delete()
        moved = _own_again(called, campaign) if alias.kind == CampaignAlias.Kind.NAME else set()
        moved |= dirty.mark_origins(origins.decide_again())
        audit.record("mapping.alias_taken_back", by, organisation=client, called=called, campaign=campaign.name)
        if moved:
            signals.days_changed.send(sender=None, client=client, families=moved)


def label(client: Client, campaign_ids: Sequence[int], name: str, by: Actor, *, remove: bool) -> int:
    """Give campaigns a label, or take it from them; how many did not have it so."""
    with transaction.atomic():
        be_the_only_writer(client)
        found = Campaign.objects.filter(pk__in=campaign_ids).select_for_update()
        changed = [campaign for campaign in found if (name in campaign.labels) == remove]
        for campaign in changed:
            kept = [each for each in campaign.labels if each != name]
            campaign.labels = kept if remove else sorted([*kept, name])
        Campaign.objects.bulk_update(changed, ["labels"])
        if changed:
            verb = "mapping.label_removed" if remove else "mapping.label_given"
            audit.record(verb, by, organisation=client, label=name, campaigns=sorted(campaign.name for campaign in changed))
    return len(changed)


def _own_again(called: str, campaign: Campaign) -> set[str]:
    """Campaigns of platforms that bear this name leave the campaign whose alias it was."""
    moved: set[str] = set()
    for found in PlatformCampaign.objects.filter(campaign=campaign):
        if Campaign.key_of(found.name) == called and called != campaign.key:
            own = names.campaign_ids([found.name])[called]
            PlatformCampaign.objects.filter(pk=found.pk).update(campaign=own)
            moved |= dirty.mark_platform_campaign(found.pk)
    return moved
