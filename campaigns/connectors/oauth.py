"""OAuth 2 as platforms speak it: the way to a person's consent, and access tokens from a refresh token (RFC 6749, RFC 7636)."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import Http, told

# Room for a slow request and for clocks that differ.
MARGIN = 60.0
NOT_CONNECTED = _("This account is not connected. Please connect it.")
REVOKED = _("The permission to read this account was withdrawn or has expired. Please reconnect it.")
KEYS_REFUSED = _("The platform refuses this installation's own keys. Whoever runs it must check them; reconnecting does not help.")
CODE_REFUSED = _("The platform no longer accepts the answer of its consent page, which serves once and for minutes. Please connect again.")
ANOTHER_ACCOUNT = _("The permission belongs to another account than this one. Please reconnect with the right one.")
PARTLY_GRANTED = _("Not every permission that was asked for was given. Please connect again and leave all boxes ticked.")
# The standard's words, and those that HubSpot has instead.
GRANT_ERRORS = frozenset({"invalid_grant", "BAD_REFRESH_TOKEN", "BAD_AUTH_CODE", "MISSING_REFRESH_TOKEN"})
KEY_ERRORS = frozenset({"invalid_client", "unauthorized_client", "BAD_CLIENT_ID", "BAD_CLIENT_SECRET"})
PASSING_ERRORS = frozenset({"server_error", "temporarily_unavailable"})


# What is kept of a consent, encrypted: tokens and what belongs to them, such as the address they serve.
Secret = dict[str, Any]


@dataclass(frozen=True)
class Consent:
    """How a person is asked. `parameters` are added to the address of the consent page."""

    scopes: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    uses_pkce: bool = True


class Grant(Protocol):
    """A consent as it is kept, shared by every process that reads with it."""

    @property
    def secret(self) -> Secret:
        """As last seen."""

    def renewed(self, stale: Secret, renew: Callable[[Secret], Secret]) -> Secret:
        """The secret after `stale`, under a lock: the stored one if another process has renewed it meanwhile, else what
        `renew` makes of it, which is then kept."""


def authorize_url(consent: Consent, settings: Mapping[str, str], redirect_uri: str, state: str, verifier: str) -> str:
    """The address of the platform's consent page. `verifier` is the PKCE secret (43 to 128 characters) that `exchange` needs again."""
    query = {"response_type": "code", "client_id": settings["client_id"], "redirect_uri": redirect_uri, "state": state}
    if consent.scopes:
        query["scope"] = " ".join(consent.scopes)
    if consent.uses_pkce:
        digest = sha256(verifier.encode()).digest()
        query |= {"code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(), "code_challenge_method": "S256"}
    return f"{settings['authorize_url']}?{urlencode(query | dict(consent.parameters))}"


def exchange(
    settings: Mapping[str, str],
    consent: Consent,
    code: str,
    redirect_uri: str,
    verifier: str,
    http: Http,
    *,
    clock: Callable[[], float] = time.time,
) -> Secret:
    """What the platform gives for the code that its consent page sent back, whole, with `expires_at` where the token expires.

    Raises `LostAccess` where the person must go to the consent page again, otherwise what `Http` raises.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri} | _client(settings)
    if consent.uses_pkce:
        form["code_verifier"] = verifier
    asked_at = clock()
    answer = http.request_json("POST", settings["token_url"], data=form, explain=_explain(CODE_REFUSED))
    token = _read(answer)
    if token.scope is not None and not set(consent.scopes) <= set(token.scope.split()):
        raise LostAccess(PARTLY_GRANTED)
    return _kept(answer, token, asked_at)


class AccessToken(httpx.Auth):
    """Signs requests with a grant's access token, renewed where there is none yet and a minute before it expires.

    Given as `auth` to a request, it also answers a 401 by one new token and one more try. `settings`: `token_url`,
    `client_id`, `client_secret`. A grant without a refresh token serves as long as its access token does.
    """

    def __init__(self, settings: Mapping[str, str], grant: Grant, http: Http, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._grant = grant
        self._http = http
        self._clock = clock

    def headers(self) -> dict[str, str]:
        """The `Authorization` header. Raises `LostAccess` when the grant is gone, otherwise what `Http` raises."""
        return _bearer(self._good())

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        secret = self._good()
        request.headers.update(_bearer(secret))
        response = yield request
        if response.status_code == 401 and secret.get("refresh_token"):
            request.headers.update(_bearer(self._grant.renewed(secret, self._renew)))
            yield request

    def _good(self) -> Secret:
        secret = self._grant.secret
        known = (self._settings.get("client_secret"), secret.get("access_token"), secret.get("refresh_token"))
        self._http.hide(*(value for value in known if value))
        if secret.get("access_token") and self._clock() < secret.get("expires_at", float("inf")) - MARGIN:
            return secret
        if secret.get("refresh_token"):
            return self._grant.renewed(secret, self._renew)
        raise LostAccess(REVOKED if secret.get("access_token") else NOT_CONNECTED)

    def _renew(self, stale: Secret) -> Secret:
        asked_at = self._clock()
        form = {"grant_type": "refresh_token", "refresh_token": stale["refresh_token"]} | _client(self._settings)
        answer = self._http.request_json("POST", self._settings["token_url"], data=form, explain=_explain(REVOKED))
        token = _read(answer)
        lasting = {name: value for name, value in stale.items() if name != "expires_at"}
        newest = {"access_token": token.access_token, "refresh_token": token.refresh_token or stale["refresh_token"]}
        return _kept(lasting | newest, token, asked_at)


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    # Optional in the standard; without it the token serves until the platform refuses it. Mailchimp's 0 means never.
    expires_in: float | None = None
    refresh_token: str | None = None
    scope: str | None = None

    def __repr__(self) -> str:
        return "_Token(…)"


class _Refusal(msgspec.Struct, frozen=True):
    error: str | None = None
    # HubSpot's place for it.
    status: str | int | None = None


def _client(settings: Mapping[str, str]) -> dict[str, str]:
    return {"client_id": settings["client_id"], "client_secret": settings["client_secret"]}


def _bearer(secret: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret['access_token']}"}


def _read(answer: Any) -> _Token:
    try:
        return msgspec.convert(answer, _Token)
    except msgspec.ValidationError as error:
        raise UnexpectedAnswer(f"The token endpoint's answer does not have the agreed shape: {error}.") from None


def _kept(answer: Secret, token: _Token, asked_at: float) -> Secret:
    kept = {name: value for name, value in answer.items() if name != "expires_in"}
    return kept | {"expires_at": asked_at + token.expires_in} if token.expires_in else kept


def _explain(refused: str) -> Callable[[httpx.Response], Failure | None]:
    """How a token endpoint's refusals are told; `refused` is the sentence for a code or refresh token that serves no more."""

    def explained(response: httpx.Response) -> Failure | None:
        said = told(response, _Refusal)
        if said is None:
            return None
        codes = {said.error, said.status}
        if codes & GRANT_ERRORS:
            return LostAccess(refused)
        if codes & KEY_ERRORS:
            return LostAccess(KEYS_REFUSED)
        if codes & PASSING_ERRORS:
            return Passing(f"The token endpoint answered {said.error}.")
        return None

    return explained
