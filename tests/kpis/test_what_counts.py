"""Which parts of the facts a figure is made of, where that is easily got wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.audit import OPERATOR
from accounts.models import Client
from accounts.services import keep_credential
from campaigns import choices, models
from campaigns.models import Campaign, CampaignAlias, Connection
from campaigns.rates.models import ExchangeRate
from campaigns.records import MILLION, NANO, AdConversion, AdDay, AudienceDay, ConversionAction, EmailDay, EmailSend, Record, SocialDay
from campaigns.spool import Spool
from campaigns.streams import Window
from campaigns.sync import store
from kpis import query, recompute, serialise
from kpis.choices import choose
from kpis.periods import ONE_DAY, Period
from kpis.query import By
from tests.conftest import Cast, LoadText

MONDAY = date(2026, 11, 9)
DAY = Period(MONDAY, MONDAY)
WEEK = Period(MONDAY, date(2026, 11, 15))


def figure(slug: str, period: Period = DAY, by: By | None = None, key: str = "") -> str | None:
    """As it is answered, or why it is null."""
    answer = query.ask(period, by, slugs=[slug])
    part = next(group for group in answer.groups if group.key == key) if by else answer.total
    value = part.values([slug], answer.coverage)[slug].value
    return value.reason or serialise.text(value)


def tell(client: Client, source: Connection, family: str, *rows: Record) -> None:
    """An answer about the days of the rows."""
    with Spool() as spool, transaction.atomic():
        for row in rows:
            spool.write(row)
        store(client, source, spool, window=Window(family, min(row.day for row in rows), max(row.day for row in rows)))


class TestMoneyOfOtherCurrencies:
    ORDERS = "order_id,ordered_at,kind,amount,currency\n"

    def test_what_amounts_to_nothing_needs_no_rate(self, lumen: Client, load_text: LoadText) -> None:
        orders = "O1,2026-11-09T10:00:00,order,80,CHF\nR1,2026-11-09T10:00:00,refund,5,EUR\n"
        load_text(lumen, "orders", self.ORDERS + orders)
        recompute.catch_up(lumen)
        assert (figure("refunds"), figure("revenue")) == ("5", "no_exchange_rate")

    def test_large_amounts_are_converted_to_the_last_digit(self, lumen: Client, load_text: LoadText) -> None:
        """Ten thirds have no end: amounts are multiplied first, and divided once."""
        Client.objects.filter(pk=lumen.pk).update(currency="USD")
        lumen.refresh_from_db()
        for currency, rate in (("USD", "10"), ("SEK", "3")):
            ExchangeRate.objects.create(currency=currency, day=MONDAY, per_euro=Decimal(rate))
        orders = [f"O{number},2026-11-09T10:00:00,order,8000000000,SEK\n" for number in (1, 2)]
        load_text(lumen, "orders", self.ORDERS + "".join(orders))
        recompute.catch_up(lumen)
        assert figure("revenue") == "53333333333.333333333"


class TestWaysOfCounting:
    def test_a_campaign_is_not_summed_over_two_ways_of_counting(self, lumen: Client) -> None:
        meta = Connection.objects.create(source="meta_ads", account="1", currency="EUR", timezone="Europe/Paris")
        for day, basis in ((MONDAY, "7d_click"), (MONDAY + ONE_DAY, "1d_click")):
            ads = AdDay(day=day, campaign_id="1", campaign="Brand", channel="paid_social", impressions=9, clicks=1, spend_nano=NANO)
            tell(lumen, meta, "ads", ads, AdConversion(day=day, campaign_id="1", conversions_millionths=2 * MILLION, basis=basis))
        recompute.catch_up(lumen)
        assert figure("conversions", DAY, By.CAMPAIGN, "Brand") == "2"
        assert figure("conversions", WEEK, By.CAMPAIGN, "Brand") == "mixed_basis"
        assert figure("spend", WEEK, By.CAMPAIGN, "Brand") == "2"


class TestPartsThatAreNotTold:
    def test_a_chosen_conversion_whose_value_is_not_told_leaves_the_value_unknown(self, lumen: Client) -> None:
        meta = Connection.objects.create(source="meta_ads", account="1", currency="EUR", timezone="Europe/Paris")
        days = (MONDAY, MONDAY + ONE_DAY)
        ads = [AdDay(day=day, campaign_id="1", campaign="Brand", channel="paid_social", spend_nano=NANO) for day in days]
        said = AdConversion(day=MONDAY, campaign_id="1", action="purchase", conversions_millionths=2 * MILLION)
        tell(lumen, meta, "ads", ConversionAction(day=MONDAY, action="purchase", name="Purchase"), *ads, said)
        choices.count_action(lumen, models.ConversionAction.objects.get(), True)
        recompute.catch_up(lumen)
        assert (figure("conversions"), figure("conversion_value"), figure("roas")) == ("2", "not_reported", "not_reported")
        # Where none at all is told of what counts, there was none.
        tuesday = Period(*days[1:], *days[1:])
        assert (figure("conversions", tuesday), figure("conversion_value", tuesday), figure("roas", tuesday)) == ("0", "0", "0")

    def test_conversions_of_a_day_without_ads_count(self, lumen: Client) -> None:
        meta = Connection.objects.create(source="meta_ads", account="1", currency="EUR", timezone="Europe/Paris")
        named = AdDay(day=MONDAY - ONE_DAY, campaign_id="1", campaign="Brand", channel="paid_social", spend_nano=NANO)
        later = AdConversion(day=MONDAY, campaign_id="1", conversions_millionths=2 * MILLION, value_nano=9 * NANO)
        tell(lumen, meta, "ads", named, later)
        recompute.catch_up(lumen)
        assert (figure("conversions"), figure("conversion_value"), figure("spend")) == ("2", "9", "0")

    def test_a_seed_list_test_whose_outcome_is_unknown_is_no_test(self, lumen: Client, load_text: LoadText) -> None:
        head = "sent_at,source,campaign,sent,seed_sent,seed_inbox\n"
        load_text(lumen, "email", head + "2026-11-09T10:00:00,x,A,100,20,15\n2026-11-09T11:00:00,x,B,100,20,\n")
        recompute.catch_up(lumen)
        assert figure("inbox_rate") == "0.75"

    def test_a_list_of_which_nothing_was_told_today_has_the_subscribers_it_last_had(self, lumen: Client) -> None:
        mailchimp = Connection.objects.create(source="mailchimp", account="1", currency="EUR", timezone="Europe/Paris")
        for day, count in ((MONDAY - ONE_DAY, 40), (MONDAY, None)):
            tell(lumen, mailchimp, "audience", AudienceDay(day=day, list_name="all", subscribers=count),
                 AudienceDay(day=day, list_name="vip", subscribers=2))  # fmt: skip
        assert figure("subscribers") == "42"


def test_what_cost_nothing_is_paid_back_at_once(lumen: Client, load_text: LoadText) -> None:
    """By a customer who subscribed and has not ordered yet."""
    load_text(lumen, "subscriptions", "subscription_id,customer_id,started_at,mrr\nS1,C1,2026-11-09T10:00:00,5\n")
    load_text(lumen, "orders", "order_id,ordered_at,amount\nO1,2026-11-09T10:00:00,80\n")
    load_text(lumen, "costs", "date,name,amount\n2026-11-09,fair,0\n")
    load_text(lumen, "ads", "date,source,account,campaign,spend\n2026-11-09,meta_ads,1,A,0\n")
    recompute.catch_up(lumen)
    assert figure("payback_months") == "0"


def test_what_was_brought_in_and_is_not_known_is_not_said_to_have_paid_nothing_back(lumen: Client, load_text: LoadText) -> None:
    """Orders that do not tell their tax, of a client whose revenue is with it."""
    load_text(lumen, "orders", "order_id,customer_id,ordered_at,amount\nO1,C1,2026-11-09T10:00:00,80\n")
    load_text(lumen, "costs", "date,name,amount\n2026-11-09,fair,50\n")
    load_text(lumen, "ads", "date,source,account,campaign,spend\n2026-11-09,meta_ads,1,A,0\n")
    choose(lumen, "tax_basis", "gross", None, OPERATOR)
    recompute.catch_up(lumen)
    assert (figure("revenue"), figure("payback_months")) == ("not_reported", "not_reported")


def test_a_lifetime_value_is_asked_of_channels_whose_customers_never_ordered(lumen: Client, load_text: LoadText) -> None:
    load_text(lumen, "subscriptions", "subscription_id,customer_id,started_at,mrr\nS1,C1,2026-11-09T10:00:00,5\n")
    load_text(lumen, "orders", "order_id,ordered_at,amount\nO1,2026-11-09T10:00:00,80\n")
    recompute.catch_up(lumen)
    assert figure("clv", Period(date(2026, 11, 9), date(2026, 12, 31)), By.CHANNEL, "unknown") == "0"


class TestConnectorsThatAreGone:
    def test_what_they_told_counts_for_good_and_every_page_shows_it(self, lumen: Client, cast: Cast, signed_in: Any) -> None:
        """An update took the platform away; the client's connection and facts stay."""
        credential = keep_credential("bing_ads", {}, client=lumen)
        gone = Connection.objects.create(
            source="bing_ads", account="1", currency="EUR", timezone="Europe/Paris", credential_id=credential.pk
        )
        ads = [
            AdDay(day=MONDAY + number * ONE_DAY, campaign_id="1", campaign="Brand", channel="paid_search", spend_nano=NANO)
            for number in range(7)
        ]
        told = [AdConversion(day=ad.day, campaign_id="1", conversions_millionths=MILLION) for ad in ads]
        tell(lumen, gone, "ads", *ads, *told)
        recompute.catch_up(lumen)
        assert (figure("spend", WEEK), figure("conversions", WEEK)) == ("7", "7")
        answer = query.ask(WEEK, slugs=["conversions"])
        assert not answer.total.values(["conversions"], answer.coverage)["conversions"].is_provisional
        browser = signed_in(cast.owner)
        for address in ("?period=2026-W46", "kpis/spend/?from=2026-11-09&to=2026-11-15", "connections/", f"connections/{gone.pk}/"):
            assert browser.get(f"/c/lumen/{address}").status_code == 200, address


