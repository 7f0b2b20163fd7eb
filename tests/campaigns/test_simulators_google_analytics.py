"""The simulated Google Analytics shows the ledger's sessions, pages and refuses as GA4 does, and keeps to its contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.simulators.business import ANCHOR, BUSINESSES, HARBOR, MAISON_LUMEN
from campaigns.simulators.google_analytics import GoogleAnalyticsSimulator, quota_failure
from campaigns.simulators.server import Fault, Simulator
from tests.campaigns.contracts import Contract, contract_at
from tests.campaigns.platforms import signed_client

PROPERTY = MAISON_LUMEN.accounts.google_analytics
DIMENSIONS = ["date", "landingPagePlusQueryString", "sessionDefaultChannelGroup", "sessionSource", "sessionMedium", "sessionCampaignName"]
METRICS = ["sessions", "engagedSessions", "userEngagementDuration", "screenPageViews", "keyEvents", "totalRevenue"]
SINCE = ANCHOR - timedelta(days=20)
Ask = Callable[..., httpx.Response]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(anchor=ANCHOR, as_of=lambda: ANCHOR, recorder=[]) as running:
        yield running


@pytest.fixture
def platform(simulator: Simulator) -> GoogleAnalyticsSimulator:
    return simulator.platform(GoogleAnalyticsSimulator)


@pytest.fixture
def client(simulator: Simulator) -> Iterator[httpx.Client]:
    with signed_client(simulator, "google_analytics") as signed:
        assert simulator.recorder is not None
        simulator.recorder.clear()
        yield signed


@pytest.fixture
def ask(client: httpx.Client) -> Ask:
    """Runs a report; keywords change the body, None leaves a part out."""

    def asked(
        identity: str = PROPERTY, dimensions: list[str] | None = None, metrics: list[str] | None = None, **changes: Any
    ) -> httpx.Response:
        body = {
            "dateRanges": [{"startDate": SINCE.isoformat(), "endDate": ANCHOR.isoformat()}],
            "dimensions": [{"name": name} for name in (DIMENSIONS if dimensions is None else dimensions)],
            "metrics": [{"name": name} for name in (METRICS if metrics is None else metrics)],
        }
        return client.post(f"/v1beta/properties/{identity}:runReport", json=body | changes)

    return asked


def rows(answer: dict[str, Any]) -> list[tuple[list[str], list[str]]]:
    """The values of dimensions and metrics, everything being text."""
    return [
        ([cell["value"] for cell in row.get("dimensionValues", [])], [cell["value"] for cell in row["metricValues"]])
        for row in answer.get("rows", [])
    ]


# ------------------------------------------------------------------------------------------------ what is shown
@pytest.mark.parametrize("business", BUSINESSES.values(), ids=BUSINESSES)
def test_landing_pages_are_those_of_the_ledger(simulator: Simulator, ask: Ask, business: Any) -> None:
    truth: dict[tuple[str, ...], tuple[Decimal | int, ...]] = {
        (f"{row.day:%Y%m%d}", row.landing_page, row.group, row.source, row.medium, row.campaign): (
            row.sessions,
            row.engaged_sessions,
            row.engagement_seconds,
            row.views,
            row.key_events,
            row.revenue,
        )
        for row in simulator.ledgers[business.slug].landing_days(SINCE, ANCHOR, ANCHOR)
    }
    answer = ask(business.accounts.google_analytics).json()
    shown: dict[tuple[str, ...], tuple[Decimal | int, ...]] = {
        tuple(dimensions): tuple(Decimal(value) for value in metrics) for dimensions, metrics in rows(answer)
    }
    assert shown == truth
    assert answer["rowCount"] == len(truth) > 500
    assert answer["metadata"]["currencyCode"] == business.currency
    assert answer["metadata"]["timeZone"] == business.zone


def test_pages_are_those_of_the_ledger(simulator: Simulator, ask: Ask) -> None:
    shown = rows(ask(dimensions=["date", "pagePath"], metrics=["screenPageViews", "userEngagementDuration"]).json())
    truth = simulator.ledger.page_days(SINCE, ANCHOR, ANCHOR)
    assert {tuple(dimensions): tuple(metrics) for dimensions, metrics in shown} == {
        (f"{row.day:%Y%m%d}", row.page): (str(row.views), str(row.engagement_seconds)) for row in truth
    }


def test_views_by_page_and_by_landing_page_are_the_same_views(ask: Ask) -> None:
    by_page = rows(ask(dimensions=["date", "pagePath"], metrics=["screenPageViews"]).json())
    (total,) = rows(ask(dimensions=[], metrics=["screenPageViews"]).json())
    missing = int(total[1][0]) - sum(int(metrics[0]) for _, metrics in by_page)
    # Every day loses less than one view for each page.
    assert 0 <= missing <= len(by_page)


def test_fewer_dimensions_sum_the_rows(ask: Ask) -> None:
    by_group = rows(ask(dimensions=["sessionDefaultChannelGroup"], metrics=["sessions"]).json())
    everything = rows(ask(metrics=["sessions"]).json())
    assert sum(int(metrics[0]) for _, metrics in by_group) == sum(int(metrics[0]) for _, metrics in everything)
    assert {"Paid Search", "Organic Search", "Email", "Direct", "Unassigned"} <= {dimensions[0] for dimensions, _ in by_group}


def test_today_and_yesterday_are_still_being_processed(simulator: Simulator, ask: Ask) -> None:
    def sessions() -> dict[str, int]:
        return {dimensions[0]: int(metrics[0]) for dimensions, metrics in rows(ask(dimensions=["date"], metrics=["sessions"]).json())}

    before = sessions()
    simulator.as_of = lambda: ANCHOR + timedelta(days=3)
    after = sessions()
    assert {day for day in before if before[day] != after[day]} == {"20261119", "20261120"}
    assert before["20261120"] < 0.7 * after["20261120"]


def test_days_can_be_named_relative_to_today(ask: Ask) -> None:
    def report(since: str, until: str) -> Any:
        return ask(dateRanges=[{"startDate": since, "endDate": until}]).json()

    assert report("7daysAgo", "yesterday") == report("2026-11-13", "2026-11-19")


def test_a_period_without_sessions_has_no_rows(ask: Ask) -> None:
    answer = ask(dateRanges=[{"startDate": "2020-01-01", "endDate": "2020-01-31"}]).json()
    assert "rows" not in answer
    assert "rowCount" not in answer


# ------------------------------------------------------------------------------------------- paging and refusals
@pytest.mark.parametrize(("size", "overlap"), [(100, 0), (250, 3)])
def test_pages_hold_every_row(platform: GoogleAnalyticsSimulator, ask: Ask, size: int, overlap: int) -> None:
    whole = rows(ask().json())
    platform.overlap = overlap
    found: list[tuple[list[str], list[str]]] = []
    while True:
        answer = ask(limit=str(size), offset=str(len(found))).json()
        found += rows(answer)
        if len(found) >= answer["rowCount"]:
            break
    assert {repr(row) for row in found} == {repr(row) for row in whole}
    assert (len(found) > len(whole)) is bool(overlap)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"dimensions": ["colour"]}, 400),
        ({"metrics": ["happiness"]}, 400),
        ({"metrics": []}, 400),
        ({"dimensions": ["pagePath", "sessionSource"]}, 400),
        ({"dimensions": ["pagePath"], "metrics": ["keyEvents"]}, 400),
        ({"limit": "250001"}, 400),
        ({"limit": "many"}, 400),
        ({"colour": "red"}, 400),
        ({"orderBys": [{"dimension": {"dimensionName": "country"}}]}, 400),
        ({"dateRanges": []}, 400),
        ({"dateRanges": [{"startDate": "20/11/2026", "endDate": "today"}]}, 400),
        ({"dateRanges": [{"startDate": "today", "endDate": "yesterday"}]}, 400),
        ({"identity": "UA-123"}, 400),
        ({"identity": "999"}, 403),
    ],
)
def test_a_wrong_report_is_refused_in_googles_envelope(ask: Ask, changes: dict[str, Any], status: int) -> None:
    response = ask(**changes)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, status)
    assert error["status"] == {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED"}[status]


def test_a_business_sees_its_own_property_only(simulator: Simulator) -> None:
    with signed_client(simulator, "google_analytics", HARBOR.slug) as client:
        summaries = client.get("/v1beta/accountSummaries").json()["accountSummaries"]
        assert [part["property"] for summary in summaries for part in summary["propertySummaries"]] == [
            f"properties/{HARBOR.accounts.google_analytics}"
        ]
        assert client.get(f"/v1beta/properties/{HARBOR.accounts.google_analytics}").json()["timeZone"] == "America/New_York"
        assert client.get(f"/v1beta/properties/{PROPERTY}").status_code == 403


def test_accounts_come_in_pages(client: httpx.Client) -> None:
    first = client.get("/v1beta/accountSummaries", params={"pageSize": 2}).json()
    second = client.get("/v1beta/accountSummaries", params={"pageSize": 2, "pageToken": first["nextPageToken"]}).json()
    assert len(first["accountSummaries"]) == 2
    assert len(second["accountSummaries"]) == 1
    assert "nextPageToken" not in second


def test_an_expired_or_withdrawn_permission_is_told(client: httpx.Client, platform: GoogleAnalyticsSimulator) -> None:
    platform.expire_tokens()
    response = client.get("/v1beta/accountSummaries")
    assert (response.status_code, response.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


# ------------------------------------------------------------------------------------------------- the contracts
@pytest.fixture
def specs(shared: Path) -> Path:
    return shared / "platforms" / "specs"


@pytest.fixture
def data(specs: Path) -> Contract:
    return contract_at(specs / "ga4_data.json", "google_analytics")


@pytest.fixture
def admin(specs: Path) -> Contract:
    return contract_at(specs / "ga4_admin.json", "google_analytics")


def test_reports_keep_to_the_published_contract(data: Contract, simulator: Simulator, client: httpx.Client, ask: Ask) -> None:
    ask(limit="20", offset="40", returnPropertyQuota=True, keepEmptyRows=False)
    ask(dimensions=["date", "pagePath"], metrics=["screenPageViews"], limit="20")
    ask(dateRanges=[{"startDate": "2020-01-01", "endDate": "2020-01-31"}])
    client.get(f"/v1beta/properties/{PROPERTY}/metadata")
    assert simulator.recorder
    for exchange in simulator.recorder:
        assert exchange.status == 200
        data.check(exchange)


def test_accounts_and_properties_keep_to_the_published_contract(admin: Contract, simulator: Simulator, client: httpx.Client) -> None:
    client.get("/v1beta/accountSummaries", params={"pageSize": 2})
    client.get(f"/v1beta/properties/{PROPERTY}")
    client.get("/v1beta/properties/999")
    assert simulator.recorder
    assert [exchange.status for exchange in simulator.recorder] == [200, 200, 403]
    for exchange in simulator.recorder:
        admin.check(exchange)


def test_refusals_keep_to_the_published_contract(data: Contract, simulator: Simulator, ask: Ask) -> None:
    answered = quota_failure("30s")
    simulator.faults += [Fault(answered.status, answered.headers, answered.body)]
    ask()
    ask(dimensions=["colour"])
    ask("999")
    assert simulator.recorder
    assert [exchange.status for exchange in simulator.recorder] == [429, 400, 403]
    for exchange in simulator.recorder:
        data.check(exchange)
