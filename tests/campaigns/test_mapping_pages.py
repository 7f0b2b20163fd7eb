"""What leads nowhere is listed with what depends on it; a decision is shown before it is made, and can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, Client, User
from accounts.tenancy import inside
from campaigns import people
from campaigns.models import Campaign, CampaignAlias, ChannelRules, Lead, Origin, PersonMerge
from jobs import worker
from kpis import query
from kpis.periods import Period
from kpis.query import By
from tests.conftest import Cast, LoadText

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Browser]
HOME = "/c/lumen/mapping/"
CAMPAIGNS = f"{HOME}campaigns/"
PEOPLE = "/c/lumen/people/"
LEADS = "lead_id,created_at,channel,campaign,email\n"
ORDERS = "order_id,ordered_at,amount,kind,channel,campaign\n"
ADS = "date,source,account,campaign_id,campaign,channel,impressions,clicks,spend\n"


def texts(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("&#x27;", "'").split())


@pytest.fixture
def page(cast: Cast, signed_in: SignIn) -> Browser:
    return signed_in(cast.owner)


@pytest.fixture
def told(cast: Cast, load_text: LoadText) -> Client:
    """Three leads and two orders of a podcast, of which no channel is known; one lead by e-mail; ads for lamps."""
    yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)
    with inside(cast.client):
        leads = [f"{number},{yesterday}T10:00:00,{channel},{campaign},{number}@people.example" for number, channel, campaign in (
            (1, "", "Podcast"), (2, "", "podcast"), (3, "", "Podcast"), (4, "email", ""), (5, "", "lamps_2026"),
        )]  # fmt: skip
        orders = [f"{number},{yesterday}T10:00:00,{amount},order,,Podcast" for number, amount in ((1, 100), (2, 1500))]
        load_text(cast.client, "leads", LEADS + "\n".join(leads) + "\n")
        load_text(cast.client, "orders", ORDERS + "\n".join(orders) + "\n")
        load_text(cast.client, "ads", ADS + f"{yesterday},google_ads,1,77,Search | Lamps,paid_search,100,5,20\n")
    worker.work_off(cast.client.pk)
    return cast.client


def rows(*rules: dict[str, str]) -> dict[str, str]:
    """A form of rules as the page sends it."""
    sent = {"form-TOTAL_FORMS": str(len(rules)), "form-INITIAL_FORMS": "0"}
    for number, rule in enumerate(rules):
        sent |= {f"form-{number}-{name}": value for name, value in rule.items()}
    return sent


def leads_by(client: Client, by: By) -> dict[str, Decimal | None]:
    day = timezone.now().astimezone(client.zone).date() - timedelta(days=1)
    with inside(client):
        answer = query.ask(Period(day, day), by)
        return {group.key: group.values(["leads"], answer.coverage)["leads"].value.decimal for group in answer.groups}


class TestChannels:
    def test_what_leads_nowhere_is_listed_with_what_depends_on_it(self, told: Client, page: Browser) -> None:
        shown = texts(page.get(HOME))
        assert re.search("– / – podcast – 3 €1,600", shown, re.IGNORECASE)
        assert "4 of 5" in shown  # lamps_2026 leads nowhere, too
        assert "€1,600 of €1,600" in shown

    def test_a_rule_is_shown_with_what_it_would_move_before_it_is_saved(self, told: Client, page: Browser) -> None:
        prefilled = page.get(f"{HOME}rules/?campaign=Podcast").content.decode()
        assert re.search(r'name="form-0-campaign"[^>]*value="Podcast"|value="Podcast"[^>]*name="form-0-campaign"', prefilled)
        rule = {"campaign": "pod*", "channel": "affiliation", "ORDER": "1"}
        answer = page.post(f"{HOME}rules/", rows(rule))
        assert "Unknown Affiliation – 3 €1,600" in texts(answer)
        with inside(told):
            assert not ChannelRules.objects.exists()
        saved = page.post(f"{HOME}rules/", rows(rule) | {"save": "yes"}, follow=True)
        assert "Saved. The figures are being computed again." in texts(saved)
        worker.work_off(told.pk)
        assert leads_by(told, By.CHANNEL) == {"affiliation": 3, "email": 1, "paid_search": 0, "unknown": 1}
        [line] = AuditEvent.objects.filter(verb="mapping.rules_changed")
        assert audit.sentence(line) == "changed the rules of channels; there are 1 now"

    def test_rules_are_ordered_and_removed_and_an_earlier_version_comes_back(self, told: Client, page: Browser) -> None:
        first = {"campaign": "pod*", "channel": "affiliation", "ORDER": "2"}
        second = {"campaign": "podcast", "channel": "offline", "ORDER": "1"}
        page.post(f"{HOME}rules/", rows(first, second) | {"save": "yes"})
        with inside(told):
            assert [rule["channel"] for rule in ChannelRules.objects.get().rules] == ["offline", "affiliation"]
            assert Origin.objects.filter(channel="offline").count() == 2
        page.post(f"{HOME}rules/", rows(first, second | {"DELETE": "on"}) | {"save": "yes"})
        with inside(told):
            assert not Origin.objects.filter(channel="offline").exists()
            before = ChannelRules.objects.order_by("pk")[0]
        answer = page.post(f"{HOME}rules/{before.pk}/restore/", follow=True)
        assert "The rules are as they were then." in texts(answer)
        with inside(told):
            assert Origin.objects.filter(channel="offline").count() == 2
            assert ChannelRules.objects.count() == 3
        assert "Nothing was changed." in texts(page.post(f"{HOME}rules/{before.pk}/restore/", follow=True))

    def test_a_rule_that_would_move_everything_is_refused_beside_it(self, told: Client, page: Browser) -> None:
        answer = page.post(f"{HOME}rules/", rows({"source": "*", "channel": "email", "ORDER": "1"}) | {"save": "yes"})
        assert "else this rule would move everything" in texts(answer)
        assert "Nothing was saved." in texts(answer)
        answer = page.post(f"{HOME}rules/", rows({"source": "x", "channel": "telepathy", "ORDER": "1"}) | {"save": "yes"})
        assert "Nothing was saved." in texts(answer)
        with inside(told):
            assert not ChannelRules.objects.exists()

    def test_an_analyst_sees_them_and_a_viewer_does_not(self, cast: Cast, told: Client, signed_in: SignIn) -> None:
        analyst = signed_in(cast.analyst)
        html = analyst.get(HOME).content.decode()
        assert "podcast" in html.lower()
        assert "/mapping/rules/" not in html
        assert analyst.post(f"{HOME}rules/", rows()).status_code == 403
        assert signed_in(cast.viewer).get(HOME).status_code == 403
        assert signed_in(cast.stranger).get(HOME).status_code == 404

    def test_a_client_without_anything_says_what_will_come(self, cast: Cast, page: Browser) -> None:
        assert "Everything has a channel." in texts(page.get(HOME))
        assert "Campaigns are listed here as soon as" in texts(page.get(CAMPAIGNS))


class TestCampaigns:
    def test_another_name_brings_spend_and_leads_together_and_can_be_taken_back(self, told: Client, page: Browser) -> None:
        assert "No ads bear this name" in texts(page.get(f"{CAMPAIGNS}?show=without"))
        sent = {"called": "lamps_2026", "kind": "name", "campaign": "search | lamps"}
        answer = page.post(f"{HOME}aliases/", sent, follow=True)
        assert "“lamps_2026” is “Search | Lamps” from now on, and was before." in texts(answer)
        assert "also called lamps_2026" in texts(answer)
        worker.work_off(told.pk)
        assert leads_by(told, By.CAMPAIGN)["Search | Lamps"] == 1
        with inside(told):
            alias = CampaignAlias.objects.get()
        answer = page.post(f"{HOME}aliases/{alias.pk}/remove/", follow=True)
        assert "“lamps_2026” stands for itself again." in texts(answer)
        worker.work_off(told.pk)
        assert leads_by(told, By.CAMPAIGN)["lamps_2026"] == 1
        sentences = {audit.sentence(event) for event in AuditEvent.objects.filter(verb__startswith="mapping.")}
        assert sentences == {
            "said that “lamps_2026” is the campaign “Search | Lamps”",
            "took back that “lamps_2026” is the campaign “Search | Lamps”",
        }

    def test_ads_that_bear_the_name_move_and_come_back(self, told: Client, page: Browser) -> None:
        page.post(f"{HOME}aliases/", {"called": "Search | Lamps", "kind": "name", "campaign": "podcast"})
        with inside(told):
            alias = CampaignAlias.objects.get()
            assert alias.campaign.platformcampaign_set.count() == 1
        page.post(f"{HOME}aliases/{alias.pk}/remove/")
        with inside(told):
            assert Campaign.objects.get(key="search | lamps").platformcampaign_set.count() == 1

    def test_a_name_that_there_is_not_is_told_beside_its_field(self, told: Client, page: Browser) -> None:
        answer = page.post(f"{HOME}aliases/", {"called": "lamps_2026", "kind": "name", "campaign": "Lampes"})
        assert "There is no campaign of this name" in texts(answer)
        answer = page.post(f"{HOME}aliases/", {"called": "Podcast", "kind": "name", "campaign": "podcast"})
        assert "This is its name already." in texts(answer)

    def test_a_label_is_given_to_several_and_taken_from_one(self, told: Client, page: Browser) -> None:
        with inside(told):
            ids = list(Campaign.objects.order_by("pk").values_list("pk", flat=True))
        answer = page.post(CAMPAIGNS, {"label": "Brand", "campaigns": ids, "give": "yes"}, follow=True)
        assert f"{len(ids)} campaigns were given the label “Brand”." in texts(answer)
        answer = page.post(CAMPAIGNS, {"label": "Brand", "campaigns": ids[:1], "remove": "yes"}, follow=True)
        assert "1 campaign has lost the label “Brand”." in texts(answer)
        with inside(told):
            assert Campaign.objects.filter(labels__contains=["Brand"]).count() == len(ids) - 1
        assert "Tick at least one campaign." in texts(page.post(CAMPAIGNS, {"label": "Brand"}))

    def test_three_cost_no_more_queries_than_one(self, cast: Cast, page: Browser, load_text: LoadText) -> None:
        yesterday = timezone.now().astimezone(cast.client.zone).date() - timedelta(days=1)

        def count(path: str, number: int) -> int:
            with inside(cast.client):
                load_text(cast.client, "leads", LEADS + f"x{number},{yesterday}T10:00:00,,Fair {number},\n")
            with CaptureQueriesContext(connection) as queries:
                assert f"Fair {number}" in page.get(path).content.decode()
            return len(queries)

        for path in (HOME, CAMPAIGNS):
            count(path, 0)
            assert count(path, 1) == count(path, 2) == count(path, 3)


class TestPeople:
    @pytest.fixture
    def merged(self, told: Client, load_text: LoadText) -> PersonMerge:
        """A lead of today has the address of one and the customer number of another."""
        today = timezone.now().astimezone(told.zone).date() - timedelta(days=1)
        header = "lead_id,created_at,channel,email,customer_id\n"
        with inside(told):
            load_text(told, "leads", header + f"8,{today}T10:00:00,email,8@people.example,C8\n")
            load_text(told, "leads", header + f"9,{today}T10:00:00,email,1@people.example,C8\n")
            return PersonMerge.objects.order_by("pk")[0]

    def test_who_was_found_to_be_one_is_told_apart_again(self, told: Client, merged: PersonMerge, page: Browser) -> None:
        assert re.search(r"lead 8|customer C8", texts(page.get(PEOPLE)))
        asked = texts(page.get(f"{PEOPLE}merges/{merged.pk}/"))
        assert "Are they two people?" in asked
        assert "This cannot be undone." in asked
        answer = page.post(f"{PEOPLE}merges/{merged.pk}/", follow=True)
        assert "They are two people again." in texts(answer)
        assert "told apart on" in texts(answer)
        assert page.post(f"{PEOPLE}merges/{merged.pk}/").status_code == 404

    def test_erasing_says_what_is_lost_asks_once_more_and_leaves_no_trace(self, told: Client, page: Browser) -> None:
        asked = texts(page.post(f"{PEOPLE}erase/", {"who": "1@people.example"}))
        assert "Erase 1@people.example?" in asked
        assert "1 lead" in asked
        wrong = texts(page.post(f"{PEOPLE}erase/", {"who": "1@people.example", "again": "2@people.example"}))
        assert "This is not what you typed before." in wrong
        with inside(told):
            assert Lead.objects.filter(external_id="1").exists()
        answer = page.post(f"{PEOPLE}erase/", {"who": "1@people.example", "again": "1@people.example"}, follow=True)
        assert "The person is erased for good." in texts(answer)
        with inside(told):
            assert not Lead.objects.filter(external_id="1").exists()
            assert people.called(told, "1@people.example") == []
        [line] = AuditEvent.objects.filter(verb="person.erased")
        assert line.details == {}
        assert "Nobody is called that" in texts(page.post(f"{PEOPLE}erase/", {"who": "1@people.example"}))

    def test_only_whoever_is_in_charge_may(self, cast: Cast, signed_in: SignIn) -> None:
        for person in (cast.analyst, cast.viewer):
            assert signed_in(person).get(PEOPLE).status_code == 403
            assert signed_in(person).post(f"{PEOPLE}erase/", {"who": "x"}).status_code == 403
