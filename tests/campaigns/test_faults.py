"""Every way a platform fails, for every platform: what a person is told, what is tried again, what is refused whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import pytest

from campaigns.connectors import sources
from campaigns.connectors.errors import LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http
from campaigns.records import Record
from campaigns.simulators import Answer, google_ads, google_analytics, hubspot, mailchimp, stripe
from campaigns.simulators.business import ANCHOR, MAISON_LUMEN
from campaigns.simulators.server import Exchange, Fault, Simulator
from tests.campaigns.answering import answer
from tests.campaigns.conftest import TLS, Connect, Fetch, stream_of

SINCE, UNTIL = ANCHOR - timedelta(days=3), ANCHOR
HTML = {"Content-Type": "text/html"}
TRIES = 30


@dataclass(frozen=True)
class Platform:
    """How one platform is asked and refuses. `path` is part of the address that gives the figures of `family`."""

    family: str
    path: str
    is_renewed: bool
    refused: Answer
    forbidden: Answer
    # 429, the seconds after which to come back given or not.
    limited: Callable[[str], Answer]
    hints: tuple[str, str]
    broken: Answer
    wrong: tuple[Any, str]
    # Pages that lead to one another without end.
    looping: tuple[Any, ...]
    # Whether an answer without anything in it means that there is nothing.
    may_be_empty: bool = False
    forbidden_page_passes: bool = False


def of_charge(identity: str) -> dict[str, Any]:
    return {"id": identity, "created": 1_795_100_000, "currency": "eur", "status": "failed", "amount_captured": 0}


GOOGLE_ROW = {"customer": {"currencyCode": "EUR"}, "segments": {"date": ANCHOR.isoformat()}}
SITE_ROW = {
    "dimensionValues": [{"value": ANCHOR.strftime("%Y%m%d")}, *[{"value": "/"}] * 5],
    "metricValues": [{"value": "1"}] * 6,
}
ORIGIN = ("sessionDefaultChannelGroup", "sessionSource", "sessionMedium", "sessionCampaignName")
HEADERS = {
    "dimensionHeaders": [{"name": name} for name in ("date", "landingPagePlusQueryString", *ORIGIN)],
    "metricHeaders": [
        {"name": name} for name in ("sessions", "engagedSessions", "userEngagementDuration", "screenPageViews", "keyEvents", "totalRevenue")
    ],
}
REPORT = {"id": "r1", "send_time": f"{ANCHOR}T08:00:00+00:00", "emails_sent": 10}
CONTACT = {
    "id": "7",
    "createdAt": f"{ANCHOR}T08:00:00Z",
    "properties": {"lastmodifieddate": f"{ANCHOR}T08:00:00Z", "lifecyclestage": "subscriber"},
}

PLATFORMS = {
    "google_ads": Platform(
        family="ads",
        path=":search",
        is_renewed=True,
        refused=google_ads.failure(401, "authenticationError", "OAUTH_TOKEN_INVALID", "No."),
        forbidden=google_ads.failure(403, "authorizationError", "USER_PERMISSION_DENIED", "No."),
        limited=lambda hint: google_ads.quota_failure(hint and f"{hint}s"),
        hints=("20", "7200"),
        broken=google_ads.failure(500, "internalError", "INTERNAL_ERROR", "Sorry."),
        wrong=({"results": [{"metrics": {"clicks": 5}}]}, r"results\[0\]\.metrics\.clicks = 5"),
        looping=tuple({"results": [GOOGLE_ROW | {"campaign": {"id": str(n)}}], "nextPageToken": "again"} for n in range(3)),
        may_be_empty=True,
    ),
    "google_analytics": Platform(
        family="site",
        path=":runReport",
        is_renewed=True,
        refused=google_analytics.failure(401, "No."),
        forbidden=google_analytics.failure(403, "User does not have sufficient permissions for this property."),
        limited=lambda hint: google_analytics.quota_failure(hint and f"{hint}s"),
        hints=("20", "7200"),
        broken=google_analytics.failure(500, "Sorry."),
        wrong=({"rowCount": "2"}, "rowCount = '2'"),
        # The offset never comes back; a row that does is the sign.
        looping=(HEADERS | {"rows": [SITE_ROW], "rowCount": 9}, HEADERS | {"rows": [SITE_ROW], "rowCount": 9}),
        may_be_empty=True,
    ),
    "hubspot": Platform(
        family="leads",
        path="/search",
        is_renewed=True,
        refused=hubspot.failure(401, "EXPIRED_AUTHENTICATION", "No."),
        forbidden=hubspot.failure(403, "MISSING_SCOPES", "No."),
        limited=lambda hint: hubspot.rate_limit(retry_after=hint),
        hints=("20", "7200"),
        broken=hubspot.failure(500, "INTERNAL_ERROR", "Sorry."),
        wrong=({"total": "many", "results": []}, "total = 'many'"),
        looping=({"total": 5, "results": [CONTACT]}, {"total": 4, "results": [CONTACT]}),
    ),
    "mailchimp": Platform(
        family="email",
        path="/reports",
        is_renewed=False,
        refused=mailchimp.failure(401, "Your API key may be invalid.", "API Key Invalid"),
        forbidden=mailchimp.failure(403, "The API key has been disabled.", "User Disabled"),
        limited=lambda hint: mailchimp.rate_limit(retry_after=hint),
        hints=("20", "7200"),
        broken=mailchimp.failure(500, "Sorry."),
        wrong=({"total_items": 1, "reports": [REPORT | {"emails_sent": "10"}]}, r"reports\[0\]\.emails_sent = '10'"),
        looping=({"total_items": 9, "reports": [REPORT]}, {"total_items": 9, "reports": [REPORT]}),
        forbidden_page_passes=True,
    ),
    "stripe": Platform(
        family="orders",
        path="/charges",
        is_renewed=False,
        refused=stripe.failure(401, "Invalid API Key provided."),
        forbidden=stripe.failure(403, "The provided key does not have the required permissions."),
        limited=stripe.rate_limit,
        hints=("20", "7200"),
        broken=stripe.failure(500, "Sorry."),
        wrong=({"data": [of_charge("ch_1") | {"amount_captured": "5"}], "has_more": False}, r"data\[0\]\.amount_captured = '5'"),
        looping=tuple({"data": [of_charge("ch_1")], "has_more": True} for _ in range(2)),
    ),
}
Pull = Callable[[], list[Record]]


@pytest.fixture(params=sorted(PLATFORMS))
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def platform(source: str) -> Platform:
    return PLATFORMS[source]


@pytest.fixture
def pull(source: str, platform: Platform, fetch: Fetch) -> Pull:
    return lambda: fetch(source, platform.family, SINCE, UNTIL)


@pytest.fixture
def fail(simulator: Simulator, platform: Platform) -> Callable[..., None]:
    """Answers the next requests for the figures in the platform's place."""

    def failing(*answers: Answer | Fault) -> None:
        for given in answers:
            is_dropped = isinstance(given, Fault) and given.is_dropped
            simulator.faults.append(Fault(given.status, given.headers, given.body, path=platform.path, is_dropped=is_dropped))

    return failing


