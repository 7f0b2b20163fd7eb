"""The Google Analytics connector against the simulated properties: sessions and views as they are, pages without what tracks people."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaigns.connectors.answers import page_of
from campaigns.connectors.base import Account
from campaigns.connectors.errors import LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.google_analytics import LOST, NO_API, NO_PROPERTY, NO_SCOPE, GoogleAnalytics
from campaigns.connectors.http import Http
from campaigns.records import LandingDay, Origin, PageDay, nano
from campaigns.simulators.business import ANCHOR, BUSINESSES, FERNHILL, Ledger
from campaigns.simulators.google import AGENCY
from campaigns.simulators.google_analytics import GoogleAnalyticsSimulator
from campaigns.simulators.server import Exchange, Simulator
from tests.campaigns.answering import answer
from tests.campaigns.conftest import Fetch, Held
from tests.campaigns.contracts import Contract

SINCE, UNTIL = ANCHOR - timedelta(days=14), ANCHOR - timedelta(days=1)
MILLION = 1_000_000


@pytest.fixture
def platform(simulator: Simulator) -> GoogleAnalyticsSimulator:
    return simulator.platform(GoogleAnalyticsSimulator)


def stripped(page: str) -> str:
    path, _, query = page.partition("?")
    kept = [part for part in query.split("&") if part and not part.startswith(("utm_", "gclid=", "fbclid="))]
    return f"{path}?{'&'.join(kept)}" if kept else path


def landings(ledger: Ledger, since: date = SINCE, until: date = UNTIL, as_of: date = ANCHOR) -> list[LandingDay]:
    """What the product must hold of sessions, written out independently of the connector."""
    sums: dict[tuple[date, str, Origin], list[int]] = defaultdict(lambda: [0] * 6)
    for row in ledger.landing_days(since, until, as_of):
        key = row.day, stripped(row.landing_page), Origin(group=row.group, source=row.source, medium=row.medium, campaign=row.campaign)
        figures = (row.sessions, row.engaged_sessions, row.views, row.engagement_seconds, row.key_events * MILLION, nano(row.revenue))
        sums[key] = [one + other for one, other in zip(sums[key], figures, strict=True)]
    return [
        LandingDay(
            day=day,
            page=page,
            origin=origin,
            sessions=sessions,
            engaged_sessions=engaged,
            pageviews=views,
            engagement_seconds=seconds,
            conversions_millionths=conversions,
            revenue_nano=revenue,
        )
        for (day, page, origin), (sessions, engaged, views, seconds, conversions, revenue) in sums.items()
    ]


def ordered(found: list[Any]) -> list[Any]:
    return sorted(found, key=repr)


# ---------------------------------------------------------------------------------------------------------------- site
@pytest.mark.parametrize("slug", BUSINESSES)
def test_sessions_are_the_truth(simulator: Simulator, fetch: Fetch, slug: str) -> None:
    fetched = fetch("google_analytics", "site", SINCE, UNTIL, business=BUSINESSES[slug])
    assert ordered(fetched) == ordered(landings(simulator.ledgers[slug]))
    assert len(fetched) > 300


def test_visits_of_one_page_are_one_row_whatever_tracked_them(simulator: Simulator, fetch: Fetch) -> None:
    rows = [
        row("/devis?gclid=1"),
        row("/devis?gclid=2&utm_source=x"),
        row("/devis", metrics=("5", "4", "30", "9", "0.5", "20.25")),
        row("/"),
    ]
    simulator.faults += [answer(report(*rows), path=":runReport")]
    devis, home = fetch("google_analytics", "site", UNTIL, UNTIL)
    assert isinstance(devis, LandingDay)
    assert isinstance(home, LandingDay)
    assert (devis.page, devis.sessions, devis.engaged_sessions, devis.engagement_seconds, devis.pageviews) == ("/devis", 7, 6, 32, 11)
    assert (devis.conversions_millionths, devis.revenue_nano, devis.users) == (500_000, 20_250_000_000, None)
    assert (home.page, home.sessions) == ("/", 1)


def test_what_tracked_people_is_in_no_page(simulator: Simulator, fetch: Fetch) -> None:
    assert any("utm_" in one.landing_page for one in simulator.ledger.landing_days(SINCE, UNTIL, ANCHOR))
    assert not any("utm_" in record.page for record in fetch("google_analytics", "site", SINCE, UNTIL) if isinstance(record, LandingDay))


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("page_size", [40, 1000])
def test_pages_of_an_answer_change_nothing(
    simulator: Simulator, platform: GoogleAnalyticsSimulator, fetch: Fetch, page_size: int, shuffled: bool
) -> None:
    platform.page_size, platform.shuffled = page_size, shuffled
    assert ordered(fetch("google_analytics", "site", SINCE, UNTIL)) == ordered(landings(simulator.ledger))


def test_later_pulls_see_what_was_still_being_processed(simulator: Simulator, fetch: Fetch) -> None:
    before = fetch("google_analytics", "site", UNTIL, UNTIL)
    simulator.as_of = lambda: ANCHOR + timedelta(days=5)
    after = fetch("google_analytics", "site", UNTIL, UNTIL)
    assert ordered(after) == ordered(landings(simulator.ledger, UNTIL, UNTIL, ANCHOR + timedelta(days=5)))
    assert after != before


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/devis?utm_source=google", "/devis"),
        ("/devis?gclid=Cj0KC&gad_source=1", "/devis"),
        ("/devis?taille=2&utm_source=google&couleur=or", "/devis?taille=2&couleur=or"),
        ("/devis?FBCLID=x", "/devis"),
        ("/devis?q=utm_source", "/devis?q=utm_source"),
        ("/devis?", "/devis"),
        ("/devis?a#b", "/devis?a"),
        ("(not set)", "(not set)"),
        ("", ""),
        ("https://lumen.example/devis?_gl=1", "/devis"),
        ("https://lumen.example", "/"),
    ],
)
def test_a_page_is_named_without_what_tracks_people(address: str, page: str) -> None:
    assert page_of(address) == page


def test_rows_that_google_does_not_tell_apart_are_kept_and_logged(
    simulator: Simulator, fetch: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [row("(not set)"), row("(other)")]
    told = {"dataLossFromOtherRow": True, "subjectToThresholding": True, "samplingMetadatas": [{"samplesReadCount": "5"}]}
    simulator.faults += [answer(report(*rows, metadata=told), path=":runReport")]
    with caplog.at_level(logging.WARNING):
        found = fetch("google_analytics", "site", UNTIL, UNTIL)
    assert [record.page for record in found if isinstance(record, LandingDay)] == ["(not set)", "(other)"]
    for name in ("data_loss_from_other_row", "subject_to_thresholding", "sampling_metadatas"):
        assert name in caplog.text


def test_figures_are_exact(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [answer(report(row(metrics=("7", "5", "100.5", "9", "0.35", "-12.345678"))), path=":runReport")]
    [record] = fetch("google_analytics", "site", UNTIL, UNTIL)
    assert isinstance(record, LandingDay)
    assert (record.sessions, record.engaged_sessions, record.engagement_seconds, record.pageviews) == (7, 5, 101, 9)
    assert (record.conversions_millionths, record.revenue_nano) == (350_000, -12_345_678_000)
    assert (record.bounces, record.session_seconds, record.users) == (None, None, None)


# --------------------------------------------------------------------------------------------------------------- pages
def test_views_are_the_truth(simulator: Simulator, fetch: Fetch) -> None:
    truth = [
        PageDay(day=row.day, page=row.page, views=row.views, seconds=row.engagement_seconds, basis="ga4")
        for row in simulator.ledger.page_days(SINCE, UNTIL, ANCHOR)
    ]
    fetched = fetch("google_analytics", "pages", SINCE, UNTIL)
    assert ordered(fetched) == ordered(truth)
    assert len(fetched) > 50


# -------------------------------------------------------------------------------------------------------------- access
def test_an_agencys_consent_reaches_every_property(simulator: Simulator, platform: GoogleAnalyticsSimulator, http: Http) -> None:
    platform.page_size = 1
    found = GoogleAnalytics.accounts(simulator.settings("google_analytics"), Held(simulator.secret("google_analytics", AGENCY)), http)
    known = [ledger.business for ledger in simulator.ledgers.values()]
    expected = [Account(one.accounts.google_analytics, f"{one.name} - GA4", one.currency, one.zone) for one in known]
    assert found == sorted(expected, key=lambda account: account.name.casefold())


def test_another_companys_property_is_not_read(fetch: Fetch) -> None:
    with pytest.raises(LostAccess) as caught:
        fetch("google_analytics", "site", SINCE, UNTIL, external_id=FERNHILL.accounts.google_analytics)
    assert str(caught.value) == LOST


@pytest.mark.parametrize("number", ["", "12/../34", "properties/12", "x"])
def test_what_is_no_property_number_goes_nowhere(fetch: Fetch, exchanges: list[Exchange], number: str) -> None:
    with pytest.raises(LostAccess) as caught:
        fetch("google_analytics", "site", SINCE, UNTIL, external_id=number)
    assert str(caught.value) == NO_PROPERTY
    assert exchanges == []


def refusal(status: int, message: str = "No.", **details: Any) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": "X", **details}}


@pytest.mark.parametrize(
    ("status", "details", "sentence"),
    [
        (403, {"details": [{"@type": "google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}, NO_SCOPE),
        (403, {"details": [{"@type": "google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]}, NO_API),
        (403, {}, LOST),
        (404, {}, NO_PROPERTY),
    ],
)
def test_what_only_a_person_can_mend_is_said_in_a_sentence(
    simulator: Simulator, fetch: Fetch, status: int, details: dict[str, Any], sentence: str
) -> None:
    simulator.faults += [answer(refusal(status, **details), status, path=":runReport")]
    with pytest.raises(LostAccess) as caught:
        fetch("google_analytics", "site", SINCE, UNTIL)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("status", "message", "details", "after"),
    [
        (429, "Exhausted property tokens per day.", {}, 21_600),
        (429, "Exhausted property tokens per hour.", {}, 3_600),
        (403, "Quota exceeded per hour.", {"errors": [{"reason": "rateLimitExceeded"}]}, 3_600),
        (429, "Slow down.", {"details": [{"retryDelay": "900s"}]}, 900),
    ],
)
def test_a_quota_that_is_used_up_is_left_to_a_later_job(
    simulator: Simulator, fetch: Fetch, status: int, message: str, details: dict[str, Any], after: float
) -> None:
    simulator.faults += [answer(refusal(status, message, **details), status, path=":runReport")]
    with pytest.raises(Passing, match="quota") as caught:
        fetch("google_analytics", "site", SINCE, UNTIL)
    assert caught.value.retry_after == after


# ------------------------------------------------------------------------------------------------ what is not allowed
DIMENSIONS = ("date", "landingPagePlusQueryString", "sessionDefaultChannelGroup", "sessionSource", "sessionMedium", "sessionCampaignName")
METRICS = ("sessions", "engagedSessions", "userEngagementDuration", "screenPageViews", "keyEvents", "totalRevenue")


def row(page: str = "/", *, day: date = UNTIL, metrics: tuple[str, ...] = ("1", "1", "1", "1", "0", "0")) -> dict[str, Any]:
    dimensions = (f"{day:%Y%m%d}", page, "Direct", "(direct)", "(none)", "(direct)")
    return {"dimensionValues": [{"value": one} for one in dimensions], "metricValues": [{"value": one} for one in metrics]}


def report(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An answer that is right, but for the changes."""
    headers = {"dimensionHeaders": [{"name": name} for name in DIMENSIONS], "metricHeaders": [{"name": name} for name in METRICS]}
    return headers | {"rows": list(rows), "rowCount": len(rows), "metadata": {"currencyCode": "EUR", "timeZone": "Europe/Paris"}} | changes


