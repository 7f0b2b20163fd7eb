"""Which campaign is meant by a name or an id: its own name (trimmed, any case), an alias, or the id an ad platform has for it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from campaigns.channels import NO_CAMPAIGN
from campaigns.models import Campaign, CampaignAlias, Origin, Page, PlatformCampaign
from campaigns.records import Origin as Said
from campaigns.streams import execute

LONGEST = 255
# An array of thousands of texts as one parameter: of a list each text would be quoted by itself.
TEXTS = "ARRAY(SELECT jsonb_array_elements_text(%s))"


def campaign_ids(called: Iterable[str]) -> dict[str, int]:
    """Campaign ids by key, creating what is missing. Of names that differ in case the first in order is kept."""
    by_key = {Campaign.key_of(name): name for name in sorted(called, reverse=True)}
    known = ids_by_key(Campaign, by_key) | _aliases(CampaignAlias.Kind.NAME, by_key)
    if new := [Campaign(name=name, key=key) for key, name in by_key.items() if key not in known]:
        known |= {campaign.key: campaign.pk for campaign in Campaign.objects.bulk_create(new)}
    return known


def ids_by_key(model: type[Campaign | Origin | Page], keys: Iterable[str]) -> dict[str, int]:
    """The ids of the rows with these keys; those that are not there are left out."""
    return dict(execute(f"SELECT key, id FROM {model._meta.db_table} WHERE key = ANY({TEXTS})", [_texts(keys)]))


def campaigns_of(said: Iterable[Said]) -> dict[Said, int]:
    """The campaign of each saying that names one; an id that is known decides before the name."""
    sayings = list(said)
    refs = {Campaign.key_of(each.campaign_id) for each in sayings} - NO_CAMPAIGN
    by_ref = _platform_ids(refs) | _aliases(CampaignAlias.Kind.ID, refs)
    called = {each.campaign.strip()[:LONGEST] for each in sayings if _has_name(each) and Campaign.key_of(each.campaign_id) not in by_ref}
    by_name = campaign_ids(called)
    found = {}
    for each in sayings:
        ref, name = Campaign.key_of(each.campaign_id), Campaign.key_of(each.campaign)
        campaign = by_ref.get(ref) or (by_name.get(name[:LONGEST]) if _has_name(each) else None)
        if campaign:
            found[each] = campaign
    return found


def _has_name(said: Said) -> bool:
    return Campaign.key_of(said.campaign) not in NO_CAMPAIGN


def _aliases(kind: str, keys: Iterable[str]) -> dict[str, int]:
    asked = f"SELECT key, campaign_id FROM campaigns_campaignalias WHERE kind = %s AND key = ANY({TEXTS})"
    return dict(execute(asked, [kind, _texts(keys)]))


def _texts(keys: Iterable[str]) -> str:
    return msgspec.json.encode(list(keys)).decode()


def _platform_ids(refs: set[str]) -> dict[str, int]:
    """Only ids that mean one campaign, whatever the platform."""
    found: dict[str, set[int]] = {}
    for external_id, campaign_id in PlatformCampaign.objects.filter(external_id__in=refs).values_list("external_id", "campaign_id"):
        found.setdefault(Campaign.key_of(external_id), set()).add(campaign_id)
    return {ref: campaigns.pop() for ref, campaigns in found.items() if len(campaigns) == 1}