@pytest.fixture
def whole(pull: Pull) -> list[Record]:
    """What comes when nothing fails."""
    return pull()


def test_every_platform_is_tried() -> None:
    assert sorted(PLATFORMS) == sources()


# -------------------------------------------------------------------------------------------- what only a person mends
def test_a_withdrawn_consent_asks_for_a_reconnect(simulator: Simulator, source: str, pull: Pull, pauses: list[float]) -> None:
    tokens: Any = simulator.platforms[source].tokens
    tokens.revoke(MAISON_LUMEN.slug)
    with pytest.raises(LostAccess, match="reconnect") as caught:
        pull()
    assert str(caught.value).endswith(".")
    assert pauses == []


def test_a_token_that_is_refused_is_renewed_once(fail: Callable[..., None], platform: Platform, whole: list[Record], pull: Pull) -> None:
    fail(platform.refused)
    if platform.is_renewed:
        assert pull() == whole
    else:
        with pytest.raises(LostAccess, match="reconnect"):
            pull()


def test_a_token_that_is_refused_again_asks_for_a_reconnect(
    fail: Callable[..., None], platform: Platform, pull: Pull, pauses: list[float]
) -> None:
    fail(platform.refused, platform.refused)
    with pytest.raises(LostAccess, match=r"reconnect|choose"):
        pull()
    assert pauses == []