@pytest.mark.parametrize(
    ("told", "field"),
    [
        (report(row(), rowCount=2), "rowCount"),
        (report(row(), row()), "dimensionValues = .*twice"),
        (report(row(day=ANCHOR)), "date = '2026-11-20'"),
        (report(row(metrics=("1.5", "1", "1", "1", "0", "0"))), "sessions = '1.5'"),
        (report(row(metrics=("-1", "1", "1", "1", "0", "0"))), "sessions = '-1'"),
        (report(row(metrics=("1", "1", "1", "1", "NaN", "0"))), "keyEvents = 'NaN'"),
        (report(row(metrics=("1", "1", "1", "1", "0", "1e99"))), "totalRevenue = '1e99'"),
        (report(row(metrics=("1", "1"))), "rows = "),
        (report(row(), dimensionHeaders=[]), "dimensionHeaders"),
        (report(row(), metadata={"currencyCode": "USD"}), r"metadata\.currencyCode = 'USD'"),
        (report(row(), metadata={"timeZone": "America/New_York"}), r"metadata\.timeZone = 'America/New_York'"),
        (report({"dimensionValues": [{"value": 5}]}), r"rows\[0\]\.dimensionValues\[0\]\.value = 5"),
    ],
)
def test_an_answer_that_cannot_be_right_is_named(simulator: Simulator, fetch: Fetch, told: dict[str, Any], field: str) -> None:
    simulator.faults += [answer(told, path=":runReport"), answer({"rowCount": 2}, path=":runReport")]
    with pytest.raises(UnexpectedAnswer, match=field):
        fetch("google_analytics", "site", UNTIL, UNTIL)


