"""The Stripe connector against the simulated accounts: money to the cent, in every currency, on its own day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.connectors.base import Account
from campaigns.connectors.errors import LostAccess, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.connectors.oauth import ANOTHER_ACCOUNT, exchange
from campaigns.connectors.stripe import Stripe, money
from campaigns.records import NOWHERE, Customer, Gone, Order, Origin, SubscriptionSpan, nano
from campaigns.simulators.business import ANCHOR, BUSINESSES, FERNHILL, HARBOR, MAISON_LUMEN, Business, figures
from campaigns.simulators.server import Exchange, Fault, Simulator
from campaigns.simulators.stripe import VERSION, StripeSimulator
from tests.campaigns.answering import answer
from tests.campaigns.conftest import Fetch, Held, hash_email
from tests.campaigns.contracts import Contract

SINCE, UNTIL = ANCHOR - timedelta(days=30), ANCHOR
WHOLE = {"jpy"}


@pytest.fixture
def platform(simulator: Simulator) -> StripeSimulator:
    return simulator.platform(StripeSimulator)


def amount(minor: int, currency: str) -> int:
    return nano(Decimal(minor) if currency in WHOLE else Decimal(minor) / 100)


def origin(touch: figures.Touch) -> Origin:
    said = Origin(source=touch.source, medium=touch.medium, campaign=touch.campaign, campaign_id=touch.campaign_id)
    return said if said != Origin() else NOWHERE


def orders(simulator: Simulator, business: Business, since: date = SINCE, until: date = UNTIL) -> list[Order]:
    """What the product must hold of payments and refunds, written out independently of the connector."""
    ledger = simulator.ledgers[business.slug]
    found: list[Order] = []
    for charge in ledger.charges(since, until, ANCHOR):
        if charge.status != "succeeded":
            continue
        whole, tax = amount(charge.amount_minor, charge.currency), amount(charge.tax_minor, charge.currency)
        is_invoiced = bool(charge.invoice_id)
        found.append(
            Order(
                day=charge.created_at.date(),
                order_id=charge.id,
                ordered_at=charge.created_at.astimezone(UTC),
                amount_nano=whole - tax if is_invoiced else whole,
                tax_nano=tax if is_invoiced else None,
                currency=charge.currency.upper(),
                customer_id=charge.customer_id,
                email_hash=hash_email(charge.email) if charge.email else "",
                origin=origin(charge.touch),
            )
        )
    paid = {charge.id: charge for charge in ledger.charges(since - timedelta(days=60), until, ANCHOR)}
    return found + [refunded(refund, paid[refund.charge_id]) for refund in ledger.refunds(since, until, ANCHOR)]


def refunded(refund: figures.Refund, charge: figures.Charge) -> Order:
    """A refund gives back of the tax what it gives back of the payment, and belongs to whoever paid."""
    whole = amount(refund.amount_minor, refund.currency)
    share = Decimal(refund.amount_minor) * charge.tax_minor / charge.amount_minor
    net = amount(int((refund.amount_minor - share).to_integral_value(ROUND_HALF_UP)), refund.currency)
    is_invoiced = bool(charge.invoice_id)
    return Order(
        day=refund.created_at.date(),
        order_id=refund.id,
        ordered_at=refund.created_at.astimezone(UTC),
        kind="refund",
        amount_nano=-net if is_invoiced else -whole,
        tax_nano=net - whole if is_invoiced else None,
        currency=refund.currency.upper(),
        customer_id=charge.customer_id,
        email_hash=hash_email(charge.email) if charge.email else "",
        refund_of=refund.charge_id,
        origin=origin(charge.touch),
    )


def sorted_by_id(found: list[Any]) -> list[Any]:
    return sorted(found, key=repr)


# ------------------------------------------------------------------------------------------------------------- orders
@pytest.mark.parametrize("slug", BUSINESSES)
def test_payments_and_refunds_are_the_truth(simulator: Simulator, fetch: Fetch, slug: str) -> None:
    fetched = fetch("stripe", "orders", SINCE, UNTIL, business=BUSINESSES[slug])
    assert sorted_by_id(fetched) == sorted_by_id(orders(simulator, BUSINESSES[slug]))
    assert len(fetched) > 20


def test_money_keeps_its_currency(fetch: Fetch) -> None:
    found = [record for record in fetch("stripe", "orders", ANCHOR - timedelta(days=120), UNTIL) if isinstance(record, Order)]
    assert {record.currency for record in found} == {"EUR", "CHF", "JPY"}
    yen = [record for record in found if record.currency == "JPY"]
    assert all(record.amount_nano % 10**9 == 0 for record in yen)


def test_a_refund_counts_on_its_own_day(simulator: Simulator, fetch: Fetch) -> None:
    refunds = [record for record in fetch("stripe", "orders", SINCE, UNTIL) if isinstance(record, Order) and record.kind == "refund"]
    paid = {charge.id: charge.created_at.date() for charge in simulator.ledger.charges(SINCE - timedelta(days=40), UNTIL, ANCHOR)}
    assert refunds
    assert all(record.amount_nano < 0 and record.day > paid[record.refund_of] for record in refunds)
    assert any(paid[record.refund_of] < SINCE for record in refunds)


@pytest.mark.parametrize("page_size", [7, 100])
def test_pages_change_nothing(simulator: Simulator, platform: StripeSimulator, fetch: Fetch, page_size: int) -> None:
    platform.page_size = page_size
    since = UNTIL - timedelta(days=5)
    assert sorted_by_id(fetch("stripe", "orders", since, UNTIL)) == sorted_by_id(orders(simulator, MAISON_LUMEN, since))


def test_a_day_ends_at_midnight_of_the_client(simulator: Simulator, fetch: Fetch) -> None:
    late = datetime(2026, 11, 19, 23, 59, 59, tzinfo=ZoneInfo("Europe/Paris"))
    simulator.faults += [answer(listed(charge(created=int(late.timestamp()))), path="charges")]
    [order] = [
        record for record in fetch("stripe", "orders", late.date(), late.date()) if isinstance(record, Order) and record.order_id == "ch_1"
    ]
    assert order.day == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("currency", "minor", "units"),
    [
        ("eur", 2900, "29"),
        ("jpy", 2900, "2900"),
        ("kwd", 2900, "2.9"),
        ("ugx", 2900, "29"),
        ("isk", 2900, "29"),
        ("huf", 2900, "29"),
        ("bhd", 1235, "1.235"),
        ("clp", 1, "1"),
        ("usd", -1, "-0.01"),
    ],
)
def test_the_smallest_unit_is_that_of_the_currency(currency: str, minor: int, units: str) -> None:
    assert money("amount", minor, currency) == nano(Decimal(units))


def test_what_is_only_reserved_is_not_paid(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [answer(listed(charge(amount_captured=0), charge(id="ch_2", status="pending")), path="charges")]
    assert not [record for record in fetch("stripe", "orders", ANCHOR, ANCHOR) if isinstance(record, Order) and record.kind == "order"]


def test_a_refund_that_failed_after_all_is_gone(simulator: Simulator, fetch: Fetch) -> None:
    told = {"object": "refund", "amount": 500, "created": seconds(ANCHOR), "currency": "eur", "charge": "ch_1"}
    failed, pending = told | {"id": "re_1", "status": "failed"}, told | {"id": "re_2", "status": "pending"}
    simulator.faults += [answer(listed(), path="charges"), answer(listed(failed, pending), path="refunds")]
    assert fetch("stripe", "orders", ANCHOR, ANCHOR) == [Gone(day=ANCHOR, kind="order", external_id="re_1")]


def test_the_tax_of_an_invoice_is_taken_off_payments_and_refunds_alike(simulator: Simulator, fetch: Fetch) -> None:
    invoice = {
        "id": "in_1",
        "object": "invoice",
        "created": seconds(ANCHOR),
        "total": 2900,
        "total_excluding_tax": 2417,
        "payments": {"data": [{"payment": {"type": "payment_intent", "payment_intent": "pi_1"}}]},
    }
    refund = {"id": "re_1", "amount": 1450, "created": seconds(ANCHOR), "currency": "eur", "charge": "ch_1", "payment_intent": "pi_1"}
    simulator.faults += [
        answer(listed(invoice), path="invoices"),
        answer(listed(charge(payment_intent="pi_1")), path="charges"),
        answer(listed(refund | {"status": "succeeded"}), path="refunds"),
    ]
    paid, back = fetch("stripe", "orders", ANCHOR, ANCHOR)
    assert isinstance(paid, Order)
    assert isinstance(back, Order)
    assert (paid.amount_nano, paid.tax_nano) == (nano(Decimal("24.17")), nano(Decimal("4.83")))
    assert (back.amount_nano, back.tax_nano) == (nano(Decimal("-12.09")), nano(Decimal("-2.41")))


# ---------------------------------------------------------------------------------------------- customers, subscriptions
@pytest.mark.parametrize("slug", BUSINESSES)
def test_customers_are_the_truth(simulator: Simulator, fetch: Fetch, slug: str) -> None:
    truth = [
        Customer(
            day=one.created_at.date(),
            customer_id=one.id,
            origin=origin(one.touch),
            email_hash=hash_email(one.email) if one.email else "",
        )
        for one in simulator.ledgers[slug].customers(SINCE, UNTIL, ANCHOR)
    ]
    fetched = fetch("stripe", "customers", SINCE, UNTIL, business=BUSINESSES[slug])
    assert sorted_by_id(fetched) == sorted_by_id(truth)
    assert fetched


@pytest.mark.parametrize("business", [FERNHILL, HARBOR], ids=lambda business: business.slug)
def test_subscriptions_are_the_truth(simulator: Simulator, fetch: Fetch, business: Business) -> None:
    ledger = simulator.ledgers[business.slug]
    truth = []
    for one in ledger.subscriptions(ANCHOR - timedelta(days=business.opened), UNTIL, ANCHOR):
        if one.ended_at and one.ended_at <= one.started_at:
            continue
        price = Decimal(one.unit_minor) / (1 if one.currency in WHOLE else 100) * one.quantity / {"month": 1, "year": 12}[one.plan.interval]
        truth.append(
            SubscriptionSpan(
                day=one.started_at.date(),
                subscription_id=one.id,
                customer_id=one.customer_id,
                started_at=one.started_at.astimezone(UTC),
                ended_at=one.ended_at.astimezone(UTC) if one.ended_at else None,
                mrr_nano=nano(price),
                currency=one.currency.upper(),
            )
        )
    fetched = fetch("stripe", "subscriptions", SINCE, UNTIL, business=business)
    assert sorted_by_id(fetched) == sorted_by_id(truth)
    assert {True, False} == {record.ended_at is None for record in truth}


def subscription(**changes: Any) -> dict[str, Any]:
    price = {"unit_amount": 1200, "unit_amount_decimal": "1200", "recurring": {"interval": "month"}} | changes.pop("price", {})
    told = {
        "id": "sub_1",
        "created": seconds(ANCHOR),
        "start_date": seconds(ANCHOR),
        "status": "active",
        "currency": "eur",
        "customer": "cus_1",
        "items": {"data": [{"price": price, "quantity": changes.pop("quantity", 1)}]},
    }
    return told | changes


@pytest.mark.parametrize(
    ("changes", "monthly"),
    [
        ({}, "12"),
        ({"quantity": 3}, "36"),
        ({"quantity": 0}, "0"),
        ({"price": {"recurring": {"interval": "year"}}}, "1"),
        ({"price": {"recurring": {"interval": "month", "interval_count": 3}}}, "4"),
        ({"price": {"recurring": {"interval": "week"}}}, "52"),
        ({"price": {"recurring": {"interval": "day"}}}, "365"),
        ({"price": {"unit_amount": None, "unit_amount_decimal": "1200.5"}}, "12.005"),
        ({"price": {"unit_amount": None, "unit_amount_decimal": None}}, "0"),
        ({"price": {"recurring": {"interval": "month", "usage_type": "metered"}}}, "0"),
        ({"currency": "jpy"}, "1200"),
        ({"status": "past_due"}, "12"),
    ],
)
def test_a_price_is_told_by_the_month(simulator: Simulator, fetch: Fetch, changes: dict[str, Any], monthly: str) -> None:
    simulator.faults += [answer(listed(subscription(**changes)), path="subscriptions")]
    [span] = fetch("stripe", "subscriptions", ANCHOR, ANCHOR)
    assert isinstance(span, SubscriptionSpan)
    assert span.mrr_nano == nano(Decimal(monthly))


def test_a_trial_is_not_paid(simulator: Simulator, fetch: Fetch) -> None:
    ends = seconds(ANCHOR) + 14 * 86_400
    trials = [
        subscription(id="sub_in_trial", status="trialing", trial_end=ends),
        subscription(id="sub_left", status="canceled", trial_end=ends, ended_at=ends - 5),
        subscription(id="sub_never", status="incomplete_expired"),
        subscription(id="sub_stayed", trial_end=ends),
    ]
    simulator.faults += [answer(listed(*trials), path="subscriptions")]
    [span] = fetch("stripe", "subscriptions", ANCHOR, ANCHOR)
    assert isinstance(span, SubscriptionSpan)
    assert (span.subscription_id, span.started_at.timestamp()) == ("sub_stayed", ends)


# ------------------------------------------------------------------------------------------------------------- access
def test_a_consent_tells_its_account(simulator: Simulator, http: Http) -> None:
    found = Stripe.accounts(simulator.settings("stripe"), Held(simulator.secret("stripe", FERNHILL.slug)), http)
    assert found == [Account(FERNHILL.accounts.stripe, FERNHILL.name, "GBP")]


def test_what_is_kept_of_a_consent_reads_the_account(simulator: Simulator, platform: StripeSimulator, fetch: Fetch, http: Http) -> None:
    settings = simulator.settings("stripe")
    code = platform.consent.code(MAISON_LUMEN.slug, {"redirect_uri": "http://localhost/", "scope": "read_only"})
    secret = Stripe.secret_from(settings, exchange(settings, Stripe.consent, code, "http://localhost/", "", http), http)
    assert secret.keys() == {"access_token", "stripe_user_id"}
    assert fetch("stripe", "customers", SINCE, UNTIL, secret=secret)


@pytest.mark.parametrize("kind", ["another account's consent", "another account's key"])
def test_the_permission_of_another_account_fills_nothing(simulator: Simulator, fetch: Fetch, kind: str) -> None:
    other = simulator.secret("stripe", FERNHILL.slug)
    secret = other if kind.endswith("consent") else {"api_key": other["access_token"]}
    with pytest.raises(LostAccess) as caught:
        fetch("stripe", "orders", SINCE, UNTIL, secret=secret)
    assert str(caught.value) == ANOTHER_ACCOUNT


def test_a_restricted_key_reads_its_own_account(simulator: Simulator, fetch: Fetch) -> None:
    assert fetch("stripe", "customers", SINCE, UNTIL, secret={"api_key": simulator.secret("stripe", MAISON_LUMEN.slug)["access_token"]})


# ------------------------------------------------------------------------------------------------ what is not allowed
def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp())


def listed(*items: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"object": "list", "url": "/v1/things", "has_more": has_more, "data": list(items)}


def charge(**changes: Any) -> dict[str, Any]:
    """A payment that is right, but for the changes."""
    told = {
        "id": "ch_1",
        "object": "charge",
        "created": seconds(ANCHOR),
        "currency": "eur",
        "status": "succeeded",
        "amount": 2900,
        "amount_captured": 2900,
        "customer": "cus_1",
        "metadata": {},
    }
    return told | changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_captured": "2900"}, r"data\[0\]\.amount_captured = '2900'"),
        ({"amount_captured": 29.5}, r"data\[0\]\.amount_captured = 29.5"),
        ({"amount_captured": 10**20}, "amount"),
        ({"currency": "euro"}, "currency = 'euro'"),
        ({"currency": None}, r"data\[0\]\.currency = None"),
        ({"created": "2026-11-20"}, r"data\[0\]\.created"),
        ({"created": 0}, "created = '1970-01-01'"),
        ({"created": 10**18}, "created"),
        ({"customer": {"id": "cus_1"}}, r"data\[0\]\.customer = an object"),
        ({"metadata": {"utm_source": 5}}, r"data\[0\]\.metadata"),
        ({"id": None}, r"data\[0\]\.id"),
    ],
)
def test_a_payment_that_cannot_be_right_is_named(simulator: Simulator, fetch: Fetch, changes: dict[str, Any], field: str) -> None:
    simulator.faults += [answer(listed(charge(**changes)), path="charges")]
    with pytest.raises(UnexpectedAnswer, match=field):
        fetch("stripe", "orders", ANCHOR, ANCHOR)


def test_pages_that_overlap_are_unexpected(platform: StripeSimulator, fetch: Fetch) -> None:
    platform.page_size, platform.overlap = 20, 1
    with pytest.raises(UnexpectedAnswer, match="twice in /v1/"):
        fetch("stripe", "orders", SINCE, UNTIL)


def test_an_interval_of_tomorrow_is_named(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [answer(listed(subscription(price={"recurring": {"interval": "fortnight"}})), path="subscriptions")]
    with pytest.raises(UnexpectedAnswer, match="interval = 'fortnight'"):
        fetch("stripe", "subscriptions", ANCHOR, ANCHOR)


# --------------------------------------------------------------------------------------------------------- the contract
def test_requests_and_answers_keep_to_the_published_contract(shared: Path, fetch: Fetch, exchanges: list[Exchange]) -> None:
    contract = Contract(shared / "platforms" / "specs" / "stripe.json", "stripe")
    for family in ("orders", "customers", "subscriptions"):
        fetch("stripe", family, UNTIL - timedelta(days=6), UNTIL, business=FERNHILL)
    assert {exchange.request_headers["stripe-version"] for exchange in exchanges} == {VERSION}
    assert len(exchanges) >= 6
    for asked in exchanges:
        contract.check(asked)


def test_the_published_samples_are_read(shared: Path, simulator: Simulator, fetch: Fetch) -> None:
    samples = shared / "platforms" / "samples"
    for name in ("invoices", "charges"):
        body = (samples / f"stripe_{name}.json").read_bytes().replace(b'"has_more": true', b'"has_more": false')
        simulator.faults += [Fault(200, {"Content-Type": "application/json"}, body, path=name)]
    day = date(2025, 11, 19)
    [order] = fetch("stripe", "orders", day, day)
    assert order == Order(
        day=day,
        order_id="ch_3QAbc",
        ordered_at=datetime.fromtimestamp(1_763_560_000, UTC),
        amount_nano=nano(Decimal(29)),
        currency="EUR",
        customer_id="cus_123",
        email_hash=hash_email("a@example.com"),
        origin=Origin(campaign="brand"),
    )
