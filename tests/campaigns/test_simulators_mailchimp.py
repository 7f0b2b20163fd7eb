"""The simulated Mailchimp shows the ledger's sends and lists, pages and refuses as Mailchimp does, and keeps to its contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.simulators.business import ANCHOR, HARBOR, MAISON_LUMEN, Business, Ledger
from campaigns.simulators.mailchimp import MailchimpSimulator, rate_limit
from campaigns.simulators.server import Fault, Simulator
from tests.campaigns.contracts import Contract, contract_at
from tests.campaigns.platforms import plain_client, signed_client

SINCE = ANCHOR - timedelta(days=200)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(anchor=ANCHOR, as_of=lambda: ANCHOR, recorder=[]) as running:
        yield running


@pytest.fixture
def platform(simulator: Simulator) -> MailchimpSimulator:
    return simulator.platform(MailchimpSimulator)


@pytest.fixture
def ledger(simulator: Simulator) -> Ledger:
    return simulator.ledgers[HARBOR.slug]


@pytest.fixture
def client(simulator: Simulator) -> Iterator[httpx.Client]:
    with signed_client(simulator, "mailchimp", HARBOR.slug) as signed:
        yield signed


def since(day: date) -> str:
    return f"{day.isoformat()}T00:00:00+00:00"


def reports(client: httpx.Client, **params: Any) -> list[dict[str, Any]]:
    """Every report, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        asked: dict[str, Any] = {"count": 50, "since_send_time": since(SINCE), "offset": len(found)}
        answer = client.get("/3.0/reports", params=asked | params).json()
        found += answer["reports"]
        if len(found) >= answer["total_items"]:
            return found


# ------------------------------------------------------------------------------------------------ what is shown
@pytest.mark.parametrize("business", [MAISON_LUMEN, HARBOR])
def test_reports_are_the_sends_of_the_ledger_newest_first(simulator: Simulator, business: Business) -> None:
    with signed_client(simulator, "mailchimp", business.slug) as client:
        shown = reports(client)
    truth = simulator.ledgers[business.slug].sends(SINCE, ANCHOR, ANCHOR)
    assert [item["id"] for item in shown] == [send.id for send in sorted(truth, key=lambda send: send.sent_at, reverse=True)]
    by_id = {send.id: send for send in truth}
    for item in shown:
        send = by_id[item["id"]]
        assert item["emails_sent"] == send.emails_sent
        assert (item["opens"]["opens_total"], item["opens"]["unique_opens"]) == (send.opens, send.unique_opens)
        assert item["clicks"]["unique_subscriber_clicks"] == send.unique_subscriber_clicks
        assert item["unsubscribed"] == send.unsubscribes
        assert datetime.fromisoformat(item["send_time"]) == send.sent_at
        assert (item["ecommerce"]["total_orders"], item["ecommerce"]["total_revenue"]) == (send.orders, float(send.revenue))


def test_counters_grow_for_weeks_after_the_send(simulator: Simulator, client: httpx.Client, ledger: Ledger) -> None:
    send = ledger.sends(SINCE, ANCHOR, ANCHOR)[0]
    sent = send.sent_at.date()
    opens = []
    for age in (0, 1, 7, 20, 40):
        simulator.as_of = lambda day=sent + timedelta(days=age): day  # type: ignore[misc]
        opens.append(client.get(f"/3.0/reports/{send.id}").json()["opens"]["unique_opens"])
    assert opens == sorted(opens)
    assert opens[0] < opens[1] < opens[2] < opens[3] == opens[4] - (opens[4] - opens[3])
    assert opens[4] == send.unique_opens


