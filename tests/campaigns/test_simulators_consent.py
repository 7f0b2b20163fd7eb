"""Consent on every simulated platform: a person allows or denies, and a code is good once, for whoever asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from campaigns.simulators import sources
from campaigns.simulators.business import HARBOR
from campaigns.simulators.consent import challenge
from campaigns.simulators.server import Simulator
from tests.campaigns.platforms import plain_client

RETURN_TO = "http://localhost:8000/oauth/callback"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
# What each platform answers with after a consent, besides the access token.
GRANTED = {
    "google_ads": {"refresh_token", "expires_in", "scope", "token_type"},
    "google_analytics": {"refresh_token", "expires_in", "scope", "token_type"},
    "hubspot": {"refresh_token", "expires_in", "token_type"},
    "mailchimp": {"expires_in", "scope"},
    "stripe": {"refresh_token", "stripe_user_id", "scope", "livemode", "token_type", "stripe_publishable_key"},
}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(params=sources())
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(simulator: Simulator, source: str) -> Iterator[httpx.Client]:
    with plain_client(simulator, source) as stranger:
        yield stranger


@pytest.fixture
def asked(simulator: Simulator, source: str) -> dict[str, str]:
    """The authorization request."""
    return {
        "client_id": simulator.settings(source)["client_id"],
        "redirect_uri": RETURN_TO,
        "response_type": "code",
        "scope": "reading",
        "state": "remember-me",
        "access_type": "offline",
        "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    }


@pytest.fixture
def form(simulator: Simulator, source: str) -> dict[str, str]:
    """The exchange, but for the code."""
    settings = simulator.settings(source)
    return {
        "grant_type": "authorization_code",
        "client_id": settings["client_id"],
        "client_secret": settings["client_secret"],
        "redirect_uri": RETURN_TO,
        "code_verifier": VERIFIER,
    }


@pytest.fixture
def decide(simulator: Simulator, source: str, client: httpx.Client, asked: dict[str, str]) -> Any:
    """Submits the consent page and gives what comes back to the address of return."""

    def submitted(decision: str, user: str = HARBOR.slug, **changes: str) -> dict[str, str]:
        address = simulator.settings(source)["authorize_url"]
        response = client.post(address, params=asked | changes, data={"user": user, "decision": decision})
        assert response.status_code == 302
        assert response.headers["Location"].startswith(f"{RETURN_TO}?")
        return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}

    return submitted


@pytest.fixture
def exchange(simulator: Simulator, source: str, client: httpx.Client, form: dict[str, str]) -> Any:
    def exchanged(code: str, **changes: str) -> httpx.Response:
        return client.post(simulator.settings(source)["token_url"], data=form | {"code": code} | changes)

    return exchanged


def test_the_page_says_who_asks_and_lets_a_person_choose(
    simulator: Simulator, source: str, client: httpx.Client, asked: dict[str, str]
) -> None:
    page = client.get(simulator.settings(source)["authorize_url"], params=asked)
    assert page.status_code == 200
    assert "Simulated" in page.text
    assert "Vigie asks to read: reading" in page.text
    for text in ("Maison Lumen", "Fernhill Tea", "Harbor Ledger", 'value="allow"', 'value="deny"'):
        assert text in page.text


def test_whoever_allows_is_exchanged_for_a_credential_of_theirs(simulator: Simulator, source: str, decide: Any, exchange: Any) -> None:
    answer = decide("allow")
    assert answer["state"] == "remember-me"
    granted = exchange(answer["code"]).json()
    assert set(granted) == GRANTED[source] | {"access_token"}
    for name in ("access_token", "refresh_token", "stripe_user_id"):
        if name in simulator.secret(source, HARBOR.slug):
            assert granted[name] == simulator.secret(source, HARBOR.slug)[name]


def test_whoever_denies_gives_nothing(decide: Any) -> None:
    assert decide("deny") == {"error": "access_denied", "state": "remember-me"}


def test_a_code_is_good_once(decide: Any, exchange: Any) -> None:
    code = decide("allow")["code"]
    assert exchange(code).status_code == 200
    assert exchange(code).status_code == 400


@pytest.mark.parametrize("changes", [{"redirect_uri": "http://localhost:8000/other"}, {"code_verifier": "wrong"}, {"code": "never-given"}])
def test_a_code_is_of_use_to_nobody_else(decide: Any, exchange: Any, changes: dict[str, str]) -> None:
    code = decide("allow")["code"]
    assert exchange(**({"code": code} | changes)).status_code == 400


def test_without_a_challenge_no_verifier_is_asked_for(decide: Any, exchange: Any, form: dict[str, str]) -> None:
    del form["code_verifier"]
    assert exchange(decide("allow", code_challenge="")["code"]).status_code == 200


def test_a_strangers_key_is_refused(decide: Any, exchange: Any) -> None:
    assert exchange(decide("allow")["code"], client_secret="wrong").status_code in (400, 401)


@pytest.mark.parametrize("changes", [{"client_id": "unknown"}, {"redirect_uri": "javascript:alert(1)"}, {"code_challenge_method": "plain"}])
def test_a_doubtful_request_is_not_sent_anywhere(
    simulator: Simulator, source: str, client: httpx.Client, asked: dict[str, str], changes: dict[str, str]
) -> None:
    response = client.get(simulator.settings(source)["authorize_url"], params=asked | changes)
    assert response.status_code == 400
    assert "Location" not in response.headers


def test_consenting_again_mends_what_was_withdrawn(simulator: Simulator, source: str, decide: Any, exchange: Any) -> None:
    simulator.platforms[source].revoke()
    token = exchange(decide("allow")["code"]).json()["access_token"]
    assert simulator.platforms[source].tokens.holder(token) == HARBOR.slug


@pytest.mark.parametrize("source", ["google_ads"], indirect=True)
def test_google_gives_a_refresh_token_only_for_access_while_away(decide: Any, exchange: Any) -> None:
    assert "refresh_token" not in exchange(decide("allow", access_type="online")["code"]).json()


def test_settings_are_text(simulator: Simulator, source: str) -> None:
    settings = simulator.settings(source)
    assert {"base_url", "authorize_url", "token_url", "version", "client_id", "client_secret"} <= settings.keys()
    assert all(isinstance(value, str) and value for value in settings.values())