def test_what_may_not_be_read_is_said_in_a_sentence(fail: Callable[..., None], platform: Platform, pull: Pull, pauses: list[float]) -> None:
    fail(platform.forbidden)
    with pytest.raises(LostAccess) as caught:
        pull()
    assert str(caught.value).endswith(".")
    assert "403" not in str(caught.value)
    assert pauses == []


def test_a_refusal_by_something_in_between(fail: Callable[..., None], platform: Platform, pull: Pull) -> None:
    fail(*[Fault(403, HTML, b"<html>Forbidden</html>")] * 5)
    with pytest.raises(Passing if platform.forbidden_page_passes else LostAccess):
        pull()


@pytest.mark.parametrize("secret", [{}, {"access_token": ""}, {"refresh_token": ""}])
def test_an_account_without_a_consent_asks_to_be_connected(source: str, platform: Platform, fetch: Fetch, secret: dict[str, str]) -> None:
    with pytest.raises(LostAccess, match="not connected"):
        fetch(source, platform.family, SINCE, UNTIL, secret=secret)


# --------------------------------------------------------------------------------------------------------- what passes
def test_too_many_requests_without_a_hint_are_tried_again_after_growing_pauses(
    fail: Callable[..., None], source: str, platform: Platform, whole: list[Record], pull: Pull, pauses: list[float]
) -> None:
    fail(platform.limited(""), platform.limited(""))
    if source == "google_analytics":
        # Its message says that the quota is that of an hour.
        with pytest.raises(Passing, match="quota") as caught:
            pull()
        assert caught.value.retry_after == 3600
    else:
        assert pull() == whole
        assert pauses == [0.5, 1.0]


def test_too_many_requests_with_a_hint_are_tried_again_when_the_platform_says(
    fail: Callable[..., None], platform: Platform, whole: list[Record], pull: Pull, pauses: list[float]
) -> None:
    fail(platform.limited(platform.hints[0]))
    assert pull() == whole
    assert pauses == [float(platform.hints[0])]


def test_a_quota_that_is_used_up_for_hours_is_left_to_a_later_job(
    fail: Callable[..., None], platform: Platform, pull: Pull, pauses: list[float]
) -> None:
    fail(platform.limited(platform.hints[1]))
    with pytest.raises(Passing) as caught:
        pull()
    assert caught.value.retry_after == float(platform.hints[1])
    assert pauses == []


PASSING = {
    "500": None,
    "502 as a page": Fault(502, HTML, b"<html>Bad gateway</html>"),
    "503 and nothing": Fault(503),
    "cut off": Fault(200, {"Content-Length": "1000", "Content-Type": "application/json"}, b'{"results": ['),
    "dropped": Fault(is_dropped=True),
}


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_passes_loses_nothing(
    fail: Callable[..., None], platform: Platform, whole: list[Record], pull: Pull, pauses: list[float], kind: str
) -> None:
    fail(PASSING[kind] or platform.broken)
    assert pull() == whole
    assert len(pauses) == 1


@pytest.mark.parametrize("kind", PASSING)
def test_a_failure_that_lasts_is_told_as_passing(fail: Callable[..., None], platform: Platform, pull: Pull, kind: str) -> None:
    fail(*[PASSING[kind] or platform.broken] * 5)
    with pytest.raises(Passing):
        pull()


@pytest.fixture
def hasty(simulator: Simulator) -> Iterator[Http]:
    with Http(httpx.Client(verify=TLS, trust_env=False, timeout=0.3), attempts=1) as plumbing:
        yield plumbing


def test_an_answer_that_does_not_come_is_told_as_passing(
    simulator: Simulator, source: str, platform: Platform, connect: Connect, hasty: Http
) -> None:
    connector = connect(source)
    connector.http = hasty
    simulator.faults.append(Fault(delay=1.0))
    stream = stream_of(connector, platform.family)
    with pytest.raises(Passing, match="did not answer in time"):
        list(connector.fetch(stream, SINCE, UNTIL))