def test_a_deleted_campaign_vanishes_from_reports_but_not_from_the_days(simulator: Simulator, ledger: Ledger, client: httpx.Client) -> None:
    first = ledger.story.opened_on
    moments = [first + timedelta(days=n) for n in range(0, ledger.business.opened, 30)]
    everything = {send.id: send for moment in moments for send in ledger.sends(first, moment, moment)}
    deleted = everything.keys() - {send.id for send in ledger.sends(first, ANCHOR, ANCHOR)}
    assert deleted
    send = everything[deleted.pop()]
    simulator.as_of = lambda: send.sent_at.date() + timedelta(days=5)
    assert client.get(f"/3.0/reports/{send.id}").status_code == 200
    simulator.as_of = lambda: ANCHOR
    assert client.get(f"/3.0/reports/{send.id}").status_code == 404
    assert sum(row.emails_sent for row in ledger.list_days(send.sent_at.date(), send.sent_at.date(), ANCHOR)) >= send.emails_sent


def test_a_lists_activity_goes_back_180_days_to_yesterday(client: httpx.Client, ledger: Ledger) -> None:
    main = HARBOR.lists[0].id
    answer = client.get(f"/3.0/lists/{main}/activity", params={"count": 1000}).json()
    yesterday = ANCHOR - timedelta(days=1)
    truth = [row for row in ledger.list_days(yesterday - timedelta(days=179), yesterday, ANCHOR) if row.list_id == main]
    shown = [(row["day"], row["emails_sent"], row["unique_opens"], row["subs"], row["unsubs"]) for row in answer["activity"]]
    assert shown == [(str(row.day), row.emails_sent, row.unique_opens, row.joined, row.left) for row in reversed(truth)]
    assert answer["total_items"] == 180


def test_growth_by_month_adds_up_to_the_days(client: httpx.Client, ledger: Ledger) -> None:
    main = HARBOR.lists[0].id
    history = client.get(f"/3.0/lists/{main}/growth-history", params={"count": 100}).json()["history"]
    days = [row for row in ledger.list_days(date(2026, 10, 1), date(2026, 10, 31), ANCHOR) if row.list_id == main]
    october = next(row for row in history if row["month"] == "2026-10")
    assert (october["subscribed"], october["unsubscribed"]) == (days[-1].members, sum(row.left for row in days))
    assert [row["month"] for row in history] == sorted((row["month"] for row in history), reverse=True)


def test_campaigns_name_the_utm_campaign_that_web_analytics_sees(client: httpx.Client, ledger: Ledger) -> None:
    shown = client.get("/3.0/campaigns", params={"count": 100, "since_send_time": since(SINCE), "status": "sent"}).json()["campaigns"]
    tagged = {item["tracking"]["google_analytics"] for item in shown}
    assert "month-end-notes" in tagged
    assert tagged & {row.campaign for row in ledger.landing_days(ANCHOR - timedelta(days=14), ANCHOR, ANCHOR) if row.group == "Email"}


def test_only_the_fields_asked_for_are_answered(client: httpx.Client) -> None:
    answer = client.get("/3.0/reports", params={"count": 1, "fields": "reports.id,reports.opens.unique_opens,total_items"}).json()
    assert set(answer) == {"reports", "total_items"}
    assert set(answer["reports"][0]) == {"id", "opens"}
    assert set(answer["reports"][0]["opens"]) == {"unique_opens"}
    assert "reports" not in client.get("/3.0/reports", params={"exclude_fields": "reports"}).json()


# ------------------------------------------------------------------------------------------- paging and refusals
def test_ten_reports_are_given_to_whoever_names_no_number(client: httpx.Client) -> None:
    assert len(client.get("/3.0/reports").json()["reports"]) == 10


def test_pages_may_repeat_and_be_in_no_order(client: httpx.Client, platform: MailchimpSimulator, ledger: Ledger) -> None:
    truth = {send.id for send in ledger.sends(SINCE, ANCHOR, ANCHOR)}
    platform.overlap = 2
    ids = [item["id"] for item in reports(client, count=7)]
    assert len(ids) > len(set(ids))
    assert set(ids) == truth
    platform.overlap, platform.shuffled = 0, True
    assert {item["id"] for item in reports(client, count=7)} == truth


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("reports", {"count": 1001}, 400),
        ("reports", {"offset": "x"}, 400),
        ("reports", {"since_send_time": "yesterday"}, 400),
        ("reports", {"type": "fax"}, 400),
        ("campaigns", {"status": "lost"}, 400),
        ("reports/unknown", {}, 404),
        ("lists/unknown/activity", {}, 404),
        ("postcards", {}, 404),
    ],
)
def test_a_wrong_request_is_refused_with_a_problem_document(client: httpx.Client, path: str, params: dict[str, Any], status: int) -> None:
    response = client.get(f"/3.0/{path}", params=params)
    assert (response.status_code, response.json()["status"]) == (status, status)
    assert response.headers["Content-Type"].startswith("application/problem+json")


