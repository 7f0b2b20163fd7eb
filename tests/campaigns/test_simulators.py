"""The simulated business and its platforms: believable, the same everywhere, and as strict as the real ones."""

from __future__ import annotations

import ast
import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from campaigns.simulators import simulator_for, sources
from campaigns.simulators.business import ANCHOR, CAMPAIGNS, OPENED, OUTAGE, SHORTAGE, AdFigures, Ledger
from campaigns.simulators.google_ads import (
    CLIENT_ID,
    CLIENT_SECRET,
    CLOSED,
    CUSTOMER,
    DEVELOPER_TOKEN,
    MANAGER,
    REFRESH_TOKEN,
    GoogleAdsSimulator,
)
from campaigns.simulators.server import Fault, Simulator

# Reading the certificates anew for every client would take most of the time of these tests.
TLS = httpx.create_ssl_context()
ROOT = Path(__file__).resolve().parents[2]
LEDGER = Ledger()
WEEKS = 52
YEAR_AGO = ANCHOR - timedelta(days=7 * WEEKS - 1)
SETTLED = ANCHOR + timedelta(days=60)
PAID = {campaign.name: campaign.channel for campaign in CAMPAIGNS}


def ago(days: int) -> date:
    return ANCHOR - timedelta(days=days)


def spend(figures: list[AdFigures]) -> Decimal:
    return Decimal(sum(row.cost_micros for row in figures)) / 1_000_000


# --------------------------------------------------------------------------------------------------------- the story
def test_another_seed_tells_another_story() -> None:
    assert Ledger(seed="other").ad_days(ANCHOR, ANCHOR, ANCHOR) != LEDGER.ad_days(ANCHOR, ANCHOR, ANCHOR)


def test_a_day_does_not_depend_on_the_days_asked_with_it() -> None:
    day = ago(9)
    alone = (LEDGER.ad_days(day, day, ANCHOR), LEDGER.orders(day, day), LEDGER.leads(day, day, ANCHOR))
    among = (LEDGER.ad_days(ago(20), ANCHOR, ANCHOR), LEDGER.orders(ago(20), ANCHOR), LEDGER.leads(ago(20), ANCHOR, ANCHOR))
    assert alone[0] == [row for row in among[0] if row.day == day]
    assert alone[1] == [row for row in among[1] if row["ordered_at"].startswith(day.isoformat())]
    assert alone[2] == [row for row in among[2] if row["created_at"].startswith(day.isoformat())]


def test_conversions_keep_arriving_for_thirty_days() -> None:
    clicked = ago(40)
    seen = [sum(row.conversions for row in LEDGER.ad_days(clicked, clicked, clicked + timedelta(days=age))) for age in range(41)]
    assert seen == sorted(seen)
    assert seen[0] < seen[10] < seen[30] == seen[40]


def test_clicks_and_cost_settle_within_three_days() -> None:
    clicked = ago(9)
    seen = [LEDGER.ad_days(clicked, clicked, clicked + timedelta(days=age)) for age in range(6)]
    totals = [(sum(row.clicks for row in rows), spend(rows)) for rows in seen]
    assert totals[0] < totals[2] < totals[1]
    assert totals[2] > totals[3] == totals[4] == totals[5]


def test_the_future_is_not_known() -> None:
    assert LEDGER.ad_days(ANCHOR + timedelta(days=1), ANCHOR + timedelta(days=9), ANCHOR) == []


def test_days_without_impressions_have_no_row() -> None:
    assert LEDGER.ad_days(ago(OUTAGE), ago(OUTAGE), SETTLED) == []
    assert LEDGER.ad_days(ago(OPENED + 50), ago(OPENED + 1), SETTLED) == []
    assert all(row.impressions > 0 for row in LEDGER.ad_days(ago(OPENED), ANCHOR, SETTLED))


def test_the_campaigns_start_pause_and_rest_as_told() -> None:
    days: dict[str, set[date]] = {}
    for row in LEDGER.ad_days(YEAR_AGO, ANCHOR, SETTLED):
        days.setdefault(row.campaign.kind, set()).add(row.day)
    assert min(days["DEMAND_GEN"]) == ago(70)
    assert not {ago(n) for n in range(27, 41)} & days["DISPLAY"]
    assert {day.weekday() for day in days["VIDEO"]} == {3, 4, 5, 6}
    assert set(days) == {"SEARCH", "SHOPPING", "PERFORMANCE_MAX", "DISPLAY", "VIDEO", "DEMAND_GEN"}


