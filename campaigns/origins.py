"""From what was said of where people came from to a channel and a campaign, each with its reason.

In this order: a channel that was stated outright; the client's own rules; the channel that the campaign's ads agree on, so
that spend and leads of a campaign meet; the platform's own grouping; the medium. The rest is `unknown` and listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from django.db import connection

from campaigns import names
from campaigns.channels import BY_GROUP, BY_MEDIUM, CHANNELS, SOCIAL_NETWORKS, UNKNOWN
from campaigns.models import Campaign, ChannelRules, Origin
from campaigns.records import Origin as OriginRecord

# Rows written at once.
BATCH = 2_000
# Anybody can write anything into the parameters of a link.
LONGEST = 255


class Basis(StrEnum):
    """Why an origin has its channel."""

    STATED = "stated"
    RULE = "rule"
    CAMPAIGN = "campaign"
    GROUP = "group"
    MEDIUM = "medium"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Rule:
    """Patterns in which `*` stands for anything, whatever the case; an absent one matches all. The first that fits decides."""

    channel: str
    source: str = "*"
    medium: str = "*"
    campaign: str = "*"

    def fits(self, said: OriginRecord) -> bool:
        asked = ((said.source, self.source), (said.medium, self.medium), (said.campaign, self.campaign))
        return all(fnmatchcase(value.strip().lower(), pattern.lower().replace("[", "[[]")) for value, pattern in asked)


def rules_in_force() -> list[Rule]:
    newest = ChannelRules.objects.order_by("-pk").first()
    return [Rule(**rule) for rule in newest.rules] if newest else []


def decide(said: OriginRecord, rules: Sequence[Rule], campaign_channel: str) -> tuple[str, Basis]:
    """The channel and why. `campaign_channel` is the one that the ads of the named campaign agree on, or ""."""
    if said.channel in CHANNELS:
        return said.channel, Basis.STATED
    for rule in rules:
        if rule.fits(said):
            return rule.channel, Basis.RULE
    if campaign_channel:
        return campaign_channel, Basis.CAMPAIGN
    if channel := BY_GROUP.get(said.group.strip().lower().replace("_", " ")):
        return channel, Basis.GROUP
    if channel := _by_medium(said.source.strip().lower(), said.medium.strip().lower()):
        return channel, Basis.MEDIUM
    return UNKNOWN, Basis.NOTHING


def _by_medium(source: str, medium: str) -> str:
    channel = BY_MEDIUM.get(medium, "")
    if channel == "paid_search" and source.startswith(SOCIAL_NETWORKS):
        return "paid_social"
    if channel == "referral" and source.startswith(SOCIAL_NETWORKS):
        return "organic_social"
    return channel


def keep(said: Iterable[OriginRecord]) -> dict[OriginRecord, int]:
    """The row ids of these sayings, made where they are new, in the caller's transaction."""
    by_key = {Origin.key_of(each): each for each in said}
    known = names.ids_by_key(Origin, by_key)
    if new := [by_key[key] for key in sorted(by_key.keys() - known.keys())]:
        made = Origin.objects.bulk_create(_decided(new), batch_size=BATCH)
        known |= {origin.key: origin.pk for origin in made}
    return {each: known[key] for key, each in by_key.items()}


def decide_again(origins: Iterable[Origin] | None = None) -> list[int]:
    """Decide all origins, or these, anew; the ids of those that moved to another channel or campaign."""
    before = list(Origin.objects.all() if origins is None else origins)
    after = _decided([said_by(origin) for origin in before])
    moved = []
    for old, new in zip(before, after, strict=True):
        if (old.channel, old.basis, old.campaign_id) != (new.channel, new.basis, new.campaign_id):
            Origin.objects.filter(pk=old.pk).update(channel=new.channel, basis=new.basis, campaign_id=new.campaign_id)
        if (old.channel, old.campaign_id) != (new.channel, new.campaign_id):
            moved.append(old.pk)
    return moved


def unmapped() -> list[tuple[Origin, int]]:
    """Sayings that lead to no channel, with the number of facts behind each, most frequent first."""
    counts: dict[int, int] = {}
    with connection.cursor() as cursor:
        for table in ("campaigns_lead", "campaigns_order", "campaigns_landingday", "campaigns_touch", "campaigns_customer"):
            cursor.execute(
                f"""SELECT origin_id, count(*) FROM {table} JOIN campaigns_origin AS origin ON origin.id = origin_id
                    WHERE origin.channel = %s GROUP BY 1""",
                [UNKNOWN],
            )
            for origin_id, count in cursor.fetchall():
                counts[origin_id] = counts.get(origin_id, 0) + count
    found = [(origin, counts[origin.pk]) for origin in Origin.objects.filter(pk__in=counts)]
    return sorted(found, key=lambda pair: (-pair[1], str(pair[0])))


def _decided(said: list[OriginRecord]) -> list[Origin]:
    rules = rules_in_force()
    campaigns = names.campaigns_of(said)
    channels = dict(Campaign.objects.filter(pk__in=set(campaigns.values())).values_list("pk", "channel"))
    return [_origin(each, rules, campaigns.get(each), channels) for each in said]


def _origin(said: OriginRecord, rules: Sequence[Rule], campaign_id: int | None, channels: Mapping[int, str]) -> Origin:
    channel, basis = decide(said, rules, channels.get(campaign_id, "") if campaign_id else "")
    return Origin(
        key=Origin.key_of(said),
        stated=said.channel,
        group=said.group[:LONGEST],
        source=said.source[:LONGEST],
        medium=said.medium[:LONGEST],
        campaign_name=said.campaign[:LONGEST],
        campaign_ref=said.campaign_id[:LONGEST],
        channel=channel,
        basis=basis,
        campaign_id=campaign_id,
    )


def said_by(origin: Origin) -> OriginRecord:
    return OriginRecord(
        channel=origin.stated,
        group=origin.group,
        source=origin.source,
        medium=origin.medium,
        campaign=origin.campaign_name,
        campaign_id=origin.campaign_ref,
    )
