"""The simulated Google Ads tells accounts, conversion actions and conversions by action, within its published contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.simulators.business import ANCHOR, FERNHILL, HARBOR, MAISON_LUMEN, Business
from campaigns.simulators.google_ads import CLOSED, CUSTOMER, DEVELOPER_TOKEN, MANAGER, GoogleAdsSimulator
from campaigns.simulators.server import Simulator
from tests.campaigns.contracts import Contract, contract_at
from tests.campaigns.platforms import signed_client

SINCE = ANCHOR - timedelta(days=10)
IRELAND = FERNHILL.accounts.google_ads[1]
BY_ACTION = (
    "SELECT campaign.id, segments.date, segments.conversion_action, segments.conversion_action_name, segments.conversion_action_category,"
    " metrics.conversions, metrics.conversions_value, metrics.all_conversions, metrics.all_conversions_value"
    f" FROM campaign WHERE segments.date BETWEEN '{SINCE}' AND '{ANCHOR}'"
)
ACTIONS = (
    "SELECT conversion_action.id, conversion_action.name, conversion_action.category, conversion_action.status,"
    " conversion_action.primary_for_goal, conversion_action.click_through_lookback_window_days FROM conversion_action"
)
CLIENTS = (
    "SELECT customer_client.id, customer_client.descriptive_name, customer_client.currency_code, customer_client.time_zone,"
    " customer_client.level, customer_client.manager, customer_client.status FROM customer_client"
)
Search = Callable[..., httpx.Response]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(anchor=ANCHOR, as_of=lambda: ANCHOR, recorder=[]) as running:
        yield running


@pytest.fixture
def client(simulator: Simulator) -> Iterator[httpx.Client]:
    with signed_client(simulator, "google_ads") as agency:
        agency.headers["developer-token"] = DEVELOPER_TOKEN
        assert simulator.recorder is not None
        simulator.recorder.clear()
        yield agency


@pytest.fixture
def search(client: httpx.Client) -> Search:
    """Asks as the agency, through its manager."""

    def asked(query: str, customer: str = CUSTOMER, **body: Any) -> httpx.Response:
        headers = {"login-customer-id": MANAGER}
        return client.post(f"/v26/customers/{customer}/googleAds:search", json={"query": query} | body, headers=headers)

    return asked


def code(response: httpx.Response) -> str:
    error = response.json()["error"]["details"][0]["errors"][0]["errorCode"]
    return str(next(iter(error.values())))


# ---------------------------------------------------------------------------------------------------- conversions
@pytest.mark.parametrize("business", [MAISON_LUMEN, HARBOR])
def test_conversions_by_action_are_those_of_the_ledger(simulator: Simulator, search: Search, business: Business) -> None:
    rows = search(BY_ACTION, business.main_ad_account.id).json()["results"]
    truth = simulator.ledgers[business.slug].ad_conversions(SINCE, ANCHOR, ANCHOR)
    assert [
        (
            row["segments"]["date"],
            row["campaign"]["id"],
            row["segments"]["conversionActionName"],
            row["metrics"].get("conversions", 0),
            row["metrics"].get("allConversionsValue", 0),
        )
        for row in rows
    ] == [(str(row.day), row.campaign.id, row.action.name, float(row.conversions), float(row.all_value)) for row in truth]


def test_conversions_by_action_add_up_to_those_of_the_campaign(simulator: Simulator) -> None:
    for ledger in simulator.ledgers.values():
        by_action = ledger.ad_conversions(SINCE, ANCHOR, ANCHOR)
        for row in ledger.ad_days(SINCE, ANCHOR, ANCHOR):
            parts = [part for part in by_action if (part.day, part.campaign) == (row.day, row.campaign)]
            assert sum(part.conversions for part in parts) == row.conversions
            assert sum(part.value for part in parts) == row.value
            assert sum(part.all_conversions for part in parts) == row.all_conversions


def test_secondary_actions_count_among_all_conversions_only(search: Search) -> None:
    carts = [row["metrics"] for row in search(BY_ACTION).json()["results"] if row["segments"]["conversionActionCategory"] == "ADD_TO_CART"]
    assert carts
    assert all("conversions" not in metrics and metrics["allConversions"] > 0 for metrics in carts)


def test_actions_tell_what_they_are_and_how_late_they_may_come(search: Search) -> None:
    actions = {row["conversionAction"]["category"]: row["conversionAction"] for row in search(ACTIONS).json()["results"]}
    assert set(actions) == {"PURCHASE", "SUBMIT_LEAD_FORM", "ADD_TO_CART"}
    assert actions["PURCHASE"]["primaryForGoal"] is True
    assert "primaryForGoal" not in actions["ADD_TO_CART"]
    assert actions["PURCHASE"]["clickThroughLookbackWindowDays"] == "30"
    named = {row["segments"]["conversionAction"] for row in search(BY_ACTION).json()["results"]}
    assert named == {action["resourceName"] for action in actions.values()}


# ------------------------------------------------------------------------------------------------------- accounts
def test_a_manager_names_the_accounts_below_it_with_currency_and_zone(search: Search) -> None:
    clients = {row["customerClient"]["id"]: row["customerClient"] for row in search(CLIENTS, MANAGER).json()["results"]}
    assert clients[MANAGER]["manager"] is True
    assert "level" not in clients[MANAGER]
    below = {name: (client["currencyCode"], client["timeZone"], client["level"]) for name, client in clients.items() if name != MANAGER}
    assert below == {
        CUSTOMER: ("EUR", "Europe/Paris", "1"),
        FERNHILL.main_ad_account.id: ("GBP", "Europe/London", "1"),
        IRELAND.id: ("EUR", "Europe/Dublin", "1"),
        HARBOR.main_ad_account.id: ("USD", "America/New_York", "1"),
        CLOSED: ("EUR", "Europe/Paris", "1"),
    }


def test_accounts_can_be_narrowed_down(search: Search) -> None:
    narrowed = f"{CLIENTS} WHERE customer_client.manager = FALSE AND customer_client.status = 'ENABLED' AND customer_client.level <= 1"
    ids = [row["customerClient"]["id"] for row in search(narrowed, MANAGER).json()["results"]]
    assert sorted(ids) == sorted([CUSTOMER, FERNHILL.main_ad_account.id, IRELAND.id, HARBOR.main_ad_account.id])


def test_an_account_in_another_currency_counts_in_it(simulator: Simulator, search: Search) -> None:
    fields = "SELECT customer.currency_code, campaign.name, segments.date, metrics.cost_micros, metrics.conversions_value"
    rows = search(f"{fields} FROM campaign WHERE segments.date BETWEEN '{SINCE}' AND '{ANCHOR}'", IRELAND.id).json()["results"]
    truth = simulator.ledgers[FERNHILL.slug].ad_days(SINCE, ANCHOR, ANCHOR, IRELAND)
    assert {row["customer"]["currencyCode"] for row in rows} == {"EUR"}
    assert [int(row["metrics"]["costMicros"]) for row in rows] == [row.cost_micros for row in truth]
    assert sum(Decimal(str(row["metrics"].get("conversionsValue", 0))) for row in rows) == sum(row.value for row in truth) > 0


def test_a_business_reaches_its_own_accounts_without_a_manager(simulator: Simulator) -> None:
    with signed_client(simulator, "google_ads", FERNHILL.slug) as own:
        own.headers["developer-token"] = DEVELOPER_TOKEN
        names = own.get("/v26/customers:listAccessibleCustomers").json()["resourceNames"]
        assert names == [f"customers/{account.id}" for account in FERNHILL.accounts.google_ads]
        assert own.post(f"/v26/customers/{IRELAND.id}/googleAds:search", json={"query": ACTIONS}).status_code == 200
        refused = own.post(f"/v26/customers/{CUSTOMER}/googleAds:search", json={"query": ACTIONS})
        assert code(refused) == "USER_PERMISSION_DENIED"


def test_the_agency_reaches_other_accounts_through_its_manager_only(client: httpx.Client, search: Search) -> None:
    customer = HARBOR.main_ad_account.id
    assert search(ACTIONS, customer).status_code == 200
    assert code(client.post(f"/v26/customers/{customer}/googleAds:search", json={"query": ACTIONS})) == "USER_PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (BY_ACTION.replace("metrics.conversions,", "metrics.clicks,"), "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE"),
        (ACTIONS.replace("conversion_action.status", "metrics.clicks"), "PROHIBITED_FIELD_IN_SELECT_CLAUSE"),
        (ACTIONS.replace("conversion_action.status", "conversion_action.include_in_conversions_metric"), "UNRECOGNIZED_FIELD"),
        (ACTIONS + " WHERE conversion_action.status LIKE 'ENABLED'", "UNEXPECTED_INPUT"),
    ],
)
def test_a_wrong_query_is_refused_as_google_does(search: Search, query: str, expected: str) -> None:
    response = search(query)
    assert (response.status_code, code(response)) == (400, expected)


def test_pages_may_repeat_rows(simulator: Simulator, search: Search) -> None:
    platform = simulator.platform(GoogleAdsSimulator)
    platform.page_size, platform.overlap = 30, 2
    first = search(BY_ACTION).json()
    second = search(BY_ACTION, pageToken=first["nextPageToken"]).json()
    assert second["results"][:2] == first["results"][-2:]


# --------------------------------------------------------------------------------------------------- the contract
@pytest.fixture
def contract(shared: Path) -> Contract:
    return contract_at(shared / "platforms" / "specs" / "google_ads.json", "google_ads")


def test_requests_and_answers_keep_to_the_published_contract(
    contract: Contract, simulator: Simulator, client: httpx.Client, search: Search
) -> None:
    client.get("/v26/customers:listAccessibleCustomers")
    simulator.platform(GoogleAdsSimulator).page_size = 40
    first = search(BY_ACTION).json()
    search(BY_ACTION, pageToken=first["nextPageToken"])
    search(ACTIONS, IRELAND.id)
    search(CLIENTS, MANAGER)
    search("SELECT customer.id, customer.descriptive_name, customer.manager, customer.status FROM customer", MANAGER)
    assert simulator.recorder
    for exchange in simulator.recorder:
        assert exchange.status == 200
        contract.check(exchange)
