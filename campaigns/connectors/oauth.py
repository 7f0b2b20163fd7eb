"""OAuth 2 as platforms speak it: the way to a person's consent, and access tokens from a refresh token (RFC 6749, RFC 7636)."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

import httpx
import msgspec

from campaigns.channels import gettext_noop as _
from campaigns.connectors.errors import Failure, LostAccess, Passing, UnexpectedAnswer
from campaigns.connectors.http import UNREADABLE, Http

# Room for a slow request and for clocks that differ.
MARGIN = 60.0
REVOKED = _("The permission to read this account was withdrawn or has expired. Please reconnect it.")
KEYS_REFUSED = _("The platform refuses this installation's own keys. Whoever runs it must check them; reconnecting does not help.")
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


class AccessToken(httpx.Auth):
    """Signs requests with an access token, fetched when first needed and again a minute before it expires.

    Given as `auth` to a request, it also answers a 401 by one new token and one more try.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        http: Http,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token_url = token_url
        self._form = {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": refresh_token,
        }
        self._http = http
        self._clock = clock
        self._token = ""
        self._good_until = -inf

    def headers(self) -> dict[str, str]:
        """The `Authorization` header. Raises `LostAccess` when the grant is gone, otherwise what `Http` raises."""
        if self._clock() >= self._good_until:
            self._refresh()
        return {"Authorization": f"Bearer {self._token}"}

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(self.headers())
        response = yield request
        if response.status_code == 401:
            self._good_until = -inf
            request.headers.update(self.headers())
            yield request

    def _refresh(self) -> None:
        asked_at = self._clock()
        answer = self._http.request_json("POST", self._token_url, data=self._form, explain=_explain)
        try:
            token = msgspec.convert(answer, _Token)
        except msgspec.ValidationError as error:
            raise UnexpectedAnswer(f"The token endpoint's answer does not have the agreed shape: {error}.") from None
        self._token = token.access_token
        self._good_until = inf if token.expires_in is None else asked_at + token.expires_in - MARGIN


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    # Optional in the standard; without it the token serves until the platform refuses it.
    expires_in: float | None = None

    def __repr__(self) -> str:
        return "_Token(…)"


class _Refusal(msgspec.Struct, frozen=True):
    error: str


def _explain(response: httpx.Response) -> Failure | None:
    try:
        code = msgspec.json.decode(response.content, type=_Refusal).error
    except UNREADABLE:
        return None
    if code == "invalid_grant":
        return LostAccess(REVOKED)
    if code in ("invalid_client", "unauthorized_client"):
        return LostAccess(KEYS_REFUSED)
    if code in PASSING_ERRORS:
        return Passing(f"The token endpoint answered {code}.")
    return None