def test_the_shop_grows_and_the_shortage_shows() -> None:
    def clicks(since: date, until: date) -> int:
        return sum(row.clicks for row in LEDGER.ad_days(since, until, SETTLED) if row.campaign.kind == "SHOPPING")

    assert clicks(ago(27), ANCHOR) > 1.1 * clicks(ago(27 + 364), ago(364))
    assert clicks(ago(SHORTAGE.stop - 1), ago(SHORTAGE.start)) < 0.8 * clicks(ago(SHORTAGE.stop + 13), ago(SHORTAGE.stop))


def test_the_figures_are_believable() -> None:
    ads = LEDGER.ad_days(YEAR_AGO, ANCHOR, SETTLED)
    leads = LEDGER.leads(YEAR_AGO, ANCHOR)
    orders = [row for row in LEDGER.orders(YEAR_AGO, ANCHOR) if row["kind"] == "order"]
    assert 3 < sum(row.value for row in ads) / spend(ads) < 5
    assert 20 < spend(ads) / len(leads) < spend(ads) / len([row for row in leads if row["campaign"] in PAID]) < 40
    assert 70 < len(leads) / WEEKS < 110
    assert 100 < len(orders) / WEEKS < 140
    assert all(80 <= Decimal(row["amount"]) <= 400 for row in orders)
    assert all(row.clicks <= row.impressions for row in ads)
    assert any(row.conversions % 1 for row in ads)


def test_recent_weeks_are_believable_too() -> None:
    since = ago(27)
    ads = LEDGER.ad_days(since, ANCHOR, SETTLED)
    assert 2.5 < sum(row.value for row in ads) / spend(ads) < 5.5
    assert 60 < len(LEDGER.leads(since, ANCHOR)) / 4 < 120
    assert 90 < len(LEDGER.orders(since, ANCHOR)) / 4 < 160


# ------------------------------------------------------------------------------------------------ leads and orders
LEAD_COLUMNS = "lead_id created_at channel campaign landing_page score mql_at sql_at won_at lost_at customer_id value email"
ORDER_COLUMNS = "order_id customer_id ordered_at amount tax shipping kind refund_of product margin currency channel campaign"


def test_leads_and_orders_have_the_columns_of_the_files_one_can_import() -> None:
    for columns, rows in ((LEAD_COLUMNS, LEDGER.leads(ago(6), ANCHOR)), (ORDER_COLUMNS, LEDGER.orders(ago(6), ANCHOR))):
        file = io.StringIO()
        writer = csv.DictWriter(file, columns.split())
        writer.writerows(rows)
        assert all(isinstance(value, str) for row in rows for value in row.values())


def test_every_key_is_unique() -> None:
    for key, rows in (("lead_id", LEDGER.leads(YEAR_AGO, ANCHOR)), ("order_id", LEDGER.orders(YEAR_AGO, ANCHOR))):
        assert Counter(row[key] for row in rows).most_common(1)[0][1] == 1


def test_instants_carry_the_offset_of_paris_and_lie_on_the_days_asked_for() -> None:
    since, until = date(2026, 10, 20), date(2026, 10, 30)
    for row in LEDGER.orders(since, until):
        at = datetime.fromisoformat(row["ordered_at"])
        assert since <= at.date() <= until
        assert at.utcoffset() == at.astimezone(ZoneInfo("Europe/Paris")).utcoffset()


def test_the_stages_of_a_lead_follow_one_another_and_none_is_yet_to_come() -> None:
    for row in LEDGER.leads(ago(60), ANCHOR):
        stages = [row[name] for name in ("created_at", "mql_at", "sql_at", "won_at", "lost_at") if row[name]]
        instants = [datetime.fromisoformat(at) for at in stages]
        assert instants == sorted(instants)
        assert instants[-1].date() <= ANCHOR
        assert bool(row["won_at"]) == bool(row["customer_id"]) == bool(row["value"])
        assert not row["email"] or row["email"].endswith(".example")


def test_leads_move_on_as_time_passes() -> None:
    then, later = LEDGER.leads(ago(30), ago(24)), LEDGER.leads(ago(30), ago(24), ANCHOR)
    assert [row["lead_id"] for row in then] == [row["lead_id"] for row in later]
    assert sum(bool(row["won_at"]) for row in then) < sum(bool(row["won_at"]) for row in later)


def test_refunds_name_an_order_and_never_exceed_it() -> None:
    orders = {row["order_id"]: row for row in LEDGER.orders(ago(200), ANCHOR)}
    refunds = [row for row in LEDGER.orders(ago(90), ANCHOR) if row["kind"] == "refund"]
    assert refunds
    for row in refunds:
        order = orders[row["refund_of"]]
        assert 0 < Decimal(row["amount"]) <= Decimal(order["amount"])
        assert datetime.fromisoformat(row["ordered_at"]) > datetime.fromisoformat(order["ordered_at"])
        assert row["customer_id"] == order["customer_id"]


