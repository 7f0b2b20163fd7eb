"""Three believable businesses, each one person by person the same on every platform."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from campaigns.simulators.business import ANCHOR, BUSINESSES, FERNHILL, HARBOR, MAISON_LUMEN, Ledger
from campaigns.simulators.business.payments import months_later

ROOT = Path(__file__).resolve().parents[2]
# Of a week of November on every platform, computed once: a change of the story must be meant.
FINGERPRINTS = {"maison-lumen": "39473aa4aa156c78", "fernhill-tea": "20501702061154b5", "harbor-ledger": "77b5621baba7a56f"}
SLUGS = list(BUSINESSES)
HALF_A_YEAR = ANCHOR - timedelta(days=180)
LATER = ANCHOR + timedelta(days=60)


@cache
def told(slug: str) -> Ledger:
    return Ledger(BUSINESSES[slug])


@pytest.fixture(params=SLUGS)
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return told(str(request.param))


def ago(days: int) -> date:
    return ANCHOR - timedelta(days=days)


def everything(ledger: Ledger, since: date, until: date, as_of: date) -> list[object]:
    """Every row that any platform shows."""
    asked: list[Callable[[date, date, date], Sequence[object]]] = [
        ledger.ad_days,
        ledger.ad_conversions,
        ledger.sends,
        ledger.list_days,
        ledger.landing_days,
        ledger.page_days,
    ]
    asked += [ledger.contacts, ledger.deals, ledger.customers, ledger.charges, ledger.refunds, ledger.invoices, ledger.subscriptions]
    return [row for ask in asked for row in ask(since, until, as_of)]


def fingerprint(slug: str) -> str:
    ledger = told(slug)
    files = ledger.leads(ago(9), ago(3)), ledger.orders(ago(9), ago(3))
    return sha256(repr((everything(ledger, ago(9), ago(3), ANCHOR), files)).encode()).hexdigest()[:16]


def test_every_machine_and_process_tells_the_same_stories() -> None:
    script = f"from tests.campaigns.test_simulators_business import fingerprint; print(*map(fingerprint, {SLUGS!r}))"
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    assert dict(zip(SLUGS, other.stdout.split(), strict=True)) == {slug: fingerprint(slug) for slug in SLUGS} == FINGERPRINTS


def test_a_day_does_not_depend_on_the_days_asked_before_or_with_it(ledger: Ledger) -> None:
    day = ago(12)
    alone = everything(Ledger(ledger.business), day, day, ANCHOR)
    among = {repr(row) for row in everything(ledger, ago(30), ANCHOR, ANCHOR)}
    assert alone
    assert [row for row in alone if repr(row) not in among] == []


def test_nothing_is_known_of_the_future(ledger: Ledger) -> None:
    assert everything(ledger, ANCHOR + timedelta(days=1), LATER, ANCHOR) == []


# ---------------------------------------------------------------------------------------------------- the people
def test_an_address_belongs_to_one_person(ledger: Ledger) -> None:
    contacts = [row.email for row in ledger.contacts(HALF_A_YEAR, ANCHOR, ANCHOR) if row.email]
    customers = [row.email for row in ledger.customers(HALF_A_YEAR, ANCHOR, ANCHOR) if row.email]
    for addresses in (contacts, customers):
        assert Counter(addresses).most_common(1)[0][1] == 1
        assert all(address.endswith(".example") for address in addresses)


def test_leads_become_contacts_deals_and_customers_under_one_key(ledger: Ledger) -> None:
    contacts = {row.number: row for row in ledger.contacts(HALF_A_YEAR, ANCHOR, ANCHOR) if row.number}
    deals = {row.contact_id: row for row in ledger.deals(HALF_A_YEAR, ANCHOR, ANCHOR)}
    customers = {row.number: row for row in ledger.customers(HALF_A_YEAR, ANCHOR, ANCHOR)}
    won = [row for row in ledger.leads(HALF_A_YEAR, ANCHOR) if row["won_at"]]
    assert won
    for lead in won:
        contact = contacts[lead["lead_id"].removeprefix("L-")]
        deal, customer = deals[contact.id], customers[lead["customer_id"]]
        assert contact.email == customer.email == lead["email"]
        assert (contact.stage, deal.stage) == ("customer", "closedwon")
        assert contact.entered("customer") == deal.history[-1][1] == customer.created_at == datetime.fromisoformat(lead["won_at"])
        assert (contact.touch, contact.touch.campaign) == (customer.touch, lead["campaign"])


def test_a_click_leads_to_the_campaign_that_paid_for_it(ledger: Ledger) -> None:
    campaigns = {campaign.id: campaign.name for campaign in ledger.business.campaigns}
    clicked = [row.touch for row in ledger.contacts(HALF_A_YEAR, ANCHOR, ANCHOR) if row.touch.click_id]
    assert len({touch.click_id for touch in clicked}) > 50
    assert all(campaigns[touch.campaign_id] == touch.campaign for touch in clicked)


@pytest.mark.parametrize("slug", [MAISON_LUMEN.slug, FERNHILL.slug])
def test_subscribers_of_the_newsletter_come_back_to_order(slug: str) -> None:
    ledger = told(slug)
    newsletter = ledger.business.newsletter[0]
    subscribed = {row.email for row in ledger.contacts(HALF_A_YEAR, ANCHOR, ANCHOR) if row.history[0][0] == "subscriber"}
    ordered = {row.email: row for row in ledger.charges(HALF_A_YEAR, ANCHOR, ANCHOR) if row.touch.campaign == newsletter}
    assert len(subscribed & ordered.keys()) > 10


def test_stages_follow_one_another_and_some_go_back(ledger: Ledger) -> None:
    contacts = ledger.contacts(HALF_A_YEAR, ANCHOR, ANCHOR)
    for row in contacts:
        instants = [at for _, at in row.history]
        assert instants == sorted(instants)
        assert row.modified_at >= instants[-1]
        assert instants[-1].date() <= ANCHOR
    stages = [[stage for stage, _ in row.history] for row in contacts]
    assert any(path[-1] == "lead" and len(path) > 1 for path in stages)
    assert any(row.merged_ids for row in contacts)
    assert any(row.archived_at for row in contacts) or ledger.business is FERNHILL


# ----------------------------------------------------------------------------------------------------- the money
def test_every_order_is_paid_with_tax_and_shipping(ledger: Ledger) -> None:
    orders = {row["order_id"]: row for row in ledger.orders(ago(60), ANCHOR) if row["kind"] == "order"}
    paid = {row.order_id: row for row in ledger.charges(ago(60), ANCHOR, ANCHOR) if row.order_id and row.status == "succeeded"}
    assert paid.keys() == orders.keys()
    home = ledger.business.currency.lower()
    for order_id, charge in paid.items():
        if charge.currency == home:
            total = sum(Decimal(orders[order_id][name]) for name in ("amount", "tax", "shipping"))
            assert charge.amount_minor == int(total * 100)


def test_refunds_come_later_and_show_on_the_charge(ledger: Ledger) -> None:
    charges = {row.id: row for row in ledger.charges(ago(200), ANCHOR, ANCHOR)}
    refunds = ledger.refunds(ago(120), ANCHOR, ANCHOR)
    assert refunds
    for refund in refunds:
        charge = charges[refund.charge_id]
        assert refund.created_at > charge.created_at
        assert 0 < refund.amount_minor == charge.refunded_minor <= charge.amount_minor
        before = ledger.charges(charge.created_at.date(), charge.created_at.date(), refund.created_at.date() - timedelta(days=1))
        assert next(row for row in before if row.id == charge.id).refunded_minor == 0


def test_customers_pay_in_more_than_one_currency_and_some_cards_fail(ledger: Ledger) -> None:
    charges = ledger.charges(HALF_A_YEAR, ANCHOR, ANCHOR)
    assert {row.currency for row in charges} == {ledger.business.currency.lower(), *(foreign.code for foreign in ledger.business.foreign)}
    assert 0.01 < sum(row.status == "failed" for row in charges) / len(charges) < 0.06


@pytest.mark.parametrize("slug", [FERNHILL.slug, HARBOR.slug])
def test_a_subscription_is_paid_each_period_until_it_ends(slug: str) -> None:
    ledger = told(slug)
    charges = [row for row in ledger.charges(ledger.story.opened_on, ANCHOR, ANCHOR) if row.subscription_id and row.status == "succeeded"]
    paid: dict[str, list[datetime]] = {}
    for charge in charges:
        paid.setdefault(charge.subscription_id, []).append(charge.created_at)
    subscriptions = ledger.subscriptions(ledger.story.opened_on, ANCHOR, ANCHOR)
    assert {row.id for row in subscriptions} == paid.keys()
    for row in subscriptions:
        step = 12 if row.plan.interval == "year" else 1
        due = [months_later(row.started_at, n * step) for n in range(40)]
        ends = row.ended_at
        expected = [at for n, at in enumerate(due) if at.date() <= ANCHOR and (n == 0 or ends is None or at < ends)]
        assert paid[row.id] == expected
    assert 0.1 < sum(row.status == "canceled" for row in subscriptions) / len(subscriptions) < 0.7


# ------------------------------------------------------------------------------------------- e-mail and web site
def test_sends_grow_settle_and_are_seen_as_visits(ledger: Ledger) -> None:
    sends = ledger.sends(HALF_A_YEAR, ago(40), ANCHOR)
    assert len(sends) > 20
    for send in sends:
        day = send.sent_at.date()
        early = next(row for row in ledger.sends(day, day, day) if row.id == send.id)
        assert 0 < early.unique_opens < send.unique_opens <= send.opens
        assert send.unique_subscriber_clicks <= send.unique_clicks <= send.clicks
        assert send.emails_sent > send.unique_opens + send.hard_bounces + send.soft_bounces
    visits = sum(row.sessions for row in ledger.landing_days(ago(120), ago(41), ANCHOR) if row.group == "Email")
    assert 0.6 < visits / sum(send.clicks for send in ledger.sends(ago(120), ago(41), ANCHOR)) < 1.1


def test_lists_grow_by_those_who_join_and_shrink_by_those_who_leave(ledger: Ledger) -> None:
    for mailing_list in ledger.business.lists:
        days = [row for row in ledger.list_days(ago(100), ANCHOR, ANCHOR) if row.list_id == mailing_list.id]
        for before, row in pairwise(days):
            assert row.members == before.members + row.joined - row.left - row.hard_bounces
    signed_up = [row for row in ledger.contacts(ago(30), ANCHOR, ANCHOR) if row.history[0][0] == "subscriber"]
    main = ledger.business.lists[0].id
    assert len(signed_up) == sum(row.joined for row in ledger.list_days(ago(30), ANCHOR, ANCHOR) if row.list_id == main)


def test_there_are_a_few_fewer_visits_than_paid_clicks(ledger: Ledger) -> None:
    since, until = ago(75), ago(46)
    paid = {campaign.name for campaign in ledger.business.campaigns}
    visits = sum(row.sessions for row in ledger.landing_days(since, until, ANCHOR) if row.campaign in paid)
    clicks = sum(row.clicks for account in ledger.business.accounts.google_ads for row in ledger.ad_days(since, until, ANCHOR, account))
    assert 0.8 < visits / clicks < 0.98


def test_web_analytics_loses_two_days_while_orders_and_leads_go_on(ledger: Ledger) -> None:
    outage = ledger.business.tracking_outage
    lost = [ago(age) for age in outage]
    week_before = [day - timedelta(days=7) for day in lost]

    def measured(days: list[date]) -> tuple[int, int]:
        rows = [row for day in days for row in ledger.landing_days(day, day, ANCHOR)]
        return sum(row.sessions for row in rows), sum(row.key_events for row in rows)

    def happened(days: list[date]) -> int:
        return sum(len(ledger.leads(day, day)) + len(ledger.orders(day, day)) for day in days)

    assert measured(lost)[0] < 0.3 * measured(week_before)[0]
    assert measured(lost)[1] < 0.3 * measured(week_before)[1]
    assert happened(lost) > 0.5 * happened(week_before)


def test_key_events_are_most_of_the_orders_and_leads(ledger: Ledger) -> None:
    since, until = ago(60), ago(25)
    events = sum(row.key_events for row in ledger.landing_days(since, until, ANCHOR))
    orders = [row for row in ledger.orders(since, until) if row["kind"] == "order"]
    assert 0.8 < events / (len(orders) + len(ledger.leads(since, until))) < 0.95
    assert any(row.landing_page == "(not set)" for row in ledger.landing_days(since, until, ANCHOR))
    assert any(row.landing_page == "(other)" for row in ledger.landing_days(since, until, ANCHOR))


@pytest.mark.parametrize("slug", SLUGS)
def test_thirteen_months_are_believable(slug: str) -> None:
    ledger = told(slug)
    since = ago(395)
    spend = Decimal(sum(row.cost_micros for row in ledger.ad_days(since, ANCHOR, LATER))) / 1_000_000
    leads = ledger.leads(since, ANCHOR, LATER)
    won = sum(bool(row["won_at"]) for row in leads)
    assert 0.08 < won / len(leads) < 0.2
    assert {MAISON_LUMEN.slug: 15, FERNHILL.slug: 20, HARBOR.slug: 40}[slug] < spend / len(leads) < 90
    customers = ledger.customers(since, ANCHOR, ANCHOR)
    assert len(customers) >= won * 0.9
    orders = Counter(row["customer_id"] for row in ledger.orders(since, ANCHOR) if row["kind"] == "order")
    assert slug == HARBOR.slug or 0.1 < sum(count > 1 for count in orders.values()) / len(orders) < 0.5
