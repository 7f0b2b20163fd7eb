"""The shared HTTP plumbing and the access tokens, against a real server on loopback."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from campaigns.connectors.errors import LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.google_ads import GoogleAds
from campaigns.connectors.http import USER_AGENT, Http, pages
from campaigns.connectors.oauth import (
    CODE_REFUSED,
    KEYS_REFUSED,
    NOT_CONNECTED,
    PARTLY_GRANTED,
    REVOKED,
    AccessToken,
    Consent,
    authorize_url,
    exchange,
)
from campaigns.simulators.server import Exchange, Fault, Simulator
from tests.campaigns.conftest import TLS, Held

FINE = Fault(body=b'{"fine": true}')
HTML = {"Content-Type": "text/html"}
CANARY = "canary-4f1c9a7e"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(recorder=[]) as running:
        yield running


@pytest.fixture
def http(pauses: list[float]) -> Iterator[Http]:
    client = httpx.Client(verify=TLS, trust_env=False, timeout=httpx.Timeout(5.0, read=0.3))
    with Http(client, sleep=pauses.append, random=lambda: 1.0) as plumbing:
        yield plumbing


def ask(http: Http, simulator: Simulator, **options: Any) -> Any:
    return http.request_json("GET", f"{simulator.url}/anything", **options)


# --------------------------------------------------------------------------------------------------------- retrying
def test_a_passing_failure_is_tried_again_after_growing_pauses(simulator: Simulator, http: Http, pauses: list[float]) -> None:
    simulator.faults += [Fault(500), Fault(502, HTML, b"<html>"), Fault(429), FINE]
    assert ask(http, simulator) == {"fine": True}
    assert pauses == [1.0, 2.0, 4.0]


def test_jitter_spreads_the_pauses_over_half_their_length(simulator: Simulator, pauses: list[float]) -> None:
    simulator.faults += [Fault(503), FINE]
    with Http(httpx.Client(verify=TLS, trust_env=False), sleep=pauses.append, random=lambda: 0.0) as http:
        ask(http, simulator)
    assert pauses == [0.5]


def test_attempts_are_bounded(simulator: Simulator, http: Http, exchanges: list[Exchange]) -> None:
    simulator.faults += [Fault(502, HTML, b"<html>bad gateway</html>")] * 9
    with pytest.raises(Passing, match="answered 502"):
        ask(http, simulator)
    assert len(exchanges) == 5


def test_a_platform_is_not_called_again_sooner_than_it_asks(simulator: Simulator, http: Http, pauses: list[float]) -> None:
    simulator.faults += [Fault(429, {"Retry-After": "7"}), FINE]
    ask(http, simulator)
    assert pauses == [8.0]


def test_retry_after_may_be_a_date(simulator: Simulator, http: Http, pauses: list[float]) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    simulator.faults += [Fault(503, {"Retry-After": soon}), FINE]
    ask(http, simulator)
    assert 28 <= pauses[0] <= 31


@pytest.mark.parametrize("nonsense", ["", "soon", "-5", "1e9", "²"])
def test_a_meaningless_retry_after_is_ignored(simulator: Simulator, http: Http, pauses: list[float], nonsense: str) -> None:
    simulator.faults += [Fault(503, {"Retry-After": nonsense}), FINE]
    ask(http, simulator)
    assert pauses == [1.0]


def test_a_platforms_own_hint_comes_before_retry_after(simulator: Simulator, http: Http, pauses: list[float]) -> None:
    simulator.faults += [Fault(429, {"Retry-After": "7"}), FINE]
    ask(http, simulator, retry_delay=lambda _: 20.0)
    assert pauses == [21.0]


def test_a_long_wait_is_left_to_a_later_job(simulator: Simulator, http: Http, pauses: list[float]) -> None:
    simulator.faults += [Fault(429, {"Retry-After": "3600"})]
    with pytest.raises(Passing) as caught:
        ask(http, simulator)
    assert caught.value.retry_after == 3600
    assert pauses == []


def test_an_answer_that_never_comes_is_a_passing_failure(simulator: Simulator, pauses: list[float]) -> None:
    simulator.faults += [Fault(delay=2.0)] * 2
    client = httpx.Client(verify=TLS, trust_env=False, timeout=0.1)
    with Http(client, attempts=2, sleep=pauses.append) as http, pytest.raises(Passing, match="did not answer in time"):
        ask(http, simulator)
    assert len(pauses) == 1


def test_a_host_that_cannot_be_reached_is_a_passing_failure(http: Http, pauses: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Passing, match="could not be reached"):
            http.request_json("GET", f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert len(pauses) == 4


def test_a_connection_that_breaks_within_the_body_is_tried_again(simulator: Simulator, http: Http) -> None:
    simulator.faults += [Fault(headers={"Content-Length": "100", "Connection": "close"}, body=b'{"half":'), FINE]
    assert ask(http, simulator) == {"fine": True}


# ------------------------------------------------------------------------------------------------------- judgements
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_tells_a_person_to_reconnect_and_is_not_tried_again(
    simulator: Simulator, http: Http, pauses: list[float], status: int
) -> None:
    simulator.faults += [Fault(status)]
    with pytest.raises(LostAccess, match="reconnect"):
        ask(http, simulator)
    assert pauses == []


@pytest.mark.parametrize("status", [301, 400, 404, 410])
def test_a_redirect_or_a_wrong_request_is_unexpected(simulator: Simulator, http: Http, pauses: list[float], status: int) -> None:
    simulator.faults += [Fault(status, {"Location": f"{simulator.url}/elsewhere"})]
    with pytest.raises(UnexpectedAnswer, match=str(status)):
        ask(http, simulator)
    assert pauses == []


BODIES = {
    "truncated": b'{"results": [{"a": 1}',
    "html": b"<!doctype html><title>Sign in</title>",
    "empty": b"",
    "not utf-8": b'{"name": "\xe9"}',
    "nested without end": b"[" * 100_000,
    "not a number": b'{"clicks": NaN}',
    "garbled compression": b"\x1f\x8b nonsense",
}


@pytest.mark.parametrize("name", BODIES)
def test_a_success_that_is_not_json_is_unexpected(simulator: Simulator, http: Http, name: str) -> None:
    encoding = {"Content-Encoding": "gzip"} if name == "garbled compression" else {}
    simulator.faults += [Fault(200, HTML | encoding, BODIES[name])]
    with pytest.raises(UnexpectedAnswer):
        ask(http, simulator)


def test_a_platform_may_judge_its_own_failures(simulator: Simulator, http: Http) -> None:
    simulator.faults += [Fault(400)]
    with pytest.raises(LostAccess, match="Ask Ada"):
        ask(http, simulator, explain=lambda _: LostAccess("Ask Ada."))


def test_requests_say_who_we_are(simulator: Simulator, http: Http, exchanges: list[Exchange]) -> None:
    simulator.faults += [FINE]
    ask(http, simulator)
    assert exchanges[0].request_headers["user-agent"] == USER_AGENT


def test_pages_are_read_until_there_is_no_cursor() -> None:
    book = {"": ("one", "b"), "b": ("two", "c"), "c": ("three", "")}
    assert list(pages(lambda cursor: book[cursor])) == ["one", "two", "three"]


def test_a_cursor_that_loops_is_unexpected() -> None:
    book = {"": (1, "b"), "b": (2, "c"), "c": (3, "b")}
    with pytest.raises(UnexpectedAnswer, match="already read"):
        list(pages(lambda cursor: book[cursor]))


# ----------------------------------------------------------------------------------------------------------- secrets
SECRET_PLACES: dict[str, dict[str, Any]] = {
    "bearer": {"headers": {"Authorization": f"Bearer {CANARY}"}},
    "developer token": {"headers": {"developer-token": CANARY}},
    "query": {"params": {"access_token": CANARY}},
    "form": {"data": {"client_secret": CANARY}},
    "json": {"json": {"refresh_token": CANARY}},
}


@pytest.mark.parametrize("place", SECRET_PLACES)
@pytest.mark.parametrize("failure", [LostAccess, Passing, UnexpectedAnswer])
def test_no_secret_is_logged_or_raised_even_if_the_platform_quotes_it(
    simulator: Simulator, http: Http, caplog: pytest.LogCaptureFixture, place: str, failure: Callable[[str], Any]
) -> None:
    for name in (None, "httpx"):
        caplog.set_level(logging.DEBUG, name)
    simulator.faults += [Fault(500)] * 5
    with pytest.raises(Exception, match="redacted") as caught:
        http.request_json("POST", f"{simulator.url}/a", explain=lambda _: failure(f"Bad token {CANARY}"), **SECRET_PLACES[place])
    assert CANARY not in repr(caught.value)
    assert CANARY not in caplog.text
    assert "HTTP Request: POST" in caplog.text


@pytest.mark.parametrize("fault", [Fault(404), Fault(500), Fault(200, HTML, b"<html>"), Fault(delay=0.5)])
def test_messages_of_our_own_show_no_query_string(simulator: Simulator, http: Http, caplog: pytest.LogCaptureFixture, fault: Fault) -> None:
    for name in (None, "httpx"):
        caplog.set_level(logging.DEBUG, name)
    simulator.faults += [fault] * 5
    with pytest.raises(Exception, match=r"127\.0\.0\.1/a") as caught:
        http.request_json("GET", f"{simulator.url}/a?key={CANARY}")
    assert CANARY not in repr(caught.value)
    assert CANARY not in caplog.text


def test_a_password_of_basic_authentication_is_redacted(simulator: Simulator, http: Http) -> None:
    simulator.faults += [Fault(400)]
    with pytest.raises(UnexpectedAnswer) as caught:
        ask(http, simulator, auth=httpx.BasicAuth("any", CANARY), explain=lambda _: UnexpectedAnswer(f"Bad key {CANARY}"))
    assert CANARY not in str(caught.value)


# ----------------------------------------------------------------------------------------------------- access tokens
class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(simulator: Simulator) -> dict[str, str]:
    return simulator.settings("google_ads")


@pytest.fixture
def grant(simulator: Simulator) -> Held:
    return Held(simulator.secret("google_ads"))


@pytest.fixture
def token(settings: dict[str, str], grant: Held, http: Http, clock: Clock) -> AccessToken:
    return AccessToken(settings, grant, http, clock=clock)


def test_a_token_is_kept_until_a_minute_before_it_expires(token: AccessToken, grant: Held, clock: Clock, exchanges: list[Exchange]) -> None:
    first = token.headers()
    clock.now += 3538
    assert token.headers() == first
    assert len(exchanges) == 1
    clock.now += 1
    assert token.headers() != first
    assert grant.renewals == 2


@pytest.mark.parametrize("name", ["refresh_token", "client_secret"])
def test_what_only_the_token_endpoint_was_sent_is_redacted_in_other_answers_too(
    simulator: Simulator, http: Http, token: AccessToken, settings: dict[str, str], grant: Held, name: str
) -> None:
    secret = (settings | grant.secret)[name]
    token.headers()
    simulator.faults += [Fault(400)]
    with pytest.raises(UnexpectedAnswer, match="redacted") as caught:
        ask(http, simulator, auth=token, explain=lambda _: UnexpectedAnswer(f"Bad key {secret}"))
    assert secret not in str(caught.value)


def test_a_token_that_another_process_renewed_is_used(
    settings: dict[str, str], http: Http, token: AccessToken, grant: Held, clock: Clock, exchanges: list[Exchange]
) -> None:
    first = token.headers()
    assert AccessToken(settings, grant, http, clock=clock).headers() == first
    assert len(exchanges) == 1


def test_a_refresh_token_that_is_replaced_is_kept(simulator: Simulator, token: AccessToken, grant: Held) -> None:
    simulator.faults += [Fault(body=b'{"access_token": "one", "refresh_token": "next", "expires_in": 1800}', path="token")]
    token.headers()
    assert grant.secret["refresh_token"] == "next"


def test_what_else_belongs_to_a_grant_survives_its_renewal(settings: dict[str, str], simulator: Simulator, http: Http) -> None:
    grant = Held(simulator.secret("google_ads") | {"hub_id": 77})
    AccessToken(settings, grant, http).headers()
    assert grant.secret["hub_id"] == 77


def test_a_token_without_an_expiry_is_kept_until_it_is_refused(
    simulator: Simulator, http: Http, token: AccessToken, clock: Clock, exchanges: list[Exchange]
) -> None:
    simulator.faults += [Fault(body=b'{"access_token": "one"}', path="token")]
    assert token.headers() == {"Authorization": "Bearer one"}
    clock.now += 1e9
    assert token.headers() == {"Authorization": "Bearer one"}
    simulator.faults += [Fault(401), Fault(body=b'{"access_token": "two"}', path="token"), FINE]
    assert ask(http, simulator, auth=token) == {"fine": True}
    assert exchanges[-1].request_headers["authorization"] == "Bearer two"


def test_a_token_that_is_refused_twice_is_lost_access(
    simulator: Simulator, http: Http, token: AccessToken, exchanges: list[Exchange]
) -> None:
    simulator.faults += [Fault(401, path="anything")] * 3
    with pytest.raises(LostAccess):
        ask(http, simulator, auth=token)
    assert [exchange.url.rpartition("/")[2] for exchange in exchanges] == ["token", "anything", "token", "anything"]


def test_a_withdrawn_grant_asks_a_person_to_reconnect(settings: dict[str, str], http: Http) -> None:
    with pytest.raises(LostAccess, match="reconnect") as caught:
        AccessToken(settings, Held({"refresh_token": "another"}), http).headers()
    assert str(caught.value) == REVOKED


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [({}, NOT_CONNECTED), ({"access_token": ""}, NOT_CONNECTED), ({"access_token": "old", "expires_at": 5.0}, REVOKED)],
)
def test_a_grant_with_nothing_to_renew_asks_a_person(settings: dict[str, str], http: Http, secret: dict[str, Any], sentence: str) -> None:
    with pytest.raises(LostAccess) as caught:
        AccessToken(settings, Held(secret), http).headers()
    assert str(caught.value) == sentence


def test_our_own_keys_being_refused_does_not_ask_to_reconnect(settings: dict[str, str], grant: Held, http: Http) -> None:
    with pytest.raises(LostAccess) as caught:
        AccessToken(settings | {"client_secret": "wrong"}, grant, http).headers()
    assert str(caught.value) == KEYS_REFUSED


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"access_token": 5}', b'{"access_token": "x", "expires_in": "soon"}'])
def test_a_malformed_token_answer_is_unexpected(simulator: Simulator, token: AccessToken, body: bytes) -> None:
    simulator.faults += [Fault(body=body)]
    with pytest.raises(UnexpectedAnswer, match="token"):
        token.headers()


def test_a_token_endpoint_that_is_down_uses_up_its_attempts_once(
    simulator: Simulator, http: Http, token: AccessToken, exchanges: list[Exchange]
) -> None:
    simulator.faults += [Fault(400, body=b'{"error": "temporarily_unavailable"}')] * 30
    with pytest.raises(Passing, match="temporarily_unavailable"):
        ask(http, simulator, auth=token)
    assert len(exchanges) == 5


# ----------------------------------------------------------------------------------------------------------- consent
VERIFIER = "v" * 43
RETURN = "http://localhost:8000/oauth/callback/"


def consented(simulator: Simulator, http: Http, settings: dict[str, str], consent: Consent) -> str:
    """The code with which the consent page sends a person back who allows what is asked."""
    address = authorize_url(consent, settings, RETURN, "the state", VERIFIER)
    page = httpx.post(address, data={"user": "maison-lumen", "decision": "allow"}, verify=TLS, trust_env=False)
    query = dict(parse_qsl(urlsplit(page.headers["Location"]).query))
    assert page.headers["Location"].startswith(RETURN)
    assert query["state"] == "the state"
    return query["code"]


def test_a_person_who_consents_gives_a_grant_that_reads(simulator: Simulator, http: Http, settings: dict[str, str], clock: Clock) -> None:
    code = consented(simulator, http, settings, GoogleAds.consent)
    secret = exchange(settings, GoogleAds.consent, code, RETURN, VERIFIER, http, clock=clock)
    assert secret["refresh_token"] == simulator.secret("google_ads", "maison-lumen")["refresh_token"]
    assert secret["expires_at"] == clock.now + 3599
    assert AccessToken(settings, Held(secret), http, clock=clock).headers() == {"Authorization": f"Bearer {secret['access_token']}"}


def test_a_code_serves_once(simulator: Simulator, http: Http, settings: dict[str, str]) -> None:
    code = consented(simulator, http, settings, GoogleAds.consent)
    exchange(settings, GoogleAds.consent, code, RETURN, VERIFIER, http)
    with pytest.raises(LostAccess, match="connect again"):
        exchange(settings, GoogleAds.consent, code, RETURN, VERIFIER, http)


def test_a_code_serves_nobody_without_its_verifier(simulator: Simulator, http: Http, settings: dict[str, str]) -> None:
    code = consented(simulator, http, settings, GoogleAds.consent)
    with pytest.raises(LostAccess) as caught:
        exchange(settings, GoogleAds.consent, code, RETURN, "w" * 43, http)
    assert str(caught.value) == CODE_REFUSED


def test_a_permission_given_in_part_is_told_at_once(simulator: Simulator, http: Http, settings: dict[str, str]) -> None:
    simulator.faults += [Fault(body=b'{"access_token": "one", "scope": "openid email"}', path="token")]
    with pytest.raises(LostAccess) as caught:
        exchange(settings, GoogleAds.consent, "code", RETURN, VERIFIER, http)
    assert str(caught.value) == PARTLY_GRANTED


def test_a_platform_without_pkce_is_asked_without(
    settings: dict[str, str], simulator: Simulator, http: Http, exchanges: list[Exchange]
) -> None:
    plain = Consent(("one", "two"), {"prompt": "login"}, uses_pkce=False)
    address = authorize_url(plain, settings, RETURN, "s", VERIFIER)
    assert dict(parse_qsl(urlsplit(address).query)) == {
        "response_type": "code",
        "client_id": settings["client_id"],
        "redirect_uri": RETURN,
        "state": "s",
        "scope": "one two",
        "prompt": "login",
    }
    simulator.faults += [Fault(body=b'{"access_token": "one"}', path="token")]
    assert exchange(settings, plain, "code", RETURN, VERIFIER, http) == {"access_token": "one"}
    assert b"code_verifier" not in exchanges[-1].request_body


def test_neither_code_nor_verifier_is_told(settings: dict[str, str], http: Http) -> None:
    with pytest.raises(LostAccess) as caught:
        exchange(settings, GoogleAds.consent, CANARY, RETURN, VERIFIER, http)
    assert CANARY not in repr(caught.value)
    assert VERIFIER not in repr(caught.value)