def test_some_customers_come_back() -> None:
    orders = Counter(row["customer_id"] for row in LEDGER.orders(YEAR_AGO, ANCHOR) if row["kind"] == "order")
    assert 0.1 < sum(count > 1 for count in orders.values()) / len(orders) < 0.5


def test_what_the_ads_brought_is_what_the_ads_count() -> None:
    """Every conversion of an advertisement is one lead or one order of that campaign."""
    since = ago(120)
    ads = LEDGER.ad_days(since, ANCHOR, SETTLED)
    until = ANCHOR + timedelta(days=30)
    leads = [row for row in LEDGER.leads(since, until) if row["campaign"] in PAID]
    orders = [row for row in LEDGER.orders(since, until) if row["campaign"] in PAID and row["kind"] == "order"]
    assert sum(row.conversions for row in ads) < len(leads) + len(orders)
    assert {row["campaign"] for row in orders} == set(PAID)
    assert all(PAID[row["campaign"]] == row["channel"] for row in leads + orders)


def test_other_channels_bring_something_too() -> None:
    found = {row["channel"] for row in LEDGER.orders(ago(60), ANCHOR)}
    assert {"organic_search", "email", "referral", "direct", "affiliation"} <= found


# ------------------------------------------------------------------------------------------------------ the platform
@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(anchor=ANCHOR, as_of=lambda: ANCHOR) as running:
        yield running