class TestWhoTells:
    def test_days_of_mail_no_longer_count_once_mailings_are_told(self, lumen: Client) -> None:
        mail = Connection.objects.create(source="sendgrid", account="1", currency="EUR", timezone="Europe/Paris")
        tell(lumen, mail, "email_days", EmailDay(day=MONDAY, list_name="all", sent=40))
        recompute.catch_up(lumen)
        assert figure("email_sent") == "40"
        noon = datetime(2026, 11, 12, 12, tzinfo=UTC)
        tell(lumen, mail, "email", EmailSend(day=noon.date(), send_id="1", sent_at=noon, observed_at=noon, campaign="A", sent=3))
        recompute.catch_up(lumen)
        assert (figure("email_sent"), figure("email_sent", WEEK)) == ("0", "3")

    def test_posts_count_on_days_of_which_their_account_does_not_tell_as_a_whole(self, lumen: Client) -> None:
        page = Connection.objects.create(source="facebook", account="1", currency="EUR", timezone="Europe/Paris")
        for day in (MONDAY, MONDAY + ONE_DAY):
            tell(lumen, page, "social", SocialDay(day=day, post_id="1", likes=4))
        recompute.catch_up(lumen)
        tell(lumen, page, "social", SocialDay(day=MONDAY, likes=5), SocialDay(day=MONDAY, post_id="1", likes=4))
        recompute.catch_up(lumen)
        assert (figure("likes"), figure("likes", WEEK)) == ("5", "9")

    def test_conversions_of_a_day_without_ads_follow_their_campaign(self, lumen: Client) -> None:
        meta = Connection.objects.create(source="meta_ads", account="1", currency="EUR", timezone="Europe/Paris")
        named = AdDay(day=MONDAY - ONE_DAY, campaign_id="1", campaign="Brand", channel="paid_social", spend_nano=NANO)
        tell(lumen, meta, "ads", named, AdConversion(day=MONDAY, campaign_id="1", conversions_millionths=2 * MILLION))
        recompute.catch_up(lumen)
        choices.give_alias(lumen, CampaignAlias.Kind.NAME, "Brand", Campaign.objects.create(name="Shop", key="shop"))
        recompute.catch_up(lumen)
        assert figure("conversions", DAY, By.CAMPAIGN, "Shop") == "2"
