"""The simulated HubSpot shows the ledger's contacts and deals, pages and refuses as HubSpot does, and keeps to its contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.simulators.business import ANCHOR, FERNHILL, HARBOR, Ledger
from campaigns.simulators.hubspot import HubSpotSimulator, rate_limit
from campaigns.simulators.server import Fault, Simulator
from tests.campaigns.contracts import Contract, contract_at
from tests.campaigns.platforms import plain_client, signed_client

LIFECYCLE = ["lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"]
DATES = [f"hs_lifecyclestage_{stage}_date" for stage in LIFECYCLE]
SINCE = ANCHOR - timedelta(days=30)
Answered = dict[str, Any]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(anchor=ANCHOR, as_of=lambda: ANCHOR, recorder=[]) as running:
        yield running


@pytest.fixture
def platform(simulator: Simulator) -> HubSpotSimulator:
    return simulator.platform(HubSpotSimulator)


@pytest.fixture
def ledger(simulator: Simulator) -> Ledger:
    """Of the smallest portal."""
    return simulator.ledgers[FERNHILL.slug]


@pytest.fixture
def client(simulator: Simulator) -> Iterator[httpx.Client]:
    with signed_client(simulator, "hubspot", FERNHILL.slug) as signed:
        assert simulator.recorder is not None
        simulator.recorder.clear()
        yield signed


@pytest.fixture
def search(client: httpx.Client) -> Callable[..., httpx.Response]:
    def asked(kind: str = "contacts", **body: Any) -> httpx.Response:
        return client.post(f"/crm/objects/2026-09/{kind}/search", json=body)

    return asked


def millis(day: date) -> str:
    return str(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000))


def modified_since(day: date, kind: str = "contacts") -> list[Answered]:
    name = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    return [{"filters": [{"propertyName": name, "operator": "GTE", "value": millis(day)}]}]


def listed(client: httpx.Client, kind: str = "contacts", **params: Any) -> list[Answered]:
    """Every record, page by page."""
    found: list[Answered] = []
    after: dict[str, str] = {}
    while True:
        answer = client.get(f"/crm/objects/2026-09/{kind}", params={"limit": 100} | params | after).json()
        found += answer["results"]
        if "paging" not in answer:
            return found
        after = {"after": answer["paging"]["next"]["after"]}


def instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else None


# ------------------------------------------------------------------------------------------------ what is shown
def test_contacts_are_those_of_the_ledger(client: httpx.Client, ledger: Ledger) -> None:
    truth = {row.id: row for row in ledger.contacts(ledger.story.opened_on, ANCHOR, ANCHOR) if not row.archived_at}
    shown = listed(client, properties="email,lifecyclestage,hs_merged_object_ids,hs_google_click_id")
    assert {item["id"] for item in shown} == set(truth)
    for item in shown:
        row, properties = truth[item["id"]], item["properties"]
        assert (properties["email"], properties["lifecyclestage"]) == (row.email or None, row.stage)
        assert properties["hs_merged_object_ids"] == (";".join(row.merged_ids) or None)
        assert properties["hs_google_click_id"] == (row.touch.click_id or None)
        assert (item["createdAt"], item["updatedAt"]) == (instant(row.created_at), instant(row.modified_at))


def test_archived_contacts_are_listed_apart(simulator: Simulator, platform: HubSpotSimulator) -> None:
    ledger = simulator.ledgers[HARBOR.slug]
    archived = {row.id for row in ledger.contacts(ledger.story.opened_on, ANCHOR, ANCHOR) if row.archived_at}
    with signed_client(simulator, "hubspot", HARBOR.slug) as client:
        shown = listed(client, archived="true")
    assert archived
    assert {item["id"] for item in shown} == archived
    assert all(item["archived"] and item["archivedAt"] for item in shown)


def test_deals_name_their_contact_amount_and_stages(client: httpx.Client, ledger: Ledger) -> None:
    truth = {row.id: row for row in ledger.deals(ledger.story.opened_on, ANCHOR, ANCHOR)}
    asked = "amount,deal_currency_code,dealstage,hs_is_closed_won,hs_date_entered_closedwon"
    shown = listed(client, "deals", properties=asked, associations="contacts")
    assert {item["id"] for item in shown} == set(truth)
    for item in shown:
        row, properties = truth[item["id"]], item["properties"]
        assert (properties["amount"], properties["deal_currency_code"], properties["dealstage"]) == (
            str(row.amount),
            row.currency,
            row.stage,
        )
        assert properties["hs_is_closed_won"] == ("true" if row.stage == "closedwon" else "false")
        assert properties["hs_date_entered_closedwon"] == (instant(row.history[-1][1]) if row.stage == "closedwon" else None)
        assert item["associations"]["contacts"]["results"] == [{"id": row.contact_id, "type": "deal_to_contact"}]


def test_a_lead_that_moves_back_loses_the_dates_of_later_stages_but_not_its_history(simulator: Simulator) -> None:
    with signed_client(simulator, "hubspot", HARBOR.slug) as client:
        asked = ",".join(["lifecyclestage", "hs_v2_date_entered_marketingqualifiedlead", *DATES])
        shown = listed(client, properties=asked, propertiesWithHistory="lifecyclestage", limit=50)
    went_back = [
        item for item in shown if [entry["value"] for entry in item["propertiesWithHistory"]["lifecyclestage"]][:2] == LIFECYCLE[:2]
    ]
    assert went_back
    for item in went_back:
        assert item["properties"]["lifecyclestage"] == "lead"
        assert item["properties"]["hs_lifecyclestage_marketingqualifiedlead_date"] is None
        assert item["properties"]["hs_v2_date_entered_marketingqualifiedlead"]


def test_contacts_merge_under_a_new_id_and_leave_their_old_ones(simulator: Simulator, client: httpx.Client, ledger: Ledger) -> None:
    merged = [row for row in ledger.contacts(SINCE - timedelta(days=200), ANCHOR, ANCHOR) if row.merged_ids]
    assert merged
    row = merged[-1]
    ids = {item["id"] for item in listed(client)}
    assert row.id in ids
    assert not set(row.merged_ids) & ids
    simulator.as_of = lambda: row.modified_at.date() - timedelta(days=1)
    assert row.id not in {item["id"] for item in listed(client)}


def test_the_origin_of_a_contact_is_told_as_hubspot_tells_it(client: httpx.Client, ledger: Ledger) -> None:
    truth = {row.id: row.touch for row in ledger.contacts(ledger.story.opened_on, ANCHOR, ANCHOR)}
    origins: dict[str, tuple[str, str | None]] = {}
    for item in listed(client, properties="hs_analytics_source,hs_analytics_source_data_1"):
        properties = item["properties"]
        origins.setdefault(truth[item["id"]].channel, (properties["hs_analytics_source"], properties["hs_analytics_source_data_1"]))
    assert origins["paid_search"][0] == "PAID_SEARCH"
    assert origins["paid_search"][1] in {campaign.name for campaign in FERNHILL.campaigns}
    assert origins["email"] == ("EMAIL_MARKETING", "sunday-pot")
    assert origins["direct"][0] == "DIRECT_TRAFFIC"


def test_a_portal_tells_its_stages_zone_and_currencies(client: httpx.Client) -> None:
    pipeline = client.get("/crm/pipelines/2026-09/deals").json()["results"][0]
    assert [stage["id"] for stage in pipeline["stages"]] == ["qualifiedtobuy", "contractsent", "closedwon", "closedlost"]
    portal = client.get("/account-info/2026-09/details").json()
    assert (portal["timeZone"], portal["companyCurrency"], portal["additionalCurrencies"]) == ("Europe/London", "GBP", ["EUR"])


# -------------------------------------------------------------------------------------------------------- search
def test_a_search_finds_what_changed(search: Callable[..., httpx.Response], ledger: Ledger) -> None:
    asked = {"filterGroups": modified_since(SINCE), "sorts": ["lastmodifieddate"], "limit": 200}
    found: list[Answered] = []
    after = "0"
    while after:
        answer = search(**asked, after=after).json()
        found += answer["results"]
        after = answer.get("paging", {}).get("next", {}).get("after", "")
    truth = ledger.contacts(ledger.story.opened_on, ANCHOR, ANCHOR)
    changed = {
        row.id for row in truth if not row.archived_at and row.modified_at >= datetime(SINCE.year, SINCE.month, SINCE.day, tzinfo=UTC)
    }
    assert len(found) == answer["total"]
    assert {item["id"] for item in found} == changed
    assert [item["updatedAt"] for item in found] == sorted(item["updatedAt"] for item in found)


def test_a_search_ends_at_its_limit(platform: HubSpotSimulator, search: Callable[..., httpx.Response]) -> None:
    platform.search_limit = 400
    answer = search(limit=200, after="200").json()
    assert answer["total"] > 400
    assert answer["paging"]["next"]["after"] == "400"
    assert search(limit=200, after="400").status_code == 400


def test_pages_may_repeat_records_and_come_in_no_order(platform: HubSpotSimulator, search: Callable[..., httpx.Response]) -> None:
    asked = {"filterGroups": modified_since(SINCE), "limit": 20}
    first = [item["id"] for item in search(**asked).json()["results"]]
    platform.overlap = 2
    assert [item["id"] for item in search(**asked, after="20").json()["results"]][:2] == first[-2:]
    platform.shuffled = True
    assert [item["id"] for item in search(**asked).json()["results"]] != first


# ------------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        ("objects/2026-09/contacts", {"limit": 101}, (400, "VALIDATION_ERROR")),
        ("objects/2026-09/contacts", {"limit": 100, "propertiesWithHistory": "lifecyclestage"}, (400, "VALIDATION_ERROR")),
        ("objects/2026-09/contacts", {"after": "next"}, (400, "VALIDATION_ERROR")),
        ("objects/2026-09/contacts", {"colour": "red"}, (400, "VALIDATION_ERROR")),
        ("objects/2026-09/companies", {}, (403, "MISSING_SCOPES")),
        ("objects/v3/contacts", {}, (404, "OBJECT_NOT_FOUND")),
    ],
)
def test_a_wrong_listing_is_refused(client: httpx.Client, path: str, params: dict[str, Any], expected: tuple[int, str]) -> None:
    response = client.get(f"/crm/{path}", params=params)
    assert (response.status_code, response.json()["category"]) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"colour": "red"},
        {"sorts": ["colour"]},
        {"filterGroups": [{"filters": [{"propertyName": "colour", "operator": "EQ", "value": "red"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "lastmodifieddate", "operator": "GTE", "value": "yesterday"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "lastmodifieddate"}]}]},
    ],
)
def test_a_wrong_search_is_refused(search: Callable[..., httpx.Response], body: Answered) -> None:
    response = search(**body)
    assert (response.status_code, response.json()["category"]) == (400, "VALIDATION_ERROR")


def test_tokens_expire_and_consent_can_be_withdrawn(simulator: Simulator, platform: HubSpotSimulator, client: httpx.Client) -> None:
    def status() -> tuple[int, str]:
        response = client.get("/crm/objects/2026-09/deals", params={"limit": 1})
        return response.status_code, response.json().get("category", "")

    assert status() == (200, "")
    platform.expire_tokens()
    assert status() == (401, "EXPIRED_AUTHENTICATION")
    platform.revoke(FERNHILL.slug)
    assert status() == (401, "INVALID_AUTHENTICATION")
    settings = simulator.settings("hubspot")
    form = {"grant_type": "refresh_token", "client_id": settings["client_id"], "client_secret": settings["client_secret"]}
    with plain_client(simulator, "hubspot") as stranger:
        refused = stranger.post("/oauth/v1/token", data=form | simulator.secret("hubspot", FERNHILL.slug))
        granted = stranger.post("/oauth/v1/token", data=form | simulator.secret("hubspot", HARBOR.slug))
    assert (refused.status_code, refused.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
    assert (granted.status_code, granted.json()["expires_in"]) == (200, 1800)


# -------------------------------------------------------------------------------------------------- the contract
@pytest.fixture
def contract(shared: Path) -> Contract:
    # Of errors the published schema leaves out the `status` that every answer carries.
    return contract_at(shared / "platforms" / "specs" / "hubspot.json", "hubspot", open_schemas=("Error",))


def test_requests_and_answers_keep_to_the_published_contract(
    contract: Contract, simulator: Simulator, client: httpx.Client, search: Callable[..., httpx.Response]
) -> None:
    first = client.get("/crm/objects/2026-09/contacts", params={"limit": 50, "propertiesWithHistory": "lifecyclestage"}).json()
    client.get("/crm/objects/2026-09/contacts", params={"limit": 9, "after": first["paging"]["next"]["after"], "associations": "deals"})
    client.get("/crm/objects/2026-09/deals", params={"limit": 9, "associations": "contacts", "properties": "amount,closedate"})
    client.get("/crm/pipelines/2026-09/deals")
    search(filterGroups=modified_since(SINCE), sorts=["lastmodifieddate"], properties=["email", *DATES], limit=9)
    search("deals", filterGroups=modified_since(SINCE, "deals"), sorts=["-hs_lastmodifieddate"], limit=9, after="9")
    assert simulator.recorder
    for exchange in simulator.recorder:
        assert exchange.status == 200
        contract.check(exchange)


def test_refusals_keep_to_the_published_contract(contract: Contract, simulator: Simulator, client: httpx.Client) -> None:
    answered = rate_limit("TEN_SECONDLY_ROLLING", "2")
    simulator.faults += [Fault(answered.status, answered.headers, answered.body)]
    client.get("/crm/objects/2026-09/contacts")
    client.get("/crm/objects/2026-09/companies")
    client.get("/crm/objects/2026-09/contacts", headers={"Authorization": "Bearer wrong"})
    assert simulator.recorder
    assert [exchange.status for exchange in simulator.recorder] == [429, 403, 401]
    for exchange in simulator.recorder:
        contract.check(exchange)