@pytest.fixture
def client(simulator: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{simulator.url}/google_ads", verify=TLS, trust_env=False) as started:
        form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
        token = started.post("/token", data=form).json()["access_token"]
        started.headers.update({"Authorization": f"Bearer {token}", "developer-token": DEVELOPER_TOKEN})
        yield started


QUERY = "SELECT campaign.id, segments.date, metrics.clicks FROM campaign WHERE segments.date BETWEEN '2026-11-19' AND '2026-11-20'"


def search(client: httpx.Client, customer: str = CUSTOMER, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return client.post(f"/v26/customers/{customer}/googleAds:search", json={"query": QUERY} | body, headers=headers)


def code(response: httpx.Response) -> str:
    error = response.json()["error"]["details"][0]["errors"][0]["errorCode"]
    return str(next(iter(error.values())))


def test_only_the_selected_fields_are_answered(client: httpx.Client) -> None:
    answer = search(client).json()
    assert set(answer["results"][0]) == {"campaign", "segments", "metrics"}
    assert answer["results"][0]["campaign"] == {"resourceName": f"customers/{CUSTOMER}/campaigns/20770411", "id": "20770411"}
    assert answer["fieldMask"] == "campaign.id,segments.date,metrics.clicks"
    assert isinstance(answer["results"][0]["metrics"]["clicks"], str)


def test_zeros_and_empty_lists_are_left_out(client: httpx.Client) -> None:
    query = "SELECT segments.date, metrics.conversions FROM campaign WHERE segments.date BETWEEN '{}' AND '{}'"
    rows = search(client, query=query.format(ago(29), ANCHOR)).json()["results"]
    assert {} in [row["metrics"] for row in rows]
    assert 0 not in [row["metrics"].get("conversions") for row in rows]
    assert "results" not in search(client, query=query.format(ago(OUTAGE), ago(OUTAGE))).json()


def test_pages_are_of_one_moment(simulator: Simulator, client: httpx.Client) -> None:
    simulator.platform(GoogleAdsSimulator).page_size = 4
    first = search(client).json()
    simulator.as_of = lambda: SETTLED
    second = search(client, pageToken=first["nextPageToken"]).json()
    shown = [row["metrics"]["clicks"] for answer in (first, second) for row in answer["results"]]
    truth = LEDGER.ad_days(date(2026, 11, 19), ANCHOR, ANCHOR)
    assert shown == [str(row.clicks) for row in truth][: len(shown)]


@pytest.mark.parametrize(
    ("changes", "status", "expected"),
    [
        ({"customer": "999-999-9999"}, 400, "INVALID_CUSTOMER_ID"),
        ({"customer": "9999999999"}, 403, "USER_PERMISSION_DENIED"),
        ({"customer": CLOSED}, 403, "CUSTOMER_NOT_ENABLED"),
        ({"customer": MANAGER}, 400, "REQUESTED_METRICS_FOR_MANAGER"),
        ({"headers": {"login-customer-id": "1234567890"}}, 403, "USER_PERMISSION_DENIED"),
        ({"headers": {"developer-token": "wrong"}}, 401, "DEVELOPER_TOKEN_INVALID"),
        ({"headers": {"Authorization": "Bearer wrong"}}, 401, "OAUTH_TOKEN_INVALID"),
        ({"pageSize": 10}, 400, "PAGE_SIZE_NOT_SUPPORTED"),
        ({"pageToken": "nonsense"}, 400, "INVALID_PAGE_TOKEN"),
        ({"unknown": 1}, 400, "REQUIRED_FIELD_MISSING"),
        ({"query": 5}, 400, "REQUIRED_FIELD_MISSING"),
        ({"query": "DROP TABLE campaign"}, 400, "EXPECTED_SELECT"),
        ({"query": QUERY.replace("FROM campaign", "FROM ad_group")}, 400, "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ({"query": QUERY.replace("metrics.clicks", "metrics.video_views")}, 400, "UNRECOGNIZED_FIELD"),
        ({"query": QUERY.partition(" WHERE")[0]}, 400, "EXPECTED_FILTERS_ON_DATE_RANGE"),
        ({"query": QUERY.replace("2026-11-20", "20/11/2026")}, 400, "INVALID_DATE_FORMAT"),
        ({"query": QUERY.replace("2026-11-20", "2026-11-01")}, 400, "INVALID_VALUE_WITH_BETWEEN_OPERATOR"),
        ({"query": QUERY + " AND campaign.id = 1"}, 400, "UNEXPECTED_INPUT"),
    ],
)
def test_a_wrong_request_is_refused_as_google_does(client: httpx.Client, changes: dict[str, Any], status: int, expected: str) -> None:
    response = search(client, **changes)
    assert (response.status_code, code(response)) == (status, expected)


def test_the_accounts_one_may_see_are_listed(client: httpx.Client) -> None:
    names = client.get("/v26/customers:listAccessibleCustomers").json()["resourceNames"]
    assert names == [f"customers/{MANAGER}", f"customers/{CUSTOMER}"]


def test_the_token_endpoint_knows_its_clients_and_grants(simulator: Simulator) -> None:
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}

    def error(**changes: str) -> tuple[int, str]:
        response = httpx.post(f"{simulator.url}/google_ads/token", data=form | changes, trust_env=False)
        return response.status_code, response.json().get("error", "")

    assert error() == (200, "")
    assert error(refresh_token="unknown") == (400, "invalid_grant")
    assert error(client_secret="wrong") == (401, "invalid_client")
    assert error(grant_type="password") == (400, "unsupported_grant_type")


# -------------------------------------------------------------------------------------------------------- the server
def test_faults_are_served_first_and_then_all_is_well(simulator: Simulator, client: httpx.Client) -> None:
    simulator.faults += [Fault(503), Fault(418, {"X-Kind": "tea"}, b"short", path="search")]
    assert client.get("/v26/customers:listAccessibleCustomers").status_code == 503
    assert client.get("/v26/customers:listAccessibleCustomers").status_code == 200
    answer = search(client)
    assert (answer.status_code, answer.headers["X-Kind"], answer.text) == (418, "tea", "short")
    assert search(client).status_code == 200


def test_a_connection_can_be_dropped_or_an_answer_cut_short(simulator: Simulator, client: httpx.Client) -> None:
    simulator.faults += [Fault(is_dropped=True), Fault(headers={"Content-Length": "100"}, body=b"half"), Fault()]
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            search(client)
    assert (search(client).status_code, search(client).status_code) == (200, 200)


def test_a_path_that_is_not_mounted_is_not_found(simulator: Simulator) -> None:
    assert httpx.get(f"{simulator.url}/myspace/x", trust_env=False).status_code == 404


def test_the_server_listens_on_loopback_alone_and_stops() -> None:
    with Simulator() as simulator:
        assert simulator.url.startswith("http://127.0.0.1:")
        url = simulator.url
    with pytest.raises(httpx.TransportError):
        httpx.get(url, trust_env=False)


def test_a_platforms_name_finds_its_simulator() -> None:
    assert simulator_for("google_ads") is GoogleAdsSimulator
    assert all(simulator_for(source).source == source for source in sources())
    with pytest.raises(LookupError, match="There is no simulator for 'server'"):
        simulator_for("server")


@pytest.mark.parametrize(("package", "other"), [("connectors", "simulators"), ("simulators", "connectors")])
def test_connectors_and_simulators_do_not_know_one_another(package: str, other: str) -> None:
    files = list((ROOT / "campaigns" / package).rglob("*.py"))
    assert files
    for file in files:
        named = {node.module or "" for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in named if name.startswith((f"campaigns.{other}", "django"))}, file.name