# ------------------------------------------------------------------------------------------------ what is not allowed
@pytest.mark.parametrize("body", [b'{"results": [{', b"", b"null", b"[]", b'"x"', b"7", b"<html>", b"\xff\xfe"])
def test_an_answer_of_another_shape_is_refused_whole(fail: Callable[..., None], pull: Pull, body: bytes) -> None:
    fail(Fault(200, {"Content-Type": "application/json"}, body))
    with pytest.raises(UnexpectedAnswer):
        pull()


def test_an_answer_with_nothing_in_it(fail: Callable[..., None], platform: Platform, pull: Pull, whole: list[Record]) -> None:
    fail(answer({}))
    if platform.may_be_empty:
        # These leave out what is empty. Whether that can be is for the store to judge, which knows what was there.
        assert len(pull()) < len(whole)
    else:
        with pytest.raises(UnexpectedAnswer):
            pull()


def test_a_figure_of_the_wrong_type_is_named(fail: Callable[..., None], platform: Platform, pull: Pull) -> None:
    body, field = platform.wrong
    fail(answer(body))
    with pytest.raises(UnexpectedAnswer, match=field):
        pull()


def test_pages_that_never_end_are_refused(fail: Callable[..., None], platform: Platform, pull: Pull) -> None:
    fail(*[answer(body) for body in platform.looping])
    with pytest.raises(UnexpectedAnswer):
        pull()


def test_a_request_that_the_platform_calls_wrong_is_told_as_ours(fail: Callable[..., None], pull: Pull) -> None:
    fail(Fault(400, {"Content-Type": "application/json"}, b'{"error": {"message": "Bad"}}'))
    with pytest.raises(UnexpectedAnswer):
        pull()


VALUES: tuple[Any, ...] = (None, "", "x", "-1", "NaN", "1e400", -1, 0, 10**30, 1e300, True, [], [None], {}, {"a": 1})


def leaves(answered: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a JSON document."""
    parts = answered.items() if isinstance(answered, dict) else enumerate(answered) if isinstance(answered, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from leaves(part, (*path, name))


def with_another(body: bytes, path: tuple[Any, ...], value: Any) -> bytes:
    document = json.loads(body)
    holder = document
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return json.dumps(document).encode()


def test_an_answer_with_any_part_replaced_is_read_or_refused(
    fail: Callable[..., None], platform: Platform, pull: Pull, exchanges: list[Exchange]
) -> None:
    pull()
    body = next(one for one in exchanges if platform.path in one.url).response_body
    paths = list(leaves(json.loads(body)))
    random = Random(platform.path)
    for _ in range(TRIES):
        path, value = random.choice(paths), random.choice(VALUES)
        fail(Fault(200, {"Content-Type": "application/json"}, with_another(body, path, value)))
        with suppress(LostAccess, Passing, UnexpectedAnswer):
            assert all(isinstance(record, Record) for record in pull())


# ------------------------------------------------------------------------------------------------------------- secrets
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_no_secret_is_told_even_if_the_platform_quotes_it(
    fail: Callable[..., None],
    source: str,
    platform: Platform,
    connect: Connect,
    exchanges: list[Exchange],
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    connector = connect(source)
    stream = stream_of(connector, platform.family)
    list(connector.fetch(stream, SINCE, UNTIL))
    token = next(one for one in exchanges if platform.path in one.url).request_headers["authorization"].partition(" ")[2]
    quoted = f"You sent {token}."
    refusal = answer({"error": {"message": quoted}, "message": quoted, "title": "Bad", "detail": quoted}, status)
    # A token that is refused once is renewed, and the new one reads.
    fail(*[refusal] * (2 if status == 401 else 6))
    with pytest.raises((LostAccess, Passing, UnexpectedAnswer)) as caught:
        list(connector.fetch(stream, SINCE, UNTIL))
    assert token not in repr(caught.value) + caplog.text
