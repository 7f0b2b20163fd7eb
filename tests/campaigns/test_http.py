"""The shared HTTP plumbing and the access tokens, against a real server on loopback."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from campaigns.connectors.errors import LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import USER_AGENT, Http, pages
from campaigns.connectors.oauth import KEYS_REFUSED, REVOKED, AccessToken
from campaigns.simulators.google_ads import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from campaigns.simulators.server import Exchange, Fault, Simulator

# Reading the certificates anew for every client would take most of the time of these tests.
TLS = httpx.create_ssl_context()
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


# ----------------------------------------------------------------------------------------------------- access tokens
class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def token(simulator: Simulator, http: Http, clock: Clock) -> AccessToken:
    return AccessToken(f"{simulator.url}/google_ads/token", CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, http, clock=clock)


def test_a_token_is_kept_until_a_minute_before_it_expires(token: AccessToken, clock: Clock, exchanges: list[Exchange]) -> None:
    first = token.headers()
    clock.now = 3538
    assert token.headers() == first
    assert len(exchanges) == 1
    clock.now = 3539
    assert token.headers() != first


def test_a_token_without_an_expiry_is_kept_until_it_is_refused(
    simulator: Simulator, http: Http, token: AccessToken, clock: Clock, exchanges: list[Exchange]
) -> None:
    simulator.faults += [Fault(body=b'{"access_token": "one"}', path="token")]
    assert token.headers() == {"Authorization": "Bearer one"}
    clock.now = 1e9
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


def test_a_withdrawn_grant_asks_a_person_to_reconnect(simulator: Simulator, http: Http) -> None:
    token = AccessToken(f"{simulator.url}/google_ads/token", CLIENT_ID, CLIENT_SECRET, "another", http)
    with pytest.raises(LostAccess, match="reconnect") as caught:
        token.headers()
    assert str(caught.value) == REVOKED


def test_our_own_keys_being_refused_does_not_ask_to_reconnect(simulator: Simulator, http: Http) -> None:
    token = AccessToken(f"{simulator.url}/google_ads/token", CLIENT_ID, "wrong", REFRESH_TOKEN, http)
    with pytest.raises(LostAccess) as caught:
        token.headers()
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
