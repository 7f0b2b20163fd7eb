"""The simulated Stripe shows the ledger's payments, pages and refuses as Stripe does, and keeps to its published contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.simulators import Answer
from campaigns.simulators.business import ANCHOR, FERNHILL, HARBOR, MAISON_LUMEN, Business, Ledger
from campaigns.simulators.server import Fault, Simulator
from campaigns.simulators.stripe import CLIENT_SECRET, VERSION, StripeSimulator, rate_limit
from tests.campaigns.contracts import Contract, contract_at

TLS = httpx.create_ssl_context()
SINCE = ANCHOR - timedelta(days=20)
RECENTLY = int(datetime(2026, 11, 15, tzinfo=UTC).timestamp())
Listed = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(anchor=ANCHOR, as_of=lambda: ANCHOR, recorder=[]) as running:
        yield running


@pytest.fixture
def get(simulator: Simulator) -> Iterator[Callable[..., httpx.Response]]:
    """Asks for a list as the platform on behalf of a business; keywords are parameters, `created_gte` stands for `created[gte]`."""
    with httpx.Client(base_url=f"{simulator.url}/stripe/v1", verify=TLS, trust_env=False, timeout=30) as client:

        def asked(name: str, business: Business = MAISON_LUMEN, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
            signed = {"Authorization": f"Bearer {CLIENT_SECRET}", "Stripe-Account": business.accounts.stripe, "Stripe-Version": VERSION}
            renamed = {
                key.replace("created_", "created[") + "]" if key.startswith("created_") else key: value for key, value in params.items()
            }
            return client.get(f"/{name}", params=renamed, headers=signed | (headers or {}))

        yield asked


@pytest.fixture
def listed(get: Callable[..., httpx.Response]) -> Listed:
    """Every object of a list, page by page."""

    def pages(name: str, business: Business = MAISON_LUMEN, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            cursor = {"starting_after": found[-1]["id"]} if found else {}
            page = get(name, business, **{"limit": 100} | params | cursor).json()
            found += page["data"]
            if not page["has_more"]:
                return found

    return pages


def midnight(day: date, ledger: Ledger) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ledger.story.zone).timestamp())


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"].get("code", "")


@pytest.fixture(params=[MAISON_LUMEN, FERNHILL, HARBOR], ids=lambda business: business.slug)
def ledger(request: pytest.FixtureRequest, simulator: Simulator) -> Ledger:
    return simulator.ledgers[request.param.slug]


# ------------------------------------------------------------------------------------------------ what is shown
def test_charges_are_those_of_the_ledger_newest_first(ledger: Ledger, listed: Listed) -> None:
    truth = ledger.charges(SINCE, ANCHOR, ANCHOR)
    shown = listed("charges", ledger.business, created_gte=midnight(SINCE, ledger))
    assert [item["id"] for item in sorted(shown, key=lambda item: (item["created"], item["id"]))] == [charge.id for charge in truth]
    assert [item["created"] for item in shown] == sorted((item["created"] for item in shown), reverse=True)
    by_id = {charge.id: charge for charge in truth}
    for item in shown:
        charge = by_id[item["id"]]
        assert (item["amount"], item["amount_refunded"], item["currency"]) == (charge.amount_minor, charge.refunded_minor, charge.currency)
        assert item["amount_captured"] == (charge.amount_minor if charge.status == "succeeded" else 0)


def test_refunds_invoices_and_customers_are_those_of_the_ledger(ledger: Ledger, listed: Listed) -> None:
    since = midnight(SINCE, ledger)
    refunds = ledger.refunds(SINCE, ANCHOR, ANCHOR)
    assert {item["id"]: item["amount"] for item in listed("refunds", ledger.business, created_gte=since)} == {
        refund.id: refund.amount_minor for refund in refunds
    }
    invoices = {invoice.id: invoice.total_minor for invoice in ledger.invoices(SINCE, ANCHOR, ANCHOR)}
    assert {item["id"]: item["total"] for item in listed("invoices", ledger.business, created_gte=since)} == invoices
    customers = {customer.id: customer.email or None for customer in ledger.customers(SINCE, ANCHOR, ANCHOR)}
    assert {item["id"]: item["email"] for item in listed("customers", ledger.business, created_gte=since)} == customers
    assert refunds
    assert customers


@pytest.mark.parametrize("business", [FERNHILL, HARBOR])
def test_cancelled_subscriptions_are_shown_to_whoever_asks_for_all(simulator: Simulator, listed: Listed, business: Business) -> None:
    ledger = simulator.ledgers[business.slug]
    truth = ledger.subscriptions(ledger.story.opened_on, ANCHOR, ANCHOR)
    assert {item["id"] for item in listed("subscriptions", business, status="all")} == {row.id for row in truth}
    assert {item["id"] for item in listed("subscriptions", business)} == {row.id for row in truth if row.status == "active"}
    cancelled = {item["id"]: item["ended_at"] for item in listed("subscriptions", business, status="canceled")}
    assert cancelled == {row.id: int(row.ended_at.timestamp()) for row in truth if row.ended_at}


def test_a_subscription_says_its_price_seats_and_paid_period(simulator: Simulator, listed: Listed) -> None:
    ledger = simulator.ledgers[HARBOR.slug]
    truth = {row.id: row for row in ledger.subscriptions(ledger.story.opened_on, ANCHOR, ANCHOR)}
    for item in listed("subscriptions", HARBOR):
        part, row = item["items"]["data"][0], truth[item["id"]]
        assert (part["price"]["unit_amount"], part["quantity"], part["price"]["recurring"]["interval"]) == (
            row.unit_minor,
            row.quantity,
            row.plan.interval,
        )
        assert part["current_period_start"] <= midnight(ANCHOR + timedelta(days=1), ledger) <= part["current_period_end"] + 86_400


def test_invoices_of_subscriptions_name_the_subscription_and_the_payment(simulator: Simulator, listed: Listed) -> None:
    since = midnight(SINCE, simulator.ledger)
    charges = {item["payment_intent"] for item in listed("charges", HARBOR, created_gte=since)}
    invoices = listed("invoices", HARBOR, created_gte=since)
    assert invoices
    for invoice in invoices:
        assert invoice["parent"]["subscription_details"]["subscription"].startswith("sub_")
        assert invoice["payments"]["data"][0]["payment"]["payment_intent"] in charges


def test_amounts_are_in_the_smallest_unit_of_their_currency(simulator: Simulator, listed: Listed) -> None:
    since = ANCHOR - timedelta(days=150)
    orders = {row["order_id"]: row for row in simulator.ledger.orders(since, ANCHOR)}
    charges = listed("charges", created_gte=midnight(since, simulator.ledger))
    shown = [item for item in charges if "order_id" in item["metadata"]]
    assert {item["currency"] for item in shown} == {"eur", "chf", "jpy"}
    for item in shown:
        order = orders[item["metadata"]["order_id"]]
        total = sum(float(order[name]) for name in ("amount", "tax", "shipping"))
        rate = {"eur": 100, "chf": 94, "jpy": 163}[item["currency"]]
        assert abs(item["amount"] - total * rate) < 2


def test_a_refund_made_later_shows_on_the_charge_later(simulator: Simulator, listed: Listed) -> None:
    since = midnight(SINCE, simulator.ledger)
    before = {item["id"]: item["amount_refunded"] for item in listed("charges", created_gte=since)}
    simulator.as_of = lambda: ANCHOR + timedelta(days=25)
    after = {item["id"]: item["amount_refunded"] for item in listed("charges", created_gte=since)}
    refunded = [charge for charge in before if after[charge] > before[charge]]
    assert refunded
    assert {item["charge"] for item in listed("refunds", created_gte=since)} >= set(refunded)


def test_a_customer_has_the_address_and_campaign_known_elsewhere(simulator: Simulator, listed: Listed) -> None:
    ledger = simulator.ledgers[HARBOR.slug]
    contacts = {contact.email: contact for contact in ledger.contacts(ANCHOR - timedelta(days=150), ANCHOR, ANCHOR) if contact.email}
    since = midnight(ANCHOR - timedelta(days=90), ledger)
    customers = [item for item in listed("customers", HARBOR, created_gte=since) if item["email"]]
    assert customers
    for item in customers:
        contact = contacts[item["email"]]
        assert contact.stage == "customer"
        assert item["metadata"].get("gclid", "") == contact.touch.click_id
        assert item["metadata"].get("utm_campaign", "") == contact.touch.campaign


# ------------------------------------------------------------------------------------------------------- paging
@pytest.mark.parametrize("size", [7, 100])
def test_pages_hold_every_object_once(simulator: Simulator, listed: Listed, size: int) -> None:
    simulator.platform(StripeSimulator).page_size = size
    since = midnight(ANCHOR - timedelta(days=6), simulator.ledger)
    ids = [item["id"] for item in listed("charges", created_gte=since)]
    assert len(ids) == len(set(ids)) == len(simulator.ledger.charges(ANCHOR - timedelta(days=6), ANCHOR, ANCHOR))


def test_a_page_may_repeat_what_the_one_before_held(simulator: Simulator, listed: Listed) -> None:
    platform = simulator.platform(StripeSimulator)
    platform.page_size, platform.overlap = 20, 3
    ids = [item["id"] for item in listed("charges", created_gte=midnight(SINCE, simulator.ledger))]
    assert len(ids) > len(set(ids)) == len(simulator.ledger.charges(SINCE, ANCHOR, ANCHOR))


def test_pages_can_be_read_backwards(get: Callable[..., httpx.Response]) -> None:
    recent = {"limit": 5, "created_gte": RECENTLY}
    first = get("charges", **recent).json()["data"]
    second = get("charges", starting_after=first[-1]["id"], **recent).json()["data"]
    back = get("charges", ending_before=second[0]["id"], **recent).json()
    assert (back["data"], back["has_more"]) == (first, False)


def test_ten_objects_are_given_to_whoever_names_no_number(get: Callable[..., httpx.Response]) -> None:
    assert len(get("charges", created_gte=RECENTLY).json()["data"]) == 10


# ------------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("charges", {"limit": 101}, (400, "parameter_invalid_integer")),
        ("charges", {"limit": 0}, (400, "parameter_invalid_integer")),
        ("charges", {"colour": "red"}, (400, "parameter_unknown")),
        ("customers", {"created_near": 5}, (400, "parameter_unknown")),
        ("charges", {"created_gte": "yesterday"}, (400, "")),
        ("charges", {"starting_after": "ch_unknown", "created_gte": RECENTLY}, (400, "resource_missing")),
        ("subscriptions", {"status": "happy"}, (400, "")),
        ("payouts", {}, (404, "")),
        ("charges", {"headers": {"Stripe-Version": ""}}, (400, "parameter_missing")),
        ("charges", {"headers": {"Stripe-Account": "acct_unknown"}}, (403, "account_invalid")),
        ("charges", {"headers": {"Authorization": "Bearer wrong"}}, (401, "")),
    ],
)
def test_a_wrong_request_is_refused_as_stripe_does(
    get: Callable[..., httpx.Response], name: str, params: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code(get(name, **params)) == expected


def test_an_account_that_disconnects_is_closed_to_both_keys(simulator: Simulator, get: Callable[..., httpx.Response]) -> None:
    secret = simulator.secret("stripe", HARBOR.slug)
    own = {"Authorization": f"Bearer {secret['access_token']}", "Stripe-Account": secret["stripe_user_id"]}
    assert get("refunds", HARBOR, own, created_gte=RECENTLY).status_code == get("refunds", HARBOR, created_gte=RECENTLY).status_code == 200
    simulator.platform(StripeSimulator).revoke(HARBOR.slug)
    assert code(get("charges", HARBOR, own)) == (401, "api_key_expired")
    assert code(get("charges", HARBOR)) == (403, "account_invalid")
    assert get("refunds", MAISON_LUMEN, created_gte=RECENTLY).status_code == 200


# ------------------------------------------------------------------------------------------------- the contract
@pytest.fixture
def contract(shared: Path) -> Contract:
    return contract_at(shared / "platforms" / "specs" / "stripe.json", "stripe")


@pytest.mark.parametrize("name", ["customers", "charges", "refunds", "invoices", "subscriptions"])
def test_requests_and_answers_keep_to_the_published_contract(
    contract: Contract, simulator: Simulator, get: Callable[..., httpx.Response], name: str
) -> None:
    status = {"status": "all"} if name == "subscriptions" else {}
    for business in (MAISON_LUMEN, FERNHILL):
        first = get(name, business, limit=4, created_gte=midnight(SINCE, simulator.ledger), **status).json()["data"]
        if first:
            get(name, business, limit=4, created_gte=midnight(SINCE, simulator.ledger), starting_after=first[-1]["id"], **status)
    assert simulator.recorder
    for exchange in simulator.recorder:
        assert exchange.status == 200
        contract.check(exchange)


def test_refusals_keep_to_the_published_contract(contract: Contract, simulator: Simulator, get: Callable[..., httpx.Response]) -> None:
    answered: Answer = rate_limit("3")
    simulator.faults += [Fault(answered.status, answered.headers, answered.body)]
    assert get("charges").headers["Retry-After"] == "3"
    get("charges", starting_after="ch_unknown", created_gte=RECENTLY)
    get("charges", headers={"Authorization": "Bearer wrong"})
    assert simulator.recorder
    assert [exchange.status for exchange in simulator.recorder] == [429, 400, 401]
    for exchange in simulator.recorder:
        contract.check(exchange)
