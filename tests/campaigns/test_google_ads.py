"""The Google Ads connector against the simulated platform: what is fetched is the truth, and every failure is told apart."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from campaigns.connectors import connector_for, sources
from campaigns.connectors.base import Account
from campaigns.connectors.errors import LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.google_ads import SENTENCES, GoogleAds
from campaigns.connectors.http import Http
from campaigns.records import AdConversion, AdDay, ConversionAction, Record, millionths, nano
from campaigns.simulators.business import ANCHOR, FERNHILL, MAISON_LUMEN, OUTAGE, Ledger
from campaigns.simulators.google import AGENCY
from campaigns.simulators.google_ads import CLOSED, CUSTOMER, MANAGER, GoogleAdsSimulator, failure, quota_failure
from campaigns.simulators.server import Exchange, Fault, Simulator
from tests.campaigns.conftest import Connect, Held
from tests.campaigns.contracts import Contract

SINCE, UNTIL = ANCHOR - timedelta(days=29), ANCHOR
Fetch = Callable[..., list[Record]]


@pytest.fixture
def read_timeout() -> float:
    return 1.0


@pytest.fixture
def platform(simulator: Simulator) -> GoogleAdsSimulator:
    return simulator.platform(GoogleAdsSimulator)


@pytest.fixture
def fetch(connect: Connect) -> Fetch:
    def fetched(since: date = SINCE, until: date = UNTIL, **changes: Any) -> list[Record]:
        connector = connect("google_ads", **changes)
        return list(connector.fetch(connector.streams[0], since, until))

    return fetched


def records(ledger: Ledger, since: date = SINCE, until: date = UNTIL, as_of: date = ANCHOR) -> list[Record]:
    """What the product must hold of the ledger, written out independently of the connector."""
    found: list[Record] = []
    for row in ledger.ad_days(since, until, as_of):
        found.append(
            AdDay(
                day=row.day,
                campaign_id=row.campaign.id,
                campaign=row.campaign.name,
                channel=row.campaign.channel,
                impressions=row.impressions,
                clicks=row.clicks,
                spend_nano=nano(Decimal(row.cost_micros) / 1_000_000),
            )
        )
        found.append(_conversion(row.day, row.campaign.id, "", row.conversions, row.value))
    for by_action in ledger.ad_conversions(since, until, as_of):
        action = by_action.action.id
        found.append(_conversion(by_action.day, by_action.campaign.id, action, by_action.all_conversions, by_action.all_value))
    kinds = ledger.business.actions.values()
    found += [ConversionAction(day=until, action=one.id, name=one.name, category=one.category, counts=one.is_primary) for one in kinds]
    return found


def _conversion(day: date, campaign: str, action: str, conversions: Decimal, value: Decimal) -> AdConversion:
    return AdConversion(
        day=day, campaign_id=campaign, action=action, conversions_millionths=millionths(conversions), value_nano=nano(value)
    )


def ordered(found: list[Record]) -> list[Record]:
    return sorted(found, key=repr)


def row(**changes: Any) -> dict[str, Any]:
    """A row that is right, but for the changes: `metrics={"clicks": "7"}`."""
    parts: dict[str, Any] = {
        "customer": {"resourceName": f"customers/{CUSTOMER}", "currencyCode": "EUR"},
        "campaign": {"id": "1", "name": "One", "advertisingChannelType": "SEARCH"},
        "segments": {"date": ANCHOR.isoformat()},
        "metrics": {"impressions": "10"},
    }
    return {name: part | changes[name] if isinstance(changes.get(name), dict) else changes.get(name, part) for name, part in parts.items()}


def page(*rows: dict[str, Any], cursor: str = "") -> Fault:
    return answer(200, {"results": list(rows), "nextPageToken": cursor})


def answer(status: int, body: Any) -> Fault:
    return Fault(status, {"Content-Type": "application/json"}, json.dumps(body).encode(), path="search")


def refusal(status: int, kind: str, code: str) -> Fault:
    answered = failure(status, kind, code, "No.")
    return Fault(answered.status, answered.headers, answered.body, path="search")


# ------------------------------------------------------------------------------------------------ what is fetched
def test_what_is_fetched_is_the_truth(simulator: Simulator, fetch: Fetch) -> None:
    fetched = fetch()
    assert ordered(fetched) == ordered(records(simulator.ledger))
    assert len(fetched) > 300


def test_conversions_that_google_counts_add_up_to_its_total(fetch: Fetch) -> None:
    fetched = fetch()
    counted = {record.action for record in fetched if isinstance(record, ConversionAction) and record.counts}
    conversions = [record for record in fetched if isinstance(record, AdConversion)]
    total = sum(record.conversions_millionths or 0 for record in conversions if not record.action)
    assert sum(record.conversions_millionths or 0 for record in conversions if record.action in counted) == total > 0
    assert len({record.action for record in conversions}) == 4


def test_later_pulls_see_the_figures_as_they_were_restated(simulator: Simulator, fetch: Fetch) -> None:
    before = fetch()
    later = ANCHOR + timedelta(days=30)
    simulator.as_of = lambda: later
    after = fetch()
    assert ordered(after) == ordered(records(simulator.ledger, as_of=later))
    assert after != before


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("page_size", [1, 7, 10_000])
def test_pages_and_their_order_change_nothing(
    simulator: Simulator, platform: GoogleAdsSimulator, fetch: Fetch, page_size: int, shuffled: bool
) -> None:
    platform.page_size, platform.shuffled = page_size, shuffled
    since = UNTIL - timedelta(days=6)
    fetched = fetch(since)
    truth = records(simulator.ledger, since)
    assert ordered(fetched) == ordered(truth)
    assert (fetched == truth) is not shuffled


def test_days_without_activity_yield_nothing(fetch: Fetch) -> None:
    nothing_ran = ANCHOR - timedelta(days=OUTAGE)
    assert all(isinstance(record, ConversionAction) for record in fetch(nothing_ran, nothing_ran))
    assert nothing_ran not in {record.day for record in fetch(nothing_ran - timedelta(days=1), nothing_ran + timedelta(days=1))}


def test_a_figure_that_is_left_out_is_zero(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [page(row())]
    ad_day, conversion = fetch()[:2]
    assert isinstance(ad_day, AdDay)
    assert isinstance(conversion, AdConversion)
    assert (ad_day.impressions, ad_day.clicks, ad_day.spend_nano) == (10, 0, 0)
    assert (conversion.conversions_millionths, conversion.value_nano, conversion.action) == (0, 0, "")


def test_figures_are_exact(simulator: Simulator, fetch: Fetch) -> None:
    metrics = {"costMicros": "9007199254740993", "conversions": 0.0000035, "conversionsValue": 1840.1}
    simulator.faults += [page(row(metrics=metrics))]
    ad_day, conversion = fetch()[:2]
    assert isinstance(ad_day, AdDay)
    assert isinstance(conversion, AdConversion)
    assert ad_day.spend_nano == 9007199254740993000
    assert conversion.conversions_millionths == 4
    assert conversion.value_nano == 1_840_100_000_000


CHANNELS = [
    ("SEARCH", "paid_search"),
    ("SHOPPING", "paid_search"),
    ("PERFORMANCE_MAX", "paid_search"),
    ("DISPLAY", "display"),
    ("DEMAND_GEN", "display"),
    ("VIDEO", "video"),
    ("HOTEL", "other"),
    ("A_KIND_OF_TOMORROW", "other"),
    ("", "other"),
]


@pytest.mark.parametrize(("kind", "channel"), CHANNELS)
def test_the_channel_follows_the_kind_of_campaign(simulator: Simulator, fetch: Fetch, kind: str, channel: str) -> None:
    simulator.faults += [page(row(campaign={"advertisingChannelType": kind}))]
    ad_day = fetch()[0]
    assert isinstance(ad_day, AdDay)
    assert ad_day.channel == channel


def test_fields_added_by_a_later_version_are_ignored(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [page(row(metrics={"newMetric": [1]}) | {"newResource": {}})]
    assert isinstance(fetch()[0], AdDay)


def test_an_account_below_a_manager_is_read_through_it(simulator: Simulator, fetch: Fetch, exchanges: list[Exchange]) -> None:
    agency = simulator.secret("google_ads", AGENCY)
    assert ordered(fetch(UNTIL, UNTIL, manager_id="441-820-7753", secret=agency)) == ordered(records(simulator.ledger, UNTIL))
    assert exchanges[-1].request_headers["login-customer-id"] == MANAGER
    assert f"/customers/{CUSTOMER}/" in exchanges[-1].url


def test_the_manager_is_not_named_where_there_is_none(fetch: Fetch, exchanges: list[Exchange]) -> None:
    fetch()
    assert "login-customer-id" not in exchanges[-1].request_headers


# --------------------------------------------------------------------------------------------------------- access
def test_one_token_serves_a_whole_pull(platform: GoogleAdsSimulator, fetch: Fetch, exchanges: list[Exchange]) -> None:
    platform.page_size = 50
    fetch()
    assert len(exchanges) > 8
    assert [exchange.url.endswith("/token") for exchange in exchanges].count(True) == 1
    assert exchanges[0].url.endswith("/token")


def test_a_token_that_expires_during_a_pull_is_replaced_and_no_row_is_lost(
    simulator: Simulator, platform: GoogleAdsSimulator, connect: Connect, exchanges: list[Exchange]
) -> None:
    platform.page_size = 50
    connector = connect("google_ads")
    pull = connector.fetch(connector.streams[0], SINCE, UNTIL)
    fetched = [next(pull)]
    platform.tokens.expire()
    fetched += pull
    assert ordered(fetched) == ordered(records(simulator.ledger))
    assert [exchange.status for exchange in exchanges][:5] == [200, 200, 401, 200, 200]


def test_a_withdrawn_permission_asks_a_person_to_reconnect(platform: GoogleAdsSimulator, fetch: Fetch) -> None:
    platform.tokens.revoke()
    with pytest.raises(LostAccess, match="reconnect"):
        fetch()


def test_a_permission_withdrawn_during_a_pull_asks_a_person_to_reconnect(platform: GoogleAdsSimulator, connect: Connect) -> None:
    platform.page_size = 5
    connector = connect("google_ads")
    pull = connector.fetch(connector.streams[0], SINCE, UNTIL)
    next(pull)
    platform.tokens.revoke()
    with pytest.raises(LostAccess, match="reconnect"):
        list(pull)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"external_id": "999-999-9999"}, SENTENCES["USER_PERMISSION_DENIED"]),
        ({"external_id": CLOSED}, SENTENCES["CUSTOMER_NOT_ENABLED"]),
        ({"manager_id": "123-456-7890"}, SENTENCES["USER_PERMISSION_DENIED"]),
        ({"external_id": "12345"}, SENTENCES["INVALID_CUSTOMER_ID"]),
        ({"external_id": "1/../../../x"}, SENTENCES["INVALID_CUSTOMER_ID"]),
        ({"settings": {"developer_token": "wrong"}}, SENTENCES["DEVELOPER_TOKEN_INVALID"]),
        ({"settings": {"developer_token": ""}}, SENTENCES["DEVELOPER_TOKEN_PARAMETER_MISSING"]),
        ({"settings": {"client_secret": "wrong"}}, "own keys"),
        ({"secret": {"refresh_token": "wrong"}}, "reconnect"),
        ({"secret": {}}, "not connected"),
    ],
)
def test_what_only_a_person_can_mend_is_said_in_a_sentence(
    fetch: Fetch, pauses: list[float], changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(LostAccess) as caught:
        fetch(**changes)
    assert sentence in str(caught.value)
    assert pauses == []


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, "authenticationError", "OAUTH_TOKEN_REVOKED"),
        (401, "authenticationError", "ORGANIZATION_NOT_APPROVED"),
        (403, "authorizationError", "DEVELOPER_TOKEN_PROHIBITED"),
        (403, "authorizationError", "ACTION_NOT_PERMITTED"),
        (403, "quotaError", "ACCESS_PROHIBITED"),
        (400, "headerError", "INVALID_LOGIN_CUSTOMER_ID"),
    ],
)
def test_every_refusal_of_access_is_lost_access(simulator: Simulator, fetch: Fetch, status: int, kind: str, code: str) -> None:
    simulator.faults += [refusal(status, kind, code)] * 2
    with pytest.raises(LostAccess) as caught:
        fetch()
    assert str(caught.value).endswith(".")
    assert code not in str(caught.value)


def test_a_refusal_that_is_not_googles_own_is_lost_access_too(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [Fault(403, {"Content-Type": "text/html"}, b"<html>Forbidden", path="search")]
    with pytest.raises(LostAccess, match="reconnect"):
        fetch()


# --------------------------------------------------------------------------------------------------- what passes
def test_quota_without_a_hint_is_retried_with_growing_pauses(simulator: Simulator, fetch: Fetch, pauses: list[float]) -> None:
    answered = quota_failure()
    simulator.faults += [Fault(answered.status, answered.headers, answered.body, path="search")] * 2
    assert fetch()
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize(("hint", "pause"), [("30s", 30.0), ("1.5s", 1.5), ("soon", 0.5)])
def test_quota_with_a_hint_is_retried_when_google_says(
    simulator: Simulator, fetch: Fetch, pauses: list[float], hint: str, pause: float
) -> None:
    answered = quota_failure(hint)
    simulator.faults += [Fault(answered.status, answered.headers, answered.body, path="search")]
    assert fetch()
    assert pauses == [pause]


def test_a_days_quota_used_up_is_left_to_a_later_job(simulator: Simulator, fetch: Fetch, pauses: list[float]) -> None:
    answered = quota_failure("7200s")
    simulator.faults += [Fault(answered.status, answered.headers, answered.body, path="search")]
    with pytest.raises(Passing, match="quota") as caught:
        fetch()
    assert caught.value.retry_after == 7200
    assert pauses == []


@pytest.mark.parametrize(
    "fault",
    [
        refusal(500, "internalError", "INTERNAL_ERROR"),
        refusal(500, "internalError", "UNKNOWN"),
        refusal(503, "internalError", "TRANSIENT_ERROR"),
        refusal(400, "requestError", "EXPIRED_PAGE_TOKEN"),
        Fault(502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>", path="search"),
        Fault(200, {"Content-Length": "1000", "Connection": "close"}, b"{", path="search"),
        Fault(delay=1.2, path="search"),
    ],
    ids=["internal", "unknown", "transient", "expired page token", "html", "cut off", "late"],
)
def test_a_passing_failure_is_retried_and_nothing_is_lost(simulator: Simulator, fetch: Fetch, pauses: list[float], fault: Fault) -> None:
    simulator.faults += [fault]
    assert ordered(fetch()) == ordered(records(simulator.ledger))
    assert len(pauses) == 1


def test_a_failure_that_does_not_pass_in_time_is_reported_as_passing(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [Fault(502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>", path="search")] * 5
    with pytest.raises(Passing, match="502"):
        fetch()


# ------------------------------------------------------------------------------------------------ what is not allowed
@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"metrics": {"impressions": ["1"]}}, r"results\[0\]\.metrics\.impressions", "a list"),
        ({"metrics": {"impressions": 12}}, r"results\[0\]\.metrics\.impressions", "12"),
        ({"metrics": {"impressions": "1.5"}}, r"metrics\.impressions", "'1.5'"),
        ({"metrics": {"clicks": "-3"}}, r"metrics\.clicks", "'-3'"),
        ({"metrics": {"costMicros": "9223372036854775807"}}, r"metrics\.costMicros", "9223372036854775807"),
        ({"metrics": {"conversions": "many"}}, r"results\[0\]\.metrics\.conversions", "'many'"),
        ({"metrics": {"conversions": -0.5}}, r"metrics\.conversions", "-0.5"),
        ({"metrics": {"conversionsValue": 1e300}}, r"metrics\.conversionsValue", r"1e\+300"),
        ({"metrics": "none"}, r"results\[0\]\.metrics", "'none'"),
        ({"segments": {"date": ""}}, r"segments\.date", "''"),
        ({"segments": {"date": "20/11/2026"}}, r"segments\.date", "'20/11/2026'"),
        ({"segments": {"date": "2026-02-30"}}, r"segments\.date", "'2026-02-30'"),
        ({"segments": {"date": "2026-11-21"}}, r"segments\.date", "'2026-11-21'"),
        ({"segments": {"date": "2026-10-21"}}, r"segments\.date", "'2026-10-21'"),
        ({"campaign": {"id": ""}}, r"campaign\.id", "''"),
        ({"customer": {"currencyCode": "USD"}}, r"customer\.currencyCode", "'USD'"),
        ({"customer": {"currencyCode": ""}}, r"customer\.currencyCode", "''"),
    ],
)
def test_a_row_that_cannot_be_right_is_named(simulator: Simulator, fetch: Fetch, changes: dict[str, Any], field: str, value: str) -> None:
    simulator.faults += [page(row(**changes))]
    with pytest.raises(UnexpectedAnswer, match=f"{field} = .*{value}"):
        fetch()


@pytest.mark.parametrize("body", [[], "x", 5, None, {"results": {}}, {"results": [None]}, {"nextPageToken": 3}])
def test_an_answer_of_another_shape_is_unexpected(simulator: Simulator, fetch: Fetch, body: Any) -> None:
    simulator.faults += [answer(200, body)]
    with pytest.raises(UnexpectedAnswer):
        fetch()


def test_the_same_campaign_and_day_twice_is_unexpected(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [page(row(), cursor="next"), page(row())]
    with pytest.raises(UnexpectedAnswer, match="twice"):
        fetch()


def test_truncated_json_is_unexpected(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [Fault(200, {"Content-Type": "application/json"}, b'{"results": [{', path="search")]
    with pytest.raises(UnexpectedAnswer, match="without valid JSON"):
        fetch()


def test_a_looping_cursor_is_unexpected(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [page(row(campaign={"id": str(n)}), cursor="again") for n in range(3)]
    with pytest.raises(UnexpectedAnswer, match="already read"):
        fetch()


def test_a_retired_version_is_named(fetch: Fetch) -> None:
    with pytest.raises(UnexpectedAnswer, match="UNSUPPORTED_VERSION"):
        fetch(settings={"version": "v19"})


# -------------------------------------------------------------------------------------------------------- secrets
@pytest.mark.parametrize(
    "fault",
    [
        refusal(401, "authenticationError", "OAUTH_TOKEN_REVOKED"),
        refusal(400, "queryError", "BAD_VALUE"),
        Fault(500),
        Fault(200),
        Fault(404),
    ],
)
def test_no_secret_appears_in_a_log_or_a_failure(
    simulator: Simulator, fetch: Fetch, caplog: pytest.LogCaptureFixture, exchanges: list[Exchange], fault: Fault
) -> None:
    for name in (None, "httpx"):
        caplog.set_level(logging.DEBUG, name)
    simulator.faults += [Fault(fault.status, fault.headers, fault.body, path="search")] * 5
    with pytest.raises((LostAccess, Passing, UnexpectedAnswer)) as caught:
        fetch()
    assert any("simulated-refresh-token" in exchange.request_body.decode() for exchange in exchanges)
    assert "simulated-" not in repr(caught.value) + caplog.text.replace("simulated-request", "")


def test_a_secret_that_google_quotes_is_redacted(simulator: Simulator, fetch: Fetch) -> None:
    answered = failure(400, "queryError", "BAD_VALUE", "Got simulated-developer-token and simulated-access-token-1.")
    simulator.faults += [Fault(answered.status, answered.headers, answered.body, path="search")]
    with pytest.raises(UnexpectedAnswer, match=r"Got \[redacted\] and \[redacted\]"):
        fetch()


def test_nothing_secret_is_shown_by_the_connector_itself(connect: Connect) -> None:
    assert "simulated-" not in repr(connect("google_ads"))


# ------------------------------------------------------------------------------------------------------- accounts
def test_an_agencys_consent_reaches_every_account_below_its_manager(simulator: Simulator, http: Http) -> None:
    found = GoogleAds.accounts(simulator.settings("google_ads"), Held(simulator.secret("google_ads", AGENCY)), http)
    business = [account for ledger in simulator.ledgers.values() for account in ledger.business.accounts.google_ads]
    expected = [Account(one.id, one.name, one.currency, one.zone, "" if one.id == CUSTOMER else MANAGER) for one in business]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert MANAGER not in {account.external_id for account in found}


def test_a_companys_own_consent_reaches_its_own_accounts(simulator: Simulator, http: Http) -> None:
    found = GoogleAds.accounts(simulator.settings("google_ads"), Held(simulator.secret("google_ads", FERNHILL.slug)), http)
    assert [(account.external_id, account.currency, account.manager_id) for account in found] == [
        ("5140937728", "GBP", ""),
        ("5140937815", "EUR", ""),
    ]


def test_an_account_that_is_closed_hides_no_other(simulator: Simulator, http: Http) -> None:
    listed = {"resourceNames": [f"customers/{CLOSED}", f"customers/{CUSTOMER}"]}
    simulator.faults += [Fault(200, {"Content-Type": "application/json"}, json.dumps(listed).encode(), path="listAccessible")]
    found = GoogleAds.accounts(simulator.settings("google_ads"), Held(simulator.secret("google_ads")), http)
    assert [account.external_id for account in found] == [MAISON_LUMEN.main_ad_account.id]


def test_every_account_that_is_offered_can_be_read(simulator: Simulator, connect: Connect, http: Http) -> None:
    agency = simulator.secret("google_ads", AGENCY)
    for account in GoogleAds.accounts(simulator.settings("google_ads"), Held(agency), http):
        changes = {name: getattr(account, name) for name in ("external_id", "currency", "timezone", "manager_id")}
        connector = connect("google_ads", secret=agency, **changes)
        assert any(isinstance(record, AdDay) for record in connector.fetch(connector.streams[0], UNTIL, UNTIL))


# -------------------------------------------------------------------------------------------------- the contracts
@pytest.fixture
def contract(shared: Path) -> Contract:
    return Contract(shared / "platforms" / "specs" / "google_ads.json", "google_ads")


def test_requests_and_answers_keep_to_the_published_contract(
    contract: Contract, simulator: Simulator, platform: GoogleAdsSimulator, fetch: Fetch, http: Http, exchanges: list[Exchange]
) -> None:
    platform.page_size = 60
    agency = simulator.secret("google_ads", AGENCY)
    fetch(manager_id=MANAGER, secret=agency)
    fetch(ANCHOR - timedelta(days=OUTAGE), ANCHOR - timedelta(days=OUTAGE))
    GoogleAds.accounts(simulator.settings("google_ads"), Held(agency), http)
    asked = [exchange for exchange in exchanges if not exchange.url.endswith("/token")]
    assert len(asked) >= 10
    for exchange in asked:
        contract.check(exchange)


def test_refusals_keep_to_the_published_contract(
    shared: Path, contract: Contract, simulator: Simulator, fetch: Fetch, exchanges: list[Exchange]
) -> None:
    spec = json.loads((shared / "platforms" / "specs" / "google_ads.json").read_text())
    known = spec["components"]["schemas"]["ErrorCode"]["properties"]
    answered = quota_failure("5s")
    simulator.faults += [Fault(answered.status, answered.headers, answered.body, path="search")]
    fetch()
    with pytest.raises(LostAccess):
        fetch(external_id=CLOSED)
    refused = [exchange for exchange in exchanges if exchange.status >= 400]
    assert [exchange.status for exchange in refused] == [429, 403]
    for exchange in refused:
        contract.check(exchange)
        error = json.loads(exchange.response_body)["error"]["details"][0]["errors"][0]
        kind, code = next(iter(error["errorCode"].items()))
        assert code in known[kind]["enum"]


def test_a_platforms_name_finds_its_connector() -> None:
    assert connector_for("google_ads") is GoogleAds
    assert "google_ads" in sources()
    assert not {"answers", "base", "errors", "http", "oauth"} & set(sources())
    assert all(connector_for(source).source == source for source in sources())


@pytest.mark.parametrize("source", ["", "http", "base", "myspace", "google_ads.x", "../base"])
def test_an_unknown_platform_is_refused_by_name(source: str) -> None:
    with pytest.raises(LookupError, match="There is no connector"):
        connector_for(source)
