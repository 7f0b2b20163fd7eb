"""What is said of where people come from becomes one of the fixed channels, by rules the client can read and change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Client
from campaigns import choices, origins
from campaigns.models import Campaign, CampaignAlias, ChannelRules, DirtyDay, Origin
from campaigns.origins import Basis, Rule
from campaigns.records import Origin as Said
from jobs import worker
from kpis import query
from kpis.periods import Period
from kpis.query import By
from tests.conftest import LoadText

LEADS = "lead_id,created_at,channel,campaign\n"
ADS = "date,source,account,campaign_id,campaign,channel,impressions,clicks,spend\n"


def leads_by(by: By) -> dict[str, Decimal | None]:
    answer = query.ask(Period(date(2026, 11, 9), date(2026, 11, 15)), by)
    return {group.key: group.values(["leads"], answer.coverage)["leads"].value.decimal for group in answer.groups}


class TestDeciding:
    @pytest.mark.parametrize(
        ("said", "channel", "why"),
        [
            (Said(channel="offline", group="Paid Search", medium="cpc"), "offline", Basis.STATED),
            (Said(group="Paid Search"), "paid_search", Basis.GROUP),
            (Said(group="Cross-network"), "paid_search", Basis.GROUP),
            (Said(group="ORGANIC_SEARCH"), "organic_search", Basis.GROUP),
            (Said(group="EMAIL_MARKETING", source="hs_email"), "email", Basis.GROUP),
            (Said(group="Email Marketing"), "email", Basis.GROUP),
            (Said(source="google", medium="cpc"), "paid_search", Basis.MEDIUM),
            (Said(source="Facebook", medium="CPC"), "paid_social", Basis.MEDIUM),
            (Said(source="newsletter", medium="email"), "email", Basis.MEDIUM),
            (Said(source="linkedin.com", medium="referral"), "organic_social", Basis.MEDIUM),
            (Said(source="(direct)", medium="(none)"), "direct", Basis.MEDIUM),
            (Said(group="Unassigned", source="podcast", medium="sponsoring"), "unknown", Basis.NOTHING),
            (Said(), "unknown", Basis.NOTHING),
        ],
    )
    def test_without_rules_of_the_client(self, said: Said, channel: str, why: Basis) -> None:
        assert origins.decide(said, [], "") == (channel, why)

    def test_the_channel_of_the_campaigns_ads_comes_before_what_a_platform_guesses(self) -> None:
        assert origins.decide(Said(group="Display", campaign="PMax"), [], "paid_search") == ("paid_search", Basis.CAMPAIGN)

    def test_the_first_rule_that_fits_decides_whatever_the_case(self) -> None:
        rules = [Rule("affiliation", source="*blog*"), Rule("referral", medium="SPONSOR*"), Rule("other")]
        assert origins.decide(Said(source="Le-Blog-Deco", medium="sponsor"), rules, "") == ("affiliation", Basis.RULE)
        assert origins.decide(Said(source="podcast", medium="Sponsoring"), rules, "") == ("referral", Basis.RULE)
        assert origins.decide(Said(source="x"), rules, "email") == ("other", Basis.RULE)

    def test_brackets_in_a_pattern_are_letters(self) -> None:
        assert origins.decide(Said(source="[x]"), [Rule("other", source="[x]")], "")[0] == "other"
        assert origins.decide(Said(source="x"), [Rule("other", source="[x]")], "")[1] is Basis.NOTHING


class TestRules:
    def test_a_new_rule_moves_the_facts_it_concerns_and_no_others(self, lumen: Client, load_text: LoadText) -> None:
        load_text(lumen, "leads", LEADS + "1,2026-11-09T10:00:00,,Podcast\n2,2026-11-10T10:00:00,email,\n3,2026-11-11T10:00:00,,\n")
        worker.work_off(lumen.pk)
        assert leads_by(By.CHANNEL) == {"email": 1, "unknown": 2}
        choices.set_rules(lumen, [Rule("affiliation", campaign="pod*")], "ana@nord.example")
        assert [mark.day.day for mark in DirtyDay.objects.all()] == [9]
        worker.work_off(lumen.pk)
        assert leads_by(By.CHANNEL) == {"affiliation": 1, "email": 1, "unknown": 1}

    def test_every_version_is_kept(self, lumen: Client) -> None:
        choices.set_rules(lumen, [Rule("email", medium="mail")], "ana@nord.example")
        choices.set_rules(lumen, [], "bob@nord.example")
        assert [(len(version.rules), version.made_by) for version in ChannelRules.objects.order_by("pk")] == [
            (1, "ana@nord.example"),
            (0, "bob@nord.example"),
        ]
        assert origins.rules_in_force() == []

    def test_a_channel_that_there_is_not_is_refused(self, lumen: Client) -> None:
        with pytest.raises(choices.Unknown, match="telepathy"):
            choices.set_rules(lumen, [Rule("telepathy")], "")
        assert not ChannelRules.objects.exists()

    def test_what_leads_to_no_channel_is_listed_with_its_volume(self, lumen: Client, load_text: LoadText) -> None:
        rows = "1,2026-11-09T10:00:00,,Podcast\n2,2026-11-10T10:00:00,,Podcast\n3,2026-11-11T10:00:00,,Fair\n4,2026-11-11T10:00:00,email,\n"
        load_text(lumen, "leads", LEADS + rows)
        assert [(origin.campaign_name, count) for origin, count in origins.unmapped()] == [("Podcast", 2), ("Fair", 1)]


class TestCampaigns:
    def test_spend_and_leads_meet_under_one_campaign_by_an_alias_also_afterwards(self, lumen: Client, load_text: LoadText) -> None:
        load_text(lumen, "ads", ADS + "2026-11-09,google_ads,1,77,Search | Lamps,paid_search,100,5,20\n")
        load_text(lumen, "leads", LEADS + "1,2026-11-09T10:00:00,,lamps_search_2026\n2,2026-11-10T10:00:00,,search | lamps\n")
        assert [campaign.name for campaign in choices.unmapped_campaigns()] == ["lamps_search_2026"]
        campaign = Campaign.objects.get(key="search | lamps")
        choices.give_alias(lumen, CampaignAlias.Kind.NAME, " LAMPS_search_2026", campaign)
        load_text(lumen, "leads", LEADS + "3,2026-11-11T10:00:00,,Lamps_Search_2026\n")
        worker.work_off(lumen.pk)
        assert leads_by(By.CAMPAIGN)["Search | Lamps"] == 3
        assert leads_by(By.CHANNEL) == {"paid_search": 3}
        assert choices.unmapped_campaigns() == []

    def test_the_id_a_platform_gave_a_campaign_is_its_name_too(self, lumen: Client, load_text: LoadText) -> None:
        load_text(lumen, "ads", ADS + "2026-11-09,google_ads,1,77,Search | Lamps,paid_search,100,5,20\n")
        ids = origins.keep({Said(source="google", medium="cpc", campaign="(not set)", campaign_id="77")})
        [origin] = Origin.objects.filter(pk__in=ids.values())
        assert (origin.channel, origin.campaign.name if origin.campaign else "") == ("paid_search", "Search | Lamps")

    def test_an_id_said_before_its_campaign_was_known_finds_it(self, lumen: Client, load_text: LoadText) -> None:
        origins.keep({Said(medium="cpc", campaign_id="77")})
        load_text(lumen, "ads", ADS + "2026-11-09,google_ads,1,77,Search | Lamps,paid_search,100,5,20\n")
        assert Origin.objects.get(campaign_ref="77").campaign == Campaign.objects.get(key="search | lamps")

    def test_an_id_of_two_campaigns_means_neither(self, lumen: Client, load_text: LoadText) -> None:
        rows = "2026-11-09,google_ads,1,77,Search,paid_search,100,5,20\n2026-11-09,meta_ads,1,77,Social,paid_social,100,5,20\n"
        load_text(lumen, "ads", ADS + rows)
        origins.keep({Said(medium="cpc", campaign_id="77")})
        assert Origin.objects.get(campaign_ref="77").campaign is None

    @pytest.mark.parametrize("name", ["(not set)", "(direct)", " (Organic) ", ""])
    def test_what_analytics_write_where_there_is_no_campaign_is_none(self, lumen: Client, name: str) -> None:
        origins.keep({Said(source="google", medium="organic", campaign=name)})
        assert not Campaign.objects.exists()

    def test_texts_of_any_length_in_links_are_stored(self, lumen: Client) -> None:
        said = Said(source="s" * 5000, medium="m" * 5000, campaign="c" * 5000)
        assert origins.keep({said}) == origins.keep({said})