# -------------------------------------------------------------------------------------------------------- access
def test_the_token_never_expires_but_can_be_withdrawn(client: httpx.Client, platform: MailchimpSimulator) -> None:
    platform.expire_tokens()
    assert client.get("/3.0/ping").json() == {"health_status": "Everything's Chimpy!"}
    platform.revoke(HARBOR.slug)
    assert (client.get("/3.0/ping").status_code, client.get("/3.0/ping").json()["title"]) == (401, "API Key Invalid")


def test_the_metadata_tell_where_the_account_lives(simulator: Simulator, client: httpx.Client) -> None:
    metadata = client.get("/oauth2/metadata", headers={"Authorization": client.headers["Authorization"].replace("Bearer", "OAuth")}).json()
    assert (metadata["dc"], metadata["accountname"], metadata["user_id"]) == ("us21", "Harbor Ledger", HARBOR.accounts.mailchimp)
    assert metadata["api_endpoint"] == f"{simulator.url}/mailchimp"


def test_an_api_key_opens_its_account_only(simulator: Simulator, platform: MailchimpSimulator) -> None:
    with plain_client(simulator, "mailchimp") as client:
        answer = client.get("/3.0/", auth=("any", platform.api_key(MAISON_LUMEN.slug)))
        assert answer.json()["account_name"] == "Maison Lumen"
        assert client.get("/3.0/", auth=("any", platform.api_key(MAISON_LUMEN.slug).replace("us19", "us1"))).status_code == 401


# -------------------------------------------------------------------------------------------------- the contract
@pytest.fixture
def contract(shared: Path) -> Contract:
    return contract_at(shared / "platforms" / "specs" / "mailchimp.json", "mailchimp")


def test_requests_and_answers_keep_to_the_published_contract(contract: Contract, simulator: Simulator, client: httpx.Client) -> None:
    recent: dict[str, Any] = {"count": 3, "offset": 1, "since_send_time": since(SINCE)}
    first = client.get("/3.0/reports", params=recent).json()["reports"][0]["id"]
    client.get("/3.0/reports", params=recent | {"fields": "reports.id,reports.opens,total_items"})
    client.get(f"/3.0/reports/{first}")
    client.get("/3.0/campaigns", params=recent | {"status": "sent", "sort_field": "send_time", "sort_dir": "DESC"})
    client.get("/3.0/lists", params={"count": 10})
    client.get(f"/3.0/lists/{HARBOR.lists[0].id}/activity", params={"count": 9})
    client.get(f"/3.0/lists/{HARBOR.lists[0].id}/growth-history", params={"count": 9})
    client.get("/3.0/ping")
    assert simulator.recorder
    for exchange in simulator.recorder:
        assert exchange.status == 200
        contract.check(exchange)


def test_refusals_keep_to_the_published_contract(contract: Contract, simulator: Simulator, client: httpx.Client) -> None:
    for answered in (rate_limit(retry_after="4"), rate_limit(is_bare=True)):
        simulator.faults.append(Fault(answered.status, answered.headers, answered.body))
    assert client.get("/3.0/reports").json()["detail"] == "You have exceeded the limit of 10 simultaneous connections."
    assert client.get("/3.0/reports").content == b""
    client.get("/3.0/reports/unknown")
    client.get("/3.0/reports", headers={"Authorization": "Bearer wrong"})
    assert simulator.recorder
    assert [exchange.status for exchange in simulator.recorder] == [429, 429, 404, 401]
    for exchange in simulator.recorder:
        if exchange.response_body:
            contract.check(exchange)