def test_days_out_of_the_order_asked_for_are_unexpected(simulator: Simulator, fetch: Fetch) -> None:
    rows = [row(day=UNTIL), row(day=UNTIL - timedelta(days=1))]
    simulator.faults += [answer(report(*rows), path=":runReport")]
    with pytest.raises(UnexpectedAnswer, match="in their order"):
        fetch("google_analytics", "site", SINCE, UNTIL)


def test_figures_that_change_while_they_are_read_are_read_again_later(simulator: Simulator, fetch: Fetch) -> None:
    simulator.faults += [answer(report(row("/a"), rowCount=3), path=":runReport"), answer(report(row("/b"), rowCount=4), path=":runReport")]
    with pytest.raises(Passing, match="changed"):
        fetch("google_analytics", "site", UNTIL, UNTIL)


def test_pages_that_overlap_are_unexpected(platform: GoogleAnalyticsSimulator, fetch: Fetch) -> None:
    platform.page_size, platform.overlap = 40, 1
    with pytest.raises((UnexpectedAnswer, Passing)):
        fetch("google_analytics", "site", SINCE, UNTIL)


# --------------------------------------------------------------------------------------------------------- the contract
def test_requests_and_answers_keep_to_the_published_contracts(
    shared: Path, simulator: Simulator, platform: GoogleAnalyticsSimulator, fetch: Fetch, http: Http, exchanges: list[Exchange]
) -> None:
    specs = shared / "platforms" / "specs"
    data = Contract(specs / "ga4_data.json", "google_analytics")
    admin = Contract(specs / "ga4_admin.json", "google_analytics")
    platform.page_size = 100
    fetch("google_analytics", "site", UNTIL, UNTIL)
    fetch("google_analytics", "pages", UNTIL, UNTIL)
    GoogleAnalytics.accounts(simulator.settings("google_analytics"), Held(simulator.secret("google_analytics", AGENCY)), http)
    asked = [exchange for exchange in exchanges if not exchange.url.endswith("/token")]
    assert len(asked) >= 6
    for one in asked:
        (data if ":runReport" in one.url else admin).check(one)


def test_the_order_of_a_report_leaves_no_ties(fetch: Fetch, exchanges: list[Exchange]) -> None:
    fetch("google_analytics", "site", UNTIL, UNTIL)
    body = exchanges[-1].request_body.decode()
    assert all(f'"dimensionName":"{name}"' in body.replace(" ", "") for name in DIMENSIONS)
